// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace lx {

/// SHA-256 as 64 lower-case hexadecimal digits, equal to what sha256sum prints.
std::string sha256Hex(std::span<const std::byte>);

}  // namespace lx
