// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/training.h"

#include "core/base/decls.h"
#include "core/experiments/budget.h"
#include "core/experiments/sliced_task.h"
#include "core/experiments/threads.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace lx {
namespace {

using namespace decl;

/// One copy of a flat buffer; arrays of single tensors share it.
std::shared_ptr<const std::byte[]> bytesOf(const Tensor& flat) {
    const Tensor host = flat.cpu();
    const auto size = static_cast<std::size_t>(host.nbytes());
    const std::shared_ptr<std::byte[]> bytes(new std::byte[size]);
    std::memcpy(bytes.get(), host.data_ptr(), size);
    return bytes;
}

Array flatArray(const Tensor& flat) {
    return {DType::F32, {flat.numel()}, bytesOf(flat)};
}

void fill(const Tensor& target, Index offset, const Array& from) {
    const at::NoGradGuard off;
    auto* values = const_cast<std::byte*>(from.bytes().data());  // only read
    target.narrow(0, offset, from.count()).copy_(at::from_blob(values, {from.count()}, at::kFloat));
}

}  // namespace

std::vector<ParamDecl> trainingParams(const ParamSet& given, const TrainingDefaults& defaults) {
    std::vector<ParamDecl> params;
    params.push_back(
        slider(live(within(make("train.rate", "Learning rate", defaults.rate, "Step size of Adam."),
                           1e-7, 1, Scale::Log)),
               1e-05, 0.01));
    params.push_back(unit(within(make("train.batch", "Batch", defaults.batch,
                                      "Rows drawn, with replacement, for one step."),
                                 1, 8192),
                          "rows"));
    ParamDecl schedule = oneOf(make("train.schedule", "Schedule", defaults.schedule,
                                    "How the learning rate changes: constant, or a half cosine "
                                    "down to zero."),
                               {"constant", "cosine"});
    params.push_back(advanced(schedule));
    if (chosenAs<std::string>(schedule, given) == "cosine") {
        params.push_back(advanced(unit(within(make("train.horizon", "Horizon", defaults.horizon,
                                                   "Step at which the cosine reaches zero."),
                                              1, 1e8),
                                       "steps")));
    }
    params.push_back(advanced(unit(within(make("train.warmup", "Warm-up", Index{0},
                                               "Steps over which the learning rate rises from 0."),
                                          0, 1e6),
                                   "steps")));
    params.push_back(advanced(live(
        within(make("train.clip", "Gradient limit", 0.0,
                    "Largest norm of the gradient; longer ones are shortened to it. 0: no limit."),
               0, 1e9))));
    params.push_back(advanced(live(within(
        make("train.ema", "Weight averaging", defaults.ema,
             "Decay of the running average of the weights that views and checks use. 0: none."),
        0, 0.99999))));
    return params;
}

OptimiserOptions optimiserOf(const ParamSet& params) {
    OptimiserOptions options;
    options.rate = number(params, "train.rate");
    options.schedule = scheduleOf(text(params, "train.schedule"));
    options.warmup = integer(params, "train.warmup");
    options.horizon = options.schedule == Schedule::Cosine ? integer(params, "train.horizon") : 0;
    options.clip = number(params, "train.clip");
    options.ema = number(params, "train.ema");
    return options;
}

bool setOptimiser(OptimiserOptions& options, const cmd::SetParam& change) {
    if (change.id == "train.rate") {
        options.rate = std::get<double>(change.value);
    } else if (change.id == "train.clip") {
        options.clip = std::get<double>(change.value);
    } else if (change.id == "train.ema") {
        options.ema = std::get<double>(change.value);
    } else {
        return false;
    }
    return true;
}

void train(Trainer& trainer, Budget budget, std::stop_token stop,
           const std::function<void(const StepResult&)>& done) {
    applyThreads(poolOf(trainer.parameters()));
    spend(budget, stop, [&] { done(trainer.step()); });
}

void publishStep(const StepResult& result, Index step, SeriesSink& sink, std::uint32_t normSeries,
                 std::uint32_t rateSeries) {
    sink.add(0, Clock::Train, step, result.loss);
    sink.add(normSeries, Clock::Train, step, result.gradientNorm);
    sink.add(rateSeries, Clock::Train, step, result.rate);
    for (const auto& term : result.terms) {
        sink.add(term.series, Clock::Train, step, term.value);
    }
}

std::unique_ptr<Task> guardedTask(const char* what, Index step,
                                  const std::function<std::unique_ptr<Task>()>& make) {
    return translated(what, step, [&] { return guarded(make(), step); });
}

Tensor viewOf(const Array& array) {
    auto* bytes = const_cast<std::byte*>(array.bytes().data());
    return at::from_blob(bytes, at::IntArrayRef(array.shape().data(), array.shape().size()),
                         array.dtype() == DType::I64 ? at::kLong : at::kFloat);
}

