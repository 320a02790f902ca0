// SPDX-License-Identifier: GPL-3.0-or-later
// The compute shaders walk the paths of the fused executor, on whatever Vulkan device there is,
// with the validation layers on.
#include "core/executors/fused_executor.h"
#include "core/executors/vulkan_executor.h"
#include "core/gpu/device.h"
#include "tests/support/render_support.h"
#include "tests/unit/executors/executor_checks.h"

#include <QtTest>

using namespace lx;
using namespace lx::executors;
using namespace lx::executors::checks;

namespace {

constexpr Key kKey{2025, 11};
constexpr Index kSteps = 20, kChains = 77;
constexpr double kLimit = 1e-3;

struct Ends {
    std::vector<float> x, p, e;
    ChainCounts counts;
};

Ends endsOf(ChainExecutor& executor, bool energy) {
    const auto n = static_cast<std::size_t>(executor.chains());
    const auto d = static_cast<std::size_t>(executor.dim());
    Ends out{std::vector<float>(n * d), std::vector<float>(n * d), std::vector<float>(n),
             executor.counts()};
    executor.positions(out.x);
    executor.momenta(out.p);
    if (energy) {
        executor.energies(out.e);
    }
    return out;
}

double apartBy(float a, float b) {
    const double x = static_cast<double>(a), y = static_cast<double>(b);
    return std::abs(x - y) / (1 + std::abs(y));
}

/// Chains that are not where the other executor's are, of those that are not left out.
Index apart(const Ends& a, const Ends& b, const std::vector<bool>& leftOut) {
    const std::size_t n = a.e.size(), d = a.x.size() / n;
    Index count = 0;
    for (std::size_t i = 0; i < n; ++i) {
        bool same = a.counts.accepted[i] == b.counts.accepted[i] &&
                    a.counts.diverged[i] == b.counts.diverged[i] &&
                    apartBy(a.counts.acceptance[i], b.counts.acceptance[i]) < 10 * kLimit &&
                    apartBy(a.e[i], b.e[i]) < 10 * kLimit;
        for (std::size_t k = i * d; k < (i + 1) * d; ++k) {
            same = same && apartBy(a.x[k], b.x[k]) < kLimit && apartBy(a.p[k], b.p[k]) < kLimit;
        }
        count += same || leftOut[i] ? 0 : 1;
    }
    return count;
}

}  // namespace

