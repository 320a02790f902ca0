// SPDX-License-Identifier: GPL-3.0-or-later
// The diffusion family as the engine sees it: keys, resume, looking, learning, bad numbers.
#include "core/diffusion/ode.h"
#include "core/experiments/diffusion/moment.h"
#include "tests/unit/experiments/family_run.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <QtTest>

#include <cmath>

using namespace lx;
using namespace lx::diffusion;
using namespace lx::test;

namespace {

const ExperimentSpec& family() {
    static const ExperimentSpec spec =
        diffusion::spec(std::make_shared<DataLibrary>(std::vector<std::string>{}));
    return spec;
}

std::unique_ptr<Experiment> make(const ParamSet& given, std::uint64_t seed = 1) {
    return family().make(resolve(family().describe(given).params, given), Key{seed, 0});
}

ParamSet ring(const std::string& prediction = "epsilon") {
    return {{"data.source", std::string("data.ring8")},
            {"data.count", Index{2000}},
            {"prediction", prediction},
            {"network.hidden", std::vector<double>{32, 32}},
            {"train.horizon", Index{600}},
            {"train.ema", 0.9},
            {"sampler.steps", Index{12}},
            {"sampler.particles", Index{64}}};
}
ParamSet exact() {
    return {{"model", std::string("exact")},
            {"energy", std::string("ring8")},
            {"sampler.steps", Index{12}},
            {"sampler.particles", Index{64}}};
}

std::map<std::string, Array> look(const Experiment& run, const ParamSet& given) {
    const auto ids = channelIds(family().describe(given));
    Collected out;
    test::look(run, ids, out);
    for (const auto& id : ids) {
        if (!out.channels.contains(id)) {
            qWarning("no channel %s", id.c_str());
            return {};
        }
    }
    return out.channels;
}

/// Largest error of the metrics' score after training.
double scoreError(const ParamSet& given, Index count) {
    const auto run = make(given);
    Collected sink;
    steps(*run, Clock::Train, count, sink);
    return run->metrics(Key{1, 9}, {}).at("excess_loss");
}

}  // namespace

