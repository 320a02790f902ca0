// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/energies/mlp.h"
#include "core/energies/tape.h"

#include <memory>
#include <variant>

namespace lx::executors {

/// E = -log sum_k exp(offset_k - scale_k |x - c_k|^2).
struct MixtureProgram {
    std::vector<float> centres;  ///< [K, dim]
    std::vector<float> scale;    ///< [K], 1 / (2 sd^2)
    std::vector<float> offset;   ///< [K], log w - dim log sd
};

/// A network whose output is the energy, or whose `dim` outputs are the score, -grad E.
struct NetworkProgram {
    MlpParts parts;
    bool score = false;
};

/// What an executor can step without asking an Energy for every gradient. Immutable.
class Program {
public:
    using Body = std::variant<MixtureProgram, Tape, NetworkProgram>;
    static constexpr Index kMaxDim = 32, kMaxComponents = 4096, kMaxTape = 512;
    static constexpr Index kMaxWidth = 256, kMaxHidden = 4;

    Program(Index dim, Body body) : m_dim(dim), m_body(std::move(body)) {}
    Index dim() const noexcept { return m_dim; }
    const Body& body() const noexcept { return m_body; }
    /// False for a score, which only unadjusted kernels can follow.
    bool hasEnergy() const noexcept;

private:
    Index m_dim;
    Body m_body;
};

using ProgramPtr = std::shared_ptr<const Program>;

/// The program of a mixture, a formula or a network within the limits of Program; null for any
/// other energy, which the kernels of core/samplers step.
ProgramPtr programOf(const Energy&);

/// The score s(x) = -grad E as a network with `dim` outputs. Throws UsageError when it is beyond
/// the limits of Program or its sizes do not fit.
ProgramPtr scoreProgram(MlpParts);

}  // namespace lx::executors
