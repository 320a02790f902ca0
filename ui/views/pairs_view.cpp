// SPDX-License-Identifier: GPL-3.0-or-later
// Draws of several variables against each other, and side by side.
#include "ui/shell/numbers.h"
#include "ui/views/chart_view.h"

#include <QMenu>

#include <algorithm>
#include <cmath>

namespace lx::ui {
namespace {

constexpr Index kPairVariables = 4, kPairDraws = 2000, kPairBins = 24;
constexpr Index kParallelVariables = 48, kParallelDraws = 240;

/// The channel `chains` [draws, chains, D] as a view reads it.
struct ChainDraws {
    const Array* values = nullptr;
    Index draws = 0, chains = 0, dim = 0;
    QStringList names;
    /// Draw and chain row of every divergence among them.
    std::vector<std::pair<Index, Index>> diverged;

    float at(Index draw, Index chain, Index d) const {
        return values->values<float>()[static_cast<std::size_t>((draw * chains + chain) * dim + d)];
    }
};

std::optional<ChainDraws> chainDraws(const Frame& frame) {
    ChainDraws out;
    out.values = floats(frame, "chains", 3);
    if (!out.values) {
        return {};
    }
    out.draws = out.values->dim(0);
    out.chains = out.values->dim(1);
    out.dim = out.values->dim(2);
    out.names = namesOf(frame, "chains", out.dim);
    const Array* marks = channel(frame, "trace.diverged");
    // Only whole draws can be marked: of thinned ones nobody knows which were kept.
    const bool whole = factOf(frame, QStringLiteral("draws")).toLongLong() == out.draws;
    if (marks && marks->dtype() == DType::I64 && marks->shape().size() == 2 && whole) {
        const auto v = marks->values<Index>();
        const auto warmup = static_cast<Index>(warmupOf(frame));
        for (std::size_t i = 0; i + 1 < v.size(); i += 2) {
            const Index draw = v[i] - warmup - 1;
            if (draw >= 0 && draw < out.draws && v[i + 1] >= 0 && v[i + 1] < out.chains) {
                out.diverged.emplace_back(draw, v[i + 1]);
            }
        }
    }
    return out;
}

class PairsView : public ChartView {
public:
    PairsView(SessionBridge& bridge, QWidget* parent) : ChartView(bridge, parent, false) {
        setEmptyText(tr("Press play: pairs of variables appear after the first draws."));
    }
    QString title() const override { return tr("Pairs of variables"); }
    QStringList channels() const override {
        return {QStringLiteral("chains"), QStringLiteral("trace"), QStringLiteral("sampler")};
    }
    QString explanation() const override {
        return tr(
            "Every draw as a point, for each pair of the first variables; on the diagonal the "
            "histogram of one variable. Colours are chains, crosses are divergent draws; above "
            "the diagonal stands the correlation.\n\n"
            "Round clouds are easy for every sampler; narrow ridges and funnels are not.\n\n"
            "Worry when divergences gather in one place: the sampler cannot follow the shape of "
            "the density there, and the region beyond is missing from the draws.");
    }

protected:
    void fillSettings(QMenu& menu) override {
        QMenu* first = menu.addMenu(tr("First variable"));
        for (Index i = 0; i < std::min<Index>(m_names.size(), 40); ++i) {
            QAction* action = first->addAction(m_names[i]);
            action->setCheckable(true);
            action->setChecked(i == m_first);
            connect(action, &QAction::triggered, this, [this, i] {
                m_first = i;
                rebuild();
            });
        }
    }
    std::optional<Chart> build(const Frame& frame, QStringList&) override {
        const auto draws = chainDraws(frame);
        if (!draws) {
            return {};
        }
        m_names = draws->names;
        const Index first = std::clamp<Index>(m_first, 0, std::max<Index>(0, draws->dim - 2));
        const Index count = std::min(kPairVariables, draws->dim - first);
        const int chosen = chains().chain() < draws->chains ? chains().chain() : -1;
        Chart chart;
        chart.columns = static_cast<int>(count);
        chart.legend = chainLegend(theme(), chainNumbers(frame, "trace", draws->chains), chosen);
        for (Index row = 0; row < count; ++row) {
            for (Index column = 0; column < count; ++column) {
                ChartPanel panel;
                const Index x = first + column, y = first + row;
                if (row + 1 == count) {
                    panel.xLabel = draws->names[x];
                }
                if (column == 0) {
                    panel.yLabel = row == 0 ? tr("density") : draws->names[y];
                }
                if (row == column) {
                    histogram(panel, *draws, x);
                } else if (row > column) {
                    scatter(panel, *draws, x, y, chosen);
                } else {
                    correlation(panel, *draws, x, y);
                }
                chart.panels.push_back(std::move(panel));
            }
        }
        return chart;
    }

private:
    void histogram(ChartPanel& panel, const ChainDraws& draws, Index x) const {
        double low = INFINITY, high = -INFINITY;
        std::vector<double> values;
        for (Index n = 0; n < draws.draws; ++n) {
            for (Index c = 0; c < draws.chains; ++c) {
                if (const double v = draws.at(n, c, x); std::isfinite(v)) {
                    values.push_back(v);
                    low = std::min(low, v);
                    high = std::max(high, v);
                }
            }
        }
        if (!(low < high)) {
            panel.note = values.empty() ? tr("not finite") : tr("constant");
            return;
        }
        const double width = (high - low) / kPairBins;
        ChartBars bars{draws.names[x], theme().model, {}, std::vector<double>(kPairBins)};
        for (Index b = 0; b <= kPairBins; ++b) {
            bars.edges.push_back(low + width * static_cast<double>(b));
        }
        for (const double v : values) {
            const auto bin = std::min<Index>(kPairBins - 1, static_cast<Index>((v - low) / width));
            bars.heights[static_cast<std::size_t>(bin)] +=
                1 / (width * static_cast<double>(values.size()));
        }
        panel.bars.push_back(std::move(bars));
    }