class TestDiffusionFamily : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { at::set_num_threads(1); }
    /// Uninterrupted against captured and restored, both clocks in turn.
    void resumes() {
        for (const ParamSet& given : {ring(), ring("v"), exact()}) {
            const bool trains = !given.contains("model");
            const auto go = [&](Experiment& run) {
                Collected sink;
                if (trains) {
                    steps(run, Clock::Train, 7, sink);
                }
                steps(run, Clock::Diffuse, 9, sink);
            };
            const auto whole = make(given), first = make(given), second = make(given),
                       wrong = make(given);
            go(*whole);
            go(*whole);
            go(*first);
            State state = first->capture();
            second->restore(state);
            go(*second);
            QVERIFY(same(whole->capture(), second->capture()));
            QVERIFY(!same(whole->capture(), make(given, 2)->capture()));
            // A state that forgot how far the particles were.
            state["cloud.clock"] = Array({2}, std::vector<Index>{0, 0});
            wrong->restore(state);
            go(*wrong);
            QVERIFY(!same(whole->capture(), wrong->capture()));
            state.erase("cloud");
            QVERIFY_EXCEPTION_THROWN(wrong->restore(state), UsageError);
        }
    }
    void lookingChangesNothing() {
        for (const ParamSet& given : {ring(), exact()}) {
            const auto run = make(given), other = make(given);
            Collected sink;
            const auto before = run->capture();
            QVERIFY(!look(*run, given).empty());
            QVERIFY(same(before, run->capture()));
            steps(*run, Clock::Diffuse, 5, sink);
            QVERIFY(!look(*run, given).empty());
            steps(*run, Clock::Diffuse, 5, sink);
            steps(*other, Clock::Diffuse, 10, sink);
            QVERIFY(same(run->capture(), other->capture()));
        }
    }
    /// The preview shows the samples that the clock then makes.
    void previewIsTheProcess() {
        const auto run = make(exact());
        const auto preview = look(*run, exact());
        Collected sink;
        steps(*run, Clock::Diffuse, 12, sink);
        const auto made = look(*run, exact());
        QVERIFY(std::ranges::equal(preview.at("samples").bytes(), made.at("samples").bytes()));
        QVERIFY(
            std::ranges::equal(preview.at("trajectory").bytes(), made.at("trajectory").bytes()));
        QCOMPARE(made.at("trajectory").dim(0), Index{13});
        QCOMPARE(made.at("trajectory").dim(1), Index{64});
        const auto time = made.at("trajectory.time").values<float>();
        QVERIFY(std::ranges::is_sorted(time, std::greater<>()));
        steps(*run, Clock::Diffuse, 1, sink);  // new noise
        QVERIFY(!std::ranges::equal(look(*run, exact()).at("samples").bytes(),
                                    made.at("samples").bytes()));
    }
    void recordIsBounded() {
        ParamSet given = exact();
        given["sampler.steps"] = Index{3000};
        const auto run = make(given);
        Collected sink;
        steps(*run, Clock::Diffuse, 2990, sink);
        QVERIFY(look(*run, given).at("trajectory").dim(0) <= Cloud::kRecordTimes + 1);
    }
    /// -log p from the summed score of the exact denoiser is the mixture's energy.
    void gridOfAScore() {
        const MixtureParts parts{2, {-1, 0, 1, 0.5}, {0.4, 0.6}, {0.5, 0.7}};
        const NoiseLevel level{0.9, 0.43};
        const Box frame{{-3, -3}, {3, 3}};
        const auto grid = gridEnergy(*mixtureDenoiser(parts), level, frame, 64);
        const auto energy = mixtureEnergy(noisy(parts, level));
        double least = 1e9, most = 0, planted = 0;
        std::vector<double> truth;
        for (int i = 0; i < 64; ++i) {
            for (int j = 0; j < 64; ++j) {
                truth.push_back(energy->at(
                    std::vector<double>{-3 + 6 * (j + 0.5) / 64, -3 + 6 * (i + 0.5) / 64}));
                least = std::min(least, truth.back());
            }
        }
        for (std::size_t i = 0; i < truth.size(); ++i) {
            most = std::max(most, std::abs(grid[i] - (truth[i] - least)));
            const std::size_t turned = (i % 64) * 64 + i / 64;
            planted = std::max(planted, std::abs(grid[turned] - (truth[i] - least)));
        }
        QVERIFY(most < 0.05);
        QVERIFY(planted > 1);  // rows and columns swapped
    }
    void divergenceOfTheNetwork() {
        Net options({2, {16, 16}, Activation::Silu, 4, Prediction::Velocity}, {}, at::kDouble);
        options.parameters().initialise(Key{1, 1});
        const auto net = std::make_shared<Net>(options.options(), Placement{}, at::kDouble);
        at::NoGradGuard off;
        Tensor(net->parameters().flat()).copy_(options.parameters().flat());
        const auto denoiser = netDenoiser(net);
        const NoiseLevel level{0.8, 0.6};
        const std::vector<double> z{0.3, -0.7, 1.1, 0.2};
        std::vector<double> eps(4), divergence(2), above(4), below(4);
        denoiser->epsilon(level, z, eps, divergence);
        const double h = 1e-5;
        for (std::size_t r = 0; r < 2; ++r) {
            double sum = 0;
            for (std::size_t k = 0; k < 2; ++k) {
                auto up = z, down = z;
                up[2 * r + k] += h;
                down[2 * r + k] -= h;
                denoiser->epsilon(level, up, above);
                denoiser->epsilon(level, down, below);
                sum += (above[2 * r + k] - below[2 * r + k]) / (2 * h);
            }
            QVERIFY(std::abs(sum - divergence[r]) < 1e-7);
            QVERIFY(std::abs(sum) > 1e-3);
        }
    }
    /// Every prediction learns; a network that is not trained does not pass.
    void learns() {
        const double untrained = scoreError(ring(), 1);
        for (const char* prediction : {"epsilon", "score", "v"}) {
            const double trained = scoreError(ring(prediction), 600);
            qInfo("%s: excess %.3f, untrained %.3f", prediction, trained, untrained);
            QVERIFY(trained < 0.2);
        }
        QVERIFY(untrained > 0.4);
    }
    void stopsOnBadNumbers() {
        const auto run = make(ring());
        State state = run->capture();
        std::vector<float> bias(32, std::nanf(""));
        state["model.denoiser.0.bias"] = Array({32}, bias);
        run->restore(state);
        Collected sink;
        QVERIFY_EXCEPTION_THROWN(run->advance(Clock::Train, {1, {}}, {}, sink), NumericalError);
        QVERIFY_EXCEPTION_THROWN(run->advance(Clock::Diffuse, {100, {}}, {}, sink), NumericalError);
    }
};

QTEST_GUILESS_MAIN(TestDiffusionFamily)
#include "tst_diffusion_family.moc"
