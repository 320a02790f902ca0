// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/chains/variable_plots.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lx::detail {
namespace {

using diagnostics::Draws;
using diagnostics::ScalarDiagnostics;

constexpr Index kLags = 1000, kPoints = 20, kRankChains = 16, kBins = 60;

/// Mean of the first draws with its band, at growing numbers of them.
MeanCourse courseOf(const Sample& sample, double truth) {
    MeanCourse out;
    out.truth = truth;
    std::vector<double> part;
    ScalarDiagnostics scalar;
    for (Index i = 1; i <= kPoints; ++i) {
        const Index count = sample.draws * i / kPoints;
        if (count < 6 || (!out.draws.empty() && sample.step * count == out.draws.back())) {
            continue;
        }
        part.clear();
        for (Index m = 0; m < sample.chains; ++m) {
            const auto head = sample.view().chain(m).first(static_cast<std::size_t>(count));
            part.insert(part.end(), head.begin(), head.end());
        }
        scalar.reset({part, sample.chains, count});
        out.draws.push_back(count * sample.step);
        out.mean.push_back(scalar.mean());
        out.band.push_back(1.96 * scalar.mcseMean());
    }
    return out;
}

/// Every `step`-th draw of each of the first chains.
Sample coarser(const Sample& sample, Index step, Index chains) {
    Sample out;
    out.chains = std::min(sample.chains, chains);
    out.draws = (sample.draws + step - 1) / step;
    out.from = sample.from;
    out.step = sample.step * step;
    for (Index m = 0; m < out.chains; ++m) {
        // The chains that stay are spread over all, as everywhere.
        const auto chain = sample.view().chain(m * sample.chains / out.chains);
        for (std::size_t n = 0; n < chain.size(); n += static_cast<std::size_t>(step)) {
            out.values.push_back(chain[n]);
        }
    }
    return out;
}

std::vector<double> density(std::span<const double> values, double from, double width) {
    std::vector<double> out(static_cast<std::size_t>(kBins), 0.0);
    for (const double x : values) {
        const auto bin = static_cast<Index>(std::floor((x - from) / width));
        out[static_cast<std::size_t>(std::clamp<Index>(bin, 0, kBins - 1))] +=
            1 / (width * static_cast<double>(values.size()));
    }
    return out;
}

}  // namespace

VariablePlots plotsOf(const ChainView& view, Index variable, std::span<const Index> slots,
                      Index most, double trueMean) {
    VariablePlots out;
    out.quantity = variable;
    out.name = variableName(view.layout(), variable);
    const Sample even = thinned(view, variable, slots, most);
    const Sample last = recent(view, variable, slots, most);
    if (even.draws < 6) {
        return out;
    }
    out.autocorrelation =
        diagnostics::autocorrelation(last.view(), std::min(kLags, last.draws - 1));
    // Most chains forget long before that: what follows is noise.
    auto& lags = out.autocorrelation;
    const double time = std::isfinite(lags.time) ? std::max(lags.time, 1.0) : 1.0;
    const Index shown = std::clamp<Index>(static_cast<Index>(8 * std::min(time, 1e6)), 50, kLags);
    if (const Index have = std::ssize(lags.combined); have > shown) {
        std::vector<double> rows;
        for (Index m = 0; m < last.chains; ++m) {
            const auto at = lags.perChain.begin() + m * have;
            rows.insert(rows.end(), at, at + shown);
        }
        lags.perChain = std::move(rows);
        lags.combined.resize(static_cast<std::size_t>(shown));
        lags.lags = shown;
    }

    const Index apart = std::clamp<Index>(
        static_cast<Index>(std::ceil(time / static_cast<double>(even.step))), 1, even.draws / 6);
    const Sample independent = coarser(even, apart, kRankChains);
    out.rankStep = independent.step;
    out.ranks = diagnostics::rankHistogram(even.view());
    out.rankEcdf = diagnostics::rankEcdf(independent.view());

    ScalarDiagnostics scalar(even.view());
    for (Index i = 1; i <= kPoints; ++i) {
        const double p = static_cast<double>(i) / (kPoints + 1);
        const double before = static_cast<double>(i - 1) / (kPoints + 1);
        out.p.push_back(p);
        out.essQuantile.push_back(scalar.essQuantile(p));
        out.mcseQuantile.push_back(scalar.mcseQuantile(p));
        out.essLocal.push_back(scalar.essLocal(before, p));
    }
    out.essEvolution = diagnostics::essEvolution(even.view(), kPoints);
    for (Index& n : out.essEvolution.draws) {
        n *= even.step;
    }
    out.mean = courseOf(even, trueMean);
    return out;
}

std::optional<EnergyPlot> energyPlot(const ChainView& view, std::span<const Index> slots,
                                     Index most) {
    const auto column = view.layout().scalar("energy__");
    if (!column || view.draws() < 3 || view.stride() != 1) {
        return std::nullopt;
    }
    const Sample sample = recentScalar(view, *column, slots, most);
    std::vector<double> marginal, steps;
    double reach = 0;
    for (Index m = 0; m < sample.chains; ++m) {
        const auto chain = sample.view().chain(m);
        const double mean = diagnostics::meanOf(chain);
        for (std::size_t n = 0; n < chain.size(); ++n) {
            marginal.push_back(chain[n] - mean);
            if (n > 0) {
                steps.push_back(chain[n] - chain[n - 1]);
            }
        }
    }
    std::erase_if(marginal, [](double x) { return !std::isfinite(x); });
    std::erase_if(steps, [](double x) { return !std::isfinite(x); });
    for (const auto* values : {&marginal, &steps}) {
        for (const double x : *values) {
            reach = std::max(reach, std::abs(x));
        }
    }
    if (!(reach > 0) || steps.empty()) {
        return std::nullopt;
    }
    EnergyPlot out;
    out.from = -reach;
    out.width = 2 * reach / static_cast<double>(kBins);
    out.marginal = density(marginal, out.from, out.width);
    out.transition = density(steps, out.from, out.width);
    return out;
}

}  // namespace lx::detail
