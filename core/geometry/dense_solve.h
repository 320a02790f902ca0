// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

namespace lx {

/// Solves the square system by Gauss with pivoting; false when it is singular. rhs [n, columns].
inline bool solveDense(std::vector<double>& a, std::vector<double>& rhs, std::size_t n) {
    const std::size_t columns = rhs.size() / n;
    for (std::size_t c = 0; c < n; ++c) {
        std::size_t p = c;
        for (std::size_t r = c + 1; r < n; ++r) {
            p = std::abs(a[r * n + c]) > std::abs(a[p * n + c]) ? r : p;
        }
        if (!(std::abs(a[p * n + c]) > 0) || !std::isfinite(a[p * n + c])) {
            return false;
        }
        for (std::size_t k = 0; k < n && p != c; ++k) {
            std::swap(a[p * n + k], a[c * n + k]);
        }
        for (std::size_t k = 0; k < columns && p != c; ++k) {
            std::swap(rhs[p * columns + k], rhs[c * columns + k]);
        }
        for (std::size_t r = 0; r < n; ++r) {
            const double share = r != c ? a[r * n + c] / a[c * n + c] : 0;
            for (std::size_t k = c; share != 0 && k < n; ++k) {
                a[r * n + k] -= share * a[c * n + k];
            }
            for (std::size_t k = 0; share != 0 && k < columns; ++k) {
                rhs[r * columns + k] -= share * rhs[c * columns + k];
            }
        }
    }
    for (std::size_t r = 0; r < n; ++r) {
        for (std::size_t k = 0; k < columns; ++k) {
            rhs[r * columns + k] /= a[r * n + r];
        }
    }
    return true;
}

}  // namespace lx
