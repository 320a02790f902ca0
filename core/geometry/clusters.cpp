// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/geometry/clusters.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lx {
namespace {

double gap(const double* a, const double* b, std::size_t d) {
    double sum = 0;
    for (std::size_t j = 0; j < d; ++j) {
        sum += (a[j] - b[j]) * (a[j] - b[j]);
    }
    return sum;
}

std::size_t rows(std::span<const double> points, Index dim, Index count) {
    const auto d = static_cast<std::size_t>(dim);
    if (dim < 1 || points.empty() || points.size() % d != 0 || count < 1) {
        throw UsageError("clusters need points and a number of at least one");
    }
    return points.size() / d;
}

}  // namespace

Clusters kMeans(std::span<const double> points, Index dim, Index count, Index iterations) {
    const std::size_t n = rows(points, dim, count), d = static_cast<std::size_t>(dim);
    const auto point = [&](std::size_t i) { return points.data() + i * d; };
    std::vector<double> mean(d), nearest(n, std::numeric_limits<double>::infinity());
    for (std::size_t i = 0; i < n * d; ++i) {
        mean[i % d] += points[i] / static_cast<double>(n);
    }
    // The first centre is the point nearest to the mean, each next one the farthest from all.
    std::size_t next = 0;
    for (std::size_t i = 1; i < n; ++i) {
        next = gap(point(i), mean.data(), d) < gap(point(next), mean.data(), d) ? i : next;
    }
    Clusters out;
    out.member.assign(n, 0);
    for (Index c = 0; c < count; ++c) {
        out.centres.insert(out.centres.end(), point(next), point(next) + d);
        std::size_t far = 0;
        for (std::size_t i = 0; i < n; ++i) {
            nearest[i] =
                std::min(nearest[i], gap(point(i), &out.centres[out.centres.size() - d], d));
            far = nearest[i] > nearest[far] ? i : far;
        }
        if (!(nearest[far] > 0)) {
            break;
        }
        next = far;
    }
    const std::size_t k = out.centres.size() / d;
    for (Index step = 0; step <= iterations; ++step) {
        bool moved = step == 0;
        for (std::size_t i = 0; i < n; ++i) {
            Index best = 0;
            double least = std::numeric_limits<double>::infinity();
            for (std::size_t c = 0; c < k; ++c) {
                const double q = gap(point(i), &out.centres[c * d], d);
                if (q < least) {
                    least = q;
                    best = static_cast<Index>(c);
                }
            }
            moved = moved || best != out.member[i];
            out.member[i] = best;
        }
        if (!moved || step == iterations) {
            break;
        }
        std::vector<double> sums(k * d), members(k);
        for (std::size_t i = 0; i < n; ++i) {
            const auto c = static_cast<std::size_t>(out.member[i]);
            members[c] += 1;
            for (std::size_t j = 0; j < d; ++j) {
                sums[c * d + j] += point(i)[j];
            }
        }
        for (std::size_t c = 0; c < k * d; ++c) {
            out.centres[c] = members[c / d] > 0 ? sums[c] / members[c / d] : out.centres[c];
        }
    }
    return out;
}

std::vector<Index> medoids(std::span<const double> points, Index dim, Index count) {
    const Clusters found = kMeans(points, dim, count);
    const auto d = static_cast<std::size_t>(dim);
    const std::size_t k = found.centres.size() / d;
    std::vector<Index> out(k, -1);
    std::vector<double> least(k, std::numeric_limits<double>::infinity());
    for (std::size_t i = 0; i < found.member.size(); ++i) {
        const auto c = static_cast<std::size_t>(found.member[i]);
        const double q = gap(points.data() + i * d, &found.centres[c * d], d);
        if (q < least[c]) {
            least[c] = q;
            out[c] = static_cast<Index>(i);
        }
    }
    std::erase(out, -1);
    return out;
}

double largestNearestDistance(std::span<const double> points, Index dim) {
    const std::size_t n = rows(points, dim, 1), d = static_cast<std::size_t>(dim);
    double largest = 0;
    for (std::size_t i = 0; i < n && n > 1; ++i) {
        double least = std::numeric_limits<double>::infinity();
        for (std::size_t j = 0; j < n; ++j) {
            if (j != i) {
                least = std::min(least, gap(&points[i * d], &points[j * d], d));
            }
        }
        largest = std::max(largest, least);
    }
    return std::sqrt(largest);
}

}  // namespace lx
