// SPDX-License-Identifier: GPL-3.0-or-later
// One trajectory in phase space, and how well it keeps its energy; the course of adaptation.
#include "ui/shell/numbers.h"
#include "ui/views/chain_mechanism.h"
#include "ui/views/chart_view.h"

#include <algorithm>
#include <cmath>

namespace lx::ui {
namespace {

class PhaseView : public ChartView {
public:
    PhaseView(SessionBridge& bridge, QWidget* parent) : ChartView(bridge, parent, false) {
        setEmptyText(
            tr("A phase portrait needs a kernel with momenta: HMC, NUTS or Langevin with "
               "friction. Choose one in the inspector."));
    }
    QString title() const override { return tr("Phase portrait and energy error"); }
    QStringList channels() const override {
        return {QStringLiteral("mechanism"), QStringLiteral("sampler")};
    }
    QString explanation() const override {
        return tr(
            "The path of the last step: the first coordinate against its momentum, and the error "
            "of the total energy along the path.\n\n"
            "On a smooth target the path follows a level of the energy and the error stays "
            "within a fraction of a nat, going up and down.\n\n"
            "Worry when the error grows along the path: the step is too large, and beyond 1000 "
            "nats the transition counts as divergent. A path that comes back to its start wastes "
            "gradients: fewer leapfrog steps do.");
    }

protected:
    std::optional<Chart> build(const Frame& frame, QStringList&) override {
        const int chosen = std::max(0, chains().chain());
        const auto step = mechanismOf(frame, chosen);
        if (!step || step->momentum0.size() < 2) {
            return {};
        }
        const QColor ink = chainColor(theme(), chosen);
        const QString x = namesOf(frame, "marginals", 1)[0];
        Chart chart;
        chart.columns = 2;
        chart.panels.resize(2);
        chart.legend = {{chainName(chosen), ink, chainMarker(chosen)}};
        ChartPanel& portrait = chart.panels[0];
        portrait.xLabel = tr("position %1").arg(x);
        portrait.yLabel = tr("momentum");
        ChartLine path{chainName(chosen), ink, step->position0, step->momentum0, 1.4};
        path.marker = render::Marker::Circle;
        path.markerSize = 4;
        portrait.lines.push_back(std::move(path));
        ChartLine start{tr("start"), theme().text, {step->position0[0]}, {step->momentum0[0]},
                        1,           Qt::NoPen};
        start.marker = render::Marker::Square;
        start.markerSize = 8;
        portrait.lines.push_back(std::move(start));
        portrait.note = step->diverged   ? tr("divergent")
                        : step->accepted ? tr("accepted")
                                         : tr("rejected");
        ChartPanel& error = chart.panels[1];
        error.xLabel = tr("leapfrog step");
        error.yLabel = tr("energy error (nats)");
        error.rules.push_back({false, 0, {}, theme().border, Qt::SolidLine});
        ChartLine line{tr("energy error"), ink, {}, step->energyError, 1.4};
        for (std::size_t i = 0; i < step->energyError.size(); ++i) {
            line.x.push_back(static_cast<double>(i));
        }
        line.marker = render::Marker::Circle;
        line.markerSize = 4;
        error.lines.push_back(std::move(line));
        return chart;
    }
};

/// Up to so many variables each has a bar with its name.
constexpr Index kNamedBars = 12;

class AdaptationView : public ChartView {
public:
    AdaptationView(SessionBridge& bridge, QWidget* parent) : ChartView(bridge, parent, false) {
        setEmptyText(
            tr("Press play: the course of the step size appears while the sampler warms "
               "up."));
    }
    QString title() const override { return tr("Adaptation"); }
    QStringList channels() const override {
        return {QStringLiteral("adaptation"), QStringLiteral("diagnostics")};
    }
    QString explanation() const override {
        return tr(
            "How warm-up tunes the sampler: its step size over the steps, and the diagonal of the "
            "inverse mass matrix, which should be the variance of each variable.\n\n"
            "The step size jumps at first and settles towards the end of warm-up.\n\n"
            "Worry when it is still drifting when warm-up ends: allow more of it. A tiny step "
            "size means that some part of the target is very narrow.");
    }

protected:
    std::optional<Chart> build(const Frame& frame, QStringList&) override {
        const Array* course = floats(frame, "adaptation", 2);
        if (!course || course->dim(1) != 2) {
            return {};
        }
        Chart chart;
        const Array* mass = floats(frame, "adaptation.mass", 1);
        chart.columns = mass ? 2 : 1;
        chart.panels.resize(mass ? 2 : 1);
        ChartPanel& panel = chart.panels[0];
        panel.xLabel = tr("step");
        panel.yLabel = tr("step size");
        ChartLine line{tr("step size"), chainColor(theme(), 0), {}, {}, 1.3};
        for (Index p = 0; p < course->dim(0); ++p) {
            const auto at = static_cast<std::size_t>(2 * p);
            line.x.push_back(course->values<float>()[at]);
            line.y.push_back(course->values<float>()[at + 1]);
        }
        panel.note = tr("now %1").arg(formatShort(line.y.back(), 3));
        panel.lines.push_back(std::move(line));
        if (mass) {
            ChartPanel& bars = chart.panels[1];
            bars.xLabel = tr("variable");
            bars.yLabel = tr("inverse mass");
            const std::vector<double> heights = rowOf(*mass, 0);
            const Index count = mass->dim(0);
            if (count <= kNamedBars) {
                const QStringList names = namesOf(frame, "diagnostics", count);
                bars.x = Range{0.4, static_cast<double>(count) + 0.6};
                for (Index d = 0; d < count; ++d) {
                    const auto at = static_cast<double>(d + 1);
                    bars.xTicks.push_back({at, names[d]});
                    bars.bars.push_back({names[d],
                                         theme().model,
                                         {at - 0.38, at + 0.38},
                                         {heights[static_cast<std::size_t>(d)]}});
                }
            } else {
                ChartBars all{tr("inverse mass"), theme().model, {0.5}, heights};
                for (Index d = 0; d < count; ++d) {
                    all.edges.push_back(static_cast<double>(d) + 1.5);
                }
                bars.bars.push_back(std::move(all));
            }
        }
        return chart;
    }
};

}  // namespace

View* makePhaseView(SessionBridge& bridge, QWidget* parent) {
    return new PhaseView(bridge, parent);
}

View* makeAdaptationView(SessionBridge& bridge, QWidget* parent) {
    return new AdaptationView(bridge, parent);
}

}  // namespace lx::ui
