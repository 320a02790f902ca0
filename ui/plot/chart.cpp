// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plot/chart.h"

#include "ui/plot/chart_items.h"
#include "ui/plot/plot_picture.h"
#include "ui/plot/tickers.h"
#include "ui/shell/numbers.h"

#include <QMouseEvent>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace lx::ui {
namespace {

constexpr double kMargin = 0.06, kMarkerMargin = 0.03;
/// Pixels within which the mouse reads out a point and a click finds a line.
constexpr double kReach = 14;
/// More points than this are drawn without smooth edges: they cost the GUI thread.
constexpr std::size_t kSmoothPoints = 20000;

QCPScatterStyle scatterOf(const ChartLine& line, const Theme& theme) {
    using Shape = QCPScatterStyle;
    Shape::ScatterShape shape = Shape::ssDisc;
    switch (*line.marker) {
        case render::Marker::Circle: shape = Shape::ssCircle; break;
        case render::Marker::Square: shape = Shape::ssSquare; break;
        case render::Marker::Triangle:
        case render::Marker::TriangleLeft: shape = Shape::ssTriangle; break;
        case render::Marker::Diamond: shape = Shape::ssDiamond; break;
        case render::Marker::TriangleDown: shape = Shape::ssTriangleInverted; break;
        case render::Marker::Plus: shape = Shape::ssPlus; break;
        case render::Marker::Cross: shape = Shape::ssCross; break;
    }
    return {shape, QPen(line.color, 0.6), QBrush(line.color), line.markerSize * theme.typeScale};
}

struct Bounds {
    double low = INFINITY, high = -INFINITY;
    void add(double v) {
        if (std::isfinite(v)) {
            low = std::min(low, v);
            high = std::max(high, v);
        }
    }
    bool empty() const { return !(low <= high); }
};

Range withMargin(const Bounds& b, bool logarithmic) {
    if (b.empty()) {
        return logarithmic ? Range{0.1, 1} : Range{0, 1};
    }
    if (logarithmic) {
        return {std::max(b.low, 1e-300) / 1.1, std::max(b.high, 1e-300) * 1.1};
    }
    const double least = 1e-3 * std::max(std::abs(b.low), std::abs(b.high)) + 1e-9;
    const double margin = std::max(kMargin * (b.high - b.low), least);
    return {b.low - margin, b.high + margin};
}

Range xRangeOf(const ChartPanel& panel) {
    if (panel.x) {
        return *panel.x;
    }
    Bounds b;
    const auto all = [&](const std::vector<double>& xs) {
        for (const double x : xs) {
            b.add(x);
        }
    };
    if (panel.field) {
        all(panel.field->edges);
    }
    for (const ChartLine& line : panel.lines) {
        all(line.x);
    }
    for (const ChartBand& band : panel.bands) {
        all(band.x);
    }
    for (const ChartBars& bars : panel.bars) {
        all(bars.edges);
    }
    if (b.empty()) {
        return {0, 1};
    }
    if (!(b.low < b.high)) {
        return withMargin(b, panel.logX);
    }
    // Markers at the ends are drawn whole; lines begin at the axis.
    const bool marked = std::ranges::any_of(
        panel.lines, [](const ChartLine& line) { return line.marker.has_value(); });
    const double room = marked && !panel.logX ? kMarkerMargin * (b.high - b.low) : 0;
    return {b.low - room, b.high + room};
}

/// Only words: a place in a matrix of panels that has no plot.
bool isBlank(const ChartPanel& panel) {
    return !panel.field && panel.lines.empty() && panel.bars.empty() && panel.bands.empty();
}

/// Of what lies within `shown`, so that zooming along x fills the height.
Range yRangeOf(const ChartPanel& panel, Range shown) {
    if (panel.y) {
        return *panel.y;
    }
    if (panel.field) {
        return {0.5, static_cast<double>(panel.field->rows()) + 0.5};
    }
    Bounds b;
    const auto add = [&](const std::vector<double>& xs, const std::vector<double>& ys) {
        for (std::size_t i = 0; i < std::min(xs.size(), ys.size()); ++i) {
            if (xs[i] >= shown.first && xs[i] <= shown.second) {
                b.add(ys[i]);
            }
        }
    };
    for (const ChartLine& line : panel.lines) {
        add(line.x, line.y);
    }
    for (const ChartBand& band : panel.bands) {
        add(band.x, band.low);
        add(band.x, band.high);
    }
    for (const ChartRule& rule : panel.rules) {
        if (!rule.vertical) {
            b.add(rule.at);
        }
    }
    if (!panel.bars.empty()) {
        b.add(0);
        for (const ChartBars& bars : panel.bars) {
            add(bars.edges, bars.heights);
        }
        return b.high > b.low ? Range{b.low, b.high + kMargin * (b.high - b.low)} : Range{0, 1};
    }
    return withMargin(b, false);
}

}  // namespace

