// SPDX-License-Identifier: GPL-3.0-or-later
// What every family that trains shares: parameters of training, the loop, saving and restoring.
#pragma once

#include "core/nn/trainer.h"
#include "core/session/experiment.h"

namespace lx {

struct TrainingDefaults {
    double rate = 1e-3;
    Index batch = 128;
    std::string schedule = "constant";
    Index horizon = 3000;
    double ema = 0;
};
/// Declares train.rate, .batch, .schedule, .horizon (of cosine), .warmup, .clip and .ema.
std::vector<ParamDecl> trainingParams(const ParamSet& given, const TrainingDefaults& = {});
OptimiserOptions optimiserOf(const ParamSet& params);
/// Takes a live parameter of training; false when it is none.
bool setOptimiser(OptimiserOptions&, const cmd::SetParam&);

/// Steps within the budget, at least one; `done` gets the result of each.
void train(Trainer&, Budget, std::stop_token, const std::function<void(const StepResult&)>& done);

/// Weights, moments of the optimiser, averaged weights and the clock: arrays model.*, adam.*,
/// average, clock.
State captureTraining(const Parameters&, const Trainer&);
/// Throws UsageError when an array is missing or has another shape; then nothing has changed.
void restoreTraining(const State&, const Parameters&, Trainer&);
/// The array `name` of a state. Throws UsageError when it is missing or another.
const Array& required(const State&, const std::string& name, DType, std::span<const Index> shape);

/// A float32 or int64 tensor as an array of its shape.
Array toArray(const Tensor&);
/// [N, columns] float32 or float64 -> float32. Throws UsageError naming `what`.
Tensor toTensor(const Array&, Index columns, const std::string& what);

}  // namespace lx
