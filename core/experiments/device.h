// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/nn/parameters.h"

#include <string>
#include <vector>

namespace lx {

/// What LibTorch has in this process, beside the processor.
struct CudaState {
    bool built = false;  ///< LibTorch was built with CUDA
    int devices = 0;     ///< graphics cards it can use
};
CudaState cudaState();

/// cpu, cuda or cuda:N. Throws UsageError on another word and DeviceError, with the remedy, on a
/// device that is not there.
at::Device deviceOf(const std::string& name, const CudaState&);
/// Names of the devices there are, the processor first.
std::vector<std::string> deviceNames(const CudaState&);

/// Where runs live that are made from now on; a run keeps the device it was made on. Any thread.
void setDevice(const std::string& name);
Placement currentPlacement();

}  // namespace lx
