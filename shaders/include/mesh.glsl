// SPDX-License-Identifier: GPL-3.0-or-later
// What the two stages of triangle meshes share; the block is MeshPush.

layout(push_constant) uniform Push {
    vec4 origin;
    vec2 scale, size;
    vec4 fill, edge;
    float edgeWidth, opacity;
    uint valuesPer;  // 0: no values, 1: one a corner, 2: one a triangle
    uint quads;
    uint scaling;
    float linear, base, range;
};
