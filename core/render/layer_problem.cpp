// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/painter.h"
#include "core/render/rasterizer.h"
#include "core/render/value_scale.h"

#include <algorithm>
#include <cmath>

namespace lx::render {
namespace {

bool isFloat(const Array& array, std::size_t rank) {
    return array.defined() && array.dtype() == DType::F32 && array.shape().size() == rank;
}

bool isColumn(const Array& array, DType dtype, Index rows) {
    return array.dtype() == dtype && array.shape().size() == 1 && array.dim(0) == rows;
}

std::string placesProblem(const Array& xy, const Array& category) {
    if (!isFloat(xy, 2) || xy.dim(1) < 2) {
        return "points must be float32 [N, 2]";
    }
    if (category.defined() && !isColumn(category, DType::I64, xy.dim(0))) {
        return "categories must be int64 [N], one per point";
    }
    return {};
}

}  // namespace

std::string problemOf(const PointsLayer& layer) {
    if (const auto text = placesProblem(layer.xy, layer.category); !text.empty()) {
        return text;
    }
    for (const Array* each : {&layer.values, &layer.sizes, &layer.weights}) {
        if (each->defined() && !isColumn(*each, DType::F32, layer.xy.dim(0))) {
            return "values, sizes and weights of points must be float32 [N], one per point";
        }
    }
    return layer.values.defined() ? problem(layer.range) : "";
}

std::string problemOf(const DensityLayer& layer) {
    return placesProblem(layer.xy, layer.category);
}

std::string problemOf(const AtlasLayer& layer) {
    if (!isFloat(layer.images, 3)) {
        return "atlas images must be float32 [N, H, W]";
    }
    return static_cast<Index>(layer.places.size()) == layer.images.dim(0)
               ? ""
               : "an atlas needs one place per image";
}

std::string problemOf(const GridLayer& layer) {
    if (!isFloat(layer.values, 2) || layer.values.dim(0) < 1 || layer.values.dim(1) < 1) {
        return "grid values must be float32 [rows, columns] and not empty";
    }
    const Rect& p = layer.place;
    if (!(p.x1 > p.x0 && p.y1 > p.y0) || !std::isfinite(p.x1 - p.x0) ||
        !std::isfinite(p.y1 - p.y0)) {
        return "the place of a grid must have a positive, finite size";
    }
    return problem(rangeOf(layer));
}

std::string problemOf(const TrailsLayer& layer) {
    if (!isFloat(layer.xy, 3) || layer.xy.dim(2) < 2) {
        return "trails must be float32 [states, trails, 2]";
    }
    if (layer.category.defined() && !isColumn(layer.category, DType::I64, layer.xy.dim(1))) {
        return "categories of trails must be int64, one per trail";
    }
    if (!layer.values.defined()) {
        return {};
    }
    return isFloat(layer.values, 2) && layer.values.dim(0) == layer.xy.dim(0) &&
                   layer.values.dim(1) == layer.xy.dim(1)
               ? problem(layer.range)
               : "values of trails must be float32 [states, trails]";
}

std::string problemOf(const MeshLayer& layer) {
    if (!isFloat(layer.xy, 2) || layer.xy.dim(1) < 2) {
        return "corners of a mesh must be float32 [V, 2]";
    }
    const Array& t = layer.triangles;
    if (!t.defined() || t.dtype() != DType::I64 || t.shape().size() != 2 || t.dim(1) != 3) {
        return "triangles of a mesh must be int64 [T, 3]";
    }
    const Index corners = layer.xy.dim(0);
    const auto rows = t.values<Index>();
    if (!std::ranges::all_of(rows, [&](Index i) { return i >= 0 && i < corners; })) {
        return "a triangle names a corner that its mesh does not have";
    }
    if (!layer.values.defined()) {
        return {};
    }
    return isColumn(layer.values, DType::F32, corners) ||
                   isColumn(layer.values, DType::F32, t.dim(0))
               ? problem(layer.range)
               : "values of a mesh must be float32, one per corner or one per triangle";
}

std::string problemOf(const EllipsesLayer& layer) {
    if (const auto text = placesProblem(layer.centers, layer.category); !text.empty()) {
        return text;
    }
    return isFloat(layer.axes, 3) && layer.axes.dim(0) == layer.centers.dim(0) &&
                   layer.axes.dim(1) == 2 && layer.axes.dim(2) == 2
               ? ""
               : "axes of ellipses must be float32 [N, 2, 2]";
}

std::string problem(const Layer& any) {
    return std::visit([](const auto& layer) { return problemOf(layer); }, any);
}

}  // namespace lx::render
