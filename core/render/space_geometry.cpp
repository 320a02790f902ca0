// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/space_geometry.h"

#include "core/render/axes_box.h"
#include "core/render/colormap.h"
#include "core/render/rasterizer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace lx::render {
namespace {

constexpr float kMaxPixel = 1e6F;  ///< what lies farther out is left out
constexpr int kMaxPieces = 48;     ///< of one draped segment

struct Vec3f {
    float x, y, z;
};
Vec3f narrow(Vec3 v) {
    return {static_cast<float>(v.x), static_cast<float>(v.y), static_cast<float>(v.z)};
}
float dot(Vec3f a, Vec3f b) {
    return a.x * b.x + a.y * b.y + a.z * b.z;
}

/// The light and the viewer; turns normals into a factor of the colour and a share of white.
class Lamp {
public:
    Lamp(Lighting lighting, const Projection3& projection)
        : m_lighting(lighting),
          m_back(narrow(projection.camera().back())),
          m_eye(narrow(projection.camera().eye())),
          m_perspective(projection.perspective()) {
        const Camera& c = projection.camera();
        const Vec3 light =
            unit(-0.55 * c.right() + 0.45 * c.up() + 0.6 * c.back() + Vec3{0, 0, 0.35});
        m_light = narrow(light);
    }
    void shine(FacetVertex& vertex, Vec3f at, Vec3f normal) const {
        if (m_lighting == Lighting::None) {
            return;
        }
        const float length = std::sqrt(dot(normal, normal));
        if (!(length > 0)) {
            return;
        }
        Vec3f view = m_back;
        if (m_perspective) {
            view = {m_eye.x - at.x, m_eye.y - at.y, m_eye.z - at.z};
            const float s = 1 / std::sqrt(dot(view, view));
            view = {s * view.x, s * view.y, s * view.z};
        }
        // Both sides are lit alike.
        const float s = (dot(normal, view) < 0 ? -1 : 1) / length;
        const Vec3f n{s * normal.x, s * normal.y, s * normal.z};
        if (m_lighting == Lighting::Soft) {
            const float up = 0.5F + 0.5F * n.z, lamp = 0.5F + 0.5F * dot(n, m_light);
            vertex.light = 0.35F + 0.15F * up + 0.55F * lamp * lamp;
            return;
        }
        constexpr float kWrap = 0.3F;
        const float lamp = std::max(0.0F, (dot(n, m_light) + kWrap) / (1 + kWrap));
        vertex.light = 0.5F + 0.55F * lamp;
        const Vec3f h{m_light.x + view.x, m_light.y + view.y, m_light.z + view.z};
        const float cosine = dot(n, h) / std::sqrt(dot(h, h));
        if (cosine > 0.8F) {
            float power = cosine * cosine;   // 2
            power *= power, power *= power;  // 8
            const float eight = power;
            power *= power, power *= power;        // 32
            vertex.gloss = 0.28F * power * eight;  // 40
        }
    }

private:
    Lighting m_lighting;
    Vec3f m_light{}, m_back, m_eye;
    bool m_perspective;
};

class Builder {
public:
    Builder(const Space& space, Size size, float ratio, Color background)
        : m_space(space),
          m_ratio(ratio),
          m_background(background),
          m_projection(space.camera, size, space.box.radius()) {
        m_out.perspective = m_projection.perspective();
    }

