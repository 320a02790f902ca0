// SPDX-License-Identifier: GPL-3.0-or-later
// Commands and snapshots as bytes, so that a session can live in another process. Little-endian;
// every message is magic "LXW", a version, a kind, the length of what follows, and that. A reader
// trusts no length: each is checked against the bytes that are there.
#pragma once

#include "core/session/experiment.h"

#include <span>
#include <vector>

namespace lx::wire {

inline constexpr std::uint8_t kVersion = 1;

std::vector<std::byte> encode(const Command&);
std::vector<std::byte> encode(const Snapshot&);

/// Throw InputError naming the offset on anything but one whole message of the right kind.
Command decodeCommand(std::span<const std::byte>);
Snapshot decodeSnapshot(std::span<const std::byte>);

}  // namespace lx::wire
