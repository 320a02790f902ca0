// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/samplers/mass_matrix.h"
#include "core/samplers/registry.h"
#include "core/samplers/support.h"

namespace lx {
namespace {

using namespace samplers;

/// z' = z + s L xi, accepted by the ratio of densities; L L' is the inverse mass of the state.
/// Ref: metropolis1953.
class Rwm final : public Kernel {
public:
    explicit Rwm(double stepSize) : m_stepSize(stepSize) {}

protected:
    void prepare(Key, const Energy&, ChainState& state) const override {
        state.setStepSize(m_stepSize);
    }
    void renew(const Energy& energy, ChainState& state, ChainRange range) const override {
        auto& values = state.arrays["energy"];
        values.resize(size(state.chains));
        const std::size_t first = size(range.first), n = size(range.size()), d = size(state.dim);
        energy.evaluate(state.positions().subspan(first * d, n * d),
                        std::span(values).subspan(first, n));
    }
    void advance(const Call& call, ChainState& state, ChainRange range,
                 std::span<StepInfo> info) const override {
        const std::size_t n = size(range.size()), d = size(state.dim);
        const auto x = state.array("position").subspan(size(range.first) * d, n * d);
        const auto e = state.array("energy").subspan(size(range.first), n);
        const double s = state.stepSize();
        const MassMatrix metric(state);
        Scratch scratch(n * (d + 2) + 2 * d);
        const auto proposal = scratch.take(n * d), energy = scratch.take(n);
        const auto logU = scratch.take(n), xi = scratch.take(d), jump = scratch.take(d);
        for (std::size_t i = 0; i < n; ++i) {
            StepDraws draws(call.key, call.offset + range.first + static_cast<Index>(i), call.step);
            logU[i] = draws.logAccept();
            draws.normals(xi);
            metric.spread(xi, jump);
            for (std::size_t k = 0; k < d; ++k) {
                proposal[i * d + k] = x[i * d + k] + s * jump[k];
            }
        }
        call.energy.evaluate(proposal, energy);
        for (std::size_t i = 0; i < n; ++i) {
            const auto from = part(x, i, d), to = part(proposal, i, d);
            const bool move = metropolis(energy[i] - e[i], logU[i], info[i]);
            info[i].evaluations = 1;
            if (ChainTrace* t = call.traceOf(range.first + static_cast<Index>(i))) {
                t->from.assign(from.begin(), from.end());
                t->proposal.assign(to.begin(), to.end());
                t->accepted = move;
            }
            if (move) {
                std::ranges::copy(to, from.begin());
                e[i] = energy[i];
            }
            info[i].energy = e[i];
        }
    }

private:
    double m_stepSize;
};

SamplerSpec walk(std::string id, std::string title, std::string reference, std::string metric) {
    SamplerSpec spec{std::move(id),
                     std::move(title),
                     std::move(reference),
                     {stepSizeParam(1, "sd of the proposal, in units of the metric")}};
    for (auto& decl : tuningParams(0.234, metric)) {
        spec.params.push_back(std::move(decl));
    }
    spec.tuning = {0.234, true, metric};
    spec.make = [](const ParamSet& p) {
        return std::make_unique<const Rwm>(number(p, "sampler.step_size"));
    };
    return spec;
}

}  // namespace

namespace samplers {

SamplerSpec rwm() {
    return walk("rwm", "Random-walk Metropolis", "Metropolis et al. 1953", "unit");
}

/// The proposal's covariance is learned from the draws of warm-up and then frozen, so the chain is
/// Markov afterwards. Ref: haario2001.
SamplerSpec adaptiveMetropolis() {
    return walk("adaptive-metropolis", "Adaptive Metropolis", "Haario, Saksman, Tamminen 2001",
                "dense");
}

}  // namespace samplers
}  // namespace lx
