// SPDX-License-Identifier: GPL-3.0-or-later
// Where the chains spend their time among the modes: what R-hat cannot see.
#include "ui/shell/numbers.h"
#include "ui/views/chart_view.h"

#include <algorithm>
#include <cmath>

namespace lx::ui {
namespace {

/// Beyond these only all chains together are shown for each mode.
constexpr Index kMarkedChains = 16;

class OccupancyView : public ChartView {
public:
    OccupancyView(SessionBridge& bridge, QWidget* parent) : ChartView(bridge, parent, false) {
        setEmptyText(tr("Press play: the share of each mode appears after some draws."));
    }
    QString title() const override { return tr("Mode occupancy and hops"); }
    QStringList channels() const override { return {QStringLiteral("occupancy")}; }
    QString explanation() const override {
        return tr(
            "Left: the share of the draws in each mode, as columns for all chains together and "
            "as markers for single ones; the dashed steps are the true shares where they are "
            "known. Right: how often each chain changed from one mode to another.\n\n"
            "Chains that mix have hopped many times, and every chain alone shows the true "
            "shares.\n\n"
            "Worry when markers lie apart, or when hops are few: the shares of the modes are then "
            "an accident of where the chains began, even if R-hat looks perfect.");
    }

protected:
    std::optional<Chart> build(const Frame& frame, QStringList&) override {
        const Array* shares = floats(frame, "occupancy", 2);
        if (!shares) {
            return {};
        }
        const Index count = shares->dim(0), modes = shares->dim(1);
        const std::vector<Index> numbers = chainNumbers(frame, "trace", count);
        const int chosen = chains().chain() < count ? chains().chain() : -1;
        Chart chart;
        chart.columns = 2;
        chart.panels.resize(2);
        if (count <= kMarkedChains) {
            chart.legend = chainLegend(theme(), numbers, chosen);
        }
        ChartPanel& left = chart.panels[0];
        left.xLabel = tr("mode");
        left.yLabel = tr("share of the draws");
        left.x = Range{0.4, static_cast<double>(modes) + 0.6};
        const std::vector<double> total = sharesOf(frame, *shares);
        for (Index m = 0; m < modes; ++m) {
            const auto at = static_cast<double>(m + 1);
            if (modes <= 24 || m % 5 == 0) {
                left.xTicks.push_back({at, QString::number(m + 1)});
            }
            left.bars.push_back({m == 0 ? tr("all chains") : QString(),
                                 theme().model,
                                 {at - 0.38, at + 0.38},
                                 {total[static_cast<std::size_t>(m)]}});
        }
        for (Index c = 0; c < std::min(count, kMarkedChains); ++c) {
            ChartLine line{chainName(numbers[static_cast<std::size_t>(c)]),
                           chainInk(theme(), c, count, chosen),
                           {},
                           {},
                           1,
                           Qt::NoPen};
            line.marker = chainMarker(c);
            line.markerSize = 6;
            line.group = static_cast<int>(c);
            const double shift =
                count > 1 ? 0.5 * (static_cast<double>(c) /
                                       static_cast<double>(std::min(count, kMarkedChains) - 1) -
                                   0.5)
                          : 0;
            for (Index m = 0; m < modes; ++m) {
                line.x.push_back(static_cast<double>(m + 1) + shift);
                line.y.push_back(shares->values<float>()[static_cast<std::size_t>(c * modes + m)]);
            }
            left.lines.push_back(std::move(line));
        }
        addTruth(frame, left, modes);
        if (left.lines.size() > 0) {
            double high = 0;
            for (const ChartLine& line : left.lines) {
                for (const double y : line.y) {
                    high = std::isfinite(y) ? std::max(high, y) : high;
                }
            }
            left.y = Range{0, std::max(1.08 * high, 0.05)};
        }
        addHops(frame, chart, numbers, chosen);
        return chart;
    }

private:
    /// Of all chains: as published, else the mean over the chains shown.
    static std::vector<double> sharesOf(const Frame& frame, const Array& shares) {
        const Index count = shares.dim(0), modes = shares.dim(1);
        const Array* all = floats(frame, "occupancy.all", 1);
        if (all && all->dim(0) == modes) {
            return rowOf(*all, 0);
        }
        std::vector<double> out(static_cast<std::size_t>(modes));
        for (Index c = 0; c < count; ++c) {
            const auto row = rowOf(shares, c);
            for (std::size_t m = 0; m < row.size(); ++m) {
                out[m] += row[m] / static_cast<double>(count);
            }
        }
        return out;
    }

    void addTruth(const Frame& frame, ChartPanel& panel, Index modes) const {
        const Array* truth = floats(frame, "occupancy.true", 1);
        if (!truth || truth->dim(0) != modes || !std::isfinite(truth->values<float>()[0])) {
            return;
        }
        ChartLine line{tr("true share"), theme().text, {}, {}, 1.6, Qt::DashLine};
        for (Index m = 0; m < modes; ++m) {
            const double share = truth->values<float>()[static_cast<std::size_t>(m)];
            for (const double side : {-0.45, 0.45}) {
                line.x.push_back(static_cast<double>(m + 1) + side);
                line.y.push_back(share);
            }
            line.x.push_back(static_cast<double>(m + 1) + 0.45);
            line.y.push_back(NAN);  // one step for each mode
        }
        panel.lines.push_back(std::move(line));
    }

    void addHops(const Frame& frame, Chart& chart, const std::vector<Index>& numbers,
                 int chosen) const {
        ChartPanel& panel = chart.panels[1];
        panel.xLabel = tr("chain");
        panel.yLabel = tr("hops between modes");
        const Array* hops = floats(frame, "occupancy.hops", 1);
        if (!hops) {
            return;
        }
        const Index count = std::min<Index>(hops->dim(0), std::ssize(numbers));
        panel.x = Range{0.4, static_cast<double>(count) + 0.6};
        double sum = 0;
        for (Index c = 0; c < count; ++c) {
            const double n = hops->values<float>()[static_cast<std::size_t>(c)];
            const auto at = static_cast<double>(c + 1);
            sum += std::isfinite(n) ? n : 0;
            if (count <= 24 || c % 8 == 0) {
                panel.xTicks.push_back(
                    {at, QString::number(numbers[static_cast<std::size_t>(c)] + 1)});
            }
            panel.bars.push_back({chainName(numbers[static_cast<std::size_t>(c)]),
                                  chainInk(theme(), c, count, chosen),
                                  {at - 0.38, at + 0.38},
                                  {n},
                                  static_cast<int>(c)});
        }
        panel.note =
            sum == 1 ? tr("1 hop") : tr("%1 hops").arg(formatInteger(static_cast<Index>(sum)));
    }
};

}  // namespace

View* makeOccupancyView(SessionBridge& bridge, QWidget* parent) {
    return new OccupancyView(bridge, parent);
}

}  // namespace lx::ui