class TestVulkanChains : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        try {
            const auto device = gpu::Device::create(
                {.validation = true, .preferSoftware = true, .log = {}, .fault = {}});
            QVERIFY2(device.info().validation, "the validation layer is missing");
        } catch (const gpu::Error& error) {
            QSKIP(error.what());
        }
    }
    void init() { m_messages = std::make_unique<render::test::Messages>(); }

    void samePathAsFused_data() {
        QTest::addColumn<int>("index");
        const auto all = cases();
        for (int i = 0; i < static_cast<int>(all.size()); ++i) {
            QTest::newRow(all[static_cast<std::size_t>(i)].name) << i;
        }
    }
    void samePathAsFused() {
        QFETCH(int, index);
        const Case c = cases()[static_cast<std::size_t>(index)];
        const auto x = starts(c, kChains);
        for (const Method method : {Method::Ula, Method::Mala, Method::Hmc, Method::Underdamped}) {
            if (!c.program->hasEnergy() && decides(method)) {
                continue;
            }
            const StepSettings s = settingsOf(c, method);
            const Walk walk = reference(c, s, x, kKey, kSteps);
            const auto fused = fusedExecutor(c.program, s, x, {kKey, 0, 1, {}, {}});
            fused->advance(kSteps);
            const auto executor = made(c.program, s, x);
            executor->advance(kSteps);
            const Ends there = endsOf(*fused, c.program->hasEnergy());
            const Ends here = endsOf(*executor, c.program->hasEnergy());
            const Index other = apart(here, there, walk.close);
            const QString text =
                QString("%1: %2 of %3 apart").arg(samplerOf(method)).arg(other).arg(kChains);
            QVERIFY2(other <= (c.smooth ? 0 : 3), qPrintable(text));
            QVERIFY(std::ranges::count(walk.close, true) < kChains / 4);
            // The broken twin: one step more.
            executor->advance(1);
            QVERIFY(apart(endsOf(*executor, c.program->hasEnergy()), there, walk.close) >
                    kChains / 4);
        }
        QCOMPARE(m_messages->vulkan(), std::string());
    }

    /// The same bits however the steps are cut into calls, and with chains that begin elsewhere in
    /// the run.
    void sameBits() {
        const Case c = cases().front();
        const StepSettings s = settingsOf(c, Method::Mala);
        const auto x = starts(c, 200);
        const auto whole = made(c.program, s, x), parts = made(c.program, s, x);
        const auto few = made(c.program, s, std::span(x).subspan(2 * 90, 2 * 20), 90);
        whole->advance(7);
        parts->advance(3);
        endsOf(*parts, true);
        parts->advance(4);
        few->advance(7);
        const Ends a = endsOf(*whole, true), b = endsOf(*parts, true), f = endsOf(*few, true);
        QVERIFY(a.x == b.x && a.e == b.e && a.counts.accepted == b.counts.accepted);
        QVERIFY(std::ranges::equal(std::span(a.x).subspan(2 * 90, 2 * 20), f.x));
        QCOMPARE(m_messages->vulkan(), std::string());
    }

    void newWeightsPositionsAndMass() {
        const auto first = mlpEnergy(network(2, {24}, MlpActivation::Silu));
        const auto second = mlpEnergy(network(2, {24}, MlpActivation::Silu, 1, 5));
        const auto third = mlpEnergy(network(2, {40, 8}, MlpActivation::Tanh, 1, 5));
        const Case c{"", first, programOf(*first)};
        StepSettings s = settingsOf(c, Method::Hmc);
        s.inverseMass = {0.5, 3};
        const auto x = starts(c, kChains);
        const auto executor = made(c.program, settingsOf(c, Method::Mala), x);
        executor->advance(2);
        for (const auto& energy : {second, third}) {
            executor->setProgram(programOf(*energy));
            executor->configure(s);
            executor->setPositions(x);
            executor->setStep(0);
            executor->resetCounts();
            executor->advance(5);
            const auto fused = fusedExecutor(programOf(*energy), s, x, {kKey, 0, 1, {}, {}});
            fused->advance(5);
            const std::vector<bool> all(kChains);
            QVERIFY(apart(endsOf(*executor, true), endsOf(*fused, true), all) <= 1);
        }
        QCOMPARE(m_messages->vulkan(), std::string());
    }

    void softwareIsNeverChosenUnasked() {
        const auto hardware = [] {
            try {
                return gpu::Device::create({.hardwareOnly = true, .log = {}, .fault = {}})
                           .info()
                           .type != gpu::DeviceType::Cpu;
            } catch (const gpu::Error&) {
                return false;
            }
        }();
        const Case c = cases().front();
        const auto x = starts(c, 8);
        const StepSettings s = settingsOf(c, Method::Ula);
        if (hardware) {
            QVERIFY(vulkanExecutor(c.program, s, x, {}) != nullptr);
        } else {
            QVERIFY_EXCEPTION_THROWN(vulkanExecutor(c.program, s, x, {}), DeviceError);
        }
        QVERIFY_EXCEPTION_THROWN(vulkanExecutor(nullptr, s, x, {}), UsageError);
    }

    /// llvmpipe would leave the loops of a long step half-way and say nothing.
    void longStepsAreRefusedInSoftware() {
        const auto all = cases();
        const auto c = std::ranges::find(all, QString("tanh 8-256-24-16-40-1"),
                                         [](const Case& one) { return QString(one.name); });
        QVERIFY(c != all.end());
        StepSettings s = settingsOf(*c, Method::Hmc);
        const auto executor = made(c->program, s, starts(*c, 8));
        s.leapfrogs = 100;
        if (executor->name().find("llvmpipe") != std::string::npos) {
            QVERIFY_EXCEPTION_THROWN(executor->configure(s), UsageError);
        } else {
            executor->configure(s);
        }
    }

private:
    std::unique_ptr<ChainExecutor> made(const ProgramPtr& program, const StepSettings& s,
                                        std::span<const float> x, Index offset = 0) {
        return vulkanExecutor(program, s, x, {kKey, offset, true, true, m_messages->sink()});
    }

    std::unique_ptr<render::test::Messages> m_messages;
};

QTEST_GUILESS_MAIN(TestVulkanChains)
#include "tst_vulkan_chains.moc"
