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

/// Classes that overlap, so that guidance moves particles.
ParamSet classes(ParamSet given) {
    if (given.contains("model")) {
        given["energy.sd"] = 0.5;
    } else {
        given["data.sd"] = 0.5;
    }
    given["condition"] = std::string("class");
    given["guidance.class"] = Index{2};
    return given;
}
ParamSet pictures() {
    return {{"model", std::string("net.unet")}, {"data.source", std::string("data.shapes16")},
            {"data.count", Index{400}},         {"network.channels", std::vector<double>{8, 8, 16}},
            {"prediction", std::string("v")},   {"train.batch", Index{16}},
            {"train.horizon", Index{200}},      {"train.ema", 0.9},
            {"sampler.steps", Index{6}},        {"sampler.particles", Index{4}}};
}

ParamSet annealedPictures() {
    ParamSet given = pictures();
    given["prediction"] = std::string("score");
    given["schedule"] = std::string("ve");
    given["train.levels"] = Index{4};
    given["sampler.method"] = std::string("annealed-langevin");
    given["sampler.steps"] = Index{4};
    given["sampler.inner"] = Index{3};
    return given;
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
        for (const ParamSet& given : {ring(), ring("v"), exact(), classes(ring()), classes(exact()),
                                      pictures(), annealedPictures()}) {
            const bool trains = !given.contains("energy") && !given.contains("energy.sd");
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
        for (const ParamSet& given :
             {ring(), exact(), classes(ring()), pictures(), annealedPictures()}) {
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
        Net options({.dim = 2, .hidden = {16, 16}, .prediction = Prediction::Velocity}, {},
                    at::kDouble);
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
    /// Noise that explodes is the same noise in another unit: a network is shown z over the root of
    /// alpha^2 + sigma^2, and says the noise, so that it knows no schedule; the score is minus that
    /// over sigma.
    void networksKnowNoUnit() {
        Net made({.dim = 256,
                  .channels = {8, 16},
                  .height = 16,
                  .width = 16,
                  .prediction = Prediction::Score},
                 {}, at::kDouble);
        made.parameters().initialise(Key{1, 1});
        const auto net = std::make_shared<Net>(made.options(), Placement{}, at::kDouble);
        at::NoGradGuard off;
        Tensor(net->parameters().flat()).copy_(made.parameters().flat() + 0.01);
        const auto denoiser = netDenoiser(net);
        for (const double sigma : {0.03, 1.0, 5.0}) {
            const double power = std::hypot(1, sigma);
            const NoiseLevel exploding{1, sigma}, preserving{1 / power, sigma / power};
            std::vector<double> z, small, a(256), b(256), c(256), score(256);
            for (int i = 0; i < 256; ++i) {
                z.push_back(power * std::sin(0.7 * i));
                small.push_back(std::sin(0.7 * i));
            }
            denoiser->epsilon(exploding, z, a);
            denoiser->epsilon(preserving, small, b);
            denoiser->epsilon(preserving, z, c);
            denoiser->score(exploding, z, score);
            double worst = 0, planted = 0, ratio = 0;
            for (std::size_t i = 0; i < 256; ++i) {
                worst = std::max(worst, std::abs(a[i] - b[i]));
                planted = std::max(planted, std::abs(a[i] - c[i]));
                ratio = std::max(ratio, std::abs(score[i] * sigma + a[i]));
            }
            QVERIFY(worst < 1e-10);
            QVERIFY(ratio < 1e-12);
            QVERIFY(sigma < 0.1 || planted > 1e-3);  // another unit, where there is one
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
    /// Particles of one class alone have its law; guidance drives them away from the others.
    void guidedParticles() {
        ParamSet given = classes(exact());
        given["sampler.steps"] = Index{200};
        given["sampler.particles"] = Index{4000};
        given["guidance.weight"] = 0.0;
        const auto parts = *mixtureOf(resolve(family().describe(given).params, given));
        const double x = parts.centres[4], y = parts.centres[5], sd = parts.sds[2];
        const auto off = [&](double weight, Index label) {
            const auto run = make(given);
            run->set({"guidance.weight", weight});
            run->set({"guidance.class", label});
            Collected sink;
            steps(*run, Clock::Diffuse, 200, sink);
            look(*run, {"samples"}, sink, Detail::Export);
            const auto z = sink.channels.at("samples").values<float>();
            double sumX = 0, sumY = 0;
            const auto n = static_cast<double>(z.size() / 2);
            for (std::size_t i = 0; i < z.size(); i += 2) {
                sumX += static_cast<double>(z[i]) / n;
                sumY += static_cast<double>(z[i + 1]) / n;
            }
            return std::hypot(sumX - x, sumY - y) / (sd / std::sqrt(n));
        };
        const double alone = off(0, 2), guided = off(2, 2), other = off(0, 3), all = off(2, -1);
        qInfo("standard errors from the class: %.1f alone, %.0f guided, %.0f another, %.0f all",
              alone, guided, other, all);
        QVERIFY(alone < 5);
        QVERIFY(guided > 20 && other > 20 && all > 20);
    }
    /// The network uses what it is told; one that is never told does not know the classes.
    void learnsClasses() {
        const auto excess = [](double drop) {
            ParamSet given = classes(ring());
            given["condition.drop"] = drop;
            given["sampler.particles"] = Index{16};
            const auto run = make(given);
            Collected sink;
            steps(*run, Clock::Train, 600, sink);
            return run->metrics(Key{1, 9}, {}).at("class_excess_loss");
        };
        const double told = excess(0.1), never = excess(1);
        qInfo("excess of the classes: %.4f told, %.4f never told", told, never);
        QVERIFY(told < 0.1);
        QVERIFY(never > 2 * told);
    }
    void learnsPictures() {
        const auto run = make(pictures());
        Collected sink;
        steps(*run, Clock::Train, 200, sink);
        const auto& loss = sink.series.at(0);
        const auto mean = [&](std::size_t from) {
            double sum = 0;
            for (std::size_t i = from; i < from + 20; ++i) {
                sum += loss[i] / 20;
            }
            return sum;
        };
        qInfo("loss %.3f, at the beginning %.3f", mean(180), mean(0));
        QVERIFY(mean(180) < 0.5 * mean(0));
        const auto metrics = run->metrics(Key{1, 9}, {});
        QVERIFY(metrics.at("fidelity") > 0 && metrics.at("coverage") > 0);
        ParamSet points = pictures();
        points["data.source"] = std::string("data.moons");
        QVERIFY_EXCEPTION_THROWN(family().describe(points), UsageError);
        ParamSet deep = pictures();
        deep["network.channels"] = std::vector<double>{8, 8, 8, 8, 8};
        QVERIFY_EXCEPTION_THROWN(make(deep), UsageError);
    }
    /// What is held comes out as it went in; what is hidden does not, and follows the mask.
    void fillsPictures() {
        const auto run = make(pictures());
        const auto strips = [&] {
            Collected out;
            test::look(*run, {"inpainting"}, out);
            return out.channels.at("inpainting");
        };
        const auto changed = [](const Array& s, Index column, bool left) {
            const auto v = s.values<float>();
            std::size_t inside = 0, outside = 0;
            for (Index r = 0; r < s.dim(0); ++r) {
                for (Index i = 0; i < 256; ++i) {
                    const auto row = static_cast<std::size_t>(r * s.dim(1) * 256 + i);
                    const bool hidden = left ? i % 16 < 8 : i / 16 >= 8;
                    const bool moved = v[row + static_cast<std::size_t>(column * 256)] != v[row];
                    (hidden ? inside : outside) += moved ? 1 : 0;
                }
            }
            return std::pair(inside, outside);
        };
        const Array bottom = strips();
        QCOMPARE(bottom.dim(0), Index{6});
        QVERIFY(bottom.dim(1) >= 3);
        const Index last = bottom.dim(1) - 1;
        QCOMPARE(changed(bottom, 1, false).second, std::size_t{0});
        QCOMPARE(changed(bottom, last, false).second, std::size_t{0});
        QVERIFY(changed(bottom, last, false).first > 100);
        // On the way held pixels carry the noise of the step.
        QVERIFY(changed(bottom, 2, false).second > 100);
        const auto news = run->news();
        run->set({"inpaint.mask", std::string("left")});
        QVERIFY(run->news() != news);
        const Array left = strips();
        QCOMPARE(changed(left, last, true).second, std::size_t{0});
        QVERIFY(changed(left, last, false).second > 100);
        const auto numbers = run->metrics(Key{1, 9}, {});
        QVERIFY(numbers.at("inpaint_error") > 0 && numbers.at("inpaint_ratio") > 0);
        QVERIFY_EXCEPTION_THROWN(run->set({"inpaint.strokes", std::vector<double>{1}}), UsageError);
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
