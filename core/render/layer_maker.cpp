// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/layer_maker.h"

#include "core/base/error.h"
#include "core/render/palette.h"
#include "core/render/rasterizer.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lx::render {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

void requireGrid(const Array& xy) {
    if (!xy.defined() || xy.dtype() != DType::F32 || xy.shape().size() != 3 || xy.dim(2) < 2) {
        throw UsageError("a warped grid needs float32 nodes [rows, columns, 2]");
    }
}

}  // namespace

GridLayer differenceOf(const GridLayer& a, const GridLayer& b) {
    for (const GridLayer* layer : {&a, &b}) {
        if (const std::string text = problem(*layer); !text.empty()) {
            throw UsageError("two fields cannot be compared: " + text);
        }
    }
    const Index rows = a.values.dim(0), columns = a.values.dim(1);
    const auto values = a.values.values<float>();
    std::vector<float> differences(values.size());
    double largest = 0;
    const auto node = [](double from, double to, Index i, Index count) {
        return count > 1
                   ? from + (to - from) * static_cast<double>(i) / static_cast<double>(count - 1)
                   : from;
    };
    const bool same = b.values.dim(0) == rows && b.values.dim(1) == columns &&
                      a.place.x0 == b.place.x0 && a.place.y0 == b.place.y0 &&
                      a.place.x1 == b.place.x1 && a.place.y1 == b.place.y1;
    for (Index r = 0; r < rows; ++r) {
        for (Index c = 0; c < columns; ++c) {
            const auto i = static_cast<std::size_t>(r * columns + c);
            const float other = same ? b.values.values<float>()[i]
                                     : valueAt(b, node(a.place.x0, a.place.x1, c, columns),
                                               node(a.place.y0, a.place.y1, r, rows))
                                           .value_or(kNan);
            differences[i] = values[i] - other;
            if (std::isfinite(differences[i])) {
                largest = std::max(largest, std::abs(static_cast<double>(differences[i])));
            }
        }
    }
    GridLayer layer;
    layer.values = Array({rows, columns}, differences);
    layer.place = a.place;
    layer.opacity = a.opacity;
    layer.isoColor = a.isoColor;
    layer.isoWidth = a.isoWidth;
    layer.high = largest > 0 ? largest : 1;
    layer.low = -layer.high;
    layer.map = divergingMap();
    return layer;
}

MeshLayer warpedGrid(const Array& xy, const Array& values) {
    requireGrid(xy);
    const Index rows = xy.dim(0), columns = xy.dim(1), stride = xy.dim(2);
    const auto nodes = xy.values<float>();
    if (values.defined() && (values.dtype() != DType::F32 || values.count() != rows * columns)) {
        throw UsageError("a warped grid needs one float32 value per node");
    }
    std::vector<Index> triangles;
    for (Index r = 0; r + 1 < rows; ++r) {
        for (Index c = 0; c + 1 < columns; ++c) {
            const Index n = r * columns + c;
            const std::array<Index, 4> corners{n, n + 1, n + columns, n + columns + 1};
            if (std::ranges::all_of(corners, [&](Index i) {
                    return std::isfinite(nodes[static_cast<std::size_t>(i * stride)]) &&
                           std::isfinite(nodes[static_cast<std::size_t>(i * stride + 1)]);
                })) {
                triangles.insert(triangles.end(), {n, n + 1, n + columns});
                triangles.insert(triangles.end(), {n + columns + 1, n + columns, n + 1});
            }
        }
    }
    MeshLayer layer;
    layer.xy = Array({rows * columns, stride}, nodes);
    layer.triangles = Array({static_cast<Index>(triangles.size() / 3), 3}, triangles);
    if (values.defined()) {
        layer.values = Array({rows * columns}, values.values<float>());
    }
    layer.quads = true;
    return layer;
}

TrailsLayer gridLines(const Array& xy, Index step) {
    requireGrid(xy);
    const Index rows = xy.dim(0), columns = xy.dim(1), stride = xy.dim(2);
    const auto nodes = xy.values<float>();
    const auto chosen = [&](Index count) {
        std::vector<Index> all;
        for (Index i = 0; i < count; i += std::max(step, Index{1})) {
            all.push_back(i);
        }
        if (count > 0 && all.back() != count - 1) {
            all.push_back(count - 1);
        }
        return all;
    };
    const auto alongRows = chosen(rows), alongColumns = chosen(columns);
    const Index states = std::max(rows, columns);
    const auto trails = static_cast<Index>(alongRows.size() + alongColumns.size());
    std::vector<float> path(static_cast<std::size_t>(states * trails * 2), kNan);
    Index trail = 0;
    const auto put = [&](Index state, Index node) {
        const auto to = static_cast<std::size_t>(2 * (state * trails + trail));
        path[to] = nodes[static_cast<std::size_t>(node * stride)];
        path[to + 1] = nodes[static_cast<std::size_t>(node * stride + 1)];
    };
    for (const Index r : alongRows) {
        for (Index c = 0; c < columns; ++c) {
            put(c, r * columns + c);
        }
        ++trail;
    }
    for (const Index c : alongColumns) {
        for (Index r = 0; r < rows; ++r) {
            put(r, r * columns + c);
        }
        ++trail;
    }
    TrailsLayer layer;
    layer.xy = Array({states, trails, 2}, path);
    layer.width = 0.8F;
    return layer;
}

}  // namespace lx::render
