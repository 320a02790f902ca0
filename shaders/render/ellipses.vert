// SPDX-License-Identifier: GPL-3.0-or-later
#version 450
#extension GL_GOOGLE_include_directive : require
#include "ellipses.glsl"
#include "pixels.glsl"

struct Ellipse {  // EllipseOnPicture
    vec2 centre, reach;
    vec4 inverse;  // row-major
    uint category, pad0, pad1, pad2;
};
layout(set = 0, binding = 0) readonly buffer Ellipses { Ellipse ellipse[]; };
layout(set = 0, binding = 1) readonly buffer Colors { vec4 color[]; };  // by category
layout(location = 0) flat out vec2 centre;
layout(location = 1) flat out vec4 inverse;
layout(location = 2) flat out vec4 ink;

void main() {
    Ellipse e = ellipse[gl_InstanceIndex];
    centre = e.centre;
    inverse = e.inverse;
    ink = color[e.category % colors];
    ink.a *= opacity;
    gl_Position = toClip(e.centre + (corner(gl_VertexIndex) * 2.0 - 1.0) * e.reach, size);
}
