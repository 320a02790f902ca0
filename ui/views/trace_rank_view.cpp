// SPDX-License-Identifier: GPL-3.0-or-later
// The course of every chain, and whether all chains draw from one distribution.
#include "ui/shell/numbers.h"
#include "ui/views/chart_view.h"

#include <QMenu>

#include <algorithm>
#include <cmath>

namespace lx::ui {
namespace {

/// More chains than this cannot be told apart as lines.
constexpr Index kMostLines = 16;

/// Minimum and maximum of each bucket as one polyline that enters a bucket at its nearer end.
ChartLine traceLine(std::span<const float> extremes, const std::vector<double>& steps) {
    ChartLine out;
    double last = NAN;
    for (std::size_t p = 0; p < steps.size() && 2 * p + 1 < extremes.size(); ++p) {
        double a = extremes[2 * p], b = extremes[2 * p + 1];
        if (std::abs(b - last) < std::abs(a - last)) {
            std::swap(a, b);
        }
        out.x.push_back(steps[p]);
        out.y.push_back(a);
        if (b != a && std::isfinite(b)) {
            out.x.push_back(steps[p]);
            out.y.push_back(b);
        }
        last = b;
    }
    return out;
}

class TraceRankView : public ChartView {
public:
    TraceRankView(SessionBridge& bridge, QWidget* parent) : ChartView(bridge, parent, true) {
        setEmptyText(tr("Press play: traces appear after the first draws."));
    }
    QString title() const override { return tr("Trace and rank"); }
    QStringList channels() const override {
        return {QStringLiteral("trace"), QStringLiteral("diagnostics"),
                m_histogram ? QStringLiteral("rank_histogram") : QStringLiteral("rank_ecdf")};
    }
    QString explanation() const override {
        return tr(
            "Above: the value of one variable over the steps, one line for each chain; where a "
            "pixel holds many draws, their smallest and largest. The hatched part is warm-up and "
            "does not count. More than 16 chains are rows of colours instead (key 4; key 3 draws "
            "lines): rows of chains that mix look alike, a stuck one is a plain stripe. Below: the "
            "ranks of each chain among all draws, as the difference "
            "of its distribution function from a uniform one.\n\n"
            "Chains that mix look like the same noise, and their curves below stay inside the "
            "grey band in 95 of 100 cases. A curve that leaves it upwards belongs to a chain with "
            "too many small values, downwards with too many large ones. Autocorrelated draws "
            "leave it more often.\n\n"
            "Worry when chains keep to levels of their own, when R-hat is above 1.01, or when "
            "ticks at the lower edge (divergences) gather somewhere. R-hat of 1.00 does not help "
            "when all chains sit in the same wrong mode: look at the occupancy.");
    }
    bool setMode(int mode) override {
        if (mode < 1 || mode > 4) {
            return false;
        }
        if (mode <= 2) {
            m_histogram = mode == 2;
        } else {
            m_rows = mode == 4;
        }
        Q_EMIT channelsChanged();
        rebuild();
        return true;
    }
    QJsonObject state() const override {
        QJsonObject out = ChartView::state();
        if (m_histogram) {
            out[QStringLiteral("ranks")] = QStringLiteral("histogram");
        }
        if (m_rows) {
            out[QStringLiteral("rows")] = *m_rows;
        }
        return out;
    }
    void restore(const QJsonObject& state) override {
        ChartView::restore(state);
        if (const QJsonValue rows = state.value(QStringLiteral("rows")); rows.isBool()) {
            m_rows = rows.toBool();
        }
        setMode(state.value(QStringLiteral("ranks")) == QLatin1String("histogram") ? 2 : 1);
    }

protected:
    void fillSettings(QMenu& menu) override {
        QAction* histogram = menu.addAction(tr("Ranks as histogram (2)"));
        histogram->setCheckable(true);
        histogram->setChecked(m_histogram);
        connect(histogram, &QAction::toggled, this, [this](bool on) { setMode(on ? 2 : 1); });
        QAction* rows = menu.addAction(tr("A row of colours for each chain (3: lines, 4: rows)"));
        rows->setCheckable(true);
        rows->setChecked(m_shownRows);
        connect(rows, &QAction::toggled, this, [this](bool on) { setMode(on ? 4 : 3); });
        QAction* warmup = menu.addAction(tr("Show warm-up (W)"));
        warmup->setCheckable(true);
        warmup->setChecked(chains().warmup());
        connect(warmup, &QAction::toggled, &chains(), &ChainFocus::setWarmup);
        QAction* marks = menu.addAction(tr("Mark divergences (D)"));
        marks->setCheckable(true);
        marks->setChecked(chains().divergences());
        connect(marks, &QAction::toggled, &chains(), &ChainFocus::setDivergences);
    }

