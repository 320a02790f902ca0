// SPDX-License-Identifier: GPL-3.0-or-later
// All variables at once, and how far apart the chains are: where to look first.
#include "ui/shell/numbers.h"
#include "ui/views/chart_view.h"

#include <algorithm>
#include <cmath>

namespace lx::ui {
namespace {

constexpr int kRhat = 6, kBulk = 7, kTail = 8;  ///< columns of `diagnostics`
constexpr double kRhatLimit = 1.01;
constexpr double kEssPerChain = 100;  ///< Vehtari et al. 2021: rank statistics need as many
constexpr Index kFewVariables = 12;   ///< a tick each
constexpr double kFarApart = 2;       ///< standard deviations: the end of the colour map

/// Dots at 1, 2, ...: so many variables have at most this value of column `column` of
/// `diagnostics`; what does not exist is left out.
ChartLine dots(const QString& label, const QColor& color, const Array& numbers, int column,
               const QStringList& variables) {
    std::vector<std::pair<double, Index>> sorted;
    for (Index row = 0; row < numbers.dim(0); ++row) {
        const auto value = static_cast<double>(
            numbers.values<float>()[static_cast<std::size_t>(row * kEstimates + column)]);
        if (std::isfinite(value)) {
            sorted.emplace_back(value, row);
        }
    }
    std::ranges::sort(sorted);
    ChartLine line{label, color, {}, {}};
    for (const auto& [value, row] : sorted) {
        line.x.push_back(static_cast<double>(line.x.size() + 1));
        line.y.push_back(value);
        line.names << variables.value(row);
    }
    line.style = Qt::NoPen;
    line.marker = render::Marker::Circle;
    line.markerSize = line.y.size() > 200 ? 3 : 5;
    return line;
}

/// The chosen variable's dot of the last line, larger.
void addChosen(ChartPanel& panel, const QString& variable) {
    const ChartLine& all = panel.lines.back();
    const qsizetype at = all.names.indexOf(variable);
    if (at >= 0 && all.names.size() > 1) {
        ChartLine one{all.label, all.color, {all.x[std::size_t(at)]}, {all.y[std::size_t(at)]}};
        one.style = Qt::NoPen;
        one.marker = render::Marker::Diamond;
        one.markerSize = 11;
        one.names << variable;
        panel.lines.push_back(std::move(one));
    }
}

class OverviewView : public ChartView {
public:
    OverviewView(SessionBridge& bridge, QWidget* parent) : ChartView(bridge, parent, true) {
        setEmptyText(tr("Press play: the overview needs some draws after warm-up."));
    }
    QString title() const override { return tr("All variables, and distances of chains"); }
    QStringList channels() const override {
        return {QStringLiteral("diagnostics"), QStringLiteral("trace")};
    }
    QString explanation() const override {
        return tr(
            "Left and middle: split R-hat and effective sample sizes of all variables in order of "
            "size, a dot each. With a hundred dimensions one looks here first; a click on a dot "
            "chooses its variable in all views.\n\n"
            "Right: how far the means of two chains are apart, in standard deviations within "
            "chains, for the chosen variable. Chains that mix give a field of one dark colour.\n\n"
            "Worry about dots above the line of 1.01 or below the line of 100 draws a chain, and "
            "about blocks in the field: groups of chains that are in different places.");
    }

protected:
    std::optional<Chart> build(const Frame& frame, QStringList& variables) override {
        const Array* numbers = floats(frame, "diagnostics", 2);
        const Array* trace = floats(frame, "trace", 4);
        if (!numbers || numbers->dim(1) != kEstimates || !trace || trace->dim(3) != 2) {
            return {};
        }
        variables = namesOf(frame, "trace", trace->dim(0));
        const QString chosen = variables[chosenVariable(chains(), variables)];
        const QColor bulk = theme().category(0), tail = theme().category(1);
        Chart chart;
        chart.columns = 3;
        chart.legend = {{tr("bulk"), bulk}, {tr("tail"), tail}};
        chart.panels.resize(3);
        ChartPanel& rhat = chart.panels[0];
        rhat.xLabel = tr("variables, in order");
        rhat.yLabel = tr("split R-hat");
        rhat.lines.push_back(dots(tr("R-hat"), theme().text, *numbers, kRhat, variables));
        const auto values = rhat.lines.back().y;
        addChosen(rhat, chosen);
        const double top = values.empty() ? kRhatLimit : std::max(kRhatLimit, values.back());
        const double least = std::min(1.0, values.empty() ? 1.0 : values.front());
        rhat.y = Range{least - 0.05 * (top - least), top + 0.2 * (top - least)};
        rhat.rules.push_back({false, kRhatLimit, QString::number(kRhatLimit)});
        const auto bad = std::ranges::count_if(values, [](double r) { return r > kRhatLimit; });
        rhat.note = tr("%1 of %2 above").arg(bad).arg(values.size());
        ChartPanel& ess = chart.panels[1];
        ess.xLabel = tr("variables, in order");
        ess.yLabel = tr("ESS (draws)");
        ess.lines.push_back(dots(tr("bulk"), bulk, *numbers, kBulk, variables));
        addChosen(ess, chosen);
        ess.lines.push_back(dots(tr("tail"), tail, *numbers, kTail, variables));
        addChosen(ess, chosen);
        const double wanted = kEssPerChain * static_cast<double>(trace->dim(1));
        ess.rules.push_back({false, wanted, formatInteger(static_cast<Index>(wanted))});
        if (numbers->dim(0) <= kFewVariables) {
            for (Index i = 1; i <= numbers->dim(0); ++i) {
                rhat.xTicks.push_back({static_cast<double>(i), QString::number(i)});
            }
            ess.xTicks = rhat.xTicks;
        }
        addDistances(frame, *trace, chosenVariable(chains(), variables), chart.panels[2]);
        chart.panels[2].note = chosen;
        return chart;
    }

private:
    /// |mean_i - mean_j| over the pooled standard deviation within chains, after warm-up.
    void addDistances(const Frame& frame, const Array& trace, Index v, ChartPanel& panel) const {
        const Index count = trace.dim(1), buckets = trace.dim(2);
        const Array* steps = floats(frame, "trace.step", 1);
        const double warmup = warmupOf(frame);
        std::vector<double> means, variances;
        for (Index c = 0; c < count; ++c) {
            double sum = 0, squares = 0, known = 0;
            for (Index p = 0; p < buckets; ++p) {
                const bool late =
                    !steps || p >= steps->dim(0) ||
                    static_cast<double>(steps->values<float>()[static_cast<std::size_t>(p)]) >=
                        warmup;
                const auto at = static_cast<std::size_t>(((v * count + c) * buckets + p) * 2);
                const double low = static_cast<double>(trace.values<float>()[at]);
                const double high = static_cast<double>(trace.values<float>()[at + 1]);
                if (late && std::isfinite(low) && std::isfinite(high)) {
                    // The ends of a bucket stand for its draws.
                    sum += low + high;
                    squares += low * low + high * high;
                    known += 2;
                }
            }
            means.push_back(known > 0 ? sum / known : NAN);
            variances.push_back(known > 0 ? squares / known - means.back() * means.back() : NAN);
        }
        double within = 0;
        for (const double variance : variances) {
            within += variance / static_cast<double>(count);
        }
        ChartField field;
        field.label = tr("distance (sd)");
        field.row = tr("chain");
        field.high = kFarApart;
        field.map = fieldColors(theme());
        for (Index c = 0; c <= count; ++c) {
            field.edges.push_back(static_cast<double>(c) + 0.5);
        }
        double largest = 0;
        for (const double a : means) {
            for (const double b : means) {
                const double distance = std::abs(a - b) / std::sqrt(within);
                field.values.push_back(distance);
                largest = std::isfinite(distance) ? std::max(largest, distance) : largest;
            }
        }
        panel.xLabel = tr("chain, colour: 0 to %1 sd (largest %2)")
                           .arg(kFarApart)
                           .arg(formatShort(largest, 2));
        panel.yLabel = tr("chain");
        panel.x = Range{0.5, static_cast<double>(count) + 0.5};
        panel.field = std::move(field);
    }
};

}  // namespace

View* makeOverviewView(SessionBridge& bridge, QWidget* parent) {
    return new OverviewView(bridge, parent);
}

}  // namespace lx::ui
