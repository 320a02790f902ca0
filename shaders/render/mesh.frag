// SPDX-License-Identifier: GPL-3.0-or-later
#version 450
#extension GL_GOOGLE_include_directive : require
#include "mesh.glsl"
#include "value_scale.glsl"

layout(set = 0, binding = 3) uniform samplerBuffer table;  // [256] RGBA8
layout(location = 0) in float height;
layout(location = 1) in vec3 away;
layout(location = 0) out vec4 result;

void main() {
    vec4 ground = fill;
    if (valuesPer != 0u) {
        ground = isnan(height) ? vec4(0.0)
                               : texelFetch(table, tableRow((bent(height, scaling, linear) - base) /
                                                            range));
    }
    ground.a *= opacity;
    result = ground;
    if (edgeWidth > 0.0) {
        float nearest = min(away.x, min(away.y, away.z));
        float line = edge.a * opacity *
                     clamp((edgeWidth + 1.0) / 2.0 - nearest, 0.0, min(edgeWidth, 1.0));
        result.a = 1.0 - (1.0 - ground.a) * (1.0 - line);
        result.rgb = (ground.rgb * ground.a * (1.0 - line) + edge.rgb * line) / max(result.a, 1e-6);
    }
    if (result.a == 0.0) {
        discard;
    }
}
