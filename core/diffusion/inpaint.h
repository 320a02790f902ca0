// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/diffusion/reverse.h"

#include <cstdint>

namespace lx::diffusion {

/// Rows of which a part is known, filled from noise to data. Before each step the known entries of
/// z are replaced by x with the noise of the step's level; that alone leaves what is filled too
/// little tied to what is held. Ref: song2021. So each step is made `rounds` times, with the noise
/// of one step added again in between. Ref: lugmayr2022. Processes that walk on their levels need
/// no rounds.
///
/// Row r depends on (key, r) and its own entries alone; only Rk45 chooses its steps from all rows.
class Inpainting {
public:
    /// x [N, D]; hidden [N, D], not 0 where an entry is to be filled. `spread` as
    /// ReverseProcess::start. Throws UsageError when the sizes disagree or rounds is below 1.
    Inpainting(ReverseProcess, Key, std::vector<double> x, std::vector<std::uint8_t> hidden,
               Index dim, Index rounds, double spread);

    Index steps() const { return m_process.steps(); }
    Index done() const { return m_done; }
    void step(const Denoiser&);
    /// [N, D]; held entries are those of x once all steps are done.
    std::span<const double> rows() const { return m_z; }

private:
    void hold(std::span<const double> known);

    ReverseProcess m_process;
    Key m_key;
    std::vector<double> m_x, m_z;
    std::vector<std::uint8_t> m_hidden;
    Index m_dim, m_rounds, m_done = 0;
};

}  // namespace lx::diffusion
