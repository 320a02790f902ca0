// SPDX-License-Identifier: GPL-3.0-or-later
// Points whose colour, size or opacity is their own.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "pixels.glsl"

layout(set = 0, binding = 0) readonly buffer Points { vec2 xy[]; };    // [N]
layout(set = 0, binding = 1) readonly buffer Styles { uvec4 style[]; };  // [N] StyleWords
layout(push_constant) uniform Push {                                   // StyledPush
    vec4 origin;
    vec2 scale, size;
};
layout(location = 0) out vec2 offset;  // pixels from the centre
layout(location = 1) flat out vec4 ink;
layout(location = 2) flat out uint shape;
layout(location = 3) flat out float radius;

void main() {
    uvec4 words = style[gl_InstanceIndex];
    vec2 centre = toPixels(xy[gl_InstanceIndex], origin, scale);
    radius = uintBitsToFloat(words.y);
    ink = vec4(unpackUnorm4x8(words.x).rgb, uintBitsToFloat(words.z));
    shape = words.w;
    offset = (corner(gl_VertexIndex) * 2.0 - 1.0) * (radius * 1.6 + 1.0);
    bool hidden = ink.a == 0.0 || !near(centre);
    gl_Position = hidden ? vec4(2.0, 2.0, 0.0, 1.0) : toClip(centre + offset, size);
}
