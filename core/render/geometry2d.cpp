// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/geometry2d.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace lx::render {
namespace {

/// Q diag(f(eigenvalue)) Q^T of a symmetric matrix; nothing unless both eigenvalues are positive.
template <class F>
std::optional<EllipseAxes> ofEigenvalues(double xx, double xy, double yy, F f) {
    const double mean = (xx + yy) / 2, half = std::hypot((xx - yy) / 2, xy);
    const double large = mean + half;
    const double small = large > 0 ? (xx * yy - xy * xy) / large : 0;  // without cancellation
    if (!(small > 0) || !std::isfinite(large)) {
        return {};
    }
    const double turn = half > 0 ? std::atan2(2 * xy, xx - yy) / 2 : 0;
    const double c = std::cos(turn), s = std::sin(turn), p = f(large), q = f(small);
    const double mixed = (p - q) * c * s;
    return EllipseAxes{p * c * c + q * s * s, mixed, mixed, p * s * s + q * c * c};
}

double distance(Point2 a, Point2 b) {
    return std::hypot(b.x - a.x, b.y - a.y);
}

}  // namespace

std::optional<EllipseAxes> ellipseOfCovariance(double xx, double xy, double yy, double deviations) {
    return ofEigenvalues(xx, xy, yy, [=](double v) { return deviations * std::sqrt(v); });
}

std::optional<EllipseAxes> ellipseOfMetric(double xx, double xy, double yy, double length) {
    return ofEigenvalues(xx, xy, yy, [=](double v) { return length / std::sqrt(v); });
}

HalfAxes halfAxes(const EllipseAxes& a) {
    // A A^T has the squared half axes as eigenvalues, whatever A's columns are.
    const double xx = a[0] * a[0] + a[1] * a[1], yy = a[2] * a[2] + a[3] * a[3];
    const double xy = a[0] * a[2] + a[1] * a[3];
    const double half = std::hypot((xx - yy) / 2, xy), large = (xx + yy) / 2 + half;
    HalfAxes axes;
    axes.major = std::sqrt(large);
    axes.minor = large > 0 ? std::abs(a[0] * a[3] - a[1] * a[2]) / axes.major : 0;
    axes.angle = half > 0 ? std::atan2(2 * xy, xx - yy) / 2 : 0;
    axes.angle += axes.angle < 0 ? std::numbers::pi : 0;
    return axes;
}

std::vector<Point2> ellipsePoints(Point2 centre, const EllipseAxes& a, int count) {
    std::vector<Point2> points;
    for (int i = 0; i < count; ++i) {
        const double angle = 2 * std::numbers::pi * i / count;
        const double u = std::cos(angle), v = std::sin(angle);
        points.push_back({centre.x + a[0] * u + a[1] * v, centre.y + a[2] * u + a[3] * v});
    }
    return points;
}

double lengthOf(std::span<const Point2> curve) {
    double sum = 0;
    for (std::size_t i = 1; i < curve.size(); ++i) {
        sum += distance(curve[i - 1], curve[i]);
    }
    return sum;
}

std::optional<CurvePlace> placeAlong(std::span<const Point2> curve, double along) {
    double left = std::max(along, 0.0), passed = 0;
    std::optional<CurvePlace> found;
    for (std::size_t i = 1; i < curve.size(); ++i) {
        const Point2 a = curve[i - 1], b = curve[i];
        const double length = distance(a, b);
        if (!(length > 0)) {
            continue;
        }
        const double share = std::min(left / length, 1.0);
        const Point2 direction{(b.x - a.x) / length, (b.y - a.y) / length};
        found = CurvePlace{{a.x + share * (b.x - a.x), a.y + share * (b.y - a.y)},
                           direction,
                           passed + share * length};
        if (left <= length) {
            break;
        }
        left -= length;
        passed += length;
    }
    return found;
}

std::vector<CurvePlace> equalTicks(std::span<const Point2> curve, int count) {
    std::vector<CurvePlace> ticks;
    const double whole = lengthOf(curve);
    for (int k = 1; k <= count; ++k) {
        if (const auto place = placeAlong(curve, whole * k / (count + 1))) {
            ticks.push_back(*place);
        }
    }
    return ticks;
}

std::optional<std::array<Point2, 3>> arrowHead(std::span<const Point2> curve, double length,
                                               double width) {
    const double whole = lengthOf(curve);
    const auto base = placeAlong(curve, whole - length);
    if (!base || !(whole > 0)) {
        return {};
    }
    const Point2 tip = curve.back();
    const double reach = distance(base->at, tip);
    const Point2 ahead = reach > 0
                             ? Point2{(tip.x - base->at.x) / reach, (tip.y - base->at.y) / reach}
                             : base->direction;
    const auto barb = [&](double side) {
        return Point2{tip.x - length * ahead.x - side * width / 2 * ahead.y,
                      tip.y - length * ahead.y + side * width / 2 * ahead.x};
    };
    return std::array{barb(1), tip, barb(-1)};
}

}  // namespace lx::render
