// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/gpu/device.h"
#include "core/gpu/vulkan/context.h"
#include "tests/support/render_support.h"

#include <QtTest>

#include <cstdlib>
#include <cstring>
#include <numeric>

using namespace lx;
using namespace lx::gpu;

namespace {

constexpr std::uint32_t kHistogram[] = {
#include "shaders/density_histogram.comp.h"
};

constexpr Usage kCopies = Usage::Storage | Usage::CopySource | Usage::CopyTarget;

std::span<std::uint32_t> words(const Buffer& buffer) {
    const auto bytes = buffer.mapped();
    return {reinterpret_cast<std::uint32_t*>(bytes.data()), bytes.size() / 4};
}

}  // namespace

class TestGpuDevice : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        try {
            const Device device = make();
            QVERIFY2(device.info().validation, "the validation layer is missing");
        } catch (const gpu::Error& error) {
            QSKIP(error.what());
        }
    }
    void init() { m_messages = std::make_unique<render::test::Messages>(); }

    void describesItself() {
        const Device device = make();
        QVERIFY(!device.info().name.empty());
        QVERIFY(device.info().memoryBytes > 0);
        QVERIFY(device.info().maxImageSize >= 4096);
        QCOMPARE(device.allocations(), 0);
        QVERIFY(std::getenv("LP_NUM_THREADS") != nullptr);
        QCOMPARE(m_messages->vulkan(), std::string());
    }

    void copiesAndCounts() {
        {
            Device device = make();
            const Buffer grid = device.createBuffer({"grid", 4096 * 4, kCopies, Memory::Upload});
            const Buffer histogram =
                device.createBuffer({"bins", 512 * 4, kCopies, Memory::Device});
            const Buffer result =
                device.createBuffer({"result", 512 * 4, kCopies, Memory::Readback});
            for (std::size_t i = 0; i < 4096; ++i) {
                words(grid)[i] = static_cast<std::uint32_t>(i % 64);
            }
            const ComputePipeline pipeline = device.createCompute({"histogram", kHistogram, 2, 8});
            const std::uint32_t push[] = {4096, 1};
            CommandList list = device.record("count");
            list.fill(histogram, 0, 2048);
            list.barrier();
            const Buffer* buffers[] = {&grid, &histogram};
            list.dispatch(pipeline, buffers, std::as_bytes(std::span(push)), 4);
            list.barrier();
            list.copy(histogram, result, 2048);
            const Timeline done = device.submit(std::move(list));
            device.wait(done);
            QVERIFY(device.done(done));
            result.invalidate();
            QCOMPARE(words(result)[0], 0U);  // empty pixels are not counted
            for (std::size_t bin = 1; bin < 64; ++bin) {
                QCOMPARE(words(result)[bin], 64U);
            }
            QCOMPARE(device.allocations(), 3);
        }
        QCOMPARE(m_messages->vulkan(), std::string());
    }

    void resourcesOutliveTheDevice() {
        std::optional<Buffer> kept;
        {
            Device device = make();
            kept = device.createBuffer({"kept", 64, kCopies, Memory::Upload});
            Buffer source = device.createBuffer({"source", 1 << 20, kCopies, Memory::Upload});
            Buffer target = device.createBuffer({"target", 1 << 20, kCopies, Memory::Device});
            CommandList list = device.record("copy");
            list.copy(source, target, 1 << 20);
            device.submit(std::move(list));
            source = {};  // while the device may still read it
            target = {};
            CommandList abandoned = device.record("abandoned");
            abandoned.fill(*kept, 1, 64);
        }
        QCOMPARE(kept->size(), std::size_t{64});
        kept.reset();
        QCOMPARE(m_messages->vulkan(), std::string());
    }

    /// The guard itself: a missing barrier must be reported, the same commands with it must not.
    void aHazardIsReported_data() {
        QTest::addColumn<bool>("barrier");
        QTest::newRow("broken twin: fill, then copy") << false;
        QTest::newRow("fill, barrier, copy") << true;
    }
    void aHazardIsReported() {
        QFETCH(bool, barrier);
        int counted = 0;
        {
            Device device = make();
            const Buffer a = device.createBuffer({"a", 256, kCopies, Memory::Device});
            const Buffer b = device.createBuffer({"b", 256, kCopies, Memory::Device});
            CommandList list = device.record("hazard");
            list.fill(a, 7, 256);
            if (barrier) {
                list.barrier();
            }
            list.copy(b, a, 256);
            device.wait(device.submit(std::move(list)));
            counted = device.validationMessages();
        }
        QCOMPARE(counted > 0, !barrier);
        QCOMPARE(m_messages->vulkan().find("SYNC-HAZARD-WRITE-AFTER-WRITE") != std::string::npos,
                 !barrier);
        QCOMPARE(m_messages->vulkan().empty(), barrier);
    }

    /// The guard of every test of lost devices: a device that goes before what was made on it must
    /// be reported, one that goes after it must not.
    void aForgottenChildIsReported_data() {
        QTest::addColumn<bool>("forgotten");
        QTest::newRow("broken twin: the fence stays") << true;
        QTest::newRow("the fence goes first") << false;
    }
    void aForgottenChildIsReported() {
        QFETCH(bool, forgotten);
        {
            Context context({.validation = true,
                             .preferSoftware = true,
                             .log = m_messages->sink(),
                             .fault = {}});
            VkFenceCreateInfo create{};
            create.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO;
            VkFence fence = VK_NULL_HANDLE;
            QCOMPARE(context.vk.CreateFence(context.device, &create, nullptr, &fence), VK_SUCCESS);
            if (!forgotten) {
                context.vk.DestroyFence(context.device, fence, nullptr);
            }
        }
        QCOMPARE(m_messages->vulkan().empty(), !forgotten);
        QCOMPARE(m_messages->vulkan().find("vkDestroyDevice") != std::string::npos, forgotten);
    }

    void misuseIsRefused() {
        {
            Device device = make();
            QVERIFY_EXCEPTION_THROWN(device.createImage({"huge", 1U << 30, 1}), UsageError);
            const Buffer buffer = device.createBuffer({"small", 4});
            const ComputePipeline pipeline = device.createCompute({"histogram", kHistogram, 2, 8});
            CommandList list = device.record("wrong");
            const Buffer* one[] = {&buffer};
            QVERIFY_EXCEPTION_THROWN(list.dispatch(pipeline, one, {}, 1), UsageError);
        }
        QCOMPARE(m_messages->vulkan(), std::string());
    }

    void failuresHaveTheirClass() {
        Fault next = Fault::None;
        std::string at;
        {
            Device device = make([&](std::string_view call) {
                return call == at ? std::exchange(next, Fault::None) : Fault::None;
            });
            const auto plant = [&](const char* call, Fault fault) {
                at = call;
                next = fault;
            };
            plant("vkAllocateMemory", Fault::DeviceLost);
            QVERIFY_EXCEPTION_THROWN(device.createBuffer({"b", 64}), DeviceLost);
            plant("vkCreateBuffer", Fault::OutOfMemory);
            QVERIFY_EXCEPTION_THROWN(device.createBuffer({"b", 64}), OutOfMemory);
            plant("vkQueueSubmit", Fault::DeviceLost);
            QVERIFY_EXCEPTION_THROWN(device.submit(device.record("lost")), DeviceLost);
            // One kind of memory is full: the next best serves.
            plant("vkAllocateMemory", Fault::OutOfMemory);
            QVERIFY(device.createBuffer({"b", 64, kCopies, Memory::Upload}));
            plant("vkWaitForFences", Fault::DeviceLost);
            const Buffer big = device.createBuffer({"big", 64 << 20, kCopies, Memory::Device});
            CommandList list = device.record("long");
            list.fill(big, 3, 64 << 20);
            const Timeline done = device.submit(std::move(list));
            try {
                device.wait(done);  // a fast device is done before it has to be waited for
            } catch (const DeviceLost& error) {
                QVERIFY(std::string(error.what()).find("lost") != std::string::npos);
                QCOMPARE(error.exitCode(), ExitCode::NoDevice);
            }
        }
        QCOMPARE(m_messages->vulkan(), std::string());
    }

private:
    Device make(std::function<Fault(std::string_view)> fault = {}) {
        if (!m_messages) {
            m_messages = std::make_unique<render::test::Messages>();
        }
        return Device::create({.validation = true,
                               .preferSoftware = true,
                               .log = m_messages->sink(),
                               .fault = std::move(fault)});
    }

    std::unique_ptr<render::test::Messages> m_messages;
};

QTEST_GUILESS_MAIN(TestGpuDevice)
#include "tst_gpu_device.moc"