struct ChartPlot::Impl {
    struct Panel {
        QCPAxisRect* rect = nullptr;
        bool follows = true;
        QCPAxis* x() const { return rect->axis(QCPAxis::atBottom); }
        QCPAxis* y() const { return rect->axis(QCPAxis::atLeft); }
    };
    QCustomPlot* plot = nullptr;
    LegendRow* legend = nullptr;
    HoverMark* hover = nullptr;
    QCPMarginGroup* margins = nullptr;
    Chart chart;
    int columns = 0;
    std::vector<Panel> panels;
    const Theme* theme = nullptr;

    void arrange() {
        if (panels.size() == chart.panels.size() && columns == chart.columns) {
            return;
        }
        clearContent();
        panels.clear();
        plot->plotLayout()->clear();
        delete margins;
        margins = new QCPMarginGroup(plot);
        legend = new LegendRow(plot);
        plot->plotLayout()->addElement(0, 0, legend);
        auto* grid = new QCPLayoutGrid;
        grid->setRowSpacing(4);
        grid->setColumnSpacing(6);
        plot->plotLayout()->addElement(1, 0, grid);
        plot->plotLayout()->setRowSpacing(0);
        plot->plotLayout()->setRowStretchFactor(0, 0.001);
        columns = std::max(1, chart.columns);
        for (std::size_t i = 0; i < chart.panels.size(); ++i) {
            auto* rect = new QCPAxisRect(plot);
            grid->addElement(static_cast<int>(i) / columns, static_cast<int>(i) % columns, rect);
            rect->setMinimumMargins(QMargins(6, 8, 16, 4));
            if (columns == 1) {
                rect->setMarginGroup(QCP::msLeft | QCP::msRight, margins);
            }
            rect->setRangeDrag(Qt::Horizontal);
            rect->setRangeZoom(Qt::Horizontal);
            for (QCPAxis* axis : rect->axes()) {
                axis->setLayer(QStringLiteral("axes"));
                axis->grid()->setLayer(QStringLiteral("grid"));
            }
            panels.push_back({rect});
        }
    }

    void clearContent() {
        hover = nullptr;
        plot->clearItems();
        plot->clearPlottables();
    }

    void fill() {
        if (!theme || !legend) {
            return;
        }
        clearContent();
        std::size_t points = 0;
        for (const ChartPanel& panel : chart.panels) {
            for (const ChartLine& line : panel.lines) {
                points += line.x.size();
            }
        }
        const bool smooth = points <= kSmoothPoints;
        plot->setNotAntialiasedElements(smooth ? QCP::aeNone : QCP::aePlottables);
        for (std::size_t i = 0; i < panels.size(); ++i) {
            fillPanel(panels[i], chart.panels[i], smooth);
        }
        plot->setCurrentLayer(QStringLiteral("cursor"));
        hover = new HoverMark(plot, *theme);
        plot->setCurrentLayer(QStringLiteral("main"));
        legend->setEntries(chart.legend, *theme);
        applyTheme();
        ranges();
    }

