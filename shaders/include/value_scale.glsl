// SPDX-License-Identifier: GPL-3.0-or-later
// ValueScale of core/render/value_scale.h.

/// The value as it is equidistant on the map. `scaling`: 0 linear, 1 logarithmic, 2 symmetric-log.
float bent(float v, uint scaling, float linear) {
    switch (scaling) {
        case 1u: return v > 0.0 ? log2(v) : -1e30;
        case 2u: return sign(v) * log2(1.0 + abs(v) / linear);
        default: return v;
    }
}

/// Row of a table of 256 colours.
int tableRow(float place) { return int(clamp(place, 0.0, 1.0) * 255.0 + 0.5); }
