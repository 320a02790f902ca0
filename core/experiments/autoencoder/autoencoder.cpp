// SPDX-License-Identifier: GPL-3.0-or-later
// Autoencoders and variational autoencoders, composed from the parts of parts.cpp.
// Ref: kingma2014, rezende2014.
#include "core/experiments/autoencoder/run_data.h"
#include "core/experiments/threads.h"
#include "core/experiments/torch_errors.h"
#include "core/nn/random.h"
#include "core/nn/trainer.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

namespace lx::autoencoder {
namespace {

constexpr Index kHeldOutEvery = 100, kHeldOutRows = 500;

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

class AutoencoderExperiment final : public Experiment {
public:
    AutoencoderExperiment(DatasetPtr dataset, const ParamSet& params, Key key, Placement place)
        : m_data(std::make_shared<RunData>(std::move(dataset), params, key, place)),
          m_model(params, m_data->context),
          m_pool(params, m_data->context),
          m_objective(rowOf(objectives(), text(params, "objective")).make(params)),
          m_batch(integer(params, "train.batch")),
          m_trainer((m_model.parameters().initialise(derive(key, "init")), m_model.parameters()),
                    optimiserOf(params), plan(),
                    [this](const Phase&, Index step) { return gradients(step); }),
          m_sigma(params.contains("decoder.sigma_value") ? number(params, "decoder.sigma_value")
                                                         : 0.0) {
        if (m_model.likelihood().binary()) {
            requireUnitRange();
        }
    }

    void advance(Clock, Budget budget, std::stop_token stop, SeriesSink& sink) override {
        applyThreads();
        translated("training", step(Clock::Train), [&] {
            const auto start = std::chrono::steady_clock::now();
            Index done = 0;
            do {
                publish(m_trainer.step(), sink);
                ++done;
            } while (done < budget.maxSteps && !stop.stop_requested() &&
                     (budget.maxTime.count() <= 0 ||
                      std::chrono::steady_clock::now() - start < budget.maxTime));
        });
    }
    Index step(Clock) const override { return m_trainer.steps(); }

    void advancePhase(Clock, const std::string& phase, std::stop_token, SeriesSink& sink) override {
        if (!phase.empty() && !m_trainer.hasPhase(phase)) {
            throw UsageError("this run has no phase '" + phase + "' to step");
        }
        translated("training", step(Clock::Train), [&] { publish(m_trainer.step(phase), sink); });
    }

    void set(const cmd::SetParam& change) override {
        auto& options = m_trainer.optimiser().options();
        if (change.id == "train.rate") {
            options.rate = std::get<double>(change.value);
        } else if (change.id == "train.clip") {
            options.clip = std::get<double>(change.value);
        } else if (change.id == "train.ema") {
            options.ema = std::get<double>(change.value);
        } else if (change.id == "decoder.sigma_value") {
            m_sigma = std::get<double>(change.value);
            m_model.likelihood().setSigma(m_sigma);
        } else if (change.id == "objective.beta") {
            m_objective->set(change.id, change.value);
        } else {
            throw UsageError("parameter '" + change.id + "' cannot change during a run");
        }
    }

    std::unique_ptr<Task> probe(const cmd::Probe& probe) override {
        return translated("probe", step(Clock::Train),
                          [&] { return guarded(probeTask(moment(), probe)); });
    }
    std::unique_ptr<Task> observe(std::span<const std::string> channels,
                                  Detail detail) const override {
        return translated("observation", step(Clock::Train),
                          [&] { return guarded(observeTask(moment(), channels, detail)); });
    }

    State capture() const override;
    void restore(const State&) override;

    std::map<std::string, double> metrics(Key key, std::stop_token stop) const override {
        return translated("metrics", step(Clock::Train),
                          [&] { return evaluate(moment(), key, stop); });
    }

private:
    static std::vector<Stage> plan() { return {{"train", 0, {{"autoencoder", "", 1, {}}}}}; }

    /// A task whose slices report LibTorch's errors as ours.
    std::unique_ptr<Task> guarded(std::unique_ptr<Task> task) const {
        struct Guard final : Task {
            std::unique_ptr<Task> inner;
            Index at = 0;
            bool advance(Budget budget, std::stop_token stop, SnapshotBuilder& out) override {
                return translated("view", at, [&] { return inner->advance(budget, stop, out); });
            }
        };
        if (!task) {
            return nullptr;
        }
        auto guard = std::make_unique<Guard>();
        guard->inner = std::move(task);
        guard->at = step(Clock::Train);
        return guard;
    }

    void requireUnitRange() const {
        const at::NoGradGuard off;
        const double low = m_data->train.min().item<double>();
        const double high = m_data->train.max().item<double>();
        if (low < 0 || high > 1) {
            throw UsageError(
                "dec.bernoulli needs data between 0 and 1; set data.scale=unit or "
                "decoder=dec.gauss");
        }
    }