    void fillPanel(const Panel& to, const ChartPanel& from, bool smooth) {
        plot->setCurrentLayer(QStringLiteral("background"));
        new PanelBack(plot, to.rect, from, *theme);
        if (from.field) {
            addField(to, *from.field);
        }
        plot->setCurrentLayer(QStringLiteral("main"));
        for (const ChartBand& band : from.bands) {
            addBand(to, band);
        }
        for (const ChartBars& bars : from.bars) {
            addBars(to, bars);
        }
        for (const ChartLine& line : from.lines) {
            QCPGraph* graph = plot->addGraph(to.x(), to.y());
            graph->setAdaptiveSampling(true);
            QPen pen(line.color, smooth ? line.width * theme->lineScale : 1.0, line.style);
            pen.setJoinStyle(Qt::BevelJoin);
            graph->setPen(pen);
            if (line.style == Qt::NoPen) {
                graph->setLineStyle(QCPGraph::lsNone);
            }
            if (line.marker) {
                graph->setScatterStyle(scatterOf(line, *theme));
            }
            QVector<QCPGraphData> data;
            const std::size_t count = std::min(line.x.size(), line.y.size());
            data.reserve(static_cast<qsizetype>(count));
            for (std::size_t n = 0; n < count; ++n) {
                data.append(QCPGraphData(line.x[n], line.y[n]));
            }
            graph->data()->set(data, std::ranges::is_sorted(line.x));
        }
        plot->setCurrentLayer(QStringLiteral("overlay"));
        new PanelFront(plot, to.rect, from, *theme);
        plot->setCurrentLayer(QStringLiteral("main"));
        if (from.logX) {
            to.x()->setScaleType(QCPAxis::stLogarithmic);
            to.x()->setTicker(QSharedPointer<QCPAxisTicker>(new LogTicker));
        } else {
            to.x()->setScaleType(QCPAxis::stLinear);
            to.x()->setTicker(QSharedPointer<QCPAxisTicker>(new Ticker));
        }
        if (!from.xTicks.empty()) {
            const QSharedPointer<QCPAxisTickerText> fixed(new QCPAxisTickerText);
            for (const Tick& tick : from.xTicks) {
                fixed->addTick(tick.at, tick.label);
            }
            to.x()->setTicker(fixed);
        }
        to.y()->setTicker(QSharedPointer<QCPAxisTicker>(new Ticker));
        to.x()->setLabel(from.xLabel);
        to.y()->setLabel(from.yLabel);
    }

    void addField(const Panel& to, const ChartField& field) {
        const std::size_t rows = field.rows(), width = field.columns();
        if (rows == 0 || field.map.empty()) {
            return;
        }
        QImage image(static_cast<int>(width), static_cast<int>(rows), QImage::Format_ARGB32);
        const auto ends = static_cast<double>(field.map.size() - 1);
        for (std::size_t r = 0; r < rows; ++r) {
            for (std::size_t c = 0; c < width; ++c) {
                const double v = field.values[r * width + c];
                const double share =
                    std::clamp((v - field.low) / (field.high - field.low), 0.0, 1.0);
                const QColor color =
                    std::isfinite(share)
                        ? field.map[static_cast<std::size_t>(std::lround(share * ends))]
                        : QColor(Qt::transparent);
                image.setPixelColor(static_cast<int>(c), static_cast<int>(rows - 1 - r), color);
            }
        }
        auto* item = new QCPItemPixmap(plot);
        item->setPixmap(QPixmap::fromImage(image));
        item->setScaled(true, Qt::IgnoreAspectRatio, Qt::FastTransformation);
        item->setClipToAxisRect(true);
        item->setClipAxisRect(to.rect);
        for (QCPItemPosition* corner : {item->topLeft, item->bottomRight}) {
            corner->setType(QCPItemPosition::ptPlotCoords);
            corner->setAxes(to.x(), to.y());
            corner->setAxisRect(to.rect);
        }
        item->topLeft->setCoords(field.edges.front(), static_cast<double>(rows) + 0.5);
        item->bottomRight->setCoords(field.edges.back(), 0.5);
    }

