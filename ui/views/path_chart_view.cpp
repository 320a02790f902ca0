// SPDX-License-Identifier: GPL-3.0-or-later
// How fast each path between two codes changes what is decoded, and how sure the decoder is on it.
#include "ui/shell/numbers.h"
#include "ui/views/chart_view.h"
#include "ui/views/paths.h"

#include <algorithm>

namespace lx::ui {
namespace {

class PathChartView : public ChartView {
public:
    PathChartView(SessionBridge& bridge, QWidget* parent) : ChartView(bridge, parent, false) {
        setEmptyText(tr("Press play: speed along the paths appears after the first step."));
        connect(&bridge.explore(), &ExploreState::pathDragged, this, [this] { rebuild(); });
    }
    QString title() const override { return tr("Speed and uncertainty along the paths"); }
    QStringList channels() const override {
        return QStringLiteral("geodesic straight spherical speed uncertainty geometry")
            .split(QLatin1Char(' '));
    }
    QString explanation() const override {
        return tr(
            "Left: how fast each path runs through the metric, in unit time; the mean is its "
            "length. Right: the standard deviation of all that the decoder draws at each place, "
            "against the share of the path's own length.\n\n"
            "A geodesic has one speed, so its line on the left is level. It is never longer than "
            "the others, and where the metric grows with uncertainty it keeps low on the right.\n\n"
            "Worry when the geodesic's speed has peaks: its knots lie wider than the bumps of the "
            "metric, and the curve leaps over what is long.");
    }

protected:
    std::optional<Chart> build(const Frame& frame, QStringList&) override {
        const ChannelOf of = pathChannels(bridge(), frame);
        if (pathRow(of("speed"), 0).empty()) {
            return {};
        }
        Chart chart;
        chart.panels.resize(1);
        ChartPanel spread;
        spread.xLabel = tr("share of the path's length");
        spread.yLabel = tr("decoder sd");
        spread.x = Range{0, 1};
        double fastest = 0;
        ChartPanel& left = chart.panels.front();
        for (std::size_t k = 0; k < kPaths; ++k) {
            const std::vector<double> speed = pathRow(of("speed"), k);
            if (speed.empty()) {
                continue;
            }
            const PathStyle style = pathStyle(k);
            chart.legend.push_back({style.name, theme().text, {}, style.line});
            const double steps = static_cast<double>(speed.size());
            ChartLine pace{style.name, theme().text, {}, speed, style.width, style.line};
            for (std::size_t i = 0; i < speed.size(); ++i) {
                pace.x.push_back((static_cast<double>(i) + 0.5) / steps);
                fastest = std::max(fastest, speed[i]);
            }
            left.lines.push_back(std::move(pace));
            const std::vector<double> sd = pathRow(of("uncertainty"), k);
            const double length = pathSize(speed).length * steps;
            if (sd.size() == speed.size() + 1 && length > 0) {
                ChartLine line{style.name, theme().text, {0}, sd, style.width, style.line};
                for (const double v : speed) {
                    line.x.push_back(line.x.back() + v / length);
                }
                spread.lines.push_back(std::move(line));
            }
        }
        left.xLabel = tr("time");
        left.yLabel = tr("speed");
        left.x = Range{0, 1};
        left.y = Range{0, fastest > 0 ? 1.35 * fastest : 1};
        const PathSize size = pathSize(pathRow(of("speed"), 0));
        const QString warning = pathWarning(bridge(), frame);
        left.note = warning.isEmpty() ? tr("geodesic: length %1, energy %2")
                                            .arg(formatShort(size.length), formatShort(size.energy))
                                      : warning;
        if (!spread.lines.empty()) {
            chart.panels.push_back(std::move(spread));
        }
        chart.columns = static_cast<int>(chart.panels.size());
        return chart;
    }
};

}  // namespace

View* makePathChartView(SessionBridge& bridge, QWidget* parent) {
    return new PathChartView(bridge, parent);
}

}  // namespace lx::ui
