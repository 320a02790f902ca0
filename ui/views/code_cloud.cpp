// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/code_cloud.h"

#include <algorithm>
#include <cmath>

namespace lx::ui {

void followBox(render::Box3& box, const Array& xyz, bool force) {
    std::array<double, 3> low, high;
    low.fill(INFINITY);
    high.fill(-INFINITY);
    const auto values = xyz.values<float>();
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (std::isfinite(values[i])) {
            low[i % 3] = std::min<double>(low[i % 3], values[i]);
            high[i % 3] = std::max<double>(high[i % 3], values[i]);
        }
    }
    bool leaves = false;
    double filled = 0;
    for (std::size_t k = 0; k < 3; ++k) {
        if (!(high[k] >= low[k])) {
            return;
        }
        leaves = leaves || low[k] < box.low[k] || high[k] > box.high[k];
        filled = std::max(filled, (high[k] - low[k]) / (box.high[k] - box.low[k]));
        const double pad = std::max(0.08 * (high[k] - low[k]), 1e-3);
        low[k] -= pad;
        high[k] += pad;
    }
    if (force || leaves || filled < 0.6) {
        box = render::equalUnits(low, high);
    }
}

std::vector<SpaceMark> marksOf(const CodeMarks& codes) {
    std::vector<SpaceMark> out;
    const Index dim = codes.chart.dim();
    const auto add = [&](const std::vector<float>& z, SpaceMark mark) {
        if (static_cast<Index>(z.size()) == dim && dim > 0) {
            const Array at = render::project(codes.chart, Array({1, dim}, z));
            std::copy_n(at.values<float>().begin(), 3, mark.at.begin());
            out.push_back(std::move(mark));
        }
    };
    const Theme& theme = codes.theme;
    for (const auto* list : {&codes.explore.bookmarks(), &codes.explore.marks()}) {
        const bool dropped = list == &codes.explore.marks();
        for (const Bookmark& mark : *list) {
            add(mark.z, {.marker = dropped ? render::Marker::Square : render::Marker::Diamond,
                         .fill = dropped ? theme.data : theme.accent,
                         .edge = theme.panel,
                         .text = mark.name});
        }
    }
    for (const auto& z : codes.picked) {
        add(z, {.marker = render::Marker::Diamond, .size = 9, .edge = theme.text});
    }
    add(codes.selected, {.marker = render::Marker::Circle, .size = 13, .edge = theme.text});
    add(codes.explore.cursor(),
        {.marker = render::Marker::Plus, .size = 13, .fill = theme.text, .edge = theme.panel});
    add(codes.hovered, {.marker = render::Marker::Circle,
                        .size = 11,
                        .edge = theme.text,
                        .text = codes.hoverText,
                        .boxed = true});
    return out;
}

}  // namespace lx::ui
