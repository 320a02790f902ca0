// SPDX-License-Identifier: GPL-3.0-or-later
// Two energies that are trained apart and added: the product of two densities. Ref: hinton2002,
// du2020.
#include "core/base/decls.h"
#include "core/base/philox.h"
#include "core/energies/weighted_sum.h"
#include "core/experiments/budget.h"
#include "core/experiments/energy/moment.h"
#include "core/experiments/energy/negatives.h"
#include "core/experiments/training.h"
#include "core/samplers/registry.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace lx::learned {
namespace {

const std::string kSecond = "second.";
constexpr std::array kWeights{"compose.first", "compose.second"};
constexpr std::array kPrefixes{"first.", "second."};
constexpr Index kWalkEvery = 5, kChains = 1000, kLawSide = 241, kRows = 20'000, kTrails = 16;
constexpr double kStart = 1.5;      ///< of chains on the exact sum, on both axes
constexpr double kMostUnits = 128;  ///< of one network: executors take layers of 256

bool ofData(const std::string& id) {
    return id.starts_with("data.");
}
bool ofChild(const std::string& id) {
    return !id.starts_with("compose.") && !id.starts_with(kSecond);
}

/// What one of the two runs is given: its own data, everything else in common.
ParamSet childParams(const ParamSet& given, bool second) {
    ParamSet out;
    for (const auto& [id, value] : given) {
        if (ofChild(id) && (!second || !ofData(id))) {
            out[id] = value;
        } else if (second && id.starts_with(kSecond)) {
            out[id.substr(kSecond.size())] = value;
        }
    }
    if (second) {
        out.try_emplace("data.source", std::string("data.bars"));
    }
    out.try_emplace("data.source", std::string("data.bars"));
    return out;
}

/// What each of the two runs saved.
std::array<State, 2> childStates(const State& state) {
    std::array<State, 2> out;
    for (const auto& [id, array] : state) {
        for (std::size_t k = 0; k < 2; ++k) {
            const std::string prefix = kPrefixes[k];
            if (id.starts_with(prefix)) {
                out[k][id.substr(prefix.size())] = array;
            }
        }
    }
    return out;
}

/// The product of two laws, each to the power of its weight, summed on a grid of the frame.
class ProductLaw final : public Distribution {
public:
    ProductLaw(std::array<DistributionPtr, 2> laws, std::array<double, 2> weights, Box frame)
        : m_laws(std::move(laws)), m_weights(weights), m_frame(std::move(frame)) {
        const auto points = gridPoints(m_frame, kLawSide);
        m_shares.reserve(points.size() / 2);
        double top = -INFINITY;
        for (std::size_t i = 0; i < points.size(); i += 2) {
            m_shares.push_back(raw(std::span(points).subspan(i, 2)));
            top = std::max(top, m_shares.back());
        }
        double sum = 0;
        for (double& share : m_shares) {
            share = sum += std::exp(share - top);
        }
        const double cell = (m_frame.upper[0] - m_frame.lower[0]) *
                            (m_frame.upper[1] - m_frame.lower[1]) /
                            static_cast<double>(kLawSide * kLawSide);
        m_logZ = top + std::log(sum * cell);
    }
    Index dim() const override { return 2; }
    /// By inversion of the cells, uniform in each.
    Draws sample(Key key, Index count) const override {
        std::vector<float> u(static_cast<std::size_t>(3 * count));
        fillUniform(key, u);
        Draws draws;
        for (std::size_t i = 0; i < u.size(); i += 3) {
            const auto at =
                std::ranges::lower_bound(m_shares, u[i] * m_shares.back()) - m_shares.begin();
            const Index cell = std::min<Index>(at, std::ssize(m_shares) - 1);
            const std::array<Index, 2> place{cell % kLawSide, cell / kLawSide};
            for (std::size_t k = 0; k < 2; ++k) {
                const double step =
                    (m_frame.upper[k] - m_frame.lower[k]) / static_cast<double>(kLawSide);
                draws.values.push_back(static_cast<float>(
                    m_frame.lower[k] +
                    step * (static_cast<double>(place[k]) + static_cast<double>(u[i + 1 + k]))));
            }
        }
        return draws;
    }
    std::optional<double> logDensity(std::span<const double> x) const override {
        return raw(x) - m_logZ;
    }
    std::optional<Moments> moments() const override { return std::nullopt; }

private:
    double raw(std::span<const double> x) const {
        double sum = 0;
        for (std::size_t k = 0; k < 2; ++k) {
            sum += m_weights[k] * *m_laws[k]->logDensity(x);
        }
        return sum;
    }

