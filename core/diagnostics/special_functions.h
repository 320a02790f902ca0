// SPDX-License-Identifier: GPL-3.0-or-later
// Distribution functions that the diagnostics need, in double precision.
#pragma once

#include "core/base/error.h"

namespace lx::diagnostics {

/// Of N(0, 1).
double normalCdf(double x) noexcept;
/// Inverse of normalCdf on [0, 1], relative error about 1e-16; NaN outside. Ref: wichura1988.
double normalQuantile(double p) noexcept;

/// log Gamma(x) for x > 0, relative error about 1e-15. std::lgamma writes a global and races.
double logGamma(double x) noexcept;

/// Regularised incomplete beta function I_x(a, b) for a, b > 0. Ref: lentz1976.
double betaCdf(double x, double a, double b) noexcept;
/// Inverse of betaCdf in x, to about 1e-14.
double betaQuantile(double p, double a, double b) noexcept;

/// P(X >= x) of a chi-square variable.
double chiSquareTail(double x, double degrees) noexcept;

/// P(D > d) that the largest distance between an empirical and the true distribution function
/// exceeds d for n independent draws; n may be an effective size. Ref: stephens1970.
double kolmogorovTail(double d, double n) noexcept;

}  // namespace lx::diagnostics
