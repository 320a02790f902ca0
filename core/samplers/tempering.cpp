// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/samplers/registry.h"
#include "core/samplers/support.h"
#include "core/samplers/warmup.h"

namespace lx {
namespace {

using namespace samplers;

/// Parallel tempering: every chain is a ladder of K replicas at exp(-beta E), beta from 1 down to
/// beta_min in equal ratios. Replica k makes one Hamiltonian move of L leapfrog steps of size
/// eps / sqrt(beta); then neighbours swap, the even pairs in even steps and the odd pairs in odd
/// ones. The chain is the replica at beta 1, so chains stay independent of each other.
/// Further uniforms: 0 .. K-1 accept the moves, K + k the swap of k and k + 1; normals k D .. of
/// replica k. Warm-up tunes eps by the mean acceptance of all rungs, for only the cold one of them
/// is a chain of the result, but the hot ones have to move too; kept as acceptance [1]. Kept
/// besides: walker [K], the number of the replica that sits on each rung,
/// swaps_tried and swaps_accepted [K - 1], round_trips [1] and heading [K] of each walker: 1 since
/// it was at beta 1, 2 since it was at beta_min after that. Ref: swendsen1986, geyer1991,
/// katzgraber2006.
class Tempering final : public Kernel {
public:
    Tempering(double stepSize, Index leapfrogs, Index rungs, double least)
        : m_stepSize(stepSize), m_leapfrogs(leapfrogs) {
        for (Index k = 0; k < rungs; ++k) {
            m_beta.push_back(
                std::pow(least, static_cast<double>(k) / static_cast<double>(rungs - 1)));
        }
    }

protected:
    Index tile(Index dim) const override {
        return Kernel::tile(dim * static_cast<Index>(m_beta.size()));
    }
    void prepare(Key, const Energy&, ChainState& state) const override {
        state.setStepSize(m_stepSize);
        state.shared["beta"] = m_beta;
        const std::size_t n = size(state.chains), d = size(state.dim), rungs = m_beta.size();
        auto& x = state.arrays["replica"];
        auto& walker = state.arrays["walker"];
        for (std::size_t i = 0; i < n; ++i) {
            const auto at = state.positions().subspan(i * d, d);
            for (std::size_t k = 0; k < rungs; ++k) {
                x.insert(x.end(), at.begin(), at.end());
                walker.push_back(static_cast<double>(k));
            }
        }
        state.arrays["replica_energy"].resize(n * rungs);
        state.arrays["replica_gradient"].resize(n * rungs * d);
        state.arrays["swaps_tried"].resize(n * (rungs - 1));
        state.arrays["swaps_accepted"].resize(n * (rungs - 1));
        state.arrays[std::string(kTunedBy)].resize(n);
        state.arrays["heading"].resize(n * rungs);
        state.arrays["round_trips"].resize(n);
    }
    void renew(const Energy& energy, ChainState& state, ChainRange range) const override {
        Kernel::renew(energy, state, range);
        for (Index c = range.first; c < range.last; ++c) {
            const auto x = state.row("replica", c);
            std::ranges::copy(state.row("position", c), x.begin());
            energy.evaluate(x, state.row("replica_energy", c), state.row("replica_gradient", c));
        }
    }
    void advance(const Call& call, ChainState& state, ChainRange range,
                 std::span<StepInfo> info) const override {
        const std::size_t n = size(range.size()), d = size(state.dim), rungs = m_beta.size();
        const std::size_t first = size(range.first) * rungs, rows = n * rungs;
        const auto x = state.array("replica").subspan(first * d, rows * d);
        const auto e = state.array("replica_energy").subspan(first, rows);
        const auto g = state.array("replica_gradient").subspan(first * d, rows * d);
        Scratch scratch(rows * (3 * d + 2));
        const auto q = scratch.take(rows * d), p = scratch.take(rows * d);
        const auto slope = scratch.take(rows * d), energy = scratch.take(rows);
        const auto kinetic = scratch.take(rows);
        std::ranges::copy(x, q.begin());
        std::ranges::copy(g, slope.begin());
        for (std::size_t r = 0; r < rows; ++r) {
            StepDraws draws(call.key, chainOf(call, range, r / rungs), call.step);
            draws.normals(part(p, r, d), static_cast<Index>((r % rungs) * d));
            kinetic[r] = 0.5 * squaredLength(part(p, r, d));
        }
        const double step = state.stepSize();
        const auto kick = [&](double share) {
            for (std::size_t r = 0; r < rows; ++r) {
                const double beta = m_beta[r % rungs], eps = step / std::sqrt(beta);
                for (std::size_t k = r * d; k < (r + 1) * d; ++k) {
                    p[k] -= share * eps * beta * slope[k];
                }
            }
        };
        for (Index l = 0; l < m_leapfrogs; ++l) {
            kick(0.5);
            for (std::size_t k = 0; k < rows * d; ++k) {
                q[k] += step / std::sqrt(m_beta[k / d % rungs]) * p[k];
            }
            call.energy.evaluate(q, energy, slope);
            kick(0.5);
        }
        const auto acceptance = state.array(kTunedBy).subspan(size(range.first), n);
        std::ranges::fill(acceptance, 0.0);
        for (std::size_t r = 0; r < rows; ++r) {
            const std::size_t i = r / rungs, k = r % rungs;
            StepDraws draws(call.key, chainOf(call, range, i), call.step);
            const double after = 0.5 * squaredLength(part(p, r, d));
            const double logU = portableLog(draws.uniform(static_cast<Index>(k)));
            StepInfo report;
            const bool move =
                metropolis(m_beta[k] * (energy[r] - e[r]) + after - kinetic[r], logU, report);
            acceptance[i] += report.acceptProb / static_cast<double>(rungs);
            if (ChainTrace* t =
                    k == 0 ? call.traceOf(range.first + static_cast<Index>(i)) : nullptr) {
                t->from.assign(part(x, r, d).begin(), part(x, r, d).end());
                t->proposal.assign(part(q, r, d).begin(), part(q, r, d).end());
                t->accepted = move;
            }
            if (move) {
                std::ranges::copy(part(q, r, d), part(x, r, d).begin());
                std::ranges::copy(part(slope, r, d), part(g, r, d).begin());
                e[r] = energy[r];
            }
            if (k == 0) {
                report.diverged = report.energyError > kDivergence;
                report.gradients = m_leapfrogs * static_cast<Index>(rungs);
                report.hamiltonian = e[r] + (move ? after : kinetic[r]);
                info[i] = report;
            }
        }
        for (std::size_t i = 0; i < n; ++i) {
            const Index chain = range.first + static_cast<Index>(i);
            StepDraws draws(call.key, chainOf(call, range, i), call.step);
            swap(state, chain, draws, call.step);
            std::ranges::copy(state.row("replica", chain).first(d),
                              state.row("position", chain).begin());
            std::ranges::copy(state.row("replica_gradient", chain).first(d),
                              state.row("gradient", chain).begin());
            info[i].energy = state.row("energy", chain)[0] = e[i * rungs];
        }
    }

private:
    static Index chainOf(const Call& call, ChainRange range, std::size_t i) {
        return call.offset + range.first + static_cast<Index>(i);
    }
    void swap(ChainState& state, Index chain, StepDraws& draws, std::uint64_t step) const {
        const std::size_t d = size(state.dim), rungs = m_beta.size();
        const auto x = state.row("replica", chain), e = state.row("replica_energy", chain);
        const auto g = state.row("replica_gradient", chain), walker = state.row("walker", chain);
        const auto tried = state.row("swaps_tried", chain);
        const auto taken = state.row("swaps_accepted", chain);
        for (std::size_t k = step % 2; k + 1 < rungs; k += 2) {
            const double gain = (m_beta[k] - m_beta[k + 1]) * (e[k] - e[k + 1]);
            ++tried[k];
            if (!(portableLog(draws.uniform(static_cast<Index>(rungs + k))) < gain)) {
                continue;
            }
            ++taken[k];
            std::ranges::swap_ranges(part(x, k, d), part(x, k + 1, d));
            std::ranges::swap_ranges(part(g, k, d), part(g, k + 1, d));
            std::swap(e[k], e[k + 1]);
            std::swap(walker[k], walker[k + 1]);
        }
        const auto heading = state.row("heading", chain);
        double& cold = heading[static_cast<std::size_t>(walker[0])];
        double& hot = heading[static_cast<std::size_t>(walker[rungs - 1])];
        if (cold == 2) {
            ++state.row("round_trips", chain)[0];
        }
        cold = 1;
        hot = hot == 1 ? 2 : hot;
    }

