// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/device.h"

#include <ATen/Context.h>
#include <torch/cuda.h>

#include <charconv>
#include <mutex>

namespace lx {
namespace {

std::mutex placeMutex;
Placement place;  // the module's own: it is loaded once

std::string ordinal(int index) {
    return "cuda:" + std::to_string(index);
}

[[noreturn]] void absent(const std::string& name, const std::string& why) {
    throw DeviceError("device '" + name + "' is not available: " + why);
}

}  // namespace

CudaState cudaState() {
    return {at::Context::hasCUDART(), static_cast<int>(torch::cuda::device_count())};
}

at::Device deviceOf(const std::string& name, const CudaState& cuda) {
    if (name == "cpu") {
        return at::kCPU;
    }
    int index = 0;
    if (name != "cuda") {
        const char* const end = name.data() + name.size();
        const char* const digits = name.starts_with("cuda:") ? name.data() + 5 : end;
        const auto [rest, error] = std::from_chars(digits, end, index);
        if (error != std::errc{} || rest != end || index < 0) {
            throw UsageError("device '" + name + "' is unknown; write cpu, cuda or cuda:N");
        }
    }
    if (!cuda.built) {
        absent(name,
               "this LibTorch was built without CUDA; build the program against one that has it "
               "(CMAKE_PREFIX_PATH), or use --device cpu");
    }
    if (cuda.devices < 1) {
        absent(name,
               "no NVIDIA graphics card with a working driver was found; install its driver, or "
               "use --device cpu");
    }
    if (index >= cuda.devices) {
        absent(name, (cuda.devices == 1 ? "there is only cuda:0"
                                        : "there are cuda:0 to " + ordinal(cuda.devices - 1)) +
                         "; choose one that exists, or cpu");
    }
    return {at::kCUDA, static_cast<at::DeviceIndex>(index)};
}

std::vector<std::string> deviceNames(const CudaState& cuda) {
    std::vector<std::string> names{"cpu"};
    for (int i = 0; i < cuda.devices; ++i) {
        names.push_back(cuda.devices == 1 ? "cuda" : ordinal(i));
    }
    return names;
}

void setDevice(const std::string& name) {
    const at::Device device = deviceOf(name, cudaState());
    const std::lock_guard lock(placeMutex);
    place.device = device;
}

Placement currentPlacement() {
    const std::lock_guard lock(placeMutex);
    return place;
}

}  // namespace lx
