// SPDX-License-Identifier: GPL-3.0-or-later
// Energy-based models: a network whose output is -log p up to a constant. Ref: du2019.
#include "core/experiments/budget.h"
#include "core/experiments/energy/moment.h"
#include "core/experiments/energy/negatives.h"
#include "core/experiments/picture_mask.h"
#include "core/experiments/threads.h"
#include "core/experiments/training.h"
#include "core/nn/random.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <cmath>
#include <deque>

namespace lx::learned {
namespace {

constexpr Index kKeepEvery = 100;
constexpr std::size_t kKept = 3;
constexpr Index kTrails = 16;

constexpr Index kOverlapEvery = 20, kAccuracyEvery = 100;

/// Data, negatives and network have run apart.
struct GuardError : NumericalError {
    using NumericalError::NumericalError;
};

std::shared_ptr<const RunData> runData(const DataLibrary& library, const ParamSet& params,
                                       Key key) {
    auto out = std::make_shared<RunData>();
    out->params = params;
    out->key = key;
    out->dataset = library.load(params, derive(key, "data"));
    out->mixture = mixtureOfData(params);
    out->dim = out->dataset->dim();
    out->units = unitsOf(*out->dataset);
    out->choices = choicesOf(params, library.shape(params));
    const auto d = static_cast<std::size_t>(out->dim);
    out->frame = {std::vector<double>(d, out->choices.low),
                  std::vector<double>(d, out->choices.high)};
    if (out->dim == 2 && text(params, "data.scale") == "none") {
        out->law = trueEnergy(*out->dataset, out->frame, RunData::kSide);
        out->lawKnown = !out->law.empty();
    }
    return out;
}

OptimiserOptions optimiserFor(const ParamSet& params) {
    OptimiserOptions options = optimiserOf(params);
    options.beta1 = valueOr(params, "train.beta1", options.beta1);
    return options;
}

class EnergyExperiment final : public EnergyRun {
public:
    EnergyExperiment(std::shared_ptr<const RunData> data, Placement place)
        : m_data(std::move(data)),
          m_choices(m_data->choices),
          m_network(makeNetwork(m_parameters, m_choices)),
          m_trainer(prepared(place), optimiserFor(m_data->params),
                    {{"train", 0, {{"energy", "", 1, {}}}}},
                    [this](const Phase&, Index step) { return gradients(step); }) {
        m_rows = viewOf(m_data->dataset->train).to(place.device);
        if (m_choices.classes > 0) {
            const auto labels = m_data->dataset->trainLabels.values<std::int64_t>();
            m_labels = at::tensor(at::ArrayRef<std::int64_t>(labels.data(), labels.size()));
        }
        if (chains()) {
            m_negatives.emplace(m_choices, m_data->dim, derive(m_data->key, "negatives"));
        }
        m_rate = m_trainer.optimiser().options().rate;
    }

    void advance(Clock clock, Budget budget, std::stop_token stop, SeriesSink& sink) override {
        if (clock == Clock::Sample) {
            applyThreads(poolOf(m_parameters));
            const EnergyPtr shown = energy();
            spend(budget, stop, [&] { m_negatives->advance(shown); });
            return;
        }
        translated("training", step(Clock::Train), [&] {
            try {
                train(m_trainer, budget, stop,
                      [&](const StepResult& result) { publish(result, sink); });
            } catch (const NumericalError& error) {
                const Index failed = step(Clock::Train);
                if (!rollBack()) {
                    throw;
                }
                m_note = "rolled back at step " + std::to_string(failed) +
                         " to the last good weights, with half the learning rate and new chains: " +
                         error.what();
            }
        });
    }
    Index step(Clock clock) const override {
        return clock == Clock::Sample && m_negatives ? m_negatives->advances() : m_trainer.steps();
    }
    EnergyPtr energy() const override {
        return energyOf(m_parameters, m_trainer.optimiser().averaged(), m_choices);
    }
    std::uint64_t news() const noexcept override { return m_news; }
    std::string takeNote() override { return std::exchange(m_note, {}); }

