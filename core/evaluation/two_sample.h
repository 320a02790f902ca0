// SPDX-License-Identifier: GPL-3.0-or-later
// How far draws are from a law.
#pragma once

#include "core/energies/energy.h"

#include <span>

namespace lx {

/// The squared maximum mean discrepancy of rows a [N, dim] and b [M, dim] with the mean of the
/// kernels exp(-|x - y|^2 / (2 h^2)): unbiased, so it may lie below 0. Throws UsageError unless
/// both have two rows. Ref: gretton2012, lemma 6.
double squaredMmd(std::span<const double> a, std::span<const double> b, Index dim,
                  std::span<const double> bandwidths);

/// KL of the shares of rows [N, 2] in side x side cells of a box from the masses that the law has
/// there, nats; what lies outside is one cell more. Exact draws score about (cells that hold mass -
/// 1) / (2 N).
double histogramKl(const Energy& law, const Box&, std::span<const double> rows, Index side);

}  // namespace lx
