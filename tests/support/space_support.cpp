// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/space_support.h"

#include "core/render/colormap.h"

#include <cmath>
#include <limits>
#include <numbers>

namespace lx::render::test {
namespace {

constexpr Size kSize{320, 240};
const Box3 kPeaksBox{{-3, -3, -7}, {3, 3, 8.5}, {1, 1, 0.5}};

Color faint(Color c, float alpha) {
    c.a = alpha;
    return c;
}

/// Random walks that drift down the hills, [steps, 4, 2].
Array walks(Index steps) {
    const Array noise = normals(steps * 4, 21, 0.16F);
    const auto n = noise.values<float>();
    std::vector<float> out;
    double at[8]{-2.2, 1.9, 0.4, 2.4, 2.3, -0.4, -1.5, -2.0};
    for (Index s = 0; s < steps; ++s) {
        for (std::size_t k = 0; k < 4; ++k) {
            double &x = at[2 * k], &y = at[2 * k + 1];
            constexpr double h = 1e-3;
            const double gx = (peaks(x + h, y) - peaks(x - h, y)) / (2 * h);
            const double gy = (peaks(x, y + h) - peaks(x, y - h)) / (2 * h);
            x = std::clamp(x - 0.01 * gx + n[8 * static_cast<std::size_t>(s) + 2 * k], -2.9, 2.9);
            y = std::clamp(y - 0.01 * gy + n[8 * static_cast<std::size_t>(s) + 2 * k + 1], -2.9,
                           2.9);
            out.push_back(static_cast<float>(x));
            out.push_back(static_cast<float>(y));
        }
    }
    return Array({steps, 4, 2}, out);
}

Array newest(const Array& walks) {
    const auto all = walks.values<float>();
    return Array({4, 2}, std::vector<float>(all.end() - 8, all.end()));
}

PointCloud3 clusters(Theme theme) {
    PointCloud3 cloud;
    const Array noise = normals(900, 31, 0.22F), more = normals(450, 32, 0.22F);
    const auto a = noise.values<float>(), b = more.values<float>();
    std::vector<float> xyz;
    for (std::size_t i = 0; i < 900; ++i) {
        const double angle = static_cast<double>(i % 6) * std::numbers::pi / 3;
        xyz.push_back(a[2 * i] + static_cast<float>(std::cos(angle)));
        xyz.push_back(a[2 * i + 1] + static_cast<float>(std::sin(angle)));
        xyz.push_back(b[i] + (i % 2 == 0 ? 0.5F : -0.5F));
    }
    cloud.xyz = Array({900, 3}, xyz);
    cloud.category = labels(900, 6);
    const auto colors = categoryColors(theme);
    const auto markers = categoryMarkers();
    cloud.colors.assign(colors.begin(), colors.end());
    cloud.markers.assign(markers.begin(), markers.end());
    cloud.size = 5;
    cloud.haze = 0.55F;
    return cloud;
}

Mesh3 torus(Theme theme) {
    constexpr int kRound = 48, kTube = 24;
    std::vector<float> xyz, values;
    std::vector<Index> triangles;
    for (int i = 0; i < kRound; ++i) {
        for (int j = 0; j < kTube; ++j) {
            const double u = 2 * std::numbers::pi * i / kRound,
                         v = 2 * std::numbers::pi * j / kTube;
            const double r = 1 + 0.4 * std::cos(v);
            for (const double c : {r * std::cos(u), r * std::sin(u), 0.4 * std::sin(v)}) {
                xyz.push_back(static_cast<float>(c));
            }
            values.push_back(static_cast<float>(std::sin(3 * u) * std::cos(v)));
            const auto at = [](int a, int b) {
                return static_cast<Index>(a % kRound * kTube + b % kTube);
            };
            for (const Index k : {at(i, j), at(i + 1, j), at(i, j + 1), at(i + 1, j),
                                  at(i + 1, j + 1), at(i, j + 1)}) {
                triangles.push_back(k);
            }
        }
    }
    Mesh3 mesh;
    mesh.vertices = Array({kRound * kTube, 3}, xyz);
    mesh.values = Array({kRound * kTube}, values);
    mesh.triangles = Array({2 * kRound * kTube, 3}, triangles);
    mesh.low = -1;
    mesh.high = 1;
    mesh.map = divergingMap();
    mesh.isoLines = 9;
    mesh.isoColor = faint(panelColor(theme), 0.8F);
    return mesh;
}

}  // namespace

double peaks(double x, double y) {
    return 3 * (1 - x) * (1 - x) * std::exp(-x * x - (y + 1) * (y + 1)) -
           10 * (x / 5 - x * x * x - y * y * y * y * y) * std::exp(-x * x - y * y) -
           std::exp(-(x + 1) * (x + 1) - y * y) / 3;
}

Surface3 peaksSurface(Index side, Theme theme) {
    Surface3 surface;
    surface.place = {-3, -3, 3, 3};
    surface.values = field(side, surface.place, peaks);
    surface.low = -6.6;
    surface.high = 8.2;
    surface.map = sequentialMap();
    surface.isoLines = 14;
    surface.isoColor = faint(theme == Theme::Dark ? Color{0, 0, 0, 1} : Color{1, 1, 1, 1}, 0.5F);
    return surface;
}

Space spaceAround(const Box3& box, std::vector<Solid> solids, Theme theme, Size size) {
    Space space;
    space.box = box;
    space.solids = std::move(solids);
    space.camera = fit(space.camera, box, size);
    space.axes.grid = gridColor(theme);
    space.axes.edge = gridColor(theme);
    for (std::size_t axis = 0; axis < 3; ++axis) {
        const double step = (box.high[axis] - box.low[axis]) / 5;
        for (int i = 0; i <= 5; ++i) {
            space.axes.ticks[axis].push_back(box.low[axis] + i * step);
        }
    }
    return space;
}

Scene sceneOf(Space space, Theme theme) {
    Scene scene;
    scene.background = panelColor(theme);
    scene.space = std::make_shared<const Space>(std::move(space));
    return scene;
}

std::vector<NamedScene> spaceGallery(Theme theme) {
    std::vector<NamedScene> out;
    const auto colors = categoryColors(theme);
    const auto add = [&](const char* name, Space space) {
        out.push_back({name, sceneOf(std::move(space), theme), kSize});
    };
    add("space_surface", spaceAround(kPeaksBox, {peaksSurface(128, theme)}, theme, kSize));

    Surface3 wired = peaksSurface(65, theme);
    wired.map.stops = {modelColor(theme)};
    wired.lighting = Lighting::Soft;
    wired.isoLines = 0;
    wired.wireStep = 4;
    wired.wireColor = faint(panelColor(theme), 0.7F);
    Space space = spaceAround(kPeaksBox, {wired}, theme, kSize);
    space.camera.lens = Lens::Orthographic;
    space.camera = fit(orbit(space.camera, 0.7, 0.1), kPeaksBox, kSize);
    space.samples = 2;
    add("space_wire", space);

    Trails3 trails;
    trails.points = walks(70);
    trails.drape = 0;
    const auto chains = chainColors(theme);
    trails.colors.assign(chains.begin(), chains.end());
    trails.width = 2;
    PointCloud3 heads;
    heads.xyz = newest(trails.points);
    heads.category = labels(4, 4);
    heads.colors = trails.colors;
    heads.size = 9;
    heads.drape = 0;
    Surface3 ground = peaksSurface(96, theme);
    ground.map.stops = {fromHex(theme == Theme::Dark ? 0x3A404A : 0xC9CED6),
                        fromHex(theme == Theme::Dark ? 0x6A7382 : 0xF4F5F7)};
    ground.isoLines = 9;
    ground.isoColor = faint(theme == Theme::Dark ? Color{1, 1, 1, 1} : Color{0, 0, 0, 1}, 0.25F);
    space = spaceAround(kPeaksBox, {ground, trails, heads}, theme, kSize);
    space.camera = fit(orbit(space.camera, 0.3, 0.25), kPeaksBox, kSize);
    space.samples = 2;
    add("space_walkers", space);

    add("space_cloud", spaceAround(equalUnits({-1.8, -1.8, -1.4}, {1.8, 1.8, 1.4}),
                                   {clusters(theme)}, theme, kSize));
    space =
        spaceAround(equalUnits({-1.5, -1.5, -0.6}, {1.5, 1.5, 0.6}), {torus(theme)}, theme, kSize);
    space.samples = 3;
    add("space_mesh", space);

    // Gaps, heights beyond the box, values apart from heights, seen from below and from inside.
    Surface3 torn = peaksSurface(64, theme);
    std::vector<float> heights(torn.values.values<float>().begin(),
                               torn.values.values<float>().end());
    for (std::size_t i = 0; i < heights.size(); ++i) {
        const double c = static_cast<double>(i % 64) - 40, r = static_cast<double>(i / 64) - 20;
        if (std::hypot(c, r) < 8) {
            heights[i] = std::numeric_limits<float>::quiet_NaN();
        }
    }
    torn.tint = field(64, torn.place, [](double x, double y) { return x * y; });
    torn.values = Array({64, 64}, heights);
    torn.low = -9;
    torn.high = 9;
    torn.map = divergingMap();
    torn.opacity = 0.85F;
    PointCloud3 valued;
    valued.xyz = clusters(theme).xyz;
    valued.values = normals(450, 77);
    valued.values = Array({900}, valued.values.values<float>());
    valued.low = -2;
    valued.high = 2;
    valued.map = sequentialMap();
    valued.opacity = 0.6F;
    const Box3 low{{-3, -3, -4}, {3, 3, 3}, {1, 1, 0.6}};
    space = spaceAround(low, {torn, valued}, theme, kSize);
    space.camera = orbit(space.camera, 1.2, -0.75);
    space.camera.distance = 0.75;
    space.camera.target = {0.1, 0.1, 0};
    add("space_torn", space);
    return out;
}

}  // namespace lx::render::test
