// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/latent_marks.h"

#include <QCoreApplication>

#include <algorithm>

namespace lx::ui {

void addPriorCircles(Figure& figure, const Theme& theme, QPointF middle) {
    QColor circle = theme.text;
    circle.setAlphaF(0.8F);
    QColor halo = theme.panel;
    halo.setAlphaF(0.7F);
    for (const int r : {1, 2}) {
        // The halo parts the dashes from the codes below.
        figure.overlay.push_back(
            EllipseItem{middle.x(), middle.y(), double(r), double(r), halo, 4, Qt::SolidLine});
        figure.overlay.push_back(
            EllipseItem{middle.x(), middle.y(), double(r), double(r), circle, 1.4, Qt::DashLine});
        figure.overlay.push_back(TextItem{middle.x(), middle.y() + r,
                                          QCoreApplication::translate("LatentMap", "%1 sd").arg(r),
                                          theme.text, QPointF(0, -9), 11, false, true});
    }
}

std::array<Array, 2> pathsOf(const std::function<const Array*(const char*)>& channel, Index dim) {
    std::array<Array, 2> out;
    std::ranges::transform(std::array{"straight", "geodesic"}, out.begin(), [&](const char* id) {
        const Array* path = channel(id);
        const bool fits = path && path->shape().size() == 2 && path->dim(0) > 1 &&
                          path->dim(1) == dim && path->dtype() == DType::F64;
        return fits ? *path : Array();
    });
    return out;
}

void addPaths(Figure& figure, const Theme& theme, const std::array<Array, 2>& paths,
              const PlaceOf& placeOf) {
    if (std::ranges::none_of(paths, [](const Array& path) { return path.defined(); })) {
        return;
    }
    figure.nameOverlay(QStringLiteral("paths"),
                       QCoreApplication::translate("LatentMap", "Geodesic and straight line"));
    for (const Array& path : paths) {
        std::vector<QPointF> points;
        const auto z = path.defined() ? path.values<double>() : std::span<const double>();
        const auto d = static_cast<std::size_t>(path.defined() ? path.dim(1) : 1);
        for (std::size_t i = 0; i + d <= z.size(); i += d) {
            const auto row = z.subspan(i, d);
            if (const auto at = placeOf(std::vector<float>(row.begin(), row.end()))) {
                points.push_back(*at);
            }
        }
        if (points.empty()) {
            continue;
        }
        const bool geodesic = &path == &paths[1];
        QColor halo = theme.panel;
        halo.setAlphaF(0.8F);
        figure.overlay.push_back(CurveItem{points, halo, geodesic ? 6.0 : 4.0});
        figure.overlay.push_back(CurveItem{points, geodesic ? theme.accent : theme.text,
                                           geodesic ? 2.6 : 1.4,
                                           geodesic ? Qt::SolidLine : Qt::DashLine});
        for (const QPointF& end : {points.front(), points.back()}) {
            figure.overlay.push_back(
                MarkerItem{end.x(), end.y(), render::Marker::Circle, 9, theme.accent, theme.panel});
        }
    }
}

}  // namespace lx::ui
