// SPDX-License-Identifier: GPL-3.0-or-later
// markerDistance() of rasterizer.cpp: signed distance in pixels to a marker's edge.

float box(vec2 p, vec2 reach) {
    vec2 d = abs(p) - reach;
    return max(d.x, d.y);
}

float triangle(vec2 p, float radius) {
    float inner = 0.7776 * radius;
    return max(p.y - inner, 0.8660254 * abs(p.x) - 0.5 * p.y - inner);
}

float plus(vec2 p, float radius) {
    vec2 bar = vec2(1.25 * radius, max(0.36 * radius, 0.5));
    return min(box(p, bar), box(p, bar.yx));
}

vec2 turned(vec2 p) { return vec2(p.x + p.y, p.x - p.y) * 0.70710678; }

float markerDistance(uint shape, vec2 p, float radius) {
    vec2 square = vec2(0.8862269 * radius);
    switch (shape) {
        case 0u: return length(p) - radius;
        case 1u: return box(p, square);
        case 2u: return triangle(p, radius);
        case 3u: return box(turned(p), square);
        case 4u: return triangle(vec2(p.x, -p.y), radius);
        case 5u: return plus(p, radius);
        case 6u: return plus(turned(p), radius);
        default: return triangle(p.yx, radius);
    }
}
