// SPDX-License-Identifier: GPL-3.0-or-later
// The family as the engine sees it: same seed, same run; resume; looking; bad numbers.
#include "core/data/dataset.h"
#include "core/experiments/autoencoder/run_data.h"
#include "core/io/digest.h"
#include "tests/unit/experiments/family_run.h"
#include "tests/unit/experiments/small_runs.h"

#include <ATen/Parallel.h>
#include <QtTest>
#include <cmath>
#include <cstring>

using namespace lx;
using namespace lx::test;

namespace {

const ExperimentSpec& family() {
    static const ExperimentSpec spec =
        autoencoder::spec(std::make_shared<DataLibrary>(std::vector<std::string>{}));
    return spec;
}

std::unique_ptr<Experiment> make(const ParamSet& given, std::uint64_t seed = 1) {
    return family().make(resolve(family().describe(given).params, given), Key{seed, 0});
}

ParamSet ring() {
    return {{"data.source", std::string("data.ring8")},
            {"network.hidden", std::vector<double>{32, 32}},
            {"network.activation", std::string("silu")},
            {"train.ema", 0.9},
            {"train.clip", 5.0},
            {"train.schedule", std::string("cosine")},
            {"train.horizon", Index{400}},
            {"objective.warmup", Index{100}}};
}
ParamSet deterministic() {
    ParamSet set = shapes();
    set["encoder"] = std::string("enc.det");
    set["decoder"] = std::string("dec.gauss");
    return set;
}

std::vector<std::pair<const char*, ParamSet>> runs() {
    return {{"shapes", shapes()}, {"conv", conv()}, {"ring8", ring()}, {"det", deterministic()}};
}

/// Ten runs that take every branch of the training step (RELIABILITY C1 to C3).
std::vector<std::pair<const char*, ParamSet>> tenRuns() {
    const auto table = [](const char* source, const ParamSet& more) {
        ParamSet set{{"data.source", std::string(source)},
                     {"data.count", Index{500}},
                     {"network.hidden", std::vector<double>{16}},
                     {"train.batch", Index{32}}};
        for (const auto& [id, value] : more) {
            set[id] = value;
        }
        return set;
    };
    auto all = runs();
    all.insert(
        all.end(),
        {{"linear", table("data.lingauss",
                          {{"data.dim", Index{5}}, {"network.hidden", std::vector<double>{}}})},
         {"fixed",
          table("data.grid25", {{"decoder.sigma", std::string("fixed")}, {"objective.beta", 4.0}})},
         {"pixel", table("data.pinwheel", {{"decoder.sigma", std::string("pixel")}})},
         {"warm",
          table("data.moons", {{"objective.warmup", Index{30}}, {"train.warmup", Index{20}}})},
         {"average", table("data.spirals", {{"train.ema", 0.99}})},
         {"wide", table("data.swiss-roll", {{"latent.dim", Index{3}}, {"train.clip", 1.0}})}});
    return all;
}

std::string digestOf(const State& state) {
    std::vector<std::byte> all;
    for (const auto& [name, array] : state) {
        const auto text = std::as_bytes(std::span(name));
        all.insert(all.end(), text.begin(), text.end());
        all.insert(all.end(), array.bytes().begin(), array.bytes().end());
    }
    return sha256Hex(all);
}

void addTenRuns() {
    QTest::addColumn<int>("run");
    const auto all = tenRuns();
    for (int i = 0; i < static_cast<int>(all.size()); ++i) {
        QTest::newRow(all[static_cast<std::size_t>(i)].first) << i;
    }
}

/// The run of the present row.
std::pair<const char*, ParamSet> currentRun() {
    QFETCH(int, run);
    return tenRuns()[static_cast<std::size_t>(run)];
}

std::vector<std::string> channelsOf(const ParamSet& given) {
    return channelIds(family().describe(given));
}

/// C2: uninterrupted against captured at `split` and restored into a fresh experiment. `damage`
/// stands for a restore that forgets something.
bool resumes(const ParamSet& given, Index split, const std::function<void(State&)>& damage = {}) {
    constexpr Index total = 60;
    Collected sink;
    const auto whole = make(given);
    steps(*whole, total, sink);
    const auto first = make(given);
    steps(*first, split, sink);
    State state = first->capture();
    if (damage) {
        damage(state);
    }
    const auto second = make(given);
    second->restore(state);
    steps(*second, total - split, sink);
    return digestOf(whole->capture()) == digestOf(second->capture());
}

Array zeros(const Array& like) {
    return {std::vector<Index>(like.shape().begin(), like.shape().end()),
            std::vector<float>(static_cast<std::size_t>(like.count()))};
}

}  // namespace

