// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/bench.h"

#include "core/base/philox.h"
#include "core/render/palette.h"
#include "core/render/space.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include <memory>

namespace lx::render {
namespace {

constexpr Size kPicture{1280, 800};
constexpr std::size_t kPictures = 31;
constexpr double kPatienceMs = 2000;
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

Scene trails() {
    constexpr Index kTrails = 100'000, kStates = 11;
    const Array start = normals(kTrails);
    std::vector<float> step(static_cast<std::size_t>(kTrails * kStates) * 2);
    fillNormal({2024, 8}, step);
    std::vector<float> xy(start.values<float>().begin(), start.values<float>().end());
    for (std::size_t i = xy.size(); i < step.size(); ++i) {
        xy.push_back(xy[i - 2 * kTrails] + 0.04F * step[i]);
    }
    TrailsLayer layer;
    layer.xy = Array({kStates, kTrails, 2}, xy);
    layer.colors = {modelColor(Theme::Dark)};
    layer.fade = 1;
    layer.opacity = 0.5F;
    return sceneOf(std::move(layer));
}

struct Case {
    const char* name;
    Scene (*make)();
};
constexpr Case kCases[] = {{"render.points1e4", points},
                           {"render.density1e6", density},
                           {"render.field", field},
                           {"render.surface", surface},
                           {"render.trails1e5", trails}};

double processorMs() {
    return 1000.0 * static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

struct Times {
    double medianMs = 0, leastProcessorMs = 0;
};

Times timesOf(Renderer& renderer, Scene scene) {
    using Clock = std::chrono::steady_clock;
    const auto since = [](Clock::time_point start) {
        return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
    };
    for (int i = 0; i < 3; ++i) {
        renderer.draw(scene, kPicture);
    }
    std::vector<double> wall, processor;
    const auto begun = Clock::now();
    while (wall.size() < kPictures && (wall.size() < 3 || since(begun) < kPatienceMs)) {
        // Each picture from another place, so that none can be kept from the one before.
        scene.view.x0 += 1e-3;
        scene.view.x1 += 1e-3;
        if (scene.space) {
            auto space = std::make_shared<Space>(*scene.space);
            space->camera = orbit(space->camera, 1e-3, 0);
            scene.space = space;
        }
        const double used = processorMs();
        const auto start = Clock::now();
        renderer.draw(scene, kPicture);
        wall.push_back(since(start));
        processor.push_back(processorMs() - used);
    }
    const auto middle = wall.begin() + static_cast<std::ptrdiff_t>(wall.size() / 2);
    std::nth_element(wall.begin(), middle, wall.end());
    return {*middle, *std::ranges::min_element(processor)};
}

}  // namespace

std::vector<std::string> benchNames() {
    std::vector<std::string> names;
    for (const Case& c : kCases) {
        names.emplace_back(c.name);
        names.push_back(c.name + std::string(".cpu"));
    }
    return names;
}

std::vector<BenchRow> bench(Renderer& renderer, std::span<const std::string> names) {
    std::vector<BenchRow> rows;
    for (const Case& c : kCases) {
        const auto wanted = [&](const std::string& name) {
            return std::ranges::find(names, name) != names.end();
        };
        const std::string wall = c.name, processor = wall + ".cpu";
        if (!wanted(wall) && !wanted(processor)) {
            continue;
        }
        const Times times = timesOf(renderer, c.make());
        if (wanted(wall)) {
            rows.push_back({wall, times.medianMs, "ms"});
        }
        if (wanted(processor)) {
            rows.push_back({processor, times.leastProcessorMs, "ms"});
        }
    }
    return rows;
}

}  // namespace lx::render
