// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/space_raster.h"

#include "core/render/rasterizer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace lx::render {
namespace {

constexpr int kSub = 256;  ///< steps per pixel that corners are rounded to, as devices do
constexpr std::size_t kTrianglesPerPart = 64;

/// What all bands share: corners rounded to parts of a pixel, the range of rows of each line of
/// cells or pack of triangles, the colours.
struct FixedFacets {
    explicit FixedFacets(const Facets& f) {
        x.reserve(f.vertices.size());
        y.reserve(f.vertices.size());
        for (const FacetVertex& v : f.vertices) {
            x.push_back(static_cast<std::int32_t>(std::lrintf(v.x * kSub)));
            y.push_back(static_cast<std::int32_t>(std::lrintf(v.y * kSub)));
        }
        const auto span = [&](auto first, auto last, auto row) {
            Part part{std::numeric_limits<std::int32_t>::max(),
                      std::numeric_limits<std::int32_t>::min()};
            for (auto i = first; i < last; ++i) {
                const std::size_t k = row(i);
                if (f.vertices[k].inverse > 0) {
                    part.top = std::min(part.top, y[k]);
                    part.bottom = std::max(part.bottom, y[k]);
                }
            }
            parts.push_back(part);
        };
        const std::size_t columns = f.columns;
        for (std::size_t r = 0; f.triangles.empty() && r + 1 < f.rows; ++r) {
            span(r * columns, (r + 2) * columns, [](std::size_t i) { return i; });
        }
        for (std::size_t i = 0; i < f.triangles.size(); i += 3 * kTrianglesPerPart) {
            span(i, std::min(i + 3 * kTrianglesPerPart, f.triangles.size()),
                 [&](std::size_t k) { return std::size_t{f.triangles[k]}; });
        }
        for (std::size_t i = 0; i < 256; ++i) {
            for (std::size_t k = 0; k < 4; ++k) {
                table[i][k] = static_cast<float>(f.table[i] >> (8 * k) & 255);
            }
        }
    }
    struct Part {
        std::int32_t top, bottom;
    };
    std::vector<std::int32_t> x, y;
    std::vector<Part> parts;
    std::array<std::array<float, 4>, 256> table{};
};

/// A number that is affine on the screen: its value at a triangle's first corner and its slopes.
struct Plane {
    float at = 0, x = 0, y = 0;
    float operator()(float dx, float dy) const { return at + dx * x + dy * y; }
};

/// Share of a pixel covered by the nearest of lines at whole numbers of `level`; `slope`: levels
/// per pixel. Lines closer than a few pixels would drown the colours: they fade out.
float lineCoverage(float level, float nearest, float slope, float width) {
    if (!(slope > 1e-6F)) {
        return 0;
    }
    const float reach = (width + 1) / 2;
    const float covered =
        std::clamp(reach - std::abs(level - nearest) / slope, 0.0F, std::min(width, 1.0F));
    return covered * std::clamp(1 / (slope * 4 * reach) - 0.5F, 0.0F, 1.0F);
}

/// One band of rows with its depth buffer.
class Band {
public:
    Band(const Canvas& canvas, const SpaceGeometry& geometry)
        : m_canvas(canvas),
          m_perspective(geometry.perspective),
          m_depth(static_cast<std::size_t>(canvas.size.width) *
                      static_cast<std::size_t>(std::max(canvas.bottom - canvas.top, 0)),
                  1.0F) {}

    void draw(const Facets& f, const FixedFacets& fixed) {
        m_fixed = &fixed;
        m_lined = f.isoLines > 0 || f.wireStep > 0;
        const auto drawn = [&](std::uint32_t i) { return f.vertices[i].inverse > 0; };
        const std::int32_t top = (m_canvas.top - 1) * kSub, bottom = (m_canvas.bottom + 1) * kSub;
        for (std::size_t part = 0; part < fixed.parts.size(); ++part) {
            if (fixed.parts[part].bottom < top || fixed.parts[part].top > bottom) {
                continue;
            }
            if (f.triangles.empty()) {
                const auto r = static_cast<std::uint32_t>(part);
                for (std::uint32_t c = 0; c + 1 < f.columns; ++c) {
                    const std::uint32_t i = r * f.columns + c, j = i + f.columns;
                    if (drawn(i) && drawn(i + 1) && drawn(j) && drawn(j + 1)) {
                        triangle(f, {i, i + 1, j});
                        triangle(f, {i + 1, j, j + 1});
                    }
                }
            } else {
                const std::size_t first = 3 * kTrianglesPerPart * part;
                const std::size_t last =
                    std::min(first + 3 * kTrianglesPerPart, f.triangles.size());
                for (std::size_t t = first; t + 2 < last; t += 3) {
                    const std::uint32_t* k = &f.triangles[t];
                    if (drawn(k[0]) && drawn(k[1]) && drawn(k[2])) {
                        triangle(f, {k[0], k[1], k[2]});
                    }
                }
            }
        }
    }

