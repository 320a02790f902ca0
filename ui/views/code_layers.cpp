// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/code_layers.h"

#include "ui/views/figure_view.h"

#include <QCoreApplication>
#include <algorithm>
#include <cmath>

namespace lx::ui {
namespace {

constexpr float kFaded = 0.12F;     ///< of classes that are not emphasised
constexpr float kRest = 0.3F;       ///< of rows that are not selected
constexpr float kRestSpace = 0.2F;  ///< in space, where the rest also lies in front
constexpr float kHaze = 0.45F;
constexpr std::size_t kMaxEllipses = 400;

struct Style {
    std::vector<render::Color> colors;
    std::vector<render::Marker> markers;
};

Style styleOf(const CodePoints& points, int label, const Theme& theme) {
    Style out;
    const bool one = !points.labels.defined();
    for (Index i = 0; i < std::max<Index>(points.classes, 1); ++i) {
        render::Color color = toRender(one ? points.color : classColor(theme, i));
        color.a = label >= 0 && label != i ? kFaded : 1.0F;
        out.colors.push_back(color);
        out.markers.push_back(one ? points.marker : classMarker(i));
    }
    return out;
}

bool splits(const CodeEmphasis& emphasis) {
    return emphasis.rows && !emphasis.rows->empty();
}

}  // namespace

Array splitLabels(const Array& labels, Index count, const Selection& selection, bool chosen) {
    std::vector<Index> out(static_cast<std::size_t>(count), chosen ? -1 : 0);
    if (!chosen && labels.defined()) {
        std::ranges::copy(labels.values<Index>(), out.begin());
    }
    for (const Index row : selection.rows) {
        if (row < count) {
            const auto i = static_cast<std::size_t>(row);
            out[i] = !chosen ? -1 : labels.defined() ? labels.values<Index>()[i] : 0;
        }
    }
    return {{count}, out};
}

std::vector<render::Layer> codeLayers(const CodePoints& points, const CodeEmphasis& emphasis,
                                      const Theme& theme, bool density) {
    std::vector<render::Layer> out;
    const Style style = styleOf(points, emphasis.label, theme);
    const auto add = [&](const Array& category, const std::vector<render::Color>& colors,
                         float opacity) {
        if (density) {
            out.push_back(render::DensityLayer{points.at, category, colors, 1, opacity});
            return;
        }
        render::PointsLayer layer{points.at,     category,    colors,
                                  style.markers, points.size, opacity * points.opacity};
        layer.weights = points.near;
        out.push_back(std::move(layer));
    };
    if (!splits(emphasis)) {
        add(points.labels, style.colors, 1);
        return out;
    }
    const Index count = points.at.dim(0);
    add(splitLabels(points.labels, count, *emphasis.rows, false), {toRender(theme.secondary)},
        kRest);
    add(splitLabels(points.labels, count, *emphasis.rows, true), style.colors, 1);
    return out;
}

std::vector<OverlayItem> codeEllipses(const CodePoints& points, const Array& sds,
                                      const render::Chart& chart, const CodeEmphasis& emphasis,
                                      const Theme& theme) {
    std::vector<OverlayItem> out;
    const auto xy = points.at.values<float>();
    const auto values = sds.values<float>();
    const Index dim = sds.dim(1);
    const auto count = static_cast<std::size_t>(points.at.dim(0));
    const std::size_t shown = splits(emphasis) ? emphasis.rows->rows.size() : count;
    const std::size_t stride = std::max<std::size_t>(1, shown / kMaxEllipses);
    for (std::size_t i = 0; i < shown; i += stride) {
        const std::size_t n =
            splits(emphasis) ? static_cast<std::size_t>(emphasis.rows->rows[i]) : i;
        const Index label = points.labels.defined() ? points.labels.values<Index>()[n] : 0;
        if (label < 0 || (emphasis.label >= 0 && label != emphasis.label)) {
            continue;
        }
        // Of a diagonal covariance, along a unit vector.
        const auto sd = [&](Index axis) {
            double sum = 0;
            for (Index j = 0; j < dim; ++j) {
                const auto k = static_cast<std::size_t>(axis * dim + j);
                const double share = chart.axes() > axis ? chart.basis[k] : j == axis;
                const double v =
                    share * values[n * static_cast<std::size_t>(dim) + static_cast<std::size_t>(j)];
                sum += v * v;
            }
            return std::sqrt(sum);
        };
        QColor color = points.labels.defined() ? classColor(theme, label) : points.color;
        color.setAlphaF(0.6F);
        out.push_back(
            EllipseItem{xy[2 * n], xy[2 * n + 1], sd(0), dim > 1 ? sd(1) : 0.0, color, 0.8});
    }
    return out;
}

render::PointCloud3 codeCloud(const CodePoints& points, const CodeEmphasis& emphasis,
                              const Theme& theme) {
    const Style style = styleOf(points, emphasis.label, theme);
    render::PointCloud3 out;
    out.xyz = points.at;
    out.category = points.labels;
    out.colors = style.colors;
    out.markers = style.markers;
    out.size = points.size;
    out.haze = kHaze;
    return out;
}

std::vector<render::Solid> codeSolids(const render::PointCloud3& cloud,
                                      const CodeEmphasis& emphasis, const Theme& theme) {
    if (!splits(emphasis)) {
        return {cloud};
    }
    const Index count = cloud.xyz.dim(0);
    render::PointCloud3 rest = cloud, chosen = cloud;
    rest.category = splitLabels(cloud.category, count, *emphasis.rows, false);
    rest.colors = {toRender(theme.secondary)};
    rest.opacity = kRestSpace;
    chosen.category = splitLabels(cloud.category, count, *emphasis.rows, true);
    return {rest, chosen};
}

Index classesOf(const Array& labels) {
    Index count = 0;
    if (labels.defined()) {
        for (const Index label : labels.values<Index>()) {
            count = std::max(count, label + 1);
        }
    }
    return std::min<Index>(count, 4096);
}

DataTable codeTable(const Array& codes, const Array& labels, const Array& sds) {
    DataTable table(QCoreApplication::translate("Codes", "Codes"),
                    codes.defined() ? codes.dim(0) : 0);
    QStringList axes, widths;
    for (Index i = 1; codes.defined() && i <= codes.dim(1); ++i) {
        axes << QStringLiteral("z%1").arg(i);
        widths << QStringLiteral("sd of z%1").arg(i);
    }
    table.add(codes, axes);
    table.add(labels, {QCoreApplication::translate("Codes", "class")});
    table.add(sds, widths);
    return table;
}

std::optional<render::Rect> followed(const render::Rect& home,
                                     const std::optional<render::Rect>& bounds, bool force) {
    if (!bounds) {
        return {};
    }
    const double width = bounds->x1 - bounds->x0, height = bounds->y1 - bounds->y0;
    const bool leaves = bounds->x0 < home.x0 || bounds->x1 > home.x1 || bounds->y0 < home.y0 ||
                        bounds->y1 > home.y1;
    const double filled = std::max(width / (home.x1 - home.x0), height / (home.y1 - home.y0));
    if (!force && !leaves && filled >= 0.6) {
        return {};
    }
    const double px = 0.06 * width, py = 0.06 * height;
    return render::Rect{bounds->x0 - px, bounds->y0 - py, bounds->x1 + px, bounds->y1 + py};
}

}  // namespace lx::ui
