// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/samplers/riemannian.h"

#include "core/base/cholesky.h"
#include "core/samplers/support.h"

namespace lx {
namespace {

using namespace samplers;
using Vector = std::vector<double>;

/// The metric at one point, factored.
class Local {
public:
    Local(const Metric& metric, std::span<const double> x)
        : m_dim(x.size()), m_slope(m_dim * m_dim * m_dim) {
        Vector g(m_dim * m_dim);
        metric.at(x, g);
        metric.derivative(x, m_slope);
        m_factor = choleskyFactor(g, m_dim);
    }
    double logDet() const { return choleskyLogDet(m_factor, m_dim); }
    /// L xi, of covariance G.
    Vector momentum(std::span<const double> xi) const {
        Vector out(m_dim);
        for (std::size_t i = 0; i < m_dim; ++i) {
            for (std::size_t j = 0; j <= i; ++j) {
                out[i] += m_factor[i * m_dim + j] * xi[j];
            }
        }
        return out;
    }
    /// G^-1 p.
    Vector velocity(std::span<const double> p) const {
        Vector out(p.begin(), p.end());
        choleskySolve(m_factor, out);
        return out;
    }
    double kinetic(std::span<const double> p) const {
        const Vector v = velocity(p);
        double sum = logDet();
        for (std::size_t k = 0; k < m_dim; ++k) {
            sum += p[k] * v[k];
        }
        return 0.5 * sum;
    }
    /// dH / dx = grad E + tr(G^-1 dG) / 2 - v' dG v / 2.
    Vector force(std::span<const double> grad, std::span<const double> p) const {
        const Vector v = velocity(p);
        Vector out(grad.begin(), grad.end()), column(m_dim);
        for (std::size_t k = 0; k < m_dim; ++k) {
            const auto slope = std::span(m_slope).subspan(k * m_dim * m_dim, m_dim * m_dim);
            for (std::size_t j = 0; j < m_dim; ++j) {
                for (std::size_t i = 0; i < m_dim; ++i) {
                    column[i] = slope[i * m_dim + j];
                    out[k] -= 0.5 * v[i] * slope[i * m_dim + j] * v[j];
                }
                out[k] += 0.5 * velocity(column)[j];
            }
        }
        return out;
    }

private:
    std::size_t m_dim;
    Vector m_slope, m_factor;
};

double change(const Vector& a, const Vector& b) {
    double worst = 0;
    for (std::size_t k = 0; k < a.size(); ++k) {
        const double u = std::abs(a[k] - b[k]);
        worst = std::isfinite(u) ? std::max(worst, u) : std::numeric_limits<double>::infinity();
    }
    return worst;
}

class RiemannianHmc final : public Kernel {
public:
    RiemannianHmc(MetricPtr metric, const RiemannianOptions& options)
        : m_metric(std::move(metric)), m_options(options) {}

protected:
    void prepare(Key, const Energy& energy, ChainState& state) const override {
        if (m_metric->dim() != energy.dim()) {
            throw UsageError("the metric has " + std::to_string(m_metric->dim()) +
                             " dimensions, the energy " + std::to_string(energy.dim()));
        }
        state.setStepSize(m_options.stepSize);
    }
    void advance(const Call& call, ChainState& state, ChainRange range,
                 std::span<StepInfo> info) const override {
        Rows at(state, range);
        for (std::size_t i = 0; i < at.n; ++i) {
            one(call, state.stepSize(), at, i, range.first + static_cast<Index>(i), info[i]);
        }
    }

private:
    void one(const Call& call, double eps, Rows& at, std::size_t i, Index chain,
             StepInfo& info) const {
        const auto from = part(at.x, i, at.d), grad = part(at.g, i, at.d);
        StepDraws draws(call.key, call.offset + chain, call.step);
        Vector xi(at.d), x(from.begin(), from.end()), g(grad.begin(), grad.end());
        draws.normals(xi);
        double energy = at.e[i], before = 0, after = std::numeric_limits<double>::infinity();
        ChainTrace* trace = call.traceOf(chain);
        const auto note = [&](Vector& p, Index l) {
            if (trace != nullptr) {
                record(*trace, x, p, static_cast<double>(l));
            }
        };
        try {
            auto local = std::make_unique<const Local>(*m_metric, x);
            Vector p = local->momentum(xi);
            before = local->kinetic(p);
            note(p, 0);
            bool fine = true;
            for (Index l = 1; fine && l <= m_options.leapfrogs; ++l) {
                fine = step(call.energy, eps, local, x, p, g, energy, info);
                note(p, l);
            }
            after = fine ? local->kinetic(p) : after;
        } catch (const UsageError&) {
            // The metric lost its definiteness on the way: no path, no proposal.
            after = std::numeric_limits<double>::infinity();
        }
        const bool move = metropolis(energy - at.e[i] + after - before, draws.logAccept(), info);
        info.diverged = info.energyError > kDivergence;
        if (trace != nullptr) {
            trace->from.assign(from.begin(), from.end());
            trace->proposal = x;
            trace->accepted = move;
        }
        if (move) {
            std::ranges::copy(x, from.begin());
            std::ranges::copy(g, grad.begin());
            at.e[i] = energy;
        }
        info.energy = at.e[i];
        info.hamiltonian = at.e[i] + (move ? after : before);
    }
    static void record(ChainTrace& trace, const Vector& x, const Vector& p, double l) {
        trace.path.insert(trace.path.end(), x.begin(), x.end());
        trace.momenta.insert(trace.momenta.end(), p.begin(), p.end());
        trace.stepsOfPoints.push_back(l);
    }
    /// False when an implicit step does not converge.
    bool step(const Energy& target, double eps, std::unique_ptr<const Local>& local, Vector& x,
              Vector& p, Vector& g, double& energy, StepInfo& info) const {
        const Vector start = p, origin = x;
        bool fine = false;
        for (Index k = 0; !fine && k < m_options.iterations; ++k) {
            const Vector force = local->force(g, p);
            Vector next = start;
            for (std::size_t j = 0; j < p.size(); ++j) {
                next[j] -= 0.5 * eps * force[j];
            }
            fine = change(next, p) < m_options.tolerance;
            p = next;
        }
        if (!fine) {
            return false;
        }
        const Vector first = local->velocity(p);
        fine = false;
        for (Index k = 0; !fine && k < m_options.iterations; ++k) {
            const auto there = std::make_unique<const Local>(*m_metric, x);
            const Vector second = there->velocity(p);
            Vector next = origin;
            for (std::size_t j = 0; j < x.size(); ++j) {
                next[j] += 0.5 * eps * (first[j] + second[j]);
            }
            fine = change(next, x) < m_options.tolerance;
            x = next;
        }
        if (!fine) {
            return false;
        }
        local = std::make_unique<const Local>(*m_metric, x);
        target.evaluate(std::span<const double>(x), std::span(&energy, 1), g);
        ++info.gradients;
        const Vector force = local->force(g, p);
        for (std::size_t j = 0; j < p.size(); ++j) {
            p[j] -= 0.5 * eps * force[j];
        }
        return true;
    }

    MetricPtr m_metric;
    RiemannianOptions m_options;
};

}  // namespace

std::unique_ptr<const Kernel> riemannianHmc(MetricPtr metric, const RiemannianOptions& options) {
    if (metric == nullptr || !(options.stepSize > 0) || options.leapfrogs < 1 ||
        !(options.tolerance > 0) || options.iterations < 1) {
        throw UsageError(
            "Riemannian HMC needs a metric, a positive step size and tolerance, and at "
            "least one step");
    }
    return std::make_unique<const RiemannianHmc>(std::move(metric), options);
}

}  // namespace lx
