// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/chains/statistics_channels.h"

#include "core/experiments/chains/arrays.h"
#include "core/experiments/chains/verdict_lines.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lx::chains {
namespace {

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
constexpr Index kTableRows = 1000;

using Plots = std::vector<VariablePlots>;

float at(std::span<const double> values, std::size_t i) {
    return i < values.size() ? static_cast<float>(values[i]) : kNone;
}

Array namesOf(const Plots& plots) {
    std::vector<std::string> names;
    for (const auto& p : plots) {
        names.push_back(p.name);
    }
    return textArray(joined(names));
}

/// A block [variables, width] of one series a variable; shorter ones end in NaN.
template <class Get>
Array series(const Plots& plots, const Get& get) {
    std::size_t width = 0;
    for (const auto& p : plots) {
        width = std::max(width, std::size(get(p)));
    }
    std::vector<float> out;
    for (const auto& p : plots) {
        const auto& values = get(p);
        for (std::size_t i = 0; i < width; ++i) {
            out.push_back(i < std::size(values) ? static_cast<float>(values[i]) : kNone);
        }
    }
    return {{std::ssize(plots), static_cast<Index>(width)}, out};
}

void trace(const DiagnosticsResult& r, const StatisticsRequest& request, SnapshotBuilder& out) {
    const auto& plots = r.plots;
    Index chains = 0, buckets = 0;
    const TraceEnvelope* longest = nullptr;
    for (const auto& p : plots) {
        chains = std::max(chains, std::ssize(p.trace.chains));
        if (p.trace.buckets >= buckets) {
            buckets = p.trace.buckets;
            longest = &p.trace;
        }
    }
    if (longest == nullptr || buckets == 0) {
        return;
    }
    std::vector<float> values;
    values.reserve(static_cast<std::size_t>(std::ssize(plots) * chains * buckets * 2));
    for (const auto& p : plots) {
        for (Index c = 0; c < chains; ++c) {
            for (Index b = 0; b < buckets; ++b) {
                const auto i = static_cast<std::size_t>(c * p.trace.buckets + b);
                const bool there = c < std::ssize(p.trace.chains) && b < p.trace.buckets;
                values.push_back(there ? at(p.trace.low, i) : kNone);
                values.push_back(there ? at(p.trace.high, i) : kNone);
            }
        }
    }
    std::vector<float> edges, rhat, ess;
    const double stride =
        static_cast<double>(r.seen) / static_cast<double>(std::max<Index>(r.warmup + r.draws, 1));
    for (Index b = 0; b <= buckets; ++b) {
        const Index row = std::min(longest->first + b * longest->bucket, r.warmup + r.draws);
        edges.push_back(static_cast<float>(stride * static_cast<double>(row)));
    }
    for (const auto& p : plots) {
        const auto q = static_cast<std::size_t>(p.quantity);
        const bool known = q < r.rows.size() && r.rows[q].draws > 0;
        rhat.push_back(known ? static_cast<float>(r.rows[q].summary.rhat.value()) : kNone);
        ess.push_back(known ? static_cast<float>(r.rows[q].summary.essBulk) : kNone);
    }
    std::vector<Index> diverged;
    for (const Divergence& d : request.divergences) {
        const auto row = std::ranges::find(longest->chains, d.chain);
        if (row != longest->chains.end()) {
            diverged.push_back(d.step);
            diverged.push_back(row - longest->chains.begin());
        }
    }
    const auto n = static_cast<Index>(diverged.size() / 2);
    out.set("trace", Array({std::ssize(plots), chains, buckets, 2}, values));
    out.set("trace.step", Array({buckets + 1}, edges));
    const double warmup = request.warmingUntil > 0 ? static_cast<double>(request.warmingUntil)
                                                   : stride * static_cast<double>(r.warmup);
    out.set("trace.warmup", floats({1}, std::vector{warmup}));
    out.set("trace.diverged", Array({n, 2}, diverged));
    out.set("trace.names", namesOf(plots));
    out.set("trace.chains", indices(longest->chains));
    out.set("trace.rhat", Array({std::ssize(plots)}, rhat));
    out.set("trace.ess", Array({std::ssize(plots)}, ess));
}

/// Only the variables whose plots exist: below six draws there are none.
Plots drawn(const DiagnosticsResult& r) {
    Plots out;
    for (const auto& p : r.plots) {
        if (!p.p.empty()) {
            out.push_back(p);
        }
    }
    return out;
}

void rankEcdf(const Plots& plots, SnapshotBuilder& out) {
    const auto& first = plots.front().rankEcdf;
    const auto points = first.at.size();
    std::vector<float> values, band;
    Index chains = 0;
    for (const auto& p : plots) {
        chains = std::max(chains, p.rankEcdf.chains);
    }
    for (const auto& p : plots) {
        for (Index c = 0; c < chains; ++c) {
            for (std::size_t i = 0; i < points; ++i) {
                const bool there = c < p.rankEcdf.chains && p.rankEcdf.at.size() == points;
                values.push_back(
                    there ? at(p.rankEcdf.difference, static_cast<std::size_t>(c) * points + i)
                          : kNone);
            }
        }
    }
    for (std::size_t i = 0; i < points; ++i) {
        band.push_back(at(first.lower, i));
        band.push_back(at(first.upper, i));
    }
    const auto p = static_cast<Index>(points);
    out.set("rank_ecdf", Array({std::ssize(plots), chains, p}, values));
    out.set("rank_ecdf.at", floats({p}, first.at));
    out.set("rank_ecdf.band", Array({p, 2}, band));
    out.set("rank_ecdf.names", namesOf(plots));
}

void rankHistogram(const Plots& plots, SnapshotBuilder& out) {
    Index chains = 0, bins = 0;
    for (const auto& p : plots) {
        chains = std::max(chains, p.ranks.chains);
        bins = std::max(bins, p.ranks.bins);
    }
    std::vector<float> values;
    for (const auto& p : plots) {
        for (Index i = 0; i < chains * bins; ++i) {
            const auto cell = static_cast<std::size_t>(i);
            values.push_back(cell < p.ranks.counts.size() ? static_cast<float>(p.ranks.counts[cell])
                                                          : kNone);
        }
    }
    out.set("rank_histogram", Array({std::ssize(plots), chains, bins}, values));
    out.set("rank_histogram.expected", floats({1}, std::vector{plots.front().ranks.expected}));
    out.set("rank_histogram.names", namesOf(plots));
}

void autocorrelation(const Plots& plots, Index shown, SnapshotBuilder& out) {
    Index lags = 0, chains = 0;
    for (const auto& p : plots) {
        const auto& a = p.autocorrelation;
        lags = std::max(lags, a.lags);
        chains = std::max(chains, a.lags > 0 ? std::ssize(a.perChain) / a.lags : 0);
    }
    chains = std::min(chains, shown);
    std::vector<float> values, combined, tau;
    for (const auto& p : plots) {
        const auto& a = p.autocorrelation;
        for (Index c = 0; c < chains; ++c) {
            for (Index k = 0; k < lags; ++k) {
                values.push_back(
                    k < a.lags ? at(a.perChain, static_cast<std::size_t>(c * a.lags + k)) : kNone);
            }
        }
        for (Index k = 0; k < lags; ++k) {
            combined.push_back(at(a.combined, static_cast<std::size_t>(k)));
        }
        tau.push_back(static_cast<float>(a.time));
    }
    const auto n = std::ssize(plots);
    out.set("autocorrelation", Array({n, chains, lags}, values));
    out.set("autocorrelation.combined", Array({n, lags}, combined));
    out.set("autocorrelation.tau", Array({n}, tau));
    out.set("autocorrelation.names", namesOf(plots));
}

void essEvolution(const Plots& plots, SnapshotBuilder& out) {
    std::size_t points = 0;
    for (const auto& p : plots) {
        points = std::max(points, p.essEvolution.draws.size());
    }
    std::vector<float> values;
    const auto& draws = plots.front().essEvolution.draws;
    for (const auto& p : plots) {
        for (std::size_t i = 0; i < points; ++i) {
            values.push_back(at(p.essEvolution.bulk, i));
            values.push_back(at(p.essEvolution.tail, i));
        }
    }
    out.set("ess_evolution", Array({std::ssize(plots), static_cast<Index>(points), 2}, values));
    out.set("ess_evolution.draws", floats({std::ssize(draws)}, draws));
    out.set("ess_evolution.names", namesOf(plots));
}

void byQuantile(const std::string& id, const Plots& plots, SnapshotBuilder& out) {
    out.set(id, series(plots, [&](const VariablePlots& p) -> const std::vector<double>& {
                return id == "ess_quantile" ? p.essQuantile
                       : id == "ess_local"  ? p.essLocal
                                            : p.mcseQuantile;
            }));
    std::vector<double> p = plots.front().p;
    if (id == "ess_local") {  // lower edges of the slices
        std::rotate(p.rbegin(), p.rbegin() + 1, p.rend());
        p.front() = 0;
    }
    out.set(id + ".p", floats({std::ssize(p)}, p));
    out.set(id + ".names", namesOf(plots));
}

void energyTransitions(const DiagnosticsResult& r, SnapshotBuilder& out) {
    const EnergyPlot& e = *r.energy;
    const auto bins = std::ssize(e.marginal);
    std::vector<float> edges;
    for (Index i = 0; i <= bins; ++i) {
        edges.push_back(static_cast<float>(e.from + e.width * static_cast<double>(i)));
    }
    std::vector<float> values;
    for (const auto* row : {&e.marginal, &e.transition}) {
        for (const double x : *row) {
            values.push_back(static_cast<float>(x));
        }
    }
    out.set("energy_transitions", Array({1, 2, bins}, values));
    out.set("energy_transitions.edges", Array({bins + 1}, edges));
    out.set("energy_transitions.ebfmi", floats({std::ssize(e.bfmi)}, e.bfmi));
}

void table(const DiagnosticsResult& r, bool whole, SnapshotBuilder& out) {
    std::vector<float> values;
    std::vector<std::string> names;
    Index covered = 0;
    for (const VariableRow& row : r.rows) {
        if (!whole && std::ssize(names) >= kTableRows) {
            break;
        }
        const auto& s = row.summary;
        names.push_back(s.name);
        const bool there = row.draws > 0;
        for (const double x : {s.mean, s.median, s.sd, s.mad, s.q5, s.q95, s.rhat.value(),
                               s.essBulk, s.essTail, s.mcseMean, s.mcseSd}) {
            values.push_back(there ? static_cast<float>(x) : kNone);
        }
        covered = std::max(covered, row.draws * row.step);
    }
    out.set("diagnostics", Array({std::ssize(names), 11}, values));
    out.set("diagnostics.names", textArray(joined(names)));
    out.set("diagnostics.draws", floats({1}, std::vector{std::min(covered, r.draws)}));
}

void occupancy(const DiagnosticsResult& r, SnapshotBuilder& out) {
    const auto& m = *r.modes;
    const auto chains = std::min(m.chains, kShownChains);
    std::vector<float> truth(static_cast<std::size_t>(m.modes), kNone);
    for (std::size_t k = 0; k < truth.size(); ++k) {
        truth[k] = at(r.modeWeights, k);
    }
    const auto shares = std::span(m.occupancy).first(static_cast<std::size_t>(chains * m.modes));
    out.set("occupancy", floats({chains, m.modes}, shares));
    out.set("occupancy.all", floats({m.modes}, m.weights));
    out.set("occupancy.true", Array({m.modes}, truth));
    out.set("occupancy.mcse", floats({m.modes}, m.mcse));
    out.set("occupancy.hops",
            floats({chains}, std::span(m.hops).first(static_cast<std::size_t>(chains))));
}

void truthError(const DiagnosticsResult& r, SnapshotBuilder& out) {
    std::vector<float> values;
    std::vector<std::string> names;
    for (const VariableRow& row : r.rows) {
        if (!row.truth.known() || row.draws == 0) {
            continue;
        }
        const double mcse = row.truth.meanBand / 1.96;
        names.push_back(row.summary.name);
        values.push_back(static_cast<float>(row.summary.mean));
        values.push_back(static_cast<float>(row.summary.mean - row.truth.mean));
        values.push_back(static_cast<float>(row.truth.mean / mcse));
        values.push_back(static_cast<float>(row.summary.sd / (row.summary.sd - row.truth.sd)));
    }
    if (names.empty() && !r.stein) {
        return;
    }
    out.set("truth_error", Array({std::ssize(names), 4}, values));
    out.set("truth_error.names", textArray(joined(names)));
    if (r.stein) {
        out.set("truth_error.ksd", floats({2}, std::vector{r.stein->value, r.stein->probability}));
    }
}

constexpr std::string_view kStatistics[] = {
    "trace",        "rank_ecdf",   "rank_histogram",    "autocorrelation", "ess_evolution",
    "ess_quantile", "ess_local",   "mcse_quantile",     "diagnostics",     "verdict",
    "occupancy",    "truth_error", "energy_transitions"};
constexpr std::string_view kDraws[] = {"chains_trail", "draws", "chains"};

}  // namespace

