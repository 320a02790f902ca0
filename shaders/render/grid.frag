// SPDX-License-Identifier: GPL-3.0-or-later
#version 450

layout(set = 0, binding = 0) uniform samplerBuffer values;  // [rows, columns] float32
layout(set = 0, binding = 1) uniform samplerBuffer table;   // [256] RGBA8
layout(push_constant) uniform Push {  // GridPush
    ivec4 rect;
    vec2 size;
    vec2 cellsPerPixel;  // y is negative: rows go up
    vec2 fraction;       // cell coordinate of pixel corner (0, 0), less baseCell
    ivec2 baseCell;
    ivec2 extent;        // columns, rows
    float low, range, perValue, isoLines, isoWidth, opacity;
    uint isoColor;
};
layout(location = 0) out vec4 result;

float at(ivec2 cell) {
    ivec2 c = min(cell, extent - 1);
    return texelFetch(values, c.y * extent.x + c.x).r;
}

void main() {
    vec2 position = fraction + gl_FragCoord.xy * cellsPerPixel;
    vec2 whole = floor(position);
    ivec2 cell = baseCell + ivec2(whole);
    ivec2 inside = clamp(cell, ivec2(0), max(extent - 2, ivec2(0)));
    vec2 f = clamp(position - whole + vec2(cell - inside), 0.0, 1.0);
    float a = at(inside), b = at(inside + ivec2(1, 0));
    float d = at(inside + ivec2(0, 1)), e = at(inside + ivec2(1, 1));
    float lower = a + f.x * (b - a), upper = d + f.x * (e - d);
    float v = lower + f.y * (upper - lower);
    if (isnan(v)) {
        discard;
    }
    float t = clamp((v - low) / range, 0.0, 1.0);
    vec4 base = texelFetch(table, int(t * 255.0 + 0.5));
    base.a *= opacity;
    result = base;
    if (isoLines > 0.0) {
        vec2 gradient = vec2((b - a) + f.y * ((e - d) - (b - a)), upper - lower) * cellsPerPixel;
        float level = (v - low) * perValue;
        float nearest = clamp(floor(level + 0.5), 1.0, isoLines);
        float slope = length(gradient) * abs(perValue);
        if (slope > 1e-6) {
            float coverage = clamp((isoWidth + 1.0) / 2.0 - abs(level - nearest) / slope, 0.0,
                                   min(isoWidth, 1.0));
            coverage *= clamp(1.0 / (slope * 2.0 * (isoWidth + 1.0)) - 0.5, 0.0, 1.0);
            vec4 iso = unpackUnorm4x8(isoColor);
            iso.a *= coverage * opacity;
            result.a = 1.0 - (1.0 - base.a) * (1.0 - iso.a);
            result.rgb = (base.rgb * base.a * (1.0 - iso.a) + iso.rgb * iso.a) / max(result.a, 1e-6);
        }
    }
}
