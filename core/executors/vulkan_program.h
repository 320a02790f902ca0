// SPDX-License-Identifier: GPL-3.0-or-later
// A program in the layout that the shaders shaders/compute/chains_*.comp read.
#pragma once

#include "core/executors/executor.h"

#include <array>

namespace lx::executors {

/// Constants of the shaders, by constant_id.
struct ChainConstants {
    std::uint32_t dim = 0, method = 0;
    std::uint32_t unit = 0, hidden = 0;
    std::array<std::uint32_t, 4> widths{};  ///< padded to 16; 0: no such layer
    std::uint32_t score = 0;
    friend bool operator==(const ChainConstants&, const ChainConstants&) = default;
};
static_assert(sizeof(ChainConstants) == 36);

/// The method of a dispatch that only looks at energies and gradients.
inline constexpr std::uint32_t kLook = 4;

struct ShaderProgram {
    std::span<const std::uint32_t> spirv;
    ChainConstants constants;          ///< but for the method
    std::vector<std::uint32_t> words;  ///< binding 1
    std::uint32_t components = 0;      ///< of a mixture, or steps of a tape
    std::uint32_t scratchRows = 0;     ///< numbers of scratch memory a chain needs
    std::uint64_t turns = 0;           ///< of all loops in one evaluation, at most
};

ShaderProgram shaderProgram(const Program&);

}  // namespace lx::executors