class TestAutoencoder : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { at::set_num_threads(1); }

    void sameSeedSameBits_data() {
        addTenRuns();
        QCOMPARE(tenRuns().size(), std::size_t{10});
    }
    void sameSeedSameBits() {
        const auto [name, given] = currentRun();
        const Index count = std::string_view(name) == "conv" ? 40 : 200;
        Collected a, b, c;
        const auto first = make(given), second = make(given), other = make(given, 2);
        steps(*first, count, a);
        steps(*second, count, b);
        steps(*other, count, c);
        QVERIFY2(digestOf(first->capture()) == digestOf(second->capture()), name);
        QVERIFY(a.series == b.series);
        // Canary: the digest notices another seed.
        QVERIFY(digestOf(first->capture()) != digestOf(other->capture()));
    }
    void resumeIsBitIdentical_data() { addTenRuns(); }
    void resumeIsBitIdentical() {
        const auto [name, given] = currentRun();
        for (const Index split : {1, 7, 20, 41, 59}) {
            QVERIFY2(resumes(given, split), name);
        }
    }
    void resumeWithoutItsPartsIsNoticed() {
        QVERIFY(!resumes(ring(), 20, [](State& s) { s["adam.first"] = zeros(s["adam.first"]); }));
        QVERIFY(!resumes(ring(), 20, [](State& s) { s["adam.second"] = zeros(s["adam.second"]); }));
        QVERIFY(!resumes(ring(), 20, [](State& s) { s.erase("average"); }));
        QVERIFY(!resumes(ring(), 20, [](State& s) {
            s["clock"] = Array({2}, std::vector<Index>{20, 0});  // bias correction starts anew
        }));
        QVERIFY(!resumes(ring(), 20, [](State& s) {
            s["clock"] = Array({2}, std::vector<Index>{19, 20});  // the random stream one step back
        }));
    }
    void lookingDoesNotDisturb_data() { addTenRuns(); }
    void lookingDoesNotDisturb() {
        const auto [name, given] = currentRun();
        Collected sink, seen;
        const auto quiet = make(given), watched = make(given);
        const auto channels = channelsOf(given);
        for (int round = 0; round < 10; ++round) {
            steps(*quiet, 5, sink);
            steps(*watched, 5, sink);
            look(*watched, channels, seen);
            cmd::Probe probe{1, "decode", {}, {}};
            const auto wide = given.find("latent.dim");
            const Index dim = wide == given.end() ? 2 : std::get<Index>(wide->second);
            probe.arrays["z"] =
                Array({1, dim}, std::vector<float>(static_cast<std::size_t>(dim), 0.3F));
            const auto task = watched->probe(probe);
            while (!task->advance({1, std::chrono::microseconds(1)}, {}, seen)) {
            }
        }
        watched->metrics(Key{3, 3}, {});
        steps(*quiet, 5, sink);
        steps(*watched, 5, sink);
        QVERIFY2(digestOf(quiet->capture()) == digestOf(watched->capture()), name);
    }
    void aLookThatDrawsFromTheTrainingStreamIsNoticed() {
        // Broken twin: a view moves the position in the random stream by one.
        Collected sink;
        const auto quiet = make(ring()), watched = make(ring());
        steps(*quiet, 10, sink);
        steps(*watched, 10, sink);
        State moved = watched->capture();
        const auto clock = moved["clock"].values<Index>();
        moved["clock"] = Array({2}, std::vector<Index>{clock[0] + 1, clock[1]});
        watched->restore(moved);
        steps(*quiet, 5, sink);
        steps(*watched, 5, sink);
        State a = quiet->capture(), b = watched->capture();
        a.erase("clock");
        b.erase("clock");
        QVERIFY(digestOf(a) != digestOf(b));
    }
    void aViewShowsOneMoment() {
        // Slices of a task that is interleaved with training belong to the state it began with.
        Collected sink, atOnce, later;
        const auto experiment = make(shapes());
        steps(*experiment, 20, sink);
        look(*experiment, {"codes"}, atOnce);
        const std::vector<std::string> codes{"codes"};
        const auto task = experiment->observe(codes, Detail::Screen);
        while (!task->advance({1, std::chrono::microseconds(1)}, {}, later)) {
            steps(*experiment, 1, sink);
        }
        QVERIFY(
            std::ranges::equal(atOnce.channels["codes"].bytes(), later.channels["codes"].bytes()));
        Collected after;
        look(*experiment, codes, after);
        QVERIFY(
            !std::ranges::equal(atOnce.channels["codes"].bytes(), after.channels["codes"].bytes()));
    }
    void channelsHaveTheirShapes() {
        for (const auto& [name, given] : runs()) {
            const Description d = family().describe(given);
            Collected seen;
            look(*make(given), channelsOf(given), seen);
            for (const auto& decl : d.channels) {
                QVERIFY2(seen.channels.contains(decl.id), decl.id.c_str());
                const Array& array = seen.channels[decl.id];
                if (decl.kind == "image_batch") {
                    QCOMPARE(array.shape().size(), std::size_t{3});
                    QCOMPARE(array.dim(1), Index{16});
                    for (const float v : array.values<float>()) {
                        QVERIFY(v >= 0 && v <= 1);
                    }
                } else if (decl.kind == "points2") {
                    QCOMPARE(array.dim(1), Index{2});
                } else if (decl.kind == "labels") {
                    QCOMPARE(array.dtype(), DType::I64);
                    QCOMPARE(array.dim(0), seen.channels["codes"].dim(0));
                }
            }
            // Worst first.
            const auto errors = seen.channels["reconstruction_error"].values<float>();
            QVERIFY(std::ranges::is_sorted(errors, std::greater<>()));
            QCOMPARE(seen.channels["originals"].dim(0), static_cast<Index>(errors.size()));
        }
    }
    void probesAnswer() {
        const auto experiment = make(shapes());
        const auto ask = [&](const cmd::Probe& probe) {
            Collected answer;
            const auto task = experiment->probe(probe);
            while (!task->advance({1, std::chrono::microseconds(1)}, {}, answer)) {
            }
            return answer;
        };
        cmd::Probe decode{7, "decode", {}, {}};
        decode.arrays["z"] = Array({2, 2}, std::vector<float>{0, 0, 1, 0});
        Collected points = ask(decode);
        QCOMPARE(points.channels["x"].dim(0), Index{2});
        QCOMPARE(points.channels["nearest"].dtype(), DType::I64);
        const auto logp = points.channels["logp"].values<float>();
        QVERIFY(std::abs(logp[0] + std::log(2 * M_PI)) < 1e-5 &&
                std::abs(logp[0] - logp[1] - 0.5F) < 1e-5F);

        cmd::Probe sheet{8,
                         "sheet",
                         {{"x0", -2.0},
                          {"y0", -1.0},
                          {"x1", 2.0},
                          {"y1", 1.0},
                          {"columns", Index{20}},
                          {"rows", Index{20}}},
                         {}};
        Collected tiles = ask(sheet);
        QCOMPARE(tiles.channels["x"].dim(0), Index{400});
        QCOMPARE(std::ranges::count(tiles.order, std::string("x")), 2);  // coarse, then fine
        // Row 0 lies at y0: the first tile is the decode of (x0, y0).
        cmd::Probe corner{9, "decode", {}, {}};
        corner.arrays["z"] = Array({1, 2}, std::vector<float>{-2, -1});
        Collected first = ask(corner);
        const auto tile = tiles.channels["x"].values<float>().first(256);
        const auto point = first.channels["x"].values<float>();
        for (std::size_t i = 0; i < 256; ++i) {
            QVERIFY(std::abs(tile[i] - point[i]) < 1e-5F);
        }

        Collected seen;
        look(*experiment, {"data", "codes"}, seen);
        cmd::Probe encode{10, "encode", {}, {}};
        encode.arrays["x"] = seen.channels["data"];
        Collected encoded = ask(encode);
        const auto mean = encoded.channels["mean"].values<float>();
        const auto codes = seen.channels["codes"].values<float>();
        for (std::size_t i = 0; i < 20; ++i) {
            QVERIFY(std::abs(mean[i] - codes[i]) < 1e-4F);
        }
        QCOMPARE(experiment->probe({1, "unknown", {}, {}}), std::unique_ptr<Task>());
        QVERIFY_EXCEPTION_THROWN(experiment->probe({1, "decode", {}, {}}), UsageError);
        encode.arrays["x"] = Array({3}, std::vector<float>{1, 2, 3});
        QVERIFY_EXCEPTION_THROWN(experiment->probe(encode), UsageError);
    }
    void badParametersStopTheRunUnchanged() {
        const double poisons[] = {NAN, INFINITY, -INFINITY, 1e38};
        int stopped = 0, tried = 0;
        for (const auto& [name, given] : runs()) {
            for (int k = 0; k < 8; ++k) {
                const auto experiment = make(given);
                Collected sink;
                steps(*experiment, 3, sink);
                State state = experiment->capture();
                auto at = std::next(state.lower_bound("model."), 0);
                // The decoder's last tensors reach every datum.
                for (auto it = state.begin(); it != state.end(); ++it) {
                    at = it->first.starts_with("model.decoder") && it->first.ends_with("bias") &&
                                 it->second.count() > 1
                             ? it
                             : at;
                }
                std::vector<float> values(at->second.values<float>().begin(),
                                          at->second.values<float>().end());
                values[static_cast<std::size_t>(k) % values.size()] =
                    static_cast<float>(poisons[k % 4]);
                const std::vector<Index> shape(at->second.shape().begin(),
                                               at->second.shape().end());
                at->second = Array(shape, values);
                experiment->restore(state);
                const std::string before = digestOf(experiment->capture());
                ++tried;
                try {
                    steps(*experiment, 1, sink);
                } catch (const NumericalError& error) {
                    const std::string text = error.what();
                    stopped += text.find("step 3") != std::string::npos &&
                               (text.find("parameter decoder") != std::string::npos ||
                                text.find("loss") != std::string::npos) &&
                               digestOf(experiment->capture()) == before;
                }
            }
        }
        QCOMPARE(stopped, tried);
    }
    void foreignStatesAreRefusedAndChangeNothing() {
        const auto experiment = make(shapes());
        Collected sink;
        steps(*experiment, 3, sink);
        const std::string before = digestOf(experiment->capture());
        const auto refused = [&](const std::function<void(State&)>& damage) {
            State state = experiment->capture();
            damage(state);
            try {
                experiment->restore(state);
            } catch (const UsageError&) {
                return digestOf(experiment->capture()) == before;
            }
            return false;
        };
        QVERIFY(refused([](State& s) { s.clear(); }));
        QVERIFY(refused([](State& s) { s.erase("adam.second"); }));
        QVERIFY(refused([](State& s) { s.erase("clock"); }));
        QVERIFY(refused([](State& s) { s["adam.first"] = Array({1}, std::vector<float>{0}); }));
        QVERIFY(refused([](State& s) { s["clock"] = Array({2}, std::vector<Index>{-1, 0}); }));
        QVERIFY(refused([&](State& s) { s = make(ring())->capture(); }));
    }
    void seriesComeInTheOrderOfTheDescription() {
        for (const auto& [name, given] : runs()) {
            const Description d = family().describe(given);
            Collected sink;
            const auto experiment = make(given);
            steps(*experiment, 100, sink);
            QCOMPARE(sink.series.size(), d.series.size());
            for (std::size_t k = 0; k < d.series.size(); ++k) {
                const auto& values = sink.series[static_cast<std::uint32_t>(k)];
                const bool rare = d.series[k].id.starts_with("heldout");
                QCOMPARE(values.size(), rare ? std::size_t{1} : std::size_t{100});
                QVERIFY(std::ranges::all_of(values, [](double v) { return std::isfinite(v); }));
            }
        }
        // loss = reconstruction + beta kl, beta 1 without warm-up
        Collected sink;
        steps(*make(shapes()), 5, sink);
        QVERIFY(std::abs(sink.series[0][4] - sink.series[1][4] - sink.series[4][4]) < 1e-3);
    }
    void liveParametersActAtOnce() {
        const auto experiment = make(shapes());
        Collected sink;
        steps(*experiment, 2, sink);
        experiment->set({"train.rate", 1e-4});
        experiment->set({"objective.beta", 0.0});
        steps(*experiment, 1, sink);
        QCOMPARE(sink.series[3].back(), 1e-4);
        QVERIFY(std::abs(sink.series[0].back() - sink.series[1].back()) < 1e-6);
        for (const auto& decl : family().describe(ring()).params) {
            if (decl.live) {
                make(ring())->set({decl.id, decl.initial});
            }
        }
        QVERIFY_EXCEPTION_THROWN(experiment->set({"latent.dim", Index{3}}), UsageError);
    }
    void theFormShowsFirstWhatOneTriesFirst() {
        const Description d = family().describe(shapes());
        const auto basic = [&](const char* id) {
            const ParamDecl* decl = find(d.params, id);
            return decl != nullptr && decl->basic;
        };
        for (const char* id : {"latent.dim", "objective.beta", "network.hidden", "train.rate",
                               "train.batch", "encoder", "decoder", "prior"}) {
            QVERIFY2(basic(id), id);
        }
        QVERIFY(find(d.params, "objective.beta")->live);
        for (const char* id :
             {"objective.warmup", "train.warmup", "train.ema", "train.clip", "train.schedule"}) {
            QVERIFY2(find(d.params, id) != nullptr && !basic(id), id);
        }
    }
    void bernoulliNeedsUnitData() {
        ParamSet set = ring();
        set["decoder"] = std::string("dec.bernoulli");
        QVERIFY_EXCEPTION_THROWN(make(set), UsageError);
        set["data.scale"] = std::string("unit");
        QVERIFY(make(set) != nullptr);
    }
    void phases() {
        const auto experiment = make(shapes());
        Collected sink;
        experiment->advancePhase(Clock::Train, "autoencoder", {}, sink);
        QCOMPARE(experiment->step(Clock::Train), Index{1});
        QVERIFY_EXCEPTION_THROWN(experiment->advancePhase(Clock::Train, "none", {}, sink),
                                 UsageError);
    }
    void stopIsHonoured() {
        const auto experiment = make(shapes());
        Collected sink;
        std::stop_source stop;
        stop.request_stop();
        experiment->advance(Clock::Train, {1000, {}}, stop.get_token(), sink);
        QCOMPARE(experiment->step(Clock::Train), Index{1});
        const auto numbers = experiment->metrics(Key{1, 1}, stop.get_token());
        for (const auto& [name, value] : numbers) {
            QVERIFY2(std::isfinite(value), name.c_str());
        }
    }
};

QTEST_GUILESS_MAIN(TestAutoencoder)
#include "tst_autoencoder.moc"
