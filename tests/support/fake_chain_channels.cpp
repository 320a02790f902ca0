// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/diagnostics/autocovariance.h"
#include "core/diagnostics/modes.h"
#include "core/diagnostics/rank_plot.h"
#include "core/diagnostics/sampler.h"
#include "core/diagnostics/scalar.h"
#include "core/diagnostics/stein.h"
#include "tests/support/fake_chain_run.h"

namespace lx::test::chains {

void FakeChains::publish(const std::string& id, SnapshotBuilder& out) const {
    publishPlaces(id, out);
    publishGrid(id, out);
    if (id == "mechanism" && m_step > 0) {
        publishMechanism(out);
    } else if (id == "trace" && m_step > 0) {
        publishTrace(out);
    } else if (kept() >= kLeastDraws) {
        publishPlots(id, out);
        publishTruth(id, out);
    }
    if (id == "verdict" && kept() < kLeastDraws) {
        out.set(id, text("Too few draws.\nPress play for more.\t\t\tnote\tfew_draws\n"));
    }
}

void FakeChains::publishPlaces(const std::string& id, SnapshotBuilder& out) const {
    std::vector<Index> shown(z(m_shown));
    std::iota(shown.begin(), shown.end(), Index{0});
    if (id == "sampler") {
        const std::string kernel = lx::text(m_params, "sampler.kernel");
        const std::string family = kernel == "hmc"   ? "hamiltonian"
                                   : kernel == "rwm" ? "random-walk"
                                                     : "langevin";
        out.set(id, text("kernel\t" + kernel + "\nfamily\t" + family + "\nchains\t" +
                         std::to_string(m_state.chains) + "\nwarmup\t" + std::to_string(warmup()) +
                         "\ndraws\t" + std::to_string(kept()) + "\nexecutor\treference\n"));
    } else if (id == "chains_now") {
        out.set(id, single({m_state.chains, m_dim}, m_state.positions()));
    } else if (id == "chains_trail") {
        const Index d = std::min<Index>(3, m_dim);
        std::vector<float> states;
        for (Index c = 0; c < m_shown; ++c) {
            for (Index k = kTrail - 1; k >= 0; --k) {
                for (Index i = 0; i < d; ++i) {
                    states.push_back(
                        static_cast<float>(history(c, i)[z(std::max<Index>(0, m_step - k))]));
                }
            }
        }
        out.set(id, Array({m_shown, kTrail, d}, states));
        out.set(id + ".chains", numbers(shown));
    } else if (id == "draws" && kept() > 0) {
        out.set(id, single({m_shown * kept(), m_dim}, points()));
    } else if (id == "chains" && kept() > 0) {
        std::vector<float> all;
        for (Index n = m_step + 1 - kept(); n <= m_step; ++n) {
            for (Index c = 0; c < m_shown; ++c) {
                for (Index d = 0; d < m_dim; ++d) {
                    all.push_back(static_cast<float>(history(c, d)[z(n)]));
                }
            }
        }
        out.set(id, Array({kept(), m_shown, m_dim}, all));
        out.set(id + ".names", text(join(m_energy->names())));
    }
}

void FakeChains::publishGrid(const std::string& id, SnapshotBuilder& out) const {
    if (id != "energy" && id != "true_density" && id != "sample_density") {
        return;
    }
    const auto logZ = m_energy->logNormaliser();
    if (id == "true_density" && (!logZ || m_dim != 2)) {
        return;
    }
    const Box box = m_energy->frame();
    const double dx = (box.upper[0] - box.lower[0]) / (kGrid - 1),
                 dy = (box.upper[1] - box.lower[1]) / (kGrid - 1);
    std::vector<double> values(z(kGrid * kGrid));
    if (id == "sample_density") {
        const auto all = points();
        for (std::size_t i = 0; i < all.size(); i += z(m_dim)) {
            const auto column = static_cast<Index>(std::lround((all[i] - box.lower[0]) / dx));
            const auto row = static_cast<Index>(std::lround((all[i + 1] - box.lower[1]) / dy));
            if (column >= 0 && column < kGrid && row >= 0 && row < kGrid) {
                values[z(row * kGrid + column)] +=
                    static_cast<double>(m_dim) / (static_cast<double>(all.size()) * dx * dy);
            }
        }
    } else {
        std::vector<double> at;
        for (Index row = 0; row < kGrid; ++row) {
            for (Index column = 0; column < kGrid; ++column) {
                at.push_back(box.lower[0] + dx * static_cast<double>(column));
                at.push_back(box.lower[1] + dy * static_cast<double>(row));
                for (Index d = 2; d < m_dim; ++d) {
                    at.push_back(0);
                }
            }
        }
        m_energy->evaluate(at, values);
        if (id == "true_density") {
            for (double& v : values) {
                v = std::exp(-v - *logZ);
            }
        }
    }
    out.set(id, single({kGrid, kGrid}, values));
    out.set(id + ".extent",
            single({4}, std::vector{box.lower[0], box.lower[1], box.upper[0], box.upper[1]}));
}

void FakeChains::publishMechanism(SnapshotBuilder& out) const {
    const auto rows = static_cast<Index>(m_trace.chains.size());
    std::map<std::string, std::vector<double>> vectors;
    std::vector<double> alpha, accepted, diverged;
    Index points = 0;
    for (const ChainTrace& t : m_trace.chains) {
        points = std::max(points, static_cast<Index>(t.path.size()) / m_dim);
    }
    std::vector<double> path(z(rows * points * m_dim), NAN), momenta = path,
                                                             error(z(rows * points), NAN);
    bool moves = false;
    for (Index r = 0; r < rows; ++r) {
        const ChainTrace& t = m_trace.chains[z(r)];
        for (const auto& [name, values] : {std::pair{"from", &t.from},
                                           {"proposal", &t.proposal},
                                           {"drift", &t.drift},
                                           {"noise", &t.noise}}) {
            vectors[name].insert(vectors[name].end(), values->begin(), values->end());
        }
        std::ranges::copy(t.path, path.begin() + r * points * m_dim);
        std::ranges::copy(t.momenta, momenta.begin() + r * points * m_dim);
        moves = moves || !t.momenta.empty();
        double start = NAN;
        for (std::size_t i = 0; i < t.momenta.size() / z(m_dim); ++i) {
            const auto at = std::span(t.path).subspan(i * z(m_dim), z(m_dim));
            double h = m_energy->at(at);
            for (std::size_t d = 0; d < z(m_dim); ++d) {
                const double p = t.momenta[i * z(m_dim) + d];
                h += 0.5 * p * p;
            }
            start = i == 0 ? h : start;
            error[z(r * points) + i] = h - start;
        }
        alpha.push_back(-m_info[z(r)].energyError);
        accepted.push_back(t.accepted ? 1 : 0);
        diverged.push_back(m_info[z(r)].diverged ? 1 : 0);
    }
    out.set("mechanism", single({rows}, alpha));
    out.set("mechanism.accepted", single({rows}, accepted));
    out.set("mechanism.diverged", single({rows}, diverged));
    for (const auto& [name, values] : vectors) {
        if (static_cast<Index>(values.size()) == rows * m_dim) {
            out.set("mechanism." + name, single({rows, m_dim}, values));
        }
    }
    if (moves) {
        out.set("mechanism.path", single({rows, points, m_dim}, path));
        out.set("mechanism.momenta", single({rows, points, m_dim}, momenta));
        out.set("mechanism.energy_error", single({rows, points}, error));
    }
}

void FakeChains::publishTrace(SnapshotBuilder& out) const {
    const Index buckets = std::min(kBuckets, m_step), v = variables();
    std::vector<double> edges;
    for (Index p = 0; p <= buckets; ++p) {
        edges.push_back(static_cast<double>(p * m_step / buckets));
    }
    std::vector<double> values;
    for (Index i = 0; i < v; ++i) {
        for (Index c = 0; c < m_shown; ++c) {
            const auto& all = history(c, i);
            for (Index p = 0; p < buckets; ++p) {
                const auto from = all.begin() + 1 + static_cast<Index>(edges[z(p)]);
                const auto [low, high] = std::minmax_element(
                    from, all.begin() + 1 + static_cast<Index>(edges[z(p + 1)]));
                values.insert(values.end(), {*low, *high});
            }
        }
    }
    out.set("trace", single({v, m_shown, buckets, 2}, values));
    out.set("trace.step", single({buckets + 1}, edges));
    out.set("trace.warmup", single({1}, std::vector{double(integer(m_params, "sampler.warmup"))}));
    out.set("trace.names", text(join(names())));
    std::vector<Index> shown(z(m_shown));
    std::iota(shown.begin(), shown.end(), Index{0});
    out.set("trace.chains", numbers(shown));
    if (!m_diverged.empty()) {
        out.set("trace.diverged",
                Array({static_cast<Index>(m_diverged.size()) / 2, 2}, m_diverged));
    }
    if (kept() >= kLeastDraws) {
        std::vector<double> rhat, ess;
        for (Index i = 0; i < v; ++i) {
            const auto all = after(i);
            diagnostics::ScalarDiagnostics d(diagnostics::Draws(all, m_shown, kept()));
            rhat.push_back(d.rhat().value());
            ess.push_back(d.essBulk());
        }
        out.set("trace.rhat", single({v}, rhat));
        out.set("trace.ess", single({v}, ess));
    }
}

void FakeChains::publishPlots(const std::string& id, SnapshotBuilder& out) const {
    using namespace diagnostics;
    const Index v = variables();
    const auto each = [&](auto&& body) {
        for (Index i = 0; i < v; ++i) {
            const auto all = after(i);
            body(Draws(all, m_shown, kept()));
        }
        out.set(id + ".names", text(join(names())));
    };
    std::vector<double> values, more, third;
    Index points = 0;
    if (id == "rank_ecdf") {
        std::vector<double> at;
        each([&](const Draws& d) {
            const RankEcdf e = rankEcdf(d, 50);
            values.insert(values.end(), e.difference.begin(), e.difference.end());
            at = e.at;
            more.clear();
            for (std::size_t p = 0; p < e.at.size(); ++p) {
                more.insert(more.end(), {e.lower[p], e.upper[p]});
            }
        });
        points = static_cast<Index>(at.size());
        const Index rows = points > 0 ? static_cast<Index>(values.size()) / (v * points) : 0;
        out.set(id, single({v, rows, points}, values));
        out.set(id + ".at", single({points}, at));
        out.set(id + ".band", single({points, 2}, more));
    } else if (id == "rank_histogram") {
        each([&](const Draws& d) {
            const RankHistogram h = rankHistogram(d, 20);
            values.insert(values.end(), h.counts.begin(), h.counts.end());
        });
        out.set(id, single({v, m_shown, 20}, values));
    } else if (id == "autocorrelation") {
        each([&](const Draws& d) {
            const Autocorrelation a = autocorrelation(d, std::min<Index>(100, kept() - 1));
            values.insert(values.end(), a.perChain.begin(), a.perChain.end());
            more.insert(more.end(), a.combined.begin(), a.combined.end());
            third.push_back(a.time);
            points = static_cast<Index>(a.combined.size());
        });
        out.set(id, single({v, m_shown, points}, values));
        out.set(id + ".combined", single({v, points}, more));
        out.set(id + ".tau", single({v}, third));
    } else if (id == "ess_evolution") {
        each([&](const Draws& d) {
            const EssEvolution e = essEvolution(d, 20);
            more.assign(e.draws.begin(), e.draws.end());
            for (std::size_t p = 0; p < e.bulk.size(); ++p) {
                values.insert(values.end(), {e.bulk[p], e.tail[p]});
            }
        });
        points = static_cast<Index>(more.size());
        out.set(id, single({v, points, 2}, values));
        out.set(id + ".draws", single({points}, more));
    } else if (id == "ess_quantile" || id == "ess_local" || id == "mcse_quantile") {
        points = 19;
        for (Index p = 1; p <= points; ++p) {
            more.push_back(0.05 * static_cast<double>(p));
        }
        each([&](const Draws& d) {
            ScalarDiagnostics s(d);
            for (const double p : more) {
                values.push_back(id == "ess_quantile" ? s.essQuantile(p)
                                 : id == "ess_local"  ? s.essLocal(p - 0.05, p)
                                                      : s.mcseQuantile(p));
            }
        });
        out.set(id, single({v, points}, values));
        out.set(id + ".p", single({points}, more));
    } else if (id == "energy_transitions") {
        constexpr Index kBins = 40;
        const auto all = after(m_dim);
        const Draws d(all, m_shown, kept());
        double mean = 0, reach = 1e-6;
        for (const double e : all) {
            mean += e / static_cast<double>(all.size());
        }
        for (const double e : all) {
            reach = std::max(reach, std::abs(e - mean));
        }
        for (Index b = 0; b <= kBins; ++b) {
            more.push_back(reach * (2.0 * static_cast<double>(b) / kBins - 1));
        }
        values.assign(z(m_shown * 2 * kBins), 0.0);
        const auto count = [&](Index chain, Index which, double x) {
            const auto bin = static_cast<Index>(std::floor((x + reach) / (2 * reach) * kBins));
            if (bin >= 0 && bin < kBins) {
                values[z((chain * 2 + which) * kBins + bin)] +=
                    kBins / (2 * reach * static_cast<double>(kept()));
            }
        };
        for (Index c = 0; c < m_shown; ++c) {
            const auto chain = d.chain(c);
            for (std::size_t n = 0; n < chain.size(); ++n) {
                count(c, 0, chain[n] - mean);
                if (n > 0) {
                    count(c, 1, chain[n] - chain[n - 1]);
                }
            }
        }
        out.set(id, single({m_shown, 2, kBins}, values));
        out.set(id + ".edges", single({kBins + 1}, more));
        out.set(id + ".ebfmi", single({m_shown}, energyBfmi(d)));
    } else if (id == "diagnostics" || id == "verdict") {
        std::vector<Summary> rows;
        const auto known = names();
        each([&](const Draws& d) {
            ScalarDiagnostics s(d);
            rows.push_back(summarise(known[rows.size()], s));
        });
        if (id == "diagnostics") {
            for (const Summary& s : rows) {
                values.insert(values.end(),
                              {s.mean, s.median, s.sd, s.mad, s.q5, s.q95, s.rhat.value(),
                               s.essBulk, s.essTail, s.mcseMean, s.mcseSd});
            }
            out.set(id, single({v, 11}, values));
            return;
        }
        std::vector<Finding> found = diagnostics::verdict(rows, m_shown, kept());
        bool bad = false;
        std::string lines;
        for (const Finding& f : found) {
            bad = bad || f.severity == Severity::Warning;
            const bool mixing = f.id == "rhat";
            lines += f.sentence + (mixing ? "\ttry-tempering\tTry tempering" : "\t\t") + "\t" +
                     (f.severity == Severity::Warning ? "warning" : "note") + "\t" + f.id + "\n";
            if (mixing) {
                lines +=
                    "They disagree about where the mass is.\tlarger-step\tLarger "
                    "step\tnote\trhat\n";
            }
        }
        out.set(id, text((bad ? "Not converged.\n" : "Converged.\n") + lines));
    }
}

void FakeChains::publishTruth(const std::string& id, SnapshotBuilder& out) const {
    const auto modes = m_energy->modes();
    if (id == "occupancy" && !modes.empty()) {
        std::vector<Index> labels;
        const auto all = points();
        for (std::size_t i = 0; i < all.size(); i += z(m_dim)) {
            labels.push_back(m_energy->modeOf(std::span(all).subspan(i, z(m_dim))));
        }
        const auto report = diagnostics::followModes(labels, m_shown, kept(), std::ssize(modes));
        std::vector<double> truth, hops(report.hops.begin(), report.hops.end());
        for (const Mode& mode : modes) {
            truth.push_back(mode.weight);
        }
        out.set(id, single({m_shown, report.modes}, report.occupancy));
        out.set(id + ".all", single({report.modes}, report.weights));
        out.set(id + ".true", single({report.modes}, truth));
        out.set(id + ".hops", single({m_shown}, hops));
    } else if (id == "marginals") {
        constexpr Index kBins = 48;
        const Box box = m_energy->frame();
        std::vector<double> density, edges, truth;
        for (Index axis = 0; axis < 2; ++axis) {
            const double low = box.lower[z(axis)], width = (box.upper[z(axis)] - low) / kBins;
            std::vector<double> counts(kBins), middle;
            const auto all = after(axis);
            for (const double x : all) {
                const auto bin = static_cast<Index>(std::floor((x - low) / width));
                if (bin >= 0 && bin < kBins) {
                    counts[z(bin)] += 1 / (width * static_cast<double>(all.size()));
                }
            }
            for (Index b = 0; b < kBins; ++b) {
                middle.push_back(low + width * (static_cast<double>(b) + 0.5));
                edges.push_back(low + width * static_cast<double>(b));
            }
            edges.push_back(box.upper[z(axis)]);
            const auto exact =
                m_energy->marginal(axis, middle).value_or(std::vector<double>(kBins, NAN));
            density.insert(density.end(), counts.begin(), counts.end());
            truth.insert(truth.end(), exact.begin(), exact.end());
        }
        out.set(id, single({2, kBins}, density));
        out.set(id + ".edges", single({2, kBins + 1}, edges));
        out.set(id + ".true", single({2, kBins}, truth));
        out.set(id + ".names", text(join(m_energy->names())));
    } else if (id == "truth_error") {
        const auto mean = m_energy->mean();
        const auto covariance = m_energy->covariance();
        std::vector<double> rows;
        for (Index i = 0; i < m_dim; ++i) {
            const auto all = after(i);
            diagnostics::ScalarDiagnostics s(diagnostics::Draws(all, m_shown, kept()));
            const double exact = mean ? (*mean)[z(i)] : NAN;
            const double sd = covariance ? std::sqrt((*covariance)[z(i * m_dim + i)]) : NAN;
            rows.insert(rows.end(),
                        {s.mean(), exact, (s.mean() - exact) / s.mcseMean(), s.sd() / sd});
        }
        out.set(id, single({m_dim, 4}, rows));
        out.set(id + ".names", text(join(m_energy->names())));
        auto all = points();
        std::vector<double> value(all.size() / z(m_dim)), score(all.size());
        m_energy->evaluate(all, value, score);
        for (double& g : score) {
            g = -g;
        }
        const auto ksd = diagnostics::steinDiscrepancy(all, score, m_dim, {200, 100});
        out.set(id + ".ksd", single({2}, std::vector{ksd.value, ksd.probability}));
    }
}

}  // namespace lx::test::chains
