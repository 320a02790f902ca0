// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/cholesky.h"

#include "core/base/error.h"

#include <cmath>

namespace lx {
namespace {

/// Row at which the factor breaks down, or dim.
std::size_t factorise(std::span<const double> matrix, std::size_t dim, std::span<double> l) {
    for (std::size_t i = 0; i < dim; ++i) {
        for (std::size_t j = 0; j < dim; ++j) {
            double sum = j <= i ? matrix[i * dim + j] : 0;
            for (std::size_t k = 0; k < j && j <= i; ++k) {
                sum -= l[i * dim + k] * l[j * dim + k];
            }
            if (j != i) {
                l[i * dim + j] = j < i ? sum / l[j * dim + j] : 0;
            } else if (sum > 0 && std::isfinite(sum)) {
                l[i * dim + i] = std::sqrt(sum);
            } else {
                return i;
            }
        }
    }
    return dim;
}

}  // namespace

std::vector<double> choleskyFactor(std::span<const double> matrix, std::size_t dim) {
    if (matrix.size() != dim * dim) {
        throw UsageError("a matrix of " + std::to_string(matrix.size()) +
                         " entries does not fit dimension " + std::to_string(dim));
    }
    std::vector<double> l(dim * dim);
    if (const std::size_t row = factorise(matrix, dim, l); row < dim) {
        throw UsageError("the matrix is not positive definite at row " + std::to_string(row + 1));
    }
    return l;
}

bool choleskyInto(std::span<const double> matrix, std::size_t dim, std::span<double> factor) {
    return factorise(matrix, dim, factor) == dim;
}

void choleskyForward(std::span<const double> factor, std::span<double> x) {
    const std::size_t dim = x.size();
    for (std::size_t i = 0; i < dim; ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            x[i] -= factor[i * dim + j] * x[j];
        }
        x[i] /= factor[i * dim + i];
    }
}

void choleskyBackward(std::span<const double> factor, std::span<double> x) {
    const std::size_t dim = x.size();
    for (std::size_t i = dim; i-- > 0;) {
        for (std::size_t j = i + 1; j < dim; ++j) {
            x[i] -= factor[j * dim + i] * x[j];
        }
        x[i] /= factor[i * dim + i];
    }
}

void choleskySolve(std::span<const double> factor, std::span<double> x) {
    choleskyForward(factor, x);
    choleskyBackward(factor, x);
}

double choleskyLogDet(std::span<const double> factor, std::size_t dim) {
    double sum = 0;
    for (std::size_t k = 0; k < dim; ++k) {
        sum += 2 * std::log(factor[k * dim + k]);
    }
    return sum;
}

}  // namespace lx
