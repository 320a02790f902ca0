// SPDX-License-Identifier: GPL-3.0-or-later
#version 450
#extension GL_GOOGLE_include_directive : require
#include "facet.glsl"

layout(set = 0, binding = 2) uniform samplerBuffer table;  // [256] RGBA8
layout(location = 0) in vec3 surface;                      // value, column, row
layout(location = 1) noperspective in vec2 shine;          // light, gloss
layout(location = 0) out vec4 result;

float lineCoverage(float level, float nearest, float slope, float width) {
    if (!(slope > 1e-6)) {
        return 0.0;
    }
    float reach = (width + 1.0) / 2.0;
    float covered = clamp(reach - abs(level - nearest) / slope, 0.0, min(width, 1.0));
    return covered * clamp(1.0 / (slope * 4.0 * reach) - 0.5, 0.0, 1.0);
}

void main() {
    vec3 dx = dFdx(surface), dy = dFdy(surface);
    float t = clamp((surface.x - low) / range, 0.0, 1.0);
    vec4 base = texelFetch(table, int(t * 255.0 + 0.5));
    vec3 rgb = min(base.rgb * shine.x + shine.y, 1.0);
    if (wireStep > 0.0) {
        vec4 wire = unpackUnorm4x8(wireColor);
        for (int axis = 1; axis < 3; ++axis) {
            float level = surface[axis] / wireStep;
            float slope = length(vec2(dx[axis], dy[axis])) / wireStep;
            float cover = lineCoverage(level, floor(level + 0.5), slope, wireWidth);
            rgb = mix(rgb, wire.rgb, cover * wire.a);
        }
    }
    if (isoLines > 0.0) {
        vec4 iso = unpackUnorm4x8(isoColor);
        float perValue = (isoLines + 1.0) / range;
        float level = (surface.x - low) * perValue;
        float nearest = clamp(floor(level + 0.5), 1.0, isoLines);
        float slope = length(vec2(dx.x, dy.x)) * abs(perValue);
        rgb = mix(rgb, iso.rgb, lineCoverage(level, nearest, slope, isoWidth) * iso.a);
    }
    result = vec4(rgb, base.a * opacity);
}
