// SPDX-License-Identifier: GPL-3.0-or-later
// The points of all series of all runs, sorted by step.
#pragma once

#include "core/session/experiment.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <vector>

namespace lx::ui {

struct SeriesKey {
    std::uint32_t source = 0, series = 0;
    Clock clock{};
    auto operator<=>(const SeriesKey&) const = default;
};

struct SeriesData {
    std::vector<double> step, value;  ///< step strictly ascends
};

class SeriesTable {
public:
    /// A point at or before the last step of its series is a repetition and is passed over; a
    /// reset is told by rewind().
    void add(const SeriesPoint& p) {
        SeriesData& data = m_series[{p.source, p.series, p.clock}];
        const auto step = static_cast<double>(p.step);
        if (data.step.empty() || step > data.step.back()) {
            data.step.push_back(step);
            data.value.push_back(p.value);
        }
    }
    /// Drops the points at or after `step`.
    void rewind(std::uint32_t source, Clock clock, Index step) {
        for (auto& [key, data] : m_series) {
            if (key.source == source && key.clock == clock) {
                const auto at = std::lower_bound(data.step.begin(), data.step.end(),
                                                 static_cast<double>(step)) -
                                data.step.begin();
                data.step.resize(static_cast<std::size_t>(at));
                data.value.resize(static_cast<std::size_t>(at));
            }
        }
    }
    void remove(std::uint32_t source) {
        std::erase_if(m_series, [&](const auto& row) { return row.first.source == source; });
    }
    void clear() { m_series.clear(); }
    /// Null when no point has come.
    const SeriesData* find(const SeriesKey& key) const {
        const auto it = m_series.find(key);
        return it == m_series.end() || it->second.step.empty() ? nullptr : &it->second;
    }
    bool empty() const {
        return std::ranges::all_of(m_series, [](const auto& r) { return r.second.step.empty(); });
    }

private:
    std::map<SeriesKey, SeriesData> m_series;
};

}  // namespace lx::ui
