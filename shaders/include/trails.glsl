// SPDX-License-Identifier: GPL-3.0-or-later
// What the two stages of trails share; the block is TrailsPush.

layout(push_constant) uniform Push {
    vec4 origin;
    vec2 scale, size;
    float width, opacity, fade;
    uint first, segments, trails;
    uint colors, hasCategory, hasValues;
    uint scaling;
    float linear, base, range;
};
