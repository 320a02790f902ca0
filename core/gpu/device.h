// SPDX-License-Identifier: GPL-3.0-or-later
// A thin layer over Vulkan 1.1, found at run time: a machine without it still starts the program.
// Not thread-safe; one thread at a time uses a Device and what it made.
#pragma once

#include "core/base/log.h"
#include "core/gpu/command_list.h"
#include "core/gpu/error.h"
#include "core/gpu/resources.h"

#include <functional>
#include <string>

namespace lx::gpu {

enum class DeviceType : std::uint8_t { Discrete, Integrated, Virtual, Cpu, Other };

struct DeviceInfo {
    std::string name;
    DeviceType type = DeviceType::Other;
    std::uint64_t memoryBytes = 0;     ///< size of the device's own memory
    std::uint32_t maxImageSize = 0;    ///< pixels along one side
    std::uint64_t maxBufferBytes = 0;  ///< of one storage buffer
    std::uint64_t maxTexels = 0;       ///< of one buffer read as a texture
    std::uint32_t maxGroups = 0;       ///< workgroups along the first axis of a dispatch
    bool validation = false;           ///< the validation layer was found and is on
};

enum class Fault : std::uint8_t { None, DeviceLost, OutOfMemory, MissingExtension };

struct DeviceOptions {
    bool validation = false;  ///< core and synchronization validation
    bool preferSoftware = false;
    bool hardwareOnly = false;  ///< no device of CPU type
    LogSink log;
    /// Asked before each fallible Vulkan call, by name; makes it fail without being made (tests).
    std::function<Fault(std::string_view call)> fault;
};

/// Names a submission; grows by one with each. Everything up to a finished one is finished.
struct Timeline {
    std::uint64_t value = 0;
};

class Device {
public:
    /// The best device: discrete, integrated, virtual, then CPU, or CPU first when asked for.
    /// Caps llvmpipe at one thread less than there are cores unless LP_NUM_THREADS is set.
    /// Throws Error when there is no loader, no driver, or no device of Vulkan 1.1.
    static Device create(const DeviceOptions&);
    Device(Device&&) noexcept;
    Device& operator=(Device&&) noexcept;
    ~Device();  ///< waits until the device is idle, then frees

    const DeviceInfo& info() const noexcept;
    std::uint64_t allocatedBytes() const noexcept;
    int allocations() const noexcept;  ///< live VkDeviceMemory objects
    /// Warnings and errors of the validation layer so far.
    int validationMessages() const noexcept;

    Buffer createBuffer(const BufferOptions&);
    Image createImage(const ImageOptions&);
    ComputePipeline createCompute(const ComputeOptions&);
    GraphicsPipeline createGraphics(const GraphicsOptions&);
    CommandList record(std::string_view label);

    Timeline submit(CommandList&&);
    bool done(Timeline);
    /// Throws DeviceLost when the device was lost, or has not answered for ten seconds; one that
    /// runs on the processor may take twelve times as long, since other programs hold it up.
    void wait(Timeline);

private:
    explicit Device(std::shared_ptr<Context>);
    std::shared_ptr<Context> m_context;
};

}  // namespace lx::gpu
