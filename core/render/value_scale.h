// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/render/scene.h"

#include <cmath>
#include <string>

namespace lx::render {

/// Why a range cannot be used, as a sentence; empty when it can.
std::string problem(const ValueRange&);

/// Values to places on a colour map and back; shaders/include/value_scale.glsl repeats it. The
/// range must be without problem.
class ValueScale {
public:
    explicit ValueScale(const ValueRange& range)
        : m_scaling(range.scaling),
          m_linear(static_cast<float>(range.linear)),
          m_base(bent(static_cast<float>(range.low))),
          m_extent(bent(static_cast<float>(range.high)) - m_base) {}

    /// The value as it is equidistant on the map; -infinity for a logarithm of what has none.
    float bent(float v) const noexcept {
        switch (m_scaling) {
            case Scaling::Log: return v > 0 ? std::log2(v) : (std::isnan(v) ? v : -INFINITY);
            case Scaling::SymLog: return std::copysign(std::log2(1 + std::abs(v) / m_linear), v);
            case Scaling::Linear: break;
        }
        return v;
    }
    /// 0 at `low`, 1 at `high`; not clamped; not-a-number stays.
    float place(float v) const noexcept { return (bent(v) - m_base) / m_extent; }
    /// Row of a colour table for a value; 0 for not-a-number.
    int row(float v) const noexcept {
        const float t = place(v);
        return static_cast<int>((t > 0 ? (t < 1 ? t : 1) : 0) * 255 + 0.5F);
    }
    /// The value at a place, the inverse of place().
    double value(double t) const noexcept {
        const double bentValue = m_base + t * m_extent;
        switch (m_scaling) {
            case Scaling::Log: return std::exp2(bentValue);
            case Scaling::SymLog:
                return std::copysign((std::exp2(std::abs(bentValue)) - 1) * m_linear, bentValue);
            case Scaling::Linear: break;
        }
        return bentValue;
    }
    Scaling scaling() const noexcept { return m_scaling; }
    float linear() const noexcept { return m_linear; }
    float base() const noexcept { return m_base; }
    float extent() const noexcept { return m_extent; }

private:
    Scaling m_scaling;
    float m_linear, m_base, m_extent;
};

ValueRange rangeOf(const GridLayer&);

/// The range from the `lower` to the `upper` quantile of the finite values (of the positive ones
/// for Log), so that a few extremes do not take the whole map. [0, 1] or [1, 2] when there are
/// none; never empty.
ValueRange quantileRange(const Array& values, double lower, double upper,
                         Scaling scaling = Scaling::Linear);

/// Values of a grid layer's iso-lines in ascending order: `isoLevels`, or `isoLines` places
/// equidistant on the colour map between its ends.
std::vector<double> isoValues(const GridLayer&);

}  // namespace lx::render
