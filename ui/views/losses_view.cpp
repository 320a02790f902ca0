// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plot/figure_tables.h"
#include "ui/plot/time_plot.h"
#include "ui/views/figure_view.h"

#include <QActionGroup>
#include <QMenu>

#include <algorithm>
#include <set>

namespace lx::ui {
namespace {

/// The left axis takes the series of the first axis declared, the right one those of another.
class LossesView : public FigureView {
public:
    LossesView(SessionBridge& bridge, QWidget* parent)
        : FigureView(bridge, parent), m_plot(new TimePlot) {
        setContent(m_plot);
        m_plot->showTable(bridge.series());
        setEmptyText(tr("Press play: the losses appear with the first steps."));
        connect(&bridge, &SessionBridge::seriesRewound, this, [this] {
            m_plot->dataChanged();
            updateEvents();
        });
        connect(&bridge, &SessionBridge::eventMarked, this, &LossesView::updateEvents);
        connect(&bridge, &SessionBridge::runsChanged, this, &LossesView::reload);
        connect(&bridge, &SessionBridge::activeChanged, this, &LossesView::reload);
        connect(&bridge, &SessionBridge::descriptionChanged, this, &LossesView::reload);
        reload();
    }
    QString title() const override { return tr("Losses"); }
    QStringList channels() const override { return {}; }
    QString explanation() const override {
        return tr(
            "The terms of the training objective over the steps, each a mean over its "
            "batch; held-out values are measured on data the model never saw. The KL term "
            "has its own axis on the right.\n\n"
            "Wheel zooms along the steps, dragging moves, a double click shows all again; "
            "the values under the mouse are printed.\n\n"
            "Worry when held-out and training curves part (memorising), when the KL falls to "
            "zero (collapse), or when a curve jumps: the step size is too large.");
    }

    void present(std::span<const Frame> frames) override {
        const Frame* frame = frames.empty() ? nullptr : &frames.front();
        if (frame && frame->description != m_description) {
            reload();
        }
        showContent(frame && !bridge().series().empty());
    }
    void append(std::span<const SeriesPoint> points) override {
        if (!points.empty()) {
            m_plot->dataChanged();
            showContent(true);
        }
    }
    void setTheme(const Theme& theme) override {
        FigureView::setTheme(theme);
        m_plot->setTheme(theme);
        chooseSeries();
    }
    void fit() override { m_plot->fit(); }
    bool setMode(int mode) override {
        if (mode != 1 && mode != 2) {
            return false;
        }
        m_plot->setLogarithmic(mode == 2, false);
        return true;
    }
    void paintTo(QPainter& painter, QSizeF size, double) override {
        m_plot->replotNow();
        paintTitled(painter, size, [this](QPainter& p, QSizeF room) { m_plot->paintTo(p, room); });
    }
    std::vector<DataTable> tables() const override { return tablesOf(*m_plot); }
    TimePlot& plot() { return *m_plot; }

protected:
    void fillSettings(QMenu& menu) override {
        QAction* log = menu.addAction(tr("Logarithmic left axis (2)"));
        log->setCheckable(true);
        log->setChecked(m_plot->leftLogarithmic());
        connect(log, &QAction::toggled, this,
                [this](bool on) { m_plot->setLogarithmic(on, false); });
        QMenu* smoothing = menu.addMenu(tr("Smoothing"));
        for (const auto& [text, memory] : {std::pair{tr("off"), 0.0},
                                           {tr("10 points"), 0.9},
                                           {tr("50 points"), 0.98},
                                           {tr("200 points"), 0.995}}) {
            QAction* action = smoothing->addAction(text);
            action->setCheckable(true);
            action->setChecked(m_plot->smoothing() == memory);
            connect(action, &QAction::triggered, this,
                    [this, chosen = memory] { m_plot->setSmoothing(chosen); });
        }
        QMenu* right = menu.addMenu(tr("Right axis"));
        for (const QString& axis : axes()) {
            if (axis != leftAxis()) {
                QAction* action = right->addAction(axisTitle(axis));
                action->setCheckable(true);
                action->setChecked(axis == m_right);
                connect(action, &QAction::triggered, this, [this, axis] {
                    m_right = axis;
                    chooseSeries();
                });
            }
        }
        QAction* none = right->addAction(tr("none"));
        connect(none, &QAction::triggered, this, [this] {
            m_right = QStringLiteral("-");
            chooseSeries();
        });
        menu.addAction(tr("Show all steps"), m_plot, &TimePlot::fit);
    }

private:
    void reload() {
        const Frame* frame = bridge().activeFrame();
        m_description = frame ? frame->description : nullptr;
        chooseSeries();
        updateEvents();
        m_plot->fit();
    }

