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
    StrokeBrush() = default;
    /// `radii`: those of the menu, in the units of the plane.
    StrokeBrush(std::vector<double> radii, double radius)
        : m_radii(std::move(radii)), m_radius(radius) {}
    bool active() const { return !m_points.empty(); }
    const std::vector<QPointF>& points() const { return m_points; }
    double radius() const { return m_radius; }
    bool erasing() const { return m_erasing; }
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
    std::vector<double> m_radii{0.1, 0.2, 0.4, 0.8, 1.6};
    double m_radius = 0.4;  ///< in the units of the plane
    bool m_eraser = false, m_erasing = false;
};

}  // namespace lx::ui
