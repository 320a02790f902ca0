// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/session/experiment.h"

#include <span>
#include <vector>

namespace lx::test {

/// The codes of a closed-form encoder after `step` training steps: ten classes leave the origin.
struct FakeCodes {
    Index dim = 2;
    std::vector<float> codes, sds;  ///< [N, dim]
    std::vector<Index> labels;      ///< [N]
};
FakeCodes fakeCodes(Key, Index count, Index dim, Index step);

/// Fraction of training done, from 0 to 1.
float fakeProgress(Index step);

/// Mean, standard deviation [B, d] of images [B, 28, 28], from their moments.
void fakeEncode(std::span<const float> x, Index dim, std::vector<float>& mean,
                std::vector<float>& sd);

/// The probes `decode`, `sheet` and `encode`; null for another kind.
std::unique_ptr<Task> fakeImageProbe(const cmd::Probe&, const FakeCodes&, Index step);

}  // namespace lx::test