    void set(const cmd::SetParam& change) override {
        const auto value = [&] { return std::get<double>(change.value); };
        if (change.id == "train.rate") {
            m_rate = value();
            scaleRate();
        } else if (setOptimiser(m_trainer.optimiser().options(), change)) {
            return;
        } else if (change.id == "train.beta1") {
            m_trainer.optimiser().options().beta1 = value();
        } else if (isMaskParam(change.id)) {
            checkMaskParam(change.id, change.value);
            auto next = std::make_shared<RunData>(*m_data);
            next->params[change.id] = change.value;
            m_data = std::move(next);
            ++m_news;
        } else if (change.id == "negatives.drift" && m_negatives) {
            m_negatives->choices().drift = value();
        } else if (change.id == "negatives.slope" && m_negatives) {
            m_negatives->choices().slope = value();
        } else if (change.id == "samples.class" && m_negatives) {
            m_negatives->choices().told = std::get<Index>(change.value);
        } else if (change.id == "samples.steps") {
            m_choices.sampleSteps = std::get<Index>(change.value);
        } else if (change.id == "objective.square") {
            m_choices.square = value();
        } else if (change.id == "objective.gradient") {
            m_choices.gradient = value();
        } else if (change.id == "guard.gap") {
            m_choices.gap = value();
        } else if (change.id == "guard.ess") {
            m_choices.ess = value();
        } else if (change.id == "guard.displacement") {
            m_choices.mobility = value();
        } else if (change.id == "negatives.steps" && m_negatives) {
            m_negatives->choices().steps = std::get<Index>(change.value);
        } else if (change.id == "negatives.noise" && m_negatives) {
            m_negatives->choices().noise = value();
        } else if (change.id == "negatives.reset" && m_negatives) {
            m_negatives->choices().reset = value();
        } else {
            throw UsageError("parameter '" + change.id + "' cannot change during a run");
        }
    }
    std::unique_ptr<Task> probe(const cmd::Probe& probe) override {
        if (probe.kind != "generate") {
            return nullptr;
        }
        return guardedTask("probe", step(Clock::Train),
                           [&] { return generateTask(moment(false), probe); });
    }
    std::unique_ptr<Task> observe(std::span<const std::string> channels,
                                  Detail detail) const override {
        return guardedTask("observation", step(Clock::Train), [&] {
            const bool trails = std::ranges::find(channels, "chains_trail") != channels.end();
            return observeTask(moment(trails), channels, detail);
        });
    }
    State capture() const override {
        State state = captureTraining(m_parameters, m_trainer);
        if (m_negatives) {
            m_negatives->capture(state);
        }
        state["guard"] = Array({2}, std::vector<double>{static_cast<double>(m_rollbacks), m_scale});
        return state;
    }
    void restore(const State& state) override {
        const std::vector<Index> two{2};
        const auto guard = required(state, "guard", DType::F64, two).values<double>();
        if (m_negatives) {
            Negatives(m_choices, m_data->dim, {}).restore(state);  // throws before anything changes
        }
        restoreTraining(state, m_parameters, m_trainer);
        if (m_negatives) {
            m_negatives->restore(state);
        }
        m_rollbacks = static_cast<Index>(guard[0]);
        m_scale = guard[1];
        scaleRate();
        m_good.clear();
    }
    std::map<std::string, double> metrics(Key key, std::stop_token stop) const override {
        return translated("metrics", step(Clock::Train),
                          [&] { return evaluate(moment(false), key, stop); });
    }

private:
    bool chains() const { return m_choices.objective == Objective::Likelihood; }
    Parameters& prepared(Placement place) {
        m_parameters.allocate(at::kFloat, place);
        m_parameters.initialise(derive(m_data->key, "init"));
        return m_parameters;
    }
    void scaleRate() { m_trainer.optimiser().options().rate = m_rate * m_scale; }

    Moment moment(bool trails) const {
        Moment out{m_data, energy(), {}, {}, {}, 0};
        out.now = m_choices;
        if (m_negatives) {
            out.now = m_negatives->choices();
            out.now.sampleSteps = m_choices.sampleSteps;
            out.negatives.assign(m_negatives->store().begin(), m_negatives->store().end());
            out.ages.assign(m_negatives->ages().begin(), m_negatives->ages().end());
            if (trails) {
                out.paths = m_negatives->paths(kTrails);
                out.pathCount = std::ssize(out.paths) / (m_negatives->pathPoints() * m_data->dim);
            }
        }
        return out;
    }

    StepResult gradients(Index step) {
        const Key key = derive(derive(m_data->key, "train"), static_cast<std::uint64_t>(step));
        const Tensor chosen = below(derive(key, "batch"), m_rows.size(0), m_choices.batch);
        const Tensor x = m_rows.index_select(0, chosen.to(m_rows.device()));
        const at::AutoGradMode on(true);
        return chains() ? likelihood(x, chosen, step) : score(x, derive(key, "noise"));
    }

