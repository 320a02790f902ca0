// SPDX-License-Identifier: GPL-3.0-or-later
#version 450

struct Place {  // AtlasPlace
    ivec4 rect;
    vec2 texel;
    vec2 perPixel;
    uint image, pad0, pad1, pad2;
};
layout(set = 0, binding = 0) uniform samplerBuffer inks;   // [N, H, W] bytes
layout(set = 0, binding = 1) uniform samplerBuffer table;  // [256] RGBA8
layout(set = 0, binding = 2) readonly buffer Places { Place place[]; };
layout(push_constant) uniform Push {  // AtlasPush
    vec2 size;
    ivec2 extent;
    float opacity;
};
layout(location = 0) flat in uint index;
layout(location = 0) out vec4 result;

/// The texel that holds the centre when magnified, the pixel's extent when minified.
vec2 range(float at, float width, int count) {
    if (width <= 1.0) {
        float first = float(clamp(int(at), 0, count - 1));
        return vec2(first, first + 1.0);
    }
    return clamp(vec2(at - width / 2.0, at + width / 2.0), 0.0, float(count));
}

float overlap(int texel, vec2 r) {
    return max(0.0, min(r.y, float(texel + 1)) - max(r.x, float(texel)));
}

void main() {
    Place p = place[index];
    vec2 at = p.texel + (gl_FragCoord.xy - 0.5 - vec2(p.rect.xy)) * p.perPixel;
    vec2 u = range(at.x, p.perPixel.x, extent.x), v = range(at.y, p.perPixel.y, extent.y);
    int first = int(p.image) * extent.x * extent.y;
    float sum = 0.0, weight = 0.0;
    for (int r = int(v.x); r < extent.y && float(r) < v.y; ++r) {
        for (int c = int(u.x); c < extent.x && float(c) < u.y; ++c) {
            float w = overlap(r, v) * overlap(c, u);
            sum += w * texelFetch(inks, first + r * extent.x + c).r;
            weight += w;
        }
    }
    float ink = weight > 0.0 ? sum / weight : 0.0;
    result = texelFetch(table, int(ink * 255.0 + 0.5));
    result.a *= opacity;
}
