// SPDX-License-Identifier: GPL-3.0-or-later
// What the two stages of ellipses share; the block is EllipsesPush.

layout(push_constant) uniform Push {
    vec2 size;
    float width, fill, opacity;
    uint colors;
};
