// SPDX-License-Identifier: GPL-3.0-or-later
// One instance: one triangle.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "mesh.glsl"
#include "pixels.glsl"

layout(set = 0, binding = 0) readonly buffer Vertices { vec2 xy[]; };         // [V]
layout(set = 0, binding = 1) readonly buffer Triangles { uvec2 corner[]; };   // [T, 3] int64
layout(set = 0, binding = 2) readonly buffer Values { float value[]; };       // [V] or [T]
layout(location = 0) out float height;     // value
layout(location = 1) out vec3 away;        // pixels from the three edges, those not drawn far off

void main() {
    vec2 p[3];
    bool hidden = false;
    for (int k = 0; k < 3; ++k) {
        p[k] = toPixels(xy[corner[3 * gl_InstanceIndex + k].x], origin, scale);
        hidden = hidden || !near(p[k]);
    }
    uint row = corner[3 * gl_InstanceIndex + gl_VertexIndex].x;
    height = valuesPer == 0u ? 0.0 : value[valuesPer == 1u ? row : gl_InstanceIndex];
    vec2 u = p[1] - p[0], v = p[2] - p[0];
    float area = abs(u.x * v.y - u.y * v.x);
    for (int k = 0; k < 3; ++k) {
        float side = length(p[(k + 2) % 3] - p[(k + 1) % 3]);
        away[k] = k == gl_VertexIndex ? area / max(side, 1e-6) : 0.0;
    }
    if (quads != 0u) {
        away.x = 1e6;
    }
    gl_Position = hidden ? vec4(2.0, 2.0, 0.0, 1.0) : toClip(p[gl_VertexIndex], size);
}
