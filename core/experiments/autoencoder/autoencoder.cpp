// SPDX-License-Identifier: GPL-3.0-or-later
// Autoencoders and variational autoencoders, composed from the parts of parts.cpp.
// Ref: kingma2014, rezende2014.
#include "core/experiments/autoencoder/latent_geometry.h"
#include "core/experiments/training.h"
#include "core/nn/random.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

namespace lx::autoencoder {
namespace {

constexpr Index kHeldOutEvery = 100, kHeldOutRows = 500;

class AutoencoderExperiment final : public Experiment {
public:
    AutoencoderExperiment(DatasetPtr dataset, const ParamSet& params, Key key, Placement place)
        : m_data(std::make_shared<RunData>(std::move(dataset), params, key, place)),
          m_model(params, m_data->context),
          m_pool(params, m_data->context),
          m_geometry(std::make_shared<LatentGeometry>(params)),
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
        translated("training", step(Clock::Train), [&] {
            train(m_trainer, budget, stop,
                  [&](const StepResult& result) { publish(result, sink); });
        });
    }
    Index step(Clock) const override { return m_trainer.steps(); }
    std::uint64_t news() const noexcept override { return m_news; }

    void advancePhase(Clock, const std::string& phase, std::stop_token, SeriesSink& sink) override {
        if (!phase.empty() && !m_trainer.hasPhase(phase)) {
            throw UsageError("this run has no phase '" + phase + "' to step");
        }
        translated("training", step(Clock::Train), [&] { publish(m_trainer.step(phase), sink); });
    }

    void set(const cmd::SetParam& change) override {
        if (setOptimiser(m_trainer.optimiser().options(), change)) {
            return;
        }
        if (m_geometry->set(change)) {
            ++m_news;
            return;
        }
        if (change.id == "decoder.sigma_value") {
            m_sigma = std::get<double>(change.value);
            m_model.likelihood().setSigma(m_sigma);
        } else if (change.id == "objective.beta") {
            m_objective->set(change.id, change.value);
        } else {
            throw UsageError("parameter '" + change.id + "' cannot change during a run");
        }
    }

    std::unique_ptr<Task> probe(const cmd::Probe& probe) override {
        const Index at = step(Clock::Train);
        return guardedTask("probe", at, [&] {
            auto task = m_geometry->probe(moment(), at, probe);
            return task ? std::move(task) : probeTask(moment(), probe);
        });
    }
    std::unique_ptr<Task> observe(std::span<const std::string> channels,
                                  Detail detail) const override {
        const Index at = step(Clock::Train);
        return guardedTask("observation", at, [&] {
            const Moment now = moment();
            auto task = observeTask(now, channels, detail);
            m_geometry->observe(*task, now, at, channels, detail);
            return task;
        });
    }

    State capture() const override { return captureTraining(m_model.parameters(), m_trainer); }
    void restore(const State& state) override {
        restoreTraining(state, m_model.parameters(), m_trainer);
        *m_data->mapCodes = Tensor();
        m_geometry->forget();
    }

    std::map<std::string, double> metrics(Key key, std::stop_token stop) const override {
        return translated("metrics", step(Clock::Train), [&] {
            auto out = evaluate(moment(), key, stop);
            out.merge(m_geometry->metrics(moment(), derive(key, "geometry"), stop));
            return out;
        });
    }

private:
    static std::vector<Stage> plan() { return {{"train", 0, {{"autoencoder", "", 1, {}}}}}; }

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
            noise = m_data->placed(normal(derive(key, "noise"), {m_batch, m_model.noiseUnits()}));
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
        publishStep(result, step, sink, 2, 3);
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
    std::shared_ptr<LatentGeometry> m_geometry;
    std::unique_ptr<Objective> m_objective;
    Index m_batch;
    Trainer m_trainer;
    double m_sigma;
    std::uint64_t m_news = 0;
};

}  // namespace

ExperimentSpec spec(std::shared_ptr<const DataLibrary> library, Placement (*place)()) {
    ExperimentSpec out;
    out.id = "autoencoder";
    out.title = "Autoencoder";
    out.reference = "Kingma and Welling 2014; Rezende, Mohamed and Wierstra 2014";
    out.describe = [library](const ParamSet& given) { return describe(*library, given); };
    out.make = [library, place](const ParamSet& params, Key key) -> std::unique_ptr<Experiment> {
        return guardedModel([&] {
            return std::make_unique<AutoencoderExperiment>(
                library->load(params, derive(key, "data")), params, key, place());
        });
    };
    return out;
}

}  // namespace lx::autoencoder
