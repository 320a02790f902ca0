// SPDX-License-Identifier: GPL-3.0-or-later
// The functions a formula may call, to about 1e-7 where the result is of order 1. Needs
// philox.glsl and functions.glsl.

float notANumber() {
    return uintBitsToFloat(0x7FC00000u);
}

/// exp over the whole range.
float fullExponential(float x) {
    return x > 88.0 ? infinity() : x < -87.0 ? 0.0 : exponential(x);
}

/// Of 0 -infinity, of a negative number not-a-number.
float logarithm(float x) {
    if (!(x > 0.0)) {
        return x == 0.0 ? -infinity() : notANumber();
    }
    return isFinite(x) ? portableLog(max(x, 1.17549435e-38)) : x;
}

float wholePower(float x, int n) {
    float result = 1.0;
    for (uint k = uint(abs(n)); k != 0u; k >>= 1) {
        if ((k & 1u) != 0u) {
            result *= x;
        }
        x *= x;
    }
    return n < 0 ? 1.0 / result : result;
}

float power(float x, float y) {
    if (y == 0.0) {
        return 1.0;
    }
    if (x == 0.0) {
        return y > 0.0 ? 0.0 : infinity();
    }
    if (x < 0.0) {  // defined for whole exponents only
        if (y != floor(y)) {
            return notANumber();
        }
        float size = fullExponential(y * portableLog(-x));
        return fract(0.5 * y) != 0.0 ? -size : size;
    }
    return fullExponential(y * portableLog(x));
}

float logarithmOfOnePlus(float x) {
    precise float u = 1.0 + x;
    if (u == 1.0) {
        return x;
    }
    precise float v = u - 1.0;  // what of x survived in u
    return !(u > 0.0) || !isFinite(u) ? logarithm(u) : portableLog(u) * (x / v);
}

float exponentialMinusOne(float x) {
    if (abs(x) < 0.3) {
        precise float p = 1.0 + x * (0.5 + x * (0.16666667 + x * (4.1666667e-2 +
                          x * (8.3333333e-3 + x * (1.3888889e-3 + x * 1.984127e-4)))));
        return x * p;
    }
    return fullExponential(x) - 1.0;
}

float cubeRoot(float x) {
    if (x == 0.0 || !isFinite(x)) {
        return x;
    }
    float a = abs(x), r = exponential(portableLog(a) / 3.0);
    r -= (r - a / (r * r)) / 3.0;  // one step of Newton's method
    return x < 0.0 ? -r : r;
}

/// vec2(sine, cosine); absolute error below 2e-7 for |x| < 8192.
vec2 sinCos(float x) {
    precise float n = roundEven(x * 0.636619772);
    precise float r = ((x - n * 1.5703125) - n * 4.837512969970703125e-4) - n * 7.549789948768648e-8;
    return sineCosine(r, int(n));
}

/// Angle of (x, y) in (-pi, pi]. The polynomial is Cephes' atanf.
float arcTangent(float y, float x) {
    float a = abs(y), b = abs(x);
    float t = max(a, b) == 0.0 ? 0.0 : min(a, b) / max(a, b), shift = 0.0;
    if (t > 0.41421356) {
        t = (t - 1.0) / (t + 1.0);
        shift = 0.78539816;
    }
    precise float z = t * t;
    precise float angle = shift + (t + t * z * (-3.33329491539e-1 + z * (1.99777106478e-1 +
                                  z * (-1.38776856032e-1 + z * 8.05374449538e-2))));
    angle = a > b ? 1.57079633 - angle : angle;
    angle = x < 0.0 ? 3.14159265 - angle : angle;
    return y < 0.0 ? -angle : angle;
}

float arcSine(float x) {
    return abs(x) > 1.0 ? notANumber() : arcTangent(x, sqrt((1.0 - x) * (1.0 + x)));
}

float hyperbolicSine(float x) {
    if (abs(x) > 1.0) {
        return 0.5 * (fullExponential(x) - fullExponential(-x));
    }
    precise float z = x * x;
    return x * (1.0 + z * (0.16666667 + z * (8.3333333e-3 + z * (1.984127e-4 + z * 2.7557319e-6))));
}

float hyperbolicTangent(float x) {
    return abs(x) > 0.1 ? 2.0 * sigmoid(2.0 * x) - 1.0
                        : x * (1.0 + x * x * (-0.33333333 + x * x * 0.13333333));
}

/// Series about 0, and Abramowitz and Stegun 7.1.26 beyond; absolute error below 2e-7.
float errorFunction(float x) {
    float a = abs(x);
    if (a < 0.5) {
        float z = x * x;
        return 1.12837917 * x *
               (1.0 + z * (-0.33333333 + z * (0.1 + z * (-2.3809524e-2 + z * 4.6296296e-3))));
    }
    float t = 1.0 / (1.0 + 0.3275911 * a);
    float tail = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 +
                 t * 1.061405429))));
    float value = 1.0 - tail * fullExponential(-a * a);
    return x < 0.0 ? -value : value;
}
