// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/paths.h"

#include "ui/views/chain_channels.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace lx::ui {
namespace {

QString tr(const char* text) {
    return QCoreApplication::translate("Paths", text);
}

/// What is known of the geodesic under the hand, where it is one of this run.
const State* dragged(const SessionBridge& bridge, const Frame& frame) {
    const State& answer = bridge.explore().draggedPath();
    return !answer.empty() && frame.source == bridge.active() ? &answer : nullptr;
}

}  // namespace

PathStyle pathStyle(std::size_t path) {
    switch (path) {
        case 0: return {"geodesic", "frames", tr("geodesic"), Qt::SolidLine, 2.8};
        case 1: return {"straight", "straight_frames", tr("straight"), Qt::DotLine, 1.8};
        default: return {"spherical", "spherical_frames", tr("spherical"), Qt::DashDotLine, 1.6};
    }
}

ChannelOf pathChannels(const SessionBridge& bridge, const Frame& frame) {
    return [&bridge, &frame](const char* id) -> const Array* {
        if (const State* answer = dragged(bridge, frame)) {
            const auto found =
                answer->find(std::string_view(id) == "geodesic" ? std::string_view("path") : id);
            if (found != answer->end()) {
                return &found->second;
            }
        }
        return channel(frame, id);
    };
}

Paths pathsOf(const ChannelOf& channelOf, Index dim) {
    Paths out;
    for (std::size_t k = 0; k < kPaths; ++k) {
        const Array* path = channelOf(pathStyle(k).channel);
        const bool fits = path && path->shape().size() == 2 && path->dim(0) > 1 &&
                          path->dim(1) == dim && path->dtype() == DType::F64;
        out[k] = fits ? *path : Array();
    }
    return out;
}

QString pathWarning(const SessionBridge& bridge, const Frame& frame) {
    QString all;
    if (const State* answer = dragged(bridge, frame)) {
        const auto found = answer->find("warning");
        if (found != answer->end() && found->second.dtype() == DType::U8) {
            const auto bytes = found->second.values<std::uint8_t>();
            all = QString::fromUtf8(reinterpret_cast<const char*>(bytes.data()),
                                    static_cast<qsizetype>(bytes.size()));
        }
    } else {
        for (const QString& line : textOf(frame, "geometry").split(QLatin1Char('\n'))) {
            all = line.startsWith(QLatin1String("warning\t")) ? line.mid(8) : all;
        }
    }
    all = all.section(QLatin1Char(','), 0, 0);
    return all.endsWith(QLatin1Char('.')) ? all.chopped(1) : all;
}

std::vector<double> pathRow(const Array* rows, std::size_t path) {
    if (!rows || rows->dtype() != DType::F64 || rows->shape().size() != 2 || rows->dim(1) < 1 ||
        static_cast<Index>(path) >= rows->dim(0)) {
        return {};
    }
    const auto width = static_cast<std::size_t>(rows->dim(1));
    const auto values = rows->values<double>().subspan(path * width, width);
    return std::isfinite(values.front()) ? std::vector<double>(values.begin(), values.end())
                                         : std::vector<double>();
}

PathSize pathSize(const std::vector<double>& speed) {
    const auto steps = static_cast<double>(std::max<std::size_t>(speed.size(), 1));
    return {std::accumulate(speed.begin(), speed.end(), 0.0) / steps,
            std::inner_product(speed.begin(), speed.end(), speed.begin(), 0.0) / (2 * steps)};
}

void addPaths(Figure& figure, const Theme& theme, const Paths& paths, const PlaceOf& placeOf) {
    QColor halo = theme.panel;
    halo.setAlphaF(0.85F);
    addPaths(figure, paths, placeOf, theme.text, halo);
}

void addPaths(Figure& figure, const Paths& paths, const PlaceOf& placeOf, const QColor& ink,
              const QColor& halo) {
    if (std::ranges::none_of(paths, [](const Array& path) { return path.defined(); })) {
        return;
    }
    figure.nameOverlay(QStringLiteral("paths"), tr("Paths between two codes"));
    for (std::size_t k = kPaths; k-- > 0;) {
        std::vector<QPointF> points;
        const auto z = paths[k].defined() ? paths[k].values<double>() : std::span<const double>();
        const auto d = static_cast<std::size_t>(paths[k].defined() ? paths[k].dim(1) : 1);
        for (std::size_t i = 0; i + d <= z.size(); i += d) {
            const auto row = z.subspan(i, d);
            if (const auto at = placeOf(std::vector<float>(row.begin(), row.end()))) {
                points.push_back(*at);
            }
        }
        if (points.empty()) {
            continue;
        }
        const PathStyle style = pathStyle(k);
        figure.overlay.push_back(CurveItem{points, halo, style.width + (k == 0 ? 4.4 : 3.0)});
        figure.overlay.push_back(CurveItem{points, ink, style.width, style.line});
        for (const QPointF& end : {points.front(), points.back()}) {
            figure.overlay.push_back(
                MarkerItem{end.x(), end.y(), render::Marker::Circle, 10, ink, halo});
        }
    }
}

std::vector<LegendEntry> pathLegend(const Paths& paths, const QColor& ink) {
    std::vector<LegendEntry> out;
    for (std::size_t k = 0; k < kPaths; ++k) {
        if (paths[k].defined()) {
            const PathStyle style = pathStyle(k);
            out.push_back({style.name, ink, {}, style.line, false, QStringLiteral("paths")});
        }
    }
    return out;
}

}  // namespace lx::ui
