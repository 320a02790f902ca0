// SPDX-License-Identifier: GPL-3.0-or-later
// The random numbers of core/base/philox.h: Philox4x32-10 and the transforms on top of it, with our
// own logarithm and sine, since Vulkan's may be off by 2^-11. Ref: salmon2011.

uvec4 randomWords(uvec2 key, uvec4 counter) {
    for (int i = 0; i < 10; ++i) {
        uvec2 high, low;
        umulExtended(uvec2(0xD2511F53u, 0xCD9E8D57u), counter.xz, high, low);
        counter = uvec4(high.y ^ counter.y ^ key.x, low.y, high.x ^ counter.w ^ key.y, low.x);
        key += uvec2(0x9E3779B9u, 0xBB67AE85u);
    }
    return counter;
}

/// In the open interval (0, 1).
float toUnit(uint word) {
    precise float value = (float(word) + 0.5) * 2.3283064365386963e-10;
    return min(value, 0.99999994);
}

/// Of a positive normal number; relative error below 2.5e-7.
float portableLog(float x) {
    uint bits = floatBitsToUint(x);
    float m = uintBitsToFloat((bits & 0x007FFFFFu) | 0x3F800000u);
    float e = float(int(bits >> 23) - 127);
    if (m > 1.41421356) {
        m *= 0.5;
        e += 1.0;
    }
    precise float s = (m - 1.0) / (m + 1.0);
    precise float s2 = s * s;
    precise float series =
        2.0 * s * (1.0 + s2 * (0.33333333 + s2 * (0.2 + s2 * (0.14285715 + s2 * 0.11111111))));
    precise float value = (e * 0.693359375 + series) + e * -2.12194440e-4;
    return value;
}

/// vec2(sine, cosine) of a remainder of at most an eighth of a turn, `quadrant` quarter turns on.
vec2 sineCosine(float a, int quadrant) {
    precise float a2 = a * a;
    precise float s =
        a * (1.0 + a2 * (-1.6666667e-1 + a2 * (8.3333310e-3 + a2 * (-1.9840874e-4 + a2 * 2.7525562e-6))));
    precise float c =
        1.0 + a2 * (-0.5 + a2 * (4.1666638e-2 + a2 * (-1.3888378e-3 + a2 * 2.4760495e-5)));
    vec2 value = (quadrant & 1) != 0 ? vec2(c, -s) : vec2(s, c);
    return (quadrant & 2) != 0 ? -value : value;
}

/// vec2(sine, cosine) of 2 pi u for u in [0, 1); absolute error below 2e-7.
vec2 portableSinCos2Pi(float u) {
    precise float quadrant = floor(u * 4.0 + 0.5);
    precise float a = (u - quadrant * 0.25) * 6.28318531;
    return sineCosine(a, int(quadrant));
}

/// Two standard normals by Box-Muller from two words.
vec2 boxMuller(uvec2 words) {
    precise float radius = sqrt(-2.0 * portableLog(toUnit(words.x)));
    vec2 turn = portableSinCos2Pi(toUnit(words.y));
    return radius * turn.yx;
}
