// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/experiments/diffusion/moment.h"

namespace lx::diffusion {

/// What the particles follow: all data, one class, or away from all data towards one class.
/// Ref: ho2022.
DenoiserPtr followed(const Denoisers&, const Guidance&);

/// The exact denoisers of a mixture, each component a class.
Denoisers exactDenoisers(const MixtureParts&, bool classes);
/// The component of class `label` alone.
MixtureParts partOf(const MixtureParts&, Index label);

/// (1 + w) E_c - w E at a level on rows [N, dim]: minus its gradient is the guided score. It is no
/// law that particles would have.
std::vector<double> guidedEnergy(const MixtureParts&, const NoiseLevel&, const Guidance&,
                                 std::span<const double> rows);

/// Learned classes and guided particles against the exact ones. Needs the mixture.
void addGuidance(std::map<std::string, double>& out, const Moment&, Key, std::stop_token);

}  // namespace lx::diffusion
