// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/diagnostics/special_functions.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace lx::diagnostics {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kTiny = 1e-300;

/// Continued fraction of the incomplete beta function, good for x < (a + 1) / (a + b + 2).
double betaFraction(double x, double a, double b) noexcept {
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (std::abs(d) < kTiny ? kTiny : d);
    double f = d;
    // The number of terms grows as the root of the larger parameter.
    const int terms = 200 + static_cast<int>(10 * std::sqrt(std::min(std::max(a, b), 1e12)));
    for (int m = 1; m <= terms; ++m) {
        for (const double term : {m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
                                  -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))}) {
            d = 1 + term * d;
            c = 1 + term / c;
            d = 1 / (std::abs(d) < kTiny ? kTiny : d);
            c = std::abs(c) < kTiny ? kTiny : c;
            f *= c * d;
        }
        if (std::abs(c * d - 1) < 1e-16) {
            break;
        }
    }
    return f;
}

double polynomial(double x, std::initializer_list<double> highestFirst) noexcept {
    double value = 0;
    for (const double coefficient : highestFirst) {
        value = value * x + coefficient;
    }
    return value;
}

}  // namespace

double logGamma(double x) noexcept {
    // Stirling's series above 10, recursion below.
    double shift = 0;
    for (; x < 10; ++x) {
        shift -= std::log(x);
    }
    const double y = 1 / (x * x);
    const double series =
        (1.0 / 12 -
         y * (1.0 / 360 -
              y * (1.0 / 1260 - y * (1.0 / 1680 - y * (1.0 / 1188 - y * 691 / 360360))))) /
        x;
    return shift + (x - 0.5) * std::log(x) - x + 0.5 * std::log(2 * std::numbers::pi) + series;
}

double normalCdf(double x) noexcept {
    return 0.5 * std::erfc(-x / std::numbers::sqrt2);
}

double normalQuantile(double p) noexcept {
    if (!(p >= 0 && p <= 1)) {
        return kNaN;
    }
    const double q = p - 0.5;
    if (std::abs(q) <= 0.425) {
        const double r = 0.180625 - q * q;
        return q *
               polynomial(r, {2509.0809287301226727, 33430.575583588128105, 67265.770927008700853,
                              45921.953931549871457, 13731.693765509461125, 1971.5909503065514427,
                              133.14166789178437745, 3.387132872796366608}) /
               polynomial(r, {5226.495278852545925, 28729.085735721942674, 39307.89580009271061,
                              21213.794301586595867, 5394.1960214247511077, 687.1870074920579083,
                              42.313330701600911252, 1.0});
    }
    const double tail = q < 0 ? p : 1 - p;
    if (tail <= 0) {
        return std::copysign(std::numeric_limits<double>::infinity(), q);
    }
    double r = std::sqrt(-std::log(tail)), value = 0;
    if (r <= 5) {
        r -= 1.6;
        value =
            polynomial(r, {7.7454501427834140764e-4, 0.0227238449892691845833,
                           0.24178072517745061177, 1.27045825245236838258, 3.64784832476320460504,
                           5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734}) /
            polynomial(r, {1.05075007164441684324e-9, 5.475938084995344946e-4,
                           0.0151986665636164571966, 0.14810397642748007459, 0.68976733498510000455,
                           1.6763848301838038494, 2.05319162663775882187, 1.0});
    } else {
        r -= 5;
        value = polynomial(
                    r, {2.01033439929228813265e-7, 2.71155556874348757815e-5,
                        0.0012426609473880784386, 0.026532189526576123093, 0.29656057182850489123,
                        1.7848265399172913358, 5.4637849111641143699, 6.6579046435011037772}) /
                polynomial(
                    r, {2.04426310338993978564e-15, 1.4215117583164458887e-7,
                        1.8463183175100546818e-5, 7.868691311456132591e-4, 0.0148753612908506148525,
                        0.13692988092273580531, 0.59983220655588793769, 1.0});
    }
    return std::copysign(value, q);
}

double betaCdf(double x, double a, double b) noexcept {
    if (!(a > 0 && b > 0) || std::isnan(x)) {
        return kNaN;
    }
    if (x <= 0 || x >= 1) {
        return x <= 0 ? 0.0 : 1.0;
    }
    const double front = std::exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * std::log(x) +
                                  b * std::log1p(-x));
    return x < (a + 1) / (a + b + 2) ? front * betaFraction(x, a, b) / a
                                     : 1 - front * betaFraction(1 - x, b, a) / b;
}

double betaQuantile(double p, double a, double b) noexcept {
    if (!(p >= 0 && p <= 1 && a > 0 && b > 0)) {
        return kNaN;
    }
    if (p == 0 || p == 1) {
        return p;
    }
    // Newton's step where it stays inside the bracket, else the middle.
    double low = 0, high = 1, x = a / (a + b);
    const double norm = logGamma(a + b) - logGamma(a) - logGamma(b);
    for (int i = 0; i < 200 && high - low > 1e-16; ++i) {
        const double excess = betaCdf(x, a, b) - p;
        (excess > 0 ? high : low) = x;
        const double slope = std::exp(norm + (a - 1) * std::log(x) + (b - 1) * std::log1p(-x));
        double next = x - excess / slope;
        if (!(next > low && next < high)) {
            next = 0.5 * (low + high);
        }
        if (std::abs(next - x) <= 1e-15 * x) {
            return next;
        }
        x = next;
    }
    return x;
}

double chiSquareTail(double x, double degrees) noexcept {
    if (!(degrees > 0) || std::isnan(x)) {
        return kNaN;
    }
    if (x <= 0) {
        return 1;
    }
    const double a = degrees / 2, y = x / 2;
    const double front = std::exp(a * std::log(y) - y - logGamma(a));
    if (y < a + 1) {  // series of the lower part
        double term = 1 / a, sum = term;
        for (double n = a + 1; term > sum * 1e-17; ++n) {
            term *= y / n;
            sum += term;
        }
        return 1 - front * sum;
    }
    double b = y + 1 - a, c = 1 / kTiny, d = 1 / b, f = d;
    for (int i = 1; i < 10'000; ++i) {
        const double term = -i * (i - a);
        b += 2;
        d = term * d + b;
        d = 1 / (std::abs(d) < kTiny ? kTiny : d);
        c = b + term / c;
        c = std::abs(c) < kTiny ? kTiny : c;
        f *= c * d;
        if (std::abs(c * d - 1) < 1e-16) {
            break;
        }
    }
    return front * f;
}

double kolmogorovTail(double d, double n) noexcept {
    if (!(n > 0) || std::isnan(d)) {
        return kNaN;
    }
    const double root = std::sqrt(n), t = d * (root + 0.12 + 0.11 / root);
    if (t < 0.2) {
        return 1;  // the series converges slowly there and the tail is 1 to 10 digits
    }
    double sum = 0;
    for (int k = 1; k <= 100; ++k) {
        const double term = 2 * std::exp(-2.0 * k * k * t * t);
        sum += k % 2 != 0 ? term : -term;
        if (term < 1e-17) {
            break;
        }
    }
    return std::clamp(sum, 0.0, 1.0);
}

}  // namespace lx::diagnostics
