// SPDX-License-Identifier: GPL-3.0-or-later
// Diagnostics beside a running sampler: the numbers of core/diagnostics, at the right time.
#include "core/chains/analysis.h"
#include "core/chains/diagnostics_worker.h"
#include "core/energies/registry.h"
#include "tests/unit/diagnostics/support.h"

#include <QTest>

#include <chrono>
#include <cmath>
#include <thread>

using namespace lx;
using diagnostics::Finding;

namespace {

ChainLayout layout(Index chains, Index dim, std::vector<std::string> scalars = {}) {
    ChainLayout out;
    out.chains = chains;
    for (Index d = 0; d < dim; ++d) {
        out.names.push_back("x" + std::to_string(d + 1));
    }
    out.scalars = std::move(scalars);
    out.dtype = DType::F64;
    return out;
}

/// Draws [draws, chains, dim] of autoregressions with variance 1.
std::vector<double> draws(Index count, Index chains, Index dim, double rho, double shift = 0,
                          std::uint64_t seed = 1) {
    const test::Chains series = test::autoregression(rho, chains * dim, count, seed);
    std::vector<double> out(static_cast<std::size_t>(count * chains * dim));
    for (Index n = 0; n < count; ++n) {
        for (Index c = 0; c < chains * dim; ++c) {
            out[static_cast<std::size_t>(n * chains * dim + c)] =
                series.values[static_cast<std::size_t>(c * count + n)] + shift;
        }
    }
    return out;
}

std::shared_ptr<EngineChains> sourceOf(const std::vector<double>& values, Index chains, Index dim) {
    auto source = std::make_shared<EngineChains>();
    source->restart(layout(chains, dim))
        .append<double>(values, {}, std::ssize(values) / chains / dim);
    return source;
}

bool found(const std::vector<Finding>& verdict, const std::string& id) {
    return std::ranges::find(verdict, id, &Finding::id) != verdict.end();
}

/// Waits for a result that `good` accepts; null after a minute.
template <class Good>
std::shared_ptr<const DiagnosticsResult> await(const DiagnosticsWorker& worker, const Good& good) {
    for (int i = 0; i < 12'000; ++i) {
        const auto result = worker.result();
        if (result && good(*result)) {
            return result;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return nullptr;
}

bool same(double a, double b) {
    return a == b || (std::isnan(a) && std::isnan(b));
}

}  // namespace

class TestDiagnosticsWorker : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void exactNumbersAreThoseOfTheLibrary() {
        constexpr Index chains = 4, count = 700;
        const auto values = draws(count, chains, 1, 0.6);
        std::vector<double> energy, divergent, depth, accept, lp;
        for (std::size_t i = 0; i < values.size(); ++i) {
            energy.push_back(values[i] * 3 + 10);
            divergent.push_back(i % 97 == 0);
            depth.push_back(i % 50 == 0 ? 10 : 4);
            accept.push_back(0.5 + 0.4 * std::sin(static_cast<double>(i)));
            lp.push_back(-values[i] * values[i]);
        }
        auto source = std::make_shared<EngineChains>();
        ChainLayout names =
            layout(chains, 1, {"energy__", "divergent__", "treedepth__", "accept_stat__", "lp__"});
        names.kernel = "nuts";
        ChainStore& store = source->restart(names);
        const std::span<const double> scalars[] = {energy, divergent, depth, accept, lp};
        store.append<double>(values, scalars, count);
        const DiagnosticsResult result = diagnoseAll(*source, {}, std::vector<Index>{0});

        // Chain after chain, as the library takes them.
        const auto turned = [&](const std::vector<double>& rows) {
            std::vector<double> out;
            for (Index m = 0; m < chains; ++m) {
                for (Index n = 0; n < count; ++n) {
                    out.push_back(rows[static_cast<std::size_t>(n * chains + m)]);
                }
            }
            return out;
        };
        const auto x = turned(values), e = turned(energy), d = turned(divergent), t = turned(depth),
                   a = turned(accept), l = turned(lp);
        diagnostics::ScalarDiagnostics scalar({x, chains, count});
        const auto expected = diagnostics::summarise("x1", scalar);
        QVERIFY(result.exact);
        QCOMPARE(result.rows.size(), 2U);  // the log density is a quantity as well
        QCOMPARE(result.rows[0].summary.name, std::string("x1"));
        QCOMPARE(result.rows[0].summary.essBulk, expected.essBulk);
        QCOMPARE(result.rows[0].summary.rhat.value(), expected.rhat.value());
        QCOMPARE(result.rows[0].summary.mcseSd, expected.mcseSd);
        scalar.reset({l, chains, count});
        QCOMPARE(result.rows[1].summary.name, std::string("lp__"));
        QCOMPARE(result.rows[1].summary.essTail, scalar.essTail());
        const auto report = diagnostics::samplerReport({.divergent = {d, chains, count},
                                                        .depth = {t, chains, count},
                                                        .energy = {e, chains, count},
                                                        .acceptance = {a, chains, count}});
        QCOMPARE(result.sampler.divergences, report.divergences);
        QCOMPARE(result.sampler.divergencesOfChain, report.divergencesOfChain);
        QCOMPARE(result.sampler.maxDepthHits, report.maxDepthHits);
        QCOMPARE(result.sampler.transitions, report.transitions);
        QCOMPARE(result.sampler.wanted, std::optional(0.8));
        QVERIFY(std::abs(*result.sampler.acceptance - *report.acceptance) < 1e-12);
        QCOMPARE(result.sampler.ebfmi.size(), report.ebfmi.size());
        for (std::size_t m = 0; m < report.ebfmi.size(); ++m) {
            QVERIFY(std::abs(result.sampler.ebfmi[m] / report.ebfmi[m] - 1) < 1e-12);
        }
        QVERIFY(found(result.verdict, "divergences"));

        const VariablePlots& plots = result.plots.at(0);
        const auto rho = diagnostics::autocorrelation({x, chains, count}, 50);
        QCOMPARE(plots.autocorrelation.time, rho.time);
        QCOMPARE(plots.autocorrelation.combined[7], rho.combined[7]);
        QCOMPARE(plots.autocorrelation.perChain[static_cast<std::size_t>(
                     plots.autocorrelation.perChain.size() / 4 * 3 + 7)],
                 rho.perChain[rho.perChain.size() / 4 * 3 + 7]);
        scalar.reset({x, chains, count});
        QCOMPARE(plots.essQuantile[9], scalar.essQuantile(plots.p[9]));
        QCOMPARE(plots.essLocal[9], scalar.essLocal(plots.p[8], plots.p[9]));
        QCOMPARE(plots.mean.mean.back(), scalar.mean());
        QVERIFY(std::abs(plots.mean.band.back() - 1.96 * scalar.mcseMean()) < 1e-12);
        QCOMPARE(plots.essEvolution.bulk.back(), scalar.essBulk());
        QVERIFY(plots.rankEcdf.inside);
        QVERIFY(plots.rankStep > 1);  // its band is of independent draws
        QVERIFY(result.energy);
        double mass = 0;
        for (const double p : result.energy->marginal) {
            mass += p * result.energy->width;
        }
        QVERIFY(std::abs(mass - 1) < 1e-9);
        QCOMPARE(plots.trace.divergences.front(), 0);
    }

    void theTallyFollowsWhatItSaw() {
        const auto values = draws(2000, 3, 1, 0.3);
        auto source = std::make_shared<EngineChains>();
        ChainStore& store = source->restart(layout(3, 1, {"energy__"}));
        detail::SamplerTally tally;
        for (std::size_t n = 0; n < 2000; ++n) {
            const auto row = std::span(values).subspan(n * 3, 3);
            const std::span<const double> scalars[] = {row};
            store.append<double>(row, scalars);
            if (n == 499) {
                tally.update(source->view());
                store.markWarmup();
            }
            if (n % 7 == 0) {
                tally.update(source->view());
            }
        }
        tally.update(source->view());
        std::vector<double> turned;
        for (std::size_t m = 0; m < 3; ++m) {
            for (std::size_t n = 500; n < 2000; ++n) {
                turned.push_back(values[n * 3 + m]);
            }
        }
        const auto bfmi = diagnostics::energyBfmi({turned, 3, 1500});
        for (std::size_t m = 0; m < 3; ++m) {
            QVERIFY(std::abs(tally.report().ebfmi[m] / bfmi[m] - 1) < 1e-10);
        }
        QCOMPARE(tally.report().transitions, 4500);
    }

    void theEnvelopeHidesNoExcursion() {
        constexpr Index chains = 2, count = 30'000;
        auto values = draws(count, chains, 1, 0.9);
        values[2 * 20'001 + 1] = 50;  // one draw of the second chain
        auto source = std::make_shared<EngineChains>();
        ChainStore& store = source->restart(layout(chains, 1));
        detail::EnvelopeBuilder builder(0, 64, 512);
        for (Index n = 0; n < count; n += 300) {
            store.append<double>(std::span(values).subspan(static_cast<std::size_t>(2 * n), 600),
                                 {}, 300);
            builder.update(source->view());
        }
        const TraceEnvelope& trace = builder.envelope();
        QCOMPARE(trace.bucket, 64);
        QCOMPARE(trace.buckets, (count + 63) / 64);
        for (Index m = 0; m < chains; ++m) {
            for (Index b = 0; b < trace.buckets; ++b) {
                double low = 1e300, high = -1e300;
                for (Index n = 64 * b; n < std::min(count, 64 * (b + 1)); ++n) {
                    low = std::min(low, values[static_cast<std::size_t>(2 * n + m)]);
                    high = std::max(high, values[static_cast<std::size_t>(2 * n + m)]);
                }
                QCOMPARE(trace.low[static_cast<std::size_t>(m * trace.buckets + b)], low);
                QCOMPARE(trace.high[static_cast<std::size_t>(m * trace.buckets + b)], high);
            }
        }
        QCOMPARE(*std::ranges::max_element(trace.high), 50.0);
    }

    void aKnownTargetShowsBias() {
        constexpr Index chains = 4, count = 2000;
        ChainTruth truth{{0, 0}, {1, 1}, {}, {}, {}};
        truth.score = [](std::span<const double> x) {
            std::vector<double> out(x.begin(), x.end());
            for (double& v : out) {
                v = -v;
            }
            return out;
        };
        const auto good = sourceOf(draws(count, chains, 2, 0.5), chains, 2);
        const auto bad = sourceOf(draws(count, chains, 2, 0.5, 0.3), chains, 2);
        const DiagnosticsResult right = diagnoseAll(*good, truth);
        const DiagnosticsResult wrong = diagnoseAll(*bad, truth);
        QVERIFY(!found(right.verdict, "truth"));
        QVERIFY(!found(right.verdict, "stein"));
        QVERIFY(found(right.verdict, "fine"));
        // R-hat and ESS are the same, and see nothing.
        QVERIFY(found(wrong.verdict, "truth"));
        QVERIFY(found(wrong.verdict, "stein"));
        QVERIFY(!found(wrong.verdict, "fine"));
        QVERIFY(!found(wrong.verdict, "rhat"));
        QVERIFY(right.rows[0].truth.meanInside());
        QVERIFY(!wrong.rows[0].truth.meanInside());
        QVERIFY(std::abs(wrong.rows[0].truth.mean - 0.3) < wrong.rows[0].truth.meanBand + 0.01);
    }

    void chainsInOneModeAreTold() {
        const EnergyPtr energy = makeEnergy("two-modes", {});
        const ChainTruth truth = truthOf(energy);
        QCOMPARE(truth.weights.size(), 2U);
        const auto centre = energy->modes()[0].centre;
        auto values = draws(1000, 4, 2, 0.2);
        for (std::size_t i = 0; i < values.size(); ++i) {
            values[i] = centre[i % 2] + 0.1 * values[i];
        }
        const DiagnosticsResult stuck = diagnoseAll(*sourceOf(values, 4, 2), truth);
        QVERIFY(stuck.modes);
        QCOMPARE(stuck.modes->hops, std::vector<Index>(4, 0));
        QVERIFY(!found(stuck.verdict, "fine"));
        QVERIFY(stuck.verdict.front().severity == diagnostics::Severity::Warning);

        const auto exact = energy->sample({3, 1}, 4000);
        const DiagnosticsResult free = diagnoseAll(*sourceOf(exact, 4, 2), truth);
        QVERIFY(free.modes->hops[0] > 100);
        QVERIFY(found(free.verdict, "fine"));
    }

    void whatGoesTogetherIsComparedToo() {
        auto values = draws(1000, 4, 2, 0.5);
        const DiagnosticsResult equal = diagnoseAll(*sourceOf(values, 4, 2));
        QVERIFY(equal.rStar && !equal.rStar->differs());
        QVERIFY(found(equal.verdict, "fine"));
        for (std::size_t i = 0; i < values.size(); i += 2) {
            const double sign = i / 2 % 4 == 0 ? -0.9 : 0.9;  // another correlation in one chain
            values[i + 1] = sign * values[i] + std::sqrt(0.19) * values[i + 1];
        }
        const DiagnosticsResult other = diagnoseAll(*sourceOf(values, 4, 2));
        QVERIFY(!found(other.verdict, "rhat") && !found(other.verdict, "fine"));
        QVERIFY(found(other.verdict, "r_star"));
    }

    void superchainsThatRememberAreTold() {
        constexpr Index chains = 256;
        auto values = draws(20, chains, 1, 0.0);
        const auto run = [&] {
            auto source = std::make_shared<EngineChains>();
            ChainLayout names = layout(chains, 1);
            names.superchains = 16;
            source->restart(names).append<double>(values, {}, 20);
            return diagnoseAll(*source);
        };
        const DiagnosticsResult good = run();
        QVERIFY(good.rows[0].nestedRhat < 1.1);
        QVERIFY(!found(good.verdict, "nested_rhat"));
        for (std::size_t i = 0; i < values.size(); ++i) {
            values[i] += static_cast<double>(i % chains / 16) / 4;  // each group stands elsewhere
        }
        QVERIFY(found(run().verdict, "nested_rhat"));
    }

    void resultsFollowARunningSampler() {
        constexpr Index chains = 4, dim = 2, count = 12'000;
        const auto values = draws(count, chains, dim, 0.7);
        auto source = std::make_shared<EngineChains>();
        ChainStore& store = source->restart(layout(chains, dim));
        std::atomic<int> published = 0;
        DiagnosticsOptions options;
        options.rate = 200;  // so that the test sees many results soon
        options.share = 1;
        options.published = [&] { ++published; };
        DiagnosticsWorker worker(options);
        worker.setFocus({1});
        worker.setSource(source);
        std::vector<Index> seen;
        for (Index n = 0; n < count; n += 100) {
            store.append<double>(
                std::span(values).subspan(static_cast<std::size_t>(n * chains * dim),
                                          100 * chains * dim),
                {}, 100);
            if (const auto result = worker.result(); result && result->draws > 0) {
                seen.push_back(result->draws);
            }
            if (n == 4'000) {
                QVERIFY(await(worker, [](const auto& r) { return r.draws > 100; }));
            }
        }
        QVERIFY(std::ranges::is_sorted(seen));
        QVERIFY(!worker.result()->exact);
        worker.pause();
        const auto exact = await(worker, [&](const auto& r) { return r.exact; });
        QVERIFY(exact);
        QCOMPARE(exact->draws, count);
        const DiagnosticsResult direct = diagnoseAll(*source, {}, std::vector<Index>{1});
        for (std::size_t v = 0; v < 2; ++v) {
            QCOMPARE(exact->rows[v].summary.essBulk, direct.rows[v].summary.essBulk);
            QCOMPARE(exact->rows[v].step, 1);
        }
        QCOMPARE(exact->plots.at(0).trace.buckets, direct.plots.at(0).trace.buckets);
        QVERIFY(exact->plots.at(0).live.draws.size() > 1);
        QVERIFY(published > 1);

        // Another focus while it stands still, then another generation.
        worker.setFocus({0, 1});
        QVERIFY(await(worker, [](const auto& r) { return r.exact && r.plots.size() == 2; }));
        worker.resume();
        store.append<double>(std::span(values).first(chains * dim));
        QVERIFY(await(worker, [](const auto& r) { return r.exact && r.draws == count + 1; }));
        source->restart(layout(2, 1)).append<double>(draws(500, 2, 1, 0.1), {}, 500);
        const auto next = await(worker, [](const auto& r) { return r.chains == 2 && !r.pending; });
        QVERIFY(next);
        QCOMPARE(next->rows.size(), 1U);
        worker.setSource(nullptr);
        for (int i = 0; i < 12'000 && worker.result(); ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        QVERIFY(!worker.result());
    }

    void liveNumbersAreThinnedAndSayIt() {
        constexpr Index chains = 4, count = 40'000;
        const auto source = sourceOf(draws(count, chains, 1, 0.95), chains, 1);
        DiagnosticsOptions options;
        options.liveDraws = 8'000;
        detail::Analysis analysis(source, {}, options);
        analysis.refresh();
        analysis.begin(false, {0});
        while (analysis.step()) {
        }
        const DiagnosticsResult live = analysis.result();
        QCOMPARE(live.rows[0].step, 20);
        QCOMPARE(live.rows[0].draws, 2000);
        QVERIFY(!live.exact);
        QVERIFY(live.notes.back().find("one in 20 draws") != std::string::npos);
        // rho^20 = 0.36: little is lost, and nothing is gained.
        const DiagnosticsResult exact = diagnoseAll(*source);
        const double ratio = live.rows[0].summary.essBulk / exact.rows[0].summary.essBulk;
        QVERIFY2(ratio > 0.6 && ratio < 1.3, qPrintable(QString::number(ratio)));
    }

    void thousandsOfQuantitiesFillWhileTheFocusComesFirst() {
        constexpr Index chains = 2, dim = 1000, count = 40;
        const auto source = sourceOf(draws(count, chains, dim, 0.1), chains, dim);
        DiagnosticsWorker worker({.rate = 50, .share = 1});
        worker.setFocus({900});
        worker.setSource(source);
        const auto first = await(worker, [](const auto& r) { return !r.plots.empty(); });
        QVERIFY(first);
        QVERIFY(first->rows[900].draws > 0);
        const auto all = await(worker, [](const auto& r) { return r.pending == 0; });
        QVERIFY(all);
        QVERIFY(!found(all->verdict, "nothing"));
    }

    void itStopsWithinAPiece() {
        const auto source = sourceOf(draws(2000, 8, 400, 0.1), 8, 400);
        const auto begin = std::chrono::steady_clock::now();
        for (int i = 0; i < 5; ++i) {
            DiagnosticsWorker worker({.rate = 1000});
            worker.setSource(source);
            worker.setFocus({3});
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
        qInfo(
            "five workers came and went in %.0f ms",
            1e3 * std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    }

    void theShareOfACoreIsKept() {
        auto source = std::make_shared<EngineChains>();
        ChainStore& store = source->restart(layout(4, 20));
        const auto values = draws(100, 4, 20, 0.1);
        DiagnosticsWorker worker;
        worker.setSource(source);
        worker.setFocus({0});
        const auto begin = std::chrono::steady_clock::now();
        double wall = 0;
        while (
            (wall =
                 std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count()) <
            3) {
            store.append<double>(values, {}, 100);
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        const auto result = worker.result();
        QVERIFY(result);
        qInfo("%.1f %% of a core, %llu results in %.1f s", 100 * result->cpuSeconds / wall,
              static_cast<unsigned long long>(result->sequence), wall);
        QVERIFY(result->cpuSeconds > 0);
    }

    void warmupShowsTracesButNoNumbers() {
        auto source = std::make_shared<EngineChains>();
        ChainStore& store = source->restart(layout(2, 1));
        store.append<double>(draws(50, 2, 1, 0.1), {}, 50);
        store.markWarmup();
        const DiagnosticsResult result = diagnoseAll(*source, {}, std::vector<Index>{0});
        QCOMPARE(result.pending, 1);
        QVERIFY(result.verdict.empty());
        QVERIFY(std::isnan(result.rows[0].summary.mean));
        QCOMPARE(result.plots.at(0).trace.warmup, 50);
        QCOMPARE(result.plots.at(0).trace.buckets, 50);
        QVERIFY(same(result.rows[0].nestedRhat, std::nan("")));
    }
};

QTEST_GUILESS_MAIN(TestDiagnosticsWorker)
#include "tst_diagnostics_worker.moc"
