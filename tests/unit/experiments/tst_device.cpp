// SPDX-License-Identifier: GPL-3.0-or-later
// Where a run lives: the choice of a device, and that nothing but the choice decides it. Machines
// that test have no graphics card, so what one would do is tested in two halves: the operations it
// uses give the processor's numbers, and no tensor of a run is left in the processor's memory.
#include "core/data/dataset.h"
#include "core/experiments/autoencoder/run_data.h"
#include "core/experiments/device.h"
#include "core/nn/optimiser.h"
#include "core/nn/random.h"
#include "tests/unit/experiments/small_runs.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <QtTest>
#include <cmath>

using namespace lx;
using namespace lx::test;

namespace {

struct Losses : SeriesSink {
    std::map<std::uint32_t, std::vector<double>> series;
    void add(std::uint32_t id, Clock, Index, double value) override { series[id].push_back(value); }
};

std::shared_ptr<DataLibrary> library() {
    static const auto one = std::make_shared<DataLibrary>(std::vector<std::string>{});
    return one;
}

std::unique_ptr<Experiment> make(const ParamSet& given, Placement (*place)(),
                                 std::uint64_t seed = 1) {
    const ExperimentSpec spec = autoencoder::spec(library(), place);
    return spec.make(resolve(spec.describe(given).params, given), Key{seed, 0});
}

Placement loops() {
    return {};
}
Placement operations() {
    return {at::kCPU, false};
}

ParamSet ring() {
    return {{"data.source", std::string("data.ring8")},
            {"network.hidden", std::vector<double>{32, 32}},
            {"network.activation", std::string("silu")},
            {"train.ema", 0.9},
            {"train.clip", 5.0},
            {"train.warmup", Index{20}}};
}

/// Largest relative difference of two loss curves.
double difference(const std::vector<double>& a, const std::vector<double>& b) {
    double worst = a.size() == b.size() ? 0 : INFINITY;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
        worst = std::max(worst, std::abs(a[i] - b[i]) / (1 + std::abs(a[i])));
    }
    return worst;
}

std::vector<double> lossOf(Experiment& experiment, Index steps) {
    Losses out;
    while (experiment.step(Clock::Train) < steps) {
        experiment.advance(Clock::Train, {1, {}}, {}, out);
    }
    return out.series[0];
}

std::string refusal(const std::string& name, const CudaState& cuda, ExitCode expected) {
    try {
        deviceOf(name, cuda);
    } catch (const Error& error) {
        return error.exitCode() == expected ? error.what() : "another exit status";
    }
    return "not refused";
}

}  // namespace

