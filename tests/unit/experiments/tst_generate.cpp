// SPDX-License-Identifier: GPL-3.0-or-later
// Samples on demand: sample i follows from weights, key and i alone, and has the model's law.
#include "core/experiments/autoencoder/run_data.h"
#include "core/experiments/diffusion/moment.h"
#include "core/experiments/energy/moment.h"
#include "core/session/samples.h"
#include "tests/unit/experiments/family_run.h"
#include "tests/unit/experiments/small_runs.h"

#include <ATen/Parallel.h>
#include <QtTest>

#include <array>
#include <cmath>
#include <numbers>

using namespace lx;
using namespace lx::test;

namespace {

std::unique_ptr<Experiment> make(const ExperimentSpec& family, const ParamSet& given,
                                 std::uint64_t seed = 1) {
    return family.make(resolve(family.describe(given).params, given), Key{seed, 0});
}

template <class Spec>
ExperimentSpec familyOf(Spec spec) {
    return spec(std::make_shared<DataLibrary>(std::vector<std::string>{}), currentPlacement);
}
const ExperimentSpec& autoencoders() {
    static const ExperimentSpec out = familyOf(autoencoder::spec);
    return out;
}
const ExperimentSpec& diffusions() {
    static const ExperimentSpec out = familyOf(diffusion::spec);
    return out;
}
const ExperimentSpec& energyModels() {
    static const ExperimentSpec out = familyOf(learned::spec);
    return out;
}

ParamSet ring(ParamSet more) {
    more.insert({{"data.source", std::string("data.ring8")},
                 {"data.count", Index{1000}},
                 {"network.hidden", std::vector<double>{16, 16}}});
    return more;
}
ParamSet small(ParamSet more) {
    more.insert({{"data.source", std::string("data.shapes16")},
                 {"data.count", Index{300}},
                 {"train.batch", Index{16}}});
    return more;
}

struct Case {
    const char* name;
    const ExperimentSpec& family;
    ParamSet params;
    Index training;  ///< steps
};
std::vector<Case> cases() {
    return {{"autoencoder of pictures", autoencoders(), conv(), 5},
            {"autoencoder of points", autoencoders(), ring({}), 20},
            {"deterministic code", autoencoders(), ring({{"encoder", std::string("enc.det")}}), 5},
            {"diffusion", diffusions(), ring({{"sampler.steps", Index{12}}}), 20},
            {"diffusion with its own steps", diffusions(),
             ring({{"sampler.steps", Index{4}}, {"sampler.method", std::string("rk45")}}), 5},
            {"diffusion from a box", diffusions(),
             ring({{"sampler.steps", Index{6}}, {"sampler.start", std::string("box")}}), 5},
            {"diffusion of one class", diffusions(),
             ring({{"sampler.steps", Index{6}},
                   {"condition", std::string("class")},
                   {"guidance.class", Index{2}}}),
             5},
            {"diffusion of pictures", diffusions(),
             small({{"model", std::string("net.unet")},
                    {"network.channels", std::vector<double>{4, 4, 8}},
                    {"prediction", std::string("v")},
                    {"sampler.steps", Index{3}}}),
             2},
            {"energy of points", energyModels(), ring({{"samples.steps", Index{45}}}), 5},
            {"energy by its score", energyModels(),
             ring({{"objective", std::string("score")}, {"samples.steps", Index{30}}}), 5},
            {"energy of pictures", energyModels(),
             small({{"network.channels", std::vector<double>{4, 6}},
                    {"network.features", Index{8}},
                    {"negatives.store", Index{64}},
                    {"negatives.steps", Index{5}},
                    {"condition", std::string("class")},
                    {"samples.steps", Index{12}}}),
             2}};
}

/// All rows that are asked for, as a stream puts them together, in slices as small as they get.
State generate(Experiment& run, SampleQuestion question) {
    std::map<std::string, std::vector<std::byte>> bytes;
    State last;
    std::map<std::string, std::vector<Index>> shapes;
    while (question.count > 0) {
        const auto task = run.probe(sampleProbe(1, question));
        Collected out;
        while (!task->advance({1, std::chrono::microseconds(1)}, {}, out)) {
        }
        const Index made = out.channels.at("samples").dim(0);
        if (made < 1 || made > question.count) {
            throw std::runtime_error("rows that were not asked for");
        }
        for (const auto& [name, array] : out.channels) {
            bytes[name].insert(bytes[name].end(), array.bytes().begin(), array.bytes().end());
            auto& shape = shapes[name];
            const Index before = shape.empty() ? 0 : shape.front();
            shape.assign(array.shape().begin(), array.shape().end());
            shape.front() += before;
            last[name] = array;
        }
        question.first += made;
        question.count -= made;
    }
    State all;
    for (const auto& [name, array] : last) {
        all[name] = Array(array.dtype(), shapes[name], bytes[name]);
    }
    return all;
}

/// Rows [from, from + count) of every array.
State rowsOf(const State& all, Index from, Index count) {
    State out;
    for (const auto& [name, array] : all) {
        std::vector<Index> shape(array.shape().begin(), array.shape().end());
        const std::size_t row = array.bytes().size() / static_cast<std::size_t>(shape.front());
        shape.front() = count;
        out[name] = Array(array.dtype(), shape,
                          array.bytes().subspan(static_cast<std::size_t>(from) * row,
                                                static_cast<std::size_t>(count) * row));
    }
    return out;
}

double farthest(const Array& a, const Array& b) {
    double most = 0;
    const auto x = a.values<float>(), y = b.values<float>();
    for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
        most = std::max(most, std::abs(static_cast<double>(x[i]) - static_cast<double>(y[i])));
    }
    return most;
}

