// SPDX-License-Identifier: GPL-3.0-or-later
// Functions to about 1e-7 where Vulkan promises less. Needs philox.glsl.

float infinity() {
    return uintBitsToFloat(0x7F800000u);
}

/// Told by the bits: a driver may take it for granted that there is no not-a-number.
bool isFinite(float v) {
    return (floatBitsToUint(v) & 0x7F800000u) != 0x7F800000u;
}

/// Arguments are taken to lie in [-87, 88].
float exponential(float x) {
    precise float c = clamp(x, -87.0, 88.0);
    precise float n = roundEven(c * 1.44269504);
    precise float r = (c - n * 0.693359375) + n * 2.12194440e-4;
    precise float p = r * 1.9875691500e-4 + 1.3981999507e-3;
    p = p * r + 8.3334519073e-3;
    p = p * r + 4.1665795894e-2;
    p = p * r + 1.6666665459e-1;
    p = p * r + 5.0000001201e-1;
    p = p * (r * r) + (r + 1.0);
    return p * uintBitsToFloat(uint(int(n) + 127) << 23);
}

float sigmoid(float x) {
    return 1.0 / (1.0 + exponential(-x));
}

float softplus(float x) {
    return max(x, 0.0) + portableLog(1.0 + exponential(-abs(x)));
}