    void draw(const Glyph& g) {
        const float dx = g.bx - g.ax, dy = g.by - g.ay;
        const float length = std::sqrt(dx * dx + dy * dy);
        const bool segment = g.shape == kSegment;
        const auto marker = static_cast<Marker>(segment ? 0 : g.shape);
        const float reach = segment ? g.radius + 1 : markerExtent(marker) * g.radius + 1;
        const auto [left, right] = pixelRange(std::min(g.ax, g.bx) - reach,
                                              std::max(g.ax, g.bx) + reach, 0, m_canvas.size.width);
        const auto [top, bottom] =
            pixelRange(std::min(g.ay, g.by) - reach, std::max(g.ay, g.by) + reach, m_canvas.top,
                       m_canvas.bottom);
        const float perLength = length > 1e-6F ? 1 / length : 0;
        for (int y = top; y < bottom; ++y) {
            std::uint8_t* row = m_canvas.at(0, y);
            const float* depth = depthRow(y);
            const float py = static_cast<float>(y) + 0.5F - g.ay;
            int first = left, last = right;
            if (segment && std::abs(dy) > 1) {
                // Only what lies beside the segment on this row, not its whole box.
                const float x = g.ax + dx * (py / dy);
                const float side = reach * length / std::abs(dy) + std::abs(dx / dy) + 1;
                first = std::max(first, static_cast<int>(std::max(x - side, -1.0F)));
                last = std::min(last, static_cast<int>(std::min(x + side, 1e8F)) + 2);
            }
            for (int x = first; x < last; ++x) {
                const float px = static_cast<float>(x) + 0.5F - g.ax;
                float distance, z = g.az;
                if (segment) {
                    const float along = (px * dx + py * dy) * perLength;
                    const float across = std::abs(px * dy - py * dx) * perLength;
                    const float ends =
                        std::clamp(std::min(along, length - along) + 0.5F, 0.0F, 1.0F);
                    distance = across - g.radius;
                    z += (g.bz - g.az) * along * perLength;
                    const float cover = std::clamp(0.5F - distance, 0.0F, 1.0F) *
                                        std::min(2 * g.radius, 1.0F) * ends;
                    paint(row + 4 * x, depth[x], z, g.color, cover);
                } else {
                    distance = markerDistance(marker, px, py, g.radius);
                    paint(row + 4 * x, depth[x], z, g.color,
                          std::clamp(0.5F - distance, 0.0F, 1.0F));
                }
            }
        }
    }

private:
    float* depthRow(int y) {
        return m_depth.data() + static_cast<std::size_t>(y - m_canvas.top) *
                                    static_cast<std::size_t>(m_canvas.size.width);
    }
    static void paint(std::uint8_t* pixel, float depth, float z, std::uint32_t color, float cover) {
        if (cover > 0 && z < depth) {
            blend(pixel, color, cover * alphaOf(color));
        }
    }

