// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plot/figure_tables.h"

#include <QObject>

#include <algorithm>
#include <array>
#include <memory>

namespace lx::ui {
namespace {

QString tr(const char* text) {
    return QObject::tr(text);
}

/// "KL (nats)" as name and unit, so that the unit of a column stands where units stand.
struct AxisName {
    QString name, unit;
    AxisName(const QString& label, const char* other) {
        const qsizetype open = label.lastIndexOf(QStringLiteral(" ("));
        const bool split = open > 0 && label.endsWith(QLatin1Char(')'));
        name = split ? label.left(open) : label;
        unit = split ? label.mid(open + 2, label.size() - open - 3) : QString();
        name = name.isEmpty() ? QString::fromLatin1(other) : name;
    }
    QString text() const { return unit.isEmpty() ? name : name + " (" + unit + ')'; }
};

/// Coordinates [rows, n] made for the table: small ones, of overlays and places.
Array packed(const std::vector<double>& values, Index columns) {
    return {{static_cast<Index>(values.size()) / columns, columns}, values};
}

Index rowsOf(const Array& array) {
    return array.defined() && !array.shape().empty() ? array.dim(0) : 0;
}

struct LayerTable {
    const Figure& figure;
    const QString& name;
    QStringList axes() const {
        return {AxisName(figure.xLabel, "x").text(), AxisName(figure.yLabel, "y").text()};
    }
    QStringList spaceAxes() const {
        const auto& labels = figure.space->labels;
        return {AxisName(labels[0], "x").text(), AxisName(labels[1], "y").text(),
                AxisName(labels[2], "z").text()};
    }
    DataTable points(const Array& xy, const QStringList& names, const Array& category,
                     const Array& values) const {
        DataTable out(name, rowsOf(xy));
        out.add(xy, names);
        out.add(category, {tr("class")});
        out.add(values, {tr("value")});
        return out;
    }
    DataTable operator()(const render::PointsLayer& l) const {
        return points(l.xy, axes(), l.category, l.values);
    }
    DataTable operator()(const render::DensityLayer& l) const {
        return points(l.xy, axes(), l.category, {});
    }
    DataTable operator()(const render::PointCloud3& l) const {
        return points(l.xyz, spaceAxes(), l.category, l.values);
    }
    DataTable operator()(const render::Mesh3& l) const {
        return points(l.vertices, spaceAxes(), {}, l.values);
    }
    DataTable operator()(const render::MeshLayer& l) const {
        return points(l.xy, axes(), {}, rowsOf(l.values) == rowsOf(l.xy) ? l.values : Array());
    }
    DataTable trails(const Array& xy, const QStringList& names, const Array& values) const {
        if (!xy.defined() || xy.shape().size() != 3) {
            return DataTable(name, 0);
        }
        const Index count = xy.dim(1), d = xy.dim(2);
        DataTable out(name, xy.dim(0) * count);
        out.add(
            {tr("state"), tr("trail")}, {},
            [count](Index row, Index column) {
                return QString::number(column == 0 ? row / count : row % count);
            },
            static_cast<std::size_t>(count));
        // [states, trails, d] read as [states * trails, d]: the same bytes under another shape.
        const auto flat = [](const Array& a, std::vector<Index> shape) {
            return [a, width = shape[1]](Index row, Index column) {
                const auto i = static_cast<std::size_t>(row * width + column);
                return a.dtype() == DType::F32 ? exactNumber(a.values<float>()[i]) : QString();
            };
        };
        QStringList columns = names.mid(0, d);
        for (Index j = columns.size(); j < d; ++j) {
            columns << QStringLiteral("x%1").arg(j + 1);
        }
        out.add(columns, {}, flat(xy, {out.rows(), d}),
                reinterpret_cast<std::size_t>(xy.bytes().data()));
        if (values.defined() && values.count() == out.rows()) {
            out.add({tr("value")}, {}, flat(values, {out.rows(), 1}),
                    reinterpret_cast<std::size_t>(values.bytes().data()));
        }
        return out;
    }
    DataTable operator()(const render::TrailsLayer& l) const {
        return trails(l.xy, axes(), l.values);
    }
    DataTable operator()(const render::Trails3& l) const {
        return trails(l.points, spaceAxes(), {});
    }
    DataTable field(const Array& values, const render::Rect& place,
                    const QStringList& names) const {
        if (!values.defined() || values.shape().size() != 2 || values.dtype() != DType::F32) {
            return DataTable(name, 0);
        }
        const Index rows = values.dim(0), columns = values.dim(1);
        DataTable out(name, rows * columns);
        out.add(
            {names[0], names[1]}, {},
            [rows, columns, place](Index row, Index column) {
                const auto at = [](double a, double b, Index i, Index n) {
                    return n > 1 ? a + (b - a) * double(i) / double(n - 1) : (a + b) / 2;
                };
                return exactNumber(column == 0 ? at(place.x0, place.x1, row % columns, columns)
                                               : at(place.y0, place.y1, row / columns, rows));
            },
            std::hash<double>()(place.x0 + 3 * place.x1 + 7 * place.y0 + 11 * place.y1));
        out.add(
            {tr("value")}, {},
            [values](Index row, Index) {
                return exactNumber(values.values<float>()[static_cast<std::size_t>(row)]);
            },
            reinterpret_cast<std::size_t>(values.bytes().data()));
        return out;
    }
    DataTable operator()(const render::GridLayer& l) const {
        return field(l.values, l.place, axes());
    }
    DataTable operator()(const render::Surface3& l) const {
        return field(l.values, l.place, spaceAxes());
    }
    DataTable operator()(const render::EllipsesLayer& l) const {
        DataTable out(name, rowsOf(l.centers));
        out.add(l.centers, axes());
        out.add(l.axes, {QStringLiteral("a11"), QStringLiteral("a12"), QStringLiteral("a21"),
                         QStringLiteral("a22")});
        out.add(l.category, {tr("class")});
        return out;
    }
    DataTable operator()(const render::AtlasLayer& l) const {
        DataTable out(name, rowsOf(l.images));
        std::vector<double> centres;
        for (const render::Rect& r : l.places) {
            centres.insert(centres.end(), {(r.x0 + r.x1) / 2, (r.y0 + r.y1) / 2});
        }
        if (!centres.empty()) {
            const Array at = packed(centres, 2);
            out.add(
                axes(), {},
                [at](Index row, Index column) {
                    return row < at.dim(0)
                               ? exactNumber(at.values<double>()[std::size_t(2 * row + column)])
                               : QString();
                },
                std::hash<double>()(centres.front() + 3 * centres.back()));
        }
        out.add(l.images, {tr("pixel")});
        return out;
    }
};

/// Numbers of overlay items of one part: kind by kind.
struct OverlayRows {
    std::vector<double> points, shapes;  ///< [n, 3] item, x, y; [n, 4] x, y, width, height
    double item = 0;

