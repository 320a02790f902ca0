// SPDX-License-Identifier: GPL-3.0-or-later
#version 450
#extension GL_GOOGLE_include_directive : require
#include "pixels.glsl"

struct Place {  // AtlasPlace
    ivec4 rect;      // whole pixels: left, top, one past right, one past bottom
    vec2 texel;      // texel coordinate of the centre of pixel (left, top)
    vec2 perPixel;   // texels
    uint image, pad0, pad1, pad2;
};
layout(set = 0, binding = 2) readonly buffer Places { Place place[]; };
layout(push_constant) uniform Push {  // AtlasPush
    vec2 size;
    ivec2 extent;  // columns, rows
    float opacity;
};
layout(location = 0) flat out uint index;

void main() {
    index = gl_InstanceIndex;
    ivec4 r = place[index].rect;
    gl_Position = toClip(mix(vec2(r.xy), vec2(r.zw), corner(gl_VertexIndex)), size);
}
