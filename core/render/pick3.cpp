// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/pick3.h"

#include "core/render/space_geometry.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lx::render {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// A surface as triangles in grid coordinates: column, row, world height.
class Cells {
public:
    Cells(const Surface3& surface, const Box3& box)
        : m_surface(surface), m_box(box), m_columns(surface.values.dim(1)) {}

    double height(Index row, Index column) const {
        const float v =
            m_surface.values.values<float>()[static_cast<std::size_t>(row * m_columns + column)];
        return m_box.toWorld(0, 0, std::clamp<double>(v, m_box.low[2], m_box.high[2])).z +
               (std::isnan(v) ? std::numeric_limits<double>::quiet_NaN() : 0);
    }
    /// Smallest t in [t0, t1] at which from + t along, in grid coordinates, meets the cell.
    double meet(Index row, Index column, Vec3 from, Vec3 along, double t0, double t1) const {
        const double a = height(row, column), b = height(row, column + 1);
        const double d = height(row + 1, column), e = height(row + 1, column + 1);
        if (std::isnan(a + b + d + e)) {
            return kInfinity;
        }
        const double u = from.x - static_cast<double>(column),
                     v = from.y - static_cast<double>(row);
        double best = kInfinity;
        // Heights of the two triangles: h + s (x) + r (y), valid on one side of x + y = 1.
        const auto side = [&](double h, double s, double r, bool lower) {
            const double fall = along.z - s * along.x - r * along.y;
            const double t = (h + s * u + r * v - from.z) / fall;
            const double sum = u + t * along.x + v + t * along.y;
            constexpr double kSlack = 1e-9;
            if (t >= t0 - kSlack && t <= t1 + kSlack &&
                (lower ? sum <= 1 + kSlack : sum >= 1 - kSlack)) {
                best = std::min(best, t);
            }
        };
        side(a, b - a, d - a, true);
        side(b + d - e, e - d, e - b, false);
        return best;
    }

private:
    const Surface3& m_surface;
    const Box3& m_box;
    const Index m_columns;
};

}  // namespace

std::optional<SurfaceHit> pickSurface(const Space& space, const Surface3& surface, Size size,
                                      double pixelX, double pixelY) {
    if (!space.box.valid() || !problem(surface, {}).empty()) {
        return {};
    }
    const Projection3 projection(space.camera, size, space.box.radius());
    const auto ray = projection.ray(pixelX, pixelY);
    const Index rows = surface.values.dim(0), columns = surface.values.dim(1);
    const Rect& p = surface.place;
    const Vec3 low = space.box.toWorld(p.x0, p.y0, 0), high = space.box.toWorld(p.x1, p.y1, 0);
    const double perX = static_cast<double>(columns - 1) / (high.x - low.x);
    const double perY = static_cast<double>(rows - 1) / (high.y - low.y);
    const Vec3 from{(ray.from.x - low.x) * perX, (ray.from.y - low.y) * perY, ray.from.z};
    const Vec3 along{ray.along.x * perX, ray.along.y * perY, ray.along.z};
    // The part of the line above the grid and within the box's heights.
    double t0 = 0, t1 = kInfinity;
    const auto clip = [&](double at, double step, double a, double b) {
        if (step == 0) {
            t1 = at < a || at > b ? -1 : t1;
            return;
        }
        const double ta = (a - at) / step, tb = (b - at) / step;
        t0 = std::max(t0, std::min(ta, tb));
        t1 = std::min(t1, std::max(ta, tb));
    };
    const double half = space.box.extent[2] / 2 * (1 + 1e-9) + 1e-12;
    clip(from.x, along.x, 0, static_cast<double>(columns - 1));
    clip(from.y, along.y, 0, static_cast<double>(rows - 1));
    clip(from.z, along.z, -half, half);
    if (!(t0 <= t1)) {
        return {};
    }
    const Cells cells(surface, space.box);
    const auto cellOf = [](double at, Index count) {
        return std::clamp(static_cast<Index>(std::floor(at)), Index{0}, count - 2);
    };
    Index column = cellOf(from.x + t0 * along.x, columns);
    Index row = cellOf(from.y + t0 * along.y, rows);
    double t = t0;
    while (true) {
        const auto leaves = [](double at, double step, Index cell) {
            return step > 0   ? (static_cast<double>(cell + 1) - at) / step
                   : step < 0 ? (static_cast<double>(cell) - at) / step
                              : kInfinity;
        };
        const double tx = leaves(from.x, along.x, column), ty = leaves(from.y, along.y, row);
        const double end = std::min({tx, ty, t1});
        if (const double found = cells.meet(row, column, from, along, t, end); found < kInfinity) {
            const Vec3 world = ray.from + found * ray.along;
            SurfaceHit hit;
            hit.at = space.box.toData(world);
            hit.w = projection.map(world).w;
            hit.value = hit.at[2];
            if (surface.tint.defined()) {
                Surface3 tint = surface;
                tint.values = surface.tint;
                Box3 all = space.box;
                all.low[2] = -std::numeric_limits<double>::max();
                all.high[2] = std::numeric_limits<double>::max();
                hit.value = heightAt(tint, all, std::clamp(hit.at[0], p.x0, p.x1),
                                     std::clamp(hit.at[1], p.y0, p.y1));
            }
            return hit;
        }
        if (end >= t1) {
            return {};
        }
        (tx <= ty ? column : row) += (tx <= ty ? along.x : along.y) > 0 ? 1 : -1;
        if (column < 0 || row < 0 || column > columns - 2 || row > rows - 2) {
            return {};
        }
        t = end;
    }
}

