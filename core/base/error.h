// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace lx {

using Index = std::int64_t;

/// Exit status of the command line; every error knows the one it leads to.
enum class ExitCode : int {
    Done = 0,
    CheckFailed = 1,
    Usage = 2,
    BadInput = 3,
    Numerical = 4,
    NoDevice = 5,
    Interrupted = 130,
};

/// Base of all errors that a person may see: one clear sentence with the place and the remedy.
struct Error : std::runtime_error {
    using std::runtime_error::runtime_error;
    virtual ExitCode exitCode() const noexcept { return ExitCode::Usage; }
};

/// Wrong usage: an unknown key, a value out of range, contradictory options.
struct UsageError : Error {
    using Error::Error;
};

/// Unreadable or malformed input. `place` names the byte, line or field.
struct InputError : Error {
    InputError(const std::string& file, const std::string& place, const std::string& what)
        : Error(file + (place.empty() ? "" : ", " + place) + ": " + what) {}
    ExitCode exitCode() const noexcept override { return ExitCode::BadInput; }
};

/// A quantity stopped being a number; names the tensor and the step.
struct NumericalError : Error {
    NumericalError(const std::string& quantity, Index step, const std::string& what)
        : Error(quantity + " at step " + std::to_string(step) + ": " + what) {}
    ExitCode exitCode() const noexcept override { return ExitCode::Numerical; }
};

/// A compute or drawing device is missing or was lost.
struct DeviceError : Error {
    using Error::Error;
    ExitCode exitCode() const noexcept override { return ExitCode::NoDevice; }
};

}  // namespace lx