    std::optional<Chart> build(const Frame& frame, QStringList& variables) override {
        const Array* trace = floats(frame, "trace", 4);
        const Array* steps = floats(frame, "trace.step", 1);
        if (!trace || !steps || trace->dim(3) != 2 || trace->dim(2) + 1 != steps->dim(0)) {
            return {};
        }
        const Index chainCount = trace->dim(1), buckets = trace->dim(2);
        const std::vector<Index> numbers = chainNumbers(frame, "trace", chainCount);
        variables = namesOf(frame, "trace", trace->dim(0));
        const Index v = chosenVariable(chains(), variables);
        const int chosen = chains().chain() < chainCount ? chains().chain() : -1;
        Chart chart;
        chart.legend = chainLegend(theme(), numbers, chosen);
        chart.panels.resize(2);
        ChartPanel& panel = chart.panels[0];
        const QString& name = variables[v];
        panel.yLabel = name == QLatin1String("lp__") ? tr("log density (nats)") : name;
        const auto edges = rowOf(*steps, 0);
        std::vector<double> x;
        for (std::size_t p = 0; p + 1 < edges.size(); ++p) {
            x.push_back((edges[p] + edges[p + 1]) / 2);
        }
        const double warmup = warmupOf(frame);
        const double first = edges.front(), last = std::max(edges.back(), first + 1);
        const bool skip = !chains().warmup() && warmup > 0 && last > warmup;
        panel.x = Range{skip ? warmup : first, last};
        m_shownRows = m_rows.value_or(chainCount > kMostLines);
        if (m_shownRows) {
            addRows(panel, *trace, v, edges, name);
            panel.xLabel = warmup > 0 && !skip ? tr("step (warm-up ends at the line)") : tr("step");
            if (warmup > 0 && !skip) {
                panel.rules.push_back({true, std::min(warmup, last), {}, divergenceColor()});
            }
        }
        for (Index c = 0; c < chainCount && !m_shownRows; ++c) {
            const auto from = static_cast<std::size_t>((v * chainCount + c) * buckets * 2);
            ChartLine line = traceLine(
                trace->values<float>().subspan(from, static_cast<std::size_t>(buckets * 2)), x);
            line.label = chainName(numbers[static_cast<std::size_t>(c)]);
            line.color = chainInk(theme(), c, chainCount, chosen);
            line.width = chainCount > 8 ? 0.8 : 1.0;
            line.group = static_cast<int>(c);
            panel.lines.push_back(std::move(line));
        }
        if (chosen >= 0 && !m_shownRows) {
            std::swap(panel.lines[static_cast<std::size_t>(chosen)], panel.lines.back());
        }
        if (warmup > 0 && !skip && !m_shownRows) {
            panel.spans.push_back({0, std::min(warmup, last), tr("warm-up")});
        }
        panel.note = estimateText(frame, name, v);
        addDivergences(frame, panel, chosen);
        addRanks(frame, chart, v, chosen, numbers);
        return chart;
    }

private:
    /// Each chain as a row: the middle of every bucket as a colour between the 1 % and the 99 %
    /// quantile of all of them.
    void addRows(ChartPanel& panel, const Array& trace, Index v, const std::vector<double>& edges,
                 const QString& name) const {
        const auto chainCount = static_cast<std::size_t>(trace.dim(1));
        const auto buckets = static_cast<std::size_t>(trace.dim(2));
        ChartField field;
        field.label = name;
        field.row = tr("chain");
        field.edges = edges;
        std::vector<double> known;
        for (std::size_t i = 0; i < chainCount * buckets; ++i) {
            const auto at = 2 * (static_cast<std::size_t>(v) * chainCount * buckets + i);
            const auto values = trace.values<float>();
            field.values.push_back(
                0.5 * (static_cast<double>(values[at]) + static_cast<double>(values[at + 1])));
            if (std::isfinite(field.values.back())) {
                known.push_back(field.values.back());
            }
        }
        if (!known.empty()) {
            std::ranges::sort(known);
            const std::size_t tail = known.size() / 100;
            field.low = known[tail];
            field.high = std::max(known[known.size() - 1 - tail], field.low + 1e-12);
        }
        field.map = fieldColors(theme());
        panel.yLabel = tr("chain, colour: %1").arg(panel.yLabel);
        panel.field = std::move(field);
    }

