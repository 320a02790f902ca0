// SPDX-License-Identifier: GPL-3.0-or-later
#version 450
#extension GL_GOOGLE_include_directive : require
#include "marker.glsl"

layout(location = 0) noperspective in vec2 offset;
layout(location = 1) flat in vec4 ink;
layout(location = 2) flat in uint shape;
layout(location = 3) flat in vec2 extent;  // radius, length
layout(location = 0) out vec4 result;

void main() {
    float cover;
    if (shape == 100u) {
        float ends = clamp(min(offset.x, extent.y - offset.x) + 0.5, 0.0, 1.0);
        cover = clamp(0.5 - (abs(offset.y) - extent.x), 0.0, 1.0) * min(2.0 * extent.x, 1.0) * ends;
    } else {
        cover = clamp(0.5 - markerDistance(shape, offset, extent.x), 0.0, 1.0);
    }
    result = vec4(ink.rgb, ink.a * cover);
}
