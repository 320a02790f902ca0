// SPDX-License-Identifier: GPL-3.0-or-later
// Chains with known truth.
#pragma once

#include "core/base/philox.h"
#include "core/diagnostics/draws.h"

#include <cmath>
#include <functional>
#include <string>

namespace lx::test {

/// Standard normals in double; draw i of stream `name`.
inline std::vector<double> normals(std::string_view name, Index count, std::uint64_t seed = 1) {
    std::vector<float> raw(static_cast<std::size_t>(count));
    fillNormal(derive(Key{seed, 0}, name), raw);
    return {raw.begin(), raw.end()};
}

struct Chains {
    std::vector<double> values;
    Index chains = 0, draws = 0;
    diagnostics::Draws view() const { return {values, chains, draws}; }
    double& at(Index chain, Index draw) {
        return values[static_cast<std::size_t>(chain * draws + draw)];
    }
};

/// Stationary first-order autoregression with variance 1: x' = rho x + sqrt(1 - rho^2) noise.
inline Chains autoregression(double rho, Index chains, Index draws, std::uint64_t seed = 1) {
    Chains out{normals("ar1", chains * draws, seed), chains, draws};
    const double scale = std::sqrt(1 - rho * rho);
    for (Index m = 0; m < chains; ++m) {
        for (Index n = 1; n < draws; ++n) {
            out.at(m, n) = rho * out.at(m, n - 1) + scale * out.at(m, n);
        }
    }
    return out;
}

/// An error of `what` must be reported, naming `part`.
template <class Exception>
bool throwsNaming(const std::function<void()>& what, const std::string& part) {
    try {
        what();
    } catch (const Exception& error) {
        return std::string(error.what()).find(part) != std::string::npos;
    }
    return false;
}

}  // namespace lx::test