    void triangle(const Facets& f, std::array<std::uint32_t, 3> k) {
        const auto x = [&](std::size_t i) { return std::int64_t{m_fixed->x[k[i]]}; };
        const auto y = [&](std::size_t i) { return std::int64_t{m_fixed->y[k[i]]}; };
        const auto firstAfter = [](std::int64_t v) {
            return static_cast<int>((v + kSub / 2 - 1) >> 8);
        };
        const auto lastBefore = [](std::int64_t v) {
            return static_cast<int>((v - kSub / 2) >> 8);
        };
        const int top = std::max(firstAfter(std::min({y(0), y(1), y(2)})), m_canvas.top);
        const int bottom = std::min(lastBefore(std::max({y(0), y(1), y(2)})), m_canvas.bottom - 1);
        const int left = std::max(firstAfter(std::min({x(0), x(1), x(2)})), 0);
        const int right =
            std::min(lastBefore(std::max({x(0), x(1), x(2)})), m_canvas.size.width - 1);
        if (left > right || top > bottom) {
            return;
        }
        std::int64_t area = (x(1) - x(0)) * (y(2) - y(0)) - (x(2) - x(0)) * (y(1) - y(0));
        if (area == 0) {
            return;
        }
        if (area < 0) {
            std::swap(k[1], k[2]);
            area = -area;
        }
        // Edge functions at the first pixel's centre; pixels on an edge belong to one side only.
        std::int64_t edge[3], stepX[3], stepY[3];
        for (std::size_t i = 0; i < 3; ++i) {
            const std::size_t a = (i + 1) % 3, b = (i + 2) % 3;
            const std::int64_t dx = x(b) - x(a), dy = y(b) - y(a);
            edge[i] = dx * (std::int64_t{top} * kSub + kSub / 2 - y(a)) -
                      dy * (std::int64_t{left} * kSub + kSub / 2 - x(a));
            edge[i] -= dy < 0 || (dy == 0 && dx > 0) ? 0 : 1;
            stepX[i] = -dy * kSub;
            stepY[i] = dx * kSub;
        }
        constexpr float kPixel = 1.0F / kSub;
        const float x1 = static_cast<float>(x(1) - x(0)) * kPixel;
        const float y1 = static_cast<float>(y(1) - y(0)) * kPixel;
        const float x2 = static_cast<float>(x(2) - x(0)) * kPixel;
        const float y2 = static_cast<float>(y(2) - y(0)) * kPixel;
        const float scale =
            static_cast<float>(kSub) * static_cast<float>(kSub) / static_cast<float>(area);
        const auto plane = [&](float a, float b, float c) {
            const float d1 = b - a, d2 = c - a;
            return Plane{a, (d1 * y2 - d2 * y1) * scale, (d2 * x1 - d1 * x2) * scale};
        };
        const FacetVertex &p = f.vertices[k[0]], &q = f.vertices[k[1]], &s = f.vertices[k[2]];
        const Plane z = plane(p.z, q.z, s.z), light = plane(p.light, q.light, s.light);
        const Plane gloss = plane(p.gloss, q.gloss, s.gloss);
        const Plane inverse = m_perspective ? plane(p.inverse, q.inverse, s.inverse) : Plane{1};
        const Plane value = plane(p.value * p.inverse, q.value * q.inverse, s.value * s.inverse);
        Plane u, v;
        if (f.wireStep > 0) {
            const auto column = [&](std::size_t i) {
                return static_cast<float>(k[i] % f.columns) * f.vertices[k[i]].inverse;
            };
            const auto row = [&](std::size_t i) {
                return static_cast<float>(k[i] / f.columns) * f.vertices[k[i]].inverse;
            };
            u = plane(column(0), column(1), column(2));
            v = plane(row(0), row(1), row(2));
        }
        const float perValue = 255 / f.range;
        float dy = static_cast<float>(top) + 0.5F - static_cast<float>(x0y0(y(0)));
        const float dx0 = static_cast<float>(left) + 0.5F - static_cast<float>(x0y0(x(0)));
        for (int row = top; row <= bottom; ++row, dy += 1) {
            std::int64_t e0 = edge[0], e1 = edge[1], e2 = edge[2];
            float* depth = depthRow(row);
            std::uint8_t* pixels = m_canvas.at(0, row);
            float dx = dx0;
            for (int column = left; column <= right; ++column, dx += 1) {
                if ((e0 | e1 | e2) >= 0) {
                    const float here = z(dx, dy);
                    if (here < depth[column]) {
                        depth[column] = here;
                        const float w = m_perspective ? 1 / inverse(dx, dy) : 1;
                        const float level = value(dx, dy) * w;
                        const auto number = static_cast<std::size_t>(
                            std::clamp((level - f.low) * perValue, 0.0F, 255.0F) + 0.5F);
                        Shade shade{m_fixed->table[number], light(dx, dy), gloss(dx, dy)};
                        if (m_lined) {
                            lines(f, shade, dx, dy, w, level, value, inverse, u, v);
                        }
                        shade.write(pixels + 4 * column, f.opacity);
                    }
                }
                e0 += stepX[0], e1 += stepX[1], e2 += stepX[2];
            }
            edge[0] += stepY[0], edge[1] += stepY[1], edge[2] += stepY[2];
        }
    }
    static double x0y0(std::int64_t fixed) { return static_cast<double>(fixed) / kSub; }

