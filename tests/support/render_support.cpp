// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/render_support.h"

#include "core/base/philox.h"
#include "tests/support/layer_scenes.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <thread>

namespace lx::render::test {
namespace {

constexpr Size kSize{256, 192};
constexpr Rect kView{-2, -1.5, 2, 1.5};

std::vector<Color> colorsOf(Theme theme) {
    const auto colors = categoryColors(theme);
    return {colors.begin(), colors.end()};
}

std::vector<Marker> markers() {
    const auto all = categoryMarkers();
    return {all.begin(), all.end()};
}

PointsLayer everyMarker(Theme theme) {
    std::vector<float> xy;
    std::vector<Index> category;
    for (int row = 0; row < 6; ++row) {
        for (int column = 0; column < 8; ++column) {
            xy.push_back(static_cast<float>(-1.75 + 0.5 * column + 0.013 * row));
            xy.push_back(static_cast<float>(1.25 - 0.5 * row + 0.017 * column));
            category.push_back(column);
        }
    }
    PointsLayer layer;
    layer.xy = Array({48, 2}, xy);
    layer.category = Array({48}, category);
    layer.colors = colorsOf(theme);
    layer.markers = markers();
    layer.size = 14;
    return layer;
}

PointsLayer cloud(Theme theme) {
    PointsLayer layer;
    layer.xy = normals(800, 3, 0.7F);
    layer.category = labels(800, 8);
    layer.colors = colorsOf(theme);
    layer.markers = markers();
    layer.size = 5;
    layer.opacity = 0.8F;
    return layer;
}

DensityLayer ring(Theme theme, bool categories) {
    constexpr Index kPoints = 100'000;
    const Array noise = normals(kPoints, 5, 0.13F);
    std::vector<float> xy(noise.values<float>().begin(), noise.values<float>().end());
    std::vector<Index> category;
    for (std::size_t i = 0; i < kPoints; ++i) {
        const double angle = static_cast<double>(i % 8) * std::acos(-1.0) / 4;
        xy[2 * i] += static_cast<float>(std::cos(angle));
        xy[2 * i + 1] += static_cast<float>(std::sin(angle));
        category.push_back(static_cast<Index>(i % 8));
    }
    DensityLayer layer;
    layer.xy = Array({kPoints, 2}, xy);
    if (categories) {
        layer.category = Array({kPoints}, category);
    }
    layer.colors = categories ? colorsOf(theme) : std::vector{modelColor(theme)};
    return layer;
}

double waves(double x, double y) {
    return std::sin(2.3 * x) * std::cos(1.7 * y) + 0.2 * x;
}

GridLayer hills(Theme theme) {
    GridLayer layer;
    layer.place = {-1.8, -1.3, 1.8, 1.3};
    layer.values = field(64, layer.place, waves);
    layer.low = -1.3;
    layer.high = 1.3;
    layer.map = theme == Theme::Dark ? sequentialMap() : invertedMap();
    layer.isoLines = 11;
    layer.isoColor = panelColor(theme);
    return layer;
}

GridLayer difference(Theme theme) {
    GridLayer layer = hills(theme);
    layer.values = field(48, layer.place, [](double x, double y) {
        return std::hypot(x - 0.4, y - 0.2) < 0.35 ? std::nan("") : waves(x, y);
    });
    layer.map = divergingMap();
    layer.isoLines = 0;
    return layer;
}

AtlasLayer sheet(Theme theme, Index side, int columns, int rows) {
    std::vector<float> ink;
    AtlasLayer layer;
    for (int i = 0; i < columns * rows; ++i) {
        for (Index r = 0; r < side; ++r) {
            for (Index c = 0; c < side; ++c) {
                const double u = (static_cast<double>(c) + 0.5) / static_cast<double>(side) - 0.5;
                const double v = (static_cast<double>(r) + 0.5) / static_cast<double>(side) - 0.5;
                const double wave = std::cos(12 * std::hypot(u, v) + i);
                ink.push_back(static_cast<float>(0.5 + 0.5 * wave * (v < 0 ? 1 : 0.5)));
            }
        }
        const double width = 3.6 / columns, height = 2.7 / rows;
        const double x = -1.8 + width * (i % columns), y = 1.35 - height * (i / columns + 1);
        layer.places.push_back(
            {x + 0.05 * width, y + 0.05 * height, x + 0.95 * width, y + 0.95 * height});
    }
    layer.images = Array({columns * rows, side, side}, ink);
    layer.map = inkMap(theme);
    return layer;
}

}  // namespace

std::vector<NamedScene> gallery(Theme theme) {
    const auto scene = [&](std::vector<Layer> layers) {
        Scene s;
        s.view = kView;
        s.background = panelColor(theme);
        s.layers = std::move(layers);
        return s;
    };
    std::vector<NamedScene> all{
        {"points_markers", scene({everyMarker(theme)}), kSize},
        {"points_cloud", scene({cloud(theme)}), kSize},
        {"density", scene({ring(theme, false)}), kSize},
        {"density_categories", scene({ring(theme, true)}), kSize},
        {"field_lines", scene({hills(theme)}), kSize},
        {"field_diverging", scene({difference(theme)}), kSize},
        {"atlas_magnified", scene({sheet(theme, 6, 4, 3)}), kSize},
        {"atlas_minified", scene({sheet(theme, 48, 16, 12)}), kSize},
        {"all_layers", {}, kSize},
        {"high_resolution", scene({hills(theme), cloud(theme)}), {384, 288}}};
    GridLayer ground = hills(theme);
    ground.opacity = 0.7F;
    AtlasLayer tiles = sheet(theme, 6, 8, 1);
    tiles.opacity = 0.9F;
    DensityLayer modes = ring(theme, true);
    modes.exposure = 0.5F;
    all[8].scene = scene({ground, tiles, modes, cloud(theme)});
    all[9].scene.pixelRatio = 2;
    std::ranges::move(layerScenes(theme), std::back_inserter(all));
    return all;
}

Array normals(Index rows, std::uint64_t seed, float scale) {
    std::vector<float> values(static_cast<std::size_t>(rows) * 2);
    fillNormal({seed, 1}, values);
    for (float& v : values) {
        v *= scale;
    }
    return Array({rows, 2}, values);
}

Array labels(Index rows, Index classes) {
    std::vector<Index> values;
    for (Index i = 0; i < rows; ++i) {
        values.push_back(i % classes);
    }
    return Array({rows}, values);
}

QImage toQImage(const Image& image) {
    return QImage(image.pixels->data(), image.size.width, image.size.height, 4 * image.size.width,
                  QImage::Format_RGBA8888)
        .copy();
}

Color pixel(const Image& image, int x, int y) {
    const std::uint8_t* p = image.pixels->data() + 4 * (y * image.size.width + x);
    return {static_cast<float>(p[0]) / 255, static_cast<float>(p[1]) / 255,
            static_cast<float>(p[2]) / 255, static_cast<float>(p[3]) / 255};
}

double ssim(const Image& a, const Image& b) {
    if (a.size.width != b.size.width || a.size.height != b.size.height) {
        return 0;
    }
    constexpr double c1 = 6.5025, c2 = 58.5225;
    const int side = std::min({8, a.size.width, a.size.height});
    double total = 0;
    int windows = 0;
    for (int y = 0; y + side <= a.size.height; y += 4) {
        for (int x = 0; x + side <= a.size.width; x += 4) {
            for (int k = 0; k < 3; ++k) {
                double sa = 0, sb = 0, saa = 0, sbb = 0, sab = 0;
                for (int v = 0; v < side; ++v) {
                    for (int u = 0; u < side; ++u) {
                        const auto at =
                            static_cast<std::size_t>(4 * ((y + v) * a.size.width + x + u) + k);
                        const double p = (*a.pixels)[at], q = (*b.pixels)[at];
                        sa += p;
                        sb += q;
                        saa += p * p;
                        sbb += q * q;
                        sab += p * q;
                    }
                }
                const double n = side * side, ma = sa / n, mb = sb / n;
                const double va = saa / n - ma * ma, vb = sbb / n - mb * mb,
                             vab = sab / n - ma * mb;
                total += (2 * ma * mb + c1) * (2 * vab + c2) /
                         ((ma * ma + mb * mb + c1) * (va + vb + c2));
                ++windows;
            }
        }
    }
    return windows > 0 ? total / windows : 1;
}

int largestDifference(const Image& a, const Image& b) {
    if (a.size.width != b.size.width || a.size.height != b.size.height) {
        return 256;
    }
    int largest = 0;
    for (std::size_t i = 0; i < a.pixels->size(); ++i) {
        largest = std::max(largest, std::abs((*a.pixels)[i] - (*b.pixels)[i]));
    }
    return largest;
}

Centre centreOf(const Image& image, Color background, int x0, int y0, int x1, int y1) {
    double sx = 0, sy = 0, weight = 0;
    for (int y = y0; y < std::min(y1, image.size.height); ++y) {
        for (int x = x0; x < std::min(x1, image.size.width); ++x) {
            const Color c = pixel(image, x, y);
            double w = std::abs(c.r - background.r) + std::abs(c.g - background.g) +
                       std::abs(c.b - background.b);
            w = w > 0.02 ? w : 0;
            sx += w * (x + 0.5);
            sy += w * (y + 0.5);
            weight += w;
        }
    }
    return {sx / weight, sy / weight};
}

LogSink Messages::sink() {
    return [this](LogLevel level, const std::string& text) {
        const std::lock_guard lock(m_mutex);
        m_all += text + '\n';
        if (level >= LogLevel::Warning && text.starts_with("Vulkan: ")) {
            m_vulkan += text + '\n';
        }
    };
}

std::string Messages::vulkan() const {
    const std::lock_guard lock(m_mutex);
    return m_vulkan;
}

std::string Messages::all() const {
    const std::lock_guard lock(m_mutex);
    return m_all;
}

std::unique_ptr<Renderer> validatedRenderer(Messages& messages,
                                            const std::function<void(RendererOptions&)>& change) {
    RendererOptions options;
    options.software = true;
    options.validation = true;
    options.log = messages.sink();
    if (change) {
        change(options);
    }
    return Renderer::create(options);
}

std::optional<Image> patientTake(Renderer::Target& target) {
    for (int i = 0; i < 20'000; ++i) {
        if (auto image = target.take()) {
            return image;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return {};
}

}  // namespace lx::render::test