    SpaceGeometry build() {
        if (m_space.axes.shown) {
            addAxes();
        }
        for (const Solid& solid : m_space.solids) {
            if (problem(solid, m_space.solids).empty()) {
                std::visit([this](const auto& s) { add(s); }, solid);
            }
        }
        sort();
        return std::move(m_out);
    }

private:
    /// A vertex without light; `inverse` stays 0 where it cannot be drawn.
    FacetVertex vertexAt(Vec3 world, float value) const {
        FacetVertex out;
        const Projection3::Point p = m_projection.map(world);
        if (m_projection.sees(p) && std::abs(p.x) < kMaxPixel && std::abs(p.y) < kMaxPixel &&
            !std::isnan(value)) {
            out.x = static_cast<float>(p.x);
            out.y = static_cast<float>(p.y);
            out.z = static_cast<float>(p.z);
            out.inverse = m_out.perspective ? static_cast<float>(1 / p.w) : 1.0F;
            out.value = value;
        }
        return out;
    }
    template <class L>
    Facets facetsOf(const L& layer) const {
        Facets f;
        f.table = table(layer.map);
        f.low = static_cast<float>(layer.low);
        f.range = static_cast<float>(layer.high - layer.low);
        f.isoLines = static_cast<float>(std::max(layer.isoLines, 0));
        f.isoWidth = layer.isoWidth * m_ratio;
        f.isoColor = pack(layer.isoColor);
        f.opacity = layer.opacity;
        return f;
    }

    void add(const Surface3& layer) {
        Facets f = facetsOf(layer);
        const Index rows = layer.values.dim(0), columns = layer.values.dim(1);
        f.columns = static_cast<std::uint32_t>(columns);
        f.rows = static_cast<std::uint32_t>(rows);
        f.wireStep = static_cast<float>(std::max(layer.wireStep, 0));
        f.wireWidth = layer.wireWidth * m_ratio;
        f.wireColor = pack(layer.wireColor);
        const Box3& box = m_space.box;
        const auto low = static_cast<float>(box.low[2]), high = static_cast<float>(box.high[2]);
        std::vector<float> heights(layer.values.values<float>().begin(),
                                   layer.values.values<float>().end());
        for (float& h : heights) {
            h = std::isnan(h) ? h : std::clamp(h, low, high);
        }
        const float* tint =
            (layer.tint.defined() ? layer.tint : layer.values).values<float>().data();
        // World coordinates are affine in column, row and height.
        const Vec3 corner = box.toWorld(layer.place.x0, layer.place.y0, box.low[2]);
        const Vec3 opposite = box.toWorld(layer.place.x1, layer.place.y1, box.high[2]);
        const double dx = (opposite.x - corner.x) / static_cast<double>(columns - 1);
        const double dy = (opposite.y - corner.y) / static_cast<double>(rows - 1);
        const double perZ = box.extent[2] / (box.high[2] - box.low[2]);
        const Lamp lamp(layer.lighting, m_projection);
        f.vertices.reserve(heights.size());
        for (Index r = 0; r < rows; ++r) {
            const Index below = std::max(r - 1, Index{0}), above = std::min(r + 1, rows - 1);
            for (Index c = 0; c < columns; ++c) {
                const auto h = [&](Index row, Index column) {
                    return heights[static_cast<std::size_t>(row * columns + column)];
                };
                const float here = h(r, c);
                const Vec3 at{corner.x + static_cast<double>(c) * dx,
                              corner.y + static_cast<double>(r) * dy,
                              corner.z + (here - box.low[2]) * perZ};
                FacetVertex& v = f.vertices.emplace_back(vertexAt(at, tint[r * columns + c]));
                if (v.inverse == 0) {
                    continue;
                }
                const Index left = std::max(c - 1, Index{0}), right = std::min(c + 1, columns - 1);
                // Beside a gap the height itself stands for the missing neighbour.
                const auto orHere = [&](float other) { return std::isnan(other) ? here : other; };
                const double riseX = perZ * (orHere(h(r, right)) - orHere(h(r, left))) /
                                     (static_cast<double>(right - left) * dx);
                const double riseY = perZ * (orHere(h(above, c)) - orHere(h(below, c))) /
                                     (static_cast<double>(above - below) * dy);
                lamp.shine(v, narrow(at),
                           {static_cast<float>(-riseX), static_cast<float>(-riseY), 1});
            }
        }
        m_out.facets.push_back(std::move(f));
    }

