// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/samplers/leapfrog.h"
#include "core/samplers/registry.h"
#include "core/samplers/support.h"

namespace lx {
namespace {

using namespace samplers;
using Vector = std::vector<double>;

double logSumExp(double a, double b) {
    const double top = std::max(a, b);
    return std::isinf(top) ? top : top + std::log(std::exp(a - top) + std::exp(b - top));
}

Vector sum(const Vector& a, const Vector& b) {
    Vector out(a);
    for (std::size_t k = 0; k < out.size(); ++k) {
        out[k] += b[k];
    }
    return out;
}

double dot(const Vector& a, const Vector& b) {
    double total = 0;
    for (std::size_t k = 0; k < a.size(); ++k) {
        total += a[k] * b[k];
    }
    return total;
}

/// A point of phase space; `place` is its index in the trace.
struct Point {
    Vector x, p, g;
    double e = 0;
    Index place = 0, steps = 0;
};

/// An end of a trajectory: momentum and velocity there.
struct End {
    Vector p, v;
};

/// What a subtree tells the tree above it. `begin` is the end it was grown from.
struct Subtree {
    End begin, end;
    Vector rho;  ///< sum of the momenta
    Point proposal;
    double logWeight = -std::numeric_limits<double>::infinity();
    bool valid = false;
};

/// The trajectory has not turned: both ends still move along the sum of momenta.
/// Ref: betancourt2016identifying.
bool persists(const End& a, const End& b, const Vector& rho) {
    return dot(a.v, rho) > 0 && dot(b.v, rho) > 0;
}

/// The trajectory of one chain in one step.
class Tree {
public:
    Tree(const Energy& energy, const MassMatrix& metric, double stepSize, double h0,
         UniformStream& u, ChainTrace* trace)
        : m_energy(energy),
          m_metric(metric),
          m_stepSize(stepSize),
          m_h0(h0),
          m_u(u),
          m_trace(trace) {}

    End end(const Point& z) const {
        End out{z.p, Vector(z.p.size())};
        m_metric.velocity(z.p, out.v);
        return out;
    }
    double hamiltonian(const Point& z) const { return z.e + m_metric.kinetic(z.p); }

    /// Grows 2^depth points from z, which moves along.
    Subtree grow(Point& z, Index depth, Index doubling, int direction) {
        if (depth == 0) {
            return leaf(z, doubling, direction);
        }
        Subtree first = grow(z, depth - 1, doubling, direction);
        if (!first.valid) {
            return first;
        }
        Subtree second = grow(z, depth - 1, doubling, direction);
        if (!second.valid) {
            return second;
        }
        Subtree out;
        out.logWeight = logSumExp(first.logWeight, second.logWeight);
        // Uniform over the subtree by weight.
        const bool takeSecond = m_u.next() < std::exp(second.logWeight - out.logWeight);
        out.proposal = std::move(takeSecond ? second.proposal : first.proposal);
        out.rho = sum(first.rho, second.rho);
        out.valid = joined(first, second, out.rho);
        out.begin = std::move(first.begin);
        out.end = std::move(second.end);
        return out;
    }

    /// The whole has not turned, nor has either half together with the nearest point of the other:
    /// without the last two checks, points halfway round an ellipse are missed. Ref: stan2023.
    static bool joined(const Subtree& a, const Subtree& b, const Vector& rho) {
        return persists(a.begin, b.end, rho) && persists(a.begin, b.begin, sum(a.rho, b.begin.p)) &&
               persists(a.end, b.end, sum(b.rho, a.end.p));
    }

    Index leapfrogs = 0;
    double acceptance = 0;  ///< sum over the points
    bool diverged = false;

private:
    Subtree leaf(Point& z, Index doubling, int direction) {
        Vector scratch(z.x.size());
        const double eps = direction * m_stepSize;
        PhasePoints rows{z.x, z.p, z.g, std::span(&z.e, 1)};
        leapfrog(m_energy, m_metric, std::span(&eps, 1), rows, scratch);
        ++leapfrogs;
        z.steps += direction;
        if (m_trace != nullptr) {
            record(*m_trace, rows, 0, z.x.size(), static_cast<double>(z.steps));
            const auto place = static_cast<Index>(m_trace->stepsOfPoints.size()) - 1;
            m_trace->edges.push_back({z.place, place, doubling});
            z.place = place;
        }
        double error = hamiltonian(z) - m_h0;
        if (std::isnan(error)) {
            error = std::numeric_limits<double>::infinity();
        }
        Subtree out;
        diverged = diverged || error > kDivergence;
        out.valid = error <= kDivergence;
        out.logWeight = -error;
        acceptance += error <= 0 ? 1 : std::exp(-error);
        out.begin = out.end = end(z);
        out.rho = z.p;
        out.proposal = z;
        return out;
    }

