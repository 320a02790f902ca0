// SPDX-License-Identifier: GPL-3.0-or-later
// Every kernel against known truth. The same functions judge the kernels that tests plant.
#pragma once

#include "core/samplers/registry.h"

#include <array>

namespace lx {

/// A density with exact draws, and twice its narrowest length.
struct KnownTarget {
    std::string name;
    EnergyPtr energy;
    double scale = 1;
    /// Exact draws [count, D] of the density to the power beta, 0.2 <= beta <= 1.
    std::function<std::vector<double>(double beta, Key, Index count)> tempered;
};
/// N(0, 1), a pair of correlation 0.95, eight dimensions of condition 100, banana, two modes, ring,
/// and |f(x)|^2 / 2 for a small network f that preserves volume.
std::vector<KnownTarget> knownTargets();

/// Parameters of a kernel with sampler.step_size fitted to a target of that scale.
ParamSet scaledTo(const SamplerSpec&, double scale);

struct InvarianceOptions {
    Index chains = 20000, steps = 10;
    Index group = 1;  ///< chains that move together: the ensemble
    Index threads = 1;
    /// Completes a start that needs more than positions.
    std::function<void(ChainState&, Key)> complete = {};
};
/// What a kernel needs to start in its own stationary law: the hot replicas of tempering as draws
/// at their temperatures, groups for an ensemble. The target must outlive the options.
InvarianceOptions invarianceOptions(const SamplerSpec&, const KnownTarget&, Index chains);
/// Starts from exact draws, makes the steps, and returns z-scores of the change of six means: first
/// and last coordinate, their squares, the energy, and the share below the median energy. A kernel
/// that leaves the target invariant has standard normal ones.
std::array<double, 6> invarianceScores(const Kernel&, const Energy&, Key,
                                       const InvarianceOptions& = {});
double largest(std::span<const double> scores);  ///< in absolute value; NaN counts as infinity

struct SamplerCheck {
    std::string name;
    double z = 0, limit = 0;
    bool pass = false;
};
/// p = 1e-3 over 200 z-scores. RELIABILITY B1.
inline constexpr double kScoreLimit = 4.6;

/// One row a kernel: the largest z of its invariance over the known targets; of kernels with a
/// bias, z of the closed form of that bias on a normal; of AIS and SMC, z of the evidence of a
/// mixture; of SVGD the largest error of its moments over the tolerance.
std::vector<SamplerCheck> samplerSelftest(const std::vector<SamplerSpec>& = samplerSpecs(),
                                          Index chains = 1000, Key = {2026, 4});

}  // namespace lx