    void add(const Mesh3& layer) {
        Facets f = facetsOf(layer);
        const auto stride = static_cast<std::size_t>(layer.vertices.dim(1));
        const auto count = static_cast<std::size_t>(layer.vertices.dim(0));
        const float* data = layer.vertices.values<float>().data();
        std::vector<Vec3> world;
        for (std::size_t i = 0; i < count; ++i) {
            const float* p = data + stride * i;
            world.push_back(m_space.box.toWorld(p[0], p[1], p[2]));
        }
        std::vector<Vec3> normals(count);
        const auto all = layer.triangles.values<Index>();
        for (std::size_t t = 0; t < all.size() / 3; ++t) {
            std::array<std::size_t, 3> k{};
            bool known = true;
            for (std::size_t i = 0; i < 3; ++i) {
                known = known && all[3 * t + i] >= 0 && all[3 * t + i] < layer.vertices.dim(0);
                k[i] = static_cast<std::size_t>(all[3 * t + i]);
            }
            if (!known) {
                continue;
            }
            const Vec3 normal = cross(world[k[1]] - world[k[0]], world[k[2]] - world[k[0]]);
            for (const std::size_t i : k) {
                // Neighbours may be wound the other way round.
                normals[i] =
                    render::dot(normals[i], normal) < 0 ? normals[i] - normal : normals[i] + normal;
                f.triangles.push_back(static_cast<std::uint32_t>(i));
            }
        }
        const Lamp lamp(layer.lighting, m_projection);
        for (std::size_t i = 0; i < count; ++i) {
            const float value = layer.values.defined() ? layer.values.values<float>()[i]
                                                       : static_cast<float>(layer.low);
            FacetVertex& v = f.vertices.emplace_back(vertexAt(world[i], value));
            if (v.inverse != 0) {
                lamp.shine(v, narrow(world[i]), narrow(unit(normals[i])));
            }
        }
        if (!f.triangles.empty()) {
            m_out.facets.push_back(std::move(f));
        }
    }

    const Surface3* drapeOf(int number) const {
        return number < 0 ? nullptr
                          : &std::get<Surface3>(m_space.solids[static_cast<std::size_t>(number)]);
    }
    Vec3 worldOf(const float* p, const Surface3* drape) const {
        const double z = drape ? heightAt(*drape, m_space.box, p[0], p[1]) : p[2];
        return m_space.box.toWorld(p[0], p[1], z);
    }
    /// Depth of something `pixels` nearer to the viewer, so that it rests on a surface instead of
    /// sinking into it.
    float lifted(const Projection3::Point& p, double pixels) const {
        return static_cast<float>(
            m_projection.depth(p.w - pixels / m_projection.pixelsPerUnit(p.w)));
    }
    bool drawable(const Projection3::Point& p) const {
        return m_projection.sees(p) && std::abs(p.x) < kMaxPixel && std::abs(p.y) < kMaxPixel;
    }

