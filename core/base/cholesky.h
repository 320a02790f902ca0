// SPDX-License-Identifier: GPL-3.0-or-later
// Small symmetric positive definite matrices, row-major, A = L L'.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace lx {

/// Lower Cholesky factor [D, D], upper part 0. Throws UsageError when `matrix` is not positive
/// definite.
std::vector<double> choleskyFactor(std::span<const double> matrix, std::size_t dim);

/// The same into `factor` [D, D]; false, without an exception, when `matrix` is not positive
/// definite. Only the lower half of `matrix` is read.
bool choleskyInto(std::span<const double> matrix, std::size_t dim, std::span<double> factor);

/// x <- A^-1 x, x [D].
void choleskySolve(std::span<const double> factor, std::span<double> x);
/// x <- L^-1 x.
void choleskyForward(std::span<const double> factor, std::span<double> x);
/// x <- L^-T x.
void choleskyBackward(std::span<const double> factor, std::span<double> x);
/// log det A.
double choleskyLogDet(std::span<const double> factor, std::size_t dim);

}  // namespace lx
