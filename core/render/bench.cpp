// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/bench.h"

#include "core/base/philox.h"
#include "core/render/palette.h"
#include "core/render/space.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace lx::render {
namespace {

constexpr Size kPicture{1280, 800};
constexpr int kPictures = 31;
constexpr Key kKey{2024, 7};

Array normals(Index rows) {
    std::vector<float> values(static_cast<std::size_t>(rows) * 2);
    fillNormal(kKey, values);
    return Array({rows, 2}, values);
}

Scene sceneOf(Layer layer) {
    Scene scene;
    scene.view = {-4, -2.5, 4, 2.5};
    scene.background = panelColor(Theme::Dark);
    scene.layers.push_back(std::move(layer));
    return scene;
}

Scene points() {
    PointsLayer layer;
    layer.xy = normals(10'000);
    std::vector<Index> category(10'000);
    for (std::size_t i = 0; i < category.size(); ++i) {
        category[i] = static_cast<Index>(i % 8);
    }
    layer.category = Array({10'000}, category);
    const auto colors = categoryColors(Theme::Dark);
    const auto markers = categoryMarkers();
    layer.colors.assign(colors.begin(), colors.end());
    layer.markers.assign(markers.begin(), markers.end());
    return sceneOf(std::move(layer));
}

Scene density() {
    DensityLayer layer;
    layer.xy = normals(1'000'000);
    layer.colors = {modelColor(Theme::Dark)};
    return sceneOf(std::move(layer));
}

Scene field() {
    constexpr Index kSide = 256;
    std::vector<float> values;
    for (Index row = 0; row < kSide; ++row) {
        for (Index column = 0; column < kSide; ++column) {
            const double x = static_cast<double>(column) / 32 - 4;
            const double y = static_cast<double>(row) / 51.2 - 2.5;
            values.push_back(static_cast<float>(std::sin(2 * x) * std::cos(3 * y) + 0.1 * x * y));
        }
    }
    GridLayer layer;
    layer.values = Array({kSide, kSide}, values);
    layer.place = {-4, -2.5, 4, 2.5};
    layer.low = -1.5;
    layer.high = 1.5;
    layer.map = sequentialMap();
    layer.isoLines = 12;
    layer.isoColor = panelColor(Theme::Dark);
    return sceneOf(std::move(layer));
}

Scene surface() {
    constexpr Index kSide = 256;
    std::vector<float> heights;
    for (Index row = 0; row < kSide; ++row) {
        for (Index column = 0; column < kSide; ++column) {
            const double x = static_cast<double>(column) / 32 - 4;
            const double y = static_cast<double>(row) / 32 - 4;
            heights.push_back(static_cast<float>(std::sin(2 * x) * std::cos(1.5 * y)));
        }
    }
    Surface3 layer;
    layer.values = Array({kSide, kSide}, heights);
    layer.place = {-4, -4, 4, 4};
    layer.low = -1;
    layer.map = sequentialMap();
    layer.isoLines = 12;
    layer.isoColor = panelColor(Theme::Dark);
    auto space = std::make_shared<Space>();
    space->box = {{-4, -4, -1}, {4, 4, 1}, {1, 1, 0.3}};
    space->solids = {layer};
    space->camera = fit(space->camera, space->box, kPicture, 0.95);
    Scene scene;
    scene.background = panelColor(Theme::Dark);
    scene.space = space;
    return scene;
}

double medianMs(Renderer& renderer, Scene scene) {
    using Clock = std::chrono::steady_clock;
    for (int i = 0; i < 3; ++i) {
        renderer.draw(scene, kPicture);
    }
    std::vector<double> times;
    for (int i = 0; i < kPictures; ++i) {
        // Each picture from another place, so that none can be kept from the one before.
        scene.view.x0 += 1e-3;
        scene.view.x1 += 1e-3;
        const auto start = Clock::now();
        renderer.draw(scene, kPicture);
        times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
    }
    std::nth_element(times.begin(), times.begin() + kPictures / 2, times.end());
    return times[kPictures / 2];
}

}  // namespace

std::vector<BenchRow> bench(Renderer& renderer) {
    return {{"render.points1e4", medianMs(renderer, points()), "ms"},
            {"render.density1e6", medianMs(renderer, density()), "ms"},
            {"render.field", medianMs(renderer, field()), "ms"},
            {"render.surface", medianMs(renderer, surface()), "ms"}};
}

}  // namespace lx::render