    std::array<DistributionPtr, 2> m_laws;
    std::array<double, 2> m_weights;
    Box m_frame;
    std::vector<double> m_shares;  ///< sums of the cells up to each
    double m_logZ = 0;
};

/// -log p of a law in the plane, for chains that need no gradient.
class LawEnergy final : public Energy {
public:
    LawEnergy(DistributionPtr law, Box frame) : m_law(std::move(law)), m_frame(std::move(frame)) {}
    Index dim() const override { return 2; }
    Box box() const override { return m_frame; }

protected:
    void compute(const double* x, Index count, double* value, double* grad) const override {
        if (grad != nullptr) {
            throw UsageError("the exact energy of data has no gradient here");
        }
        for (Index i = 0; i < count; ++i) {
            value[i] = -m_law->logDensity(std::span(x + 2 * i, 2)).value_or(-INFINITY);
        }
    }
    void compute(const float* x, Index count, float* value, float* grad) const override {
        const std::vector<double> rows(x, x + 2 * count);
        std::vector<double> e(static_cast<std::size_t>(count));
        compute(rows.data(), count, e.data(), nullptr);
        std::ranges::transform(e, value, [](double v) { return static_cast<float>(v); });
        if (grad != nullptr) {
            throw UsageError("the exact energy of data has no gradient here");
        }
    }

private:
    DistributionPtr m_law;
    Box m_frame;
};

/// Where the bars of two sources cross, as a mixture whose components the corners count for.
std::optional<MixtureParts> cornersOf(const ParamSet& a, const ParamSet& b) {
    if (text(a, "data.source") != "data.bars" || text(b, "data.source") != "data.bars" ||
        text(a, "data.axis") == text(b, "data.axis")) {
        return std::nullopt;
    }
    const ParamSet& across = text(a, "data.axis") == "x" ? a : b;
    const ParamSet& up = text(a, "data.axis") == "x" ? b : a;
    MixtureParts out{2, {}, {}, {}};
    for (const double x : {-1.0, 1.0}) {
        for (const double y : {-1.0, 1.0}) {
            out.centres.insert(out.centres.end(), {x * number(across, "data.separation"),
                                                   y * number(up, "data.separation")});
            out.weights.push_back(0.25);
            out.sds.push_back(number(across, "data.sd"));
        }
    }
    return out;
}

/// Mean |x| along both axes and sd about it, at the four corners of a law in the plane.
class Corners {
public:
    void add(double x, double y, double mass) {
        m_share[(x > 0 ? 1U : 0U) + (y > 0 ? 2U : 0U)] += mass;
        m_mean += 0.5 * mass * (std::abs(x) + std::abs(y));
        m_square += 0.5 * mass * (x * x + y * y);
    }
    void publish(const std::string& prefix, std::map<std::string, double>& out) const {
        out[prefix + "corner_mean"] = m_mean;
        out[prefix + "corner_sd"] = std::sqrt(std::max(0.0, m_square - m_mean * m_mean));
        out[prefix + "corner_share_min"] = *std::ranges::min_element(m_share);
        out[prefix + "corner_share_max"] = *std::ranges::max_element(m_share);
    }

private:
    std::array<double, 4> m_share{};
    double m_mean = 0, m_square = 0;
};

/// Of energies on cells whose exp(-E) sums to 1.
Corners cornersOn(std::span<const double> energies, std::span<const double> points) {
    Corners out;
    for (std::size_t i = 0; i < energies.size(); ++i) {
        out.add(points[2 * i], points[2 * i + 1], std::exp(-energies[i]));
    }
    return out;
}

/// By chains that all begin in one corner and cross to the others.
Corners cornersByChains(const Energy& sum, double where, Key key, std::stop_token stop) {
    constexpr Index kWalkers = 2000, kBurn = 800, kApart = 100, kLooks = 6;
    const auto kernel = makeSampler("rwm", {{"sampler.step_size", 1.4}, {"sampler.adapt", false}});
    ChainState state = kernel->init(key, sum, std::vector<double>(2 * kWalkers, where));
    Corners out;
    for (Index t = 1; t <= kBurn + kApart * kLooks && !stop.stop_requested(); ++t) {
        kernel->step(key, static_cast<std::uint64_t>(t), sum, state, {});
        if (t > kBurn && t % kApart == 0) {
            const auto x = state.positions();
            for (std::size_t i = 0; i < x.size(); i += 2) {
                out.add(x[i], x[i + 1], 1.0 / static_cast<double>(kWalkers * kLooks));
            }
        }
    }
    return out;
}

/// Passes the scalars of one of the runs on as its own.
struct ChildSink final : SeriesSink {
    ChildSink(SeriesSink& to, std::uint32_t first) : sink(to), offset(first) {}
    void add(std::uint32_t series, Clock clock, Index step, double value) override {
        sink.add(offset + series, clock, step, value);
    }
    SeriesSink& sink;
    std::uint32_t offset;
};

class Composition final : public Experiment {
public:
    Composition(std::shared_ptr<const DataLibrary> library, const ParamSet& params, Key key,
                Placement place)
        : m_library(std::move(library)), m_params(params), m_key(key) {
        for (std::size_t k = 0; k < 2; ++k) {
            m_own[k] = childParams(params, k == 1);
            const Key own = derive(key, kPrefixes[k]);
            m_laws[k] = m_library->load(m_own[k], derive(own, "data"))->distribution;
            if (!m_laws[k]) {
                throw UsageError(std::string("the composition shows the exact product, and ") +
                                 (k == 0 ? "data.source" : "second.data.source") +
                                 " has no known density; choose another source");
            }
            m_runs[k] = makeEnergyRun(*m_library, m_own[k], own, place);
        }
        Choices choices = choicesOf(m_own[0], m_library->shape(m_own[0]));
        choices.memory = Memory::Replay;
        choices.store = kChains;
        choices.batch = kChains / 4;
        choices.reset = 0.01;
        m_series = static_cast<std::uint32_t>(describe(*m_library, m_own[0]).series.size());
        m_chains.emplace(choices, 2, derive(key, "chains"));
        look();
    }

