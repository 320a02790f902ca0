// SPDX-License-Identifier: GPL-3.0-or-later
// A trained autoencoder as geometry sees it: plain arrays, copied out of LibTorch once a snapshot.
#pragma once

#include "core/experiments/autoencoder/run_data.h"
#include "core/geometry/registry.h"

namespace lx::autoencoder {

/// E[x | z], [D], by the decoder's weights of now: the mean of a Gaussian decoder, the
/// probabilities of a Bernoulli one. Null unless the decoder has full layers. Throws UsageError
/// when a weight is not a finite number.
SmoothMapPtr decoderMap(const Model&, const ParamSet&);

/// What the model of a moment brings to the metrics of core/geometry: its decoder, the codes of
/// training data with their variances and, for a Gaussian decoder of full layers, a precision
/// network fitted to the errors at those codes. Its sigma has one output for each coordinate up to
/// `kOwnPrecision` of them; above, one precision serves all.
/// `geometry`: the metric's parameters.
MetricInputs metricInputs(const Moment&, const ParamSet& geometry = {});

/// Standard deviation of x given each code z [N, D], the root of the trace of its covariance, [N]:
/// of a Gaussian decoder by the precision network. Not numbers where the decoder gives none.
std::vector<double> decoderDeviation(const MetricInputs&, std::span<const double> z);

inline constexpr Index kOwnPrecision = 16;

}  // namespace lx::autoencoder