bool isStatistics(std::string_view channel) {
    return std::ranges::find(kStatistics, channel) != std::end(kStatistics);
}

bool isDraws(std::string_view channel) {
    return std::ranges::find(kDraws, channel) != std::end(kDraws);
}

void publishStatistics(const std::string& channel, const DiagnosticsResult& r,
                       const StatisticsRequest& request, SnapshotBuilder& out) {
    if (channel == "trace") {
        trace(r, request, out);
    } else if (channel == "diagnostics") {
        table(r, request.whole, out);
    } else if (channel == "verdict") {
        out.set("verdict", textArray(verdictText(r, request.funnel, request.tempered)));
    } else if (channel == "occupancy") {
        if (r.modes) {
            occupancy(r, out);
        }
    } else if (channel == "truth_error") {
        truthError(r, out);
    } else if (channel == "energy_transitions") {
        if (r.energy) {
            energyTransitions(r, out);
        }
    } else if (const Plots plots = drawn(r); !plots.empty()) {
        if (channel == "rank_ecdf") {
            rankEcdf(plots, out);
        } else if (channel == "rank_histogram") {
            rankHistogram(plots, out);
        } else if (channel == "autocorrelation") {
            autocorrelation(plots, kShownChains, out);
        } else if (channel == "ess_evolution") {
            essEvolution(plots, out);
        } else {
            byQuantile(channel, plots, out);
        }
    }
}

