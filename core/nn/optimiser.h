// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/nn/kernels.h"
#include "core/nn/parameters.h"

namespace lx {

enum class Schedule : std::uint8_t { Constant, Cosine };
Schedule scheduleOf(const std::string& name);

struct OptimiserOptions {
    double rate = 1e-3;
    Schedule schedule = Schedule::Constant;
    Index warmup = 0;    ///< steps over which the rate rises linearly from 0
    Index horizon = 0;   ///< step at which a cosine schedule reaches 0 and stays there
    double clip = 0;     ///< largest norm of the gradient; 0: not clipped
    double beta1 = 0.9;  ///< decay of the first moment
    double ema = 0;      ///< decay of the averaged weights; 0: none
};

/// Learning rate of step `step` (counting from 0).
double rateAt(const OptimiserOptions&, Index step);

/// Norm of a flat buffer of the model, its weights or its gradient. Throws NumericalError, with
/// `what` and the name of the tensor, when it is not finite, or so large that its square would not
/// fit a float.
double checkedNorm(const Parameters&, const Tensor& flat, const std::string& what, Index step);

/// Adam on the flat buffers, and an exponential moving average of the weights.
class Adam {
public:
    Adam(Parameters&, OptimiserOptions);

    OptimiserOptions& options() noexcept { return m_options; }
    const OptimiserOptions& options() const noexcept { return m_options; }
    /// One update of flat elements [begin, end) for each range; `norm` is that of checkedNorm.
    void update(Index step, double norm, std::span<const std::pair<Index, Index>> ranges);

    /// The same update by ATen operations, for tensors outside the processor's memory.
    static void updateTensors(const Tensor& w, const Tensor& g, const Tensor& m, const Tensor& v,
                              const AdamStep&);

    const Tensor& first() const noexcept { return m_first; }
    const Tensor& second() const noexcept { return m_second; }
    /// Averaged weights; the weights themselves while no average is kept.
    const Tensor& averaged() const noexcept;
    const Tensor& average() const noexcept { return m_average; }
    void setAverage(Tensor average) { m_average = std::move(average); }
    Index updates() const noexcept { return m_updates; }
    void setUpdates(Index updates) { m_updates = updates; }

private:
    Parameters& m_parameters;
    OptimiserOptions m_options;
    Tensor m_first, m_second, m_average;
    Index m_updates = 0;
};

}  // namespace lx
