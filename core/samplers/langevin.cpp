// SPDX-License-Identifier: GPL-3.0-or-later
// The Langevin proposal z' = z - (eta / 2) grad E + sqrt(eta) xi, without and with a Metropolis
// decision.
#include "core/samplers/registry.h"
#include "core/samplers/support.h"

namespace lx {
namespace {

using namespace samplers;

class Langevin final : public Kernel {
public:
    Langevin(double stepSize, bool adjusted) : m_stepSize(stepSize), m_adjusted(adjusted) {}

protected:
    void prepare(Key, const Energy&, ChainState& state) const override {
        state.setStepSize(m_stepSize);
    }
    void advance(const Call& call, ChainState& state, ChainRange range,
                 std::span<StepInfo> info) const override {
        Rows at(state, range);
        const std::size_t n = at.n, d = at.d;
        const double eta = state.stepSize(), root = std::sqrt(eta);
        Scratch scratch(n * (3 * d + 2));
        const auto xi = scratch.take(n * d), proposal = scratch.take(n * d);
        const auto slope = scratch.take(n * d), energy = scratch.take(n), logU = scratch.take(n);
        for (std::size_t i = 0; i < n; ++i) {
            StepDraws draws(call.key, call.offset + range.first + static_cast<Index>(i), call.step);
            logU[i] = draws.logAccept();
            draws.normals(part(xi, i, d));
        }
        for (std::size_t k = 0; k < n * d; ++k) {
            proposal[k] = at.x[k] - 0.5 * eta * at.g[k] + root * xi[k];
        }
        call.energy.evaluate(proposal, energy, slope);
        for (std::size_t i = 0; i < n; ++i) {
            const auto from = part(at.x, i, d), to = part(proposal, i, d);
            const auto old = part(at.g, i, d), fresh = part(slope, i, d);
            const double error = energyError(energy[i] - at.e[i], part(xi, i, d), old, fresh, root);
            const bool move = decide(error, energy[i], logU[i], info[i]);
            info[i].gradients = 1;
            if (ChainTrace* t = call.traceOf(range.first + static_cast<Index>(i))) {
                t->from.assign(from.begin(), from.end());
                t->proposal.assign(to.begin(), to.end());
                t->accepted = move;
                for (std::size_t k = 0; k < d; ++k) {
                    t->drift.push_back(-0.5 * eta * old[k]);
                    t->noise.push_back(root * xi[i * d + k]);
                }
            }
            if (move) {
                std::ranges::copy(to, from.begin());
                std::ranges::copy(fresh, old.begin());
                at.e[i] = energy[i];
            }
            info[i].energy = at.e[i];
        }
    }

private:
    /// -log of the Metropolis-Hastings ratio. The noise that would lead back is
    /// -(xi - sqrt(eta) (g + g') / 2), so no two large numbers are subtracted. Ref: roberts1996.
    static double energyError(double change, std::span<const double> xi, std::span<const double> g,
                              std::span<const double> fresh, double root) {
        double kinetic = 0;
        for (std::size_t k = 0; k < xi.size(); ++k) {
            const double back = xi[k] - 0.5 * root * (g[k] + fresh[k]);
            kinetic += back * back - xi[k] * xi[k];
        }
        return change + 0.5 * kinetic;
    }
    bool decide(double error, double energy, double logU, StepInfo& info) const {
        if (m_adjusted) {
            const bool move = metropolis(error, logU, info);
            info.diverged = info.energyError > kDivergence;
            return move;
        }
        // Without a decision only a point that is no point at all is turned down.
        const bool fine = std::isfinite(energy);
        info.energyError = std::isnan(error) ? std::numeric_limits<double>::infinity() : error;
        info.acceptProb = fine ? 1 : 0;
        info.accepted = fine;
        info.diverged = !(info.energyError <= kDivergence);
        return fine;
    }

    double m_stepSize;
    bool m_adjusted;
};

std::unique_ptr<const Kernel> made(const ParamSet& p, bool adjusted) {
    return std::make_unique<const Langevin>(number(p, "sampler.step_size"), adjusted);
}

}  // namespace

namespace samplers {

SamplerSpec ula() {
    SamplerSpec spec{"ula",
                     "Unadjusted Langevin",
                     "Roberts, Tweedie 1996",
                     {stepSizeParam(0.1, "eta; large steps make the stationary law too wide")}};
    spec.needs.gradient = true;
    spec.exact = false;
    spec.stepPower = 2;
    spec.make = [](const ParamSet& p) { return made(p, false); };
    return spec;
}

SamplerSpec mala() {
    SamplerSpec spec{"mala",
                     "Metropolis-adjusted Langevin (MALA)",
                     "Roberts, Tweedie 1996",
                     {stepSizeParam(0.5, "eta")}};
    for (auto& decl : tuningParams(0.574, std::nullopt)) {
        spec.params.push_back(std::move(decl));
    }
    spec.needs.gradient = true;
    spec.tuning.acceptance = 0.574;
    spec.stepPower = 2;
    spec.make = [](const ParamSet& p) { return made(p, true); };
    return spec;
}

}  // namespace samplers
}  // namespace lx
