// SPDX-License-Identifier: GPL-3.0-or-later
// One instance: the segment of one trail that ends at one state; older states first.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "pixels.glsl"
#include "trails.glsl"
#include "value_scale.glsl"

layout(set = 0, binding = 0) readonly buffer Vertices { vec2 xy[]; };           // [states, trails]
layout(set = 0, binding = 1) readonly buffer Categories { uvec2 category[]; };  // [trails] int64
layout(set = 0, binding = 2) readonly buffer Values { float value[]; };         // [states, trails]
layout(set = 0, binding = 3) readonly buffer Colors { vec4 color[]; };  // by category or table row
layout(location = 0) flat out vec4 ends;    // pixels
layout(location = 1) flat out vec4 ink;
layout(location = 2) flat out uint joined;

bool finite(vec2 p) { return !any(isnan(p)) && !any(isinf(p)); }

// clipTo() of raster_trails.cpp
bool clipTo(float margin, inout vec2 a, inout vec2 b) {
    vec2 d = b - a, low = vec2(-margin), high = size + margin;
    float from = 0.0, to = 1.0;
    for (int k = 0; k < 2; ++k) {
        if (d[k] == 0.0) {
            if (a[k] < low[k] || a[k] > high[k]) {
                return false;
            }
        } else {
            float p = (low[k] - a[k]) / d[k], q = (high[k] - a[k]) / d[k];
            from = max(from, min(p, q));
            to = min(to, max(p, q));
        }
    }
    b = to < 1.0 ? a + to * d : b;
    a += from * d;
    return from <= to;
}

void main() {
    uint step = gl_InstanceIndex / trails, trail = gl_InstanceIndex % trails;
    uint at = (first + step) * trails + trail, next = at + trails;
    vec2 a = toPixels(xy[at], origin, scale), b = toPixels(xy[next], origin, scale);
    uvec2 kind = hasCategory != 0u ? category[trail] : uvec2(0);
    ink = color[kind.x % colors];
    bool hidden = (kind.y >> 31u) != 0u;
    if (hasValues != 0u) {
        float v = value[next];
        hidden = hidden || isnan(v);
        ink = color[tableRow((bent(v, scaling, linear) - base) / range)];
    }
    float age = float(segments - 1u - step);
    ink.a *= opacity * clamp(1.0 - fade * age / float(segments), 0.0, 1.0);
    joined = step > 0u && finite(xy[at - trails]) ? 1u : 0u;
    float reach = (width + 1.0) / 2.0;
    hidden = hidden || !finite(a) || !finite(b) || !clipTo(reach + 2.0, a, b);
    ends = vec4(a, b);
    vec2 along = b - a;
    float extent = length(along);
    along = extent > 0.0 ? along / extent : vec2(1.0, 0.0);
    vec2 corner = corner(gl_VertexIndex) * 2.0 - 1.0;
    vec2 pixel = (corner.x < 0.0 ? a : b) + (reach + 1.0) * (corner.x * along +
                                                             corner.y * vec2(-along.y, along.x));
    gl_Position = hidden ? vec4(2.0, 2.0, 0.0, 1.0) : toClip(pixel, size);
}