    void add(const PointCloud3& layer) {
        const auto stride = static_cast<std::size_t>(layer.xyz.dim(1));
        const float* data = layer.xyz.values<float>().data();
        const auto category =
            layer.category.defined() ? layer.category.values<Index>() : std::span<const Index>{};
        const auto values =
            layer.values.defined() ? layer.values.values<float>() : std::span<const float>{};
        const auto mapped = table(layer.map);
        const Surface3* drape = drapeOf(layer.drape);
        const double middle =
            m_space.camera.distance + render::dot(m_space.camera.target, m_space.camera.back());
        const double reach = m_space.box.radius();
        std::vector<std::uint32_t> words;
        for (const Color& c : layer.colors) {
            words.push_back(pack(c));
        }
        if (words.empty()) {
            words.push_back(pack(kDefaultColor));
        }
        const std::uint32_t paper = pack(m_background);
        for (std::size_t i = 0; i < static_cast<std::size_t>(layer.xyz.dim(0)); ++i) {
            const Index kind = category.empty() ? 0 : category[i];
            if (kind < 0 || (!values.empty() && std::isnan(values[i]))) {
                continue;
            }
            const Projection3::Point p = m_projection.map(worldOf(data + stride * i, drape));
            if (!drawable(p)) {
                continue;
            }
            const auto number = static_cast<std::size_t>(kind);
            std::uint32_t word = words[number % words.size()];
            if (!values.empty()) {
                const double t = (values[i] - layer.low) / (layer.high - layer.low);
                word = mapped[static_cast<std::size_t>(std::clamp(t, 0.0, 1.0) * 255 + 0.5)];
            }
            const double near =
                layer.attenuate && m_out.perspective ? m_space.camera.distance / p.w : 1;
            Glyph g;
            g.radius = static_cast<float>(layer.size * m_ratio / 2 * near);
            g.ax = g.bx = static_cast<float>(p.x);
            g.ay = g.by = static_cast<float>(p.y);
            g.az = g.bz = lifted(p, 1.5 * g.radius);
            const double far = std::clamp((p.w - middle) / (2 * reach) + 0.5, 0.0, 1.0);
            const auto shape = static_cast<std::uint32_t>(
                layer.markers.empty() ? Marker::Circle
                                      : layer.markers[number % layer.markers.size()]);
            if (layer.rimWidth > 0) {
                Glyph rim = g;
                rim.radius += static_cast<float>(layer.rimWidth * m_ratio * near);
                rim.az = rim.bz = lifted(p, 1.4 * g.radius);  // just behind the point
                rim.color = tinted(pack(layer.rim), paper, static_cast<float>(layer.haze * far),
                                   layer.opacity);
                rim.shape = shape;
                m_out.glyphs.push_back(rim);
            }
            g.color = tinted(word, paper, static_cast<float>(layer.haze * far), layer.opacity);
            g.shape = shape;
            m_out.glyphs.push_back(g);
        }
    }

    /// `word` with a share of another colour, its alpha scaled.
    static std::uint32_t tinted(std::uint32_t word, std::uint32_t other, float share,
                                float opacity) {
        std::uint32_t out = 0;
        for (int k = 0; k < 3; ++k) {
            const auto a = static_cast<float>(word >> (8 * k) & 255);
            const auto b = static_cast<float>(other >> (8 * k) & 255);
            out |= static_cast<std::uint32_t>(a + share * (b - a) + 0.5F) << (8 * k);
        }
        const float alpha = static_cast<float>(word >> 24) * std::clamp(opacity, 0.0F, 1.0F);
        return out | static_cast<std::uint32_t>(alpha + 0.5F) << 24;
    }

    void addSegment(Vec3 from, Vec3 to, float width, double lift, std::uint32_t color) {
        const Projection3::Point a = m_projection.map(from), b = m_projection.map(to);
        if (drawable(a) && drawable(b)) {
            m_out.glyphs.push_back({static_cast<float>(a.x), static_cast<float>(a.y),
                                    static_cast<float>(b.x), static_cast<float>(b.y),
                                    lifted(a, lift), lifted(b, lift), width / 2, color, kSegment});
        }
    }

    void add(const Trails3& layer) {
        const Index steps = layer.points.dim(0), trails = layer.points.dim(1);
        const auto stride = layer.points.dim(2);
        const float* data = layer.points.values<float>().data();
        const Surface3* drape = drapeOf(layer.drape);
        const float width = layer.width * m_ratio;
        for (Index k = 0; k < trails; ++k) {
            const Color c = layer.colors.empty()
                                ? kDefaultColor
                                : layer.colors[static_cast<std::size_t>(k) % layer.colors.size()];
            const std::uint32_t word = pack(c);
            for (Index s = 0; s + 1 < steps; ++s) {
                const float* a = data + (s * trails + k) * stride;
                const float* b = a + trails * stride;
                const double age = static_cast<double>(steps - 2 - s) /
                                   static_cast<double>(std::max(steps - 2, Index{1}));
                const std::uint32_t color =
                    tinted(word, 0, 0, layer.opacity * static_cast<float>(1 - layer.fade * age));
                const int pieces = drape ? piecesOf(*drape, a, b) : 1;
                Vec3 from = worldOf(a, drape);
                for (int i = 1; i <= pieces; ++i) {
                    const float u = static_cast<float>(i) / static_cast<float>(pieces);
                    const float z = drape ? 0 : a[2] + u * (b[2] - a[2]);
                    const float p[3]{a[0] + u * (b[0] - a[0]), a[1] + u * (b[1] - a[1]), z};
                    const Vec3 to = worldOf(p, drape);
                    addSegment(from, to, width, 1.5 * width + 1.5 * m_ratio, color);
                    from = to;
                }
            }
        }
    }
    /// One piece for each cell and a half that a segment crosses.
    static int piecesOf(const Surface3& s, const float* a, const float* b) {
        const double x = std::abs(b[0] - a[0]) / (s.place.x1 - s.place.x0) *
                         static_cast<double>(s.values.dim(1) - 1);
        const double y = std::abs(b[1] - a[1]) / (s.place.y1 - s.place.y0) *
                         static_cast<double>(s.values.dim(0) - 1);
        const double cells = std::max(x, y) / 1.5;
        return cells < kMaxPieces ? std::max(1, static_cast<int>(std::ceil(cells))) : kMaxPieces;
    }