    StepResult gradients(Index step) {
        const Key key = derive(derive(m_data->key, "train"), static_cast<std::uint64_t>(step));
        const Tensor rows =
            m_data->placed(below(derive(key, "batch"), m_data->train.size(0), m_batch));
        const Tensor x = m_model.prepared(m_data->train.index_select(0, rows));
        Tensor noise;
        if (m_model.stochastic()) {
            noise = m_data->placed(normal(derive(key, "noise"), {m_batch, m_data->context.latent}));
        }
        const at::AutoGradMode on(true);
        const Losses losses = m_model.train(x, noise);
        const Tensor loss = m_objective->loss(losses.reconstruction, losses.divergence, step);
        StepResult result;
        result.lossName = "loss";
        result.loss = loss.item<double>();
        result.terms.push_back({1, losses.reconstruction.mean().item<double>()});
        if (losses.divergence.defined()) {
            result.terms.push_back({4, losses.divergence.mean().item<double>()});
        }
        if (std::isfinite(result.loss)) {
            loss.backward();
        }
        return result;
    }

    /// Series in the order of describe().
    void publish(const StepResult& result, SeriesSink& sink) {
        const Index step = m_trainer.steps();
        sink.add(0, Clock::Train, step, result.loss);
        for (const auto& term : result.terms) {
            sink.add(term.series, Clock::Train, step, term.value);
        }
        sink.add(2, Clock::Train, step, result.gradientNorm);
        sink.add(3, Clock::Train, step, result.rate);
        if (step % kHeldOutEvery == 0) {
            const HeldOut terms =
                heldOut(*m_data, *moment().model, kHeldOutRows, derive(m_data->key, "view.bound"));
            if (m_model.stochastic()) {
                sink.add(5, Clock::Train, step, -(terms.reconstruction + terms.divergence));
            } else {
                sink.add(4, Clock::Train, step, terms.reconstruction);
            }
        }
    }

    Moment moment() const {
        return {m_data, m_pool.take(m_trainer.optimiser().averaged(), m_sigma)};
    }

    std::shared_ptr<RunData> m_data;
    Model m_model;
    mutable ModelPool m_pool;
    std::unique_ptr<Objective> m_objective;
    Index m_batch;
    Trainer m_trainer;
    double m_sigma;
};

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

State AutoencoderExperiment::capture() const {
    const Parameters& parameters = m_model.parameters();
    State state;
    const auto weights = bytesOf(parameters.flat());
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        const std::shared_ptr<const std::byte[]> part(
            weights, weights.get() + parameters.offset(i) * static_cast<Index>(sizeof(float)));
        state["model." + parameters.options(i).name] =
            Array(DType::F32, parameters.options(i).shape, part);
    }
    const Adam& adam = m_trainer.optimiser();
    state["adam.first"] = flatArray(adam.first());
    state["adam.second"] = flatArray(adam.second());
    if (adam.average().defined()) {
        state["average"] = flatArray(adam.average());
    }
    state["clock"] = Array({2}, std::vector<Index>{m_trainer.steps(), adam.updates()});
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

void fill(const Tensor& target, Index offset, const Array& from) {
    const at::NoGradGuard off;
    auto* values = const_cast<std::byte*>(from.bytes().data());  // only read
    target.narrow(0, offset, from.count()).copy_(at::from_blob(values, {from.count()}, at::kFloat));
}

void AutoencoderExperiment::restore(const State& state) {
    const Parameters& parameters = m_model.parameters();
    const std::vector<Index> flat{parameters.flat().numel()}, two{2};
    std::vector<const Array*> tensors;
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        tensors.push_back(&required(state, "model." + parameters.options(i).name, DType::F32,
                                    parameters.options(i).shape));
    }
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
    Adam& adam = m_trainer.optimiser();
    fill(adam.first(), 0, first);
    fill(adam.second(), 0, second);
    Tensor averaged;
    if (average != nullptr) {
        averaged = at::empty_like(parameters.flat());
        fill(averaged, 0, *average);
    }
    adam.setAverage(std::move(averaged));
    *m_data->mapCodes = Tensor();
    adam.setUpdates(counts[1]);
    m_trainer.setSteps(counts[0]);
}

}  // namespace

ExperimentSpec spec(std::shared_ptr<const DataLibrary> library, Placement (*place)()) {
    ExperimentSpec out;
    out.id = "autoencoder";
    out.title = "Autoencoder";
    out.reference = "Kingma and Welling 2014; Rezende, Mohamed and Wierstra 2014";
    out.describe = [library](const ParamSet& given) { return describe(*library, given); };
    out.make = [library, place](const ParamSet& params, Key key) -> std::unique_ptr<Experiment> {
        return translated("model", 0, [&]() -> std::unique_ptr<Experiment> {
            return std::make_unique<AutoencoderExperiment>(
                library->load(params, derive(key, "data")), params, key, place());
        });
    };
    return out;
}

}  // namespace lx::autoencoder
