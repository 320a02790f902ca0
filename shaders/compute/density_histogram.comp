// SPDX-License-Identifier: GPL-3.0-or-later
#version 450
#extension GL_GOOGLE_include_directive : require
#include "density.glsl"

layout(local_size_x = 128) in;
layout(set = 0, binding = 0) readonly buffer Grid { uint grid[]; };   // [pixels, channels]
layout(set = 0, binding = 1) buffer Histogram { uint histogram[]; };  // [512], zeroed
layout(push_constant) uniform Push { uint pixels, channels; };

shared uint local[kBins];

void main() {
    for (uint b = gl_LocalInvocationID.x; b < kBins; b += gl_WorkGroupSize.x) {
        local[b] = 0u;
    }
    barrier();
    uint step = gl_NumWorkGroups.x * gl_WorkGroupSize.x;
    for (uint i = gl_GlobalInvocationID.x; i < pixels; i += step) {
        uint count = grid[i * channels];
        if (count != 0u) {
            atomicAdd(local[histogramBin(count)], 1u);
        }
    }
    barrier();
    for (uint b = gl_LocalInvocationID.x; b < kBins; b += gl_WorkGroupSize.x) {
        if (local[b] != 0u) {
            atomicAdd(histogram[b], local[b]);
        }
    }
}
