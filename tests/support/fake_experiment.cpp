// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/fake_experiment.h"

#include "core/base/philox.h"
#include "core/session/samples.h"
#include "tests/support/fake_images.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <thread>

namespace lx::test {
namespace {

std::atomic<int> g_alive = 0;

struct Alive {
    Alive() { ++g_alive; }
    ~Alive() { --g_alive; }
    Alive(const Alive&) = delete;
    Alive& operator=(const Alive&) = delete;
};

constexpr Index kCodes = 2000, kShown = 64;

/// Fails at call `call` of place `where`; stands in for LibTorch's own exceptions.
class Fault {
public:
    Fault() = default;
    explicit Fault(const ParamSet& params)
        : m_where(text(params, "fault.where")),
          m_kind(text(params, "fault.kind")),
          m_call(integer(params, "fault.call")) {}
    void at(std::string_view where) const {
        if (where != m_where || ++m_count != m_call) {
            return;
        }
        if (m_kind == "note") {
            m_note = "planted note: the run goes on";
            return;
        }
        if (m_kind == "foreign") {
            throw 42;
        }
        if (m_kind == "numerical") {
            throw NumericalError("walk", m_count, "is not finite; lower step_size");
        }
        throw std::runtime_error("planted fault at " + m_where);
    }

    /// What a run would tell; once.
    std::string takeNote() const { return std::exchange(m_note, {}); }

private:
    std::string m_where, m_kind;
    Index m_call = 0;
    mutable Index m_count = 0;
    mutable std::string m_note;
};

class CallTask : public Task {
public:
    using Body = std::function<bool(std::stop_token, SnapshotBuilder&)>;
    explicit CallTask(Body body) : m_body(std::move(body)) {}
    bool advance(Budget, std::stop_token stop, SnapshotBuilder& out) override {
        return m_body(stop, out);
    }

private:
    Body m_body;
};

/// Counters and a noise walk: what both experiments share.
class Walk : public Experiment {
public:
    Walk(const ParamSet& params, Key key, bool sampling, Fault fault)
        : m_fault(std::move(fault)), m_params(params), m_key(key), m_sampling(sampling) {
        m_fault.at("make");
        m_walk.fill(0.0);
    }

    void advance(Clock clock, Budget budget, std::stop_token stop, SeriesSink& sink) override {
        const auto start = std::chrono::steady_clock::now();
        for (Index made = 0; made < std::max<Index>(budget.maxSteps, 1); ++made) {
            if (made > 0 && (stop.stop_requested() ||
                             (budget.maxTime.count() > 0 &&
                              std::chrono::steady_clock::now() - start >= budget.maxTime))) {
                return;
            }
            m_fault.at("advance");
            oneStep(clock, sink);
        }
    }
    Index step(Clock clock) const override { return m_step[static_cast<std::size_t>(clock)]; }
    void set(const cmd::SetParam& change) override {
        m_fault.at("set");
        m_params[change.id] = change.value;
    }
    State capture() const override {
        m_fault.at("capture");
        State state;
        state["step"] = Array({static_cast<Index>(kClocks)}, std::span<const Index>(m_step));
        state["walk"] = Array({static_cast<Index>(m_walk.size())}, std::span<const double>(m_walk));
        return state;
    }
    void restore(const State& state) override {
        m_fault.at("restore");
        const auto step = state.find("step"), walk = state.find("walk");
        if (step == state.end() || walk == state.end() ||
            step->second.count() != static_cast<Index>(kClocks) ||
            walk->second.count() != static_cast<Index>(m_walk.size())) {
            throw UsageError("the state of this run holds step [3] and walk [8]");
        }
        const auto steps = step->second.values<Index>();
        const auto values = walk->second.values<double>();
        std::ranges::copy(steps, m_step.begin());
        std::ranges::copy(values, m_walk.begin());
    }
    std::string takeNote() override { return m_fault.takeNote(); }
    std::map<std::string, double> metrics(Key, std::stop_token) const override {
        m_fault.at("metrics");
        return {{"walk", m_walk[0]}, {"elbo", -loss()}};
    }

protected:
    double loss() const {
        return 230.0 + 320.0 * std::exp(-static_cast<double>(m_step[0]) / 300.0);
    }
    virtual void addSeries(SeriesSink& sink, double noise) {
        const Index step = m_step[0];
        sink.add(0, Clock::Train, step, noise);
    }

