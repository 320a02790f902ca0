// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/log.h"
#include "core/render/scene.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace lx::render {

/// What a test makes a Vulkan call answer.
enum class DeviceFault : std::uint8_t { None, Lost, OutOfMemory, MissingExtension };

struct RendererOptions {
    /// Prefer a Vulkan device of CPU type (tests, golden pictures). Otherwise such a device is left
    /// alone: our rasteriser draws the same pictures several times as fast.
    bool software = false;
    bool validation =
        false;  ///< core and synchronization validation; messages go to `log` and are counted
    bool forceCpu = false;  ///< no Vulkan at all: every layer is drawn by our own rasteriser
    LogSink log{};
    /// Count densities in a compute shader; by default on every device but those of CPU type,
    /// which get the counts of a loop on the host.
    std::optional<bool> computeDensity{};
    /// Asked before each fallible Vulkan call (tests); called by the renderer's worker.
    std::function<DeviceFault(std::string_view call)> fault{};
};

struct RendererInfo {
    std::string device;  ///< "llvmpipe (LLVM 15.0.6, 256 bits)", or "CPU"
    bool vulkan = false, cpuType = false;
    std::string note;  ///< why something fell back; empty when nothing did
    /// The note of what fell back since the start, for the views to show; and how often one came.
    std::string trouble;
    std::uint64_t troubles = 0;
    std::uint64_t deviceBytes = 0;  ///< allocated on the device
    bool validation = false;        ///< asked for, and its layer was found
    std::uint64_t uploads = 0;      ///< arrays sent to the device so far
};

/// Draws scenes into images. Not thread-safe: one thread, normally the GUI's.
class Renderer {
public:
    /// Never fails for want of a device: without Vulkan it draws on the CPU and says so in info().
    static std::unique_ptr<Renderer> create(const RendererOptions&);
    virtual ~Renderer() = default;

    /// One view's pair of images, so that frame n is painted while n + 1 is drawn.
    class Target {
    public:
        virtual ~Target() = default;
        /// Records and submits; never waits for the device. A scene submitted while two are in
        /// flight replaces the one that waits.
        virtual void submit(const Scene&, Size pixels) = 0;
        /// The newest finished picture, if one finished since the last call. Never waits. May
        /// submit the scene that waits.
        virtual std::optional<Image> take() = 0;
        virtual bool busy() const = 0;  ///< a picture is still under way
    };
    virtual std::unique_ptr<Target> createTarget() = 0;
    /// Draws and waits (export, tests).
    virtual Image draw(const Scene&, Size pixels) = 0;
    /// Waits until create()'s search for a device has ended, which takes 0.1 s and more.
    virtual RendererInfo info() const = 0;
    /// RendererInfo::troubles, without ever waiting.
    virtual std::uint64_t troubles() const = 0;
    virtual int validationMessages() const = 0;
};

}  // namespace lx::render