    /// Colour of a pixel, 0 .. 255.
    struct Shade {
        Shade(const std::array<float, 4>& base, float light, float gloss) : alpha(base[3] / 255) {
            for (std::size_t k = 0; k < 3; ++k) {
                rgb[k] = std::min(base[k] * light + 255 * gloss, 255.0F);
            }
        }
        void mix(std::uint32_t word, float cover) {
            const float share = cover * alphaOf(word);
            for (std::size_t k = 0; k < 3; ++k) {
                rgb[k] += share * (static_cast<float>(word >> (8 * k) & 255) - rgb[k]);
            }
        }
        void write(std::uint8_t* pixel, float opacity) const {
            const float a = alpha * opacity;
            for (std::size_t k = 0; k < 3; ++k) {
                const float below = a < 1 ? pixel[k] : 0;
                pixel[k] = static_cast<std::uint8_t>(below + a * (rgb[k] - below) + 0.5F);
            }
        }
        std::array<float, 3> rgb;
        float alpha;
    };

    /// Iso-lines and the wire grid, part of the surface's own shading: nothing can fight with it.
    static void lines(const Facets& f, Shade& shade, float dx, float dy, float w, float value,
                      const Plane& values, const Plane& inverse, const Plane& u, const Plane& v) {
        // d(n / i) = (dn - (n / i) di) / i, along x and along y.
        const auto slope = [&](const Plane& n, float at) {
            const float x = (n.x - at * inverse.x) * w, y = (n.y - at * inverse.y) * w;
            return std::sqrt(x * x + y * y);
        };
        if (f.wireStep > 0) {
            for (const Plane* axis : {&u, &v}) {
                const float at = (*axis)(dx, dy) * w, level = at / f.wireStep;
                shade.mix(f.wireColor, lineCoverage(level, std::floor(level + 0.5F),
                                                    slope(*axis, at) / f.wireStep, f.wireWidth));
            }
        }
        if (f.isoLines > 0) {
            const float perValue = (f.isoLines + 1) / f.range;
            const float level = (value - f.low) * perValue;
            const float nearest = std::clamp(std::floor(level + 0.5F), 1.0F, f.isoLines);
            shade.mix(f.isoColor,
                      lineCoverage(level, nearest, slope(values, value) * std::abs(perValue),
                                   f.isoWidth));
        }
    }

    const Canvas& m_canvas;
    const bool m_perspective;
    bool m_lined = false;
    std::vector<float> m_depth;
    const FixedFacets* m_fixed = nullptr;
};

class SpacePainter final : public Painter {
public:
    explicit SpacePainter(SpaceGeometry geometry) : m_geometry(std::move(geometry)) {
        for (const Facets& facets : m_geometry.facets) {
            m_fixed.emplace_back(facets);
        }
    }
    void paint(const Canvas& canvas) const override {
        Band band(canvas, m_geometry);
        for (std::size_t i = 0; i < m_fixed.size(); ++i) {
            band.draw(m_geometry.facets[i], m_fixed[i]);
        }
        for (const Glyph& glyph : m_geometry.glyphs) {
            band.draw(glyph);
        }
    }

private:
    SpaceGeometry m_geometry;
    std::vector<FixedFacets> m_fixed;
};

}  // namespace

std::unique_ptr<Painter> makePainter(SpaceGeometry geometry) {
    return std::make_unique<SpacePainter>(std::move(geometry));
}

Image shrunk(const std::uint8_t* pixels, Size large, int samples) {
    const Size size{large.width / samples, large.height / samples};
    const auto width = static_cast<std::size_t>(size.width);
    const auto k = static_cast<std::size_t>(samples);
    std::vector<std::uint8_t> out(4 * width * static_cast<std::size_t>(size.height));
    const unsigned count = static_cast<unsigned>(samples * samples);
    for (std::size_t y = 0; y < static_cast<std::size_t>(size.height); ++y) {
        for (std::size_t x = 0; x < width; ++x) {
            unsigned sum[4]{};
            for (std::size_t j = 0; j < k; ++j) {
                const std::uint8_t* p =
                    pixels + 4 * ((y * k + j) * static_cast<std::size_t>(large.width) + x * k);
                for (std::size_t i = 0; i < 4 * k; ++i) {
                    sum[i % 4] += p[i];
                }
            }
            for (std::size_t i = 0; i < 4; ++i) {
                out[4 * (y * width + x) + i] =
                    static_cast<std::uint8_t>((sum[i] + count / 2) / count);
            }
        }
    }
    return {size, std::make_shared<const std::vector<std::uint8_t>>(std::move(out))};
}

}  // namespace lx::render
