// SPDX-License-Identifier: GPL-3.0-or-later
// Experiments without LibTorch, for tests of the session, the window and the command line.
#pragma once

#include "core/session/experiment.h"

#include <span>
#include <vector>

namespace lx::test {

/// Deterministic stand-ins:
/// - `fake-vae`: looks like a VAE with latent space of `latent.dim` units on 28x28 images: all
///   channels, probes and series of resources/docs/channels.md, from closed formulas.
/// - `fake-chain`: two clocks (train and sample) that depend on each other's state.
/// - `fake-fault`: like `fake-chain`, and it fails where `fault.where` says, at call `fault.call`;
///   its probe `endless` works until it is cancelled. Parameter `step_ms` makes steps slow.
std::span<const ExperimentSpec> fakeSpecs();

inline constexpr Index kFakeImage = 28;

/// Smooth blob images [B, 28, 28] in [0, 1] of latent points `z` [B, d]; `sharpness` in (0, 1].
std::vector<float> fakeDecode(std::span<const float> z, Index latentDim, float sharpness);

/// Experiments alive at this moment, in the whole process.
int fakeAlive();

}  // namespace lx::test
