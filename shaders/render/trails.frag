// SPDX-License-Identifier: GPL-3.0-or-later
#version 450
#extension GL_GOOGLE_include_directive : require
#include "trails.glsl"

layout(location = 0) flat in vec4 ends;
layout(location = 1) flat in vec4 ink;
layout(location = 2) flat in uint joined;
layout(location = 0) out vec4 result;

float covered(float away) { return clamp((width + 1.0) / 2.0 - away, 0.0, min(width, 1.0)); }

// Stroke::opacityAt() of core/render/trails.h
void main() {
    vec2 d = ends.zw - ends.xy, p = gl_FragCoord.xy - ends.xy;
    float squared = dot(d, d);
    float along = squared > 0.0 ? clamp(dot(p, d) / squared, 0.0, 1.0) : 0.0;
    float line = covered(length(p - along * d));
    float before = joined != 0u && line > 0.0 ? covered(length(p)) : 0.0;
    result = vec4(ink.rgb, line > before ? (line - before) * ink.a / (1.0 - before * ink.a) : 0.0);
}
