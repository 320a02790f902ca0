// SPDX-License-Identifier: GPL-3.0-or-later
// Kernels whose chains look at each other.
#include "core/samplers/registry.h"
#include "core/samplers/support.h"

namespace lx {
namespace {

using namespace samplers;

/// The affine-invariant ensemble with stretch moves: each chain of one half moves along the line
/// through a chain j of the other half, x' = y_j + s (x - y_j), s = ((a - 1) u + 1)^2 / a, accepted
/// with probability min(1, s^(D-1) exp(E - E')). First half, then the other. u is the second
/// uniform of the step, further uniform 0 chooses j. Ref: goodman2010.
class Stretch final : public Kernel {
public:
    explicit Stretch(double reach) : m_reach(reach) {}
    bool ensemble() const override { return true; }

protected:
    void prepare(Key, const Energy& energy, ChainState& state) const override {
        const Index least = std::max<Index>(4, 2 * energy.dim());
        if (state.chains < least) {
            throw UsageError("the stretch sampler needs at least " + std::to_string(least) +
                             " chains in " + std::to_string(energy.dim()) + " dimensions");
        }
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
        const Index middle = range.last / 2;
        half(call, state, {0, middle}, {middle, range.last}, info);
        half(call, state, {middle, range.last}, {0, middle}, info);
    }

private:
    void half(const Call& call, ChainState& state, ChainRange moving, ChainRange resting,
              std::span<StepInfo> info) const {
        const std::size_t n = size(moving.size()), d = size(state.dim);
        const auto x = state.array("position");
        const auto e = state.array("energy");
        Scratch scratch(n * (d + 3));
        const auto proposal = scratch.take(n * d), energy = scratch.take(n);
        const auto logU = scratch.take(n), logStretch = scratch.take(n);
        for (std::size_t i = 0; i < n; ++i) {
            const Index chain = moving.first + static_cast<Index>(i);
            StepDraws draws(call.key, call.offset + chain, call.step);
            logU[i] = draws.logAccept();
            const double root = (m_reach - 1) * static_cast<double>(draws.second()) + 1;
            const double s = root * root / m_reach;
            logStretch[i] = std::log(s);
            const auto partner = static_cast<Index>(static_cast<double>(draws.uniform(0)) *
                                                    static_cast<double>(resting.size()));
            const auto y = part(x, size(resting.first + std::min(partner, resting.size() - 1)), d);
            const auto from = part(x, size(chain), d);
            for (std::size_t k = 0; k < d; ++k) {
                proposal[i * d + k] = y[k] + s * (from[k] - y[k]);
            }
        }
        call.energy.evaluate(std::span<const double>(proposal), energy);
        for (std::size_t i = 0; i < n; ++i) {
            const std::size_t c = size(moving.first) + i;
            const auto from = part(x, c, d), to = part(proposal, i, d);
            const double volume = static_cast<double>(d - 1) * logStretch[i];
            const bool move = metropolis(energy[i] - e[c] - volume, logU[i], info[c]);
            info[c].evaluations = 1;
            if (ChainTrace* t = call.traceOf(static_cast<Index>(c))) {
                t->from.assign(from.begin(), from.end());
                t->proposal.assign(to.begin(), to.end());
                t->accepted = move;
            }
            if (move) {
                std::ranges::copy(to, from.begin());
                e[c] = energy[i];
            }
            info[c].energy = e[c];
        }
    }

