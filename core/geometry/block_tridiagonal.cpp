// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/geometry/block_tridiagonal.h"

#include "core/base/cholesky.h"

namespace lx {

bool BlockTridiagonal::factor(std::span<const double> a, Index steps, Index dim, double scale) {
    m_dim = static_cast<std::size_t>(dim);
    m_blocks = static_cast<std::size_t>(steps) - 1;
    const std::size_t d = m_dim, square = d * d;
    m_lower.assign(m_blocks * square, 0);
    m_coupling.assign(m_blocks * square, 0);
    std::vector<double> pivot(square), column(d);
    for (std::size_t k = 0; k < m_blocks; ++k) {
        for (std::size_t i = 0; i < square; ++i) {
            pivot[i] = scale * (a[k * square + i] + a[(k + 1) * square + i]);
        }
        if (k > 0) {
            // Schur complement of the blocks before: pivot -= C P^-1 C'.
            const auto below =
                std::span<const double>(m_coupling).subspan((k - 1) * square, square);
            const auto last = std::span<const double>(m_lower).subspan((k - 1) * square, square);
            for (std::size_t c = 0; c < d; ++c) {
                for (std::size_t r = 0; r < d; ++r) {
                    column[r] = below[c * d + r];
                }
                choleskySolve(last, column);
                for (std::size_t r = 0; r < d; ++r) {
                    for (std::size_t j = 0; j < d; ++j) {
                        pivot[r * d + c] -= below[r * d + j] * column[j];
                    }
                }
            }
        }
        for (std::size_t i = 0; i < square; ++i) {
            m_coupling[k * square + i] = -scale * a[(k + 1) * square + i];
        }
        if (!choleskyInto(pivot, d, std::span(m_lower).subspan(k * square, square))) {
            m_blocks = 0;
            return false;
        }
    }
    return true;
}

void BlockTridiagonal::solve(std::span<double> x) const {
    const std::size_t d = m_dim, square = d * d;
    const auto lower = [&](std::size_t k) {
        return std::span<const double>(m_lower).subspan(k * square, square);
    };
    std::vector<double> term(d);
    for (std::size_t k = 0; k < m_blocks; ++k) {
        const auto row = x.subspan(k * d, d);
        for (std::size_t r = 0; k > 0 && r < d; ++r) {
            for (std::size_t j = 0; j < d; ++j) {
                row[r] -= m_coupling[(k - 1) * square + r * d + j] * x[(k - 1) * d + j];
            }
        }
        choleskySolve(lower(k), row);
    }
    for (std::size_t k = m_blocks; k-- > 1;) {
        std::fill(term.begin(), term.end(), 0.0);
        for (std::size_t r = 0; r < d; ++r) {
            for (std::size_t j = 0; j < d; ++j) {
                term[j] += m_coupling[(k - 1) * square + r * d + j] * x[k * d + r];
            }
        }
        choleskySolve(lower(k - 1), term);
        for (std::size_t j = 0; j < d; ++j) {
            x[(k - 1) * d + j] -= term[j];
        }
    }
}

}  // namespace lx