    QStringList axes() const {
        QStringList out;
        if (m_description) {
            for (const SeriesDecl& s : m_description->series) {
                const QString axis = QString::fromStdString(s.axis);
                if (!out.contains(axis)) {
                    out << axis;
                }
            }
        }
        return out;
    }
    QString leftAxis() const {
        const QStringList all = axes();
        return all.isEmpty() ? QString() : all.front();
    }
    QString rightAxis() const {
        const QStringList all = axes();
        if (all.contains(m_right) || m_right == QLatin1String("-")) {
            return m_right;
        }
        // A term in the unit of the loss says more beside it than a rate or a gradient.
        for (const SeriesDecl& s :
             m_description ? m_description->series : std::vector<SeriesDecl>()) {
            const QString axis = QString::fromStdString(s.axis);
            if (axis != all.front() && s.unit == m_description->series.front().unit) {
                return axis;
            }
        }
        return all.size() > 1 ? all[1] : QString();
    }
    /// One series alone names its axis; several share the unit.
    QString axisTitle(const QString& axis) const {
        QString label, unit;
        int count = 0;
        for (const SeriesDecl& s : m_description->series) {
            if (QString::fromStdString(s.axis) == axis) {
                label = QString::fromStdString(s.label);
                unit = QString::fromStdString(s.unit);
                ++count;
            }
        }
        if (count == 1) {
            return unit.isEmpty() ? label : QStringLiteral("%1 (%2)").arg(label, unit);
        }
        return unit.isEmpty() ? axis : unit;
    }

    void chooseSeries() {
        std::vector<TimeSeries> chosen;
        if (!m_description) {
            m_plot->setSeries({});
            return;
        }
        const QString left = leftAxis(), right = rightAxis();
        const Theme& colors = theme();
        // Blue and the text colour for the left axis, the second category for the right one.
        const QColor leftColors[] = {colors.text, colors.category(0), colors.category(2),
                                     colors.category(5), colors.category(3)};
        const QColor rightColors[] = {colors.category(1), colors.category(6), colors.category(7)};
        int run = 0;
        for (const Frame& frame : bridge().frames()) {
            if (!frame.description) {
                continue;
            }
            std::size_t onLeft = 0, onRight = 0;
            // Runs share a series by its name: each has a description of its own.
            const auto& declared = frame.description->series;
            for (const SeriesDecl& s : m_description->series) {
                const QString axis = QString::fromStdString(s.axis);
                const bool isRight = axis == right;
                const auto same = std::ranges::find(declared, s.id, &SeriesDecl::id);
                if ((axis != left && !isRight) || same == declared.end() || same->unit != s.unit) {
                    continue;
                }
                const auto i = static_cast<std::size_t>(same - declared.begin());
                TimeSeries series;
                series.key = {frame.source, static_cast<std::uint32_t>(i), clockOf()};
                series.label = QString::fromStdString(s.label);
                if (s.id == "heldout_elbo") {
                    // A bound beside losses: with its sign turned both share one axis.
                    series.negated = true;
                    series.label = tr("held-out negative ELBO");
                }
                if (run > 0) {
                    series.label += QStringLiteral(", ") + frame.name;
                }
                series.unit = QString::fromStdString(s.unit);
                series.color = isRight ? rightColors[onRight++ % std::size(rightColors)]
                                       : leftColors[onLeft++ % std::size(leftColors)];
                series.style = run == 0 ? Qt::SolidLine : Qt::DashLine;
                series.right = isRight;
                chosen.push_back(std::move(series));
            }
            ++run;
        }
        const auto rights = std::ranges::count_if(chosen, &TimeSeries::right);
        for (TimeSeries& series : chosen) {
            series.legend = !series.right || rights > 1;
        }
        // Another run has the colours of this one; one entry tells whose the dashed lines are.
        std::set<std::uint32_t> named{bridge().active()};
        for (TimeSeries& series : chosen) {
            series.legend = (series.legend && series.key.source == bridge().active()) ||
                            named.insert(series.key.source).second;
        }
        m_plot->setRightColor(rights == 1 ? rightColors[0] : colors.secondary);
        m_plot->setSeries(std::move(chosen));
        m_plot->setAxes(stepLabel(), left.isEmpty() ? QString() : axisTitle(left),
                        rights > 0 ? axisTitle(right) : QString());
    }

    QString stepLabel() const {
        switch (clockOf()) {
            case Clock::Sample: return tr("sampling step");
            case Clock::Diffuse: return tr("diffusion step");
            case Clock::Train: break;
        }
        return tr("training step");
    }
    Clock clockOf() const {
        return m_description->clocks.empty() ? Clock::Train : m_description->clocks.front();
    }

    void updateEvents() {
        std::vector<TimePlot::Event> events;
        for (const TimelineEvent& event : bridge().events()) {
            if (event.source == bridge().active() && m_description && event.clock == clockOf()) {
                events.push_back({static_cast<double>(event.step), event.text});
            }
        }
        m_plot->setEvents(std::move(events));
    }

    TimePlot* m_plot;
    std::shared_ptr<const Description> m_description;
    QString m_right;
};

}  // namespace

View* makeLossesView(SessionBridge& bridge, QWidget* parent) {
    return new LossesView(bridge, parent);
}

}  // namespace lx::ui
