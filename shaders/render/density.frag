// SPDX-License-Identifier: GPL-3.0-or-later
#version 450

layout(set = 0, binding = 0) readonly buffer Grid { uint grid[]; };  // [height, width, channels]
layout(set = 0, binding = 1) readonly buffer Exposure { uint reference; };
layout(push_constant) uniform Push {  // DensityPush
    ivec4 rect;
    vec2 size;
    uint channels, pad;
    vec4 color;
    float exposure, opacity;
};
layout(location = 0) out vec4 result;

const float kToneFloor = 0.15;

void main() {
    ivec2 pixel = ivec2(gl_FragCoord.xy);
    uint cell = uint(pixel.y * int(size.x) + pixel.x) * channels;
    uint count = grid[cell];
    if (count == 0u) {
        discard;
    }
    vec3 rgb = color.rgb;
    if (channels == 4u) {
        rgb = vec3(grid[cell + 1u], grid[cell + 2u], grid[cell + 3u]) / (255.0 * float(count));
    }
    float level = log2(1.0 + exposure * float(count)) / log2(1.0 + float(reference));
    result = vec4(rgb, clamp(kToneFloor + (1.0 - kToneFloor) * level, 0.0, 1.0) * opacity);
}