    /// What a field holds under the mouse; empty elsewhere.
    QString fieldTextAt(QPointF at) const {
        for (std::size_t i = 0; i < panels.size(); ++i) {
            const auto& field = chart.panels[i].field;
            if (!field || field->rows() == 0 || !panels[i].rect->rect().contains(at.toPoint())) {
                continue;
            }
            const double x = panels[i].x()->pixelToCoord(at.x());
            const auto row = std::lround(panels[i].y()->pixelToCoord(at.y())) - 1;
            const auto above = std::ranges::upper_bound(field->edges, x);
            if (above == field->edges.begin() || above == field->edges.end() || row < 0 ||
                row >= static_cast<long>(field->rows())) {
                return {};
            }
            const auto column = static_cast<std::size_t>(above - field->edges.begin() - 1);
            const double value =
                field->values[static_cast<std::size_t>(row) * field->columns() + column];
            return QStringLiteral("%1 %2\n%3  %4\n%5  %6")
                .arg(field->row)
                .arg(row + 1)
                .arg(chart.panels[i].xLabel, formatShort(field->edges[column], 5), field->label,
                     formatShort(value, 5));
        }
        return {};
    }

    void addBand(const Panel& to, const ChartBand& band) {
        QCPGraph* ends[2] = {plot->addGraph(to.x(), to.y()), plot->addGraph(to.x(), to.y())};
        for (int e = 0; e < 2; ++e) {
            const std::vector<double>& ys = e == 0 ? band.low : band.high;
            QVector<QCPGraphData> data;
            for (std::size_t n = 0; n < std::min(band.x.size(), ys.size()); ++n) {
                data.append(QCPGraphData(band.x[n], ys[n]));
            }
            ends[e]->data()->set(data, true);
            ends[e]->setPen(Qt::NoPen);
        }
        ends[1]->setBrush(band.color);
        ends[1]->setChannelFillGraph(ends[0]);
    }

    void addBars(const Panel& to, const ChartBars& bars) {
        QCPGraph* graph = plot->addGraph(to.x(), to.y());
        graph->setLineStyle(QCPGraph::lsStepLeft);
        graph->setPen(QPen(bars.color, 1.1 * theme->lineScale));
        QColor inside = bars.color;
        inside.setAlphaF(0.33F * bars.color.alphaF());
        graph->setBrush(inside);
        QVector<QCPGraphData> data;
        for (std::size_t n = 0; n < bars.heights.size() && n + 1 < bars.edges.size(); ++n) {
            data.append(QCPGraphData(bars.edges[n], bars.heights[n]));
        }
        if (!data.isEmpty()) {
            data.append(QCPGraphData(bars.edges[bars.heights.size()], bars.heights.back()));
        }
        graph->data()->set(data, true);
    }

    void ranges() {
        for (std::size_t i = 0; i < panels.size(); ++i) {
            const ChartPanel& from = chart.panels[i];
            if (panels[i].follows) {
                const Range x = xRangeOf(from);
                panels[i].x()->setRange(x.first, x.second);
            }
            const QCPRange shown = panels[i].x()->range();
            const Range y = yRangeOf(from, {shown.lower, shown.upper});
            panels[i].y()->setRange(y.first, y.second);
        }
    }

    void applyTheme() {
        plot->setBackground(QBrush(theme->panel));
        const double thin = std::max(1.0, 0.8 * theme->lineScale);
        for (std::size_t i = 0; i < panels.size(); ++i) {
            const Panel& panel = panels[i];
            const bool plotted = i < chart.panels.size() && !isBlank(chart.panels[i]);
            for (QCPAxis* axis : panel.rect->axes()) {
                axis->setVisible(plotted && (axis == panel.x() || axis == panel.y()));
                axis->setBasePen(QPen(theme->border, thin));
                axis->setTickPen(QPen(theme->border, thin));
                axis->setSubTickPen(Qt::NoPen);
                axis->setTickLength(0, theme->px(3));
                axis->setTickLabelFont(theme->font(11));
                axis->setLabelFont(theme->font(11));
                axis->setTickLabelColor(theme->secondary);
                axis->setLabelColor(theme->secondary);
                axis->setLabelPadding(2);
                axis->setSelectableParts(QCPAxis::spNone);
                axis->grid()->setPen(QPen(theme->grid, std::max(0.7, 0.7 * theme->lineScale)));
                axis->grid()->setZeroLinePen(Qt::NoPen);
                axis->grid()->setVisible(plotted && !chart.panels[i].field);
            }
        }
        tickCounts();
    }

