// SPDX-License-Identifier: GPL-3.0-or-later
#version 450
#extension GL_GOOGLE_include_directive : require
#include "ellipses.glsl"

layout(location = 0) flat in vec2 centre;
layout(location = 1) flat in vec4 inverse;
layout(location = 2) flat in vec4 ink;
layout(location = 0) out vec4 result;

// EllipseOnPicture::coverage() of core/render/ellipse.h
void main() {
    vec2 d = gl_FragCoord.xy - centre;
    vec2 u = vec2(dot(inverse.xy, d), dot(inverse.zw, d));
    vec2 g = vec2(dot(inverse.xz, u), dot(inverse.yw, u));
    float norm = length(u), gradient = length(g);
    float away = gradient > 0.0 ? (norm - 1.0) * norm / gradient : -1e6;
    float line = clamp((width + 1.0) / 2.0 - abs(away), 0.0, min(width, 1.0));
    float coverage = max(line, clamp(0.5 - away, 0.0, 1.0) * fill);
    if (coverage == 0.0) {
        discard;
    }
    result = vec4(ink.rgb, ink.a * coverage);
}
