// SPDX-License-Identifier: GPL-3.0-or-later
// The random numbers of one step of one chain. Every executor repeats this layout, so the same key
// makes the same path everywhere.
#pragma once

#include "core/base/error.h"
#include "core/base/philox.h"

#include <cmath>
#include <span>

namespace lx {

/// A stream of 32-bit words owned by (key, chain, step); word w = randomWords(key, w / 4, chain,
/// step)[w % 4].
///   word 0            the accept uniform
///   word 1            a second uniform: path length, direction, swap
///   words 2+2j, 3+2j  by Box-Muller the standard normals 2j and 2j+1; in the plane a step is one
///                     Philox block
/// Further uniforms, for kernels that need more: uniform i is word i % 4 of draw 2^31 + i / 4.
/// Numbers of one kind may be asked for in any order; neighbours cost one block together.
class StepDraws {
public:
    StepDraws(Key key, Index chain, std::uint64_t step)
        : m_key(key), m_chain(static_cast<std::uint32_t>(chain)), m_step(step) {}

    float acceptUniform() { return toUnit(word(0)); }
    /// log of the accept uniform; accept when it is below log alpha.
    double logAccept() { return portableLog(acceptUniform()); }
    float second() { return toUnit(word(1)); }

    /// Standard normals first .. first + out.size() - 1 of the step.
    void normals(std::span<double> out, Index first = 0) {
        for (std::size_t i = 0; i < out.size();) {
            const auto n = static_cast<std::uint32_t>(first) + static_cast<std::uint32_t>(i);
            const std::uint32_t j = n / 2;
            const std::uint32_t radius = word(2 + 2 * j), angle = word(3 + 2 * j);
            const auto pair = boxMuller(radius, angle);
            if (n % 2 == 1) {
                out[i++] = pair[1];
                continue;
            }
            out[i++] = pair[0];
            if (i < out.size()) {
                out[i++] = pair[1];
            }
        }
    }
    double normal(Index index) {
        double out = 0;
        normals(std::span(&out, 1), index);
        return out;
    }
    /// Further uniform i, in the open interval (0, 1).
    float uniform(Index i) { return toUnit(word(kFurther + static_cast<std::uint64_t>(i))); }

private:
    static constexpr std::uint64_t kFurther = std::uint64_t{0x80000000U} * 4;

    std::uint32_t word(std::uint64_t w) {
        const auto draw = static_cast<std::uint32_t>(w / 4);
        if (!m_has || draw != m_draw) {
            m_words = randomWords(m_key, draw, m_chain, m_step);
            m_draw = draw;
            m_has = true;
        }
        return m_words[w % 4];
    }

    Key m_key;
    std::uint32_t m_chain;
    std::uint64_t m_step;
    Words m_words{};
    std::uint32_t m_draw = 0;
    bool m_has = false;
};

/// Further uniforms in order, for kernels whose number of draws is not known beforehand.
class UniformStream {
public:
    explicit UniformStream(StepDraws& draws, Index first = 0) : m_draws(draws), m_next(first) {}
    double next() { return m_draws.uniform(m_next++); }

private:
    StepDraws& m_draws;
    Index m_next;
};

}  // namespace lx