/// Largest distance of means and covariances of rows [N, D] from the law, in standard errors.
double farFrom(const Array& rows, std::span<const double> mean,
               std::span<const double> covariance) {
    const auto n = static_cast<double>(rows.dim(0));
    const auto d = static_cast<std::size_t>(rows.dim(1));
    const auto x = rows.values<float>();
    std::vector<double> first(d), second(d * d);
    for (std::size_t r = 0; r < x.size(); r += d) {
        for (std::size_t i = 0; i < d; ++i) {
            const double u = static_cast<double>(x[r + i]) - mean[i];
            first[i] += u / n;
            for (std::size_t j = 0; j < d; ++j) {
                second[i * d + j] += u * (static_cast<double>(x[r + j]) - mean[j]) / n;
            }
        }
    }
    double worst = 0;
    for (std::size_t i = 0; i < d; ++i) {
        worst = std::max(worst, std::abs(first[i]) / std::sqrt(covariance[i * d + i] / n));
        for (std::size_t j = 0; j < d; ++j) {
            const double c = covariance[i * d + j];
            const double error =
                std::sqrt((covariance[i * d + i] * covariance[j * d + j] + c * c) / n);
            worst = std::max(worst, std::abs(second[i * d + j] - c) / error);
        }
    }
    return worst;
}

}  // namespace

