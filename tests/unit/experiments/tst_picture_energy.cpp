// SPDX-License-Identifier: GPL-3.0-or-later
// Energies of pictures: spectral normalisation, classes, chains that hold pixels, resume, learning.
#include "core/experiments/energy/moment.h"
#include "core/experiments/energy/negatives.h"
#include "core/experiments/picture_mask.h"
#include "tests/unit/experiments/family_run.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/autograd.h>
#include <QtTest>

#include <cmath>
#include <numeric>

using namespace lx;
using namespace lx::learned;
using namespace lx::test;

namespace {

const ExperimentSpec& family() {
    static const ExperimentSpec spec =
        learned::spec(std::make_shared<DataLibrary>(std::vector<std::string>{}));
    return spec;
}

ParamSet shapes(bool classes = false) {
    ParamSet out{{"data.source", std::string("data.shapes16")},
                 {"data.count", Index{600}},
                 {"network.channels", std::vector<double>{8, 12}},
                 {"network.features", Index{16}},
                 {"negatives.store", Index{128}},
                 {"negatives.steps", Index{10}},
                 {"train.batch", Index{32}},
                 {"train.horizon", Index{200}}};
    if (classes) {
        out["condition"] = std::string("class");
    }
    return out;
}
std::unique_ptr<Experiment> make(const ParamSet& given, std::uint64_t seed = 1) {
    return family().make(resolve(family().describe(given).params, given), Key{seed, 0});
}
Choices choices(const ParamSet& given) {
    const DataLibrary library{std::vector<std::string>{}};
    return choicesOf(resolve(family().describe(given).params, given), library.shape(given));
}

struct Sample {
    explicit Sample(const Choices& c) {
        network = makeNetwork(parameters, c);
        parameters.allocate();
        parameters.initialise(Key{3, 1});
        const at::NoGradGuard off;
        for (std::size_t i = 0; i < parameters.size(); ++i) {
            if (parameters.options(i).name.ends_with(".gains")) {
                parameters.value(i).normal_(0, 0.3);
            }
        }
        energy = energyOf(parameters, parameters.flat(), c);
    }
    const PictureEnergy& pictures() const { return dynamic_cast<const PictureEnergy&>(*energy); }
    Parameters parameters;
    std::unique_ptr<Network> network;
    EnergyPtr energy;
};

Tensor noise(Index rows, Index columns) {
    return at::rand({rows, columns});
}
std::vector<float> listed(const Tensor& t) {
    const Tensor flat = t.contiguous();
    return {flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel()};
}
double distance(std::span<const float> a, std::span<const float> b) {
    double most = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        most = std::max(most, std::abs(static_cast<double>(a[i] - b[i])));
    }
    return most;
}

}  // namespace

