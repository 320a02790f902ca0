// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/diagnostics/scalar.h"

#include "core/diagnostics/special_functions.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lx::diagnostics {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

}  // namespace

double Rhat::value() const noexcept {
    return std::isnan(bulk) || std::isnan(folded) ? kNaN : std::max(bulk, folded);
}

double Rhat::known() const noexcept {
    return std::fmax(bulk, folded);
}

double rhatOfChains(Draws chains) {
    if (chains.draws < 2 || undefinedFor(chains.values)) {
        return kNaN;
    }
    std::vector<double> means, variances;
    for (Index m = 0; m < chains.chains; ++m) {
        means.push_back(meanOf(chains.chain(m)));
        variances.push_back(varianceOf(chains.chain(m)));
    }
    const double count = static_cast<double>(chains.draws);
    const double within = meanOf(variances), between = count * varianceOf(means);
    return std::sqrt((between / within + count - 1) / count);
}

void ScalarDiagnostics::reset(Draws draws) {
    m_draws = draws;
    m_sortedKnown = m_meanKnown = m_bulkKnown = m_essMeanKnown = m_essSquaresKnown = false;
}

std::span<const double> ScalarDiagnostics::sorted() {
    if (!m_sortedKnown) {
        m_sorted.assign(m_draws.values.begin(), m_draws.values.end());
        if (std::ranges::any_of(m_sorted, [](double x) { return std::isnan(x); })) {
            m_sorted.clear();
        }
        std::ranges::sort(m_sorted);
        m_sortedKnown = true;
    }
    return m_sorted;
}

double ScalarDiagnostics::mean() {
    if (!m_meanKnown) {
        m_mean = m_draws.values.empty() ? kNaN : meanOf(m_draws.values);
        m_meanKnown = true;
    }
    return m_mean;
}

double ScalarDiagnostics::sd() {
    return std::sqrt(varianceOf(m_draws.values));
}

double ScalarDiagnostics::quantile(double p) {
    return quantileOfSorted(sorted(), p);
}

double ScalarDiagnostics::mad() {
    const auto values = sorted();
    if (values.empty()) {
        return kNaN;
    }
    fold(m_draws, median(), m_values);
    std::ranges::sort(m_values);
    return 1.4826 * quantileOfSorted(m_values, 0.5);
}

Draws ScalarDiagnostics::bulkScores() {
    if (!m_bulkKnown) {
        m_bulk = rankNormalise(split(m_draws, m_halves), m_bulkScores);
        m_bulkKnown = true;
    }
    return m_bulk;
}

Rhat ScalarDiagnostics::rhat() {
    if (m_draws.draws < 4) {
        return {kNaN, kNaN};
    }
    Rhat out;
    out.bulk = rhatOfChains(bulkScores());
    const Draws folded = fold(m_draws, median(), m_values);
    out.folded = rhatOfChains(rankNormalise(split(folded, m_halves), m_scores));
    return out;
}

double ScalarDiagnostics::rhatBasic(bool splitChains) {
    return splitChains          ? rhatOfChains(split(m_draws, m_halves))
           : m_draws.chains > 1 ? rhatOfChains(m_draws)
                                : kNaN;
}

double ScalarDiagnostics::essCore(Draws chains) {
    const Index count = chains.draws;
    if (count < 3 || undefinedFor(chains.values)) {
        return kNaN;
    }
    const auto covariance = m_autocovariance.mean(chains);
    const double n = static_cast<double>(count);
    const double within = covariance[0] * n / (n - 1);
    double plus = covariance[0];
    if (chains.chains > 1) {
        std::vector<double> means;
        for (Index m = 0; m < chains.chains; ++m) {
            means.push_back(meanOf(chains.chain(m)));
        }
        plus += varianceOf(means);
    }
    const auto rho = [&](Index t) {
        return 1 - (within - covariance[static_cast<std::size_t>(t)]) / plus;
    };

    // Geyer's initial positive sequence: pairs of lags while their sum is positive. It stops 5 lags
    // before the end, as the reference does.
    m_rho.assign(static_cast<std::size_t>(count), 0.0);
    double even = 1, odd = rho(1);
    m_rho[0] = even;
    m_rho[1] = odd;
    Index last = 0;
    while (last < count - 5 && even + odd > 0) {
        last += 2;
        even = rho(last);
        odd = rho(last + 1);
        if (even + odd >= 0) {
            m_rho[static_cast<std::size_t>(last)] = even;
            m_rho[static_cast<std::size_t>(last + 1)] = odd;
        }
    }
    if (even > 0) {
        m_rho[static_cast<std::size_t>(last)] = even;
    }
    // Initial monotone sequence: no pair larger than the one before.
    for (std::size_t t = 2; static_cast<Index>(t) <= last - 2; t += 2) {
        const double before = m_rho[t - 2] + m_rho[t - 1];
        if (m_rho[t] + m_rho[t + 1] > before) {
            m_rho[t] = m_rho[t + 1] = before / 2;
        }
    }
    double sum = 0;
    // At least lag 0: the reference does so too when no pair was added.
    for (Index t = 0; t < std::max<Index>(last, 1); ++t) {
        sum += m_rho[static_cast<std::size_t>(t)];
    }
    const double size = static_cast<double>(chains.size());
    const double tau = -1 + 2 * sum + m_rho[static_cast<std::size_t>(last)];
    return size / std::max(tau, 1 / std::log10(size));
}

double ScalarDiagnostics::essOf(Draws whole) {
    return whole.draws < 2 ? kNaN : essCore(split(whole, m_halves));
}

double ScalarDiagnostics::essBasic(bool splitChains) {
    if (!splitChains) {
        return essCore(m_draws);
    }
    if (!m_essMeanKnown) {
        m_essMean = essOf(m_draws);
        m_essMeanKnown = true;
    }
    return m_essMean;
}

