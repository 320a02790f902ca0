// SPDX-License-Identifier: GPL-3.0-or-later
// How a diffusion process mixes data and noise over its time, where the particles stand in it, and
// at which noise levels the learned score is wrong.
#include "ui/plot/chart_handles.h"
#include "ui/shell/numbers.h"
#include "ui/views/chart_view.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace lx::ui {
namespace {

/// Shares of log SNR beyond both ends, for a hand to go to, and of the time, for whole marks.
constexpr double kRoom = 0.15, kMarkRoom = 0.03;

/// The value of a line of `process`, "key<TAB>value"; empty where it is absent.
QString factOfProcess(const Frame& frame, const QString& key) {
    for (const QString& line : textOf(frame, "process").split(QLatin1Char('\n'))) {
        if (line.section(QLatin1Char('\t'), 0, 0) == key) {
            return line.section(QLatin1Char('\t'), 1, 1);
        }
    }
    return {};
}
/// The same as a number; not-a-number where it is absent.
double numberOfProcess(const Frame& frame, const QString& key) {
    const QString text = factOfProcess(frame, key);
    return text.isEmpty() ? NAN : text.toDouble();
}

/// A schedule as the probe "schedule" tells it.
struct Proposal {
    std::vector<double> time, logSnr, alpha, sigma;
    std::array<QString, 2> ends;  ///< parameters that move the ends; empty: none
    QString id;                   ///< that a hand moves; empty: none
    double value = 0;
};

QString wordsIn(const State& answer, const char* name) {
    const auto found = answer.find(name);
    if (found == answer.end() || found->second.dtype() != DType::U8) {
        return {};
    }
    const auto bytes = found->second.bytes();
    return QString::fromUtf8(reinterpret_cast<const char*>(bytes.data()),
                             static_cast<qsizetype>(bytes.size()));
}

std::optional<Proposal> proposalIn(const State& answer) {
    Proposal out;
    const auto row = [&](const char* name, std::vector<double>& to) {
        const auto found = answer.find(name);
        if (found == answer.end() || found->second.dtype() != DType::F32 ||
            found->second.shape().size() != 1 || found->second.dim(0) < 2) {
            return false;
        }
        to = rowOf(found->second, 0);
        return true;
    };
    if (!row("snr", out.logSnr) || !row("snr.at", out.time) || !row("snr.alpha", out.alpha) ||
        !row("snr.sigma", out.sigma) || out.time.size() != out.logSnr.size() ||
        out.alpha.size() != out.time.size() || out.sigma.size() != out.time.size()) {
        return {};
    }
    const QString ends = wordsIn(answer, "ends");
    out.ends = {ends.section(QLatin1Char('\n'), 0, 0), ends.section(QLatin1Char('\n'), 1, 1)};
    const auto value = answer.find("value");
    if (value != answer.end() && value->second.dtype() == DType::F64 &&
        value->second.count() == 1) {
        out.id = wordsIn(answer, "id");
        out.value = value->second.values<double>()[0];
    }
    return out;
}

bool ofSchedule(std::string_view id) {
    return id == "schedule" || id.starts_with("schedule.");
}

class NoiseView : public ChartView {
public:
    NoiseView(SessionBridge& bridge, QWidget* parent)
        : ChartView(bridge, parent, false),
          m_handles(new ChartHandles(plot())),
          m_probe(bridge, "probe.schedule", this) {
        setEmptyText(tr("Press play: the schedule appears with the first picture."));
        connect(m_handles, &ChartHandles::moved, this, &NoiseView::drag);
        connect(m_handles, &ChartHandles::released, this, [this] {
            m_released = true;
            settle();
        });
        connect(&m_probe, &LatestProbe::answered, this, &NoiseView::take);
        connect(&bridge, &SessionBridge::pendingChanged, this, &NoiseView::showPending);
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
            "Drag the ends of the curve of log SNR where they have a mark: the dashed curve is the "
            "schedule with that parameter. It waits in the form, since a run keeps its schedule; "
            "Apply starts a new run with it.\n\n"
            "Worry when the error is above 1 anywhere: a score of zero would do better there, and "
            "particles that pass that level go astray.");
    }