    void addAxes() {
        const BoxAxes& axes = m_space.axes;
        const float width = axes.width * m_ratio;
        const AxesBox box = axesBox(m_space.box, m_projection, axes.ticks);
        for (const auto& [from, to] : box.grid) {
            addSegment(from, to, width, 0, pack(axes.grid));
        }
        for (const auto& [from, to] : box.edges) {
            addSegment(from, to, width, 0, pack(axes.edge));
        }
    }

    /// By the depth of the middle, far ones first; equal ones keep their order.
    void sort() {
        constexpr std::size_t kBuckets = 1 << 16;
        std::vector<Glyph>& all = m_out.glyphs;
        float nearest = 1, farthest = 0;
        for (const Glyph& g : all) {
            nearest = std::min(nearest, g.az + g.bz);
            farthest = std::max(farthest, g.az + g.bz);
        }
        const float scale = static_cast<float>(kBuckets - 1) / std::max(farthest - nearest, 1e-9F);
        const auto bucket = [&](const Glyph& g) {
            return std::min(kBuckets - 1,
                            static_cast<std::size_t>((farthest - g.az - g.bz) * scale));
        };
        std::vector<std::uint32_t> first(kBuckets + 1, 0);
        for (const Glyph& g : all) {
            ++first[bucket(g) + 1];
        }
        std::partial_sum(first.begin(), first.end(), first.begin());
        std::vector<Glyph> sorted(all.size());
        for (const Glyph& g : all) {
            sorted[first[bucket(g)]++] = g;
        }
        all = std::move(sorted);
    }

    const Space& m_space;
    const float m_ratio;
    const Color m_background;
    const Projection3 m_projection;
    SpaceGeometry m_out;
};

bool rank(const Array& a, DType type, std::size_t axes) {
    return a.defined() && a.dtype() == type && a.shape().size() == axes;
}

std::string drapeProblem(int drape, Index dim, const std::vector<Solid>& all) {
    if (drape < 0) {
        return dim >= 3 ? "" : "points in space need three coordinates";
    }
    const bool exists = static_cast<std::size_t>(drape) < all.size() &&
                        std::holds_alternative<Surface3>(all[static_cast<std::size_t>(drape)]);
    if (!exists || !problem(all[static_cast<std::size_t>(drape)], all).empty()) {
        return "what a layer is draped on must be a surface that can be drawn";
    }
    return dim >= 2 ? "" : "draped points need two coordinates";
}

std::string rangeProblem(double low, double high) {
    return std::isfinite(high - low) && high != low
               ? ""
               : "the range of a layer's colours must be finite and not empty";
}

}  // namespace

