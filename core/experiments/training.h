// SPDX-License-Identifier: GPL-3.0-or-later
// What every family that trains shares: parameters of training, the loop, saving and restoring.
#pragma once

#include "core/experiments/torch_errors.h"
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

/// Adds the loss (series 0), the norm of the gradient, the learning rate and the terms of a step.
void publishStep(const StepResult&, Index step, SeriesSink&, std::uint32_t normSeries,
                 std::uint32_t rateSeries);

/// The task that `make` returns; an error of LibTorch, there or in a slice, leaves as ours.
std::unique_ptr<Task> guardedTask(const char* what, Index step,
                                  const std::function<std::unique_ptr<Task>()>& make);

/// Rows [N, D] of a data set on its own memory, which the caller keeps alive. Nobody writes to it.
Tensor viewOf(const Array&);

/// Weights, moments of the optimiser, averaged weights and the clock: arrays model.*, adam.*,
/// average, clock.
State captureTraining(const Parameters&, const Trainer&);
/// Throws UsageError when an array is missing or has another shape; then nothing has changed.
void restoreTraining(const State&, const Parameters&, Trainer&);

/// The weights that views would use, flat as those of `parameters`: the average where the state has
/// one. Throws UsageError as restoreTraining.
Tensor savedWeights(const State&, const Parameters& parameters);

/// An experiment whose making reports LibTorch's errors as ours.
template <class Make>
std::unique_ptr<Experiment> guardedModel(Make make) {
    return translated("model", 0, [&]() -> std::unique_ptr<Experiment> { return make(); });
}

/// The array `name` of a state. Throws UsageError when it is missing or another.
const Array& required(const State&, const std::string& name, DType, std::span<const Index> shape);

/// A float32 or int64 tensor as an array of its shape.
Array toArray(const Tensor&);
/// [N, columns] float32 or float64 -> float32. Throws UsageError naming `what`.
Tensor toTensor(const Array&, Index columns, const std::string& what);

}  // namespace lx