    Fault m_fault;
    ParamSet m_params;
    Key m_key;
    std::array<Index, kClocks> m_step{};
    std::array<double, 8> m_walk{};  ///< 0..3 move on the train clock, 4..7 on the sample clock

private:
    void oneStep(Clock clock, SeriesSink& sink) {
        if (const Index pause = integer(m_params, "step_ms"); pause > 0) {
            std::this_thread::sleep_for(std::chrono::milliseconds(pause));
        }
        const auto at = static_cast<std::size_t>(clock);
        std::array<float, 4> noise{};
        fillNormal(derive(derive(m_key, clock == Clock::Train ? "train" : "sample"),
                          static_cast<std::uint64_t>(m_step[at])),
                   noise);
        const double size = number(m_params, "step_size");
        for (std::size_t i = 0; i < 4; ++i) {
            // Each clock leans on the other's state, so that a wrong interleaving shows.
            double& mine = m_walk[clock == Clock::Train ? i : i + 4];
            const double other = m_walk[clock == Clock::Train ? i + 4 : i];
            mine = 0.95 * mine + 0.01 * other + size * static_cast<double>(noise[i]);
        }
        ++m_step[at];
        const Index nan = integer(m_params, "nan_from");
        const double value = nan > 0 && m_step[at] >= nan ? std::numeric_limits<double>::quiet_NaN()
                                                          : m_walk[clock == Clock::Train ? 0 : 4];
        if (clock == Clock::Train) {
            addSeries(sink, value);
        } else {
            sink.add(m_sampling ? 1 : 0, clock, m_step[at], value);
        }
    }

    bool m_sampling;
    Alive m_alive;
};

class FakeChain : public Walk {
public:
    FakeChain(const ParamSet& params, Key key, Fault fault)
        : Walk(params, key, true, std::move(fault)) {}

    std::unique_ptr<Task> probe(const cmd::Probe& probe) override {
        m_fault.at("probe");
        if (probe.kind == "walk") {
            return std::make_unique<CallTask>([this](std::stop_token, SnapshotBuilder& out) {
                m_fault.at("probe_advance");
                out.set("x", Array({8}, std::span<const double>(m_walk)));
                return true;
            });
        }
        if (probe.kind == "endless") {
            auto count = std::make_shared<Index>(0);
            return std::make_unique<CallTask>([count](std::stop_token stop, SnapshotBuilder& out) {
                for (int i = 0; i < 20 && !stop.stop_requested(); ++i) {
                    std::this_thread::sleep_for(std::chrono::microseconds(100));
                }
                out.set("count", Array({}, std::vector<Index>{++*count}));
                return false;
            });
        }
        return nullptr;
    }
    std::unique_ptr<Task> observe(std::span<const std::string> channels, Detail) const override {
        m_fault.at("observe");
        const bool walk = std::ranges::find(channels, "walk") != channels.end();
        const bool fixed = std::ranges::find(channels, "fixed") != channels.end();
        return std::make_unique<CallTask>(
            [this, walk, fixed](std::stop_token, SnapshotBuilder& out) {
                m_fault.at("observe_advance");
                if (walk) {
                    out.set("walk", Array({8}, std::span<const double>(m_walk)));
                }
                if (fixed) {
                    out.set("fixed", Array({3}, std::vector<float>{1, 2, 3}));
                }
                return true;
            });
    }
};

class FakeVae : public Walk {
public:
    FakeVae(const ParamSet& params, Key key)
        : Walk(params, key, false, Fault{}), m_dim(integer(params, "latent.dim")) {
        std::vector<float> z(static_cast<std::size_t>(256 * m_dim));
        fillNormal(derive(key, "data"), z);
        m_data = Array({256, kFakeImage, kFakeImage}, fakeDecode(z, m_dim, 1.0F));
    }

    std::unique_ptr<Task> probe(const cmd::Probe& probe) override {
        return probe.kind == "generate" ? generate(probe)
                                        : fakeImageProbe(probe, codes(), m_step[0]);
    }
    std::unique_ptr<Task> observe(std::span<const std::string> channels, Detail) const override {
        std::vector<std::string> asked(channels.begin(), channels.end());
        return std::make_unique<CallTask>([this, asked](std::stop_token, SnapshotBuilder& out) {
            for (const auto& id : asked) {
                publish(id, out);
            }
            return true;
        });
    }

protected:
    void addSeries(SeriesSink& sink, double noise) override {
        const Index step = m_step[0];
        const double kl = 6.0 * static_cast<double>(fakeProgress(step)) + 0.05 * noise;
        const double total = loss() + 3.0 * noise;
        const double values[] = {total, total - kl, kl, 4.0 + std::abs(noise), 1e-3};
        for (std::uint32_t i = 0; i < 5; ++i) {
            sink.add(i, Clock::Train, step, values[i]);
        }
        if (step % 100 == 0) {
            sink.add(5, Clock::Train, step, -loss() - 4.0);
        }
    }

private:
    /// Pictures at draws of the prior, 16 at once; `step_ms` makes them slow.
    std::unique_ptr<Task> generate(const cmd::Probe& probe) const {
        const SampleQuestion question = sampleQuestion(probe);
        const SampleTile tile = tileOf(question, 16);
        const Key run = question.seed ? Key{*question.seed, 0} : m_key;
        const Key key = question.key.value_or(derive(run, "view"));
        return std::make_unique<CallTask>([=, this](std::stop_token, SnapshotBuilder& out) {
            std::this_thread::sleep_for(std::chrono::milliseconds(integer(m_params, "step_ms")));
            std::vector<float> z(static_cast<std::size_t>(tile.count * m_dim));
            fillNormal(key, z, static_cast<std::uint64_t>(tile.first() * m_dim));
            out.set("samples", Array({tile.count, kFakeImage, kFakeImage},
                                     fakeDecode(z, m_dim, fakeProgress(m_step[0]))));
            out.set("codes", Array({tile.count, m_dim}, z));
            out.set("keys", sampleKeys(key, tile.first(), tile.count));
            return true;
        });
    }

