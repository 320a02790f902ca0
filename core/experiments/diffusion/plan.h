// SPDX-License-Identifier: GPL-3.0-or-later
// What the parameters of a diffusion run say.
#pragma once

#include "core/data/dataset.h"
#include "core/diffusion/prediction.h"
#include "core/diffusion/reverse.h"
#include "core/session/experiment.h"

namespace lx::diffusion {

/// Weight of the squared error of eps at a noise level.
enum class Weighting : std::uint8_t {
    Simple,    ///< 1: the usual loss, and that of score matching with weight sigma^2
    MinSnr,    ///< min(1, 5 / SNR). Ref: hang2023
    Velocity,  ///< (alpha^2 + sigma^2)^2 / alpha^2: the squared error of v
    Bound      ///< -(d log SNR / dt) / 2: the likelihood. Ref: kingma2021
};

/// True: a network is trained; false: the exact denoiser of a mixture takes its place.
bool trains(const ParamSet& params);
SchedulePtr scheduleOf(const ParamSet& params);
ReverseProcess processOf(const ParamSet& params);
Weighting weightingOf(const ParamSet& params);
/// The law of the data where it is a mixture in model units.
std::optional<MixtureParts> mixtureOf(const ParamSet& params);
/// Times at which training looks: [train.levels] of a grid, or empty: all.
std::vector<double> trainingTimes(const ParamSet& params);

/// Class that particles are drawn to, and how strongly: (1 + weight) eps_c - weight eps.
struct Guidance {
    Index label = -1;  ///< -1: all data
    double weight = 0;
};
/// Absent where the run knows no classes.
std::optional<Guidance> guidanceOf(const ParamSet& params);

/// Complete declarations, spaces, channels and series for the choices in `given`.
Description describe(const DataLibrary&, const ParamSet& given);

}  // namespace lx::diffusion
