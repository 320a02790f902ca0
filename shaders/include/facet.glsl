// SPDX-License-Identifier: GPL-3.0-or-later
layout(push_constant) uniform Push {  // FacetPush
    vec2 size;
    uint columns;  // of the grid; 0: triangles
    float low, range, isoLines, isoWidth, wireStep, wireWidth, opacity;
    uint isoColor, wireColor;
};
