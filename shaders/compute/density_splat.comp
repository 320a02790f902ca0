// SPDX-License-Identifier: GPL-3.0-or-later
#version 450
#extension GL_GOOGLE_include_directive : require
#include "pixels.glsl"

layout(local_size_x = 128) in;
layout(set = 0, binding = 0) readonly buffer Points { vec2 xy[]; };             // [N]
layout(set = 0, binding = 1) readonly buffer Categories { uvec2 category[]; };  // [N] int64
layout(set = 0, binding = 2) readonly buffer Words { uint word[]; };            // RGBA8 by category
layout(set = 0, binding = 3) buffer Grid { uint grid[]; };  // [height, width, channels]
layout(push_constant) uniform Push {                        // SplatPush
    vec4 origin;
    vec2 scale, size;
    uint points, channels, colors, hasCategory;
};

void main() {
    uint step = gl_NumWorkGroups.x * gl_WorkGroupSize.x;
    for (uint i = gl_GlobalInvocationID.x; i < points; i += step) {
        uvec2 kind = hasCategory != 0u ? category[i] : uvec2(0);
        vec2 pixel = toPixels(xy[i], origin, scale);
        bool inside = pixel.x >= 0.0 && pixel.x < size.x && pixel.y >= 0.0 && pixel.y < size.y;
        if (!inside || (kind.y >> 31u) != 0u) {
            continue;
        }
        uint cell = (uint(pixel.y) * uint(size.x) + uint(pixel.x)) * channels;
        atomicAdd(grid[cell], 1u);
        if (channels == 4u) {
            uint rgba = word[kind.x % colors];
            atomicAdd(grid[cell + 1u], rgba & 255u);
            atomicAdd(grid[cell + 2u], rgba >> 8u & 255u);
            atomicAdd(grid[cell + 3u], rgba >> 16u & 255u);
        }
    }
}
