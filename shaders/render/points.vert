// SPDX-License-Identifier: GPL-3.0-or-later
#version 450
#extension GL_GOOGLE_include_directive : require
#include "pixels.glsl"

layout(set = 0, binding = 0) readonly buffer Points { vec2 xy[]; };            // [N]
layout(set = 0, binding = 1) readonly buffer Categories { uvec2 category[]; };  // [N] int64
layout(set = 0, binding = 2) readonly buffer Colors { vec4 color[]; };          // by category
layout(set = 0, binding = 3) readonly buffer Markers { uint marker[]; };        // by category
layout(push_constant) uniform Push {  // PointsPush
    vec4 origin;
    vec2 scale, size;
    float radius, opacity;
    uint colors, markers, hasCategory;
};

layout(location = 0) out vec2 offset;  // pixels from the centre
layout(location = 1) flat out vec4 ink;
layout(location = 2) flat out uint shape;

void main() {
    uvec2 word = hasCategory != 0u ? category[gl_InstanceIndex] : uvec2(0);
    vec2 centre = toPixels(xy[gl_InstanceIndex], origin, scale);
    ink = color[word.x % colors];
    ink.a *= opacity;
    shape = marker[word.x % markers];
    offset = (corner(gl_VertexIndex) * 2.0 - 1.0) * (radius * 1.6 + 1.0);
    bool hidden = (word.y >> 31u) != 0u || !near(centre);
    gl_Position = hidden ? vec4(2.0, 2.0, 0.0, 1.0) : toClip(centre + offset, size);
}