    void scatter(ChartPanel& panel, const ChainDraws& draws, Index x, Index y, int chosen) const {
        const Index step = std::max<Index>(1, draws.draws * draws.chains / kPairDraws);
        for (Index c = 0; c < draws.chains; ++c) {
            QColor ink = chainInk(theme(), c, draws.chains, chosen);
            ink.setAlphaF(0.6F * ink.alphaF());
            ChartLine line{chainName(c), ink, {}, {}, 1, Qt::NoPen};
            line.marker = render::Marker::Circle;
            line.markerSize = 2.4;
            line.group = static_cast<int>(c);
            for (Index n = 0; n < draws.draws; n += step) {
                line.x.push_back(draws.at(n, c, x));
                line.y.push_back(draws.at(n, c, y));
            }
            panel.lines.push_back(std::move(line));
        }
        if (!draws.diverged.empty() && chains().divergences()) {
            ChartLine marks{tr("divergent"), divergenceColor(), {}, {}, 1, Qt::NoPen};
            marks.marker = render::Marker::Cross;
            marks.markerSize = 6;
            for (const auto& [n, c] : draws.diverged) {
                marks.x.push_back(draws.at(n, c, x));
                marks.y.push_back(draws.at(n, c, y));
            }
            panel.lines.push_back(std::move(marks));
        }
    }

    static void correlation(ChartPanel& panel, const ChainDraws& draws, Index x, Index y) {
        double n = 0, mx = 0, my = 0, xx = 0, yy = 0, xy = 0;
        for (Index i = 0; i < draws.draws; ++i) {
            for (Index c = 0; c < draws.chains; ++c) {
                const double a = draws.at(i, c, x), b = draws.at(i, c, y);
                if (!std::isfinite(a) || !std::isfinite(b)) {
                    continue;
                }
                ++n;
                const double dx = a - mx, dy = b - my;
                mx += dx / n;
                my += dy / n;
                xx += dx * (a - mx);
                yy += dy * (b - my);
                xy += dx * (b - my);
            }
        }
        const double r = xy / std::sqrt(xx * yy);
        panel.x = panel.y = Range{0, 1};
        panel.xTicks = {{-1, QString()}};
        panel.note = std::isfinite(r) ? QStringLiteral("r = %1").arg(formatFixed(r, 2))
                                      : QStringLiteral("r: –");
    }

