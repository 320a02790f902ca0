// SPDX-License-Identifier: GPL-3.0-or-later
// Text up to the first newline is constants, the rest the expression, as a user would type them.
#include "core/energies/formula.h"
#include "core/energies/formula_parser.h"
#include "fuzz.h"

#include <cmath>
#include <string_view>
#include <vector>

namespace {

/// Characters of a UTF-8 text, continuation bytes not counted.
std::size_t characters(std::string_view text) {
    std::size_t count = 0;
    for (const char c : text) {
        count += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
    }
    return count;
}

template <class T>
void evaluate(const lx::Energy& energy) {
    constexpr std::size_t kRows = 3;
    const auto d = static_cast<std::size_t>(energy.dim());
    std::vector<T> x(kRows * d), value(kRows), alone(kRows), grad(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
        x[i] = static_cast<T>(i / d == 0 ? 0 : i / d == 1 ? 0.7 : -1e20);
    }
    energy.evaluate(x, value, grad);
    energy.evaluate(x, alone);
    lx::fuzz::demand(value == alone, "the value does not depend on the gradient");
    for (const T e : value) {
        lx::fuzz::demand(!std::isnan(e) && e > -INFINITY, "a value is finite or +infinity");
    }
    for (const T g : grad) {
        lx::fuzz::demand(std::isfinite(g), "a derivative is finite");
    }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const std::size_t line = text.find('\n');
    const std::string_view constants =
        line == std::string_view::npos ? std::string_view() : text.substr(0, line);
    const std::string_view expression =
        line == std::string_view::npos ? text : text.substr(line + 1);
    try {
        const auto energy = lx::formulaEnergy(expression, constants);
        evaluate<double>(*energy);
        evaluate<float>(*energy);
    } catch (const lx::FormulaError& error) {
        lx::fuzz::demand(error.column >= 1 && error.column <= characters(text) + 1,
                         "the column of an error lies in the text");
    }
    return 0;
}
