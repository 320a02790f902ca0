// SPDX-License-Identifier: GPL-3.0-or-later
// The named mixtures: where the centres lie.
#include "core/base/decls.h"
#include "core/energies/mixture.h"
#include "core/energies/registry.h"

#include <cmath>
#include <numbers>

namespace lx::energies {
namespace {

using namespace decl;

ParamDecl sdOf(double initial) {
    return slider(
        within(live(make("energy.sd", "sd", initial, "of each component, in every direction")),
               1e-3, 100, Scale::Log),
        0.03, 3);
}

EnergyPtr equal(std::vector<double> centres, Index dim, double sd) {
    const std::size_t count = centres.size() / static_cast<std::size_t>(dim);
    return mixtureEnergy(
        {dim, std::move(centres), std::vector<double>(count, 1.0), std::vector<double>(count, sd)});
}

/// `count` points on a circle about 0 in the first two of `dim` axes.
std::vector<double> circle(Index count, Index dim, double radius) {
    std::vector<double> centres(static_cast<std::size_t>(count * dim));
    for (Index k = 0; k < count; ++k) {
        const double angle =
            2 * std::numbers::pi * static_cast<double>(k) / static_cast<double>(count);
        centres[static_cast<std::size_t>(k * dim)] = radius * std::cos(angle);
        centres[static_cast<std::size_t>(k * dim + 1)] = radius * std::sin(angle);
    }
    return centres;
}

/// Two points `separation` apart on the first axis.
std::vector<double> pair(Index dim, double separation) {
    std::vector<double> centres(static_cast<std::size_t>(2 * dim));
    centres[0] = -0.5 * separation;
    centres[static_cast<std::size_t>(dim)] = 0.5 * separation;
    return centres;
}

}  // namespace

EnergySpec ring8() {
    return {"ring8",
            "8 Gaussians on a ring",
            "-",
            {slider(within(live(make("energy.radius", "Radius", 2.0, "of the ring")), 1e-3, 100),
                    0.5, 5),
             sdOf(0.2)},
            [](const ParamSet& p, const EnergyInputs&) -> EnergyPtr {
                return equal(circle(8, 2, number(p, "energy.radius")), 2, number(p, "energy.sd"));
            }};
}

EnergySpec grid25() {
    return {"grid25",
            "25 Gaussians on a grid",
            "-",
            {slider(within(live(make("energy.spacing", "Spacing", 1.0, "between neighbours")), 1e-3,
                           100),
                    0.2, 3),
             sdOf(0.1)},
            [](const ParamSet& p, const EnergyInputs&) -> EnergyPtr {
                std::vector<double> centres;
                for (int i = -2; i <= 2; ++i) {
                    for (int j = -2; j <= 2; ++j) {
                        centres.push_back(number(p, "energy.spacing") * i);
                        centres.push_back(number(p, "energy.spacing") * j);
                    }
                }
                return equal(std::move(centres), 2, number(p, "energy.sd"));
            }};
}

EnergySpec twoModes() {
    return {
        "two-modes",
        "Two unequal modes",
        "-",
        {within(make("energy.dim", "Dimension", Index{2}, "number of coordinates"), 1, 1000),
         slider(within(live(make("energy.separation", "Separation", 8.0, "between the modes")), 0,
                       100),
                0, 12),
         slider(
             within(live(make("energy.weight", "Weight", 0.8, "of the left mode")), 0.001, 0.999),
             0.05, 0.95),
         sdOf(1.0)},
        [](const ParamSet& p, const EnergyInputs&) -> EnergyPtr {
            const Index dim = integer(p, "energy.dim");
            const double weight = number(p, "energy.weight"), sd = number(p, "energy.sd");
            return mixtureEnergy(
                {dim, pair(dim, number(p, "energy.separation")), {weight, 1 - weight}, {sd, sd}});
        }};
}

EnergySpec mixture() {
    return {
        "mixture",
        "Mixture with adjustable separation",
        "-",
        {within(make("energy.components", "Components", Index{3}, "equally weighted"), 2, 64),
         within(make("energy.dim", "Dimension", Index{2}, "number of coordinates"), 1, 1000),
         slider(within(live(make("energy.separation", "Separation", 4.0,
                                 "between neighbouring centres; beyond two they lie on a circle")),
                       0, 100),
                0, 12),
         sdOf(0.6)},
        [](const ParamSet& p, const EnergyInputs&) -> EnergyPtr {
            const Index count = integer(p, "energy.components"), dim = integer(p, "energy.dim");
            const double separation = number(p, "energy.separation");
            if (count == 2) {
                return equal(pair(dim, separation), dim, number(p, "energy.sd"));
            }
            if (dim == 1) {
                std::vector<double> centres;
                for (Index k = 0; k < count; ++k) {
                    centres.push_back(separation * (static_cast<double>(k) -
                                                    0.5 * static_cast<double>(count - 1)));
                }
                return equal(std::move(centres), 1, number(p, "energy.sd"));
            }
            const double radius =
                0.5 * separation / std::sin(std::numbers::pi / static_cast<double>(count));
            return equal(circle(count, dim, radius), dim, number(p, "energy.sd"));
        }};
}

}  // namespace lx::energies
