// SPDX-License-Identifier: GPL-3.0-or-later
// A sprite or a segment per instance, with depth; see space_geometry.h.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "pixels.glsl"

struct Glyph { float ax, ay, bx, by, az, bz, radius; uint color, shape; };

layout(set = 0, binding = 0) readonly buffer Glyphs { Glyph glyph[]; };
layout(push_constant) uniform Push { vec2 size; };  // GlyphPush

layout(location = 0) noperspective out vec2 offset;  // pixels; of a segment: along, across
layout(location = 1) flat out vec4 ink;
layout(location = 2) flat out uint shape;
layout(location = 3) flat out vec2 extent;  // radius, length

void main() {
    Glyph g = glyph[gl_InstanceIndex];
    vec2 a = vec2(g.ax, g.ay), b = vec2(g.bx, g.by), unit = corner(gl_VertexIndex) * 2.0 - 1.0;
    float len = length(b - a);
    ink = unpackUnorm4x8(g.color);
    shape = g.shape;
    extent = vec2(g.radius, len);
    vec2 at;
    float z = g.az;
    if (g.shape == 100u) {
        float reach = g.radius + 1.0;
        vec2 along = len > 1e-6 ? (b - a) / len : vec2(1.0, 0.0);
        offset = vec2(unit.x > 0.0 ? len + reach : -reach, unit.y * reach);
        at = a + along * offset.x + vec2(-along.y, along.x) * offset.y;
        z += (g.bz - g.az) * (len > 1e-6 ? offset.x / len : 0.0);
    } else {
        offset = unit * (g.radius * 1.6 + 1.0);
        at = a + offset;
    }
    gl_Position = vec4(at / size * 2.0 - 1.0, clamp(z, 0.0, 1.0), 1.0);
}
