// SPDX-License-Identifier: GPL-3.0-or-later
// RELIABILITY B5: kernels with one mistake each, and the same kernels without it.
#pragma once

#include "core/samplers/support.h"

#include "core/samplers/registry.h"

namespace lx::planted {

using namespace samplers;

enum class Fault {
    None,
    NoDecision,           ///< every proposal is taken
    WrongRatio,           ///< the proposal's asymmetry is left out
    HalfStepLeftOut,      ///< of the momentum, at the end of the path
    MomentumKept,         ///< never drawn
    GradientSign,         ///< in the density of the way back
    NoiseTooLarge,        ///< by sqrt(2), and nobody knows
    TemperatureInverted,  ///< 1 / beta in the moves of the hot replica
    StaleGradient,        ///< after a rejection that of the proposal
    SwapWithoutRatio,     ///< replicas always change places
};

/// MALA, one chain after the other.
class Mala final : public Kernel {
public:
    Mala(Fault fault, double stepSize) : m_fault(fault), m_stepSize(stepSize) {}

protected:
    void prepare(Key, const Energy&, ChainState& state) const override {
        state.setStepSize(m_stepSize);
    }
    void advance(const Call& call, ChainState& state, ChainRange range,
                 std::span<StepInfo> info) const override {
        const std::size_t d = size(state.dim);
        const double eta = state.stepSize(), root = std::sqrt(eta);
        std::vector<double> xi(d), to(d), slope(d);
        for (Index c = range.first; c < range.last; ++c) {
            const auto x = state.row("position", c), g = state.row("gradient", c);
            double& e = state.row("energy", c)[0];
            StepDraws draws(call.key, call.offset + c, call.step);
            const double logU = draws.logAccept();
            draws.normals(xi);
            for (std::size_t k = 0; k < d; ++k) {
                xi[k] *= m_fault == Fault::NoiseTooLarge ? std::sqrt(2.0) : 1.0;
                to[k] = x[k] - 0.5 * eta * g[k] + root * xi[k];
            }
            double energy = 0, kinetic = 0;
            call.energy.evaluate(to, std::span(&energy, 1), slope);
            for (std::size_t k = 0; k < d; ++k) {
                const double sign = m_fault == Fault::GradientSign ? -1 : 1;
                const double back = xi[k] - 0.5 * root * (g[k] + sign * slope[k]);
                kinetic += back * back - xi[k] * xi[k];
            }
            kinetic *= m_fault == Fault::WrongRatio ? 0 : 0.5;
            auto& report = info[size(c - range.first)];
            const bool move =
                metropolis(energy - e + kinetic, logU, report) || m_fault == Fault::NoDecision;
            report.gradients = 1;
            if (ChainTrace* t = call.traceOf(c)) {
                t->from.assign(x.begin(), x.end());
                t->proposal = to;
            }
            if (move) {
                std::ranges::copy(to, x.begin());
                e = energy;
            }
            if (move || m_fault == Fault::StaleGradient) {
                std::ranges::copy(slope, g.begin());
            }
            report.energy = e;
        }
    }

private:
    Fault m_fault;
    double m_stepSize;
};

/// HMC with ten leapfrog steps and no jitter.
class Hmc final : public Kernel {
public:
    Hmc(Fault fault, double stepSize) : m_fault(fault), m_stepSize(stepSize) {}

protected:
    void prepare(Key, const Energy&, ChainState& state) const override {
        state.setStepSize(m_stepSize);
        state.arrays["momentum"].resize(size(state.chains * state.dim));
    }
    void advance(const Call& call, ChainState& state, ChainRange range,
                 std::span<StepInfo> info) const override {
        const double eps = state.stepSize();
        for (Index c = range.first; c < range.last; ++c) {
            const auto x = state.row("position", c), g = state.row("gradient", c);
            const auto p = state.row("momentum", c);
            double& e = state.row("energy", c)[0];
            StepDraws draws(call.key, call.offset + c, call.step);
            const double logU = draws.logAccept();
            if (m_fault != Fault::MomentumKept) {
                draws.normals(p);
            }
            const double before = e + 0.5 * squaredLength(p);
            std::vector<double> q(x.begin(), x.end()), slope(g.begin(), g.end());
            double energy = 0;
            for (int l = 0; l < 10; ++l) {
                for (std::size_t k = 0; k < q.size(); ++k) {
                    p[k] -= 0.5 * eps * slope[k];
                    q[k] += eps * p[k];
                }
                call.energy.evaluate(q, std::span(&energy, 1), slope);
                for (std::size_t k = 0;
                     (l < 9 || m_fault != Fault::HalfStepLeftOut) && k < q.size(); ++k) {
                    p[k] -= 0.5 * eps * slope[k];
                }
            }
            auto& report = info[size(c - range.first)];
            report.gradients = 10;
            if (metropolis(energy + 0.5 * squaredLength(p) - before, logU, report)) {
                std::ranges::copy(q, x.begin());
                std::ranges::copy(slope, g.begin());
                e = energy;
            }
            report.energy = e;
        }
    }

private:
    Fault m_fault;
    double m_stepSize;
};

/// A random walk at beta 1 and one at beta 0.5 that may change places in every step.
class Tempering final : public Kernel {
public:
    static constexpr double kBeta = 0.5;
    Tempering(Fault fault, double stepSize) : m_fault(fault), m_stepSize(stepSize) {}

protected:
    void prepare(Key, const Energy&, ChainState& state) const override {
        state.setStepSize(m_stepSize);
        state.shared["beta"] = {1, kBeta};
        for (Index c = 0; c < state.chains; ++c) {
            const auto x = state.row("position", c);
            auto& both = state.arrays["replica"];
            both.insert(both.end(), x.begin(), x.end());
            both.insert(both.end(), x.begin(), x.end());
        }
    }
    void renew(const Energy& energy, ChainState& state, ChainRange range) const override {
        Kernel::renew(energy, state, range);
        state.arrays["hot_energy"].resize(size(state.chains));
        for (Index c = range.first; c < range.last; ++c) {
            const auto both = state.row("replica", c);
            std::ranges::copy(state.row("position", c), both.begin());
            state.row("hot_energy", c)[0] = energy.at(both.subspan(both.size() / 2));
        }
    }
    void advance(const Call& call, ChainState& state, ChainRange range,
                 std::span<StepInfo> info) const override {
        const std::size_t d = size(state.dim);
        for (Index c = range.first; c < range.last; ++c) {
            StepDraws draws(call.key, call.offset + c, call.step);
            const auto both = state.row("replica", c);
            double& cold = state.row("energy", c)[0];
            double& hot = state.row("hot_energy", c)[0];
            auto& report = info[size(c - range.first)];
            const double inverted = m_fault == Fault::TemperatureInverted ? 1 / kBeta : kBeta;
            StepInfo unused;
            move(call, both.first(d), cold, 1, 0, draws, report);
            move(call, both.subspan(d), hot, inverted, 1, draws, unused);
            const double gain = (1 - kBeta) * (cold - hot);
            if (m_fault == Fault::SwapWithoutRatio || portableLog(draws.uniform(2)) < gain) {
                std::swap_ranges(both.begin(), both.begin() + static_cast<std::ptrdiff_t>(d),
                                 both.begin() + static_cast<std::ptrdiff_t>(d));
                std::swap(cold, hot);
            }
            std::ranges::copy(both.first(d), state.row("position", c).begin());
            report.energy = cold;
            report.evaluations = 2;
        }
    }

private:
    void move(const Call& call, std::span<double> x, double& e, double beta, Index rung,
              StepDraws& draws, StepInfo& report) const {
        std::vector<double> to(x.size());
        draws.normals(to, rung * static_cast<Index>(x.size()));
        for (std::size_t k = 0; k < x.size(); ++k) {
            to[k] = x[k] + m_stepSize * to[k];
        }
        const double fresh = call.energy.at(to);
        if (metropolis(beta * (fresh - e), portableLog(draws.uniform(rung)), report)) {
            std::ranges::copy(to, x.begin());
            e = fresh;
        }
    }

