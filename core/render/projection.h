// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/render/scene.h"

#include <cmath>

namespace lx::render {

/// From data coordinates to pixels and back: (0, 0) is the upper left corner of the upper left
/// pixel, whose centre is (0.5, 0.5); pixel y grows downwards.
class Projection {
public:
    Projection(const Rect& view, Size pixels)
        : m_view(view),
          m_scaleX(pixels.width / (view.x1 - view.x0)),
          m_scaleY(pixels.height / (view.y1 - view.y0)) {}

    /// False for an empty, reversed or non-finite view, on which nothing can be drawn.
    bool valid() const noexcept {
        return std::isfinite(m_view.x0) && std::isfinite(m_view.y0) && std::isfinite(m_scaleX) &&
               std::isfinite(m_scaleY) && m_scaleX > 0 && m_scaleY > 0;
    }
    double x(double dataX) const noexcept { return (dataX - m_view.x0) * m_scaleX; }
    double y(double dataY) const noexcept { return (m_view.y1 - dataY) * m_scaleY; }
    double dataX(double pixelX) const noexcept { return m_view.x0 + pixelX / m_scaleX; }
    double dataY(double pixelY) const noexcept { return m_view.y1 - pixelY / m_scaleY; }
    double scaleX() const noexcept { return m_scaleX; }  ///< pixels per unit
    double scaleY() const noexcept { return m_scaleY; }
    const Rect& view() const noexcept { return m_view; }

private:
    Rect m_view;
    double m_scaleX, m_scaleY;
};

}  // namespace lx::render