    void cancelGesture() override {
        m_handles->cancel();
        m_released = false;
        showPending();
    }

protected:
    std::optional<Chart> build(const Frame& frame, QStringList&) override {
        if (frame.source != m_source || frame.snapshot->epoch != m_epoch) {
            m_source = frame.source;
            m_epoch = frame.snapshot->epoch;
            m_probe.setSource(frame.source);
            m_handles->cancel();
            m_handles->set({});
            m_proposal.reset();
            m_problem.clear();
            ask({});
        }
        const Array* snr = floats(frame, "snr", 1);
        const Array* at = floats(frame, "snr.at", 1);
        if (!snr || !at || at->dim(0) != snr->dim(0)) {
            return {};
        }
        const std::vector<double> time = rowOf(*at, 0);
        const double now = numberOfProcess(frame, QStringLiteral("time"));
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
        if (const double level = numberOfProcess(frame, QStringLiteral("log_snr"));
            std::isfinite(level)) {
            ratio.note = tr("now %1 nats").arg(formatShort(level));
        }
        addEnds(ratio, frame, time, rowOf(*snr, 0));
        const Array* alpha = floats(frame, "snr.alpha", 1);
        const Array* sigma = floats(frame, "snr.sigma", 1);
        if (alpha && sigma && alpha->dim(0) == snr->dim(0) && sigma->dim(0) == snr->dim(0)) {
            ChartPanel& factors = panel(tr("factor"), tr("particles"));
            factors.lines.push_back({tr("data, alpha"), blue, time, rowOf(*alpha, 0), 1.6});
            factors.lines.push_back(
                {tr("noise, sigma"), red, time, rowOf(*sigma, 0), 1.6, Qt::DashLine});
            chart.legend = {{tr("data, alpha"), blue}, {tr("noise, sigma"), red, {}, Qt::DashLine}};
            if (m_proposal) {
                factors.lines.push_back({tr("proposed alpha"), blue, m_proposal->time,
                                         m_proposal->alpha, 1.1, Qt::DotLine});
                factors.lines.push_back({tr("proposed sigma"), red, m_proposal->time,
                                         m_proposal->sigma, 1.1, Qt::DotLine});
            }
        }
        if (m_proposal) {
            chart.legend.push_back({tr("proposed"), theme().accent, {}, Qt::DashLine});
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

private:
    /// What is proposed, and marks at the ends that a hand can move.
    void addEnds(ChartPanel& ratio, const Frame& frame, const std::vector<double>& time,
                 const std::vector<double>& logSnr) {
        const std::vector<double>& x = m_proposal ? m_proposal->time : time;
        const std::vector<double>& y = m_proposal ? m_proposal->logSnr : logSnr;
        const std::array<QString, 2> ends =
            m_proposal ? m_proposal->ends
                       : std::array{factOfProcess(frame, QStringLiteral("data_end")),
                                    factOfProcess(frame, QStringLiteral("noise_end"))};
        if (m_proposal) {
            ratio.lines.push_back(
                {tr("proposed log SNR"), theme().accent, x, y, 1.6, Qt::DashLine});
            if (!m_proposal->id.isEmpty()) {
                ratio.note = tr("%1 %2").arg(labelOf(frame, m_proposal->id),
                                             formatShort(m_proposal->value, 3));
            }
        }
        if (!m_problem.isEmpty()) {
            ratio.note = m_problem;
        }
        if (frame.source != bridge().active()) {
            return;  // edits belong to the active run
        }
        ChartLine marks{{}, theme().accent, {}, {}, 1, Qt::NoPen, render::Marker::Circle, 9};
        std::vector<ChartHandles::Handle> handles;
        for (int end = 0; end < 2; ++end) {
            const QString& id = ends[static_cast<std::size_t>(end)];
            if (!id.isEmpty()) {
                marks.x.push_back(end == 0 ? x.front() : x.back());
                marks.y.push_back(end == 0 ? y.front() : y.back());
                marks.names << labelOf(frame, id);
                handles.push_back({end, 0, marks.x.back(), marks.y.back()});
            }
        }
        if (handles.empty()) {
            m_handles->set({});
            return;
        }
        if (!m_handles->held()) {
            const double low = std::min(logSnr.back(), y.back()),
                         high = std::max(logSnr.front(), y.front()), room = kRoom * (high - low);
            m_range = {low - room, high + room};
        }
        ratio.y = m_range;
        const double beside = kMarkRoom * (time.back() - time.front());
        ratio.x = Range{time.front() - beside, time.back() + beside};
        ratio.lines.push_back(std::move(marks));
        m_handles->set(std::move(handles));
    }
    static QString labelOf(const Frame& frame, const QString& id) {
        const ParamDecl* decl =
            frame.description ? lx::find(frame.description->params, id.toStdString()) : nullptr;
        return decl ? QString::fromStdString(decl->label) : id;
    }

    void drag(int end, double logSnr) {
        m_moving = true;
        m_released = false;
        ask({{"end", Index{end}}, {"log_snr", logSnr}});
    }
    /// With what waits in the form. Nothing at all to ask: the run's own schedule stands alone.
    void ask(ParamSet args) {
        const bool moves = !args.empty();
        if (m_source == bridge().active()) {
            for (const auto& [id, value] : bridge().pending()) {
                if (ofSchedule(id)) {
                    args[id] = value;
                }
            }
        }
        if (moves || !args.empty()) {
            m_probe.ask("schedule", std::move(args), {});
        }
    }
    void take(const State& answer) {
        m_problem = wordsIn(answer, "error");
        if (auto next = proposalIn(answer)) {
            m_proposal = std::move(next);
        }
        settle();
        rebuild();
    }
    /// The hand has gone, and the last answer is there: the form is told.
    void settle() {
        if (!m_moving || !m_released || m_probe.busy()) {
            return;
        }
        m_moving = m_released = false;
        if (m_proposal && !m_proposal->id.isEmpty()) {
            bridge().wish(m_proposal->id.toStdString(), m_proposal->value);
        }
        rebuild();
    }
    void showPending() {
        if (m_moving && (m_handles->held() || m_released)) {
            return;  // the hand comes first
        }
        m_moving = false;
        m_probe.drop();
        m_problem.clear();
        const bool any = std::ranges::any_of(
            bridge().pending(), [](const auto& pair) { return ofSchedule(pair.first); });
        if (!any || m_source != bridge().active()) {
            m_proposal.reset();
        }
        ask({});
        rebuild();
    }

    ChartHandles* m_handles;
    LatestProbe m_probe;
    std::uint32_t m_source = kNoRun;
    std::uint64_t m_epoch = 0;
    std::optional<Proposal> m_proposal;
    QString m_problem;  ///< of what waits in the form
    Range m_range;      ///< of log SNR while a hand moves an end
    bool m_moving = false, m_released = false;
};

}  // namespace

View* makeNoiseView(SessionBridge& bridge, QWidget* parent) {
    return new NoiseView(bridge, parent);
}

}  // namespace lx::ui