std::vector<Index> shownSlots(const ChainView& view, Index most) {
    const Index kept = std::ssize(view.kept()), count = std::min(kept, most);
    std::vector<Index> out;
    for (Index i = 0; i < count; ++i) {
        out.push_back(i * kept / count);
    }
    return out;
}

std::vector<Index> firstFocus(const ChainLayout& layout) {
    std::vector<Index> out;
    for (Index q = 0; q < std::min<Index>(layout.coordinates(), 8); ++q) {
        out.push_back(q);
    }
    for (Index q = layout.coordinates(); q < layout.dim() && std::ssize(out) < 12; ++q) {
        out.push_back(q);
    }
    if (layout.scalar("lp__")) {
        out.push_back(layout.dim());
    }
    return out;
}

std::vector<std::string> variableNames(const ChainLayout& layout) {
    std::vector<std::string> out = layout.names;
    if (layout.scalar("lp__")) {
        out.emplace_back("lp__");
    }
    return out;
}

std::vector<Index> focusOf(const ChainLayout& layout, const std::string& names) {
    constexpr std::size_t kMost = 16;
    const auto all = variableNames(layout);
    std::vector<Index> out;
    for (std::size_t from = 0; from <= names.size() && out.size() < kMost;) {
        const auto end = std::min(names.find('\n', from), names.size());
        const std::string name = names.substr(from, end - from);
        from = end + 1;
        if (name.empty()) {
            continue;
        }
        const auto at = std::ranges::find(all, name);
        if (at == all.end()) {
            const std::string near = nearest(name, all);
            throw UsageError("there is no variable '" + name + "'" +
                             (near.empty() ? "" : "; the nearest one is '" + near + "'"));
        }
        out.push_back(at - all.begin());
    }
    return out.empty() ? firstFocus(layout) : out;
}