    void advance(Clock clock, Budget budget, std::stop_token stop, SeriesSink& sink) override {
        if (clock == Clock::Sample) {
            const EnergyPtr sum = energy();
            spend(budget, stop, [&] { m_chains->advance(sum); });
            return;
        }
        spend(budget, stop, [&] {
            // One that the guard has set back catches up.
            const std::array at{m_runs[0]->step(clock), m_runs[1]->step(clock)};
            for (std::size_t k = 0; k < 2; ++k) {
                if (at[k] <= at[1 - k]) {
                    ChildSink own(sink, static_cast<std::uint32_t>(k) * m_series);
                    m_runs[k]->advance(clock, {1, {}}, stop, own);
                }
            }
            if (step(clock) % kWalkEvery == 0) {
                m_chains->draw(energy(), step(clock));
            }
        });
    }
    Index step(Clock clock) const override {
        if (clock == Clock::Sample) {
            return m_chains->advances();
        }
        return std::min(m_runs[0]->step(clock), m_runs[1]->step(clock));
    }
    std::uint64_t news() const noexcept override { return m_news; }
    std::string takeNote() override {
        const std::string first = m_runs[0]->takeNote(), second = m_runs[1]->takeNote();
        return !first.empty()   ? "first energy " + first
               : second.empty() ? second
                                : "second energy " + second;
    }

    void set(const cmd::SetParam& change) override {
        if (change.id == kWeights[0] || change.id == kWeights[1]) {
            m_params[change.id] = change.value;
            look();
            ++m_news;
            return;
        }
        for (const auto& run : m_runs) {
            run->set(change);
        }
        m_params[change.id] = change.value;
        if (change.id == "negatives.steps") {
            m_chains->choices().steps = std::get<Index>(change.value);
        } else if (change.id == "negatives.noise") {
            m_chains->choices().noise = std::get<double>(change.value);
        }
    }

    std::unique_ptr<Task> probe(const cmd::Probe& probe) override {
        if (probe.kind != "generate") {
            return nullptr;
        }
        return guardedTask("probe", step(Clock::Train),
                           [&] { return generateTask(moment(), probe); });
    }
    std::unique_ptr<Task> observe(std::span<const std::string> channels,
                                  Detail detail) const override {
        return guardedTask("observation", step(Clock::Train), [&] {
            const bool trails = std::ranges::find(channels, "chains_trail") != channels.end();
            return observeTask(moment(trails), channels, detail);
        });
    }

