// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/error.h"

#include <span>
#include <vector>

namespace lx {

/// The Hessian of scale / 2 sum_k delta_k' A_k delta_k over the interior points of a path whose
/// ends are fixed: block-tridiagonal and positive definite. Cost O(K D^3) once, then O(K D^2).
class BlockTridiagonal {
public:
    /// A [K, D, D], positive definite, K >= 2. False when it cannot be factored; solve() then does
    /// nothing.
    bool factor(std::span<const double> a, Index steps, Index dim, double scale);
    /// x [(K - 1) D] <- inverse times x.
    void solve(std::span<double> x) const;

private:
    std::size_t m_dim = 0, m_blocks = 0;
    std::vector<double> m_lower;     ///< [K - 1, D, D] Cholesky factors of the pivots
    std::vector<double> m_coupling;  ///< [K - 2, D, D] blocks below the diagonal
};

}  // namespace lx
