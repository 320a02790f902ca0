// SPDX-License-Identifier: GPL-3.0-or-later
// Can the sampler change its energy as fast as the target demands?
#include "ui/shell/numbers.h"
#include "ui/views/chart_view.h"

#include <algorithm>
#include <cmath>

namespace lx::ui {
namespace {

/// Below this the sampler crosses the energy levels too slowly. Ref: betancourt2016.
constexpr double kLeastBfmi = 0.3;
/// Up to so many chains the axis has a number for each.
constexpr Index kNamedChains = 12;
constexpr Index kSingleChains = 4;

class ChainEnergyView : public ChartView {
public:
    ChainEnergyView(SessionBridge& bridge, QWidget* parent) : ChartView(bridge, parent, false) {
        setEmptyText(
            tr("Energies are compared after some draws of a kernel with momenta: HMC, NUTS or "
               "Langevin with friction."));
    }
    QString title() const override { return tr("Energy, marginal and transitions"); }
    QStringList channels() const override { return {QStringLiteral("energy_transitions")}; }
    QString explanation() const override {
        return tr(
            "The distribution of the energy about its mean, and that of its change from one draw "
            "to the next. E-BFMI is the ratio of the mean squared step to the variance.\n\n"
            "When both distributions are about equally wide, the sampler reaches every level of "
            "energy in a few steps.\n\n"
            "Worry when the steps are much narrower, with E-BFMI below 0.3: the chain creeps "
            "through the levels and reports tails that are too light. Other coordinates "
            "(non-centred) or a better mass matrix help.");
    }

protected:
    std::optional<Chart> build(const Frame& frame, QStringList&) override {
        const Array* values = floats(frame, "energy_transitions", 3);
        const Array* edges = floats(frame, "energy_transitions.edges", 1);
        const Array* ratios = floats(frame, "energy_transitions.ebfmi", 1);
        if (!values || !edges || values->dim(1) != 2 || values->dim(2) + 1 != edges->dim(0)) {
            return {};
        }
        const Index count = values->dim(0), bins = values->dim(2);
        const std::vector<Index> numbers =
            chainNumbers(frame, "trace", std::max(count, ratios ? ratios->dim(0) : count));
        const QColor marginal = chainColor(theme(), 0), steps = chainColor(theme(), 1);
        Chart chart;
        chart.legend = {{tr("energy about its mean"), marginal},
                        {tr("change in a transition"), steps}};
        // One row for many ratios is that of all chains together.
        const Index chainCount = ratios ? ratios->dim(0) : count;
        const bool single = count <= kSingleChains && count == chainCount;
        chart.columns = single ? static_cast<int>(count) : 2;
        const auto ratio = [&](Index c) {
            return ratios && c < ratios->dim(0)
                       ? static_cast<double>(ratios->values<float>()[static_cast<std::size_t>(c)])
                       : NAN;
        };
        for (Index c = 0; c < (single ? count : 1); ++c) {
            ChartPanel panel;
            panel.xLabel = tr("energy (nats)");
            panel.yLabel = c == 0 ? tr("density") : QString();
            panel.title = single ? chainName(numbers[static_cast<std::size_t>(c)])
                                 : tr("%1 chains").arg(chainCount);
            for (Index k = 0; k < 2; ++k) {
                std::vector<double> heights(static_cast<std::size_t>(bins));
                const Index first = single ? c : 0, last = single ? c + 1 : count;
                for (Index at = first; at < last; ++at) {
                    const auto row = rowOf(*values, at * 2 + k);
                    for (std::size_t b = 0; b < row.size(); ++b) {
                        heights[b] += row[b] / static_cast<double>(last - first);
                    }
                }
                panel.bars.push_back(
                    {k == 0 ? tr("energy about its mean") : tr("change in a transition"),
                     k == 0 ? marginal : steps, rowOf(*edges, 0), std::move(heights)});
            }
            if (single) {
                panel.note = std::isfinite(ratio(c))
                                 ? tr("E-BFMI %1").arg(formatFixed(ratio(c), 2)) +
                                       (ratio(c) < kLeastBfmi ? tr(": too low") : QString())
                                 : tr("constant energy");
            }
            chart.panels.push_back(std::move(panel));
        }
        if (!single) {
            ChartPanel panel;
            panel.xLabel = tr("chain");
            panel.yLabel = QStringLiteral("E-BFMI");
            ChartLine line{tr("E-BFMI"), marginal, {}, {}, 1, Qt::NoPen};
            line.marker = render::Marker::Circle;
            double least = INFINITY;
            for (Index c = 0; c < chainCount; ++c) {
                line.x.push_back(static_cast<double>(numbers[static_cast<std::size_t>(c)] + 1));
                line.y.push_back(ratio(c));
                least = std::isfinite(ratio(c)) ? std::min(least, ratio(c)) : least;
            }
            if (chainCount <= kNamedChains) {
                for (const double number : line.x) {
                    panel.xTicks.push_back({number, QString::number(number, 'f', 0)});
                }
            }
            panel.lines.push_back(std::move(line));
            panel.rules.push_back({false, kLeastBfmi, tr("worry below")});
            panel.rules.push_back({false, 0, {}, theme().border, Qt::SolidLine});
            panel.note =
                std::isfinite(least) ? tr("least %1").arg(formatFixed(least, 2)) : QString();
            chart.panels.push_back(std::move(panel));
        }
        return chart;
    }
};

}  // namespace

View* makeChainEnergyView(SessionBridge& bridge, QWidget* parent) {
    return new ChainEnergyView(bridge, parent);
}

}  // namespace lx::ui
