// SPDX-License-Identifier: GPL-3.0-or-later
// Plain geometry that layers, overlays and exports share. Coordinates are the caller's: data, or
// pixels where angles and lengths are to be seen as they are.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <vector>

namespace lx::render {

struct Point2 {
    double x = 0, y = 0;
    friend bool operator==(const Point2&, const Point2&) = default;
};

/// A of the ellipse c + A u, |u| = 1, row-major, symmetric: as EllipsesLayer::axes wants it.
using EllipseAxes = std::array<double, 4>;

/// Where a normal density with this covariance lies `deviations` standard deviations from its mean.
/// Nothing unless it is positive definite.
std::optional<EllipseAxes> ellipseOfCovariance(double xx, double xy, double yy, double deviations);
/// The vectors that have `length` in the metric G = (xx xy; xy yy): its indicatrix. Nothing unless
/// it is positive definite.
std::optional<EllipseAxes> ellipseOfMetric(double xx, double xy, double yy, double length);

struct HalfAxes {
    double major = 0, minor = 0;
    double angle = 0;  ///< of the major axis, radians from +x towards +y, in [0, pi)
};
HalfAxes halfAxes(const EllipseAxes&);
/// Closed polygon of `count` corners, the first not repeated.
std::vector<Point2> ellipsePoints(Point2 centre, const EllipseAxes&, int count);

double lengthOf(std::span<const Point2> curve);

/// A place on a curve and the unit direction there.
struct CurvePlace {
    Point2 at, direction;
    double along = 0;  ///< length from the beginning
};
/// Nothing for a curve without length.
std::optional<CurvePlace> placeAlong(std::span<const Point2> curve, double along);
/// `count` places that cut the curve into count + 1 parts of equal length.
std::vector<CurvePlace> equalTicks(std::span<const Point2> curve, int count);

/// Corners of an arrow head whose tip is the curve's end: left barb, tip, right barb. It points as
/// the last `length` of the curve does on average, so a short last segment does not turn it.
/// Nothing for a curve without length.
std::optional<std::array<Point2, 3>> arrowHead(std::span<const Point2> curve, double length,
                                               double width);

}  // namespace lx::render
