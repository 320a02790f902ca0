// SPDX-License-Identifier: GPL-3.0-or-later
// How a diffusion process mixes data and noise over its time, where the particles stand in it, and
// at which noise levels the learned score is wrong.
#include "ui/shell/numbers.h"
#include "ui/views/chart_view.h"

#include <cmath>

namespace lx::ui {
namespace {

/// A line of `process`, "key<TAB>value", as a number; not-a-number where it is absent.
double factOfProcess(const Frame& frame, const QString& key) {
    for (const QString& line : textOf(frame, "process").split(QLatin1Char('\n'))) {
        if (line.section(QLatin1Char('\t'), 0, 0) == key) {
            return line.section(QLatin1Char('\t'), 1, 1).toDouble();
        }
    }
    return NAN;
}

class NoiseView : public ChartView {
public:
    NoiseView(SessionBridge& bridge, QWidget* parent) : ChartView(bridge, parent, false) {
        setEmptyText(tr("Press play: the schedule appears with the first picture."));
    }
    QString title() const override { return tr("Noise levels, and where the score is wrong"); }
    QStringList channels() const override {
        return {QStringLiteral("snr"), QStringLiteral("process"), QStringLiteral("score_error")};
    }
    QString explanation() const override {
        return tr(
            "Left: how much louder the data are than the noise at each time, as the logarithm of "
            "the ratio of their variances. Middle: the factors of data and noise, x = alpha data + "
            "sigma noise. The upright line is where the particles stand.\n\n"
            "Right, where the truth is known: the relative error of the learned score at ten noise "
            "levels. It is least where data and noise are about as loud.\n\n"
            "Worry when the error is above 1 anywhere: a score of zero would do better there, and "
            "particles that pass that level go astray.");
    }

protected:
    std::optional<Chart> build(const Frame& frame, QStringList&) override {
        const Array* snr = floats(frame, "snr", 1);
        const Array* at = floats(frame, "snr.at", 1);
        if (!snr || !at || at->dim(0) != snr->dim(0)) {
            return {};
        }
        const std::vector<double> time = rowOf(*at, 0);
        const double now = factOfProcess(frame, QStringLiteral("time"));
        Chart chart;
        const QColor blue = theme().category(0), red = theme().category(1);
        const auto panel = [&](const QString& label, const QString& mark) -> ChartPanel& {
            ChartPanel& out = chart.panels.emplace_back();
            out.xLabel = tr("time");
            out.yLabel = label;
            out.x = Range{time.front(), time.back()};
            if (std::isfinite(now)) {
                out.rules.push_back({true, now, mark, theme().text});
            }
            return out;
        };
        ChartPanel& ratio = panel(tr("log SNR (nats)"), {});
        ratio.lines.push_back({tr("log SNR"), theme().text, time, rowOf(*snr, 0), 1.6});
        ratio.rules.push_back({false, 0, tr("as loud")});
        if (const double level = factOfProcess(frame, QStringLiteral("log_snr"));
            std::isfinite(level)) {
            ratio.note = tr("now %1 nats").arg(formatShort(level));
        }
        const Array* alpha = floats(frame, "snr.alpha", 1);
        const Array* sigma = floats(frame, "snr.sigma", 1);
        if (alpha && sigma && alpha->dim(0) == snr->dim(0) && sigma->dim(0) == snr->dim(0)) {
            ChartPanel& factors = panel(tr("factor"), tr("particles"));
            factors.lines.push_back({tr("data, alpha"), blue, time, rowOf(*alpha, 0), 1.6});
            factors.lines.push_back(
                {tr("noise, sigma"), red, time, rowOf(*sigma, 0), 1.6, Qt::DashLine});
            chart.legend = {{tr("data, alpha"), blue}, {tr("noise, sigma"), red, {}, Qt::DashLine}};
        }
        const Array* error = floats(frame, "score_error", 1);
        const Array* level = floats(frame, "score_error.at", 1);
        if (error && level && error->dim(0) == level->dim(0)) {
            ChartPanel& wrong = chart.panels.emplace_back();
            wrong.xLabel = tr("log SNR (nats)");
            wrong.yLabel = tr("error of the score");
            ChartLine line{tr("error"), theme().text, rowOf(*level, 0), rowOf(*error, 0), 1.6};
            line.marker = render::Marker::Circle;
            double largest = 0;
            for (const double v : line.y) {
                largest = std::isfinite(v) ? std::max(largest, v) : largest;
            }
            // The note stands above the line, and above the rule where that is drawn.
            wrong.y = Range{0, std::max(1.35 * largest, largest > 0.5 ? 1.6 : 0.1)};
            wrong.note = tr("largest %1").arg(formatShort(largest, 2));
            if (largest > 0.5) {
                wrong.rules.push_back({false, 1, tr("of no use")});
            }
            wrong.lines.push_back(std::move(line));
        }
        chart.columns = static_cast<int>(chart.panels.size());
        return chart;
    }
};

}  // namespace

View* makeNoiseView(SessionBridge& bridge, QWidget* parent) {
    return new NoiseView(bridge, parent);
}

}  // namespace lx::ui