    FakeCodes codes() const { return fakeCodes(m_key, kCodes, m_dim, m_step[0]); }

    void publish(const std::string& id, SnapshotBuilder& out) const {
        if (id == "data") {
            out.set(id, m_data);
        } else if (id == "codes" || id == "labels" || id == "codes_sd") {
            const FakeCodes all = codes();
            if (id == "labels") {
                out.set(id, Array({kCodes}, all.labels));
            } else {
                out.set(id, Array({kCodes, m_dim}, id == "codes" ? all.codes : all.sds));
            }
        } else if (id == "samples") {
            std::vector<float> z(static_cast<std::size_t>(kShown * m_dim));
            fillNormal(derive(m_key, "view"), z);
            out.set(id, Array({kShown, kFakeImage, kFakeImage},
                              fakeDecode(z, m_dim, fakeProgress(m_step[0]))));
            out.set("samples.keys", sampleKeys(derive(m_key, "view"), 0, kShown));
        } else if (id == "kl_units") {
            std::vector<float> units;
            for (Index i = 0; i < m_dim; ++i) {
                units.push_back(3.0F * fakeProgress(m_step[0]) / static_cast<float>(1 + i));
            }
            out.set(id, Array({m_dim}, units));
        } else if (id == "originals" || id == "reconstructions" || id == "reconstruction_error") {
            publishReconstructions(id, out);
        } else {
            throw UsageError("unknown channel '" + id + "'");
        }
    }

    void publishReconstructions(const std::string& id, SnapshotBuilder& out) const {
        constexpr std::size_t kImage = kFakeImage * kFakeImage;
        const auto all = m_data.values<float>().first(kShown * kImage);
        std::vector<float> mean, sd;
        fakeEncode(all, m_dim, mean, sd);
        const auto decoded = fakeDecode(mean, m_dim, fakeProgress(m_step[0]));
        std::vector<std::pair<float, std::size_t>> order;
        for (std::size_t n = 0; n < kShown; ++n) {
            float error = 0;
            for (std::size_t i = n * kImage; i < (n + 1) * kImage; ++i) {
                error += 2.0F * (all[i] - decoded[i]) * (all[i] - decoded[i]);
            }
            order.emplace_back(error, n);
        }
        std::ranges::sort(order, std::greater{});
        std::vector<float> pixels, errors;
        for (const auto& [error, n] : order) {
            const auto from = id == "originals" ? all : std::span<const float>(decoded);
            const auto one = from.subspan(n * kImage, kImage);
            pixels.insert(pixels.end(), one.begin(), one.end());
            errors.push_back(error);
        }
        if (id == "reconstruction_error") {
            out.set(id, Array({kShown}, errors));
        } else {
            out.set(id, Array({kShown, kFakeImage, kFakeImage}, pixels));
        }
    }