    double m_reach;
};

/// Stein variational gradient descent: particles follow
/// x_i += (eps / n) sum_j [-k(x_j, x_i) g_j + 2 (x_i - x_j) / h k(x_j, x_i)], k = exp(-r^2 / h),
/// h = median r^2 / log(n + 1). No randomness, no stationary law of a chain: the particles together
/// approximate the density. Cost n^2 D; at most 4000 particles. Ref: liu2016svgd.
class Svgd final : public Kernel {
public:
    explicit Svgd(double stepSize) : m_stepSize(stepSize) {}
    bool ensemble() const override { return true; }

protected:
    void prepare(Key, const Energy&, ChainState& state) const override {
        state.setStepSize(m_stepSize);
        if (state.chains < 2 || state.chains > 4000) {
            throw UsageError("Stein variational gradient descent moves 2 to 4000 particles, not " +
                             std::to_string(state.chains));
        }
    }
    void advance(const Call& call, ChainState& state, ChainRange range,
                 std::span<StepInfo> info) const override {
        Rows at(state, range);
        const std::size_t n = at.n, d = at.d;
        std::vector<double> force(n * d), distance(n * n);
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t j = 0; j < i; ++j) {
                double sum = 0;
                for (std::size_t k = 0; k < d; ++k) {
                    const double u = at.x[i * d + k] - at.x[j * d + k];
                    sum += u * u;
                }
                distance[i * n + j] = distance[j * n + i] = sum;
            }
        }
        const double h = bandwidth(distance, n);
        const double scale = state.stepSize() / static_cast<double>(n);
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t j = 0; j < n; ++j) {
                const double kernel = scale * std::exp(-distance[i * n + j] / h);
                for (std::size_t k = 0; k < d; ++k) {
                    force[i * d + k] +=
                        kernel * (2 / h * (at.x[i * d + k] - at.x[j * d + k]) - at.g[j * d + k]);
                }
            }
        }
        std::vector<double> x(at.x.begin(), at.x.end()), energy(n), slope(n * d);
        for (std::size_t k = 0; k < n * d; ++k) {
            x[k] += force[k];
        }
        call.energy.evaluate(std::span<const double>(x), energy, slope);
        for (std::size_t i = 0; i < n; ++i) {
            const bool fine = std::isfinite(energy[i]);
            info[i].acceptProb = fine ? 1 : 0;
            info[i].accepted = fine;
            info[i].diverged = !fine;
            info[i].gradients = 1;
            if (ChainTrace* t = call.traceOf(static_cast<Index>(i))) {
                t->from.assign(part(at.x, i, d).begin(), part(at.x, i, d).end());
                t->proposal.assign(part(x, i, d).begin(), part(x, i, d).end());
                t->accepted = fine;
                t->drift.assign(part(force, i, d).begin(), part(force, i, d).end());
                t->noise.assign(d, 0);
            }
            if (fine) {
                std::ranges::copy(part(x, i, d), part(at.x, i, d).begin());
                std::ranges::copy(part(slope, i, d), part(at.g, i, d).begin());
                at.e[i] = energy[i];
            }
            info[i].energy = at.e[i];
        }
    }

private:
    /// From at most about 250 000 of the pairs.
    static double bandwidth(std::span<const double> distance, std::size_t n) {
        std::vector<double> some;
        const std::size_t stride = std::max<std::size_t>(1, n / 500);
        for (std::size_t i = 0; i < n; i += stride) {
            for (std::size_t j = 0; j < n; j += stride) {
                some.push_back(distance[i * n + j]);
            }
        }
        const auto middle = some.begin() + static_cast<std::ptrdiff_t>(some.size() / 2);
        std::ranges::nth_element(some, middle);
        return std::max(*middle / std::log(static_cast<double>(n) + 1), 1e-12);
    }

    double m_stepSize;
};

}  // namespace

namespace samplers {

SamplerSpec stretch() {
    using namespace decl;
    SamplerSpec spec{"stretch",
                     "Affine-invariant ensemble (stretch moves)",
                     "Goodman, Weare 2010",
                     {slider(within(live(make("sampler.stretch", "Stretch", 2.0,
                                              "a: moves scale the distance by 1 / a to a")),
                                    1.01, 100),
                             1.1, 5)}};
    spec.needs.ensemble = spec.countsAsOneChain = true;
    spec.stepPower = 0;
    spec.make = [](const ParamSet& p) {
        return std::make_unique<const Stretch>(number(p, "sampler.stretch"));
    };
    return spec;
}

SamplerSpec svgd() {
    SamplerSpec spec{"svgd",
                     "Stein variational gradient descent (SVGD)",
                     "Liu, Wang 2016",
                     {stepSizeParam(0.3, "eps")}};
    spec.needs.gradient = spec.needs.ensemble = spec.countsAsOneChain = true;
    spec.exact = false;
    spec.make = [](const ParamSet& p) {
        return std::make_unique<const Svgd>(number(p, "sampler.step_size"));
    };
    return spec;
}

}  // namespace samplers
}  // namespace lx
