// SPDX-License-Identifier: GPL-3.0-or-later
// Diffusion models: a denoiser, learned or exact, and the clock that follows it from noise to data.
// Ref: ho2020, song2021.
#include "core/diffusion/score_energy.h"
#include "core/experiments/budget.h"
#include "core/experiments/diffusion/guidance.h"
#include "core/experiments/picture_mask.h"
#include "core/experiments/threads.h"
#include "core/experiments/training.h"
#include "core/nn/random.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

namespace lx::diffusion {
namespace {

constexpr Index kErrorEvery = 100, kErrorRows = 250;

std::shared_ptr<const RunData> runData(const DataLibrary& library, const ParamSet& params,
                                       Key key) {
    auto out = std::make_shared<RunData>();
    out->params = params;
    out->key = key;
    out->mixture = mixtureOf(params);
    std::vector<double> rows;
    if (trains(params)) {
        out->dataset = library.load(params, derive(key, "data"));
        out->dim = out->dataset->dim();
        out->units = unitsOf(*out->dataset);
        rows = trainingRows(*out->dataset, 10'000);
    } else {
        out->dim = out->mixture->dim;
        const auto d = static_cast<std::size_t>(out->dim);
        out->units = {std::vector<double>(d, 1.0), std::vector<double>(d, 0.0)};
        rows = mixtureEnergy(*out->mixture)->sample(derive(key, "data"), 5000);
    }
    out->frame = frameOf(rows, out->dim);
    double square = 0;
    for (const double v : rows) {
        square += v * v / static_cast<double>(rows.size());
    }
    out->spread = std::sqrt(square);
    return out;
}

/// That the network is told of.
Index classesOf(const RunData& data) {
    return guidanceOf(data.params) ? std::ssize(data.dataset->classNames) : 0;
}

/// A net and its training.
class Learner {
public:
    Learner(const RunData& data, Placement place)
        : m_key(data.key),
          m_schedule(scheduleOf(data.params)),
          m_times(trainingTimes(data.params)),
          m_weighting(weightingOf(data.params)),
          m_batch(integer(data.params, "train.batch")),
          m_options(netOptions(data.params, data.dataset->sampleShape, classesOf(data))),
          m_place(place),
          m_net(m_options, place),
          m_rows(viewOf(data.dataset->train).to(place.device)),
          m_trainer((m_net.parameters().initialise(derive(m_key, "init")), m_net.parameters()),
                    optimiserOf(data.params), {{"train", 0, {{"denoiser", "", 1, {}}}}},
                    [this](const Phase&, Index step) { return gradients(step); }) {
        if (m_options.classes > 0) {
            m_labels = viewOf(data.dataset->trainLabels);
            m_drop = number(data.params, "condition.drop");
        }
    }

    Trainer& trainer() { return m_trainer; }
    const Trainer& trainer() const { return m_trainer; }
    const Parameters& parameters() const { return m_net.parameters(); }

    /// The network of this moment; nobody changes it while it is held.
    Denoisers denoisers() const {
        std::shared_ptr<Net> free;
        for (const auto& net : m_pool) {
            if (net.use_count() == 1) {
                free = net;
            }
        }
        if (!free) {
            free = std::make_shared<Net>(m_options, m_place);
            m_pool.push_back(free);
        }
        const at::NoGradGuard off;
        Tensor flat = free->parameters().flat();
        flat.copy_(m_trainer.optimiser().averaged());
        Denoisers out{netDenoiser(free), {}};
        for (Index k = 0; k < m_options.classes; ++k) {
            out.classes.push_back(netDenoiser(free, k));
        }
        return out;
    }

private:
    StepResult gradients(Index step) {
        const Key key = derive(derive(m_key, "train"), static_cast<std::uint64_t>(step));
        const Tensor chosen = below(derive(key, "batch"), m_rows.size(0), m_batch);
        const Tensor x = m_rows.index_select(0, chosen.to(m_rows.device()));
        const Tensor eps = normal(derive(key, "noise"), {m_batch, x.size(1)}).to(x.device());
        const Tensor levels = draw(derive(key, "time")).to(x.device());
        const Tensor alpha = levels.narrow(1, 0, 1), sigma = levels.narrow(1, 1, 1);
        const Tensor z = alpha * x + sigma * eps;
        const at::AutoGradMode on(true);
        const Tensor told =
            m_options.classes > 0 ? classRows(chosen, key).to(x.device()) : Tensor();
        const Tensor error =
            m_net.train(z, alpha, sigma, told) - m_net.wanted(x, eps, alpha, sigma);
        const Tensor weight = levels.narrow(1, 2, 1) * m_net.errorScale(alpha, sigma);
        const Tensor loss = (weight * error.square()).mean();
        StepResult result;
        result.loss = loss.item<double>();
        if (std::isfinite(result.loss)) {
            loss.backward();
        }
        return result;
    }

    /// [B, K] with a 1 at the class of each row; some rows are kept back.
    Tensor classRows(const Tensor& chosen, Key key) const {
        const Tensor labels = m_labels.index_select(0, chosen);
        const Tensor kept =
            uniform(derive(key, "told"), {m_batch}).ge(m_drop).logical_and(labels.ge(0));
        return at::zeros({m_batch, m_options.classes})
            .scatter_(1, labels.clamp_min(0).unsqueeze(1), kept.to(at::kFloat).unsqueeze(1));
    }

    /// alpha, sigma and the weight of each row, [B, 3].
    Tensor draw(Key key) const {
        Tensor out = uniform(key, {m_batch, 3});
        auto* at = out.data_ptr<float>();
        for (Index r = 0; r < m_batch; ++r, at += 3) {
            // One uniform for all rows, spread evenly: the mean over times varies less.
            double u = (static_cast<double>(r) + static_cast<double>(at[0])) /
                       static_cast<double>(m_batch);
            double t = std::lerp(m_schedule->first(), m_schedule->last(), u);
            if (!m_times.empty()) {
                u *= static_cast<double>(m_times.size());
                t = m_times[std::min(static_cast<std::size_t>(u), m_times.size() - 1)];
            }
            const NoiseLevel level = m_schedule->at(t);
            at[0] = static_cast<float>(level.alpha);
            at[1] = static_cast<float>(level.sigma);
            at[2] = static_cast<float>(weight(level, t));
        }
        return out;
    }
    double weight(const NoiseLevel& level, double t) const {
        const double power = level.alpha * level.alpha + level.sigma * level.sigma;
        switch (m_weighting) {
            case Weighting::Simple: return 1;
            case Weighting::MinSnr: return std::min(1.0, 5 / level.snr());
            case Weighting::Velocity: return power * power / (level.alpha * level.alpha);
            case Weighting::Bound: return -0.5 * m_schedule->rate(t).logSnr;
        }
        return 1;
    }

    Key m_key;
    SchedulePtr m_schedule;
    std::vector<double> m_times;
    Weighting m_weighting;
    Index m_batch;
    NetOptions m_options;
    Placement m_place;
    Net m_net;
    Tensor m_rows, m_labels;  ///< labels only where there are classes
    double m_drop = 0;
    Trainer m_trainer;
    mutable std::vector<std::shared_ptr<Net>> m_pool;
};

class DiffusionExperiment final : public Experiment {
public:
    DiffusionExperiment(std::shared_ptr<const RunData> data, Placement place)
        : m_data(std::move(data)),
          m_cloud(processOf(m_data->params), RunData::particles(m_data->key),
                  integer(m_data->params, "sampler.particles"), m_data->dim, m_data->noise()),
          m_guidance(guidanceOf(m_data->params).value_or(Guidance{})) {
        if (trains(m_data->params)) {
            m_learner = std::make_unique<Learner>(*m_data, place);
        } else {
            m_exact = exactDenoisers(*m_data->mixture, guidanceOf(m_data->params).has_value());
        }
    }

    void advance(Clock clock, Budget budget, std::stop_token stop, SeriesSink& sink) override {
        if (clock == Clock::Train) {
            translated("training", step(clock), [&] {
                train(m_learner->trainer(), budget, stop,
                      [&](const StepResult& result) { publish(result, sink); });
            });
            return;
        }
        applyThreads(m_learner ? poolOf(m_learner->parameters()) : Pool::Products);
        translated("diffusion", step(clock), [&] {
            const DenoiserPtr denoiser = followed(now(), m_guidance);
            spend(budget, stop, [&] {
                m_cloud.step(*denoiser);
                publishCloud(sink);
            });
        });
    }
    Index step(Clock clock) const override {
        return clock == Clock::Train ? (m_learner ? m_learner->trainer().steps() : 0)
                                     : m_cloud.steps();
    }
    void set(const cmd::SetParam& change) override {
        if (change.id == "guidance.class") {
            m_guidance.label = std::get<Index>(change.value);
            ++m_news;
        } else if (change.id == "guidance.weight") {
            m_guidance.weight = std::get<double>(change.value);
            ++m_news;
        } else if (isMaskParam(change.id) || change.id == "inpaint.rounds") {
            checkMaskParam(change.id, change.value);
            auto next = std::make_shared<RunData>(*m_data);
            next->params[change.id] = change.value;
            m_data = std::move(next);
            ++m_news;
        } else if (!m_learner ||
                   !setOptimiser(m_learner->trainer().optimiser().options(), change)) {
            throw UsageError("parameter '" + change.id + "' cannot change during a run");
        }
    }
    std::uint64_t news() const noexcept override { return m_news; }
    /// At rest there is time to show more.
    void rest(bool still) override {
        m_resting = still;
        m_news += still ? 1 : 0;
    }
    std::unique_ptr<Task> probe(const cmd::Probe& probe) override {
        const auto answer = probe.kind == "generate"   ? generateTask
                            : probe.kind == "field"    ? fieldTask
                            : probe.kind == "schedule" ? scheduleTask
                                                       : nullptr;
        if (answer == nullptr) {
            return nullptr;
        }
        return guardedTask("probe", step(Clock::Train), [&] { return answer(moment(), probe); });
    }
    std::unique_ptr<Task> observe(std::span<const std::string> channels,
                                  Detail detail) const override {
        return guardedTask("observation", step(Clock::Diffuse),
                           [&] { return observeTask(moment(), channels, detail); });
    }
    State capture() const override {
        State state;
        if (m_learner) {
            state = captureTraining(m_learner->parameters(), m_learner->trainer());
        }
        m_cloud.capture(state);
        return state;
    }
    void restore(const State& state) override {
        Cloud cloud = m_cloud;
        cloud.restore(state);
        if (m_learner) {
            restoreTraining(state, m_learner->parameters(), m_learner->trainer());
        }
        m_cloud = std::move(cloud);
    }
    std::map<std::string, double> metrics(Key key, std::stop_token stop) const override {
        return translated("metrics", step(Clock::Train),
                          [&] { return evaluate(moment(), key, stop); });
    }

private:
    Denoisers now() const { return m_learner ? m_learner->denoisers() : m_exact; }
    Moment moment() const {
        const Denoisers all = now();
        return {m_data,
                all,
                m_guidance,
                followed(all, m_guidance),
                std::make_shared<const Cloud>(m_cloud),
                m_resting};
    }

    /// Series in the order of describe().
    void publish(const StepResult& result, SeriesSink& sink) {
        const Index at = step(Clock::Train);
        publishStep(result, at, sink, 1, 2);
        if (m_data->mixture && at % kErrorEvery == 0) {
            const auto errors =
                scoreErrors(*now().data, m_cloud.process().schedule(), *m_data->mixture,
                            derive(m_data->key, "view.score"), kErrorRows);
            sink.add(3, Clock::Train, at, *std::ranges::max_element(errors.error));
        }
    }
    void publishCloud(SeriesSink& sink) {
        const auto first = static_cast<std::uint32_t>(m_learner ? (m_data->mixture ? 4 : 3) : 0);
        const NoiseLevel level = m_cloud.process().schedule().at(m_cloud.time());
        sink.add(first, Clock::Diffuse, m_cloud.steps(), level.logSnr());
        sink.add(first + 1, Clock::Diffuse, m_cloud.steps(),
                 static_cast<double>(m_cloud.evaluations()));
    }

    std::shared_ptr<const RunData> m_data;
    Cloud m_cloud;
    Guidance m_guidance;
    std::unique_ptr<Learner> m_learner;
    Denoisers m_exact;
    bool m_resting = true;
    std::uint64_t m_news = 0;
};

}  // namespace

EnergyPtr savedEnergy(const DataLibrary& library, const ParamSet& given, Key key,
                      const State& state, double logSnr) {
    const ParamSet params = resolve(describe(library, given).params, given);
    const SchedulePtr schedule = scheduleOf(params);
    const NoiseLevel level = schedule->at(schedule->timeOf(logSnr));
    const auto data = runData(library, params, key);
    if (!trains(params)) {
        return mixtureEnergy(noisy(*data->mixture, level));
    }
    const auto net = std::make_shared<Net>(
        netOptions(params, data->dataset->sampleShape, classesOf(*data)), Placement{});
    const Tensor weights = savedWeights(state, net->parameters());
    const at::NoGradGuard off;
    Tensor(net->parameters().flat()).copy_(weights);
    Box frame = data->frame;
    std::vector<double> origin;
    for (std::size_t i = 0; i < frame.lower.size(); ++i) {
        // z = alpha x + sigma eps
        frame.lower[i] = level.alpha * frame.lower[i] - level.sigma;
        frame.upper[i] = level.alpha * frame.upper[i] + level.sigma;
        origin.push_back(0.5 * (frame.lower[i] + frame.upper[i]));
    }
    return scoreEnergy(netDenoiser(net), level, std::move(origin), std::move(frame));
}

ExperimentSpec spec(std::shared_ptr<const DataLibrary> library, Placement (*place)()) {
    ExperimentSpec out;
    out.id = "diffusion";
    out.title = "Diffusion";
    out.reference = "Ho, Jain and Abbeel 2020; Song et al. 2021";
    out.describe = [library](const ParamSet& given) { return describe(*library, given); };
    out.make = [library, place](const ParamSet& params, Key key) -> std::unique_ptr<Experiment> {
        return guardedModel([&] {
            return std::make_unique<DiffusionExperiment>(runData(*library, params, key), place());
        });
    };
    return out;
}

}  // namespace lx::diffusion
