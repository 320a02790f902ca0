// SPDX-License-Identifier: GPL-3.0-or-later
#version 450

layout(push_constant) uniform Push {  // PointsPush
    vec4 origin;
    vec2 scale, size;
    float radius, opacity;
    uint colors, markers, hasCategory;
};
layout(location = 0) in vec2 offset;
layout(location = 1) flat in vec4 ink;
layout(location = 2) flat in uint shape;
layout(location = 0) out vec4 result;

float box(vec2 p, vec2 reach) {
    vec2 d = abs(p) - reach;
    return max(d.x, d.y);
}

float triangle(vec2 p) {
    float inner = 0.7776 * radius;
    return max(p.y - inner, 0.8660254 * abs(p.x) - 0.5 * p.y - inner);
}

float plus(vec2 p) {
    vec2 bar = vec2(1.25 * radius, max(0.36 * radius, 0.5));
    return min(box(p, bar), box(p, bar.yx));
}

vec2 turned(vec2 p) { return vec2(p.x + p.y, p.x - p.y) * 0.70710678; }

// markerDistance() of rasterizer.cpp
float markerDistance(vec2 p) {
    vec2 square = vec2(0.8862269 * radius);
    switch (shape) {
        case 0u: return length(p) - radius;
        case 1u: return box(p, square);
        case 2u: return triangle(p);
        case 3u: return box(turned(p), square);
        case 4u: return triangle(vec2(p.x, -p.y));
        case 5u: return plus(p);
        case 6u: return plus(turned(p));
        default: return triangle(p.yx);
    }
}

void main() {
    float coverage = clamp(0.5 - markerDistance(offset), 0.0, 1.0);
    result = vec4(ink.rgb, ink.a * coverage);
}