    State capture() const override {
        State out;
        for (std::size_t k = 0; k < 2; ++k) {
            for (auto& [id, array] : m_runs[k]->capture()) {
                out[kPrefixes[k] + id] = array;
            }
        }
        m_chains->capture(out);
        return out;
    }
    void restore(const State& state) override {
        const std::array<State, 2> own = childStates(state);
        std::array<State, 2> before;
        Negatives(m_chains->choices(), 2, {}).restore(state);  // throws before anything changes
        before[0] = m_runs[0]->capture();
        m_runs[0]->restore(own[0]);
        try {
            m_runs[1]->restore(own[1]);
        } catch (...) {
            m_runs[0]->restore(before[0]);
            throw;
        }
        m_chains->restore(state);
    }

    std::map<std::string, double> metrics(Key key, std::stop_token stop) const override {
        return translated("metrics", step(Clock::Train), [&] {
            constexpr Index kSide = 161;
            const Moment now = moment();
            auto out = evaluate(now, key, stop);
            const auto points = gridPoints(m_data->frame, kSide);
            std::vector<double> learned(points.size() / 2);
            now.energy->evaluate(std::span(points), learned);
            normalise(learned);
            auto law = trueEnergy(*m_data->dataset, m_data->frame, kSide);
            normalise(law);
            cornersOn(learned, points).publish("", out);
            cornersOn(law, points).publish("law_", out);
            std::vector<EnergyTerm> terms;
            for (std::size_t k = 0; k < 2; ++k) {
                terms.push_back(
                    {std::make_shared<LawEnergy>(m_laws[k], m_data->frame), weights()[k]});
            }
            cornersByChains(*weightedSum(std::move(terms)), kStart, derive(key, "corners"), stop)
                .publish("exact_", out);
            return out;
        });
    }

private:
    std::array<double, 2> weights() const {
        return {number(m_params, kWeights[0]), number(m_params, kWeights[1])};
    }
    EnergyPtr energy() const {
        const auto w = weights();
        return weightedSum({{m_runs[0]->energy(), w[0]}, {m_runs[1]->energy(), w[1]}});
    }
    Moment moment(bool trails = false) const {
        Moment out{m_data, energy(), {}, {}, {}, 0};
        out.now = m_chains->choices();
        out.negatives.assign(m_chains->store().begin(), m_chains->store().end());
        out.ages.assign(m_chains->ages().begin(), m_chains->ages().end());
        if (trails) {
            out.paths = m_chains->paths(kTrails);
            out.pathCount = std::ssize(out.paths) / (m_chains->pathPoints() * 2);
        }
        out.parts = {{"first_energy", m_runs[0]->energy()}, {"second_energy", m_runs[1]->energy()}};
        return out;
    }
    /// The exact product at the weights of now, and draws of it.
    void look() {
        auto out = std::make_shared<RunData>();
        out->params = m_params;
        out->key = m_key;
        out->choices = m_chains->choices();
        out->dim = 2;
        out->frame = {std::vector<double>(2, out->choices.low),
                      std::vector<double>(2, out->choices.high)};
        const auto law = std::make_shared<ProductLaw>(m_laws, weights(), out->frame);
        auto data = std::make_shared<Dataset>();
        data->source = "product";
        data->sampleShape = {2};
        data->train = Array({kRows, 2}, law->sample(derive(m_key, "product"), kRows).values);
        data->heldout = Array({2000, 2}, law->sample(derive(m_key, "heldout"), 2000).values);
        data->scale = {1, 1};
        data->offset = {0, 0};
        data->distribution = law;
        out->units = unitsOf(*data);
        out->mixture = cornersOf(m_own[0], m_own[1]);
        out->dataset = std::move(data);
        out->law = trueEnergy(*out->dataset, out->frame, RunData::kSide);
        out->lawKnown = !out->law.empty();
        m_data = std::move(out);
    }

