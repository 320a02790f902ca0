// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/error.h"

#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace lx {

/// A twice differentiable map f: R^D -> R^P, as a decoder's mean or standard deviation. Immutable;
/// any thread may call any member at the same time. All derivatives are exact. Every member throws
/// UsageError when the sizes disagree.
class SmoothMap {
public:
    virtual ~SmoothMap() = default;
    virtual Index inputs() const = 0;
    virtual Index outputs() const = 0;

    /// z [N, D] -> y [N, P].
    void value(std::span<const double> z, std::span<double> y) const;
    /// z, v [N, D] -> J(z) v [N, P]; y [N, P] may be empty.
    void jvp(std::span<const double> z, std::span<const double> v, std::span<double> jv,
             std::span<double> y = {}) const;
    /// z [N, D] -> the Jacobian's columns [N, D, P].
    void jacobian(std::span<const double> z, std::span<double> columns,
                  std::span<double> y = {}) const;
    /// z [N, D], w [N, P] -> J(z)' w [N, D].
    void vjp(std::span<const double> z, std::span<const double> w, std::span<double> out) const;

    /// Given y = f(z) [N, P] and t = J(z) v [N, P], writes the derivatives of a scalar s(y, t) of
    /// each row by y and by t, both [N, P] and zero before. Without v there are no t and tBar.
    using Adjoint = std::function<void(std::span<const double> y, std::span<const double> t,
                                       std::span<double> yBar, std::span<double> tBar)>;
    /// slope [N, D] = d s(f(z), J(z) v) / dz at fixed v; v [N, D] or empty.
    void differentiate(std::span<const double> z, std::span<const double> v, const Adjoint&,
                       std::span<double> slope) const;

    /// A map of which only lengths matter may be swapped for an isometric one with fewer outputs,
    /// so |f(a) - f(b)| and |J v| are unchanged: a linear last layer W becomes R with R'R = W'W.
    /// Null: there is none.
    virtual std::shared_ptr<const SmoothMap> isometric() const { return nullptr; }

protected:
    /// z [N, D]; tangents v [N, K, D] -> y [N, P], t [N, K, P]; K may be 0.
    virtual void forward(const double* z, const double* v, Index count, Index tangents, double* y,
                         double* t) const = 0;
    /// K is 0 or 1 (v null or not).
    virtual void reverse(const double* z, const double* v, Index count, const Adjoint&,
                         double* slope) const = 0;
};

using SmoothMapPtr = std::shared_ptr<const SmoothMap>;

}  // namespace lx
