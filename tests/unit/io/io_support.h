// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/array.h"
#include "core/io/file.h"
#include "core/io/project.h"

#include <functional>
#include <initializer_list>
#include <string>

namespace lx::test {

/// Message of the InputError that `call` throws; "" when it throws nothing. Others pass through.
std::string refusal(const std::function<void()>& call);

/// Same type, shape and bits.
bool same(const Array&, const Array&);
bool same(const State&, const State&);
bool same(const Project&, const Project&);

Bytes bytesOf(std::string_view);
Bytes bytesOf(std::initializer_list<int>);
Bytes fixture(const std::string& name);

/// A project of about `kilobytes` KiB; every content depends on `seed`.
Project sampleProject(std::uint64_t seed, Index kilobytes);

}  // namespace lx::test
