// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/samplers/registry.h"
#include "core/samplers/support.h"

namespace lx {
namespace {

using namespace samplers;

/// Underdamped Langevin dynamics by the splitting BAOAB: half a kick (B), half a drift (A), the
/// exact Ornstein-Uhlenbeck process of friction gamma (O), A, B; one gradient a step. On a Gaussian
/// the positions have their exact law at any stable step size, the momenta variance
/// 1 - eps^2 h / 4 at curvature h. Ref: leimkuhler2013.
class Underdamped final : public Kernel {
public:
    Underdamped(double stepSize, double friction) : m_stepSize(stepSize), m_friction(friction) {}

protected:
    void prepare(Key key, const Energy&, ChainState& state) const override {
        state.setStepSize(m_stepSize);
        auto& p = state.arrays["momentum"];
        p.resize(size(state.chains) * size(state.dim));
        for (Index c = 0; c < state.chains; ++c) {
            StepDraws draws(derive(key, "momentum"), state.offset + c, 0);
            draws.normals(state.row("momentum", c));
        }
    }
    void advance(const Call& call, ChainState& state, ChainRange range,
                 std::span<StepInfo> info) const override {
        Rows at(state, range);
        const std::size_t n = at.n, d = at.d;
        const auto p = state.array("momentum").subspan(size(range.first) * d, n * d);
        const double eps = state.stepSize();
        const double keep = std::exp(-m_friction * eps), stir = std::sqrt(1 - keep * keep);
        Scratch scratch(n * (3 * d + 2) + d);
        const auto x = scratch.take(n * d), v = scratch.take(n * d), slope = scratch.take(n * d);
        const auto energy = scratch.take(n), heat = scratch.take(n), xi = scratch.take(d);
        for (std::size_t i = 0; i < n; ++i) {
            StepDraws draws(call.key, call.offset + range.first + static_cast<Index>(i), call.step);
            draws.normals(xi);
            heat[i] = 0;
            for (std::size_t k = 0; k < d; ++k) {
                const std::size_t at_k = i * d + k;
                const double half = p[at_k] - 0.5 * eps * at.g[at_k];
                v[at_k] = keep * half + stir * xi[k];
                x[at_k] = at.x[at_k] + 0.5 * eps * (half + v[at_k]);
                heat[i] += 0.5 * (v[at_k] * v[at_k] - half * half);
            }
        }
        call.energy.evaluate(x, energy, slope);
        for (std::size_t i = 0; i < n; ++i) {
            const auto from = part(at.x, i, d), to = part(x, i, d), fast = part(v, i, d);
            const auto moving = part(p, i, d);
            const double before = at.e[i] + 0.5 * squaredLength(moving);
            for (std::size_t k = 0; k < d; ++k) {
                fast[k] -= 0.5 * eps * slope[i * d + k];
            }
            const double after = energy[i] + 0.5 * squaredLength(fast);
            const double error = after - before - heat[i];
            const bool fine = std::isfinite(after) && std::isfinite(error);
            info[i].acceptProb = fine ? 1 : 0;
            info[i].accepted = fine;
            info[i].energyError = fine ? error : std::numeric_limits<double>::infinity();
            info[i].diverged = !(info[i].energyError <= kDivergence);
            info[i].gradients = 1;
            if (ChainTrace* t = call.traceOf(range.first + static_cast<Index>(i))) {
                t->from.assign(from.begin(), from.end());
                t->proposal.assign(to.begin(), to.end());
                t->accepted = fine;
                t->path.assign(from.begin(), from.end());
                t->path.insert(t->path.end(), to.begin(), to.end());
                t->momenta.assign(moving.begin(), moving.end());
                t->momenta.insert(t->momenta.end(), fast.begin(), fast.end());
                t->stepsOfPoints = {0, 1};
            }
            if (fine) {
                std::ranges::copy(to, from.begin());
                std::ranges::copy(fast, moving.begin());
                std::ranges::copy(part(slope, i, d), part(at.g, i, d).begin());
                at.e[i] = energy[i];
            } else {
                // Outside the support: turn round.
                for (double& m : moving) {
                    m = -m;
                }
            }
            info[i].energy = at.e[i];
            info[i].hamiltonian = at.e[i] + 0.5 * squaredLength(moving);
        }
    }

private:
    double m_stepSize, m_friction;
};

}  // namespace

namespace samplers {

SamplerSpec underdamped() {
    using namespace decl;
    SamplerSpec spec{"underdamped",
                     "Underdamped Langevin (BAOAB)",
                     "Leimkuhler, Matthews 2013",
                     {stepSizeParam(0.2, "eps, of one BAOAB step"),
                      slider(within(live(make("sampler.friction", "Friction", 1.0,
                                              "gamma; momenta are forgotten within 1 / gamma")),
                                    1e-3, 1000, Scale::Log),
                             0.05, 20)}};
    spec.needs.gradient = true;
    spec.exact = false;
    spec.make = [](const ParamSet& p) {
        return std::make_unique<const Underdamped>(number(p, "sampler.step_size"),
                                                   number(p, "sampler.friction"));
    };
    return spec;
}

}  // namespace samplers
}  // namespace lx
