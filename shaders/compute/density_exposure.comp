// SPDX-License-Identifier: GPL-3.0-or-later
// One invocation: referenceCount() of density.cpp.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "density.glsl"

layout(local_size_x = 1) in;
layout(set = 0, binding = 0) readonly buffer Histogram { uint histogram[]; };  // [512]
layout(set = 0, binding = 1) writeonly buffer Exposure { uint reference; };

void main() {
    uint occupied = 0u;
    for (uint b = 1u; b < kBins; ++b) {
        occupied += histogram[b];
    }
    uint wanted = occupied - occupied / 100u, seen = 0u, found = 1u;
    for (uint b = 1u; b < kBins; ++b) {
        seen += histogram[b];
        if (seen >= wanted && seen > 0u) {
            found = binCount(b);
            break;
        }
    }
    reference = found;
}