    QStringList m_names;
    Index m_first = 0;
};

class ParallelView : public ChartView {
public:
    ParallelView(SessionBridge& bridge, QWidget* parent) : ChartView(bridge, parent, false) {
        setEmptyText(tr("Press play: parallel coordinates appear after the first draws."));
    }
    QString title() const override { return tr("Parallel coordinates"); }
    QStringList channels() const override {
        return {QStringLiteral("chains"), QStringLiteral("trace"), QStringLiteral("sampler")};
    }
    QString explanation() const override {
        return tr(
            "Each draw is one line across all variables, every variable in units of its standard "
            "deviation about its mean. Colours are chains; divergent draws are drawn thick over "
            "the others.\n\n"
            "Lines of all chains should fill the same room.\n\n"
            "Worry when divergent lines take the same course: where they pinch is the variable "
            "that the sampler cannot handle. A variable that is constant, or not finite, has a "
            "gap.");
    }

protected:
    std::optional<Chart> build(const Frame& frame, QStringList&) override {
        const auto draws = chainDraws(frame);
        if (!draws) {
            return {};
        }
        const Index dim = std::min(draws->dim, kParallelVariables);
        const int chosen = chains().chain() < draws->chains ? chains().chain() : -1;
        std::vector<double> mean(static_cast<std::size_t>(dim)), sd(mean.size(), NAN);
        for (Index d = 0; d < dim; ++d) {
            double n = 0, m = 0, squares = 0;
            for (Index i = 0; i < draws->draws; ++i) {
                for (Index c = 0; c < draws->chains; ++c) {
                    const double v = draws->at(i, c, d);
                    ++n;
                    const double step = v - m;
                    m += step / n;
                    squares += step * (v - m);
                }
            }
            const double s = n > 1 ? std::sqrt(squares / (n - 1)) : NAN;
            mean[static_cast<std::size_t>(d)] = m;
            sd[static_cast<std::size_t>(d)] = s > 0 ? s : NAN;
        }
        Chart chart;
        chart.legend = chainLegend(theme(), chainNumbers(frame, "trace", draws->chains), chosen);
        chart.panels.resize(1);
        ChartPanel& panel = chart.panels[0];
        panel.yLabel = tr("sds from the mean");
        panel.xLabel = draws->dim > dim
                           ? tr("variable (first %1 of %2)").arg(dim).arg(formatInteger(draws->dim))
                           : tr("variable");
        panel.x = Range{0.7, static_cast<double>(dim) + 0.3};
        for (Index d = 0; d < dim; ++d) {
            if (dim <= 16 || d % 4 == 0) {
                panel.xTicks.push_back({static_cast<double>(d + 1), draws->names[d]});
            }
        }
        const auto lineOf = [&](Index n, Index c, const QColor& ink, double width) {
            ChartLine line{tr("draw %1 of %2").arg(n + 1).arg(chainName(c)), ink, {}, {}, width};
            for (Index d = 0; d < dim; ++d) {
                line.x.push_back(static_cast<double>(d + 1));
                line.y.push_back((draws->at(n, c, d) - mean[static_cast<std::size_t>(d)]) /
                                 sd[static_cast<std::size_t>(d)]);
            }
            line.group = static_cast<int>(c);
            return line;
        };
        const Index step = std::max<Index>(1, draws->draws * draws->chains / kParallelDraws);
        for (Index c = 0; c < draws->chains; ++c) {
            QColor ink = chainInk(theme(), c, draws->chains, chosen);
            ink.setAlphaF(0.35F * ink.alphaF());
            for (Index n = c % step; n < draws->draws; n += step) {
                panel.lines.push_back(lineOf(n, c, ink, 0.8));
            }
        }
        if (chains().divergences()) {
            for (const auto& [n, c] : draws->diverged) {
                panel.lines.push_back(lineOf(n, c, divergenceColor(), 1.8));
            }
            if (!draws->diverged.empty()) {
                panel.note = tr("%1 divergent").arg(draws->diverged.size());
            }
        }
        return chart;
    }
};

}  // namespace

View* makePairsView(SessionBridge& bridge, QWidget* parent) {
    return new PairsView(bridge, parent);
}

View* makeParallelView(SessionBridge& bridge, QWidget* parent) {
    return new ParallelView(bridge, parent);
}

}  // namespace lx::ui
