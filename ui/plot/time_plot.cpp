// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plot/time_plot.h"

#include "ui/plot/decimate.h"
#include "ui/plot/plot_picture.h"
#include "ui/plot/tickers.h"
#include "ui/shell/numbers.h"

#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace lx::ui {
namespace {

constexpr int kReplotMs = 50;
/// Pixels that share the four points which decimation keeps: antialiased lines stay affordable.
constexpr int kColumnPixels = 3;

/// `share` of a colour over another one.
QColor mixed(const QColor& color, const QColor& ground, float share) {
    const auto at = [&](float a, float b) { return share * a + (1 - share) * b; };
    return QColor::fromRgbF(at(color.redF(), ground.redF()), at(color.greenF(), ground.greenF()),
                            at(color.blueF(), ground.blueF()));
}

QString readout(double value) {
    return formatShort(value, 5);
}

}  // namespace

struct TimePlot::Impl {
    QCustomPlot* plot = nullptr;
    SeriesTable none;
    const SeriesTable* table = &none;
    std::vector<TimeSeries> series;
    std::vector<QCPGraph*> raw, smoothed;
    std::vector<Event> events;
    std::vector<QCPAbstractItem*> eventItems;
    QCPLayoutInset* legendRow = nullptr;
    QCPItemLine* tracer = nullptr;
    QCPItemText* text = nullptr;
    std::vector<QCPItemTracer*> dots;
    const Theme* theme = nullptr;
    QColor rightColor;
    QString rightLabel;
    double memory = 0;
    bool logLeft = false, logRight = false, follows = true;
    int replots = 0;
    QTimer timer;
    QElapsedTimer since;

    void build(TimePlot& owner) {
        plot = new QCustomPlot(&owner);
        plot->setNoAntialiasingOnDrag(true);
        // A noisy curve as one stroke costs Qt's rasteriser the square of its points.
        plot->setPlottingHint(QCP::phFastPolylines);
        plot->setInteractions(QCP::iRangeDrag | QCP::iRangeZoom);
        rect()->setRangeDrag(Qt::Horizontal);
        rect()->setRangeZoom(Qt::Horizontal);
        rect()->setMinimumMargins(QMargins(8, 4, 8, 4));
        // The legend is a row of its own above the plot.
        plot->axisRect()->insetLayout()->take(plot->legend);
        plot->plotLayout()->insertRow(0);
        legendRow = new QCPLayoutInset;
        plot->plotLayout()->addElement(0, 0, legendRow);
        legendRow->addElement(plot->legend, Qt::AlignRight | Qt::AlignTop);
        plot->plotLayout()->setRowStretchFactor(0, 0.001);
        plot->plotLayout()->setRowSpacing(0);
        plot->legend->setFillOrder(QCPLayoutGrid::foColumnsFirst);
        plot->legend->setBorderPen(Qt::NoPen);
        plot->legend->setBrush(Qt::NoBrush);
        plot->legend->setMargins(QMargins(0, 2, 12, 0));
        plot->legend->setColumnSpacing(18);
        plot->legend->setIconSize(22, 10);
        plot->legend->setVisible(true);
        plot->setAutoAddPlottableToLegend(false);
        plot->addLayer(QStringLiteral("cursor"), plot->layer(QStringLiteral("overlay")));
        plot->layer(QStringLiteral("cursor"))->setMode(QCPLayer::lmBuffered);
        plot->setCurrentLayer(QStringLiteral("cursor"));
        tracer = new QCPItemLine(plot);
        tracer->start->setTypeX(QCPItemPosition::ptPlotCoords);
        tracer->start->setTypeY(QCPItemPosition::ptAxisRectRatio);
        tracer->end->setTypeX(QCPItemPosition::ptPlotCoords);
        tracer->end->setTypeY(QCPItemPosition::ptAxisRectRatio);
        text = new QCPItemText(plot);
        text->position->setType(QCPItemPosition::ptAbsolute);
        text->setTextAlignment(Qt::AlignLeft);
        text->setPadding(QMargins(6, 4, 6, 4));
        tracer->setVisible(false);
        text->setVisible(false);
        plot->setCurrentLayer(QStringLiteral("main"));
        auto* box = new QVBoxLayout(&owner);
        box->setContentsMargins(0, 0, 0, 0);
        box->addWidget(plot);
    }

