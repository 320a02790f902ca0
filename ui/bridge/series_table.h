// SPDX-License-Identifier: GPL-3.0-or-later
// The points of all series of all runs, sorted by step, in bounded memory.
#pragma once

#include "core/session/experiment.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

namespace lx::ui {

struct SeriesKey {
    std::uint32_t source = 0, series = 0;
    Clock clock{};
    auto operator<=>(const SeriesKey&) const = default;
};

/// One series. A run may go on for ever: beyond kMost points, neighbours share a place from which
/// the smallest, the largest and the first that is not a number stay. The places are equally long
/// from the first step to the last, so the start of a run fades no sooner than its end; every
/// point kept is one that was measured, and the newest is always there.
struct SeriesData {
    static constexpr std::size_t kMost = std::size_t{1} << 16;

    std::vector<double> step, value;  ///< step strictly ascends

    /// Points that share a place; 1: all are kept.
    std::size_t stride() const { return m_stride; }

    /// `s` lies beyond the last step.
    void add(double s, double v) {
        if (m_stride == 1) {
            push(s, v);
        } else {
            extend(s, v);
        }
        if (step.size() - m_tail > kMost) {
            thin();
        }
    }
    /// Drops the points at or after `from`.
    void rewind(double from) {
        const auto kept =
            static_cast<std::size_t>(std::ranges::lower_bound(step, from) - step.begin());
        resize(kept);
        m_tail = m_count = 0;
        m_guest = false;
        if (kept == 0) {
            m_stride = 1;
        }
    }

private:
    struct Point {
        double step, value;
    };

    void push(double s, double v) {
        step.push_back(s);
        value.push_back(v);
    }
    void resize(std::size_t size) {
        step.resize(size);
        value.resize(size);
    }
    /// Appends the smallest, the largest and the first gap of `place`, and its last point when
    /// `open`. Returns how many.
    std::size_t keep(const std::vector<Point>& place, bool open) {
        const auto none = place.size();
        auto low = none, high = none, gap = none;
        for (std::size_t i = 0; i < place.size(); ++i) {
            const double v = place[i].value;
            if (std::isnan(v)) {
                gap = std::min(gap, i);
                continue;
            }
            low = low == none || v < place[low].value ? i : low;
            high = high == none || v >= place[high].value ? i : high;
        }
        std::array chosen{low, high, gap, open ? place.size() - 1 : none};
        std::ranges::sort(chosen);
        const auto before = step.size();
        for (std::size_t i = 0; i < chosen.size() && chosen[i] != none; ++i) {
            if (i == 0 || chosen[i] != chosen[i - 1]) {
                push(place[chosen[i]].step, place[chosen[i]].value);
            }
        }
        return step.size() - before;
    }
    /// The open place, at most four points at the end, takes in another.
    void extend(double s, double v) {
        if (std::exchange(m_guest, false)) {
            resize(step.size() - 1);
        }
        m_place.clear();
        for (std::size_t i = step.size() - m_tail; i < step.size(); ++i) {
            m_place.push_back({step[i], value[i]});
        }
        m_place.push_back({s, v});
        resize(step.size() - m_tail);
        const bool full = ++m_count == m_stride;
        m_tail = keep(m_place, !full);
        if (full) {
            m_tail = m_count = 0;
            if (step.back() != s) {
                push(s, v);
                m_guest = true;
            }
        }
    }
    /// Four neighbours, or two places of two points, become one place.
    void thin() {
        SeriesData out;
        out.step.reserve(step.size());
        out.value.reserve(step.size());
        for (std::size_t i = 0; i < step.size(); i += 4) {
            m_place.clear();
            for (std::size_t j = i; j < std::min(i + 4, step.size()); ++j) {
                m_place.push_back({step[j], value[j]});
            }
            out.keep(m_place, i + 4 >= step.size());
        }
        step.swap(out.step);
        value.swap(out.value);
        m_stride *= m_stride == 1 ? 4 : 2;
        m_tail = m_count = 0;
        m_guest = false;
    }

    std::size_t m_stride = 1;
    std::size_t m_count = 0;     ///< points taken into the open place
    std::size_t m_tail = 0;      ///< points that stand for it, at the end
    bool m_guest = false;        ///< the last point is there only for being the newest
    std::vector<Point> m_place;  ///< scratch
};

class SeriesTable {
public:
    /// A point at or before the last step of its series is a repetition and is passed over; a
    /// reset is told by rewind().
    void add(const SeriesPoint& p) {
        SeriesData& data = m_series[{p.source, p.series, p.clock}];
        const auto step = static_cast<double>(p.step);
        if (data.step.empty() || step > data.step.back()) {
            data.add(step, p.value);
        }
    }
    /// Drops the points at or after `step`.
    void rewind(std::uint32_t source, Clock clock, Index step) {
        for (auto& [key, data] : m_series) {
            if (key.source == source && key.clock == clock) {
                data.rewind(static_cast<double>(step));
            }
        }
    }
    void remove(std::uint32_t source) {
        std::erase_if(m_series, [&](const auto& row) { return row.first.source == source; });
    }
    /// Null when no point has come.
    const SeriesData* find(const SeriesKey& key) const {
        const auto it = m_series.find(key);
        return it == m_series.end() || it->second.step.empty() ? nullptr : &it->second;
    }
    bool empty() const {
        return std::ranges::all_of(m_series, [](const auto& r) { return r.second.step.empty(); });
    }
    std::size_t points() const {
        std::size_t out = 0;
        for (const auto& [key, data] : m_series) {
            out += data.step.size();
        }
        return out;
    }

private:
    std::map<SeriesKey, SeriesData> m_series;
};

}  // namespace lx::ui
