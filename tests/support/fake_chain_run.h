// SPDX-License-Identifier: GPL-3.0-or-later
// The experiment behind fake_chains.h.
#pragma once

#include "core/base/philox.h"
#include "core/energies/registry.h"
#include "core/samplers/registry.h"
#include "core/session/experiment.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

namespace lx::test::chains {

inline constexpr Index kShown = 64, kTrail = 260, kGrid = 128, kBuckets = 800, kMechanisms = 16;
inline constexpr Index kLeastDraws = 8;

inline std::size_t z(Index n) {
    return static_cast<std::size_t>(n);
}

class CallTask : public Task {
public:
    explicit CallTask(std::function<void(SnapshotBuilder&)> body) : m_body(std::move(body)) {}
    bool advance(Budget, std::stop_token, SnapshotBuilder& out) override {
        m_body(out);
        return true;
    }

private:
    std::function<void(SnapshotBuilder&)> m_body;
};

inline Array text(const std::string& s) {
    return {{static_cast<Index>(s.size())}, std::vector<std::uint8_t>(s.begin(), s.end())};
}

inline Array single(std::vector<Index> shape, std::span<const double> values) {
    return {std::move(shape), std::vector<float>(values.begin(), values.end())};
}

inline Array numbers(std::vector<Index> values) {
    return {{static_cast<Index>(values.size())}, values};
}

inline std::string join(const std::vector<std::string>& lines) {
    std::string out;
    for (const std::string& line : lines) {
        out += line + '\n';
    }
    return out;
}

class FakeChains : public Experiment {
public:
    FakeChains(const ParamSet& params, Key key)
        : m_params(params),
          m_key(derive(key, "sample")),
          m_energy(makeEnergy(lx::text(params, "energy"))),
          m_dim(m_energy->dim()) {
        makeKernel();
        const Index chains = integer(params, "sampler.chains");
        std::vector<double> start(z(chains * m_dim));
        const Box box = m_energy->frame();
        std::vector<float> unit(start.size());
        fillUniform(derive(key, "init"), unit);
        const auto& given = lx::numbers(params, "start");
        for (std::size_t i = 0; i < start.size(); ++i) {
            const std::size_t axis = i % z(m_dim);
            start[i] = axis < given.size()
                           ? given[axis]
                           : box.lower[axis] +
                                 static_cast<double>(unit[i]) * (box.upper[axis] - box.lower[axis]);
        }
        m_state = m_kernel->init(m_key, *m_energy, start);
        m_shown = std::min(chains, kShown);
        m_draws.resize(z(m_shown * (m_dim + 1)));
        keep();
    }