    double m_stepSize;
    Index m_leapfrogs;
    std::vector<double> m_beta;
};

}  // namespace

namespace samplers {

SamplerSpec tempering() {
    using namespace decl;
    constexpr double kAcceptance = 0.8;
    SamplerSpec spec{
        "tempering",
        "Parallel tempering",
        "Swendsen, Wang 1986; Geyer 1991",
        {stepSizeParam(0.3, "eps of a leapfrog step at beta 1; eps / sqrt(beta) on other rungs"),
         slider(within(live(make("sampler.leapfrog", "Leapfrog steps", Index{5}, "of one move")), 1,
                       1000),
                1, 50),
         within(make("sampler.temperatures", "Temperatures", Index{6}, "replicas of a chain"), 2,
                64),
         within(make("sampler.beta_min", "Smallest beta", 0.03,
                     "inverse temperature of the hottest replica"),
                1e-4, 0.95, Scale::Log)}};
    for (auto& decl : tuningParams(kAcceptance, std::nullopt)) {
        spec.params.push_back(std::move(decl));
    }
    spec.tuning.acceptance = kAcceptance;
    spec.needs.gradient = true;
    spec.make = [](const ParamSet& p) {
        return std::make_unique<const Tempering>(
            number(p, "sampler.step_size"), integer(p, "sampler.leapfrog"),
            integer(p, "sampler.temperatures"), number(p, "sampler.beta_min"));
    };
    return spec;
}

}  // namespace samplers
}  // namespace lx