    std::shared_ptr<const DataLibrary> m_library;
    ParamSet m_params;
    Key m_key;
    std::array<ParamSet, 2> m_own;
    std::array<DistributionPtr, 2> m_laws;
    std::array<std::unique_ptr<EnergyRun>, 2> m_runs;
    std::optional<Negatives> m_chains;  ///< that walk on the sum
    std::shared_ptr<const RunData> m_data;
    std::uint32_t m_series = 0;  ///< of one run
    std::uint64_t m_news = 0;
};

Description describeComposition(const DataLibrary& library, const ParamSet& given) {
    using namespace decl;
    const Description first = describe(library, childParams(given, false));
    const Description second = describe(library, childParams(given, true));
    const auto requirePlane = [](const Description& d, const char* id) {
        const auto declared = [&](const char* channel) {
            return std::ranges::any_of(d.channels,
                                       [&](const ChannelDecl& c) { return c.id == channel; });
        };
        if (!declared("energy") || !declared("samples") || !declared("true_energy")) {
            throw UsageError(std::string("a composition needs points in the plane whose density "
                                         "is known, and objective=likelihood; choose another ") +
                             id);
        }
    };
    requirePlane(first, "data.source");
    requirePlane(second, "second.data.source");
    for (const bool other : {false, true}) {
        const ParamSet own = childParams(given, other);
        if (valueOr(own, "data.scale", std::string("none")) != "none") {
            throw UsageError(std::string(other ? kSecond : "") +
                             "data.scale must be none: both energies are of one plane");
        }
    }
    const auto& hidden =
        chosenAs<std::vector<double>>(*find(first.params, "network.hidden"), given);
    if (std::ranges::any_of(hidden, [](double units) { return units > kMostUnits; })) {
        throw UsageError(
            "network.hidden: chains step both networks side by side, 256 units at most; choose "
            "layers of at most 128");
    }
    Description out;
    for (std::size_t k = 0; k < 2; ++k) {
        out.params.push_back(slider(
            live(within(
                make(kWeights[k], k == 0 ? "Weight of the first" : "Weight of the second", 1.0,
                     "Of its energy in the sum: its density to that power; 0 leaves it out."),
                0, 4)),
            0, 2));
    }
    for (ParamDecl decl : first.params) {
        if (decl.id == "data.source") {
            decl.initial = std::string("data.bars");
        }
        out.params.push_back(std::move(decl));
    }
    for (ParamDecl decl : second.params) {
        if (!ofData(decl.id)) {
            continue;
        }
        if (decl.id == "data.source") {
            decl.initial = std::string("data.bars");
        } else if (decl.id == "data.axis") {
            decl.initial = std::string("y");
        }
        decl.id = kSecond + decl.id;
        decl.label += ", second";
        out.params.push_back(std::move(decl));
    }
    out.spaces = first.spaces;
    std::ranges::copy(first.channels, std::back_inserter(out.channels));
    for (const char* id : {"first_energy", "second_energy"}) {
        out.channels.push_back({id, "grid2", "target", "[rows, columns]", "nats", Clock::Train});
    }
    for (std::size_t k = 0; k < 2; ++k) {
        for (SeriesDecl series : (k == 0 ? first : second).series) {
            series.id = kPrefixes[k] + series.id;
            series.label += k == 0 ? " 1" : " 2";
            out.series.push_back(std::move(series));
        }
    }
    out.clocks = first.clocks;
    out.views = {"energy-map", "energies", "surface", "data", "losses", "samples"};
    return out;
}

}  // namespace

EnergyPtr savedSum(const DataLibrary& library, const ParamSet& given, Key key, const State& state) {
    const ParamSet params = resolve(describeComposition(library, given).params, given);
    const std::array<State, 2> own = childStates(state);
    std::vector<EnergyTerm> terms;
    for (std::size_t k = 0; k < 2; ++k) {
        terms.push_back({savedEnergy(library, childParams(params, k == 1), key, own[k]),
                         number(params, kWeights[k])});
    }
    return weightedSum(std::move(terms));
}

ExperimentSpec compositionSpec(std::shared_ptr<const DataLibrary> library, Placement (*place)()) {
    ExperimentSpec out;
    out.id = "energy-composition";
    out.title = "Composition of energies";
    out.reference = "Hinton 2002; Du and Mordatch 2019";
    out.describe = [library](const ParamSet& given) {
        return describeComposition(*library, given);
    };
    out.make = [library, place](const ParamSet& params, Key key) -> std::unique_ptr<Experiment> {
        return guardedModel(
            [&] { return std::make_unique<Composition>(library, params, key, place()); });
    };
    return out;
}

}  // namespace lx::learned
