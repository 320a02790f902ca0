// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/array.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace lx::fuzz {

/// Stops the fuzzer with this input.
inline void demand(bool holds, const char* promise) {
    if (!holds) {
        std::fprintf(stderr, "broken promise: %s\n", promise);
        std::abort();
    }
}

inline bool same(const Array& a, const Array& b) {
    return a.dtype() == b.dtype() && std::ranges::equal(a.shape(), b.shape()) &&
           std::ranges::equal(a.bytes(), b.bytes());
}

inline bool same(const State& a, const State& b) {
    return std::ranges::equal(a, b, [](const auto& x, const auto& y) {
        return x.first == y.first && same(x.second, y.second);
    });
}

}  // namespace lx::fuzz
