// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/error.h"

#include <memory>
#include <span>
#include <vector>

namespace lx {

/// A Riemannian metric G(z) on a chart of R^D. Immutable; any thread may call any member at the
/// same time. Points travel as rows [N, D].
///
/// Outside the chart (`inside` is false), and wherever G is not a finite number, quadratic forms
/// are +infinity with slope 0 and matrices have +infinity on the diagonal: a solver backs away from
/// there, and no not-a-number ever leaves a metric. Every member throws UsageError when the sizes
/// disagree.
class Metric {
public:
    virtual ~Metric() = default;
    virtual Index dim() const = 0;

    /// z [N, D] -> g [N, D, D], symmetric and positive definite.
    void at(std::span<const double> z, std::span<double> g) const;
    /// value [N] = v' G(z) v and slope [N, D], its exact derivative by z at fixed v; an empty slope
    /// is not computed.
    void quadratic(std::span<const double> z, std::span<const double> v, std::span<double> value,
                   std::span<double> slope = {}) const;
    /// slope [N, D, D, D], slope[n, k] = dG / dz_k. By polarisation of `quadratic`, so exact.
    void derivative(std::span<const double> z, std::span<double> slope) const;
    /// value [N] = log det G(z), -infinity or +infinity where G is not definite; slope [N, D] may
    /// be empty.
    void logDet(std::span<const double> z, std::span<double> value,
                std::span<double> slope = {}) const;
    /// u' G(z) v at one point.
    double inner(std::span<const double> z, std::span<const double> u,
                 std::span<const double> v) const;

    /// Squared length of each step of a path: path [K + 1, D] -> squares [K]; slope [K + 1, D], the
    /// derivative of their sum by the path, may be empty. The midpoint rule, error of order K^-2;
    /// pull-backs measure the chord in the space of observations instead, to the same order and
    /// without a Jacobian.
    void steps(std::span<const double> path, std::span<double> squares,
               std::span<double> slope = {}) const;

    /// z [D] lies in the chart.
    virtual bool inside(std::span<const double> z) const;
    /// Where another chart in which G has the same form suits z better, moves z and the tangent v
    /// [D], which may be empty, there and says true. A second call with `force` moves back.
    virtual bool changeChart(std::span<double> z, std::span<double> v, bool force = false) const;

protected:
    virtual void matrices(const double* z, Index count, double* g) const = 0;
    /// slope null: not wanted.
    virtual void forms(const double* z, const double* v, Index count, double* value,
                       double* slope) const = 0;
    virtual void pathSteps(const double* path, Index steps, double* squares, double* slope) const;
};

using MetricPtr = std::shared_ptr<const Metric>;

}  // namespace lx
