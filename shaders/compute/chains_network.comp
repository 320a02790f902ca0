// SPDX-License-Identifier: GPL-3.0-or-later
// A network of full layers: forward, and backward by hand. Widths are padded to 16; a layer's
// weights lie in panels of 16 outputs, [panel][in][16], so that sixteen sums share each input.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "chains.glsl"

layout(constant_id = 2) const uint kUnit = 0u;  // SiLU, tanh, LeakyReLU, softplus
layout(constant_id = 3) const uint kHidden = 1u;
layout(constant_id = 4) const uint kWidth0 = 16u;
layout(constant_id = 5) const uint kWidth1 = 16u;
layout(constant_id = 6) const uint kWidth2 = 16u;
layout(constant_id = 7) const uint kWidth3 = 16u;
layout(constant_id = 8) const uint kScore = 0u;

uint width(uint layer) {
    return layer == 0u ? kWidth0 : layer == 1u ? kWidth1 : layer == 2u ? kWidth2 : kWidth3;
}

// For each hidden layer weight and bias, and from the second on the transposed weight; then
// first [kDim, width], last [1 or kDim, width], the last biases, the slope of LeakyReLU.
layout(set = 0, binding = 1) readonly buffer Program { vec4 program[]; };
layout(set = 0, binding = 2) buffer Scratch { float scratch[]; };  // [unit, count]

/// The activation at `a`, and its derivative.
vec2 activate(float a, float slope) {
    if (kUnit == 0u) {
        float s = sigmoid(a), value = a * s;
        return vec2(value, s + value * (1.0 - s));
    }
    if (kUnit == 1u) {
        float value = 2.0 * sigmoid(2.0 * a) - 1.0;
        return vec2(value, 1.0 - value * value);
    }
    if (kUnit == 2u) {
        return a > 0.0 ? vec2(a, 1.0) : vec2(a * slope, slope);
    }
    return vec2(softplus(a), sigmoid(a));
}

float word(uint at) {
    return program[at / 4u][at % 4u];
}

/// sums += panel of weights times the units `from` of scratch, or px in the first layer.
void multiply(uint weight, uint rows, bool first, uint from, uint slot, inout mat4 sums) {
    for (uint i = 0u; i < rows; ++i) {
        float h = first ? px[i] : scratch[(from + i) * count + slot];
        uint at = weight + i * 4u;
        sums[0] += program[at] * h;
        sums[1] += program[at + 1u] * h;
        sums[2] += program[at + 2u] * h;
        sums[3] += program[at + 3u] * h;
    }
}

void evaluate(uint slot) {
    uint widest = max(max(kWidth0, kWidth1), max(kWidth2, kWidth3));
    uint weightAt[4], transposedAt[4], at = 0u, rows = kDim;
    for (uint l = 0u; l < kHidden; ++l) {
        weightAt[l] = at;
        at += (rows * width(l) + width(l)) / 4u;
        transposedAt[l] = at;
        at += l > 0u ? rows * width(l) / 4u : 0u;
        rows = width(l);
    }
    uint outputs = kScore != 0u ? kDim : 1u;
    uint firstAt = at * 4u, lastAt = firstAt + kDim * kWidth0;
    uint biasAt = lastAt + outputs * rows;
    float slope = word(biasAt + outputs);
    // Scratch holds two layers of outputs in turn, then each layer's derivatives.
    rows = kDim;
    for (uint l = 0u; l < kHidden; ++l) {
        uint from = (l + 1u) % 2u * widest, to = l % 2u * widest, slopes = (2u + l) * widest;
        uint bias = weightAt[l] + rows * width(l) / 4u;
        for (uint j = 0u; j < width(l); j += 16u) {
            mat4 sums = mat4(program[bias + j / 4u], program[bias + j / 4u + 1u],
                             program[bias + j / 4u + 2u], program[bias + j / 4u + 3u]);
            multiply(weightAt[l] + j * rows / 4u, rows, l == 0u, from, slot, sums);
            for (uint k = 0u; k < 16u; ++k) {
                vec2 unit = activate(sums[k / 4u][k % 4u], slope);
                scratch[(to + j + k) * count + slot] = unit.x;
                scratch[(slopes + j + k) * count + slot] = unit.y;
            }
        }
        rows = width(l);
    }
    uint result = (kHidden - 1u) % 2u * widest, delta = (1u + kHidden) * widest;
    if (kScore != 0u) {
        pe = 0.0;
        for (uint r = 0u; r < kDim; ++r) {
            float sum = word(biasAt + r);
            for (uint j = 0u; j < rows; ++j) {
                sum += word(lastAt + r * rows + j) * scratch[(result + j) * count + slot];
            }
            pg[r] = sum;
            pe += isFinite(sum) ? 0.0 : infinity();
        }
        return;
    }
    pe = word(biasAt);
    for (uint j = 0u; j < rows; ++j) {
        float w = word(lastAt + j);
        pe += w * scratch[(result + j) * count + slot];
        scratch[(delta + j) * count + slot] *= w;
    }
    for (uint l = kHidden - 1u; l > 0u; --l) {
        uint above = (2u + l) * widest, below = (1u + l) * widest;
        for (uint j = 0u; j < width(l - 1u); j += 16u) {
            mat4 sums = mat4(0.0);
            multiply(transposedAt[l] + j * width(l) / 4u, width(l), false, above, slot, sums);
            for (uint k = 0u; k < 16u; ++k) {
                scratch[(below + j + k) * count + slot] *= sums[k / 4u][k % 4u];
            }
        }
    }
    for (uint i = 0u; i < kDim; ++i) {
        float sum = 0.0;
        for (uint j = 0u; j < kWidth0; ++j) {
            sum += word(firstAt + i * kWidth0 + j) * scratch[(2u * widest + j) * count + slot];
        }
        pg[i] = sum;
    }
}