double ScalarDiagnostics::essBulk() {
    return m_draws.draws < 2 ? kNaN : essCore(bulkScores());
}

Draws ScalarDiagnostics::indicator(double from, double to) {
    const double low = from <= 0 ? -std::numeric_limits<double>::infinity() : quantile(from);
    const double high = quantile(to);
    m_values.resize(m_draws.values.size());
    std::ranges::transform(m_draws.values, m_values.begin(),
                           [low, high](double x) { return x > low && x <= high ? 1.0 : 0.0; });
    return {m_values, m_draws.chains, m_draws.draws};
}

double ScalarDiagnostics::essQuantile(double p) {
    if (!(p >= 0 && p <= 1) || m_draws.values.empty() || undefinedFor(m_draws.values)) {
        return kNaN;
    }
    if (p == 1) {  // every draw is below the largest: its neighbour tells more
        const double size = static_cast<double>(m_draws.size());
        p = (size - 0.5) / size;
    }
    return essOf(indicator(0, p));
}

double ScalarDiagnostics::essTail() {
    const double low = essQuantile(0.05), high = essQuantile(0.95);
    return std::isnan(low) || std::isnan(high) ? kNaN : std::min(low, high);
}

double ScalarDiagnostics::essLocal(double from, double to) {
    if (!(from >= 0 && from < to && to <= 1) || undefinedFor(m_draws.values)) {
        return kNaN;
    }
    return essOf(indicator(from, to));
}

double ScalarDiagnostics::essSd() {
    if (!m_essSquaresKnown) {
        const double centre = mean();
        m_values.resize(m_draws.values.size());
        std::ranges::transform(m_draws.values, m_values.begin(),
                               [centre](double x) { return (x - centre) * (x - centre); });
        m_essSquares = essOf({m_values, m_draws.chains, m_draws.draws});
        m_essSquaresKnown = true;
    }
    return m_essSquares;
}

double ScalarDiagnostics::mcseMean() {
    return sd() / std::sqrt(essMean());
}

double ScalarDiagnostics::mcseSd() {
    const double ess = essSd(), centre = mean();
    double second = 0, fourth = 0;
    for (const double x : m_draws.values) {
        const double square = (x - centre) * (x - centre);
        second += square;
        fourth += square * square;
    }
    const double size = static_cast<double>(m_draws.size());
    second /= size;
    fourth /= size;
    // Delta method: Var(sd) = Var(variance) / (4 variance).
    return std::sqrt((fourth - second * second) / ess / second / 4);
}

double ScalarDiagnostics::mcseQuantile(double p) {
    const double ess = essQuantile(p);
    if (std::isnan(ess)) {
        return kNaN;
    }
    // One standard deviation of a normal to either side, as order statistics.
    const double a = ess * p + 1, b = ess * (1 - p) + 1;
    const auto values = sorted();
    const double size = static_cast<double>(values.size());
    const double low = std::max(std::floor(betaQuantile(0.1586553, a, b) * size), 1.0);
    const double high = std::min(std::ceil(betaQuantile(0.8413447, a, b) * size), size);
    return (values[static_cast<std::size_t>(high) - 1] -
            values[static_cast<std::size_t>(low) - 1]) /
           2;
}

double rhatNested(std::span<const ChainMoments> chains, Index draws, Index superchains) {
    const auto count = static_cast<Index>(chains.size());
    if (superchains < 2 || count < superchains || count % superchains != 0 || draws < 1) {
        return kNaN;
    }
    const auto each = static_cast<std::size_t>(count / superchains);
    std::vector<double> centres, spreads, means;
    for (std::size_t k = 0; k < static_cast<std::size_t>(superchains); ++k) {
        means.clear();
        double within = 0;
        for (const auto& chain : chains.subspan(k * each, each)) {
            means.push_back(chain.mean);
            within += draws > 1 ? chain.variance : 0;
        }
        centres.push_back(meanOf(means));
        spreads.push_back(within / static_cast<double>(each) + (each > 1 ? varianceOf(means) : 0));
    }
    return std::sqrt(1 + varianceOf(centres) / meanOf(spreads));
}

double rhatNested(Draws draws, Index superchains) {
    if (draws.draws < 1 || undefinedFor(draws.values)) {
        return kNaN;
    }
    std::vector<ChainMoments> moments;
    for (Index m = 0; m < draws.chains; ++m) {
        moments.push_back({meanOf(draws.chain(m)), varianceOf(draws.chain(m))});
    }
    return rhatNested(moments, draws.draws, superchains);
}

double nestedRhatLimit(Index chainsPerSuperchain, double tolerance) noexcept {
    return std::sqrt(1 + 1 / static_cast<double>(std::max<Index>(chainsPerSuperchain, 1)) +
                     tolerance);
}

EssEvolution essEvolution(Draws draws, Index points) {
    EssEvolution out;
    std::vector<double> part;
    ScalarDiagnostics scalar;
    for (Index i = 1; i <= points; ++i) {
        // Divided first where the product could overflow.
        const Index count =
            static_cast<Index>(std::llround(static_cast<double>(draws.draws) *
                                            static_cast<double>(i) / static_cast<double>(points)));
        if (count < 6 || (!out.draws.empty() && out.draws.back() == count)) {
            continue;
        }
        part.clear();
        for (Index m = 0; m < draws.chains; ++m) {
            const auto head = draws.chain(m).first(static_cast<std::size_t>(count));
            part.insert(part.end(), head.begin(), head.end());
        }
        scalar.reset({part, draws.chains, count});
        out.draws.push_back(count);
        out.bulk.push_back(scalar.essBulk());
        out.tail.push_back(scalar.essTail());
    }
    return out;
}

}  // namespace lx::diagnostics