class TestPictureEnergy : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() {
        at::set_num_threads(1);
        at::manual_seed(5);
    }
    /// The largest singular value is 1, as LAPACK finds it, and the derivative is the true one.
    void spectralNormalisation() {
        const Tensor w = at::randn({6, 3, 4, 4}, at::kDouble).requires_grad_(true);
        const auto top = [](const Tensor& t) {
            return std::get<1>(at::linalg_svd(t.detach().flatten(1), false))[0].item<double>();
        };
        const Tensor normal = spectrallyNormalised(w);
        QVERIFY(std::abs(top(normal) - 1) < 1e-10);
        QVERIFY(std::abs(top(w) - spectralNorm(w)) < 1e-8);
        QVERIFY(std::abs(spectralNorm(at::diag(at::tensor({1.0, -3.0, 2.0}))) - 3) < 1e-12);
        QVERIFY(std::abs(top(w) - 1) > 0.5);
        const Tensor weight = at::randn_like(w);
        const Tensor slope = torch::autograd::grad({(normal * weight).sum()}, {w})[0].flatten();
        double worst = 0, held = 0;
        const Tensor plain =
            (weight / spectralNorm(w)).flatten();  // as if the norm were a constant
        constexpr double kStep = 1e-5;
        for (const Index i : {0, 17, 100, 287}) {
            const auto at = [&](double shift) {
                const at::NoGradGuard off;
                Tensor moved = w.detach().clone();
                moved.view(-1)[i] += shift;
                return (spectrallyNormalised(moved) * weight).sum().item<double>();
            };
            const double truth = (at(kStep) - at(-kStep)) / (2 * kStep);
            worst = std::max(worst, std::abs(slope[i].item<double>() - truth));
            held = std::max(held, std::abs(plain[i].item<double>() - truth));
        }
        QVERIFY2(worst < 1e-6, qPrintable(QString::number(worst)));
        QVERIFY(held > 1e-3);
    }
    void energyIsTheNetwork() {
        for (const bool classes : {false, true}) {
            const Choices c = choices(shapes(classes));
            const Sample sample(c);
            const Index d = sample.energy->dim(), n = 7;
            const Tensor x = noise(n, d).requires_grad_(true);
            Tensor told = x;
            std::vector<std::int64_t> labels(n, 0);
            if (classes) {
                for (Index r = 0; r < n; ++r) {
                    labels[static_cast<std::size_t>(r)] = r % c.classes;
                }
                told = at::cat({x, at::one_hot(at::tensor(labels), c.classes).to(at::kFloat)}, 1);
            }
            const Tensor e = sample.network->forward(told).squeeze(1);
            const auto truth = listed(torch::autograd::grad({e.sum()}, {x})[0]);
            std::vector<float> value(n), slope(static_cast<std::size_t>(n * d));
            sample.pictures().evaluateAt(listed(x.detach()), labels, value, slope);
            QVERIFY(distance(value, listed(e.detach())) < 1e-5);
            QVERIFY(distance(slope, truth) < 1e-5);
            QVERIFY(distance(slope, std::vector<float>(slope.size(), 0.0F)) > 1e-4);
            // Without a class: -log sum_c exp(-E(x, c)).
            std::vector<float> marginal(n);
            const auto rows = listed(x.detach());
            sample.energy->evaluate(std::span<const float>(rows), marginal);
            std::vector<double> sum(n);
            for (Index k = 0; k < std::max<Index>(1, c.classes); ++k) {
                std::ranges::fill(labels, k);
                sample.pictures().evaluateAt(rows, labels, value, {});
                for (std::size_t r = 0; r < sum.size(); ++r) {
                    sum[r] += std::exp(-static_cast<double>(value[r]));
                }
            }
            for (std::size_t r = 0; r < sum.size(); ++r) {
                QVERIFY(std::abs(static_cast<double>(marginal[r]) + std::log(sum[r])) < 1e-5);
            }
            for (const double norm : sample.pictures().spectralNorms()) {
                QVERIFY(std::abs(norm - 1) < 1e-4);
            }
            QCOMPARE(sample.pictures().spectralNorms().size(), std::size_t{3});
        }
    }
    /// Held pixels do not move, others do, downhill and no farther than a step allows.
    void chainsHoldWhatTheyAreGiven() {
        Choices c = choices(shapes());
        c.noise = 0;
        const Sample sample(c);
        const Index d = sample.energy->dim();
        const std::vector<float> start = listed(noise(5, d));
        std::vector<std::uint8_t> free(start.size());
        for (std::size_t i = 0; i < free.size(); ++i) {
            free[i] = i % 3 == 0 ? 1 : 0;
        }
        const auto energyAt = [&](const std::vector<float>& rows) {
            std::vector<float> e(5);
            sample.energy->evaluate(std::span<const float>(rows), e);
            return std::accumulate(e.begin(), e.end(), 0.0);
        };
        std::vector<float> x = start;
        walk(sample.pictures(), c, {}, free, Key{1, 1}, 4, x);
        double held = 0, moved = 0;
        for (std::size_t i = 0; i < x.size(); ++i) {
            const double way = std::abs(static_cast<double>(x[i] - start[i]));
            (free[i] != 0 ? moved : held) = std::max(free[i] != 0 ? moved : held, way);
            QVERIFY(x[i] >= 0 && x[i] <= 1);
        }
        QCOMPARE(held, 0.0);
        QVERIFY(moved > 1e-4 && moved <= 4 * c.drift * c.slope + 1e-5);
        QVERIFY(energyAt(x) < energyAt(start));
        // A twin that walks uphill.
        std::vector<float> up = start;
        c.drift = -c.drift;
        walk(sample.pictures(), c, {}, free, Key{1, 1}, 4, up);
        QVERIFY(energyAt(up) > energyAt(start));
    }
    /// Chains at rest walk under the class that they are told; those of training keep theirs.
    void classOfTheChains() {
        const auto labelsOf = [](const Experiment& run) {
            const State state = run.capture();
            const auto v = state.at("negatives.labels").values<std::int64_t>();
            return std::vector<std::int64_t>(v.begin(), v.end());
        };
        ParamSet given = shapes(true);
        given["negatives.store"] = Index{64};
        given["negatives.steps"] = Index{2};
        const auto run = make(given);
        Collected sink;
        run->set({"samples.class", Index{1}});
        steps(*run, 4, sink);
        const auto before = labelsOf(*run);
        QVERIFY(std::ranges::count(before, 1) < std::ssize(before));
        steps(*run, Clock::Sample, 60, sink);
        const auto after = labelsOf(*run);
        QCOMPARE(std::ranges::count(after, 1), std::ssize(after));
        run->set({"samples.class", Index{-1}});
        steps(*run, Clock::Sample, 20, sink);
        // Each keeps its own; those that begin anew draw one.
        QVERIFY(std::ranges::count(labelsOf(*run), 1) > std::ssize(after) / 4);
        const ParamSet none = resolve(family().describe(shapes()).params, shapes());
        QVERIFY(!none.contains("samples.class"));
    }
    void resumesToTheBit() {
        for (const bool classes : {false, true}) {
            const auto straight = make(shapes(classes)), broken = make(shapes(classes));
            Collected sink;
            steps(*straight, 6, sink);
            steps(*broken, 3, sink);
            const State half = broken->capture();
            const auto other = make(shapes(classes), 1);
            other->restore(half);
            steps(*other, 3, sink);
            QVERIFY(same(straight->capture(), other->capture()));
            QVERIFY(!same(straight->capture(), half));
            State wrong = half;
            wrong["negatives.labels"] = Array({128}, std::vector<std::int64_t>(128, 99));
            QVERIFY_EXCEPTION_THROWN(other->restore(wrong), UsageError);
            QVERIFY(same(straight->capture(), other->capture()));
        }
    }
    void looks() {
        const ParamSet given = shapes(true);
        const auto run = make(given);
        Collected sink;
        steps(*run, 2, sink);
        const auto ids = channelIds(family().describe(given));
        QVERIFY(look(*run, ids, sink) > 10);
        for (const std::string& id : ids) {
            QVERIFY2(sink.channels.contains(id), id.c_str());
        }
        const Array& strips = sink.channels.at("inpainting");
        QCOMPARE(strips.shape().size(), std::size_t{4});
        QCOMPARE(strips.dim(2), Index{16});
        const auto ages = sink.channels.at("samples.ages").values<float>();
        QCOMPARE(std::ssize(ages), sink.channels.at("samples").dim(0));
        QVERIFY(std::ranges::is_sorted(ages, std::greater()));
        QVERIFY(ages.front() >= 1 && ages.back() == 0);
        // The mask is another one at once.
        run->set({"inpaint.mask", std::string("left")});
        Collected left;
        look(*run, {"inpainting"}, left);
        QVERIFY(!std::ranges::equal(strips.bytes(), left.channels.at("inpainting").bytes()));
        QVERIFY(run->news() > 0);
    }
    /// What the brush has covered is hidden, and nothing else.
    void paintedMask() {
        const ParamSet painted{{"inpaint.mask", std::string("painted")},
                               // Along the upper edge, and a hole rubbed out of it.
                               {"inpaint.strokes", std::vector<double>{0, 1, 0.2, 2, 0, 0, 1, 0, 1,
                                                                       1, 0.1, 1, 0.5, 0.03}}};
        const auto hidden = hiddenPixels(painted, 16, 16);
        for (int row = 0; row < 16; ++row) {
            for (int column = 0; column < 16; ++column) {
                const double x = (column + 0.5) / 16, y = (row + 0.5) / 16;
                const bool rubbed = std::hypot(x - 0.5, y - 0.03) <= 0.1;
                QCOMPARE(int(hidden[std::size_t(16 * row + column)]), y <= 0.2 && !rubbed ? 1 : 0);
            }
        }
        const auto run = make(shapes(false));
        for (const auto& [id, value] : painted) {
            run->set({id, value});
        }
        Collected sink;
        look(*run, {"inpainting"}, sink);
        const Array& strips = sink.channels.at("inpainting");
        const auto all = strips.values<float>();
        std::size_t changed = 0;
        for (std::size_t r = 0; r < std::size_t(strips.dim(0)); ++r) {
            for (std::size_t c = 1; c < std::size_t(strips.dim(1)); ++c) {
                for (std::size_t i = 0; i < 256; ++i) {
                    const std::size_t row = r * std::size_t(strips.dim(1)) * 256;
                    const bool moved = all[row + c * 256 + i] != all[row + i];
                    QVERIFY(!moved || hidden[i] != 0);
                    changed += moved ? 1 : 0;
                }
            }
        }
        QVERIFY(changed > 100);
        QVERIFY_EXCEPTION_THROWN(
            run->set({"inpaint.strokes", std::vector<double>{0, 1, 0.2, 9, 0, 0}}), UsageError);
        Collected after;
        look(*run, {"inpainting"}, after);
        QVERIFY(std::ranges::equal(strips.bytes(), after.channels.at("inpainting").bytes()));
    }
    /// Noise becomes stranger than data, and classes are told apart better than by chance.
    void learns() {
        ParamSet given = shapes(true);
        given["train.rate"] = 2e-3;
        const auto run = make(given);
        Collected sink;
        const auto before = run->metrics(Key{}, {});
        steps(*run, 150, sink);
        const auto after = run->metrics(Key{}, {});
        qInfo("noise %.3f, accuracy %.3f -> %.3f", after.at("auroc_noise"), before.at("accuracy"),
              after.at("accuracy"));
        QVERIFY(after.at("auroc_noise") > 0.95);
        QVERIFY(after.at("accuracy") > before.at("accuracy") + 0.1);
        QVERIFY(after.at("spectral_error") < 1e-4);
        QVERIFY(after.at("salt_ratio") < 1);
    }
};

QTEST_GUILESS_MAIN(TestPictureEnergy)
#include "tst_picture_energy.moc"
