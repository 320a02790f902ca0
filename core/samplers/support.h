// SPDX-License-Identifier: GPL-3.0-or-later
// What the kernels share.
#pragma once

#include "core/base/decls.h"
#include "core/samplers/draws.h"
#include "core/samplers/kernel.h"

#include <algorithm>
#include <cmath>

namespace lx::samplers {

inline std::size_t size(Index n) {
    return static_cast<std::size_t>(n);
}

/// Scratch of one call, cut from one allocation.
class Scratch {
public:
    explicit Scratch(std::size_t doubles) : m_values(doubles) {}
    std::span<double> take(std::size_t n) {
        const auto out = std::span(m_values).subspan(m_used, n);
        m_used += n;
        return out;
    }

private:
    std::vector<double> m_values;
    std::size_t m_used = 0;
};

/// Rows of the chains of a range in the state's arrays.
struct Rows {
    std::size_t n, d;
    std::span<double> x, e, g;
    Rows(ChainState& state, ChainRange range)
        : n(size(range.size())),
          d(size(state.dim)),
          x(state.array("position").subspan(size(range.first) * d, n * d)),
          e(state.array("energy").subspan(size(range.first), n)),
          g(state.array("gradient").subspan(size(range.first) * d, n * d)) {}
};

inline std::span<double> part(std::span<double> rows, std::size_t i, std::size_t d) {
    return rows.subspan(i * d, d);
}

inline double squaredLength(std::span<const double> x) {
    double sum = 0;
    for (const double v : x) {
        sum += v * v;
    }
    return sum;
}

/// Sets acceptProb, energyError, accepted of a Metropolis decision and says whether to move.
/// A change that is not a number counts as infinitely bad, one from an impossible point as good.
inline bool metropolis(double energyError, double logU, StepInfo& info) {
    if (std::isnan(energyError)) {
        energyError = std::numeric_limits<double>::infinity();
    }
    info.energyError = energyError;
    info.acceptProb = energyError <= 0 ? 1 : std::exp(-energyError);
    info.accepted = logU < -energyError;
    return info.accepted;
}

inline ParamDecl stepSizeParam(double initial, std::string help) {
    using namespace decl;
    return slider(within(live(make("sampler.step_size", "Step size", initial, std::move(help))),
                         1e-6, 100, Scale::Log),
                  0.001, 3);
}

/// Of the kernels that warm-up may tune.
std::vector<ParamDecl> tuningParams(double acceptance, std::optional<std::string> metric);

}  // namespace lx::samplers
