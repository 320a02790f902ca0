// SPDX-License-Identifier: GPL-3.0-or-later
// What crosses from the portable code to the object files compiled for one instruction set. Plain
// data and fixed-width integers only: a standard header there would leave copies of its inline
// functions, made for newer processors, where the linker may pick them for all.
#pragma once

#include "core/energies/tape_op.h"

#include <cstdint>

namespace lx::executors::fused {

inline constexpr int kMaxDim = 32;
inline constexpr int kMaxHidden = 4;
inline constexpr int kMaxWidth = 512;
inline constexpr int kMaxTape = 512;
/// Outputs that a layer's weights are packed by: widths are padded with units of weight 0.
inline constexpr int kPanel = 8;

enum class FieldKind : std::uint8_t { Mixture, Tape, MlpEnergy, MlpScore };
enum class Unit : std::uint8_t { Silu, Tanh, LeakyRelu, Softplus };
enum class Step : std::uint8_t { Ula, Mala, Hmc, Underdamped };

/// E = -peak - ln sum_k 2^(offset_k + slope_k |x - c_k|^2): numbers as the inner loop wants them.
struct MixtureField {
    std::int32_t dim, components;
    float peak;            ///< largest log w - dim log sd of the components
    const float* centres;  ///< [K, dim]
    const float* slope;    ///< [K], -log2 e / (2 sd^2), negative
    const float* offset;   ///< [K], log2 e (log w - dim log sd - peak), at most 0
    const float* pull;     ///< [K], 1 / sd^2
    /// Where all components are as wide: sqrt(-slope) and the centres times that. Null otherwise.
    float shrinkage;
    const float* shrunk;  ///< [K, dim]
};

struct TapeInstruction {
    TapeOp op;
    std::int32_t a, b;
    double value;
};

struct TapeField {
    std::int32_t dim, length;
    const TapeInstruction* steps;
};

/// One full layer in panels of kPanel outputs: weight[panel][in][kPanel].
struct PackedLayer {
    std::int32_t in, out;  ///< padded to whole panels, but for the inputs of the first layer
    const float* weight;
    const float* bias;        ///< [out]
    const float* transposed;  ///< the same for the backward pass: [panel of in][out][kPanel]
};

struct MlpField {
    std::int32_t dim, hidden;  ///< hidden layers
    Unit unit;
    float slope;
    PackedLayer layers[kMaxHidden];
    const float* first;  ///< [dim, width of the first layer]: from its deltas to dE/dx
    const float* last;   ///< [1 or dim, width of the last layer]; a score's is negated
    const float* lastBias;
};

struct Kernel {
    Step step;
    std::int32_t leapfrogs;
    float stepSize;
    float jitter;              ///< epsilon times 1 + jitter (2 u - 1), u of word 1
    float noise;               ///< sqrt(eta), or of the Ornstein-Uhlenbeck part
    float decay;               ///< exp(-gamma h) of the Ornstein-Uhlenbeck part
    const float* inverseMass;  ///< [dim], or null for 1
    const float* momentumSd;   ///< [dim], 1 / sqrt(inverse mass)
};

/// State of all chains in vectors of `width` of them: [vector, dim, width] and [vector, width].
struct Job {
    FieldKind kind;
    const void* field;
    Kernel kernel;
    std::int32_t dim;
    std::uint64_t key;  ///< of Philox
    std::uint32_t firstChain;
    std::uint64_t firstStep;
    std::int64_t steps;
    float *position, *gradient, *momentum;
    float* energy;
    float* acceptance;  ///< sums of min(1, alpha)
    std::uint32_t *accepted, *diverged;
};

/// One instruction set's version of everything.
struct Level {
    const char* name;
    int width;  ///< chains in a vector
    /// Bytes of scratch, aligned to 64, that a thread needs.
    std::int64_t (*scratchBytes)(const Job&);
    /// Fills energy and gradient from position.
    void (*evaluate)(const Job&, std::int64_t first, std::int64_t vectors, void* scratch);
    /// Steps vectors first .. first + vectors - 1 by job.steps.
    void (*advance)(const Job&, std::int64_t first, std::int64_t vectors, void* scratch);
};

extern const Level kBaseline;
#ifdef LX_FUSED_X86
extern const Level kAvx2, kAvx512;
#endif

}  // namespace lx::executors::fused