    void advance(Clock clock, Budget budget, std::stop_token stop, SeriesSink& sink) override {
        const auto begun = std::chrono::steady_clock::now();
        const Index chains = m_state.chains;
        std::vector<StepInfo> info(z(chains));
        for (Index made = 0; made < std::max<Index>(budget.maxSteps, 1); ++made) {
            if (made > 0 && (stop.stop_requested() ||
                             (budget.maxTime.count() > 0 &&
                              std::chrono::steady_clock::now() - begun >= budget.maxTime))) {
                return;
            }
            std::vector<Index> wanted(z(std::min(m_shown, kMechanisms)));
            std::iota(wanted.begin(), wanted.end(), Index{0});
            m_trace = StepTrace(wanted);
            m_kernel->step(m_key, static_cast<std::uint64_t>(m_step), *m_energy, m_state, info,
                           &m_trace);
            ++m_step;
            double energy = 0;
            for (Index c = 0; c < chains; ++c) {
                const StepInfo& one = info[z(c)];
                m_gradients += one.gradients;
                m_accepted += one.acceptProb / static_cast<double>(chains);
                energy += one.energy / static_cast<double>(chains);
                if (one.diverged && c < m_shown) {
                    m_diverged.insert(m_diverged.end(), {m_step, c});
                }
            }
            m_info.assign(info.begin(), info.begin() + m_shown);
            keep();
            if (m_step % 10 == 0) {
                sink.add(0, clock, m_step, m_accepted / static_cast<double>(m_step));
                sink.add(1, clock, m_step, energy);
                sink.add(2, clock, m_step, static_cast<double>(m_diverged.size() / 2));
                sink.add(3, clock, m_step, static_cast<double>(m_gradients));
            }
        }
    }
    Index step(Clock clock) const override { return clock == Clock::Sample ? m_step : 0; }
    void set(const cmd::SetParam& change) override {
        m_params[change.id] = change.value;
        m_state.setStepSize(number(m_params, "sampler.step_size"));
    }
    std::unique_ptr<Task> probe(const cmd::Probe& probe) override {
        if (probe.kind != "place" && probe.kind != "kick" && probe.kind != "restart") {
            return nullptr;
        }
        const Index chain = integer(probe.args, "chain");
        std::vector<double> x;
        if (const auto given = probe.arrays.find("x"); given != probe.arrays.end()) {
            const auto values = given->second.values<float>();
            x.assign(values.begin(), values.end());
        }
        return std::make_unique<CallTask>(
            [this, kind = probe.kind, chain, x](SnapshotBuilder& out) {
                for (Index c = 0; c < m_state.chains; ++c) {
                    if (chain >= 0 && c != chain) {
                        continue;
                    }
                    const auto row = m_state.row("position", c);
                    for (std::size_t i = 0; i < row.size(); ++i) {
                        if (kind == "place") {
                            row[i] = i < x.size() ? x[i] : row[i];
                        } else {
                            std::vector<float> kick(row.size());
                            fillNormal(
                                derive(derive(m_key, "kick"), static_cast<std::uint64_t>(m_step)),
                                kick);
                            row[i] += static_cast<double>(kick[i]);
                        }
                    }
                }
                m_kernel->refresh(*m_energy, m_state, {0, m_state.chains});
                const Index shown = std::clamp<Index>(chain, 0, m_state.chains - 1);
                out.set("x", single({m_dim}, m_state.row("position", shown)));
            });
    }
    std::unique_ptr<Task> observe(std::span<const std::string> channels, Detail) const override {
        return std::make_unique<CallTask>(
            [this, asked = std::vector<std::string>(channels.begin(), channels.end())](
                SnapshotBuilder& out) {
                for (const std::string& id : asked) {
                    publish(id, out);
                }
            });
    }
    State capture() const override {
        State out = lx::capture(m_state, "chains");
        out["step"] = Array({1}, std::vector<Index>{m_step});
        return out;
    }
    void restore(const State& state) override {
        m_state = restoreChains(state, "chains");
        m_step = state.at("step").values<Index>()[0];
    }
    std::map<std::string, double> metrics(Key, std::stop_token) const override { return {}; }

private:
    void makeKernel() {
        const std::string& id = lx::text(m_params, "sampler.kernel");
        m_kernel = makeSampler(id, {{"sampler.step_size", number(m_params, "sampler.step_size")}});
    }
    void keep() {
        for (Index c = 0; c < m_shown; ++c) {
            const auto row = m_state.row("position", c);
            for (Index d = 0; d < m_dim; ++d) {
                m_draws[z(c * (m_dim + 1) + d)].push_back(row[z(d)]);
            }
            m_draws[z(c * (m_dim + 1) + m_dim)].push_back(m_state.row("energy", c)[0]);
        }
    }
    Index warmup() const { return std::min(integer(m_params, "sampler.warmup"), m_step); }
    Index kept() const { return m_step - warmup(); }
    Index variables() const { return m_dim + 1; }
    std::vector<std::string> names() const {
        std::vector<std::string> out = m_energy->names();
        out.push_back("energy");
        return out;
    }
    const std::vector<double>& history(Index chain, Index variable) const {
        return m_draws[z(chain * (m_dim + 1) + variable)];
    }
    /// [chains, draws] after warm-up.
    std::vector<double> after(Index variable) const {
        std::vector<double> out;
        for (Index c = 0; c < m_shown; ++c) {
            const auto& all = history(c, variable);
            out.insert(out.end(), all.end() - kept(), all.end());
        }
        return out;
    }
    std::vector<double> points() const {
        std::vector<double> out;
        for (Index c = 0; c < m_shown; ++c) {
            for (Index n = 0; n < kept(); ++n) {
                for (Index d = 0; d < m_dim; ++d) {
                    out.push_back(history(c, d)[z(m_step + 1 - kept() + n)]);
                }
            }
        }
        return out;
    }

    void publish(const std::string& id, SnapshotBuilder& out) const;
    void publishPlaces(const std::string& id, SnapshotBuilder& out) const;
    void publishGrid(const std::string& id, SnapshotBuilder& out) const;
    void publishMechanism(SnapshotBuilder& out) const;
    void publishTrace(SnapshotBuilder& out) const;
    void publishPlots(const std::string& id, SnapshotBuilder& out) const;
    void publishTruth(const std::string& id, SnapshotBuilder& out) const;

    ParamSet m_params;
    Key m_key;
    EnergyPtr m_energy;
    Index m_dim;
    std::unique_ptr<const Kernel> m_kernel;
    ChainState m_state;
    StepTrace m_trace;
    std::vector<StepInfo> m_info;
    Index m_shown = 0, m_step = 0, m_gradients = 0;
    double m_accepted = 0;
    std::vector<std::vector<double>> m_draws;  ///< [shown, D + energy][steps + 1]
    std::vector<Index> m_diverged;
};

}  // namespace lx::test::chains
