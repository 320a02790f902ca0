// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/executors/fused/job.h"
#include "core/executors/program.h"

namespace lx::executors::fused {

/// A cache line; a vector of them starts on one.
struct alignas(64) Line {
    float values[16];
};

/// A program in the layout that the inner loops read.
class Packed {
public:
    explicit Packed(const Program&);
    FieldKind kind() const noexcept { return m_kind; }
    const void* field() const;

private:
    void pack(const MixtureProgram&, Index dim);
    void pack(const Tape&, Index dim);
    void pack(const NetworkProgram&, Index dim);
    /// Copies to lines that stay where they are.
    const float* keep(const std::vector<float>&);

    FieldKind m_kind{};
    MixtureField m_mixture{};
    TapeField m_tape{};
    MlpField m_network{};
    std::vector<TapeInstruction> m_instructions;
    std::vector<std::vector<Line>> m_arrays;
};

}  // namespace lx::executors::fused