    void operator()(const CurveItem& c) {
        for (const QPointF& p : c.points) {
            points.insert(points.end(), {item, p.x(), p.y()});
        }
        ++item;
    }
    void operator()(const SegmentsItem& s) {
        for (const QLineF& l : s.lines) {
            points.insert(points.end(), {item, l.x1(), l.y1(), item, l.x2(), l.y2()});
            ++item;
        }
    }
    void operator()(const MarkerItem& m) { points.insert(points.end(), {item++, m.x, m.y}); }
    void operator()(const EllipseItem& e) {
        shapes.insert(shapes.end(), {e.x, e.y, 2 * e.rx, 2 * e.ry});
    }
    void operator()(const RectItem& r) {
        shapes.insert(shapes.end(), {(r.rect.x0 + r.rect.x1) / 2, (r.rect.y0 + r.rect.y1) / 2,
                                     r.rect.x1 - r.rect.x0, r.rect.y1 - r.rect.y0});
    }
    void operator()(const CrosshairItem& c) { points.insert(points.end(), {item++, c.x, c.y}); }
    void operator()(const ArrowItem& a) {
        points.insert(points.end(), {item, a.x0, a.y0, item, a.x1, a.y1});
        ++item;
    }
    void operator()(const EdgeItem& e) {
        for (const QPointF& p : e.points) {
            points.insert(points.end(), {item, p.x(), p.y()});
        }
        ++item;
    }
    void operator()(const TextItem&) {}
};

std::size_t contentOf(const std::vector<double>& values) {
    std::size_t out = values.size();
    for (const double v : values) {
        out = out * 1099511628211ULL + std::hash<double>()(v);
    }
    return out;
}

void addSmall(std::vector<DataTable>& out, const QString& name, const std::vector<double>& values,
              const QStringList& columns) {
    if (values.empty()) {
        return;
    }
    const Array array = packed(values, columns.size());
    DataTable table(name, array.dim(0));
    table.add(
        columns, {},
        [array](Index row, Index column) {
            return exactNumber(array.values<double>()[std::size_t(row * array.dim(1) + column)]);
        },
        contentOf(values));
    out.push_back(std::move(table));
}

}  // namespace

std::vector<DataTable> tablesOf(const Figure& figure) {
    std::vector<DataTable> out;
    const auto add = [&](const auto& layers) {
        for (std::size_t i = 0; i < layers.size(); ++i) {
            const QString name = partOfLayer(figure, i).name;
            DataTable table = std::visit(LayerTable{figure, name}, layers[i]);
            if (table.rows() > 0 && table.columns() > 0) {
                out.push_back(std::move(table));
            }
        }
    };
    add(figure.layers);
    if (figure.space && figure.layers.empty()) {
        add(figure.space->solids);
    }
    if (figure.space) {
        return out;
    }
    for (std::size_t i = 0; i < figure.overlay.size();) {
        // Items up to the next part.
        QString name = tr("Marks");
        std::size_t end = figure.overlay.size();
        for (const FigurePart& part : figure.overlayParts) {
            name = part.from <= i ? part.name : name;
            end = part.from > i ? std::min(end, part.from) : end;
        }
        OverlayRows rows;
        for (; i < end; ++i) {
            std::visit([&](const auto& item) { rows(item); }, figure.overlay[i]);
        }
        const QString x = AxisName(figure.xLabel, "x").text(),
                      y = AxisName(figure.yLabel, "y").text();
        addSmall(out, name, rows.points, {tr("item"), x, y});
        addSmall(out, name, rows.shapes, {x, y, tr("width"), tr("height")});
    }
    return out;
}

std::vector<DataTable> tablesOf(TimePlot& plot) {
    // Points come in while the table is read: it gets its own, and only when some have come.
    struct Column {
        std::vector<double> step, value;
    };
    auto steps = std::make_shared<std::vector<double>>();
    auto columns = std::make_shared<std::vector<Column>>();
    QStringList names;
    std::size_t identity = 0, stride = 1;
    for (const TimeSeries& series : plot.series()) {
        if (const SeriesData* data = plot.table().find(series.key)) {
            columns->push_back({data->step, data->value});
            stride = std::max(stride, data->stride());
            if (series.negated) {
                std::ranges::transform(columns->back().value, columns->back().value.begin(),
                                       std::negate());
            }
            names << (series.unit.isEmpty()
                          ? series.label
                          : QStringLiteral("%1 (%2)").arg(series.label, series.unit));
            std::vector<double> merged;
            std::ranges::set_union(*steps, data->step, std::back_inserter(merged));
            *steps = std::move(merged);
            identity = identity * 31 + data->step.size() * 7 +
                       std::hash<double>()(data->step.back() + data->value.back());
        }
    }
    if (steps->empty()) {
        return {};
    }
    DataTable table(stride == 1 ? tr("Series") : tr("Series, extremes of %1 steps").arg(stride),
                    static_cast<Index>(steps->size()));
    table.add(
        {tr("step")}, {},
        [steps](Index row, Index) { return exactNumber((*steps)[std::size_t(row)]); }, identity);
    table.add(
        names, {},
        [steps, columns](Index row, Index column) {
            const Column& c = (*columns)[static_cast<std::size_t>(column)];
            const double step = (*steps)[static_cast<std::size_t>(row)];
            const auto at = std::ranges::lower_bound(c.step, step);
            return at != c.step.end() && *at == step
                       ? exactNumber(c.value[static_cast<std::size_t>(at - c.step.begin())])
                       : QString();
        },
        identity);
    return {std::move(table)};
}

}  // namespace lx::ui
