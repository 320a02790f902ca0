// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/chart_choice.h"

#include <QActionGroup>
#include <QCoreApplication>
#include <QJsonArray>
#include <QMenu>

#include <algorithm>
#include <array>
#include <cmath>

namespace lx::ui {
namespace {

using Kind = ChartChoice::Kind;
constexpr Index kMostAxes = 64;  ///< of a menu
constexpr std::array kNames{"axes", "pca", "plane", "space"};

QString tr(const char* text) {
    return QCoreApplication::translate("ChartChoice", text);
}

/// The direction when a chart's row is a coordinate axis, else -1.
Index coordinateOf(const render::Chart& chart, Index axis) {
    for (Index j = 0; j < chart.dim(); ++j) {
        if (chart.basis[static_cast<std::size_t>(axis * chart.dim() + j)] == 1) {
            return j;
        }
    }
    return -1;
}

std::optional<render::Chart> planeOfPicked(const ChartChoice& choice, Index dim) {
    if (choice.points.size() < 3) {
        return {};
    }
    std::array<std::vector<double>, 3> at;
    for (std::size_t i = 0; i < 3; ++i) {
        at[i].assign(choice.points[i].begin(), choice.points[i].end());
        if (static_cast<Index>(at[i].size()) != dim) {
            return {};
        }
    }
    return render::planeChart(at[0], at[1], at[2]);
}

}  // namespace

QJsonObject toJson(const ChartChoice& choice) {
    QJsonArray points;
    for (const auto& point : choice.points) {
        QJsonArray row;
        for (const float v : point) {
            row.append(static_cast<double>(v));
        }
        points.append(row);
    }
    return {{QStringLiteral("chart"), QString::fromLatin1(kNames[std::size_t(choice.kind)])},
            {QStringLiteral("horizontal"), static_cast<double>(choice.horizontal)},
            {QStringLiteral("vertical"), static_cast<double>(choice.vertical)},
            {QStringLiteral("points"), points},
            {QStringLiteral("fade"), choice.fade}};
}

ChartChoice chartFromJson(const QJsonObject& json) {
    ChartChoice out;
    const auto name = std::ranges::find(kNames, json.value(QStringLiteral("chart")).toString());
    if (name != kNames.end()) {
        out.kind = static_cast<Kind>(name - kNames.begin());
    }
    const auto axis = [&](const QString& key, Index fallback) {
        const double v = json.value(key).toDouble(static_cast<double>(fallback));
        return v >= 0 && v < 1e6 ? static_cast<Index>(v) : fallback;
    };
    out.horizontal = axis(QStringLiteral("horizontal"), 0);
    out.vertical = axis(QStringLiteral("vertical"), 1);
    out.fade = json.value(QStringLiteral("fade")).toBool(true);
    for (const auto& row : json.value(QStringLiteral("points")).toArray()) {
        std::vector<float> point;
        for (const auto& v : row.toArray()) {
            point.push_back(static_cast<float>(v.toDouble()));
        }
        const bool fits = out.points.empty() || point.size() == out.points.front().size();
        if (out.points.size() < 3 && !point.empty() && fits &&
            std::ranges::all_of(point, [](float v) { return std::isfinite(v); })) {
            out.points.push_back(std::move(point));
        }
    }
    return out;
}

render::Chart chartOf(const ChartChoice& choice, const Array& points,
                      const render::Chart* previous) {
    const Index dim = points.dim(1);
    switch (choice.kind) {
        case Kind::Pca: return render::pcaChart(points, 2, previous);
        case Kind::Plane:
            if (auto chart = planeOfPicked(choice, dim)) {
                return *std::move(chart);
            }
            break;
        case Kind::Space:
            if (dim > 3) {
                return render::pcaChart(points, 3, previous);
            }
            if (dim == 3) {
                return render::axesChart(points, std::array<Index, 3>{0, 1, 2});
            }
            break;
        case Kind::Axes: break;
    }
    return render::axesChart(points, std::array{choice.horizontal, choice.vertical});
}

QString axisLabel(const ChartChoice& choice, const render::Chart& chart, Index axis) {
    if (const Index j = coordinateOf(chart, axis); j >= 0) {
        return QStringLiteral("z%1").arg(j + 1);
    }
    if (!chart.shares.empty()) {
        const double share = 100 * chart.shares[static_cast<std::size_t>(axis)];
        return tr("component %1 (%2 %)").arg(axis + 1).arg(share, 0, 'f', share < 10 ? 1 : 0);
    }
    return choice.kind == Kind::Plane && axis == 0 ? tr("from 1st to 2nd point")
                                                   : tr("across, towards the 3rd point");
}

QString pickNote(const ChartChoice& choice, Index dim) {
    if (choice.kind != Kind::Plane) {
        return {};
    }
    if (choice.points.size() < 3) {
        return tr("%1 of 3 points picked: click on codes").arg(choice.points.size());
    }
    return planeOfPicked(choice, dim) ? QString()
                                      : tr("The three points lie on a line: pick others");
}

void fillChartMenu(QMenu& menu, const ChartChoice& choice, Index dim,
                   const std::function<void(const ChartChoice&)>& changed) {
    auto* group = new QActionGroup(&menu);
    const std::pair<Kind, QString> kinds[] = {
        {Kind::Axes, tr("Two axes")},
        {Kind::Pca, tr("Plane of the largest variance (PCA)")},
        {Kind::Plane, tr("Plane through three picked points")},
        {Kind::Space, dim == 3 ? tr("3-D (4)") : tr("3-D, largest variance (4)")}};
    for (const auto& [kind, text] : kinds) {
        QAction* action = menu.addAction(text);
        action->setCheckable(true);
        action->setChecked(kind == choice.kind);
        group->addAction(action);
        QObject::connect(action, &QAction::triggered, &menu, [=, chosen = kind] {
            ChartChoice next = choice;
            next.kind = chosen;
            changed(next);
        });
    }
    if (choice.kind == Kind::Plane && !choice.points.empty()) {
        QObject::connect(menu.addAction(tr("Pick three other points")), &QAction::triggered, &menu,
                         [=] {
                             ChartChoice next = choice;
                             next.points.clear();
                             changed(next);
                         });
    }
    menu.addSeparator();
    QAction* fade = menu.addAction(tr("Fainter with the distance from the plane"));
    fade->setCheckable(true);
    fade->setChecked(choice.fade);
    fade->setEnabled(choice.kind != Kind::Space || dim > 3);
    QObject::connect(fade, &QAction::toggled, &menu, [=](bool on) {
        ChartChoice next = choice;
        next.fade = on;
        changed(next);
    });
    if (choice.kind != Kind::Axes) {
        return;
    }
    for (const bool vertical : {false, true}) {
        QMenu* axes = menu.addMenu(vertical ? tr("Vertical axis") : tr("Horizontal axis"));
        for (Index i = 0; i < std::min(dim, kMostAxes); ++i) {
            QAction* action = axes->addAction(QStringLiteral("z%1").arg(i + 1));
            action->setCheckable(true);
            action->setChecked(i == (vertical ? choice.vertical : choice.horizontal));
            QObject::connect(action, &QAction::triggered, axes, [=] {
                ChartChoice next = choice;
                (vertical ? next.vertical : next.horizontal) = i;
                changed(next);
            });
        }
    }
}

}  // namespace lx::ui
