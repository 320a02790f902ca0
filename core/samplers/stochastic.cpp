// SPDX-License-Identifier: GPL-3.0-or-later
// Langevin and Hamiltonian dynamics on the gradient of a few data rows.
#include "core/samplers/registry.h"
#include "core/samplers/support.h"

namespace lx {
namespace {

using namespace samplers;

/// SGLD: z' = z - (eta / 2) g + sqrt(eta) xi. Ref: welling2011.
/// SGHMC: p' = (1 - eps gamma) p - eps g + sqrt(2 gamma eps) xi, z' = z + eps p'. Ref: chen2014,
/// eq. 13 with unit mass and no estimate of the gradient's noise.
/// g is the gradient of `batch` data rows, drawn anew in each step, or the plain gradient of an
/// energy without data. With data the energy that is reported is the estimate of the same rows at
/// the position before the step.
class Stochastic final : public Kernel {
public:
    Stochastic(double stepSize, Index batch, double friction)
        : m_stepSize(stepSize), m_batch(batch), m_friction(friction) {}

protected:
    bool hamiltonian() const { return m_friction > 0; }

    void prepare(Key key, const Energy&, ChainState& state) const override {
        state.setStepSize(m_stepSize);
        if (hamiltonian()) {
            state.arrays["momentum"].resize(size(state.chains) * size(state.dim));
            for (Index c = 0; c < state.chains; ++c) {
                StepDraws draws(derive(key, "momentum"), state.offset + c, 0);
                draws.normals(state.row("momentum", c));
            }
        }
    }
    void advance(const Call& call, ChainState& state, ChainRange range,
                 std::span<StepInfo> info) const override {
        Rows at(state, range);
        const std::size_t n = at.n, d = at.d;
        const bool data = call.energy.dataCount() > 0;
        std::span<double> p;
        if (hamiltonian()) {
            p = state.array("momentum").subspan(size(range.first) * d, n * d);
        }
        const double step = state.stepSize();
        const Key batches = derive(derive(call.key, "minibatch"), call.step);
        Scratch scratch(n * (4 * d + 1));
        const auto x = scratch.take(n * d), v = scratch.take(n * d), slope = scratch.take(n * d);
        const auto xi = scratch.take(n * d), energy = scratch.take(n);
        for (std::size_t i = 0; i < n; ++i) {
            const auto chain = static_cast<std::uint64_t>(call.offset + range.first) + i;
            StepDraws draws(call.key, static_cast<Index>(chain), call.step);
            draws.normals(part(xi, i, d));
            const auto g = part(at.g, i, d);
            if (data) {
                call.energy.minibatch(derive(batches, chain), m_batch, part(at.x, i, d),
                                      at.e.subspan(i, 1), g);
            }
            for (std::size_t k = i * d; k < (i + 1) * d; ++k) {
                if (hamiltonian()) {
                    v[k] = (1 - step * m_friction) * p[k] - step * at.g[k] +
                           std::sqrt(2 * m_friction * step) * xi[k];
                    x[k] = at.x[k] + step * v[k];
                } else {
                    x[k] = at.x[k] - 0.5 * step * at.g[k] + std::sqrt(step) * xi[k];
                }
            }
        }
        if (data) {
            std::ranges::copy(at.e, energy.begin());
            std::ranges::copy(at.g, slope.begin());
        } else {
            call.energy.evaluate(x, energy, slope);
        }
        for (std::size_t i = 0; i < n; ++i) {
            const auto from = part(at.x, i, d), to = part(x, i, d);
            const bool fine = std::isfinite(energy[i]) && std::isfinite(squaredLength(to));
            info[i].acceptProb = fine ? 1 : 0;
            info[i].accepted = fine;
            info[i].diverged = !fine;
            info[i].energyError = fine ? 0 : std::numeric_limits<double>::infinity();
            info[i].gradients = 1;
            if (ChainTrace* t = call.traceOf(range.first + static_cast<Index>(i))) {
                t->from.assign(from.begin(), from.end());
                t->proposal.assign(to.begin(), to.end());
                t->accepted = fine;
                for (std::size_t k = i * d; !hamiltonian() && k < (i + 1) * d; ++k) {
                    t->drift.push_back(x[k] - at.x[k] - std::sqrt(step) * xi[k]);
                    t->noise.push_back(std::sqrt(step) * xi[k]);
                }
            }
            if (fine) {
                std::ranges::copy(to, from.begin());
                std::ranges::copy(part(slope, i, d), part(at.g, i, d).begin());
                at.e[i] = energy[i];
            }
            if (hamiltonian()) {
                const auto moving = part(p, i, d);
                for (std::size_t k = 0; k < d; ++k) {
                    moving[k] = fine ? v[i * d + k] : -moving[k];
                }
                info[i].hamiltonian = at.e[i] + 0.5 * squaredLength(moving);
            }
            info[i].energy = at.e[i];
        }
    }

private:
    double m_stepSize;
    Index m_batch;
    double m_friction;  ///< 0: overdamped
};

SamplerSpec stochastic(std::string id, std::string title, std::string reference, double step) {
    using namespace decl;
    SamplerSpec spec{std::move(id),
                     std::move(title),
                     std::move(reference),
                     {stepSizeParam(step, "eta of the Langevin form, eps of the Hamiltonian one"),
                      within(live(make("sampler.batch", "Batch", Index{32},
                                       "data rows of one gradient, drawn with replacement")),
                             1, 1e6, Scale::Log)}};
    spec.needs.gradient = spec.needs.minibatch = true;
    spec.exact = false;
    return spec;
}

}  // namespace

namespace samplers {

SamplerSpec sgld() {
    auto spec =
        stochastic("sgld", "Stochastic gradient Langevin (SGLD)", "Welling, Teh 2011", 0.01);
    spec.stepPower = 2;
    spec.make = [](const ParamSet& p) {
        return std::make_unique<const Stochastic>(number(p, "sampler.step_size"),
                                                  integer(p, "sampler.batch"), 0);
    };
    return spec;
}

SamplerSpec sghmc() {
    using namespace decl;
    auto spec =
        stochastic("sghmc", "Stochastic gradient HMC (SGHMC)", "Chen, Fox, Guestrin 2014", 0.05);
    spec.params.push_back(slider(within(live(make("sampler.friction", "Friction", 1.0,
                                                  "gamma, against the noise of the gradient")),
                                        1e-3, 1000, Scale::Log),
                                 0.05, 20));
    spec.make = [](const ParamSet& p) {
        return std::make_unique<const Stochastic>(number(p, "sampler.step_size"),
                                                  integer(p, "sampler.batch"),
                                                  number(p, "sampler.friction"));
    };
    return spec;
}

}  // namespace samplers
}  // namespace lx
