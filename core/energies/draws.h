// SPDX-License-Identifier: GPL-3.0-or-later
// Double-precision draws for exact samplers.
#pragma once

#include "core/base/error.h"
#include "core/base/philox.h"

#include <cmath>
#include <numbers>

namespace lx {

/// The random numbers of one row, in order; row i of a sample depends on (key, i) alone.
class RowDraws {
public:
    RowDraws(Key key, Index row) : m_key(key), m_row(row) {}

    /// In the open interval (0, 1), 52 bits.
    double uniform() {
        const auto row = static_cast<std::uint64_t>(m_row);
        // The row fills what other users of a key call chain and step.
        const Words w = randomWords(m_key, m_draw++, static_cast<std::uint32_t>(row), row >> 32);
        const std::uint64_t bits = (static_cast<std::uint64_t>(w[0]) << 20) ^ (w[1] >> 12);
        return (static_cast<double>(bits) + 0.5) * 0x1p-52;
    }
    /// Box-Muller.
    double normal() {
        if (m_has) {
            m_has = false;
            return m_spare;
        }
        const double radius = std::sqrt(-2 * std::log(uniform()));
        const double angle = 2 * std::numbers::pi * uniform();
        m_spare = radius * std::sin(angle);
        m_has = true;
        return radius * std::cos(angle);
    }
    /// Gamma(shape, 1). Ref: marsaglia2000.
    double gamma(double shape) {
        if (shape < 1) {
            const double boost = std::pow(uniform(), 1 / shape);
            return gamma(shape + 1) * boost;
        }
        const double d = shape - 1.0 / 3, c = 1 / std::sqrt(9 * d);
        for (;;) {
            const double x = normal();
            const double v = std::pow(1 + c * x, 3);
            if (v > 0 && std::log(uniform()) < 0.5 * x * x + d - d * v + d * std::log(v)) {
                return d * v;
            }
        }
    }

private:
    Key m_key;
    Index m_row;
    std::uint32_t m_draw = 0;
    double m_spare = 0;
    bool m_has = false;
};

}  // namespace lx
