// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/diagnostics/r_star.h"

#include "core/diagnostics/special_functions.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace lx::diagnostics {
namespace {

constexpr std::size_t kLeaf = 5;  // draws in a node that is not split any more
constexpr Index kLeastDraws = 20;

class Random {
public:
    explicit Random(Key key) : m_state(splitmix64(key.seed ^ splitmix64(key.stream))) {}
    std::uint64_t next() noexcept {
        m_state += 0x9E3779B97F4A7C15ULL;
        return splitmix64(m_state);
    }
    std::size_t below(std::size_t bound) noexcept { return next() % bound; }
    double unit() noexcept { return static_cast<double>(next() >> 11) * 0x1p-53; }

private:
    std::uint64_t m_state;
};

/// Points [n, dim] with their classes.
struct Sample {
    std::vector<double> values;
    std::vector<std::uint32_t> classes;
    std::size_t dim = 1, kinds = 0;
    double at(std::uint32_t i, std::size_t d) const { return values[i * dim + d]; }
};

/// One extremely randomised tree, used once: it is grown and all test points fall down with the
/// training points, so no node is stored. Ref: geurts2006, section 2.
class Tree {
public:
    Tree(const Sample& sample, Random& random, std::vector<double>& votes)
        : m_sample(sample), m_random(random), m_votes(votes) {
        const double features = std::ceil(std::sqrt(static_cast<double>(sample.dim))) + 1;
        m_tries = std::min(sample.dim, static_cast<std::size_t>(features));
    }

    /// `train` and `test` are reordered.
    void grow(std::span<std::uint32_t> train, std::span<std::uint32_t> test) {
        std::vector<std::pair<std::span<std::uint32_t>, std::span<std::uint32_t>>> open{
            {train, test}};
        while (!open.empty()) {
            const auto [own, falling] = open.back();
            open.pop_back();
            if (falling.empty()) {
                continue;
            }
            const auto [feature, cut] = split(own);
            if (std::isnan(cut)) {
                vote(own, falling);
                continue;
            }
            const auto part = [this, d = feature, c = cut](std::span<std::uint32_t> all) {
                const auto middle = std::partition(all.begin(), all.end(),
                                                   [&](auto i) { return m_sample.at(i, d) < c; });
                return static_cast<std::size_t>(middle - all.begin());
            };
            const std::size_t a = part(own), b = part(falling);
            open.emplace_back(own.first(a), falling.first(b));
            open.emplace_back(own.subspan(a), falling.subspan(b));
        }
    }

private:
    /// The best of a few random cuts; NaN when the node is pure, small or cannot be cut.
    std::pair<std::size_t, double> split(std::span<const std::uint32_t> own) {
        const double none = std::numeric_limits<double>::quiet_NaN();
        const bool pure = std::ranges::all_of(
            own, [&](auto i) { return m_sample.classes[i] == m_sample.classes[own[0]]; });
        if (own.size() < 2 * kLeaf || pure) {
            return {0, none};
        }
        double best = -1, cut = none;
        std::size_t feature = 0;
        for (std::size_t t = 0; t < m_tries; ++t) {
            const std::size_t d = m_tries == m_sample.dim ? t : m_random.below(m_sample.dim);
            double low = m_sample.at(own[0], d), high = low;
            for (const auto i : own) {
                low = std::min(low, m_sample.at(i, d));
                high = std::max(high, m_sample.at(i, d));
            }
            if (!(high > low)) {
                continue;
            }
            const double c = low + (high - low) * m_random.unit();
            m_left.assign(m_sample.kinds, 0.0);
            m_right.assign(m_sample.kinds, 0.0);
            for (const auto i : own) {
                (m_sample.at(i, d) < c ? m_left : m_right)[m_sample.classes[i]] += 1;
            }
            const double gain = purity(m_left) + purity(m_right);
            if (gain > best) {
                best = gain;
                cut = c;
                feature = d;
            }
        }
        return {feature, cut};
    }
    /// Size of a part minus its Gini impurity times its size.
    static double purity(const std::vector<double>& counts) {
        double squares = 0, size = 0;
        for (const double n : counts) {
            squares += n * n;
            size += n;
        }
        return size > 0 ? squares / size : 0;
    }
    void vote(std::span<const std::uint32_t> own, std::span<const std::uint32_t> falling) {
        const double share = own.empty() ? 0 : 1 / static_cast<double>(own.size());
        for (const auto i : falling) {
            for (const auto j : own) {
                m_votes[i * m_sample.kinds + m_sample.classes[j]] += share;
            }
        }
    }

    const Sample& m_sample;
    Random& m_random;
    std::vector<double>& m_votes;
    std::size_t m_tries = 1;
    std::vector<double> m_left, m_right;
};

}  // namespace

RStar rStar(std::span<const double> points, Index chains, Index draws, Index dim,
            const RStarOptions& options) {
    if (chains < 1 || draws < 0 || dim < 1 || std::ssize(points) != chains * draws * dim) {
        throw UsageError("points of chains must be [chains, draws, dim]");
    }
    const double nan = std::numeric_limits<double>::quiet_NaN();
    RStar out{nan, nan, nan, 0};
    const Index step =
        std::max<Index>(1, (chains * draws + options.maxDraws - 1) / options.maxDraws);
    const Index kept = draws / step, half = kept / 2;
    if (half < kLeastDraws || chains > 64 ||
        std::ranges::any_of(points, [](double x) { return !std::isfinite(x); })) {
        return out;
    }
    Sample sample;
    sample.dim = static_cast<std::size_t>(dim);
    sample.kinds = static_cast<std::size_t>(2 * chains);
    for (Index m = 0; m < chains; ++m) {
        for (Index n = 0; n < 2 * half; ++n) {
            const auto from = static_cast<std::size_t>((m * draws + n * step) * dim);
            sample.values.insert(sample.values.end(), points.begin() + static_cast<Index>(from),
                                 points.begin() + static_cast<Index>(from) + dim);
            sample.classes.push_back(static_cast<std::uint32_t>(2 * m + (n < half ? 0 : 1)));
        }
    }
    Random random(options.key);
    std::vector<std::uint32_t> order(sample.classes.size());
    std::iota(order.begin(), order.end(), 0U);
    for (std::size_t i = order.size() - 1; i > 0; --i) {
        std::swap(order[i], order[random.below(i + 1)]);
    }
    const auto trained =
        static_cast<std::size_t>(options.trainShare * static_cast<double>(order.size()));
    const auto train = std::span(order).first(trained), test = std::span(order).subspan(trained);
    std::vector<double> votes(sample.classes.size() * sample.kinds, 0.0);
    for (Index t = 0; t < options.trees; ++t) {
        Tree(sample, random, votes).grow(train, test);
    }
    Index right = 0;
    for (const auto i : test) {
        const auto own = std::span(votes).subspan(i * sample.kinds, sample.kinds);
        right +=
            std::ranges::max_element(own) - own.begin() == static_cast<Index>(sample.classes[i]);
    }
    out.tested = std::ssize(test);
    const double n = static_cast<double>(out.tested), p = static_cast<double>(right) / n;
    const double kinds = static_cast<double>(sample.kinds);
    const double z = normalQuantile((1 + options.probability) / 2), square = z * z / n;
    const double centre = (p + square / 2) / (1 + square);
    const double width = std::sqrt(p * (1 - p) * square + square * square / 4) / (1 + square);
    out.value = p * kinds;
    out.low = (centre - width) * kinds;
    out.high = (centre + width) * kinds;
    return out;
}

}  // namespace lx::diagnostics
