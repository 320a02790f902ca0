// SPDX-License-Identifier: GPL-3.0-or-later
// A rectangle of whole pixels. Every push block of its users begins with these two members.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "pixels.glsl"

layout(push_constant) uniform Push {
    ivec4 rect;  // left, top, one past right, one past bottom
    vec2 size;
};

void main() {
    gl_Position = toClip(mix(vec2(rect.xy), vec2(rect.zw), corner(gl_VertexIndex)), size);
}