    QCPAxisRect* rect() const { return plot->axisRect(0); }
    QCPAxis* x() const { return rect()->axis(QCPAxis::atBottom); }
    QCPAxis* left() const { return rect()->axis(QCPAxis::atLeft); }
    QCPAxis* right() const { return rect()->axis(QCPAxis::atRight); }
    QCPAxis* axisOf(const TimeSeries& s) const { return s.right ? right() : left(); }

    void makeGraphs() {
        for (auto* list : {&raw, &smoothed}) {
            for (QCPGraph* graph : *list) {
                plot->removeGraph(graph);
            }
            list->clear();
        }
        for (QCPItemTracer* dot : dots) {
            plot->removeItem(dot);
        }
        dots.clear();
        for (const TimeSeries& s : series) {
            for (auto* list : {&raw, &smoothed}) {
                QCPGraph* graph = plot->addGraph(x(), axisOf(s));
                graph->setAdaptiveSampling(false);
                graph->setName(s.label);
                if (list == &raw && s.legend) {
                    graph->addToLegend();
                }
                list->push_back(graph);
            }
            plot->setCurrentLayer(QStringLiteral("cursor"));
            auto* dot = new QCPItemTracer(plot);
            dot->setStyle(QCPItemTracer::tsCircle);
            dot->setSize(6);
            dot->setVisible(false);
            dot->position->setAxes(x(), axisOf(s));
            dots.push_back(dot);
            plot->setCurrentLayer(QStringLiteral("main"));
        }
        plot->legend->setVisible(std::ranges::any_of(series, &TimeSeries::legend));
        right()->setVisible(std::ranges::any_of(series, &TimeSeries::right));
        applyPens();
    }

    void applyPens() {
        if (!theme) {
            return;
        }
        const double width = 1.1 * theme->lineScale;
        for (std::size_t i = 0; i < series.size(); ++i) {
            // Mixed rather than translucent: the joints of lines drawn one by one would show.
            const QColor faint = mixed(series[i].color, theme->panel, 0.3F);
            raw[i]->setPen(QPen(memory > 0 ? faint : series[i].color, width, series[i].style));
            smoothed[i]->setPen(QPen(series[i].color, 1.4 * width, series[i].style));
            dots[i]->setPen(QPen(theme->panel, 1));
            dots[i]->setBrush(series[i].color);
        }
    }

    void makeEvents() {
        for (QCPAbstractItem* item : eventItems) {
            plot->removeItem(item);
        }
        eventItems.clear();
        if (!theme) {
            return;
        }
        for (const Event& event : events) {
            auto* line = new QCPItemLine(plot);
            line->setPen(QPen(theme->secondary, theme->lineScale, Qt::DotLine));
            auto* word = new QCPItemText(plot);
            word->setText(event.text);
            word->setFont(theme->font(10.5));
            word->setColor(theme->secondary);
            word->setPositionAlignment(Qt::AlignLeft | Qt::AlignTop);
            word->setPadding(QMargins(3, 2, 3, 0));
            for (QCPItemPosition* p : {line->start, line->end, word->position}) {
                p->setTypeX(QCPItemPosition::ptPlotCoords);
                p->setTypeY(QCPItemPosition::ptAxisRectRatio);
                p->setAxes(x(), left());
                p->setAxisRect(rect());
            }
            line->start->setCoords(event.at, 0);
            line->end->setCoords(event.at, 1);
            // Neighbours stand on different lines.
            word->position->setCoords(event.at, 0.02 + 0.12 * double(eventItems.size() / 2 % 3));
            for (QCPAbstractItem* item :
                 {static_cast<QCPAbstractItem*>(line), static_cast<QCPAbstractItem*>(word)}) {
                item->setClipToAxisRect(true);
                item->setClipAxisRect(rect());
                eventItems.push_back(item);
            }
        }
    }

