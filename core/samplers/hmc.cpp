// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/samplers/leapfrog.h"
#include "core/samplers/registry.h"
#include "core/samplers/support.h"

namespace lx {
namespace {

using namespace samplers;

/// Hamiltonian Monte Carlo with L leapfrog steps of size eps (1 + jitter (2 u - 1)), u the second
/// uniform of the step: another length of path in every step, the same work in every chain.
/// Ref: neal2011.
class Hmc final : public Kernel {
public:
    Hmc(double stepSize, Index leapfrogs, double jitter)
        : m_stepSize(stepSize), m_leapfrogs(leapfrogs), m_jitter(jitter) {}

protected:
    void prepare(Key, const Energy&, ChainState& state) const override {
        state.setStepSize(m_stepSize);
    }
    void advance(const Call& call, ChainState& state, ChainRange range,
                 std::span<StepInfo> info) const override {
        Rows at(state, range);
        const std::size_t n = at.n, d = at.d;
        const double step = state.stepSize();
        const MassMatrix metric(state);
        Scratch scratch(n * (3 * d + 4) + 2 * d);
        PhasePoints now{scratch.take(n * d), scratch.take(n * d), scratch.take(n * d),
                        scratch.take(n)};
        const auto eps = scratch.take(n), logU = scratch.take(n), before = scratch.take(n);
        const auto xi = scratch.take(d), velocity = scratch.take(d);
        std::ranges::copy(at.x, now.x.begin());
        std::ranges::copy(at.g, now.g.begin());
        for (std::size_t i = 0; i < n; ++i) {
            const Index chain = range.first + static_cast<Index>(i);
            StepDraws draws(call.key, call.offset + chain, call.step);
            logU[i] = draws.logAccept();
            eps[i] = step * (1 + m_jitter * (2 * static_cast<double>(draws.second()) - 1));
            draws.normals(xi);
            metric.momentum(xi, part(now.p, i, d));
            before[i] = metric.kinetic(part(now.p, i, d));
            if (ChainTrace* t = call.traceOf(chain)) {
                const auto from = part(at.x, i, d);
                t->from.assign(from.begin(), from.end());
                record(*t, now, i, d, 0);
            }
        }
        for (Index l = 1; l <= m_leapfrogs; ++l) {
            leapfrog(call.energy, metric, eps, now, velocity);
            for (std::size_t i = 0; call.trace != nullptr && i < n; ++i) {
                if (ChainTrace* t = call.traceOf(range.first + static_cast<Index>(i))) {
                    record(*t, now, i, d, l);
                }
            }
        }
        for (std::size_t i = 0; i < n; ++i) {
            const auto from = part(at.x, i, d), to = part(now.x, i, d);
            const double after = metric.kinetic(part(now.p, i, d));
            const bool move =
                metropolis(now.e[i] - at.e[i] + (after - before[i]), logU[i], info[i]);
            info[i].diverged = info[i].energyError > kDivergence;
            info[i].gradients = m_leapfrogs;
            if (ChainTrace* t = call.traceOf(range.first + static_cast<Index>(i))) {
                t->proposal.assign(to.begin(), to.end());
                t->accepted = move;
            }
            if (move) {
                std::ranges::copy(to, from.begin());
                std::ranges::copy(part(now.g, i, d), part(at.g, i, d).begin());
                at.e[i] = now.e[i];
            }
            info[i].energy = at.e[i];
            info[i].hamiltonian = at.e[i] + (move ? after : before[i]);
        }
    }

private:
    double m_stepSize;
    Index m_leapfrogs;
    double m_jitter;
};

}  // namespace

namespace samplers {

SamplerSpec hmc() {
    using namespace decl;
    SamplerSpec spec{
        "hmc",
        "Hamiltonian Monte Carlo (HMC)",
        "Duane et al. 1987; Neal 2011",
        {stepSizeParam(0.2, "eps, of one leapfrog step"),
         slider(within(live(make("sampler.leapfrog", "Leapfrog steps", Index{10},
                                 "of one path; each costs a gradient")),
                       1, 1000),
                1, 50),
         slider(within(live(make("sampler.jitter", "Jitter", 0.2,
                                 "share by which the step size varies from path to path; 0: "
                                 "paths of fixed length")),
                       0, 0.99),
                0, 0.99)}};
    for (auto& decl : tuningParams(0.8, "diagonal")) {
        spec.params.push_back(std::move(decl));
    }
    spec.needs.gradient = true;
    spec.tuning = {0.8, true, "diagonal"};
    spec.make = [](const ParamSet& p) {
        return std::make_unique<const Hmc>(number(p, "sampler.step_size"),
                                           integer(p, "sampler.leapfrog"),
                                           number(p, "sampler.jitter"));
    };
    return spec;
}

}  // namespace samplers
}  // namespace lx