    /// For derivatives of derivatives, which the networks' own backward passes do not have.
    void leaveGradientsToAutograd() {
        for (std::size_t i = 0; i < m_parameters.size(); ++i) {
            if (m_parameters.claim(i)) {
                m_parameters.gradient(i).zero_();
            }
        }
    }

    /// x with the one-hot classes that its network is told behind it.
    Tensor told(const Tensor& x, const Tensor& labels) const {
        return m_choices.classes == 0
                   ? x
                   : at::cat({x, at::one_hot(labels, m_choices.classes).to(x.options())}, 1);
    }

    /// The negatives of a step, with their classes: from chains, and data under a wrong class.
    Tensor negativesFor(const Tensor& x, const Tensor& labels, std::span<const float> drawn,
                        Key key) const {
        const Index walkers = m_choices.walkers(), wrong = m_choices.batch - walkers;
        const Tensor walked = at::from_blob(const_cast<float*>(drawn.data()),
                                            {walkers, m_data->dim}, at::kFloat)  // only read
                                  .to(x.device());
        if (m_choices.classes == 0) {
            return walked;
        }
        const auto own = m_negatives->labels();
        const Tensor classes = at::tensor(at::ArrayRef<std::int64_t>(own.data(), own.size()));
        const Tensor rows = told(walked, classes.to(x.device()));
        if (wrong == 0) {
            return rows;
        }
        const Tensor others =
            at::remainder(labels.narrow(0, 0, wrong) + 1 + below(key, m_choices.classes - 1, wrong),
                          m_choices.classes);
        return at::cat({rows, told(x.narrow(0, 0, wrong), others.to(x.device()))});
    }

    StepResult likelihood(const Tensor& x, const Tensor& chosen, Index step) {
        const auto current = energyOf(m_parameters, m_parameters.flat(), m_choices);
        const double overlap = step % kOverlapEvery == 0 && !m_choices.pictures()
                                   ? m_negatives->overlap(*current)
                                   : std::nan("");
        const auto drawn = m_negatives->draw(current, step);
        const Tensor labels = m_choices.classes > 0 ? m_labels.index_select(0, chosen) : Tensor();
        const Tensor negatives =
            negativesFor(x, labels, drawn,
                         derive(derive(m_data->key, "wrong"), static_cast<std::uint64_t>(step)));
        const bool sloped = m_choices.gradient > 0;
        const Tensor rows = at::cat({told(x, labels), negatives}).requires_grad_(sloped);
        if (sloped) {
            leaveGradientsToAutograd();
        }
        const Tensor e = (sloped ? m_network->forward(rows) : m_network->train(rows)).squeeze(1);
        const Tensor data = e.narrow(0, 0, m_choices.batch),
                     chain = e.narrow(0, m_choices.batch, m_choices.batch);
        const Tensor gap = data.mean() - chain.mean();
        Tensor loss = gap + 2 * m_choices.square * e.square().mean();
        if (sloped) {
            const Tensor slope = torch::autograd::grad({e.sum()}, {rows}, {}, true, true)[0];
            loss =
                loss + m_choices.gradient * slope.narrow(1, 0, m_data->dim).square().sum(1).mean();
        }
        StepResult result;
        result.lossName = "loss";
        result.loss = loss.item<double>();
        const double apart = gap.item<double>();
        watchChains(step, overlap);
        if (m_choices.gap > 0 && std::isfinite(apart) && std::abs(apart) > m_choices.gap) {
            throw GuardError("the energy gap of data and negatives", step,
                             "is " + format(std::round(apart)) +
                                 " nats, beyond guard.gap=" + format(m_choices.gap) +
                                 "; lower train.rate, or raise objective.square or "
                                 "negatives.steps");
        }
        result.terms = {{3, apart},
                        {4, e.abs().mean().item<double>()},
                        {5, m_negatives->displacement()},
                        {6, static_cast<double>(m_rollbacks)}};
        if (std::isfinite(overlap)) {
            result.terms.push_back({7, overlap});
        }
        if (m_choices.classes > 0 && step % kAccuracyEvery == 0) {
            const auto& energy = dynamic_cast<const PictureEnergy&>(*current);
            result.terms.push_back({8, accuracy(energy, *m_data->dataset, 200)});
        }
        if (std::isfinite(result.loss)) {
            loss.backward();
        }
        m_gap = apart;
        return result;
    }

