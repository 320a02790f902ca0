// SPDX-License-Identifier: GPL-3.0-or-later
#version 450
#extension GL_GOOGLE_include_directive : require
#include "marker.glsl"

layout(location = 0) in vec2 offset;
layout(location = 1) flat in vec4 ink;
layout(location = 2) flat in uint shape;
layout(location = 3) flat in float radius;
layout(location = 0) out vec4 result;

void main() {
    float coverage = clamp(0.5 - markerDistance(shape, offset, radius), 0.0, 1.0);
    result = vec4(ink.rgb, ink.a * coverage);
}
