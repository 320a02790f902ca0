// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/array.h"
#include "core/base/key.h"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace lx {

/// A region of high density and its exact share of the mass.
struct Mode {
    std::vector<double> centre;  ///< [dim]
    double weight = 0;
};

/// Holds all but about 1e-12 of the mass of a light-tailed law; for quadrature.
struct Box {
    std::vector<double> lower, upper;  ///< [dim]
};

/// E(x) in nats on R^dim, p(x) = exp(-E(x)) / Z, with its exact gradient and what is known of p.
/// Immutable; any thread may call any member at the same time.
///
/// Outside the support, and wherever a value is not a finite number, the value is +infinity and the
/// gradient 0: a kernel rejects such a point, and no not-a-number ever leaves an energy. A
/// derivative that does not exist as a finite number (sqrt at 0) counts as 0.
class Energy {
public:
    virtual ~Energy() = default;
    virtual Index dim() const = 0;

    /// x [N, D] row-major -> value [N], grad [N, D]; an empty `grad` is not computed. Row i depends
    /// on row i of `x` alone, to the bit. Throws UsageError when the sizes disagree.
    void evaluate(std::span<const double> x, std::span<double> value,
                  std::span<double> grad = {}) const;
    void evaluate(std::span<const float> x, std::span<float> value,
                  std::span<float> grad = {}) const;
    double at(std::span<const double> x) const;

    /// Data rows behind the energy; 0: no minibatch gradient.
    virtual Index dataCount() const { return 0; }
    /// Unbiased estimate of value and gradient from `rows` data rows drawn with replacement by
    /// (key, chain). Sizes as `evaluate`. Throws UsageError when dataCount() is 0.
    virtual void minibatch(Key key, Index rows, std::span<const double> x, std::span<double> value,
                           std::span<double> grad) const;

    /// log of the integral of exp(-E), by formula or by quadrature to about 1e-9; null: not known.
    virtual std::optional<double> logNormaliser() const { return std::nullopt; }
    /// [dim]; null: not known or not finite.
    virtual std::optional<std::vector<double>> mean() const { return std::nullopt; }
    /// [dim, dim]; null: not known or not finite.
    virtual std::optional<std::vector<double>> covariance() const { return std::nullopt; }
    /// Every mode with the mass of the points that `modeOf` gives it; empty: one, or not known.
    virtual std::vector<Mode> modes() const { return {}; }
    /// Index of the mode a point counts for: the nearest centre unless a part knows better; -1
    /// where there are no modes.
    virtual Index modeOf(std::span<const double> x) const;
    /// Density of coordinate `axis` at each of `at`, normalised. In the plane by quadrature over
    /// the box wherever the normaliser is known; null: not known.
    virtual std::optional<std::vector<double>> marginal(Index axis,
                                                        std::span<const double> at) const;

    virtual bool canSample() const { return false; }
    /// Independent exact draws [count, dim]; row i depends on (key, i) alone. Throws UsageError
    /// when canSample() is false.
    virtual std::vector<double> sample(Key key, Index count) const;

    virtual Box box() const = 0;
    /// What a picture should show: four sd about the mean, within the box.
    virtual Box frame() const;
    /// x, y in the plane, x1 .. xD otherwise.
    virtual std::vector<std::string> names() const;
    /// Coordinates people think in, for an energy written in others: z [dim] -> [dim].
    virtual std::vector<double> natural(std::span<const double> z) const;
    virtual std::vector<std::string> naturalNames() const { return names(); }

protected:
    /// grad null: value only. Every size has been checked.
    virtual void compute(const double* x, Index count, double* value, double* grad) const = 0;
    virtual void compute(const float* x, Index count, float* value, float* grad) const = 0;
};

using EnergyPtr = std::shared_ptr<const Energy>;

}  // namespace lx
