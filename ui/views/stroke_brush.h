// SPDX-License-Identifier: GPL-3.0-or-later
// The brush over a painted target: what the hand draws until it lets go.
#pragma once

#include "core/base/array.h"
#include "ui/shell/theme.h"
#include "ui/viewport/figure.h"

#include <vector>

class QMenu;
class QObject;

namespace lx::ui {

class StrokeBrush {
public:
    bool active() const { return !m_points.empty(); }
    /// With Ctrl held a brush erases.
    void begin(QPointF at, bool erases);
    /// True when the stroke has become longer.
    bool extend(QPointF at);
    void cancel() { m_points.clear(); }
    /// Ends the stroke: erase, weight, radius, n, then n points, as the probe `paint` takes it.
    Array finish();
    /// The stroke under the hand. `unit`: pixels of one unit of the plane.
    void draw(std::vector<OverlayItem>&, const QColor& ink, double unit, const Theme&) const;
    void fillMenu(QMenu&, QObject* owner);

private:
    std::vector<QPointF> m_points;
    double m_radius = 0.4;  ///< in the units of the plane
    bool m_eraser = false, m_erasing = false;
};

}  // namespace lx::ui