    Index m_dim;
    Array m_data;
};

ParamDecl decl(std::string id, std::string label, ParamValue initial, double min, double max,
               std::string help) {
    ParamDecl out{};
    out.id = std::move(id);
    out.label = std::move(label);
    out.help = std::move(help);
    out.initial = std::move(initial);
    out.min = min;
    out.max = max;
    return out;
}

std::vector<ParamDecl> walkParams() {
    std::vector<ParamDecl> params{
        decl("step_size", "Step size", 0.1, 1e-4, 10, "Size of one step of the noise walk."),
        decl("step_ms", "Pause per step", Index{0}, 0, 1000, "Makes every step slow."),
        decl("nan_from", "NaN from step", Index{0}, 0, 1e9,
             "The series is not a number from this step on; 0: never."),
    };
    params[0].scale = Scale::Log;
    params[0].slider = {0.001, 1.0};
    params[1].unit = "ms";
    params[1].basic = params[2].basic = false;
    return params;
}

Description describeVae(const ParamSet& given) {
    Description out;
    out.params = walkParams();
    out.params.insert(out.params.begin(), decl("latent.dim", "Latent units", Index{2}, 1, 64,
                                               "Dimension of the latent space."));
    out.params.front().live = false;
    out.params.push_back(
        decl("objective.beta", "Beta", 1.0, 0, 100, "Weight of the KL term in the objective."));
    ParamDecl prior{};
    prior.id = "prior";
    prior.label = "Prior";
    prior.help = "Distribution of the latent code before any datum is seen.";
    prior.initial = std::string("prior.normal");
    prior.choices = {"prior.normal", "prior.gmm"};
    prior.live = false;
    out.params.push_back(prior);
    const Index dim = integer(resolve(out.params, given), "latent.dim");
    out.spaces = {{"data", kFakeImage * kFakeImage, {kFakeImage, kFakeImage}},
                  {"latent", dim, {dim}}};
    const std::string images = "[N, 28, 28]";
    out.channels = {{"data", "image_batch", "data", images, "", Clock::Train},
                    {"codes", "points2", "latent", "[N, d]", "", Clock::Train},
                    {"labels", "labels", "latent", "[N]", "", Clock::Train},
                    {"codes_sd", "sds", "latent", "[N, d]", "", Clock::Train},
                    {"originals", "image_batch", "data", images, "", Clock::Train},
                    {"reconstructions", "image_batch", "data", images, "", Clock::Train},
                    {"reconstruction_error", "bars", "data", "[N]", "nats", Clock::Train},
                    {"samples", "image_batch", "data", images, "", Clock::Train},
                    {"kl_units", "bars", "latent", "[d]", "nats", Clock::Train}};
    out.series = {{"loss", "Negative ELBO", "nats", "nats"},
                  {"reconstruction", "Reconstruction", "nats", "nats"},
                  {"kl", "KL", "nats", "kl"},
                  {"grad_norm", "Gradient norm", "", "gradient"},
                  {"learning_rate", "Learning rate", "", "rate"},
                  {"heldout_elbo", "Held-out ELBO", "nats", "nats"}};
    out.views = {"latent_map", "decode", "sheet", "reconstructions", "samples", "timeline"};
    out.classNames = {"T-shirt", "Trouser", "Pullover", "Dress", "Coat",
                      "Sandal",  "Shirt",   "Sneaker",  "Bag",   "Ankle boot"};
    return out;
}

Description describeChain(const ParamSet& given, bool faults) {
    Description out;
    out.params = walkParams();
    out.params.push_back(decl("run.sample_per_train", "Sample steps per train step", Index{1}, 1,
                              1000, "How many sampler steps follow each training step."));
    out.params.back().live = false;
    if (faults) {
        ParamDecl where{};
        where.id = "fault.where";
        where.initial = std::string("none");
        where.choices = {"none",          "make",    "advance",        "set",
                         "probe",         "observe", "capture",        "restore",
                         "probe_advance", "metrics", "observe_advance"};
        where.live = false;
        ParamDecl kind = where;
        kind.id = "fault.kind";
        kind.initial = std::string("std");
        kind.choices = {"std", "foreign", "numerical", "note"};
        out.params.push_back(where);
        out.params.push_back(kind);
        out.params.push_back(decl("fault.call", "Failing call", Index{1}, 1, 1e9, "Counts from 1"));
        out.params.back().live = false;
    }
    resolve(out.params, given);
    out.spaces = {{"walk", 8, {8}}};
    out.channels = {{"walk", "bars", "walk", "[8]", "", Clock::Train},
                    {"fixed", "bars", "walk", "[3]", "", Clock::Train}};
    out.series = {{"train_walk", "Train walk", "", "walk"},
                  {"sample_walk", "Sample walk", "", "walk"}};
    out.clocks = {Clock::Train, Clock::Sample};
    return out;
}

}  // namespace

std::span<const ExperimentSpec> fakeSpecs() {
    static const std::vector<ExperimentSpec> specs{
        {"fake-vae", "Closed-form autoencoder", "kingma2014", describeVae,
         [](const ParamSet& params, Key key) { return std::make_unique<FakeVae>(params, key); }},
        {"fake-chain", "Two coupled walks", "",
         [](const ParamSet& given) { return describeChain(given, false); },
         [](const ParamSet& params, Key key) {
             return std::make_unique<FakeChain>(params, key, Fault{});
         }},
        {"fake-fault", "Two coupled walks that fail on demand", "",
         [](const ParamSet& given) { return describeChain(given, true); },
         [](const ParamSet& params, Key key) {
             return std::make_unique<FakeChain>(params, key, Fault(params));
         }}};
    return specs;
}

int fakeAlive() {
    return g_alive.load();
}

}  // namespace lx::test
