// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/error.h"
#include "core/energies/tape_op.h"

#include <span>
#include <string_view>
#include <vector>

namespace lx {

/// Step i of a tape writes slot i; a and b are earlier slots unless TapeOp says otherwise.
struct TapeStep {
    TapeOp op{};
    std::int32_t a = -1, b = -1;
    double value = 0;
    friend bool operator==(const TapeStep&, const TapeStep&) = default;
};

/// A straight-line program of one scalar; the last slot is the result. Never empty.
struct Tape {
    std::vector<TapeStep> steps;
    Index dim = 0;  ///< coordinates it reads: 0 .. dim - 1
};

/// Value of one step from its operands, in double; for folding constants.
double valueOf(const TapeStep&, double a, double b);

/// x [N, D] with D >= tape.dim -> value [N], grad [N, D] by reverse accumulation; null: value only.
/// Values that are not finite become +infinity with gradient 0, derivatives that are not finite 0.
/// Ref: griewank2008, section 3.2.
template <class T>
void runTape(const Tape&, Index dim, const T* x, Index count, T* value, T* grad);

}  // namespace lx