    Fault m_fault;
    double m_stepSize;
};

/// The same random numbers in two steps running.
class ReusesNumbers final : public Kernel {
public:
    explicit ReusesNumbers(std::unique_ptr<const Kernel> kernel) : m_kernel(std::move(kernel)) {}

protected:
    void prepare(Key key, const Energy& energy, ChainState& state) const override {
        state = m_kernel->init(key, energy, std::vector<double>(state.arrays["position"]));
    }
    void advance(const Call& call, ChainState& state, ChainRange range,
                 std::span<StepInfo>) const override {
        m_kernel->step(call.key, call.step / 2, call.energy, state, range, {}, call.trace);
    }

private:
    std::unique_ptr<const Kernel> m_kernel;
};

struct Twin {
    const char* name;
    Fault fault;
    std::unique_ptr<const Kernel> (*make)(Fault, double scale);
    bool tempers = false;
};

inline std::vector<Twin> statisticalTwins() {
    const auto mala = [](Fault f, double scale) -> std::unique_ptr<const Kernel> {
        return std::make_unique<const Mala>(f, 0.5 * scale * scale);
    };
    const auto hmc = [](Fault f, double scale) -> std::unique_ptr<const Kernel> {
        return std::make_unique<const Hmc>(f, 0.2 * scale);
    };
    const auto tempering = [](Fault f, double scale) -> std::unique_ptr<const Kernel> {
        return std::make_unique<const Tempering>(f, scale);
    };
    return {{"no Metropolis step", Fault::NoDecision, mala},
            {"wrong proposal ratio", Fault::WrongRatio, mala},
            {"half-step left out", Fault::HalfStepLeftOut, hmc},
            {"momentum not refreshed", Fault::MomentumKept, hmc},
            {"sign of gradient", Fault::GradientSign, mala},
            {"noise sqrt 2 too large", Fault::NoiseTooLarge, mala},
            {"temperature inverted", Fault::TemperatureInverted, tempering, true},
            {"stale gradient after reject", Fault::StaleGradient, mala},
            {"swap without ratio", Fault::SwapWithoutRatio, tempering, true}};
}

}  // namespace lx::planted
