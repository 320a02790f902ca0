// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/error.h"

namespace lx::gpu {

/// No usable device, or one that refuses.
struct Error : DeviceError {
    using DeviceError::DeviceError;
};
/// The device stopped working; everything made on it is gone and must be made anew on another.
struct DeviceLost : Error {
    using Error::Error;
};
/// This allocation failed; the device itself still works.
struct OutOfMemory : Error {
    using Error::Error;
};

/// More than the device's limits allow, however much memory is free.
struct TooLarge : OutOfMemory {
    using OutOfMemory::OutOfMemory;
};

}  // namespace lx::gpu
