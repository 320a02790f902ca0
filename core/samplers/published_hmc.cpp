// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/samplers/published_hmc.h"

#include "core/samplers/support.h"

namespace lx {
namespace {

using namespace samplers;

class PublishedHmc final : public Kernel {
public:
    explicit PublishedHmc(const PublishedHmcOptions& options) : m_options(options) {}

protected:
    void prepare(Key, const Energy&, ChainState& state) const override {
        state.setStepSize(m_options.stepSize);
    }
    void advance(const Call& call, ChainState& state, ChainRange range,
                 std::span<StepInfo> info) const override {
        Rows at(state, range);
        const double eps = state.stepSize();
        std::vector<double> x(at.x.begin(), at.x.end()), g(at.g.begin(), at.g.end());
        std::vector<double> p(x.size()), e(at.n), logU(at.n), before(at.n);
        for (std::size_t i = 0; i < at.n; ++i) {
            StepDraws draws(call.key, call.offset + range.first + static_cast<Index>(i), call.step);
            logU[i] = draws.logAccept();
            draws.normals(part(p, i, at.d));
            for (double& momentum : part(p, i, at.d)) {
                momentum *= m_options.momentumSd;
            }
            before[i] = 0.5 * squaredLength(part(p, i, at.d));
        }
        const auto kick = [&](double by) {
            for (std::size_t k = 0; k < p.size(); ++k) {
                p[k] -= by * m_options.forceScale * g[k];
            }
        };
        for (Index l = 0; l < m_options.leapfrogs; ++l) {
            kick(0.5 * eps);
            for (std::size_t k = 0; k < x.size(); ++k) {
                x[k] += eps * p[k];
            }
            call.energy.evaluate(std::span<const double>(x), std::span(e), std::span(g));
            kick(0.5 * eps);
        }
        for (std::size_t i = 0; i < at.n; ++i) {
            const double after = 0.5 * squaredLength(part(p, i, at.d));
            if (metropolis(e[i] - at.e[i] + after - before[i], logU[i], info[i])) {
                std::ranges::copy(part(x, i, at.d), part(at.x, i, at.d).begin());
                std::ranges::copy(part(g, i, at.d), part(at.g, i, at.d).begin());
                at.e[i] = e[i];
            }
            info[i].gradients = m_options.leapfrogs;
            info[i].energy = at.e[i];
        }
    }

private:
    PublishedHmcOptions m_options;
};

}  // namespace

std::unique_ptr<const Kernel> publishedHmc(const PublishedHmcOptions& options) {
    if (!(options.stepSize > 0) || options.leapfrogs < 1 || !(options.momentumSd > 0)) {
        throw UsageError("the published sampler needs a positive step size and at least one step");
    }
    return std::make_unique<const PublishedHmc>(options);
}

}  // namespace lx
