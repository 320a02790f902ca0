// SPDX-License-Identifier: GPL-3.0-or-later
// Thins a series to what the pixels can show, without losing a peak. No Qt, no state.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace lx::ui {

struct PlotPoint {
    double x = 0, y = 0;
};

/// Points of a series between `x0` and `x1` for `columns` pixel columns: of every column the first,
/// the smallest, the largest and the last, in order of x; one neighbour beyond either end, so that
/// lines reach the border. At most 4 * columns + 2 points (and one gap per column, where `y` is not
/// a number); all of them when there are no more than that. `x` ascends. O(visible points).
inline std::vector<PlotPoint> decimate(std::span<const double> x, std::span<const double> y,
                                       double x0, double x1, std::size_t columns) {
    std::vector<PlotPoint> out;
    const std::size_t count = std::min(x.size(), y.size());
    if (count == 0 || columns == 0 || !(x1 > x0)) {
        return out;
    }
    const auto begin = x.begin(), end = x.begin() + static_cast<std::ptrdiff_t>(count);
    auto first = static_cast<std::size_t>(std::lower_bound(begin, end, x0) - begin);
    auto last = static_cast<std::size_t>(std::upper_bound(begin, end, x1) - begin);
    first -= first > 0 ? 1 : 0;
    last += last < count ? 1 : 0;
    if (last - first <= 4 * columns + 2) {
        for (std::size_t i = first; i < last; ++i) {
            out.push_back({x[i], y[i]});
        }
        return out;
    }
    out.reserve(4 * columns + 2);
    const double scale = static_cast<double>(columns) / (x1 - x0);
    const auto columnOf = [&](std::size_t i) { return std::floor((x[i] - x0) * scale); };
    for (std::size_t i = first; i < last;) {
        const double column = columnOf(i);
        std::size_t low = i, high = i, gap = last, stop = i;
        for (; stop < last && columnOf(stop) == column; ++stop) {
            if (std::isnan(y[stop])) {
                gap = std::min(gap, stop);
                continue;
            }
            low = std::isnan(y[low]) || y[stop] < y[low] ? stop : low;
            high = std::isnan(y[high]) || y[stop] > y[high] ? stop : high;
        }
        std::size_t chosen[] = {i, low, high, gap, stop - 1};
        std::sort(std::begin(chosen), std::end(chosen));
        std::size_t previous = last;
        for (const std::size_t at : chosen) {
            if (at < last && at != previous) {
                out.push_back({x[at], y[at]});
                previous = at;
            }
        }
        i = stop;
    }
    return out;
}

/// Exponential moving average with weight `memory` in [0, 1) on the past, corrected for its start
/// (kingma2015, section 3). Not-a-number is passed over.
inline std::vector<double> smooth(std::span<const double> y, double memory) {
    std::vector<double> out(y.size());
    double sum = 0, weight = 0;
    for (std::size_t i = 0; i < y.size(); ++i) {
        if (std::isfinite(y[i])) {
            sum = memory * sum + (1 - memory) * y[i];
            weight = memory * weight + (1 - memory);
        }
        out[i] = weight > 0 && std::isfinite(y[i]) ? sum / weight : y[i];
    }
    return out;
}

}  // namespace lx::ui