std::string namesOfFocus(const ChainLayout& layout, std::span<const Index> focus) {
    const auto all = variableNames(layout);
    std::vector<std::string> out;
    for (const Index v : focus) {
        out.push_back(all[static_cast<std::size_t>(v)]);
    }
    return joined(out);
}

namespace {

void trail(const ChainView& view, SnapshotBuilder& out) {
    const auto slots = shownSlots(view);
    const Index width = std::min<Index>(view.layout().coordinates(), 3);
    // Many long trails would hide what they run over, and each other.
    const Index length =
        std::clamp<Index>(4 * kTrailRows / std::max<Index>(std::ssize(slots), 1), 40, kTrailRows);
    const Index rows = std::min(length, view.rows()), missing = length - rows;
    std::vector<float> values(static_cast<std::size_t>(std::ssize(slots) * length * width));
    std::vector<double> column(static_cast<std::size_t>(rows));
    std::vector<Index> chains;
    for (std::size_t c = 0; c < slots.size(); ++c) {
        chains.push_back(view.kept()[static_cast<std::size_t>(slots[c])]);
        for (Index d = 0; d < width; ++d) {
            view.copy(d, slots[c], view.rows() - rows, 1, column);
            for (Index k = 0; k < length; ++k) {
                const auto row = static_cast<std::size_t>(std::max<Index>(k - missing, 0));
                const auto cell = (static_cast<Index>(c) * length + k) * width + d;
                values[static_cast<std::size_t>(cell)] = static_cast<float>(column[row]);
            }
        }
    }
    out.set("chains_trail", Array({std::ssize(slots), length, width}, values));
    out.set("chains_trail.chains", indices(chains));
}

/// Pooled, evenly thinned: all kept chains at each of the chosen rows.
void pooled(const ChainView& view, SnapshotBuilder& out) {
    constexpr Index kMost = 100'000;
    const auto slots = shownSlots(view, std::min<Index>(std::ssize(view.kept()), 10'000));
    const Index width = std::min<Index>(view.layout().coordinates(), 3);
    const Index room = std::max<Index>(kMost / std::max<Index>(std::ssize(slots), 1), 1);
    const Index step = (view.draws() + room - 1) / room;
    const Index rows = view.draws() > 0 ? (view.draws() - 1) / step + 1 : 0;
    const Index from = view.rows() - 1 - (rows - 1) * step;
    const auto n = static_cast<std::size_t>(rows), w = static_cast<std::size_t>(width);
    std::vector<float> values(slots.size() * n * w);
    std::vector<double> column(n);
    for (std::size_t c = 0; c < slots.size() && rows > 0; ++c) {
        for (std::size_t d = 0; d < w; ++d) {
            view.copy(static_cast<Index>(d), slots[c], from, step, column);
            for (std::size_t k = 0; k < n; ++k) {
                values[(k * slots.size() + c) * w + d] = static_cast<float>(column[k]);
            }
        }
    }
    out.set("draws", Array({static_cast<Index>(slots.size() * n), width}, values));
}

template <class T>
Array block(const ChainView& view, std::span<const Index> slots, Index from, Index step,
            Index rows) {
    const Index width = view.layout().coordinates();
    std::vector<T> values(static_cast<std::size_t>(rows * std::ssize(slots) * width));
    std::vector<double> column(static_cast<std::size_t>(rows));
    for (Index c = 0; c < std::ssize(slots); ++c) {
        for (Index d = 0; d < width; ++d) {
            view.copy(d, slots[static_cast<std::size_t>(c)], from, step, column);
            for (Index k = 0; k < rows; ++k) {
                values[static_cast<std::size_t>((k * std::ssize(slots) + c) * width + d)] =
                    static_cast<T>(column[static_cast<std::size_t>(k)]);
            }
        }
    }
    return {{rows, std::ssize(slots), width}, values};
}

void whole(const ChainView& view, Detail detail, SnapshotBuilder& out) {
    const bool all = detail == Detail::Export;
    const auto slots = shownSlots(view, all ? std::ssize(view.kept()) : kShownChains);
    const Index step = all ? 1 : std::max<Index>((view.draws() + 1999) / 2000, 1);
    const Index rows = view.draws() > 0 ? (view.draws() - 1) / step + 1 : 0;
    const Index from = view.rows() - 1 - (rows - 1) * step;
    out.set("chains", all && view.layout().dtype == DType::F64
                          ? block<double>(view, slots, from, step, rows)
                          : block<float>(view, slots, from, step, rows));
    const auto names =
        std::span(view.layout().names).first(static_cast<std::size_t>(view.layout().coordinates()));
    out.set("chains.names", textArray(joined(names)));
}

}  // namespace

void publishDraws(const std::string& channel, const ChainView& view, Detail detail,
                  SnapshotBuilder& out) {
    if (view.empty()) {
        return;
    }
    if (channel == "chains_trail") {
        trail(view, out);
    } else if (channel == "draws") {
        pooled(view, out);
    } else if (channel == "chains") {
        whole(view, detail, out);
    }
}

}  // namespace lx::chains
