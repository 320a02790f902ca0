// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/key.h"
#include "core/base/params.h"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace lx {

struct Draws {
    std::vector<float> values;         ///< [count, dim]
    std::vector<std::int64_t> labels;  ///< [count]; empty when there are no classes
};

struct Moments {
    std::vector<double> mean;        ///< [dim]
    std::vector<double> covariance;  ///< [dim, dim]
};

/// A known law on R^dim. Immutable; draws depend on the key alone.
class Distribution {
public:
    virtual ~Distribution() = default;
    virtual Index dim() const = 0;
    virtual Draws sample(Key, Index count) const = 0;
    /// Nats; null where no exact density is known.
    virtual std::optional<double> logDensity(std::span<const double> x) const = 0;
    /// Exact, by formula or by quadrature to double precision; null where not known.
    virtual std::optional<Moments> moments() const = 0;
    virtual std::vector<std::string> classNames() const { return {}; }
};

using DistributionPtr = std::shared_ptr<const Distribution>;

/// Equal weights, isotropic components; the label is the component.
/// centres [K, dim], sd > 0. Throws UsageError on an empty or ragged list.
DistributionPtr gaussianMixture(std::vector<double> centres, Index dim, double sd);
DistributionPtr ring8(double radius, double sd);
DistributionPtr grid25(double spacing, double sd);
/// Two equal normal bars at -+separation along one axis of the plane, with sd `sd` along that axis
/// and `length` along the other; the label is the bar. `along`: 0 or 1.
DistributionPtr bars(Index along, double separation, double sd, double length);

/// Points spread along plane curves with isotropic normal noise of standard deviation `sd`; the
/// density is an integral over the curve parameter, taken by quadrature fine against `sd`.
DistributionPtr moons(double radius, double sd);
DistributionPtr swissRoll(double radius, double sd);
DistributionPtr spirals(double radius, double sd);
DistributionPtr rings(double radius, double sd);
/// Von Mises angle with concentration `kappa` about angle 0.
DistributionPtr circleVonMises(double radius, double kappa, double sd);

/// Five bent arms: a ~ N(radius, radialSd^2) along and b ~ N(0, sd^2) across an arm, turned by the
/// arm's angle plus rate exp(r / radius) with r^2 = a^2 + b^2. Others twist by a in place of r,
/// which looks the same but folds the plane where the twist is strong. Ref: johnson2016.
DistributionPtr pinwheel(double radius, double radialSd, double sd, double rate);
/// Uniform on the eight dark squares of a 4 x 4 board over [-radius, radius]^2.
DistributionPtr checkerboard(double radius);
/// x1 ~ N(0, radius^2), x2 = bend (x1^2 - radius^2) + N(0, sd^2).
DistributionPtr banana(double radius, double bend, double sd);
/// v ~ N(0, sd^2), the other coordinates N(0, exp(v)). Ref: neal2003.
DistributionPtr funnel(Index dim, double sd);
/// x = W z + mu + sd e with z ~ N(0, I_latent). W and mu are fixed by (dim, latent) alone, so the
/// yardstick does not change with the seed.
DistributionPtr linearGaussian(Index dim, Index latent, double sd);

}  // namespace lx
