// SPDX-License-Identifier: GPL-3.0-or-later
// Channels that show where particles have been on their way from noise to data.
#pragma once

#include "core/experiments/diffusion/moment.h"
#include "core/experiments/sliced_task.h"

namespace lx::diffusion {

/// Particles on screen: a view draws them anew with every step; at rest one may look at more.
inline constexpr Index kMovingParticles = 1024, kRestingParticles = 10'000;
/// The first so many have their way out beside their way back, and what is expected of them.
inline constexpr Index kFollowedParticles = 40;

/// Shared by the pieces of one look.
struct Look {
    Moment m;
    std::optional<Cloud> own;  ///< the whole way with the present weights, before the clock moves
    const Cloud& cloud() const { return own ? *own : *m.cloud; }
};

Array textArray(std::string_view);

/// `chains_trail`: the ways of the first particles.
void addTrails(SnapshotBuilder&, const Cloud&, const RunData&);
/// `trajectory` of the first `count` particles, in pieces of work of a few milliseconds; once they
/// are data `.forward`, the way of noising that leads from where the first of them end to where
/// they began, and at rest `.clean`, E[x | z] at each time.
void addTrajectory(SlicedTask&, std::shared_ptr<const Look>, Index count);
/// `denoising`: pictures on their way, and below each the clean one, E[x | z], that the denoiser
/// makes of it at that time. A piece of work for each time.
void addDenoising(SlicedTask&, std::shared_ptr<const Look>);

}  // namespace lx::diffusion
