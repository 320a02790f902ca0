// SPDX-License-Identifier: GPL-3.0-or-later
// How energies are distributed: of data, of chains, of what should look strange.
#include "ui/views/chart_view.h"

#include <algorithm>
#include <cmath>

namespace lx::ui {
namespace {

class HistogramsView : public ChartView {
public:
    HistogramsView(SessionBridge& bridge, QWidget* parent) : ChartView(bridge, parent, false) {
        setEmptyText(tr("Press play: energies are counted after the first step."));
    }
    QString title() const override { return tr("Energies of data and chains"); }
    QStringList channels() const override {
        return {QStringLiteral("energies"), QStringLiteral("outliers")};
    }
    QString explanation() const override {
        return tr(
            "How often each energy occurs: among data, among the chains that training walks, and "
            "for pictures among inputs that should look strange.\n\n"
            "Low energy means likely. Data and chains that lie upon each other are what training "
            "aims at; training and held-out data should be one curve.\n\n"
            "Worry when the chains lie clearly below the data (the network has holes that chains "
            "have found), or when strange inputs lie where the data do: the energy cannot tell "
            "them apart.");
    }

protected:
    std::optional<Chart> build(const Frame& frame, QStringList&) override {
        Chart chart;
        for (const QString& id : channels()) {
            const std::string name = id.toStdString();
            const Array* density = floats(frame, name, 2);
            const Array* edges = floats(frame, name + ".edges", 1);
            if (!density || !edges || edges->dim(0) != density->dim(1) + 1) {
                continue;
            }
            const QStringList names = textOf(frame, name + ".names").split(QLatin1Char('\n'));
            ChartPanel panel;
            panel.title = id == QLatin1String("outliers") ? tr("strange inputs") : QString();
            panel.xLabel = tr("energy (nats)");
            panel.yLabel = tr("density");
            const std::vector<double> at = rowOf(*edges, 0);
            double high = 0;
            for (Index k = 0; k < density->dim(0); ++k) {
                panel.lines.push_back(
                    outline(names.value(k), colour(names.value(k), id, k), at, rowOf(*density, k)));
                const auto& y = panel.lines.back().y;
                high = std::max(high, *std::ranges::max_element(y));
            }
            panel.y = Range{0, std::max(1.06 * high, 1e-9)};
            chart.panels.push_back(std::move(panel));
        }
        if (chart.panels.empty()) {
            return {};
        }
        chart.columns = static_cast<int>(chart.panels.size());
        for (const ChartPanel& panel : chart.panels) {
            for (const ChartLine& line : panel.lines) {
                const bool known = std::ranges::any_of(chart.legend, [&](const LegendEntry& entry) {
                    return entry.text == line.label;
                });
                if (!known) {
                    chart.legend.push_back({.text = line.label, .color = line.color});
                }
            }
        }
        return chart;
    }

private:
    /// Data teal and the model violet as everywhere; strange inputs by the palette.
    QColor colour(const QString& name, const QString& channel, Index row) const {
        if (name.contains(QLatin1String("chains"))) {
            return theme().model;
        }
        if (name.startsWith(QLatin1String("held-out"))) {
            return theme().text;
        }
        return channel == QLatin1String("outliers") ? classColor(theme(), row - 1) : theme().data;
    }
    static ChartLine outline(const QString& label, const QColor& color,
                             const std::vector<double>& edges, const std::vector<double>& heights) {
        ChartLine line{label, color, {}, {}, 1.4};
        for (std::size_t b = 0; b < heights.size(); ++b) {
            line.x.insert(line.x.end(), {edges[b], edges[b + 1]});
            line.y.insert(line.y.end(), {heights[b], heights[b]});
        }
        return line;
    }
};

}  // namespace

View* makeHistogramsView(SessionBridge& bridge, QWidget* parent) {
    return new HistogramsView(bridge, parent);
}

}  // namespace lx::ui
