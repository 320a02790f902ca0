// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/diagnostics/rank_plot.h"

#include "core/diagnostics/special_functions.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace lx::diagnostics {
namespace {

constexpr Index kMaxSimulated = 200;
constexpr int kSimulations = 2000;

/// How many of `drawn` balls out of `all` are among `marked` ones: the part of the distribution
/// within 12 standard deviations.
class Hypergeometric {
public:
    Hypergeometric(Index all, Index marked, Index drawn) {
        const auto real = [](Index n) { return static_cast<double>(n); };
        const double share = real(marked) / real(all);
        const double spread = 12 * (1 + std::sqrt(real(drawn) * share * (1 - share)));
        const double centre = real(drawn) * share;
        m_first = std::max(
            {Index{0}, drawn + marked - all, static_cast<Index>(std::floor(centre - spread))});
        const Index last =
            std::min({drawn, marked, static_cast<Index>(std::ceil(centre + spread))});
        const auto choose = [&](Index n, Index k) {
            return logGamma(real(n) + 1) - logGamma(real(k) + 1) - logGamma(real(n - k) + 1);
        };
        double sum = 0;
        for (Index k = m_first; k <= last; ++k) {
            m_mass.push_back(
                std::exp(choose(marked, k) + choose(all - marked, drawn - k) - choose(all, drawn)));
            sum += m_mass.back();
            m_below.push_back(sum);
        }
        for (double& p : m_below) {
            p /= sum;
        }
        for (double& p : m_mass) {
            p /= sum;
        }
    }
    /// Twice the smaller tail, the value itself in both.
    double extremity(Index k) const {
        if (k < m_first || k >= m_first + std::ssize(m_mass)) {
            return 0;
        }
        const auto i = static_cast<std::size_t>(k - m_first);
        return 2 * std::min(m_below[i], 1 - m_below[i] + m_mass[i]);
    }
    /// Smallest and largest value whose extremity is at least `level`.
    std::pair<Index, Index> range(double level) const {
        Index low = m_first, high = m_first + std::ssize(m_mass) - 1;
        while (low < high && extremity(low) < level) {
            ++low;
        }
        while (high > low && extremity(high) < level) {
            --high;
        }
        return {low, high};
    }

private:
    Index m_first = 0;
    std::vector<double> m_mass, m_below;
};

/// Level of each point at which all points of all chains hold together.
double simultaneousLevel(Index chains, Index draws, Index points, double probability, Key key) {
    draws = std::min(draws, kMaxSimulated);
    const Index all = chains * draws;
    points = std::min(points, all);
    std::vector<Index> marks;
    std::vector<Hypergeometric> tables;
    for (Index i = 1; i < points; ++i) {
        marks.push_back(i * all / points);
        tables.emplace_back(all, marks.back(), draws);
    }
    std::vector<Index> owner(static_cast<std::size_t>(all));
    for (std::size_t i = 0; i < owner.size(); ++i) {
        owner[i] = static_cast<Index>(i) / draws;
    }
    std::vector<double> least;
    std::vector<Index> counts;
    std::uint64_t state = splitmix64(key.seed ^ splitmix64(key.stream));
    for (int round = 0; round < kSimulations; ++round) {
        for (std::size_t i = owner.size() - 1; i > 0; --i) {  // Fisher-Yates
            state += 0x9E3779B97F4A7C15ULL;
            // The bias of the remainder is below 2^-50 for so few draws.
            std::swap(owner[i], owner[splitmix64(state) % (i + 1)]);
        }
        counts.assign(static_cast<std::size_t>(chains), 0);
        double smallest = 1;
        Index rank = 0;
        for (std::size_t p = 0; p < marks.size(); ++p) {
            for (; rank < marks[p]; ++rank) {
                ++counts[static_cast<std::size_t>(owner[static_cast<std::size_t>(rank)])];
            }
            for (const Index count : counts) {
                smallest = std::min(smallest, tables[p].extremity(count));
            }
        }
        least.push_back(smallest);
    }
    std::ranges::sort(least);
    return quantileOfSorted(least, 1 - probability);
}

}  // namespace

RankHistogram rankHistogram(Draws draws, Index bins) {
    if (bins < 2) {
        throw UsageError("a histogram of ranks needs at least 2 bins");
    }
    RankHistogram out;
    std::vector<double> ranks;
    averageRanks(draws.values, ranks);
    if (ranks.empty() || std::isnan(ranks[0])) {
        return out;
    }
    out.chains = draws.chains;
    out.bins = bins;
    out.expected = static_cast<double>(draws.draws) / static_cast<double>(bins);
    out.counts.assign(static_cast<std::size_t>(draws.chains * bins), 0);
    const double scale = static_cast<double>(bins) / static_cast<double>(draws.size());
    for (std::size_t i = 0; i < ranks.size(); ++i) {
        const auto bin = std::min(static_cast<Index>((ranks[i] - 0.5) * scale), bins - 1);
        ++out.counts[static_cast<std::size_t>(static_cast<Index>(i) / draws.draws * bins + bin)];
    }
    return out;
}

RankEcdf rankEcdf(Draws draws, Index points, double probability, Key key) {
    if (draws.chains > 64) {
        throw UsageError("bands of ranks are drawn for at most 64 chains; choose some");
    }
    std::vector<double> halves, ranks;
    if (draws.chains == 1) {
        draws = split(draws, halves);
    }
    averageRanks(draws.values, ranks);
    RankEcdf out;
    if (draws.chains < 2 || draws.draws < 1 || std::isnan(ranks[0])) {
        return out;
    }
    out.chains = draws.chains;
    const Index all = draws.size();
    points = std::clamp<Index>(points, 2, all);
    const double level = simultaneousLevel(draws.chains, draws.draws, points, probability, key);
    const auto count = static_cast<std::size_t>(draws.draws);
    for (Index m = 0; m < draws.chains; ++m) {
        std::sort(ranks.begin() + m * draws.draws, ranks.begin() + (m + 1) * draws.draws);
    }
    out.difference.resize(static_cast<std::size_t>(draws.chains * (points - 1)));
    for (Index i = 1; i < points; ++i) {
        const Index mark = i * all / points;
        const double at = static_cast<double>(mark) / static_cast<double>(all);
        const auto [low, high] = Hypergeometric(all, mark, draws.draws).range(level);
        const double size = static_cast<double>(count);
        out.at.push_back(at);
        out.lower.push_back(static_cast<double>(low) / size - at);
        out.upper.push_back(static_cast<double>(high) / size - at);
        for (Index m = 0; m < draws.chains; ++m) {
            const auto own = std::span(ranks).subspan(static_cast<std::size_t>(m) * count, count);
            const auto below =
                std::ranges::upper_bound(own, static_cast<double>(mark)) - own.begin();
            out.difference[static_cast<std::size_t>(m * (points - 1) + i - 1)] =
                static_cast<double>(below) / size - at;
            out.inside = out.inside && below >= low && below <= high;
        }
    }
    return out;
}

}  // namespace lx::diagnostics
