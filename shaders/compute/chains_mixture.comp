// SPDX-License-Identifier: GPL-3.0-or-later
// E = -log sum_k exp(offset_k - scale_k |x - c_k|^2).
#version 450
#extension GL_GOOGLE_include_directive : require
#include "chains.glsl"

// centres [components, kDim], scale [components], offset [components]
layout(set = 0, binding = 1) readonly buffer Program { float program[]; };

float logit(uint k) {
    float square = 0.0;
    for (uint i = 0u; i < kDim; ++i) {
        float u = px[i] - program[k * kDim + i];
        square += u * u;
    }
    return program[components * (kDim + 1u) + k] - program[components * kDim + k] * square;
}

void evaluate(uint slot) {
    float top = logit(0u), sum = 0.0;
    for (uint k = 1u; k < components; ++k) {
        top = max(top, logit(k));
    }
    for (uint i = 0u; i < kDim; ++i) {
        pg[i] = 0.0;
    }
    for (uint k = 0u; k < components; ++k) {
        float p = exponential(logit(k) - top);
        float pull = 2.0 * p * program[components * kDim + k];
        sum += p;
        for (uint i = 0u; i < kDim; ++i) {
            pg[i] += pull * (px[i] - program[k * kDim + i]);
        }
    }
    pe = -(top + portableLog(sum));
    for (uint i = 0u; i < kDim; ++i) {
        pg[i] /= sum;
    }
    if (!isFinite(top)) {
        pe = infinity();
    }
}