    void tickCounts() {
        const int rows = static_cast<int>((panels.size() + static_cast<std::size_t>(columns) - 1) /
                                          static_cast<std::size_t>(std::max(1, columns)));
        for (const Panel& panel : panels) {
            panel.x()->ticker()->setTickCount(
                std::clamp(plot->width() / std::max(1, columns) / theme->px(90), 2, 9));
            panel.y()->ticker()->setTickCount(
                std::clamp(plot->height() / std::max(1, rows) / theme->px(36), 2, 6));
        }
    }

    void replot() { plot->replot(QCustomPlot::rpQueuedReplot); }

    struct Hit {
        std::size_t panel = 0, line = 0, point = 0;
        double distance = INFINITY;
    };
    std::optional<Hit> nearest(QPointF at) const {
        Hit best;
        for (std::size_t i = 0; i < panels.size(); ++i) {
            if (!panels[i].rect->rect().contains(at.toPoint())) {
                continue;
            }
            for (std::size_t l = 0; l < chart.panels[i].lines.size(); ++l) {
                const ChartLine& line = chart.panels[i].lines[l];
                for (std::size_t n = 0; n < std::min(line.x.size(), line.y.size()); ++n) {
                    const double dx = panels[i].x()->coordToPixel(line.x[n]) - at.x();
                    if (std::abs(dx) > kReach || !std::isfinite(line.y[n])) {
                        continue;
                    }
                    const double dy = panels[i].y()->coordToPixel(line.y[n]) - at.y();
                    const double d = std::hypot(dx, dy);
                    if (d < best.distance) {
                        best = {i, l, n, d};
                    }
                }
            }
        }
        return best.distance <= kReach ? std::optional(best) : std::nullopt;
    }

    QString textOf(const Hit& hit) const {
        const ChartPanel& panel = chart.panels[hit.panel];
        const ChartLine& line = panel.lines[hit.line];
        QString out = line.names.value(qsizetype(hit.point), line.label);
        out += out.isEmpty() ? QString() : QStringLiteral("\n");
        out += panel.xLabel.section(QStringLiteral(" ("), 0, 0) + QStringLiteral("  ") +
               formatShort(line.x[hit.point], 5);
        return out + QLatin1Char('\n') +
               (panel.yLabel.isEmpty() ? QObject::tr("value")
                                       : panel.yLabel.section(QStringLiteral(" ("), 0, 0)) +
               QStringLiteral("  ") + formatShort(line.y[hit.point], 5);
    }

    void showHover(QPointF at) {
        if (!hover) {
            return;
        }
        const auto hit = nearest(at);
        const QString under = hit ? QString() : fieldTextAt(at);
        if (!hit && under.isEmpty() && !hover->shown()) {
            return;
        }
        if (!under.isEmpty()) {
            hover->show(at, under, theme->text);
        } else if (hit) {
            const ChartLine& line = chart.panels[hit->panel].lines[hit->line];
            const Panel& panel = panels[hit->panel];
            hover->show({panel.x()->coordToPixel(line.x[hit->point]),
                         panel.y()->coordToPixel(line.y[hit->point])},
                        textOf(*hit), line.color);
        } else {
            hover->hide();
        }
        plot->layer(QStringLiteral("cursor"))->replot();
    }

