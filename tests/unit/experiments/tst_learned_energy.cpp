// SPDX-License-Identifier: GPL-3.0-or-later
// Saved models as targets of chains: laws that are known, and files that are no model.
#include "core/diffusion/denoiser.h"
#include "core/energies/registry.h"
#include "core/experiments/chains/spec.h"
#include "core/experiments/diffusion/moment.h"
#include "core/experiments/energy/moment.h"
#include "core/experiments/learned_energy.h"
#include "core/recipes/session_file.h"
#include "tests/unit/experiments/family_run.h"

#include <ATen/Parallel.h>
#include <QTemporaryDir>
#include <QtTest>

#include <cmath>
#include <fstream>

using namespace lx;
using namespace lx::test;

namespace {

std::shared_ptr<const DataLibrary> library() {
    static const auto all = std::make_shared<DataLibrary>(std::vector<std::string>{});
    return all;
}

/// Saves a run of `count` steps on `clock`; `change` may write to its state.
template <class Change>
std::string saved(const std::filesystem::path& path, const ExperimentSpec& spec,
                  const ParamSet& given, Index count, Change change) {
    const ParamSet params = resolve(spec.describe(given).params, given);
    const auto run = spec.make(params, Key{5, 0});
    Collected sink;
    steps(*run, count, sink);
    State state = run->capture();
    change(state);
    SessionDocument document;
    document.load = {spec.id, params, 5};
    saveSession(path, document, state);
    return path.string();
}

EnergyPtr energyFrom(const std::string& file, double logSnr = 3) {
    const auto spec = learnedEnergySpec(library());
    return spec.make(resolve(spec.params, {{"energy.file", file}, {"energy.log_snr", logSnr}}), {});
}

ParamSet network() {
    return {{"data.source", std::string("data.ring8")},
            {"data.count", Index{500}},
            {"network.hidden", std::vector<double>{4}},
            {"train.batch", Index{64}},
            {"train.ema", 0.0}};
}

/// silu(u) + silu(-u) = u tanh(u / 2), so E = 1.5 u tanh(u / 2) + v tanh(v / 2) with u = 2 x,
/// v = 1.5 y: coordinates are independent and their sd is an integral on a line.
void plant(State& state) {
    state["model.energy.0.weight"] =
        Array({4, 2}, std::vector<float>{2, 0, -2, 0, 0, 1.5F, 0, -1.5F});
    state["model.energy.0.bias"] = Array({4}, std::vector<float>(4));
    state["model.energy.1.weight"] = Array({1, 4}, std::vector<float>{1.5, 1.5, 1, 1});
    state["model.energy.1.bias"] = Array({1}, std::vector<float>{0.7F});
}
double sdOf(double scale, double weight) {
    double mass = 0, square = 0;
    for (int i = -40'000; i <= 40'000; ++i) {
        const double x = i * 1e-3, u = scale * x;
        const double p = std::exp(-weight * u * std::tanh(u / 2));
        mass += p;
        square += p * x * x;
    }
    return std::sqrt(square / mass);
}

ParamSet chainsOn(const std::string& file, const std::string& kernel, Index count, Index draws) {
    return {{"energy", std::string("learned")}, {"energy.file", file},
            {"sampler.kernel", kernel},         {"sampler.chains", count},
            {"sampler.warmup", Index{300}},     {"sampler.draws", draws}};
}

/// sd of each coordinate over all chains and draws.
std::vector<double> sds(const ParamSet& given) {
    const auto spec = chains::spec([] { return 1; }, {}, {}, {learnedEnergySpec(library())});
    const Description description = spec.describe(given);
    const auto run = spec.make(resolve(description.params, given), Key{1, 0});
    Collected out;
    steps(*run, Clock::Sample, description.steps, out);
    look(*run, {"chains"}, out, Detail::Export);
    const Array& draws = out.channels.at("chains");
    const auto d = static_cast<std::size_t>(draws.dim(2));
    std::vector<double> sum(d), square(d);
    const auto add = [&](auto values) {
        for (std::size_t i = 0; i < values.size(); ++i) {
            const auto v = static_cast<double>(values[i]);
            sum[i % d] += v;
            square[i % d] += v * v;
        }
    };
    draws.dtype() == DType::F64 ? add(draws.values<double>()) : add(draws.values<float>());
    const auto n = static_cast<double>(draws.count()) / static_cast<double>(d);
    for (std::size_t k = 0; k < d; ++k) {
        sum[k] = std::sqrt(square[k] / n - sum[k] / n * sum[k] / n);
    }
    return sum;
}

}  // namespace