    void addDivergences(const Frame& frame, ChartPanel& panel, int chosen) const {
        const Array* marks = channel(frame, "trace.diverged");
        if (!marks || marks->dtype() != DType::I64 || marks->shape().size() != 2 ||
            marks->dim(1) != 2 || !chains().divergences()) {
            return;
        }
        const auto values = marks->values<Index>();
        for (std::size_t i = 0; i + 1 < values.size(); i += 2) {
            if (chosen < 0 || values[i + 1] == chosen) {
                panel.rug.push_back({static_cast<double>(values[i]), divergenceColor()});
            }
        }
    }

    void addRanks(const Frame& frame, Chart& chart, Index v, int chosen,
                  std::span<const Index> numbers) const {
        ChartPanel& panel = chart.panels[1];
        const Array* ranks = floats(frame, m_histogram ? "rank_histogram" : "rank_ecdf", 3);
        if (!ranks || v >= ranks->dim(0)) {
            panel.xLabel = tr("fractional rank (after more draws)");
            panel.x = Range{0, 1};
            panel.y = Range{-1, 1};
            return;
        }
        const Index chainCount = ranks->dim(1), points = ranks->dim(2);
        panel.x = Range{0, 1};
        if (m_histogram) {
            panel.xLabel = tr("fractional rank (share of draws in each of %1 bins)").arg(points);
            panel.yLabel = tr("share");
            panel.rules.push_back({false, 1.0 / static_cast<double>(points), tr("even")});
        } else {
            panel.xLabel = tr("fractional rank (ECDF difference, 95 % band)");
            panel.yLabel = tr("difference");
        }
        std::vector<double> at;
        const Array* places = floats(frame, "rank_ecdf.at", 1);
        for (Index p = 0; p < points; ++p) {
            at.push_back(places && places->dim(0) == points
                             ? places->values<float>()[static_cast<std::size_t>(p)]
                             : static_cast<double>(p + 1) / static_cast<double>(points + 1));
        }
        for (Index c = 0; c < chainCount; ++c) {
            const std::vector<double> row = rowOf(*ranks, v * chainCount + c);
            // One chain alone is compared half with half.
            const QColor ink = chainInk(theme(), c, chainCount, chosen);
            const bool halves = chart.legend.size() == 1 && chainCount == 2;
            const QString name = halves ? (c == 0 ? tr("first half") : tr("second half"))
                                 : c < std::ssize(numbers)
                                     ? chainName(numbers[static_cast<std::size_t>(c)])
                                     : chainName(c);
            if (m_histogram) {
                double sum = 0;
                for (const double count : row) {
                    sum += std::isfinite(count) ? count : 0;
                }
                ChartLine line{name, ink, {}, {}, 1.2};
                for (Index b = 0; b < points; ++b) {
                    const double height = sum > 0 ? row[static_cast<std::size_t>(b)] / sum : NAN;
                    for (const Index edge : {b, b + 1}) {
                        line.x.push_back(static_cast<double>(edge) / static_cast<double>(points));
                        line.y.push_back(height);
                    }
                }
                line.group = static_cast<int>(c);
                panel.lines.push_back(std::move(line));
                continue;
            }
            // The curve begins and ends at 0 by definition; its points lie between.
            ChartLine line{name, ink, {0}, {0}, 1.4};
            for (Index p = 0; p < points; ++p) {
                line.x.push_back(at[static_cast<std::size_t>(p)]);
                line.y.push_back(row[static_cast<std::size_t>(p)]);
            }
            line.x.push_back(1);
            line.y.push_back(0);
            line.group = static_cast<int>(c);
            panel.lines.push_back(std::move(line));
        }
        const Array* band = m_histogram ? nullptr : floats(frame, "rank_ecdf.band", 2);
        if (band && band->dim(0) == points && band->dim(1) == 2) {
            QColor shade = theme().secondary;
            shade.setAlphaF(0.25F);
            ChartBand out{tr("95 % band"), shade, {0}, {0}, {0}};
            for (Index p = 0; p < points; ++p) {
                out.x.push_back(at[static_cast<std::size_t>(p)]);
                out.low.push_back(band->values<float>()[static_cast<std::size_t>(2 * p)]);
                out.high.push_back(band->values<float>()[static_cast<std::size_t>(2 * p + 1)]);
            }
            out.x.push_back(1);
            out.low.push_back(0);
            out.high.push_back(0);
            panel.bands.push_back(std::move(out));
        }
    }

    bool m_histogram = false, m_shownRows = false;
    std::optional<bool> m_rows;  ///< else by the number of chains
};

}  // namespace

View* makeTraceRankView(SessionBridge& bridge, QWidget* parent) {
    return new TraceRankView(bridge, parent);
}

}  // namespace lx::ui
