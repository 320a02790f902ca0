// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/layer_scenes.h"

#include "core/render/flow.h"
#include "core/render/geometry2d.h"
#include "core/render/layer_maker.h"
#include "core/render/thumbnails.h"

#include <cmath>
#include <limits>
#include <map>

namespace lx::render::test {
namespace {

constexpr Size kSize{256, 192};
constexpr Rect kView{-2, -1.5, 2, 1.5};
constexpr Rect kPlace{-1.8, -1.3, 1.8, 1.3};

std::vector<Color> chains(Theme theme) {
    const auto colors = chainColors(theme);
    return {colors.begin(), colors.end()};
}

const ColorMap& rising(Theme theme) {
    return theme == Theme::Dark ? sequentialMap() : invertedMap();
}

double energy(double x, double y) {
    const auto well = [&](double a, double b, double s) {
        return std::exp(-((x - a) * (x - a) + (y - b) * (y - b)) / (2 * s * s));
    };
    return 4 * (well(-0.8, 0.3, 0.3) + 0.7 * well(0.6, -0.4, 0.4) - 0.6 * well(0.9, 0.7, 0.3));
}

GridLayer landscape(Theme theme) {
    GridLayer layer;
    layer.place = kPlace;
    layer.values = field(72, kPlace, energy);
    layer.low = -2.4;
    layer.high = 4;
    layer.map = rising(theme);
    layer.isoColor = panelColor(theme);
    return layer;
}

TrailsLayer fading(Theme theme) {
    TrailsLayer layer;
    layer.xy = spirals(60, 8);
    layer.category = labels(8, 4);
    layer.colors = chains(theme);
    layer.width = 2.5F;
    layer.fade = 1;
    layer.opacity = 0.9F;
    return layer;
}

Array warped(Index side) {
    std::vector<float> xy;
    for (Index r = 0; r < side; ++r) {
        for (Index c = 0; c < side; ++c) {
            const double u = 3.0 * static_cast<double>(c) / static_cast<double>(side - 1) - 1.5;
            const double v = 2.0 * static_cast<double>(r) / static_cast<double>(side - 1) - 1;
            const double turn = 0.9 * std::exp(-(u * u + v * v));
            xy.push_back(static_cast<float>(u * std::cos(turn) - v * std::sin(turn)));
            xy.push_back(static_cast<float>(u * std::sin(turn) + v * std::cos(turn)));
        }
    }
    return Array({side, side, 2}, xy);
}

EllipsesLayer indicatrices(Theme theme) {
    std::vector<float> centers, axes;
    std::vector<Index> category;
    for (int r = 0; r < 6; ++r) {
        for (int c = 0; c < 8; ++c) {
            const double x = -1.75 + 0.5 * c, y = -1.25 + 0.5 * r;
            const double slope = std::sin(2 * x), lift = std::cos(3 * y);
            const auto a =
                ellipseOfMetric(1 + 3 * slope * slope, 2 * slope * lift, 1 + 3 * lift * lift, 0.2);
            centers.insert(centers.end(), {static_cast<float>(x), static_cast<float>(y)});
            for (const double v : *a) {
                axes.push_back(static_cast<float>(v));
            }
            category.push_back(c % 4 == 3 ? 1 : 0);
        }
    }
    EllipsesLayer layer;
    layer.centers = Array({48, 2}, centers);
    layer.axes = Array({48, 2, 2}, axes);
    layer.category = Array({48}, category);
    layer.colors = {accentColor(theme), modelColor(theme)};
    layer.width = 1.4F;
    layer.fill = 0.25F;
    return layer;
}

PointsLayer bubbles(Theme theme) {
    constexpr Index kCount = 300;
    PointsLayer layer;
    layer.xy = normals(kCount, 21, 0.7F);
    layer.category = labels(kCount, 3);
    layer.markers = {Marker::Circle, Marker::Square, Marker::Triangle};
    std::vector<float> values, sizes, weights;
    for (Index i = 0; i < kCount; ++i) {
        const float x = layer.xy.values<float>()[static_cast<std::size_t>(2 * i)];
        values.push_back(i % 37 == 0 ? std::nanf("") : std::exp(3 * x));
        sizes.push_back(0.4F + static_cast<float>(i % 7) * 0.3F);
        weights.push_back(i % 5 == 0 ? 0.15F : 0.9F);
    }
    layer.values = Array({kCount}, values);
    layer.sizes = Array({kCount}, sizes);
    layer.weights = Array({kCount}, weights);
    layer.map = rising(theme);
    layer.range = {0.02, 50, Scaling::Log, 1};
    layer.size = 8;
    return layer;
}

AtlasLayer thumbnails(Theme theme) {
    const Array xy = normals(1500, 33, 0.6F);
    ThumbnailPyramid pyramid(xy);
    AtlasLayer layer;
    std::vector<float> ink;
    for (const Thumbnail& t : pyramid.choose(kView, kSize, 18)) {
        layer.places.push_back(t.place);
        for (int i = 0; i < 64; ++i) {
            const double u = i % 8 - 3.5, v = i / 8 - 3.5;
            const double angle = static_cast<double>(t.index % 16) * 0.4;
            ink.push_back(std::abs(u * std::sin(angle) + v * std::cos(angle)) < 1.2 ? 1.0F : 0.1F);
        }
    }
    layer.images = Array({static_cast<Index>(layer.places.size()), 8, 8}, ink);
    layer.map = inkMap(theme);
    return layer;
}

}  // namespace

Array whirl(Index side, const Rect& place) {
    std::vector<float> vectors;
    for (Index r = 0; r < side; ++r) {
        for (Index c = 0; c < side; ++c) {
            const double x = place.x0 + (place.x1 - place.x0) * static_cast<double>(c) /
                                            static_cast<double>(side - 1);
            const double y = place.y0 + (place.y1 - place.y0) * static_cast<double>(r) /
                                            static_cast<double>(side - 1);
            vectors.push_back(static_cast<float>(-std::sin(1.7 * y)));
            vectors.push_back(static_cast<float>(std::sin(1.7 * x)));
        }
    }
    return Array({side, side, 2}, vectors);
}

Array spirals(Index states, Index trails) {
    std::vector<float> xy;
    for (Index s = 0; s < states; ++s) {
        for (Index t = 0; t < trails; ++t) {
            const double share = static_cast<double>(s) / static_cast<double>(states - 1);
            const double angle =
                6.2831853 * (static_cast<double>(t) / static_cast<double>(trails) + 0.8 * share);
            const double radius = 0.15 + 1.2 * share;
            const bool gap = t == 3 && s > 20 && s < 26;
            xy.push_back(gap ? std::nanf("") : static_cast<float>(radius * std::cos(angle)));
            xy.push_back(static_cast<float>(radius * std::sin(angle)));
        }
    }
    return Array({states, trails, 2}, xy);
}

std::vector<NamedScene> layerScenes(Theme theme) {
    static std::map<Theme, std::vector<NamedScene>> made;  // flow pictures take their time
    std::vector<NamedScene>& all = made[theme];
    if (!all.empty()) {
        return all;
    }
    const auto add = [&](const char* name, std::vector<Layer> layers) {
        Scene scene;
        scene.view = kView;
        scene.background = panelColor(theme);
        scene.layers = std::move(layers);
        all.push_back({name, std::move(scene), kSize});
    };
    add("trails_fading", {fading(theme)});

    const FlowField flow{whirl(33, kView), kView};
    const FlowView view{kView, kSize};
    TrailsLayer lines = streamlineTrails(streamlines(flow, view, {.spacing = 14}));
    lines.map = rising(theme);
    add("streamlines", {lines});
    TrailsLayer glyphs = arrowTrails(arrows(flow, view, {.spacing = 22}), view, 6);
    glyphs.map = rising(theme);
    glyphs.range.low = -0.5;
    glyphs.width = 1.6F;
    add("arrows", {glyphs});
    GridLayer texture;
    texture.values = lineIntegralTexture(flow, view, {.length = 12, .phase = 0.25});
    texture.place = kView;
    texture.map = inkMap(theme);
    add("flow_texture", {texture});

    GridLayer log = landscape(theme);
    log.values = field(72, kPlace, [](double x, double y) { return std::exp(2 * energy(x, y)); });
    log.low = 0.01;
    log.high = 3000;
    log.scaling = Scaling::Log;
    log.isoLines = 7;
    add("field_log", {log});
    GridLayer symmetric = landscape(theme);
    symmetric.values =
        field(72, kPlace, [](double x, double y) { return std::sinh(2.5 * energy(x, y) - 2); });
    symmetric.low = -500;
    symmetric.high = 500;
    symmetric.scaling = Scaling::SymLog;
    symmetric.linear = 0.5;
    symmetric.map = divergingMap();
    symmetric.isoLevels = {-100, -1, 0, 10, 100};
    symmetric.isoWidth = 1.5F;
    add("field_symlog_levels", {symmetric});
    GridLayer shaded = landscape(theme);
    shaded.shade = 0.55F;
    shaded.relief = 0.5F;
    shaded.clip = true;
    shaded.low = 0.05;
    shaded.isoLines = 9;
    add("field_shaded", {shaded});
    GridLayer other = landscape(theme);
    other.values = field(40, kPlace, [](double x, double y) { return energy(x + 0.15, y); });
    add("field_difference", {differenceOf(landscape(theme), other)});

    MeshLayer mesh = warpedGrid(warped(15), field(15, kPlace, energy));
    mesh.map = rising(theme);
    mesh.range = {-2.4, 4};
    mesh.edge = panelColor(theme);
    mesh.edgeWidth = 0.8F;
    add("mesh_warped", {mesh});
    TrailsLayer wires = gridLines(warped(31), 2);
    wires.colors = {dataColor(theme)};
    MeshLayer ground = warpedGrid(warped(31));
    ground.fill = modelColor(theme);
    ground.opacity = 0.3F;
    add("mesh_lines", {ground, wires});
    add("ellipses", {indicatrices(theme)});
    add("points_values", {bubbles(theme)});
    add("atlas_thumbnails", {thumbnails(theme)});
    return all;
}

}  // namespace lx::render::test