    const Energy& m_energy;
    const MassMatrix& m_metric;
    double m_stepSize, m_h0;
    UniformStream& m_u;
    ChainTrace* m_trace;
};

/// The no-U-turn sampler with multinomial weights along the trajectory and biased progressive
/// sampling between doublings, as in Stan. Further uniforms in this order: direction of a doubling,
/// choices within its subtree from the leaves up, choice between old and new.
/// Ref: hoffman2014, betancourt2017, stan2023.
class Nuts final : public Kernel {
public:
    Nuts(double stepSize, Index maxDepth) : m_stepSize(stepSize), m_maxDepth(maxDepth) {}

protected:
    void prepare(Key, const Energy&, ChainState& state) const override {
        state.setStepSize(m_stepSize);
    }
    void advance(const Call& call, ChainState& state, ChainRange range,
                 std::span<StepInfo> info) const override {
        Rows at(state, range);
        const MassMatrix metric(state);
        for (std::size_t i = 0; i < at.n; ++i) {
            one(call, state.stepSize(), metric, at, i, range.first + static_cast<Index>(i),
                info[i]);
        }
    }

private:
    void one(const Call& call, double stepSize, const MassMatrix& metric, Rows& at, std::size_t i,
             Index chain, StepInfo& info) const {
        const auto x = part(at.x, i, at.d), g = part(at.g, i, at.d);
        StepDraws draws(call.key, call.offset + chain, call.step);
        UniformStream u(draws);
        Point start{{x.begin(), x.end()}, Vector(at.d), {g.begin(), g.end()}, at.e[i], 0, 0};
        Vector xi(at.d);
        draws.normals(xi);
        metric.momentum(xi, start.p);
        ChainTrace* trace = call.traceOf(chain);
        if (trace != nullptr) {
            trace->from = start.x;
            record(*trace, {start.x, start.p, start.g, std::span(&start.e, 1)}, 0, at.d, 0);
        }
        const double h0 = start.e + metric.kinetic(start.p);
        Tree tree(call.energy, metric, stepSize, h0, u, trace);
        // The trajectory so far, from its backward to its forward end.
        Subtree whole{tree.end(start), tree.end(start), start.p, start, 0, true};
        Point forward = start, backward = start;
        bool moved = false;
        for (Index depth = 0; depth < m_maxDepth && whole.valid; ++depth) {
            const bool ahead = u.next() > 0.5;
            Subtree fresh = tree.grow(ahead ? forward : backward, depth, depth, ahead ? 1 : -1);
            if (!fresh.valid) {
                break;
            }
            ++info.depth;
            if (std::log(u.next()) < fresh.logWeight - whole.logWeight) {
                whole.proposal = std::move(fresh.proposal);
                moved = true;
            }
            whole.logWeight = logSumExp(whole.logWeight, fresh.logWeight);
            const Vector rho = sum(whole.rho, fresh.rho);
            if (ahead) {
                whole.valid = Tree::joined(whole, fresh, rho);
                whole.end = std::move(fresh.end);
            } else {
                // A subtree that was grown backwards begins at its forward end.
                std::swap(fresh.begin, fresh.end);
                whole.valid = Tree::joined(fresh, whole, rho);
                whole.begin = std::move(fresh.begin);
            }
            whole.rho = rho;
        }
        const Point& to = whole.proposal;
        info.acceptProb = tree.acceptance / static_cast<double>(std::max<Index>(1, tree.leapfrogs));
        info.accepted = moved;
        info.diverged = tree.diverged;
        info.gradients = tree.leapfrogs;
        info.hamiltonian = tree.hamiltonian(to);
        info.energyError = info.hamiltonian - h0;
        info.energy = to.e;
        if (trace != nullptr) {
            trace->proposal = to.x;
            trace->accepted = moved;
        }
        std::ranges::copy(to.x, x.begin());
        std::ranges::copy(to.g, g.begin());
        at.e[i] = to.e;
    }

    double m_stepSize;
    Index m_maxDepth;
};

}  // namespace

namespace samplers {

SamplerSpec nuts() {
    using namespace decl;
    SamplerSpec spec{
        "nuts",
        "No-U-turn sampler (NUTS)",
        "Hoffman, Gelman 2014; Betancourt 2017",
        {stepSizeParam(0.2, "eps, of one leapfrog step"),
         slider(within(live(make("sampler.max_depth", "Largest depth", Index{10},
                                 "doublings of one trajectory; 2^depth - 1 gradients")),
                       1, 15),
                1, 12)}};
    for (auto& decl : tuningParams(0.8, "diagonal")) {
        spec.params.push_back(std::move(decl));
    }
    spec.needs.gradient = true;
    spec.tuning = {0.8, true, "diagonal"};
    spec.make = [](const ParamSet& p) {
        return std::make_unique<const Nuts>(number(p, "sampler.step_size"),
                                            integer(p, "sampler.max_depth"));
    };
    return spec;
}

}  // namespace samplers
}  // namespace lx