class TestLearnedEnergy : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() {
        at::set_num_threads(1);
        QVERIFY(m_folder.isValid());
    }
    /// Chains on a saved network whose law is known: in double precision and on the executor.
    void networkWithKnownLaw() {
        const auto file = saved(path("known"), learned::spec(library()), network(), 2, plant);
        const std::vector<double> truth{sdOf(2, 1.5), sdOf(1.5, 1)};
        const auto off = [&](const ParamSet& given) {
            const auto found = sds(given);
            qInfo("sd %.4f %.4f, truth %.4f %.4f", found[0], found[1], truth[0], truth[1]);
            return std::max(std::abs(found[0] / truth[0] - 1), std::abs(found[1] / truth[1] - 1));
        };
        QVERIFY(off(chainsOn(file, "nuts", 4, 4000)) < 0.05);
        QVERIFY(off(chainsOn(file, "mala", 512, 400)) < 0.05);
        const auto wrong =
            saved(path("wrong"), learned::spec(library()), network(), 2, [](State& state) {
                plant(state);
                state["model.energy.1.weight"] =
                    Array({1, 4}, std::vector<float>{1.5, 1.5, 1.4F, 1.4F});
            });
        QVERIFY(off(chainsOn(wrong, "nuts", 4, 4000)) > 0.1);
    }
    /// Two saved runs with weights: the law of the sum is known too.
    void composedOfTwo() {
        const auto file = saved(path("first"), learned::spec(library()), network(), 2, plant);
        const auto second = saved(path("second"), learned::spec(library()), network(), 2, plant);
        ParamSet given = chainsOn(file, "mala", 512, 400);
        given["energy.weight"] = 0.5;
        given["energy.second"] = second;
        given["energy.second_weight"] = 1.5;
        const auto found = sds(given);
        const std::vector<double> truth{sdOf(2, 3), sdOf(1.5, 2)},
            alone{sdOf(2, 1.5), sdOf(1.5, 1)};
        for (std::size_t k = 0; k < 2; ++k) {
            QVERIFY(std::abs(found[k] / truth[k] - 1) < 0.05);
            QVERIFY(std::abs(found[k] / alone[k] - 1) > 0.1);
        }
    }
    /// Where a run averaged its weights the average is the target.
    void averageOfTheWeights() {
        ParamSet given = network();
        given["train.ema"] = 0.9;
        std::vector<float> zeros;
        const auto file =
            saved(path("average"), learned::spec(library()), given, 2, [&](State& state) {
                plant(state);
                zeros.resize(static_cast<std::size_t>(state.at("average").count()));
                state["average"] = Array({std::ssize(zeros)}, zeros);
            });
        const std::vector<double> x{0.5, -1};
        QCOMPARE(energyFrom(file)->at(x), 0.0);
        const auto plain = saved(path("plain"), learned::spec(library()), network(), 2, plant);
        QVERIFY(std::abs(energyFrom(plain)->at(x) - 0.7) > 0.1);
    }
    /// A saved composition is the sum of its two networks with the weights it was saved with.
    void composition() {
        ParamSet given = network();
        given["data.source"] = std::string("data.bars");
        given["second.data.count"] = Index{500};
        given["negatives.store"] = Index{128};
        given["compose.first"] = 2.0;
        given["compose.second"] = 0.5;
        const auto spec = learned::compositionSpec(library());
        const auto file = saved(path("sum"), spec, given, 2, [](State& state) {
            State first, second;
            plant(first);
            plant(second);
            second["model.energy.1.bias"] = Array({1}, std::vector<float>{3.0F});
            for (const auto& [id, array] : first) {
                state["first." + id] = array;
            }
            for (const auto& [id, array] : second) {
                state["second." + id] = array;
            }
        });
        const auto sum = energyFrom(file);
        const auto one =
            energyFrom(saved(path("one"), learned::spec(library()), network(), 2, plant));
        const std::vector<double> x{1.5, -1};
        const double shape = one->at(x) - 0.7;
        QVERIFY(std::abs(sum->at(x) - (2 * (shape + 0.7) + 0.5 * (shape + 3))) < 1e-6);
        QVERIFY(std::abs(sum->at(x) - (one->at(x) + shape + 3)) > 0.1);  // broken twin: no weights
        // A file that lacks the second network says so.
        const auto half = saved(path("half"), spec, given, 2, [](State& state) {
            std::erase_if(state, [](const auto& e) { return e.first.starts_with("second.model"); });
        });
        QVERIFY_EXCEPTION_THROWN(energyFrom(half), InputError);
    }
    void exactDenoiser() {
        const ParamSet given{{"model", std::string("exact")},
                             {"energy", std::string("ring8")},
                             {"sampler.particles", Index{16}}};
        const auto spec = diffusion::spec(library());
        const ParamSet params = resolve(spec.describe(given).params, given);
        SessionDocument document;
        document.load = {spec.id, params, 5};
        const auto run = spec.make(params, Key{5, 0});
        saveSession(path("exact"), document, run->capture());
        const auto energy = energyFrom(path("exact"), 2);
        const auto schedule = diffusion::scheduleOf(params);
        const auto truth = mixtureEnergy(
            diffusion::noisy(*diffusion::mixtureOf(params), schedule->at(schedule->timeOf(2))));
        const std::vector<double> x{0.4, -1.1};
        QCOMPARE(energy->at(x), truth->at(x));
        QVERIFY(std::abs(energyFrom(path("exact"), 0)->at(x) - truth->at(x)) > 1e-3);
        QCOMPARE(energy->modes().size(), std::size_t{8});
    }
    /// The gradient of a trained denoiser is near that of the noisy mixture; untrained it is not.
    void trainedDenoiser() {
        const ParamSet given{{"data.source", std::string("data.ring8")},
                             {"network.hidden", std::vector<double>{32, 32}},
                             {"train.horizon", Index{2000}},
                             {"train.ema", 0.9}};
        const auto spec = diffusion::spec(library());
        const auto nothing = [](State&) {};
        const ParamSet params = resolve(spec.describe(given).params, given);
        const auto schedule = diffusion::scheduleOf(params);
        const auto truth = mixtureEnergy(
            diffusion::noisy(*diffusion::mixtureOf(params), schedule->at(schedule->timeOf(0))));
        const auto x = truth->sample(Key{2, 2}, 500);
        const auto error = [&](Index count) {
            const auto energy = energyFrom(saved(path("net"), spec, given, count, nothing), 0);
            std::vector<double> e(500), found(1000), wanted(1000);
            energy->evaluate(std::span<const double>(x), e, found);
            truth->evaluate(std::span<const double>(x), e, wanted);
            double off = 0, all = 0;
            for (std::size_t i = 0; i < 1000; ++i) {
                off += std::pow(found[i] - wanted[i], 2);
                all += wanted[i] * wanted[i];
            }
            return std::sqrt(off / all);
        };
        const double trained = error(2000), untrained = error(1);
        qInfo("relative error of the gradient %.3f, untrained %.3f", trained, untrained);
        QVERIFY(trained < 0.3);
        QVERIFY(untrained > 0.5);
    }
    void refuses() {
        const auto says = [&](const std::string& file, const char* words) {
            try {
                energyFrom(file);
            } catch (const Error& error) {
                const std::string text = error.what();
                qInfo("%s", text.c_str());
                return text.find(words) != std::string::npos;
            }
            return false;
        };
        QVERIFY(says("", "names no file"));
        QVERIFY(says(path("absent"), "absent"));
        const auto spec = learned::spec(library());
        QVERIFY(says(saved(path("shape"), spec, network(), 1,
                           [](State& state) {
                               state["model.energy.0.bias"] = Array({3}, std::vector<float>(3));
                           }),
                     "another model"));
        QVERIFY(says(saved(path("gone"), spec, network(), 1,
                           [](State& state) { state.erase("model.energy.1.weight"); }),
                     "no array 'model.energy.1.weight'"));
        QVERIFY(says(saved(path("nan"), spec, network(), 1,
                           [](State& state) {
                               state["model.energy.0.bias"] =
                                   Array({4}, std::vector<float>(4, std::nanf("")));
                           }),
                     "finite"));
        SessionDocument other;
        other.load = {"autoencoder", {}, 1};
        saveSession(path("other"), other, {{"a", Array({1}, std::vector<float>{1})}});
        QVERIFY(says(path("other"), "no energy"));
        SessionDocument strange;
        strange.load = {
            "energy",
            {{"data.source", std::string("data.ring8")}, {"network.hidden", std::string("many")}},
            1};
        saveSession(path("strange"), strange, {{"a", Array({1}, std::vector<float>{1})}});
        QVERIFY(says(path("strange"), "network.hidden"));
        const auto whole = saved(path("whole"), spec, network(), 1, plant);
        std::filesystem::resize_file(whole, std::filesystem::file_size(whole) / 2);
        QVERIFY(says(whole, "whole"));
        // The form can be shown while no file has been named.
        const auto chainsSpec =
            chains::spec([] { return 1; }, {}, {}, {learnedEnergySpec(library())});
        QVERIFY(chainsSpec.describe({{"energy", std::string("learned")}}).spaces.empty());
        QVERIFY(chainsSpec
                    .describe({{"energy", std::string("learned")}, {"energy.file", path("absent")}})
                    .spaces.empty());
    }

private:
    std::string path(const char* name) const {
        return (m_folder.path() + "/" + name + ".safetensors").toStdString();
    }
    QTemporaryDir m_folder;
};

QTEST_GUILESS_MAIN(TestLearnedEnergy)
#include "tst_learned_energy.moc"
