// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/axes_box.h"

#include <algorithm>
#include <cmath>

namespace lx::render {
namespace {

constexpr double kShortest = 24;  ///< pixels of an edge that is worth labels

double& component(Vec3& v, std::size_t axis) {
    return axis == 0 ? v.x : axis == 1 ? v.y : v.z;
}

}  // namespace

AxesBox axesBox(const Box3& box, const Projection3& projection,
                const std::array<std::vector<double>, 3>& ticks) {
    AxesBox out;
    const Camera& camera = projection.camera();
    const auto half = [&](std::size_t axis, int side) {
        return (side > 0 ? 0.5 : -0.5) * box.extent[axis];
    };
    // A face is seen from inside when its outward normal points away from the viewer.
    const auto inside = [&](std::size_t axis, int side) {
        Vec3 normal, at;
        component(normal, axis) = side;
        component(at, axis) = half(axis, side);
        const Vec3 view = projection.perspective() ? camera.eye() - at : camera.back();
        return dot(normal, view) < 0;
    };
    bool back[3][2];
    for (std::size_t axis = 0; axis < 3; ++axis) {
        for (const int side : {-1, 1}) {
            back[axis][side > 0] = inside(axis, side);
        }
    }
    const auto corner = [&](std::size_t axis, double at, std::size_t a, int sideA, std::size_t b,
                            int sideB) {
        Vec3 p;
        component(p, axis) = at;
        component(p, a) = half(a, sideA);
        component(p, b) = half(b, sideB);
        return p;
    };
    const Projection3::Point middle = projection.map({});
    for (std::size_t axis = 0; axis < 3; ++axis) {
        const std::size_t a = (axis + 1) % 3, b = (axis + 2) % 3;
        std::vector<double> places, values;
        for (const double value : ticks[axis]) {
            const double u = (value - box.low[axis]) / (box.high[axis] - box.low[axis]);
            if (u > -1e-9 && u < 1 + 1e-9) {
                values.push_back(value);
                places.push_back((u - 0.5) * box.extent[axis]);
            }
        }
        // Lines of constant coordinate on the four faces that this axis runs along.
        for (const int side : {-1, 1}) {
            for (const double at : places) {
                if (back[a][side > 0]) {
                    out.grid.emplace_back(corner(axis, at, a, side, b, -1),
                                          corner(axis, at, a, side, b, 1));
                }
                if (back[b][side > 0]) {
                    out.grid.emplace_back(corner(axis, at, a, -1, b, side),
                                          corner(axis, at, a, 1, b, side));
                }
            }
        }
        AxisPlace& place = out.axes[axis];
        double best = 0;
        for (const int sideA : {-1, 1}) {
            for (const int sideB : {-1, 1}) {
                const Vec3 from = corner(axis, half(axis, -1), a, sideA, b, sideB);
                const Vec3 to = corner(axis, half(axis, 1), a, sideA, b, sideB);
                const bool backA = back[a][sideA > 0], backB = back[b][sideB > 0];
                if (backA || backB) {
                    out.edges.emplace_back(from, to);
                }
                const Projection3::Point p = projection.map(from), q = projection.map(to);
                if (backA == backB || !projection.sees(p) || !projection.sees(q) ||
                    std::hypot(q.x - p.x, q.y - p.y) < kShortest) {
                    continue;  // not on the outline, or too short for labels
                }
                const double rank = axis == 2 ? -(p.x + q.x) : p.y + q.y;
                if (place.shown && rank <= best) {
                    continue;
                }
                best = rank;
                place.shown = true;
                place.x0 = p.x, place.y0 = p.y, place.x1 = q.x, place.y1 = q.y;
                const double length = std::hypot(q.x - p.x, q.y - p.y);
                place.outX = -(q.y - p.y) / length, place.outY = (q.x - p.x) / length;
                const double away = place.outX * ((p.x + q.x) / 2 - middle.x) +
                                    place.outY * ((p.y + q.y) / 2 - middle.y);
                if (away < 0) {
                    place.outX = -place.outX, place.outY = -place.outY;
                }
                place.ticks.clear();
                for (std::size_t i = 0; i < places.size(); ++i) {
                    const Projection3::Point t =
                        projection.map(corner(axis, places[i], a, sideA, b, sideB));
                    place.ticks.push_back({values[i], t.x, t.y});
                }
            }
        }
    }
    return out;
}

}  // namespace lx::render