State captureTraining(const Parameters& parameters, const Trainer& trainer) {
    State state;
    const auto weights = bytesOf(parameters.flat());
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        const std::shared_ptr<const std::byte[]> part(
            weights, weights.get() + parameters.offset(i) * static_cast<Index>(sizeof(float)));
        state["model." + parameters.options(i).name] =
            Array(DType::F32, parameters.options(i).shape, part);
    }
    const Adam& adam = trainer.optimiser();
    state["adam.first"] = flatArray(adam.first());
    state["adam.second"] = flatArray(adam.second());
    if (adam.average().defined()) {
        state["average"] = flatArray(adam.average());
    }
    state["clock"] = Array({2}, std::vector<Index>{trainer.steps(), adam.updates()});
    return state;
}

const Array& required(const State& state, const std::string& name, DType type,
                      std::span<const Index> shape) {
    const auto found = state.find(name);
    if (found == state.end()) {
        throw UsageError("the saved state has no array '" + name + "'");
    }
    if (found->second.dtype() != type || !std::ranges::equal(found->second.shape(), shape)) {
        throw UsageError("array '" + name + "' of the saved state belongs to another model");
    }
    return found->second;
}

namespace {

std::vector<const Array*> requiredTensors(const State& state, const Parameters& parameters) {
    std::vector<const Array*> tensors;
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        tensors.push_back(&required(state, "model." + parameters.options(i).name, DType::F32,
                                    parameters.options(i).shape));
    }
    return tensors;
}

}  // namespace

Tensor savedWeights(const State& state, const Parameters& parameters) {
    const auto tensors = requiredTensors(state, parameters);
    Tensor out = at::zeros_like(parameters.flat());
    if (state.contains("average")) {
        const std::vector<Index> flat{parameters.flat().numel()};
        fill(out, 0, required(state, "average", DType::F32, flat));
        return out;
    }
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        fill(out, parameters.offset(i), *tensors[i]);
    }
    return out;
}

void restoreTraining(const State& state, const Parameters& parameters, Trainer& trainer) {
    const std::vector<Index> flat{parameters.flat().numel()}, two{2};
    const auto tensors = requiredTensors(state, parameters);
    const Array& first = required(state, "adam.first", DType::F32, flat);
    const Array& second = required(state, "adam.second", DType::F32, flat);
    const Array& clock = required(state, "clock", DType::I64, two);
    const auto counts = clock.values<Index>();
    if (counts[0] < 0 || counts[1] < 0) {
        throw UsageError("array 'clock' of the saved state holds a negative step");
    }
    const Array* average =
        state.contains("average") ? &required(state, "average", DType::F32, flat) : nullptr;

    for (std::size_t i = 0; i < parameters.size(); ++i) {
        fill(parameters.flat(), parameters.offset(i), *tensors[i]);
    }
    Adam& adam = trainer.optimiser();
    fill(adam.first(), 0, first);
    fill(adam.second(), 0, second);
    Tensor averaged;
    if (average != nullptr) {
        averaged = at::empty_like(parameters.flat());
        fill(averaged, 0, *average);
    }
    adam.setAverage(std::move(averaged));
    adam.setUpdates(counts[1]);
    trainer.setSteps(counts[0]);
}

Array toArray(const Tensor& tensor) {
    const Tensor packed = tensor.detach().cpu().contiguous();
    const std::vector<Index> shape(packed.sizes().begin(), packed.sizes().end());
    if (packed.scalar_type() == at::kLong) {
        return {shape, std::span<const Index>(packed.data_ptr<std::int64_t>(),
                                              static_cast<std::size_t>(packed.numel()))};
    }
    const Tensor floats = packed.to(at::kFloat);
    return {shape, std::span<const float>(floats.data_ptr<float>(),
                                          static_cast<std::size_t>(floats.numel()))};
}

Tensor toTensor(const Array& array, Index columns, const std::string& what) {
    const bool real =
        array.defined() && (array.dtype() == DType::F32 || array.dtype() == DType::F64);
    if (!real || array.shape().empty() || array.count() % std::max<Index>(1, columns) != 0 ||
        array.count() != array.dim(0) * columns) {
        throw UsageError(what + " must hold rows of " + std::to_string(columns) +
                         " floating-point numbers");
    }
    auto* bytes = const_cast<std::byte*>(array.bytes().data());
    return at::from_blob(bytes, {array.dim(0), columns},
                         array.dtype() == DType::F32 ? at::kFloat : at::kDouble)
        .to(at::kFloat)
        .clone();
}

}  // namespace lx