    const Panel* panelAt(QPointF at) const {
        const auto found = std::ranges::find_if(
            panels, [&](const Panel& p) { return p.rect->rect().contains(at.toPoint()); });
        return found == panels.end() ? nullptr : &*found;
    }
};

ChartPlot::ChartPlot(QWidget* parent) : QWidget(parent), m(std::make_unique<Impl>()) {
    m->plot = new QCustomPlot(this);
    m->plot->setInteractions(QCP::iRangeDrag | QCP::iRangeZoom);
    m->plot->setNoAntialiasingOnDrag(true);
    m->plot->addLayer(QStringLiteral("cursor"), m->plot->layer(QStringLiteral("overlay")));
    m->plot->layer(QStringLiteral("cursor"))->setMode(QCPLayer::lmBuffered);
    m->plot->plotLayout()->clear();
    m->plot->setMouseTracking(true);
    m->plot->installEventFilter(this);
    auto* box = new QVBoxLayout(this);
    box->setContentsMargins(0, 0, 0, 0);
    box->addWidget(m->plot);
    setMinimumSize(120, 90);
    setAccessibleName(tr("Chart"));
    const auto moved = [this](QPointF at) {
        for (Impl::Panel& panel : m->panels) {
            if (&panel == m->panelAt(at)) {
                panel.follows = false;
            }
        }
        m->ranges();
    };
    connect(m->plot, &QCustomPlot::mouseMove, this, [this, moved](QMouseEvent* event) {
        if (event->buttons() == Qt::NoButton) {
            m->showHover(event->position());
        } else {
            moved(event->position());
        }
    });
    connect(m->plot, &QCustomPlot::mouseWheel, this,
            [moved](QWheelEvent* event) { moved(event->position()); });
    connect(m->plot, &QCustomPlot::mouseDoubleClick, this, &ChartPlot::fit);
    connect(m->plot, &QCustomPlot::mouseRelease, this, [this](QMouseEvent* event) {
        const auto hit = m->nearest(event->position());
        if (hit && event->button() == Qt::LeftButton) {
            const ChartLine line = m->chart.panels[hit->panel].lines[hit->line];
            Q_EMIT clicked(line.group, line.names.value(qsizetype(hit->point)));
        }
    });
}

ChartPlot::~ChartPlot() {
    m->plot->removeEventFilter(this);
}

bool ChartPlot::eventFilter(QObject* object, QEvent* event) {
    if (event->type() == QEvent::Leave) {
        m->showHover({-1, -1});
    } else if (event->type() == QEvent::Resize && m->theme) {
        m->tickCounts();
    }
    return QWidget::eventFilter(object, event);
}

void ChartPlot::setChart(Chart chart) {
    m->chart = std::move(chart);
    m->arrange();
    m->fill();
    m->replot();
}

const Chart& ChartPlot::chart() const {
    return m->chart;
}

void ChartPlot::setTheme(const Theme& theme) {
    m->theme = &theme;
    m->fill();
    m->replot();
}

void ChartPlot::fit() {
    for (Impl::Panel& panel : m->panels) {
        panel.follows = true;
    }
    m->ranges();
    m->replot();
}

void ChartPlot::paintTo(QPainter& painter, QSizeF size) {
    paintPlot(painter, *m->plot, size);
    m->replot();
}

Range ChartPlot::shownX(std::size_t index) const {
    const QCPRange range = m->panels.at(index).x()->range();
    return {range.lower, range.upper};
}

Range ChartPlot::shownY(std::size_t index) const {
    const QCPRange range = m->panels.at(index).y()->range();
    return {range.lower, range.upper};
}

QPointF ChartPlot::pixelOf(std::size_t index, double x, double y) const {
    const Impl::Panel& panel = m->panels.at(index);
    return {panel.x()->coordToPixel(x), panel.y()->coordToPixel(y)};
}

QString ChartPlot::readoutAt(QPointF pixel) const {
    const auto hit = m->nearest(pixel);
    return hit ? m->textOf(*hit) : m->fieldTextAt(pixel);
}

}  // namespace lx::ui
