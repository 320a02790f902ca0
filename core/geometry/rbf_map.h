// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/geometry/smooth_map.h"

namespace lx {

/// Precision that fades away from the data: beta_p(z) = sum_k W_pk exp(-lambda_k |z - c_k|^2) +
/// zeta.
struct RbfParts {
    Index inputs = 0;
    std::vector<double> centres;    ///< c [K, D]
    std::vector<double> bandwidth;  ///< lambda [K], positive
    std::vector<double> weight;     ///< W [P, K], not negative
    double floor = 1e-3;  ///< zeta, positive; below about 1e-3 it makes sigma's slope huge
};

/// sigma(z) = beta(z)^(-1/2), [P]. Ref: arvanitidis2018. Throws UsageError when the parts do not
/// fit.
SmoothMapPtr rbfDeviation(RbfParts);

/// Centres for a decoder's codes and lambda_k = (a x mean distance in cluster k)^-2 / 2, W still
/// empty. codes [N, D]; a about 1 to 2. Centres by k-means from the points farthest from each
/// other, so the same codes give the same centres.
RbfParts rbfCentres(std::span<const double> codes, Index inputs, Index centres, double a = 1.5);

/// The weights W [P, K] under which squared errors [N, P] at codes [N, D] are most likely: they
/// maximise sum_n log beta_p(z_n) - beta_p(z_n) e_np^2, which is concave. Expectation-maximisation
/// over the bumps, so no iteration lowers it and no weight is negative. Throws UsageError when the
/// sizes disagree or an error is negative or not finite.
RbfParts fitPrecision(RbfParts, std::span<const double> codes, std::span<const double> squares,
                      Index iterations = 100);

}  // namespace lx