    /// Chains that cannot follow the network, stand still, or are thrown about. Throws GuardError.
    void watchChains(Index step, double overlap) const {
        if (overlap < m_choices.ess) {  // false where it is not known
            throw GuardError("the ESS of the negatives", step,
                             "is " + format(std::round(1000 * overlap) / 1000) +
                                 " of their number, below guard.ess=" + format(m_choices.ess) +
                                 ": the network runs ahead of its chains; lower train.rate, or "
                                 "raise negatives.steps");
        }
        const double mobility = m_negatives->mobility(), most = m_choices.mobility;
        if (most > 0 && std::isfinite(mobility) && (mobility > most || mobility < 1 / most)) {
            const bool fast = mobility > 1;
            throw GuardError(
                "the displacement of the negatives", step,
                "is " + format(std::round(1000 * mobility) / 1000) +
                    " of that of free chains, beyond guard.displacement=" + format(most) +
                    (fast ? ": the energy is too steep for the step; lower "
                            "negatives.noise or train.rate"
                          : ": the chains stand still; lower train.rate, or raise "
                            "negatives.noise"));
        }
    }

    /// mean |sigma grad E(x + sigma eps) - eps|^2 / 2: -grad E becomes the score of the blurred
    /// data.
    StepResult score(const Tensor& x, Key key) {
        const Tensor eps = normal(key, {x.size(0), x.size(1)}).to(x.device());
        const Tensor z = (x + m_choices.sigma * eps).requires_grad_(true);
        leaveGradientsToAutograd();
        const Tensor e = m_network->forward(z).sum();
        const Tensor slope = torch::autograd::grad({e}, {z}, {}, true, true)[0];
        const Tensor loss = 0.5 * (m_choices.sigma * slope - eps).square().mean();
        StepResult result;
        result.loss = loss.item<double>();
        if (std::isfinite(result.loss)) {
            loss.backward();
        }
        return result;
    }

    /// Series in the order of describe().
    void publish(const StepResult& result, SeriesSink& sink) {
        const Index at = step(Clock::Train);
        publishStep(result, at, sink, 1, 2);
        if (chains() && at % kKeepEvery == 0 &&
            (m_choices.gap <= 0 || std::abs(m_gap) < 0.25 * m_choices.gap)) {
            m_good.push_back(captureTraining(m_parameters, m_trainer));
            if (m_good.size() > kKept) {
                m_good.pop_front();
            }
        }
    }

    /// To the last weights whose gap was small, with new chains and half the rate; each is used
    /// once. The step that failed counts. False: there are none, or enough were tried.
    bool rollBack() {
        if (m_good.empty() || m_rollbacks >= m_choices.rollbacks) {
            return false;
        }
        const Index failed = m_trainer.steps();
        restoreTraining(m_good.back(), m_parameters, m_trainer);
        m_good.pop_back();
        m_trainer.setSteps(failed + 1);
        m_negatives->restart(failed);
        ++m_rollbacks;
        m_scale *= 0.5;
        scaleRate();
        return true;
    }

    std::shared_ptr<const RunData> m_data;
    Choices m_choices;
    Parameters m_parameters;
    std::unique_ptr<Network> m_network;
    Trainer m_trainer;
    Tensor m_rows, m_labels;
    std::optional<Negatives> m_negatives;
    std::deque<State> m_good;  ///< newest last
    Index m_rollbacks = 0;
    std::uint64_t m_news = 0;
    std::string m_note;
    double m_rate = 0, m_scale = 1, m_gap = 0;
};

}  // namespace

EnergyPtr savedEnergy(const DataLibrary& library, const ParamSet& given, Key, const State& state) {
    const Description description = describe(library, given);
    const ParamSet params = resolve(description.params, given);
    const Choices choices = choicesOf(params, library.shape(params));
    Parameters parameters;
    const auto network = makeNetwork(parameters, choices);
    parameters.allocate();
    return energyOf(parameters, savedWeights(state, parameters), choices);
}

std::unique_ptr<EnergyRun> makeEnergyRun(const DataLibrary& library, const ParamSet& params,
                                         Key key, Placement place) {
    return std::make_unique<EnergyExperiment>(runData(library, params, key), place);
}

ExperimentSpec spec(std::shared_ptr<const DataLibrary> library, Placement (*place)()) {
    ExperimentSpec out;
    out.id = "energy";
    out.title = "Energy-based model";
    out.reference = "Du and Mordatch 2019";
    out.describe = [library](const ParamSet& given) { return describe(*library, given); };
    out.make = [library, place](const ParamSet& params, Key key) -> std::unique_ptr<Experiment> {
        return guardedModel([&] { return makeEnergyRun(*library, params, key, place()); });
    };
    return out;
}

}  // namespace lx::learned