class TestDevice : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { at::set_num_threads(1); }

    void namesOfDevices() {
        QVERIFY(deviceOf("cpu", {}) == at::Device(at::kCPU));
        QVERIFY(deviceOf("cuda", {true, 1}) == at::Device(at::kCUDA, 0));
        QVERIFY(deviceOf("cuda:1", {true, 2}) == at::Device(at::kCUDA, 1));
        QCOMPARE(deviceNames({}), std::vector<std::string>{"cpu"});
        QCOMPARE(deviceNames({true, 0}), std::vector<std::string>{"cpu"});
        QCOMPARE(deviceNames({true, 1}), (std::vector<std::string>{"cpu", "cuda"}));
        QCOMPARE(deviceNames({true, 2}), (std::vector<std::string>{"cpu", "cuda:0", "cuda:1"}));
        for (int count = 0; count < 4; ++count) {
            for (const auto& name : deviceNames({true, count})) {
                deviceOf(name, {true, count});  // what is offered is there
            }
        }
    }
    void absentDevicesAreNamedWithTheRemedy_data() {
        QTest::addColumn<std::string>("name");
        QTest::addColumn<bool>("built");
        QTest::addColumn<int>("devices");
        QTest::addColumn<int>("status");
        QTest::addColumn<QString>("says");
        const int none = static_cast<int>(ExitCode::NoDevice);
        const int wrong = static_cast<int>(ExitCode::Usage);
        QTest::newRow("built without")
            << std::string("cuda") << false << 0 << none << "without CUDA; build .*--device cpu";
        QTest::newRow("no driver") << std::string("cuda:0") << true << 0 << none
                                   << "driver was found; install .*--device cpu";
        QTest::newRow("beyond one")
            << std::string("cuda:1") << true << 1 << none << "'cuda:1' .*only cuda:0; choose";
        QTest::newRow("beyond three")
            << std::string("cuda:3") << true << 3 << none << "cuda:0 to cuda:2; choose";
        for (const char* word :
             {"gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:1x", "cuda0", "", "cuda:99999999999"}) {
            QTest::addRow("'%s'", word)
                << std::string(word) << true << 1 << wrong << "unknown; write cpu, cuda or cuda:N";
        }
    }
    void absentDevicesAreNamedWithTheRemedy() {
        QFETCH(std::string, name);
        QFETCH(bool, built);
        QFETCH(int, devices);
        QFETCH(int, status);
        QFETCH(QString, says);
        const auto text =
            QString::fromStdString(refusal(name, {built, devices}, static_cast<ExitCode>(status)));
        QVERIFY2(QRegularExpression(says).match(text).hasMatch(), qPrintable(text));
    }
    void theChoiceHoldsForNewRuns() {
        const CudaState cuda = cudaState();
        for (const auto& name : deviceNames(cuda)) {
            setDevice(name);
            QVERIFY(currentPlacement().device == deviceOf(name, cuda));
        }
        setDevice("cpu");
        QVERIFY_EXCEPTION_THROWN(setDevice("cuda:" + std::to_string(cuda.devices)), DeviceError);
        QVERIFY(currentPlacement().device == at::Device(at::kCPU));
        QVERIFY(currentPlacement().loops());
        QVERIFY(!Placement{at::kCUDA}.loops());
    }
    void operationsGiveTheNumbersOfTheLoops() {
        for (const ParamSet& given : {shapes(), ring(), conv()}) {
            const auto byHand = make(given, loops), general = make(given, operations);
            const auto a = lossOf(*byHand, 60), b = lossOf(*general, 60);
            QVERIFY2(difference(a, b) < 2e-4, qPrintable(QString::number(difference(a, b))));
            QVERIFY(b.back() < b.front());
            // Canary: a run that differs in its seed, and one that stands still, are noticed.
            QVERIFY(difference(a, lossOf(*make(given, loops, 2), 60)) > 2e-3);
            QVERIFY(difference(a, std::vector<double>(60, a.front())) > 2e-3);
            const auto known = byHand->metrics(Key{5, 5}, {}),
                       seen = general->metrics(Key{5, 5}, {});
            for (const auto& [name, value] : known) {
                QVERIFY2(std::abs(value - seen.at(name)) < 0.02 * (1 + std::abs(value)),
                         name.c_str());
            }
            // A state goes from the one to the other.
            const auto other = make(given, loops);
            other->restore(general->capture());
            const auto c = lossOf(*other, 65), d = lossOf(*general, 65);
            QVERIFY(c.size() == 5 && difference(c, d) < 2e-4);
        }
    }
    void operationsNoticeBadNumbers() {
        for (const double poison : {double(NAN), double(INFINITY), 1e38}) {
            const auto experiment = make(shapes(), operations);
            State state = experiment->capture();
            Array& bias = state.at("model.decoder.1.bias");
            std::vector<float> values(bias.values<float>().begin(), bias.values<float>().end());
            values[3] = static_cast<float>(poison);
            bias = Array({bias.count()}, values);
            experiment->restore(state);
            QString said;
            try {
                lossOf(*experiment, 1);
            } catch (const NumericalError& error) {
                said = QString::fromUtf8(error.what());
            }
            QVERIFY2(said.contains("parameter decoder.1.bias") && said.contains("step 0"),
                     qPrintable(said));
        }
    }
    void everyTensorIsOnTheDevice() {
        // The meta device has shapes and no memory: whatever mixes devices is an error there.
        const at::Device meta(at::kMeta);
        for (const char* decoder : {"dec.bernoulli", "dec.gauss"}) {
            ParamSet given = shapes();
            given["decoder"] = std::string(decoder);
            given["network.activation"] = std::string("silu");  // LibTorch 1.13 has no relu there
            const ExperimentSpec spec = autoencoder::spec(library(), loops);
            const ParamSet params = resolve(spec.describe(given).params, given);
            const auto rows = library()->load(params, Key{1, 2});
            autoencoder::RunData data(rows, params, Key{1, 0}, {meta});
            for (const Tensor& t : {data.train, data.heldout, data.scale, data.offset, data.shown,
                                    data.heldoutShown, data.placed(normal(Key{1, 1}, {2, 2}))}) {
                QVERIFY(t.device() == meta);
            }
            autoencoder::Model model(params, data.context);
            model.parameters().initialise(Key{1, 1});
            const Tensor x = model.prepared(data.train.narrow(0, 0, 7));
            const Tensor noise = data.placed(normal(Key{1, 3}, {7, 2}));
            model.parameters().beginStep();
            const auto losses = model.train(x, noise);
            (losses.reconstruction + losses.divergence).mean().backward();
            model.parameters().endBackward();
            const Adam adam(model.parameters(), {});
            for (const Tensor& t :
                 {losses.reconstruction, losses.divergence, model.parameters().flatGradient(),
                  model.encode(x).mean, model.decode(noise), adam.first(), adam.second(),
                  model.logWeights(x, noise.unsqueeze(1)), model.prior().logDensity(noise)}) {
                QVERIFY(t.device() == meta);
            }
            Adam::updateTensors(model.parameters().flat(), model.parameters().flatGradient(),
                                adam.first(), adam.second(), {});
            // Canary: noise that stayed behind.
            QVERIFY_EXCEPTION_THROWN(model.train(x, normal(Key{1, 3}, {7, 2})), c10::Error);
        }
    }
};

QTEST_GUILESS_MAIN(TestDevice)
#include "tst_device.moc"
