// SPDX-License-Identifier: GPL-3.0-or-later
// Effective sample sizes: their growth, and where in the distribution they are small.
#include "ui/shell/numbers.h"
#include "ui/views/chart_view.h"

#include <algorithm>
#include <cmath>

namespace lx::ui {
namespace {

/// Recommended least bulk and tail ESS for each chain. Ref: vehtari2021, section 4.
constexpr double kEnoughPerChain = 100;

class EssView : public ChartView {
public:
    EssView(SessionBridge& bridge, QWidget* parent) : ChartView(bridge, parent, true) {
        setEmptyText(tr("Press play: effective sample sizes need some draws after warm-up."));
    }
    QString title() const override { return tr("Effective sample size"); }
    QStringList channels() const override {
        return {QStringLiteral("ess_evolution"), QStringLiteral("ess_quantile"),
                QStringLiteral("ess_local"), QStringLiteral("mcse_quantile"),
                QStringLiteral("sampler")};
    }
    QString explanation() const override {
        return tr(
            "The effective sample size says how many independent draws the chains are worth: for "
            "the centre of the distribution (bulk), its tails, each quantile, and each slice "
            "between two neighbouring quantiles. Right: the Monte-Carlo standard error of each "
            "quantile, in units of the variable.\n\n"
            "Healthy curves on the left grow in proportion to the draws. The dashed line is the "
            "least that is recommended, 100 for each chain.\n\n"
            "Worry when a curve bends and stays level: more draws bring nothing new, the chains "
            "are stuck. A dip in the middle picture shows where: at the ends the tails are "
            "visited too rarely, in the middle a gap between modes.");
    }

protected:
    std::optional<Chart> build(const Frame& frame, QStringList& variables) override {
        const Array* course = floats(frame, "ess_evolution", 3);
        const Array* draws = floats(frame, "ess_evolution.draws", 1);
        if (!course || !draws || course->dim(2) != 2 || course->dim(1) != draws->dim(0)) {
            return {};
        }
        variables = namesOf(frame, "ess_evolution", course->dim(0));
        const Index v = chosenVariable(chains(), variables), points = course->dim(1);
        const QColor bulk = chainColor(theme(), 0), tail = chainColor(theme(), 1);
        const QColor slices = chainColor(theme(), 3);
        Chart chart;
        chart.columns = 3;
        chart.panels.resize(3);
        chart.legend = {{tr("bulk"), bulk, render::Marker::Circle},
                        {tr("tail"), tail, render::Marker::Square, Qt::DashLine},
                        {tr("quantiles"), bulk, render::Marker::Circle},
                        {tr("slices"), slices, render::Marker::Diamond}};
        ChartPanel& growth = chart.panels[0];
        growth.xLabel = tr("draws of each chain");
        growth.yLabel = tr("ESS");
        ChartLine curves[2] = {{tr("bulk"), bulk, {}, {}, 1.4},
                               {tr("tail"), tail, {}, {}, 1.4, Qt::DashLine}};
        curves[0].marker = render::Marker::Circle;
        curves[1].marker = render::Marker::Square;
        for (Index p = 0; p < points; ++p) {
            for (Index k = 0; k < 2; ++k) {
                curves[k].x.push_back(draws->values<float>()[static_cast<std::size_t>(p)]);
                curves[k].y.push_back(
                    course->values<float>()[static_cast<std::size_t>((v * points + p) * 2 + k)]);
            }
        }
        const bool any =
            std::ranges::any_of(curves[0].y, [](double y) { return std::isfinite(y); });
        growth.note = any ? tr("%1   ESS %2").arg(variables[v], formatShort(curves[0].y.back(), 3))
                          : tr("%1   constant, or not all finite: no ESS").arg(variables[v]);
        for (ChartLine& curve : curves) {
            growth.lines.push_back(std::move(curve));
        }
        if (const Index count = factOf(frame, QStringLiteral("chains")).toLongLong(); count > 0) {
            growth.rules.push_back(
                {false, kEnoughPerChain * static_cast<double>(count), tr("enough")});
        }
        growth.rules.push_back({false, 0, {}, theme().border, Qt::SolidLine});
        ChartPanel& places = chart.panels[1];
        places.xLabel = tr("quantile");
        places.yLabel = tr("ESS");
        places.x = Range{0, 1};
        addCurve(frame, places, "ess_quantile", v, tr("quantiles"), bulk, render::Marker::Circle);
        addCurve(frame, places, "ess_local", v, tr("slices"), slices, render::Marker::Diamond);
        places.rules.push_back({false, 0, {}, theme().border, Qt::SolidLine});
        ChartPanel& error = chart.panels[2];
        error.xLabel = tr("quantile");
        error.yLabel = tr("MCSE");
        error.x = Range{0, 1};
        addCurve(frame, error, "mcse_quantile", v, tr("MCSE"), bulk, render::Marker::Circle);
        error.rules.push_back({false, 0, {}, theme().border, Qt::SolidLine});
        return chart;
    }

private:
    static void addCurve(const Frame& frame, ChartPanel& panel, const char* id, Index v,
                         const QString& label, const QColor& ink, render::Marker marker) {
        const Array* values = floats(frame, id, 2);
        const Array* at = floats(frame, std::string(id) + ".p", 1);
        if (!values || !at || v >= values->dim(0) || values->dim(1) != at->dim(0)) {
            return;
        }
        ChartLine line{label, ink, rowOf(*at, 0), rowOf(*values, v), 1.2};
        line.marker = marker;
        panel.lines.push_back(std::move(line));
    }
};

}  // namespace

View* makeEssView(SessionBridge& bridge, QWidget* parent) {
    return new EssView(bridge, parent);
}

}  // namespace lx::ui
