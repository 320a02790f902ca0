// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace lx {

enum class TapeOp : std::uint8_t {
    Input,     ///< coordinate a
    Constant,  ///< value
    Add,
    Subtract,
    Multiply,
    Divide,
    Negate,
    IntPower,   ///< operand a to the whole power b
    RealPower,  ///< operand a to the power value
    Power,      ///< operand a to the power operand b
    Exp,
    Log,
    Log1p,
    Expm1,
    Sqrt,
    Cbrt,
    Sin,
    Cos,
    Tan,
    Asin,
    Acos,
    Atan,
    Atan2,
    Sinh,
    Cosh,
    Tanh,
    Abs,
    Min,
    Max,
    Erf,
    Sigmoid,
    Softplus,
};

}  // namespace lx
