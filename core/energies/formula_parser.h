// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/energies/tape.h"

#include <map>
#include <string>

namespace lx {

/// A formula that cannot be read. `column` counts characters from 1 and is at most one past the
/// end, so that a window can point at it.
struct FormulaError : UsageError {
    FormulaError(const std::string& source, std::size_t at, const std::string& text)
        : UsageError(source + ", column " + std::to_string(at) + ": " + text),
          column(at),
          message(text) {}
    std::size_t column;
    std::string message;
};

using NamedConstants = std::map<std::string, double, std::less<>>;

/// "a = 2, b = -1/3": names and constant expressions, which may use names before them.
/// Throws FormulaError.
NamedConstants parseConstants(std::string_view text, const std::string& source);

/// Reads an expression in x, y or x1, x2, ... (x is x1, y is x2) with + - * / ^ (right-associative,
/// above a leading minus), parentheses, pi, e, `constants`, and the functions of
/// formulaFunctions(). Equal subexpressions are computed once, constant ones while reading. At most
/// 20 000 characters, 200 levels, 4096 steps and 1000 coordinates. Throws FormulaError with what
/// was expected.
Tape parseFormula(std::string_view text, const NamedConstants& constants,
                  const std::string& source);

/// Names of the functions, in alphabetical order.
std::vector<std::string> formulaFunctions();

}  // namespace lx
