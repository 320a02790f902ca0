// SPDX-License-Identifier: GPL-3.0-or-later
// Chains that step on a GPU, one to an invocation: the kernels of core/samplers in single precision.
// The file that includes this defines evaluate().
#include "philox.glsl"
#include "functions.glsl"

layout(local_size_x = 64) in;
layout(constant_id = 0) const uint kDim = 2u;
layout(constant_id = 1) const uint kMethod = 0u;  // ULA, MALA, HMC, underdamped; kLook: none
const uint kUla = 0u, kMala = 1u, kHmc = 2u, kUnderdamped = 3u, kLook = 4u;

// [3 kDim + 4, chains]: position, gradient, momentum, energy, sum of acceptance probabilities,
// accepted, diverged; all but the last two as bits of floats.
layout(set = 0, binding = 0) buffer State { uint state[]; };
layout(set = 0, binding = 3) readonly buffer Mass { float mass[]; };  // inverse [kDim], sd [kDim]
layout(push_constant) uniform Push {                                  // ChainPush
    uint chains, begin, count, firstChain;
    uvec2 key, step;
    uint steps, leapfrogs, components, unused;
    float stepSize, jitter, noise, decay;
};

// The point that evaluate() looks at, its energy and gradient.
float px[kDim], pg[kDim], pe;

/// Sets pe and pg from px; `slot` is the invocation's part of scratch memory, of `count` in all.
void evaluate(uint slot);

float load(uint row, uint chain) {
    return uintBitsToFloat(state[row * chains + chain]);
}
void store(uint row, uint chain, float value) {
    state[row * chains + chain] = floatBitsToUint(value);
}

/// What is not a finite number becomes +infinity and 0.
void look(uint slot) {
    evaluate(slot);
    pe = isFinite(pe) ? pe : infinity();
    for (uint i = 0u; i < kDim; ++i) {
        pg[i] = isFinite(pg[i]) ? pg[i] : 0.0;
    }
}

void main() {
    uint slot = gl_GlobalInvocationID.x;
    if (slot >= count) {
        return;
    }
    uint chain = begin + slot;
    float x[kDim], g[kDim], p[kDim], xi[kDim];
    for (uint i = 0u; i < kDim; ++i) {
        x[i] = load(i, chain);
        g[i] = load(kDim + i, chain);
        p[i] = load(2u * kDim + i, chain);
    }
    float e = load(3u * kDim, chain), acceptance = load(3u * kDim + 1u, chain);
    uint accepted = state[(3u * kDim + 2u) * chains + chain];
    uint diverged = state[(3u * kDim + 3u) * chains + chain];
    uvec2 now = step;
    for (uint s = 0u; s < steps; ++s) {
        // Words 2 + 2j and 3 + 2j give normals 2j and 2j + 1; words 0 and 1 are the uniforms.
        uvec4 words = randomWords(key, uvec4(0u, firstChain + chain, now));
        float logU = portableLog(toUnit(words.x)), sway = 2.0 * toUnit(words.y) - 1.0;
        for (uint i = 0u; i < kDim; i += 2u) {
            if (i % 4u == 2u) {
                words = randomWords(key, uvec4(i / 4u + 1u, firstChain + chain, now));
            }
            vec2 pair = boxMuller(i % 4u == 2u ? words.xy : words.zw);
            xi[i] = pair.x;
            if (i + 1u < kDim) {
                xi[i + 1u] = pair.y;
            }
        }
        // Where to look first, and the error of the Hamiltonian but for the change of energy.
        float error = 0.0, eps = stepSize * (1.0 + jitter * sway);
        for (uint i = 0u; i < kDim; ++i) {
            px[i] = x[i];
            pg[i] = g[i];
            if (kMethod == kUla || kMethod == kMala) {
                px[i] = x[i] - 0.5 * stepSize * g[i] + noise * xi[i];
            } else if (kMethod == kHmc) {
                error -= 0.5 * xi[i] * xi[i];
                p[i] = xi[i] * mass[kDim + i];
            } else if (kMethod == kUnderdamped) {
                // B half a kick, A half a drift, O Ornstein-Uhlenbeck, A, B. Ref: leimkuhler2013.
                float q = p[i] - 0.5 * stepSize * g[i];
                float stirred = decay * q + noise * xi[i];
                px[i] = x[i] + 0.5 * stepSize * (q + stirred);
                error += 0.5 * (q * q - stirred * stirred - p[i] * p[i]);
                xi[i] = stirred;
            }
        }
        uint looks = kMethod == kHmc ? leapfrogs : 1u;
        for (uint l = 0u; l < looks; ++l) {
            for (uint i = 0u; i < kDim && kMethod == kHmc; ++i) {
                p[i] -= 0.5 * eps * pg[i];
                px[i] += eps * mass[i] * p[i];
            }
            look(slot);  // the only call: drivers copy it to each
            for (uint i = 0u; i < kDim && kMethod == kHmc; ++i) {
                p[i] -= 0.5 * eps * pg[i];
            }
        }
        for (uint i = 0u; i < kDim; ++i) {
            if (kMethod == kUla || kMethod == kMala) {
                // The noise that leads back is -(xi - sqrt(eta) (g + g') / 2). Ref: roberts1996.
                float back = xi[i] - 0.5 * noise * (g[i] + pg[i]);
                error += 0.5 * (back * back - xi[i] * xi[i]);
            } else if (kMethod == kHmc) {
                error += 0.5 * mass[i] * p[i] * p[i];
            } else if (kMethod == kUnderdamped) {
                float q = xi[i] - 0.5 * stepSize * pg[i];
                error += 0.5 * q * q;
                p[i] = isFinite(pe) ? q : -p[i];
            }
        }
        if (kMethod == kLook) {
            for (uint i = 0u; i < kDim; ++i) {
                g[i] = pg[i];
            }
            e = pe;
            break;
        }
        bool fine = isFinite(pe), move = fine, wild = !fine;
        if (fine && isFinite(e)) {
            error += pe - e;
            wild = !isFinite(error) || error > 1000.0;
            if (kMethod == kMala || kMethod == kHmc) {
                move = isFinite(error) && logU < -error;
            }
            float chance = error <= 0.0 ? 1.0 : error < 80.0 ? exponential(-error) : 0.0;
            acceptance += kMethod == kUla || kMethod == kUnderdamped ? 1.0
                          : isFinite(error)                         ? chance
                                                                     : 0.0;
        } else if (fine) {
            acceptance += 1.0;  // out of an impossible point
        }
        accepted += move ? 1u : 0u;
        diverged += wild ? 1u : 0u;
        if (move) {
            for (uint i = 0u; i < kDim; ++i) {
                x[i] = px[i];
                g[i] = pg[i];
            }
            e = pe;
        }
        now.y += now.x == 0xFFFFFFFFu ? 1u : 0u;
        now.x += 1u;
    }
    for (uint i = 0u; i < kDim; ++i) {
        store(i, chain, x[i]);
        store(kDim + i, chain, g[i]);
        if (kMethod == kUnderdamped) {
            store(2u * kDim + i, chain, p[i]);
        }
    }
    store(3u * kDim, chain, e);
    store(3u * kDim + 1u, chain, acceptance);
    state[(3u * kDim + 2u) * chains + chain] = accepted;
    state[(3u * kDim + 3u) * chains + chain] = diverged;
}
