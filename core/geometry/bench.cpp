// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/geometry/bench.h"

#include "core/base/philox.h"
#include "core/geometry/geodesic.h"
#include "core/geometry/latent_metrics.h"
#include "core/geometry/metric_grid.h"
#include "core/geometry/mlp_map.h"

#include <algorithm>
#include <cmath>

namespace lx::geometry {
namespace {

/// Weights uniform in +-1 / sqrt(inputs), as PyTorch begins.
std::vector<DenseLayer> decoder() {
    std::vector<DenseLayer> layers;
    Index in = 2;
    for (const Index out : {256, 512, 784}) {
        DenseLayer layer;
        layer.weight.resize(static_cast<std::size_t>(in * out));
        layer.bias.resize(static_cast<std::size_t>(out));
        const float scale = 1 / std::sqrt(static_cast<float>(in));
        Key key{7, static_cast<std::uint64_t>(out)};
        for (auto* numbers : {&layer.weight, &layer.bias}) {
            fillUniform(key, *numbers);
            key = derive(key, "bias");
            for (float& w : *numbers) {
                w = scale * (2 * w - 1);
            }
        }
        layer.unit = out == 784 ? Unit::Linear : Unit::Tanh;
        layers.push_back(std::move(layer));
        in = out;
    }
    return layers;
}

}  // namespace

std::vector<std::string> benchNames() {
    return {"geometry.metric64", "geometry.geodesic_exact", "geometry.geodesic_cached"};
}

std::vector<BenchResult> bench(std::span<const std::string> names) {
    std::vector<BenchResult> out;
    const auto wanted = [&](const char* name) {
        return std::ranges::find(names, name) != names.end();
    };
    const auto time = [&](const std::string& name, const std::function<void()>& work) {
        const CallTime t = timeCalls(work, 800, 16);
        out.push_back({name, "ms", t.wall});
        out.push_back({name + ".cpu", "ms", t.processor});
    };
    const std::vector<double> a{-2, -1}, b{2, 1.5};
    if (wanted("geometry.metric64")) {
        const auto metric = gaussianPullback(mlpMap(2, decoder(), Precision::Single));
        std::vector<double> z, g(4 * 4096);
        for (int i = 0; i < 4096; ++i) {
            z.push_back(-3 + 6 * (i % 64) / 63.0);
            z.push_back(-3 + 6 * (i / 64) / 63.0);
        }
        time("geometry.metric64", [&] { metric->at(z, g); });
    }
    if (wanted("geometry.geodesic_exact")) {
        const auto metric = gaussianPullback(mlpMap(2, decoder(), Precision::Double));
        time("geometry.geodesic_exact", [&] { geodesic(metric, a, b, {.tolerance = 1e-8}); });
    }
    if (wanted("geometry.geodesic_cached")) {
        MetricGrid grid(gaussianPullback(mlpMap(2, decoder(), Precision::Single)),
                        {{-3, -3}, {3, 3}}, 65);
        grid.advance(65 * 65);
        time("geometry.geodesic_cached",
             [&] { geodesic(grid.current(), a, b, {.tolerance = 1e-8}); });
    }
    return out;
}

}  // namespace lx::geometry
