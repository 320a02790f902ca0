// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/diagnostics/sampler.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lx::diagnostics {
namespace {

Index countIf(std::span<const double> values, double least) {
    return std::ranges::count_if(values, [least](double x) { return x >= least; });
}

}  // namespace

std::vector<double> energyBfmi(Draws energy) {
    std::vector<double> out;
    for (Index m = 0; m < energy.chains; ++m) {
        const auto chain = energy.chain(m);
        const double variance = varianceOf(chain);
        double steps = 0;
        for (std::size_t n = 1; n < chain.size(); ++n) {
            steps += (chain[n] - chain[n - 1]) * (chain[n] - chain[n - 1]);
        }
        out.push_back(variance > 0 && std::isfinite(steps)
                          ? steps / static_cast<double>(chain.size() - 1) / variance
                          : std::numeric_limits<double>::quiet_NaN());
    }
    return out;
}

SamplerReport samplerReport(const SamplerColumns& columns) {
    SamplerReport out;
    if (columns.divergent.size() > 0) {
        out.divergences = 0;
        for (Index m = 0; m < columns.divergent.chains; ++m) {
            out.divergencesOfChain.push_back(countIf(columns.divergent.chain(m), 0.5));
            *out.divergences += out.divergencesOfChain.back();
        }
    }
    if (columns.depth.size() > 0) {
        out.maxDepthHits = countIf(columns.depth.values, static_cast<double>(columns.maxDepth));
    }
    if (columns.energy.size() > 0) {
        out.ebfmi = energyBfmi(columns.energy);
    }
    if (columns.acceptance.size() > 0) {
        out.acceptance = meanOf(columns.acceptance.values);
    }
    for (const Draws& d : {columns.divergent, columns.depth, columns.energy, columns.acceptance}) {
        out.transitions = std::max(out.transitions, d.size());
    }
    return out;
}

std::optional<double> wantedAcceptance(std::string_view kernel) noexcept {
    return kernel == "rwm"                       ? std::optional(0.234)
           : kernel == "mala"                    ? std::optional(0.574)
           : kernel == "hmc" || kernel == "nuts" ? std::optional(0.8)
                                                 : std::nullopt;
}

}  // namespace lx::diagnostics