    /// Once the layout is known. A word that would leave the plot on the right stands on the left
    /// of its line, if there is more room; what finds no room ends in three dots.
    void placeEventWords() {
        for (std::size_t i = 0; i < events.size() && 2 * i + 1 < eventItems.size(); ++i) {
            auto* word = static_cast<QCPItemText*>(eventItems[2 * i + 1]);
            const QFontMetricsF metrics(word->font());
            constexpr double kPadding = 8;  // with what the item adds to its text
            const double at = x()->coordToPixel(events[i].at);
            const double left = at - rect()->left(), right = rect()->right() - at;
            const double width = metrics.horizontalAdvance(events[i].text) + kPadding;
            const bool leaves = width > right && left > right;
            word->setVisible(left >= -1 && right >= -1);
            word->setText(metrics.elidedText(events[i].text, Qt::ElideRight,
                                             (leaves ? left : right) - kPadding));
            word->setPositionAlignment((leaves ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignTop);
        }
    }

    void followRange() {
        if (!follows) {
            return;
        }
        double low = INFINITY, high = -INFINITY;
        for (const TimeSeries& s : series) {
            if (const SeriesData* data = table->find(s.key)) {
                low = std::min(low, data->step.front());
                high = std::max(high, data->step.back());
            }
        }
        if (low <= high) {
            x()->setRange(low <= 50 ? 0 : low, std::max(high, low + 10));
        } else {
            x()->setRange(0, 100);
        }
    }

    /// Range of the values drawn on an axis, with a margin; the first steps of a run, often far
    /// out, do not squeeze the rest: the 0.5 % most extreme points may leave a linear axis.
    void fitValues(QCPAxis* axis, bool logarithmic) {
        std::vector<double> values;
        for (std::size_t i = 0; i < series.size(); ++i) {
            if (axisOf(series[i]) == axis) {
                for (const QCPGraphData& point : *raw[i]->data()) {
                    if (std::isfinite(point.value) && (!logarithmic || point.value > 0)) {
                        values.push_back(point.value);
                    }
                }
            }
        }
        if (values.empty()) {
            axis->setRange(logarithmic ? 0.1 : 0.0, 1);
            return;
        }
        const auto cut = static_cast<std::ptrdiff_t>(values.size() / 200);
        std::nth_element(values.begin(), values.end() - 1 - cut, values.end());
        double high = *(values.end() - 1 - cut);
        std::nth_element(values.begin(), values.begin() + cut, values.end());
        double low = values[static_cast<std::size_t>(cut)];
        if (logarithmic) {
            axis->setRange(low / 1.15, std::max(high * 1.15, low * 1.5));
            return;
        }
        const double least = 1e-3 * std::max(std::abs(low), std::abs(high)) + 1e-12;
        const double margin = std::max(0.06 * (high - low), least);
        const bool fromZero = low >= 0 && low < 0.25 * high;
        axis->setRange(fromZero ? 0 : low - margin, high + margin);
    }

    void fillGraphs() {
        const QCPRange range = x()->range();
        // The axis rectangle has its size only after the first layout.
        const auto columns = static_cast<std::size_t>(std::max(16, plot->width() / kColumnPixels));
        for (std::size_t i = 0; i < series.size(); ++i) {
            const SeriesData* data = table->find(series[i].key);
            const double sign = series[i].negated ? -1 : 1;
            fill(raw[i], data, range, columns, false, sign);
            fill(smoothed[i], memory > 0 ? data : nullptr, range, columns, true, sign);
        }
    }

    void fill(QCPGraph* graph, const SeriesData* data, QCPRange range, std::size_t columns,
              bool smooth, double sign) const {
        QVector<QCPGraphData> out;
        if (data) {
            std::vector<double> averaged;
            if (smooth) {
                averaged = lx::ui::smooth(data->value, memory);
            }
            for (const PlotPoint& p : decimate(data->step, smooth ? averaged : data->value,
                                               range.lower, range.upper, columns)) {
                out.append(QCPGraphData(p.x, sign * p.y));
            }
        }
        graph->data()->set(out, true);
    }

    void replot() {
        followRange();
        fillGraphs();
        fitValues(left(), logLeft);
        fitValues(right(), logRight);
        plot->replot(QCustomPlot::rpImmediateRefresh);
        ++replots;
        since.restart();
    }

    void showAt(QPointF at) {
        const bool inside = rect()->rect().contains(at.toPoint());
        const double step = x()->pixelToCoord(at.x());
        QStringList lines;
        for (std::size_t i = 0; i < series.size(); ++i) {
            const SeriesData* data = inside ? table->find(series[i].key) : nullptr;
            dots[i]->setVisible(data != nullptr);
            if (!data) {
                continue;
            }
            const std::size_t n = nearest(*data, step);
            dots[i]->position->setCoords(data->step[n],
                                         (series[i].negated ? -1 : 1) * data->value[n]);
        }
        if (inside) {
            lines = valuesAt(step);
        }
        tracer->setVisible(!lines.isEmpty());
        text->setVisible(!lines.isEmpty());
        if (!lines.isEmpty()) {
            tracer->start->setCoords(step, 0);
            tracer->end->setCoords(step, 1);
            text->setText(lines.join(QLatin1Char('\n')));
            const bool rightHalf = at.x() > rect()->center().x();
            text->setPositionAlignment((rightHalf ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignTop);
            text->position->setCoords(at.x() + (rightHalf ? -10 : 10), rect()->top() + 4);
        }
        plot->layer(QStringLiteral("cursor"))->replot();
    }

    static std::size_t nearest(const SeriesData& data, double step) {
        const auto it = std::ranges::lower_bound(data.step, step);
        auto n = static_cast<std::size_t>(it - data.step.begin());
        if (n == data.step.size() || (n > 0 && step - data.step[n - 1] < data.step[n] - step)) {
            --n;
        }
        return n;
    }

    QStringList valuesAt(double step) const {
        QStringList out;
        for (const TimeSeries& s : series) {
            if (const SeriesData* data = table->find(s.key)) {
                const std::size_t n = nearest(*data, step);
                if (out.isEmpty()) {
                    out << QStringLiteral("step ") + tickLabel(data->step[n], 0);
                }
                out << s.label + QStringLiteral("  ") +
                           readout((s.negated ? -1 : 1) * data->value[n]) +
                           (s.unit.isEmpty() ? QString() : QStringLiteral(" ") + s.unit);
            }
        }
        return out;
    }

    void applyScale(QCPAxis* axis, bool logarithmic) {
        axis->setScaleType(logarithmic ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
        if (logarithmic) {
            axis->setTicker(QSharedPointer<QCPAxisTicker>(new LogTicker));
        } else {
            axis->setTicker(QSharedPointer<QCPAxisTicker>(new Ticker));
        }
        axis->ticker()->setTickCount(axis == x() ? 7 : 4);
    }

    void applyTheme() {
        plot->setBackground(QBrush(theme->panel));
        const double thin = std::max(1.0, 0.8 * theme->lineScale);
        for (QCPAxis* axis : rect()->axes()) {
            const bool onRight = axis == right();
            const QColor ink = onRight ? rightColor : theme->secondary;
            axis->setBasePen(QPen(onRight ? QColor(Qt::transparent) : theme->border, thin));
            axis->setTickPen(QPen(onRight ? ink : theme->border, thin));
            axis->setSubTickPen(Qt::NoPen);
            axis->setTickLength(0, theme->px(3));
            axis->setTickLabelFont(theme->font(11));
            axis->setLabelFont(theme->font(11));
            axis->setTickLabelColor(ink);
            axis->setLabelColor(ink);
            axis->setLabelPadding(3);
            axis->grid()->setPen(QPen(theme->grid, std::max(0.7, 0.7 * theme->lineScale)));
            axis->grid()->setZeroLinePen(Qt::NoPen);
            axis->grid()->setVisible(axis == x() || axis == left());
        }
        plot->legend->setFont(theme->font(11));
        plot->legend->setTextColor(theme->text);
        const int row = QFontMetrics(theme->font(11)).height() + 4;
        legendRow->setMinimumSize(10, row);
        legendRow->setMaximumSize(QWIDGETSIZE_MAX, row);
        tracer->setPen(QPen(theme->secondary, theme->lineScale));
        text->setFont(theme->font(11));
        text->setColor(theme->text);
        text->setBrush(theme->panel);
        text->setPen(QPen(theme->border, 1));
    }
};

TimePlot::TimePlot(QWidget* parent) : QWidget(parent), m(std::make_unique<Impl>()) {
    m->build(*this);
    m->applyScale(m->x(), false);
    m->applyScale(m->left(), false);
    m->applyScale(m->right(), false);
    m->timer.setSingleShot(true);
    connect(&m->timer, &QTimer::timeout, this, &TimePlot::replotNow);
    connect(m->plot, &QCustomPlot::afterLayout, this, [this] { m->placeEventWords(); });
    connect(m->plot, &QCustomPlot::mouseMove, this, [this](QMouseEvent* event) {
        if (event->buttons() == Qt::NoButton) {
            m->showAt(event->position());
        } else {
            m->follows = false;
            dataChanged();
        }
    });
    connect(m->plot, &QCustomPlot::mouseWheel, this, [this] {
        m->follows = false;
        dataChanged();
    });
    connect(m->plot, &QCustomPlot::mouseDoubleClick, this, &TimePlot::fit);
    m->plot->setMouseTracking(true);
    m->plot->installEventFilter(this);
    setMinimumSize(120, 90);
    setAccessibleName(tr("Plot over steps"));
    m->plot->setAccessibleName(accessibleName());
    m->since.start();
}

TimePlot::~TimePlot() {
    m->plot->removeEventFilter(this);
}

bool TimePlot::eventFilter(QObject* object, QEvent* event) {
    if (event->type() == QEvent::Leave) {
        m->showAt({-1, -1});
    } else if (event->type() == QEvent::Resize) {
        dataChanged();
    }
    return QWidget::eventFilter(object, event);
}

void TimePlot::showTable(const SeriesTable& table) {
    m->table = &table;
    dataChanged();
}

const SeriesTable& TimePlot::table() const {
    return *m->table;
}

void TimePlot::dataChanged() {
    if (!m->timer.isActive()) {
        const auto passed = m->since.elapsed();
        m->timer.start(static_cast<int>(std::clamp<qint64>(kReplotMs - passed, 0, kReplotMs)));
    }
}

void TimePlot::replotNow() {
    m->timer.stop();
    m->replot();
}

void TimePlot::setSeries(std::vector<TimeSeries> series) {
    m->series = std::move(series);
    m->makeGraphs();
    dataChanged();
}

const std::vector<TimeSeries>& TimePlot::series() const {
    return m->series;
}

void TimePlot::setAxes(const QString& x, const QString& left, const QString& right) {
    m->x()->setLabel(x);
    m->left()->setLabel(left);
    m->right()->setLabel(right);
    dataChanged();
}

void TimePlot::setRightColor(const QColor& color) {
    m->rightColor = color;
    if (m->theme) {
        m->applyTheme();
    }
}

std::vector<QRectF> TimePlot::eventWords() const {
    std::vector<QRectF> out;
    for (std::size_t i = 1; i < m->eventItems.size(); i += 2) {
        const auto* word = static_cast<const QCPItemText*>(m->eventItems[i]);
        if (word->visible()) {
            out.emplace_back(word->topLeft->pixelPosition(), word->bottomRight->pixelPosition());
        }
    }
    return out;
}

QRect TimePlot::inside() const {
    return m->rect()->rect();
}

void TimePlot::setEvents(std::vector<Event> events) {
    m->events = std::move(events);
    m->makeEvents();
    dataChanged();
}

void TimePlot::setLogarithmic(bool left, bool right) {
    m->logLeft = left;
    m->logRight = right;
    m->applyScale(m->left(), left);
    m->applyScale(m->right(), right);
    dataChanged();
}

bool TimePlot::leftLogarithmic() const {
    return m->logLeft;
}

void TimePlot::setSmoothing(double memory) {
    m->memory = std::clamp(memory, 0.0, 0.9999);
    m->applyPens();
    dataChanged();
}

double TimePlot::smoothing() const {
    return m->memory;
}

void TimePlot::setTheme(const Theme& theme) {
    m->theme = &theme;
    m->applyTheme();
    m->applyPens();
    m->makeEvents();
    dataChanged();
}

void TimePlot::fit() {
    m->follows = true;
    dataChanged();
}

void TimePlot::paintTo(QPainter& painter, QSizeF size) {
    paintPlot(painter, *m->plot, size);
    m->replot();
}

int TimePlot::drawnPoints(std::size_t series) const {
    return series < m->raw.size() ? m->raw[series]->dataCount() : 0;
}

int TimePlot::replots() const {
    return m->replots;
}

QStringList TimePlot::valuesAt(double step) const {
    return m->valuesAt(step);
}

}  // namespace lx::ui
