// SPDX-License-Identifier: GPL-3.0-or-later
// A formula as the tape of core/energies/tape.h: forward, and the adjoints in reverse. Every chain
// is at the same step of the tape, so no invocation waits for another's operation.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "chains.glsl"
#include "calculus.glsl"

// op (lx::TapeOp), a, b, bits of the value; `components` of them.
layout(set = 0, binding = 1) readonly buffer Program { uvec4 program[]; };
layout(set = 0, binding = 2) buffer Scratch { float scratch[]; };  // [2 components, count]

float value(uvec4 s, float a, float b) {
    float constant = uintBitsToFloat(s.w);
    switch (s.x) {
        case 2u: return a + b;
        case 3u: return a - b;
        case 4u: return a * b;
        case 5u: return a / b;
        case 6u: return -a;
        case 7u: return wholePower(a, int(s.z));
        case 8u:
        case 9u: return power(a, s.x == 8u ? constant : b);
        case 10u: return fullExponential(a);
        case 11u: return logarithm(a);
        case 12u: return logarithmOfOnePlus(a);
        case 13u: return exponentialMinusOne(a);
        case 14u: return sqrt(a);
        case 15u: return cubeRoot(a);
        case 16u:
        case 17u:
        case 18u: {
            vec2 turn = sinCos(a);
            return s.x == 16u ? turn.x : s.x == 17u ? turn.y : turn.x / turn.y;
        }
        case 19u:
        case 20u: {
            float angle = arcSine(a);
            return s.x == 19u ? angle : 1.57079633 - angle;
        }
        case 21u:
        case 22u: return arcTangent(a, s.x == 21u ? 1.0 : b);
        case 23u: return hyperbolicSine(a);
        case 24u: return 0.5 * (fullExponential(a) + fullExponential(-a));
        case 25u: return hyperbolicTangent(a);
        case 26u: return abs(a);
        case 27u: return a < b ? a : b;
        case 28u: return a > b ? a : b;
        case 29u: return errorFunction(a);
        case 30u: return sigmoid(a);
        case 31u: return softplus(a);
        default: return constant;
    }
}

/// A path that does not count stays out even where its own slope is infinite.
float through(float g, float slope) {
    return g == 0.0 ? 0.0 : g * slope;
}

/// What a step of value v hands down of its adjoint g to its operands.
vec2 slopes(uvec4 s, float a, float b, float v, float g) {
    float constant = uintBitsToFloat(s.w);
    int whole = int(s.z);
    switch (s.x) {
        case 2u: return vec2(g, g);
        case 3u: return vec2(g, -g);
        case 4u: return vec2(through(g, b), through(g, a));
        case 5u: return vec2(through(g, 1.0 / b), -through(g, v / b));
        case 6u: return vec2(-g, 0.0);
        case 7u: return vec2(through(g, wholePower(a, whole - 1) * float(whole)), 0.0);
        case 8u: return vec2(through(g, constant * power(a, constant - 1.0)), 0.0);
        case 9u:
            return vec2(through(g, b * power(a, b - 1.0)),
                        through(g, v == 0.0 ? v : v * logarithm(a)));
        case 10u: return vec2(through(g, v), 0.0);
        case 11u: return vec2(through(g, 1.0 / a), 0.0);
        case 12u: return vec2(through(g, 1.0 / (1.0 + a)), 0.0);
        case 13u: return vec2(through(g, v + 1.0), 0.0);
        case 14u: return vec2(through(g, 0.5 / v), 0.0);
        case 15u: return vec2(through(g, 1.0 / (3.0 * v * v)), 0.0);
        case 16u:
        case 17u: {
            vec2 turn = sinCos(a);
            return vec2(through(g, s.x == 16u ? turn.y : -turn.x), 0.0);
        }
        case 18u: return vec2(through(g, 1.0 + v * v), 0.0);
        case 19u: return vec2(through(g, 1.0 / sqrt(1.0 - a * a)), 0.0);
        case 20u: return vec2(-through(g, 1.0 / sqrt(1.0 - a * a)), 0.0);
        case 21u: return vec2(through(g, 1.0 / (1.0 + a * a)), 0.0);
        case 22u: {
            float square = a * a + b * b;
            return vec2(through(g, b / square), -through(g, a / square));
        }
        case 23u:
            return vec2(through(g, 0.5 * (fullExponential(a) + fullExponential(-a))), 0.0);
        case 24u: return vec2(through(g, hyperbolicSine(a)), 0.0);
        case 25u: return vec2(through(g, 1.0 - v * v), 0.0);
        case 26u: return vec2(a > 0.0 ? g : a < 0.0 ? -g : 0.0, 0.0);
        case 27u: return a < b ? vec2(g, 0.0) : vec2(0.0, g);
        case 28u: return a > b ? vec2(g, 0.0) : vec2(0.0, g);
        case 29u: return vec2(through(g, fullExponential(-a * a) * 1.12837917), 0.0);
        case 30u: return vec2(through(g, v * (1.0 - v)), 0.0);
        case 31u: return vec2(through(g, sigmoid(a)), 0.0);
        default: return vec2(0.0);
    }
}

void evaluate(uint slot) {
    for (uint n = 0u; n < components; ++n) {
        uvec4 s = program[n];
        float v = s.x == 0u ? px[s.y]
                            : value(s, scratch[s.y * count + slot],
                                    scratch[(s.x == 7u ? s.y : s.z) * count + slot]);
        scratch[n * count + slot] = v;
        scratch[(components + n) * count + slot] = n + 1u == components ? 1.0 : 0.0;
    }
    pe = scratch[(components - 1u) * count + slot];
    for (uint i = 0u; i < kDim; ++i) {
        pg[i] = 0.0;
    }
    for (uint n = components; n-- > 0u;) {
        uvec4 s = program[n];
        float g = scratch[(components + n) * count + slot];
        if (s.x == 0u) {
            pg[s.y] += g;
        } else if (g != 0.0) {
            uint second = s.x == 7u ? s.y : s.z;
            vec2 down = slopes(s, scratch[s.y * count + slot], scratch[second * count + slot],
                               scratch[n * count + slot], g);
            scratch[(components + s.y) * count + slot] += down.x;
            scratch[(components + second) * count + slot] += down.y;
        }
    }
}
