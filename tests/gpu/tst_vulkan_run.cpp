// SPDX-License-Identifier: GPL-3.0-or-later
// sampler.executor=vulkan: a run of the family of chains on whatever Vulkan device there is, with
// the validation layers on.
#include "core/executors/vulkan_executor.h"
#include "core/gpu/device.h"
#include "tests/chains/family_run.h"
#include "tests/support/render_support.h"

#include <QtTest>

using namespace lx;
using namespace lx::test;
using namespace std::string_literals;

namespace {

constexpr Index kDraws = 20, kChains = 100;

ParamSet paramsOf(const std::string& kernel, const std::string& executor, ParamSet more = {}) {
    more.insert({{"energy", "ring8"s},
                 {"sampler.kernel", kernel},
                 {"sampler.executor", executor},
                 {"sampler.chains", kChains},
                 {"sampler.warmup", Index{0}},
                 {"sampler.draws", kDraws}});
    return more;
}

/// Chains of [draws, chains, D] that are elsewhere in the last draw.
Index apart(const Array& a, const Array& b) {
    const auto x = a.values<double>(), y = b.values<double>();
    const Index d = a.dim(2), chains = a.dim(1);
    Index count = 0;
    for (Index c = 0; c < chains; ++c) {
        const auto at = static_cast<std::size_t>(((a.dim(0) - 1) * chains + c) * d);
        double most = 0;
        for (std::size_t k = at; k < at + static_cast<std::size_t>(d); ++k) {
            most = std::max(most, std::abs(x[k] - y[k]) / (1 + std::abs(y[k])));
        }
        count += most < 1e-3 ? 0 : 1;
    }
    return count;
}

}  // namespace

class TestVulkanRun : public QObject {
    Q_OBJECT

    std::unique_ptr<render::test::Messages> m_messages;

    ExperimentSpec spec() const {
        return chains::spec(
            [] { return 1; },
            [this](executors::ProgramPtr program, const executors::StepSettings& settings,
                   std::span<const float> positions, Key key) {
                return executors::vulkanExecutor(
                    std::move(program), settings, positions,
                    {.key = key, .software = true, .validation = true, .log = m_messages->sink()});
            });
    }
    Array drawsOf(const ParamSet& params, std::uint64_t seed = 1) const {
        FamilyRun run(spec(), params, seed);
        run.run(run.description.steps);
        return run.look({"chains"}).at("chains");
    }

private Q_SLOTS:
    void initTestCase() {
        try {
            gpu::Device::create({.log = {}, .fault = {}});
        } catch (const gpu::Error& error) {
            QSKIP(error.what());
        }
    }
    void init() { m_messages = std::make_unique<render::test::Messages>(); }

    void sameTrajectoryAsFused_data() {
        QTest::addColumn<QString>("kernel");
        for (const char* kernel : {"ula", "mala", "hmc", "underdamped"}) {
            QTest::newRow(kernel) << kernel;
        }
    }
    void sameTrajectoryAsFused() {
        QFETCH(QString, kernel);
        const std::string name = kernel.toStdString();
        const Array fused = drawsOf(paramsOf(name, "fused"));
        const Array vulkan = drawsOf(paramsOf(name, "vulkan"));
        QCOMPARE(vulkan.shape().size(), std::size_t{3});
        QVERIFY2(apart(vulkan, fused) <= 2, qPrintable(QString::number(apart(vulkan, fused))));
        // The broken twin: other random numbers.
        QVERIFY(apart(drawsOf(paramsOf(name, "vulkan"), 2), fused) > kChains / 2);
        QCOMPARE(m_messages->vulkan(), std::string());
    }

    void warmupAdaptsThereToo() {
        const auto params = [](const char* executor) {
            return paramsOf("hmc", executor,
                            {{"energy", "mixture"s}, {"sampler.warmup", Index{150}}});
        };
        FamilyRun fused(spec(), params("fused")), vulkan(spec(), params("vulkan"));
        fused.run(170);
        vulkan.run(170);
        const auto sizeOf = [](const FamilyRun& run) {
            return run.experiment->metrics({}, {}).at("step_size");
        };
        qInfo("step sizes: fused %g, Vulkan %g", sizeOf(fused), sizeOf(vulkan));
        QVERIFY(std::abs(sizeOf(vulkan) / sizeOf(fused) - 1) < 0.05);
        const double initial = std::get<double>(vulkan.params.at("sampler.step_size"));
        QVERIFY(std::abs(sizeOf(vulkan) / initial - 1) > 0.1);
        QCOMPARE(m_messages->vulkan(), std::string());
    }

    void aRunSaysWhatStepsIt() {
        FamilyRun asked(spec(), paramsOf("mala", "vulkan")), left(spec(), paramsOf("mala", "auto"));
        QVERIFY(textOf(asked.look({"sampler"}).at("sampler")).find("executor\tvulkan, ") !=
                std::string::npos);
        // What a processor does better is left to it.
        QVERIFY(textOf(left.look({"sampler"}).at("sampler")).find("vulkan") == std::string::npos);
    }

    void aHandMovesItsChains() {
        FamilyRun run(spec(), paramsOf("ula", "vulkan"));
        run.run(5);
        run.ask("place", {{"chain", Index{3}}}, {{"x", Array({2}, std::vector<double>{9, -7})}});
        run.experiment->set({"sampler.step_size", 1e-6});
        run.run(6);
        const Array draws = run.look({"chains"}).at("chains");
        const auto at = static_cast<std::size_t>((5 * kChains + 3) * 2);
        QVERIFY(std::abs(draws.values<double>()[at] - 9) < 0.1);
        QVERIFY(std::abs(draws.values<double>()[at + 1] + 7) < 0.1);
    }

    void whatItCannotDoIsRefused() {
        const auto refusalOf = [this](const ParamSet& params) {
            return refusal([&] { FamilyRun(spec(), params); });
        };
        QVERIFY(refusalOf(paramsOf("nuts", "vulkan")).find("the kernel nuts") != std::string::npos);
        QVERIFY(refusalOf(paramsOf("mala", "vulkan", {{"energy", "funnel"s}}))
                    .find("the energy funnel") != std::string::npos);
    }

    /// llvmpipe would leave the loops of a long step half-way and say nothing.
    void longStepsAreRefusedInSoftware() {
        const auto params = [](Index leapfrogs) {
            return paramsOf("hmc", "vulkan",
                            {{"energy", "grid25"s}, {"sampler.leapfrog", leapfrogs}});
        };
        FamilyRun run(spec(), params(4));
        if (textOf(run.look({"sampler"}).at("sampler")).find("llvmpipe") == std::string::npos) {
            QSKIP("this device has no such limit");
        }
        const std::string text = refusal([&] { FamilyRun(spec(), params(1000)); });
        QVERIFY2(text.starts_with("sampler.executor=vulkan: ") &&
                     text.find("fused") != std::string::npos,
                 text.c_str());
        // A change that is refused changes nothing.
        run.run(5);
        QVERIFY(!refusal([&] { run.experiment->set({"sampler.leapfrog", Index{1000}}); }).empty());
        run.run(kDraws);
        QCOMPARE(apart(run.look({"chains"}).at("chains"), drawsOf(params(4))), Index{0});
    }
};

QTEST_GUILESS_MAIN(TestVulkanRun)
#include "tst_vulkan_run.moc"
