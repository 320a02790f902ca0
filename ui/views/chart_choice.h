// SPDX-License-Identifier: GPL-3.0-or-later
// Which chart of a space with more than two dimensions a view shows: visible state that is saved
// with the layout.
#pragma once

#include "core/render/chart.h"

#include <QJsonObject>
#include <QString>

#include <functional>
#include <vector>

class QMenu;

namespace lx::ui {

struct ChartChoice {
    enum class Kind : std::uint8_t { Axes, Pca, Plane, Space };
    Kind kind = Kind::Axes;
    Index horizontal = 0, vertical = 1;
    std::vector<std::vector<float>> points;  ///< picked for the plane, up to three, [D] each
    bool fade = true;                        ///< what lies far from the chart is fainter
    friend bool operator==(const ChartChoice&, const ChartChoice&) = default;
};

QJsonObject toJson(const ChartChoice&);
/// Unknown or broken entries keep their defaults.
ChartChoice chartFromJson(const QJsonObject&);

/// The chart of `points` [N, D] float32, D >= 2. A plane whose points do not (yet) span one, and
/// three axes of a space with two, are shown as axes. `previous` keeps a PCA from turning over.
render::Chart chartOf(const ChartChoice&, const Array& points, const render::Chart* previous);

/// "z3", "component 1 (43 %)", "from 1st to 2nd point".
QString axisLabel(const ChartChoice&, const render::Chart&, Index axis);

/// "1 of 3 points picked: click on codes", or empty.
QString pickNote(const ChartChoice&, Index dim);

/// Fills a menu for a space of `dim` > 2 dimensions; `changed` gets the new choice.
void fillChartMenu(QMenu&, const ChartChoice&, Index dim,
                   const std::function<void(const ChartChoice&)>& changed);

}  // namespace lx::ui
