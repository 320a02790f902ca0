// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/energies/energy.h"

namespace lx {

/// One movement of the brush.
struct Stroke {
    std::vector<double> points;  ///< [n, 2], n >= 1
    double radius = 0.5;         ///< > 0, in the units of the canvas
    double weight = 1;           ///< density added on the line itself; of an eraser the share taken
    bool erase = false;
    friend bool operator==(const Stroke&, const Stroke&) = default;
};

/// What was painted, as a list of strokes: a value, so undo is the list before.
class Painting {
public:
    Painting() = default;
    /// Throws UsageError naming the stroke when a number is not finite, a radius not positive, a
    /// weight negative, or the limits of 2000 strokes and 200 000 numbers are passed.
    explicit Painting(std::vector<Stroke> strokes);

    const std::vector<Stroke>& strokes() const { return m_strokes; }
    bool canUndo() const { return !m_strokes.empty(); }
    bool canRedo() const { return !m_undone.empty(); }
    Painting with(Stroke) const;  ///< forgets what was undone
    Painting undone() const;
    Painting redone() const;

    /// One list of numbers, as the parameter energy.strokes holds it: per stroke erase (0 or 1),
    /// weight, radius, n, then n points. What was undone is left out.
    std::vector<double> encode() const;
    /// Throws UsageError naming the number where the list breaks off.
    static Painting decode(std::span<const double>);

private:
    std::vector<Stroke> m_strokes, m_undone;
};

struct CanvasOptions {
    double extent = 4;       ///< the canvas is [-extent, extent]^2
    Index resolution = 160;  ///< nodes a side, 16 to 1024
    double smoothing = 0.1;  ///< sd of the blur, in the units of the canvas
    double haze = 1e-3;      ///< share of the wide normal behind the paint, in (0, 1]
};

/// p = (1 - haze) sum_ij m_ij B(x; i) B(y; j) + haze N(0, (extent / 2)^2 I): the blurred strokes as
/// a mixture of cubic B-splines on the nodes. Their sum is twice differentiable and nowhere
/// negative, its integral is sum m = 1, and B is the density of a sum of four uniforms, so value,
/// gradient, moments and draws are all exact. The haze leads chains home from anywhere.
/// Ref: unser1999.
EnergyPtr paintedEnergy(const Painting&, const CanvasOptions& = {});

}  // namespace lx
