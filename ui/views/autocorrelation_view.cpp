// SPDX-License-Identifier: GPL-3.0-or-later
// How long chains remember, and what that costs.
#include "ui/shell/numbers.h"
#include "ui/views/chart_view.h"

#include <cmath>

namespace lx::ui {
namespace {

std::vector<double> upTo(Index count) {
    std::vector<double> out;
    for (Index i = 0; i < count; ++i) {
        out.push_back(static_cast<double>(i));
    }
    return out;
}

class AutocorrelationView : public ChartView {
public:
    AutocorrelationView(SessionBridge& bridge, QWidget* parent) : ChartView(bridge, parent, true) {
        setEmptyText(tr("Press play: autocorrelations need some draws after warm-up."));
    }
    QString title() const override { return tr("Autocorrelation"); }
    QStringList channels() const override { return {QStringLiteral("autocorrelation")}; }
    QString explanation() const override {
        return tr(
            "How similar a draw is to the one so many draws before it: thin lines for each chain "
            "about its own mean, the thick line for all of them about the common mean.\n\n"
            "The faster the lines fall to 0, the more each draw is worth. The dashed line marks "
            "the integrated time τ: so many draws tell as much as one independent draw.\n\n"
            "Worry when the thick line stays far above the thin ones (the chains are in different "
            "places), or when nothing has fallen to 0 at the right edge: then the chains are too "
            "short. Values below 0 are good: successive draws lie on opposite sides.");
    }

protected:
    std::optional<Chart> build(const Frame& frame, QStringList& variables) override {
        const Array* values = floats(frame, "autocorrelation", 3);
        if (!values) {
            return {};
        }
        variables = namesOf(frame, "autocorrelation", values->dim(0));
        const Index v = chosenVariable(chains(), variables), count = values->dim(1),
                    lags = values->dim(2);
        const int chosen = chains().chain() < count ? chains().chain() : -1;
        const std::vector<Index> numbers = chainNumbers(frame, "trace", count);
        Chart chart;
        chart.legend = chainLegend(theme(), numbers, chosen);
        chart.legend.insert(chart.legend.begin(), {tr("all chains"), theme().text});
        chart.panels.resize(1);
        ChartPanel& panel = chart.panels[0];
        panel.xLabel = tr("lag (draws)");
        panel.yLabel = tr("autocorrelation");
        panel.rules.push_back({false, 0, {}, theme().border, Qt::SolidLine});
        for (Index c = 0; c < count; ++c) {
            ChartLine line{chainName(numbers[static_cast<std::size_t>(c)]),
                           chainInk(theme(), c, count, chosen), upTo(lags),
                           rowOf(*values, v * count + c), 1.0};
            line.group = static_cast<int>(c);
            panel.lines.push_back(std::move(line));
        }
        const Array* all = floats(frame, "autocorrelation.combined", 2);
        if (all && all->dim(0) == values->dim(0) && all->dim(1) == lags) {
            panel.lines.push_back(
                {tr("all chains"), theme().text, upTo(lags), rowOf(*all, v), 2.2});
        }
        const Array* tau = floats(frame, "autocorrelation.tau", 1);
        const double time =
            tau && v < tau->dim(0)
                ? static_cast<double>(tau->values<float>()[static_cast<std::size_t>(v)])
                : NAN;
        if (std::isfinite(time)) {
            panel.rules.push_back({true, time, QStringLiteral("τ")});
            panel.note = tr("%1   τ = %2 draws").arg(variables[v], formatShort(time, 3));
        } else {
            panel.note =
                tr("%1   constant, or not all finite: no autocorrelation").arg(variables[v]);
        }
        return chart;
    }
};

}  // namespace

View* makeAutocorrelationView(SessionBridge& bridge, QWidget* parent) {
    return new AutocorrelationView(bridge, parent);
}

}  // namespace lx::ui
