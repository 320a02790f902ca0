// SPDX-License-Identifier: GPL-3.0-or-later
#version 450
#extension GL_GOOGLE_include_directive : require
#include "value_scale.glsl"

layout(set = 0, binding = 0) uniform samplerBuffer values;  // [rows, columns] float32
layout(set = 0, binding = 1) uniform samplerBuffer table;   // [256] RGBA8
layout(set = 0, binding = 2) uniform samplerBuffer levels;  // [levelCount] float32, ascending
layout(set = 0, binding = 3) uniform samplerBuffer lights;  // [rows, columns] float32, or anything
layout(push_constant) uniform Push {  // GridPush
    ivec4 rect;
    vec2 size;
    vec2 cellsPerPixel;  // y is negative: rows go up
    vec2 fraction;       // cell coordinate of pixel corner (0, 0), less baseCell
    ivec2 baseCell;
    ivec2 extent;  // columns, rows
    float base, range, perValue, isoLines, isoWidth, opacity;
    uint isoColor;
    uint scaling, clip, levelCount;
    float linear, shade;
};
layout(location = 0) out vec4 result;

int node(ivec2 cell) {
    ivec2 c = min(cell, extent - 1);
    return c.y * extent.x + c.x;
}

/// Share of the pixel that a line `away` levels off covers; `slope`: levels per pixel. Lines closer
/// than a few pixels would drown the colours: they fade out.
float covered(float away, float slope) {
    float line = clamp((isoWidth + 1.0) / 2.0 - away / slope, 0.0, min(isoWidth, 1.0));
    return line * clamp(1.0 / (slope * 2.0 * (isoWidth + 1.0)) - 0.5, 0.0, 1.0);
}

/// cover() of raster_grid.cpp: lines at given values.
float coveredByLevels(float v, float slope) {
    float level = 0.0, below = -1e38, above = 1e38, nearest = 1e38;
    for (uint k = 0u; k < levelCount; ++k) {
        float each = texelFetch(levels, int(k)).r;
        if (abs(v - each) <= nearest) {
            nearest = abs(v - each);
            below = k > 0u ? level : -1e38;
            level = each;
            above = k + 1u < levelCount ? texelFetch(levels, int(k + 1u)).r : 1e38;
        }
    }
    if (!(slope > abs(level) * 1e-7)) {
        return 0.0;  // flat ground lies on no line
    }
    float gap = min(level - below, above - level);
    float line = clamp((isoWidth + 1.0) / 2.0 - nearest / slope, 0.0, min(isoWidth, 1.0));
    return line * clamp(gap / (slope * 2.0 * (isoWidth + 1.0)) - 0.5, 0.0, 1.0);
}

void main() {
    vec2 position = fraction + gl_FragCoord.xy * cellsPerPixel;
    vec2 whole = floor(position);
    ivec2 cell = baseCell + ivec2(whole);
    ivec2 inside = clamp(cell, ivec2(0), max(extent - 2, ivec2(0)));
    vec2 f = clamp(position - whole + vec2(cell - inside), 0.0, 1.0);
    ivec4 nodes = ivec4(node(inside), node(inside + ivec2(1, 0)), node(inside + ivec2(0, 1)),
                        node(inside + ivec2(1, 1)));
    float a = texelFetch(values, nodes.x).r, b = texelFetch(values, nodes.y).r;
    float d = texelFetch(values, nodes.z).r, e = texelFetch(values, nodes.w).r;
    float lower = a + f.x * (b - a), upper = d + f.x * (e - d);
    float v = lower + f.y * (upper - lower);
    if (isnan(v)) {
        discard;
    }
    float place = (bent(v, scaling, linear) - base) / range;
    if (clip != 0u && !(place >= 0.0 && place <= 1.0)) {
        discard;
    }
    vec4 ground = texelFetch(table, tableRow(place));
    if (shade > 0.0) {
        float p = texelFetch(lights, nodes.x).r, q = texelFetch(lights, nodes.y).r;
        float r = texelFetch(lights, nodes.z).r, s = texelFetch(lights, nodes.w).r;
        float light = mix(mix(p, q, f.x), mix(r, s, f.x), f.y);
        ground.rgb = mix(ground.rgb, vec3(light < 0.0 ? 0.0 : 1.0),
                         clamp(abs(light) * shade, 0.0, 1.0));
    }
    ground.a *= opacity;
    result = ground;
    if (isoLines > 0.0 || levelCount > 0u) {
        vec2 gradient = vec2((b - a) + f.y * ((e - d) - (b - a)), upper - lower) * cellsPerPixel;
        float coverage = 0.0;
        if (levelCount > 0u) {
            coverage = coveredByLevels(v, length(gradient));
        } else {
            float level = (v - base) * perValue;
            float nearest = clamp(floor(level + 0.5), 1.0, isoLines);
            float slope = length(gradient) * abs(perValue);
            coverage = slope > 1e-6 ? covered(abs(level - nearest), slope) : 0.0;
        }
        vec4 iso = unpackUnorm4x8(isoColor);
        iso.a *= coverage * opacity;
        if (iso.a > 0.0) {
            result.a = 1.0 - (1.0 - ground.a) * (1.0 - iso.a);
            result.rgb =
                (ground.rgb * ground.a * (1.0 - iso.a) + iso.rgb * iso.a) / max(result.a, 1e-6);
        }
    }
}