std::string problem(const Solid& any, const std::vector<Solid>& all) {
    if (const auto* s = std::get_if<Surface3>(&any)) {
        if (!rank(s->values, DType::F32, 2) || s->values.dim(0) < 2 || s->values.dim(1) < 2) {
            return "a surface needs float32 heights [rows, columns], at least 2 x 2";
        }
        if (s->tint.defined() &&
            (!rank(s->tint, DType::F32, 2) || s->tint.dim(0) != s->values.dim(0) ||
             s->tint.dim(1) != s->values.dim(1))) {
            return "the tint of a surface must have the shape of its heights";
        }
        const Rect& p = s->place;
        if (!(p.x1 > p.x0 && p.y1 > p.y0) || !std::isfinite(p.x1 - p.x0) ||
            !std::isfinite(p.y1 - p.y0)) {
            return "the place of a surface must have a positive, finite size";
        }
        return rangeProblem(s->low, s->high);
    }
    if (const auto* m = std::get_if<Mesh3>(&any)) {
        if (!rank(m->vertices, DType::F32, 2) || m->vertices.dim(1) < 3) {
            return "the vertices of a mesh must be float32 [N, 3]";
        }
        if (!rank(m->triangles, DType::I64, 2) || m->triangles.dim(1) != 3) {
            return "the triangles of a mesh must be int64 [T, 3]";
        }
        if (m->values.defined() &&
            (!rank(m->values, DType::F32, 1) || m->values.dim(0) != m->vertices.dim(0))) {
            return "the values of a mesh must be float32 [N], one per vertex";
        }
        return rangeProblem(m->low, m->high);
    }
    if (const auto* c = std::get_if<PointCloud3>(&any)) {
        if (!rank(c->xyz, DType::F32, 2)) {
            return "points in space must be float32 [N, 3]";
        }
        if (c->category.defined() &&
            (!rank(c->category, DType::I64, 1) || c->category.dim(0) != c->xyz.dim(0))) {
            return "categories must be int64 [N], one per point";
        }
        if (c->values.defined() &&
            (!rank(c->values, DType::F32, 1) || c->values.dim(0) != c->xyz.dim(0))) {
            return "values must be float32 [N], one per point";
        }
        const std::string range = c->values.defined() ? rangeProblem(c->low, c->high) : "";
        return range.empty() ? drapeProblem(c->drape, c->xyz.dim(1), all) : range;
    }
    const auto& trails = std::get<Trails3>(any);
    if (!rank(trails.points, DType::F32, 3)) {
        return "trails in space must be float32 [steps, trails, 3]";
    }
    return drapeProblem(trails.drape, trails.points.dim(2), all);
}

GridLayer gridOf(const Surface3& surface) {
    GridLayer grid;
    grid.values = surface.values;
    grid.place = surface.place;
    grid.low = surface.low;
    grid.high = surface.high;
    grid.map = surface.map;
    return grid;
}

int samplesOf(const Space* space) noexcept {
    return space ? std::clamp(space->samples, 1, 4) : 1;
}

double heightAt(const Surface3& surface, const Box3& box, double x, double y) {
    const Rect& p = surface.place;
    if (!(x >= p.x0 && x <= p.x1 && y >= p.y0 && y <= p.y1)) {
        return std::numeric_limits<double>::quiet_NaN();
    }
    const Index rows = surface.values.dim(0), columns = surface.values.dim(1);
    const double u = (x - p.x0) / (p.x1 - p.x0) * static_cast<double>(columns - 1);
    const double v = (y - p.y0) / (p.y1 - p.y0) * static_cast<double>(rows - 1);
    const Index c = std::min(static_cast<Index>(u), columns - 2);
    const Index r = std::min(static_cast<Index>(v), rows - 2);
    const double s = u - static_cast<double>(c), t = v - static_cast<double>(r);
    const float* values = surface.values.values<float>().data() + r * columns + c;
    const auto h = [&](Index k) { return std::clamp<double>(values[k], box.low[2], box.high[2]); };
    // The two triangles of the cell, as drawn.
    return s + t <= 1 ? h(0) + s * (h(1) - h(0)) + t * (h(columns) - h(0))
                      : h(columns + 1) + (1 - s) * (h(columns) - h(columns + 1)) +
                            (1 - t) * (h(1) - h(columns + 1));
}

SpaceGeometry geometryOf(const Space& space, Size size, float ratio, Color background) {
    if (!space.box.valid() || size.width < 1 || size.height < 1) {
        return {};
    }
    return Builder(space, size, ratio, background).build();
}

}  // namespace lx::render