std::optional<Pick3> pickPoint(const Space& space, const PointCloud3& cloud, Size size, float ratio,
                               double pixelX, double pixelY, double radius) {
    if (!space.box.valid() || !problem(cloud, space.solids).empty()) {
        return {};
    }
    const Projection3 projection(space.camera, size, space.box.radius());
    const Surface3* drape =
        cloud.drape < 0 ? nullptr
                        : &std::get<Surface3>(space.solids[static_cast<std::size_t>(cloud.drape)]);
    double wall = kInfinity;
    for (const Solid& solid : space.solids) {
        if (const auto* surface = std::get_if<Surface3>(&solid)) {
            if (const auto hit = pickSurface(space, *surface, size, pixelX, pixelY)) {
                wall = std::min(wall, hit->w);
            }
        }
    }
    const auto stride = static_cast<std::size_t>(cloud.xyz.dim(1));
    const float* data = cloud.xyz.values<float>().data();
    std::optional<Pick3> best;
    bool covered = false;
    for (std::size_t i = 0; i < static_cast<std::size_t>(cloud.xyz.dim(0)); ++i) {
        if (cloud.category.defined() && cloud.category.values<Index>()[i] < 0) {
            continue;
        }
        const float* row = data + stride * i;
        const double z = drape ? heightAt(*drape, space.box, row[0], row[1]) : row[2];
        const auto p = projection.map(space.box.toWorld(row[0], row[1], z));
        const double away = std::hypot(p.x - pixelX, p.y - pixelY);
        if (!projection.sees(p) || !(away <= 1e6)) {
            continue;
        }
        const bool attenuated = cloud.attenuate && projection.perspective();
        const double sprite =
            cloud.size * ratio / 2 * (attenuated ? space.camera.distance / p.w : 1);
        const double lift = 1.5 * sprite / projection.pixelsPerUnit(p.w);
        const bool covers = away <= sprite;
        if (p.w - lift > wall || (!covers && (covered || away > radius))) {
            continue;
        }
        const bool better =
            !best || (covers && !covered) || (covers ? p.w < best->w : away < best->pixels);
        if (better) {
            covered = covers;
            best = Pick3{static_cast<Index>(i), away, p.w, {row[0], row[1], z}};
        }
    }
    return best;
}

}  // namespace lx::render
