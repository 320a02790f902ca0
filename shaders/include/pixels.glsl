// SPDX-License-Identifier: GPL-3.0-or-later
// Pixel coordinates: (0, 0) is the upper left corner, y grows downwards, as in projection.h.

/// `origin`: view.x0 as high + low part, view.y1 as high + low part. `scale`: pixels per unit.
vec2 toPixels(vec2 data, vec4 origin, vec2 scale) {
    precise float x = (data.x - origin.x) - origin.y;
    precise float y = (origin.z - data.y) + origin.w;
    return vec2(x, y) * scale;
}

vec4 toClip(vec2 pixel, vec2 size) { return vec4(pixel / size * 2.0 - 1.0, 0.0, 1.0); }

/// Corner of a quad drawn as a strip of four vertices.
vec2 corner(uint vertex) { return vec2(vertex & 1u, vertex >> 1u); }

/// Largest distance in pixels at which a point is still considered; false for not-a-number.
bool near(vec2 pixel) { return abs(pixel.x) < 1e6 && abs(pixel.y) < 1e6; }