class TestGenerate : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { at::set_num_threads(1); }

    /// Ten or a thousand, once or twice, from the first or from the middle: the same bits. The
    /// twin: another seed gives others, row by row.
    void sampleIsOfKeyAndRow() {
        for (const Case& c : cases()) {
            const bool pictures = std::string(c.name).ends_with("pictures");
            const Index many = pictures ? 70 : 1100;
            const auto run = make(c.family, c.params);
            Collected out;
            steps(*run, c.training, out);
            const State before = run->capture();
            const State all = generate(*run, {.count = many});
            QVERIFY2(all.at("samples").dim(0) == many, c.name);
            QVERIFY2(same(generate(*run, {.count = 10}), rowsOf(all, 0, 10)), c.name);
            QVERIFY2(same(generate(*run, {.count = many}), all), c.name);
            QVERIFY2(same(generate(*run, {.first = 33, .count = 5}), rowsOf(all, 33, 5)), c.name);
            QVERIFY2(same(generate(*run, {.seed = 1, .count = 10}), rowsOf(all, 0, 10)), c.name);
            // The key that it names makes the same sample again.
            const auto keys = all.at("keys").values<Index>();
            const Key key{static_cast<std::uint64_t>(keys[3 * 40]),
                          static_cast<std::uint64_t>(keys[3 * 40 + 1])};
            QVERIFY2(keys[3 * 40 + 2] == 40, c.name);
            QVERIFY2(
                same(generate(*run, {.key = key, .first = 40, .count = 1}), rowsOf(all, 40, 1)),
                c.name);
            const State other = generate(*run, {.seed = 2, .count = 10});
            const Array &x = all.at("samples"), &y = other.at("samples");
            const auto width = static_cast<std::size_t>(y.count() / 10);
            for (std::size_t r = 0; r < 10; ++r) {
                QVERIFY2(!std::ranges::equal(x.values<float>().subspan(r * width, width),
                                             y.values<float>().subspan(r * width, width)),
                         c.name);
                QVERIFY2(r == 0 || !std::ranges::equal(x.values<float>().first(width),
                                                       x.values<float>().subspan(r * width, width)),
                         c.name);
            }
            // Asking is only looking: the run goes on as if nobody had.
            QVERIFY2(same(run->capture(), before), c.name);
        }
    }

    /// The key beside each sample on screen makes that sample.
    void shownSamplesNameTheirKeys() {
        for (const Case& c : cases()) {
            if (&c.family == &energyModels()) {
                continue;  // its chains have walked through the whole training
            }
            const auto run = make(c.family, c.params);
            Collected out;
            steps(*run, c.training, out);
            look(*run, {"samples"}, out);
            const Array& shown = out.channels.at("samples");
            const Array& keys = out.channels.at("samples.keys");
            QCOMPARE(keys.dim(0), shown.dim(0));
            const auto k = keys.values<Index>();
            const SampleQuestion question{
                .key = Key{static_cast<std::uint64_t>(k[0]), static_cast<std::uint64_t>(k[1])},
                .count = shown.dim(0)};
            const State made = generate(*run, question);
            QVERIFY2(same({{"keys", made.at("keys")}}, {{"keys", keys}}), c.name);
            const double apart = farthest(made.at("samples"), shown);
            QVERIFY2(apart < 1e-3, qPrintable(QStringLiteral("%1: %2").arg(c.name).arg(apart)));
            SampleQuestion twin = question;
            twin.key->stream += 1;
            QVERIFY2(farthest(generate(*run, twin).at("samples"), shown) > 0.01, c.name);
        }
    }

    /// The particles of the clock are those samples, once they have arrived.
    void particlesOfTheClock() {
        ParamSet given = ring({{"sampler.steps", Index{6}}, {"sampler.particles", Index{20}}});
        const auto run = make(diffusions(), given);
        Collected out;
        steps(*run, 5, out);
        steps(*run, Clock::Diffuse, 12, out);  // the end of the second round
        look(*run, {"samples"}, out);
        const auto k = out.channels.at("samples.keys").values<Index>();
        const State made = generate(
            *run, {.key = Key{static_cast<std::uint64_t>(k[0]), static_cast<std::uint64_t>(k[1])},
                   .count = 20});
        QVERIFY(farthest(made.at("samples"), out.channels.at("samples")) < 1e-3);
        // Not those of the first round.
        QVERIFY(farthest(generate(*run, {.count = 20}).at("samples"), out.channels.at("samples")) >
                0.01);
    }

    void classesAreNamed() {
        for (const Case& c : cases()) {
            const auto run = make(c.family, c.params);
            const State some = generate(*run, {.count = 40});
            QCOMPARE(some.contains("codes"), &c.family == &autoencoders());
            const bool told = c.params.contains("condition");
            QVERIFY2(some.contains("labels") == told, c.name);
            if (told) {
                const auto labels = some.at("labels").values<Index>();
                const bool drawn = &c.family == &energyModels();
                QVERIFY2(
                    std::ranges::all_of(labels, [&](Index l) { return drawn ? l >= 0 : l == 2; }),
                    c.name);
                QVERIFY2(!drawn || std::ranges::adjacent_find(labels, std::not_equal_to<>()) !=
                                       labels.end(),
                         c.name);
            }
        }
    }

    /// Codes are standard normal, and the samples of a linear decoder x = W z + b have mean b and
    /// covariance W W^T, within four standard errors. The twins: 5 % more of W, a mean moved by a
    /// twentieth of an sd.
    void linearDecoderHasItsLaw() {
        const ParamSet given{{"data.source", std::string("data.lingauss")},
                             {"data.dim", Index{5}},
                             {"data.latent", Index{2}},
                             {"decoder", std::string("dec.gauss")},
                             {"network.hidden", std::vector<double>{}}};
        const auto run = make(autoencoders(), given);
        Collected out;
        steps(*run, 300, out);
        // W and b by asking the decoder at the origin and at the unit codes.
        const std::vector<float> codes{0, 0, 1, 0, 0, 1};
        cmd::Probe decode{1, "decode", {}, {{"z", Array({3, 2}, codes)}}};
        const auto task = run->probe(decode);
        while (!task->advance({1, {}}, {}, out)) {
        }
        const auto x = out.channels.at("x").values<float>();
        const std::size_t d = 5;
        std::vector<double> mean(d), covariance(d * d);
        for (std::size_t i = 0; i < d; ++i) {
            mean[i] = static_cast<double>(x[i]);
        }
        for (std::size_t k = 1; k <= 2; ++k) {
            for (std::size_t i = 0; i < d; ++i) {
                for (std::size_t j = 0; j < d; ++j) {
                    covariance[i * d + j] += (static_cast<double>(x[k * d + i]) - mean[i]) *
                                             (static_cast<double>(x[k * d + j]) - mean[j]);
                }
            }
        }
        const State made = generate(*run, {.count = 20'000});
        QCOMPARE(made.at("samples").dim(1), Index{5});
        const double far = farFrom(made.at("samples"), mean, covariance);
        QVERIFY2(far < 4, qPrintable(QString::number(far)));
        const std::vector<double> zero(2), unit{1, 0, 0, 1};
        QVERIFY(farFrom(made.at("codes"), zero, unit) < 4);
        std::vector<double> moved = mean, wide = covariance;
        moved[0] += 0.05 * std::sqrt(covariance[0]);
        for (double& c : wide) {
            c *= 1.05 * 1.05;
        }
        QVERIFY(farFrom(made.at("samples"), moved, covariance) > 4);
        QVERIFY(farFrom(made.at("samples"), mean, wide) > 4);
    }

    /// The exact denoiser of a mixture by many ancestral steps: the share of each of eight modes
    /// within four standard errors. The twin: one class alone.
    void exactDenoiserHasItsModes() {
        ParamSet given{{"model", std::string("exact")},
                       {"energy", std::string("ring8")},
                       {"sampler.steps", Index{60}},
                       {"condition", std::string("class")}};
        const auto shares = [&](Index label) {
            given["guidance.class"] = label;
            const auto run = make(diffusions(), given);
            const State made = generate(*run, {.count = 4000});
            const auto x = made.at("samples").values<float>();
            std::array<double, 8> out{};
            for (std::size_t i = 0; i < x.size(); i += 2) {
                const double angle =
                    std::atan2(static_cast<double>(x[i + 1]), static_cast<double>(x[i]));
                const auto mode =
                    static_cast<std::size_t>(std::lround(angle / (std::numbers::pi / 4)) + 8) % 8;
                out[mode] += 1.0 / 4000;
            }
            double worst = 0;
            for (const double share : out) {
                worst = std::max(worst, std::abs(share - 0.125) / std::sqrt(0.125 * 0.875 / 4000));
            }
            return worst;
        };
        const double all = shares(-1);
        QVERIFY2(all < 4, qPrintable(QString::number(all)));
        QVERIFY(shares(3) > 20);
    }

    /// Chains of a flat network stay uniform in their box; more noise than the model's would show.
    void walkOfEnergyIsLangevins() {
        const auto run = make(energyModels(), ring({{"samples.steps", Index{40}}}));
        const State made = generate(*run, {.count = 3000});
        for (const float v : made.at("samples").values<float>()) {
            QVERIFY(std::abs(v) <= 4.0F);
        }
        // From where they began they went as far as chains without a slope: sd noise sqrt(steps).
        SampleQuestion question{.count = 3000};
        run->set({"samples.steps", Index{1}});
        const State begun = generate(*run, question);
        const auto a = begun.at("samples").values<float>(), b = made.at("samples").values<float>();
        double square = 0;
        Index inside = 0;
        for (std::size_t i = 0; i < a.size(); ++i) {
            if (std::abs(a[i]) < 2) {
                square += std::pow(static_cast<double>(a[i]) - static_cast<double>(b[i]), 2);
                ++inside;
            }
        }
        const double moved = std::sqrt(square / static_cast<double>(inside));
        // 39 steps of 0.1 make 0.62; the slope of a network that is not trained yet is small.
        QVERIFY2(moved > 0.55 && moved < 0.75, qPrintable(QString::number(moved)));
    }

    void wrongQuestions() {
        const auto run = make(autoencoders(), ring({}));
        for (const SampleQuestion& wrong :
             {SampleQuestion{.count = 0}, SampleQuestion{.first = -1, .count = 2},
              SampleQuestion{.first = kMaxSampleRows - 1, .count = 2}}) {
            QVERIFY_THROWS_EXCEPTION(UsageError, sampleProbe(1, wrong));
        }
        QVERIFY_THROWS_EXCEPTION(UsageError, run->probe({1, "generate", {}, {}}));
        cmd::Probe key = sampleProbe(1, {.count = 1});
        key.arrays["key"] = Array({1}, std::vector<Index>{1});
        QVERIFY_THROWS_EXCEPTION(UsageError, run->probe(key));
        // The last row of a key is one too.
        QCOMPARE(
            generate(*run, {.first = kMaxSampleRows - 1, .count = 1}).at("keys").values<Index>()[2],
            kMaxSampleRows - 1);
    }
};

QTEST_GUILESS_MAIN(TestGenerate)
#include "tst_generate.moc"
