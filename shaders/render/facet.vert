// SPDX-License-Identifier: GPL-3.0-or-later
// A cell of a grid (strip of four) or a triangle (three) per instance; see space_geometry.h.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "facet.glsl"

struct Vertex { float x, y, z, inverse, value, light, gloss, pad; };  // FacetVertex

layout(set = 0, binding = 0) readonly buffer Vertices { Vertex vertex[]; };
layout(set = 0, binding = 1) readonly buffer Triangles { uint corner[]; };

layout(location = 0) out vec3 surface;  // value, column, row
layout(location = 1) noperspective out vec2 shine;  // light, gloss

void main() {
    uvec4 k;
    if (columns == 0u) {
        uint first = 3u * uint(gl_InstanceIndex);
        k = uvec4(corner[first], corner[first + 1u], corner[first + 2u], corner[first]);
    } else {
        uint cell = uint(gl_InstanceIndex);
        uint first = cell / (columns - 1u) * columns + cell % (columns - 1u);
        k = uvec4(first, first + 1u, first + columns, first + columns + 1u);
    }
    bool whole = vertex[k.x].inverse > 0.0 && vertex[k.y].inverse > 0.0 &&
                 vertex[k.z].inverse > 0.0 && vertex[k.w].inverse > 0.0;
    uint mine = k[gl_VertexIndex];
    Vertex v = vertex[mine];
    surface = vec3(v.value, columns == 0u ? vec2(0.0) : vec2(mine % columns, mine / columns));
    shine = vec2(v.light, v.gloss);
    float w = 1.0 / v.inverse;
    gl_Position = whole ? vec4((vec2(v.x, v.y) / size * 2.0 - 1.0) * w, v.z * w, w)
                        : vec4(2.0, 2.0, 0.0, 1.0);
}
