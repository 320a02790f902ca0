// SPDX-License-Identifier: GPL-3.0-or-later
// The random numbers of core/base/philox.h for a vector of chains. Included only by level.cpp.
#pragma once

#include "core/executors/fused/lanes.h"

namespace lx::executors::fused::LX_LEVEL {

/// The two halves of a vector of 32-bit lanes, each in the lower half of 64-bit lanes: the form in
/// which a processor multiplies 32 by 32 bits to 64. Upper halves hold anything.
struct Split {
    Pairs even, odd;
};
LX_LANES Split split(Words a) {
    return {(Pairs)a, (Pairs)a >> 32};
}
LX_LANES Words merge(Split a) {
    return (Words)((a.even & 0xFFFFFFFFU) | (a.odd << 32));
}

/// Philox4x32-10 of the counters {draw, chain, step low, step high}: words [4]. What all chains
/// share is computed once: the first round wholly, the next two by half.
/// Ref: salmon2011 (resources/docs/references.bib).
LX_LANES void randomWords(std::uint64_t key, std::uint32_t draw, Words chain, std::uint64_t step,
                          Words words[4]) {
    constexpr std::uint64_t m0 = 0xD2511F53U, m1 = 0xCD9E8D57U;
    constexpr std::uint32_t w0 = 0x9E3779B9U, w1 = 0xBB67AE85U;
    std::uint32_t k0 = static_cast<std::uint32_t>(key), k1 = static_cast<std::uint32_t>(key >> 32);
    // Round 1: only word 0 becomes different among chains.
    const std::uint64_t p0 = m0 * draw, p1 = m1 * static_cast<std::uint32_t>(step);
    const auto high = [](std::uint64_t p) { return static_cast<std::uint32_t>(p >> 32); };
    Split c0 = split(chain ^ (high(p1) ^ k0));
    const auto s1 = static_cast<std::uint32_t>(p1);
    const std::uint32_t s2 = high(p0) ^ static_cast<std::uint32_t>(step >> 32) ^ k1;
    const auto s3 = static_cast<std::uint32_t>(p0);
    k0 += w0;
    k1 += w1;
    // Round 2: word 0 becomes common again, words 2 and 3 different.
    const Pairs f0 = Pairs{} + m0, f1 = Pairs{} + m1;
    const std::uint64_t q1 = m1 * s2;
    Split c3 = {product(f0, c0.even), product(f0, c0.odd)};
    const std::uint64_t mixed = s3 ^ k1;
    Split c2 = {(c3.even >> 32) ^ mixed, (c3.odd >> 32) ^ mixed};
    const std::uint32_t t0 = high(q1) ^ s1 ^ k0;
    const auto t1 = static_cast<std::uint32_t>(q1);
    k0 += w0;
    k1 += w1;
    // Round 3.
    const std::uint64_t r0 = m0 * t0;
    Split c1 = {product(f1, c2.even), product(f1, c2.odd)};
    const std::uint64_t common0 = t1 ^ k0, common2 = high(r0) ^ k1;
    c0 = {(c1.even >> 32) ^ common0, (c1.odd >> 32) ^ common0};
    c2 = {c3.even ^ common2, c3.odd ^ common2};
    c3 = {Pairs{} + static_cast<std::uint32_t>(r0), Pairs{} + static_cast<std::uint32_t>(r0)};
#pragma GCC unroll 7
    for (int round = 3; round < 10; ++round) {
        k0 += w0;
        k1 += w1;
        const Pairs l0 = Pairs{} + k0, l1 = Pairs{} + k1;
        const Split a = {product(f0, c0.even), product(f0, c0.odd)};
        const Split b = {product(f1, c2.even), product(f1, c2.odd)};
        c0 = {(b.even >> 32) ^ c1.even ^ l0, (b.odd >> 32) ^ c1.odd ^ l0};
        c2 = {(a.even >> 32) ^ c3.even ^ l1, (a.odd >> 32) ^ c3.odd ^ l1};
        c1 = b;
        c3 = a;
    }
    words[0] = merge(c0);
    words[1] = merge(c1);
    words[2] = merge(c2);
    words[3] = merge(c3);
}

/// In the open interval (0, 1); the bits of lx::toUnit.
LX_LANES Floats toUnit(Words u) {
    const Floats value =
        mulAdd(fromWords(u), all(2.3283064365386963e-10F), all(1.16415321826934814e-10F));
    return lower(value, all(0.99999994F));
}

/// Two standard normals by Box-Muller from two words.
LX_LANES void boxMuller(Words u1, Words u2, Floats& first, Floats& second) {
    const Floats radius = squareRoot(-2.0F * logarithm(toUnit(u1)));
    Floats sine, cosine;
    sinCos2Pi(toUnit(u2), sine, cosine);
    first = radius * cosine;
    second = radius * sine;
}

/// What one step of NV vectors of chains draws.
template <int NV, int Dim>
struct StepDraws {
    Floats normal[Dim][NV];
    Words accept[NV], spare[NV];  ///< words 0 and 1
};

/// `dim` normals, at most Dim. `chain`: number of lane 0 of the first vector.
template <int NV, int Dim>
LX_LANES void drawStep(std::uint64_t key, std::uint32_t chain, std::uint64_t step, int dim,
                       StepDraws<NV, Dim>& out) {
    Words lane{};
    for (int i = 0; i < kWidth; ++i) {
        lane[i] = static_cast<std::uint32_t>(i);
    }
    // Words 2 + 2j and 3 + 2j give normals 2j and 2j + 1, so block b starts at normal 4b - 2; the
    // first two words of block 0 are the step's uniforms.
    for (int first = -2; first < dim; first += 4) {
        const int block = (first + 2) / 4;
        for (int v = 0; v < NV; ++v) {
            Words words[4];
            randomWords(key, static_cast<std::uint32_t>(block),
                        lane + (chain + static_cast<std::uint32_t>(v * kWidth)), step, words);
            if (block == 0) {
                out.accept[v] = words[0];
                out.spare[v] = words[1];
            }
            for (int i = block == 0 ? 2 : 0; i < 4 && first + i < dim; i += 2) {
                Floats one, two;
                boxMuller(words[i], words[i + 1], one, two);
                out.normal[first + i][v] = one;
                if (first + i + 1 < dim) {
                    out.normal[first + i + 1][v] = two;
                }
            }
        }
    }
}

}  // namespace lx::executors::fused::LX_LEVEL
