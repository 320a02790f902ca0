// SPDX-License-Identifier: GPL-3.0-or-later
// Short ways to make the arrays of channels.
#pragma once

#include "core/base/array.h"

#include <numeric>

namespace lx::chains {

/// UTF-8 text as a channel carries it.
inline Array textArray(std::string_view text) {
    return {DType::U8, {static_cast<Index>(text.size())}, std::as_bytes(std::span(text))};
}
inline std::string textOf(const Array& array) {
    const auto bytes = array.bytes();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline std::string joined(std::span<const std::string> lines) {
    std::string out;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        out += (i > 0 ? "\n" : "") + lines[i];
    }
    return out;
}

/// Numbers of any kind as float32.
template <class Range>
Array floats(std::vector<Index> shape, const Range& values) {
    std::vector<float> out;
    out.reserve(std::size(values));
    for (const auto x : values) {
        out.push_back(static_cast<float>(x));
    }
    return {std::move(shape), out};
}
inline Array indices(const std::vector<Index>& values) {
    return {{std::ssize(values)}, values};
}

}  // namespace lx::chains
