// SPDX-License-Identifier: GPL-3.0-or-later
// Kernels that move one coordinate after the other by its conditional density; no gradient.
#include "core/samplers/registry.h"
#include "core/samplers/support.h"

#include <numbers>

namespace lx {
namespace {

using namespace samplers;

/// What both kernels do around their moves: a sweep over the coordinates of each chain.
class Sweep : public Kernel {
protected:
    void renew(const Energy& energy, ChainState& state, ChainRange range) const override {
        auto& values = state.arrays["energy"];
        values.resize(size(state.chains));
        const std::size_t first = size(range.first), n = size(range.size()), d = size(state.dim);
        energy.evaluate(state.positions().subspan(first * d, n * d),
                        std::span(values).subspan(first, n));
    }
    void advance(const Call& call, ChainState& state, ChainRange range,
                 std::span<StepInfo> info) const override {
        const std::size_t d = size(state.dim);
        for (Index c = range.first; c < range.last; ++c) {
            auto& i = info[size(c - range.first)];
            const auto x = state.row("position", c);
            double& e = state.array("energy")[size(c)];
            StepDraws draws(call.key, call.offset + c, call.step);
            UniformStream u(draws);
            ChainTrace* t = call.traceOf(c);
            if (t != nullptr) {
                t->from.assign(x.begin(), x.end());
                t->path = t->from;
            }
            i.acceptProb = 0;
            i.accepted = false;
            for (std::size_t k = 0; k < d; ++k) {
                move(call.energy, x, e, k, u, i);
                if (t != nullptr) {
                    t->path.insert(t->path.end(), x.begin(), x.end());
                }
            }
            i.acceptProb /= static_cast<double>(d);
            i.energy = e;
            if (t != nullptr) {
                t->proposal.assign(x.begin(), x.end());
                t->accepted = i.accepted;
            }
        }
    }
    /// Moves x[k] and its energy; adds to acceptProb, accepted and evaluations.
    virtual void move(const Energy&, std::span<double> x, double& e, std::size_t k,
                      UniformStream& u, StepInfo&) const = 0;
};

/// Stepping out and shrinkage. Uniforms of a coordinate in order: height, place of the interval,
/// share of the steps to the left, then one for each point tried. Ref: neal2003, figures 3 and 5.
class Slice final : public Sweep {
public:
    Slice(double width, Index most) : m_width(width), m_most(most) {}

private:
    void prepare(Key, const Energy&, ChainState&) const override {}
    void move(const Energy& energy, std::span<double> x, double& e, std::size_t k, UniformStream& u,
              StepInfo& info) const override {
        const double start = x[k], level = e - std::log(u.next());
        const auto at = [&](double value) {
            x[k] = value;
            ++info.evaluations;
            return energy.at(x);
        };
        double low = start - m_width * u.next(), high = low + m_width;
        auto left = static_cast<Index>(static_cast<double>(m_most) * u.next());
        Index right = m_most - 1 - left;
        while (left-- > 0 && at(low) < level) {
            low -= m_width;
        }
        while (right-- > 0 && at(high) < level) {
            high += m_width;
        }
        for (;;) {
            const double tried = low + u.next() * (high - low);
            const double fresh = at(tried);
            if (fresh < level) {
                e = fresh;
                ++info.acceptProb;
                info.accepted = true;
                return;
            }
            (tried < start ? low : high) = tried;
            // An interval shrunk to rounding is the point itself.
            if (!(high - low > 1e-14 * (std::abs(start) + m_width))) {
                x[k] = start;
                return;
            }
        }
    }

    double m_width;
    Index m_most;
};

/// Gibbs sampling with conditionals tabulated on a grid: 64 nodes over the box, then 64 over the
/// part within 30 nats of the top; a draw from the piecewise linear density, one in a hundred from
/// a Cauchy law over the box, and a Metropolis-Hastings decision against the density itself. So the
/// kernel is exact for every energy, and close to plain Gibbs where the grid resolves the
/// conditional. Uniforms of a coordinate: component, place, accept. Ref: ritter1992.
class Gibbs final : public Sweep {
    static constexpr std::size_t kNodes = 64;
    static constexpr double kWide = 0.01;

    struct Table {
        double low = 0, step = 0, sum = 0;   ///< sum: mass of the cells
        std::array<double, kNodes> value{};  ///< exp(-(E - least)) at the nodes
        double node(std::size_t i) const { return low + step * static_cast<double>(i); }
        double mass(std::size_t i) const { return 0.5 * step * (value[i] + value[i + 1]); }
        double density(double t) const {
            const double at = (t - low) / step;
            if (!(sum > 0) || at < 0 || at > kNodes - 1) {
                return 0;
            }
            const auto i = std::min(kNodes - 2, static_cast<std::size_t>(at));
            const double share = at - static_cast<double>(i);
            return (value[i] + share * (value[i + 1] - value[i])) / sum;
        }
        double draw(double u) const {
            double rest = u * sum;
            std::size_t i = 0;
            while (i < kNodes - 2 && rest > mass(i)) {
                rest -= mass(i++);
            }
            // rest = step (a s + (b - a) s^2 / 2) for the share s of the cell
            const double a = value[i], b = value[i + 1], goal = std::clamp(rest, 0.0, mass(i));
            const double root = std::sqrt(std::max(0.0, a * a + 2 * (b - a) * goal / step));
            const double s = a + root > 0 ? 2 * goal / step / (a + root) : 0.5;
            return node(i) + step * std::min(s, 1.0);
        }
    };

    void tabulate(const Energy& energy, std::span<const double> x, std::size_t k, double low,
                  double high, Table& table, StepInfo& info) const {
        const std::size_t d = x.size();
        table.low = low;
        table.step = (high - low) / (kNodes - 1);
        std::vector<double> rows(kNodes * d);
        for (std::size_t i = 0; i < kNodes; ++i) {
            std::ranges::copy(x, rows.begin() + static_cast<std::ptrdiff_t>(i * d));
            rows[i * d + k] = table.node(i);
        }
        energy.evaluate(rows, table.value);
        info.evaluations += static_cast<Index>(kNodes);
        const double least = *std::ranges::min_element(table.value);
        table.sum = 0;
        for (double& v : table.value) {
            v = std::isfinite(least) ? std::exp(least - v) : 0;
        }
        for (std::size_t i = 0; i + 1 < kNodes; ++i) {
            table.sum += table.mass(i);
        }
    }

    void prepare(Key, const Energy&, ChainState&) const override {}
    void move(const Energy& energy, std::span<double> x, double& e, std::size_t k, UniformStream& u,
              StepInfo& info) const override {
        // The table depends on the other coordinates alone, so it proposes alike from either side.
        const Box box = energy.box();
        Table table;
        tabulate(energy, x, k, box.lower[k], box.upper[k], table, info);
        std::size_t first = kNodes, last = 0;
        for (std::size_t i = 0; i < kNodes; ++i) {
            if (table.value[i] > 1e-13) {
                first = std::min(first, i);
                last = i;
            }
        }
        if (first <= last) {
            const double low = table.node(first > 0 ? first - 1 : 0);
            tabulate(energy, x, k, low, table.node(std::min(last + 1, kNodes - 1)), table, info);
        }
        const double centre = 0.5 * (box.lower[k] + box.upper[k]);
        const double reach = 0.25 * (box.upper[k] - box.lower[k]);
        const double wide = table.sum > 0 ? kWide : 1;
        const auto proposes = [&](double t) {
            const double z = (t - centre) / reach;
            return (1 - wide) * table.density(t) + wide / (std::numbers::pi * reach * (1 + z * z));
        };
        const bool far = u.next() < wide;
        const double place = u.next();
        const double from = x[k];
        const double to =
            far ? centre + reach * std::tan(std::numbers::pi * (place - 0.5)) : table.draw(place);
        x[k] = to;
        const double fresh = energy.at(x);
        ++info.evaluations;
        StepInfo decision;
        const double error = fresh - e + std::log(proposes(to)) - std::log(proposes(from));
        if (metropolis(error, portableLog(static_cast<float>(u.next())), decision)) {
            e = fresh;
            info.accepted = true;
        } else {
            x[k] = from;
        }
        info.acceptProb += decision.acceptProb;
    }
};

}  // namespace

namespace samplers {

SamplerSpec slice() {
    using namespace decl;
    SamplerSpec spec{"slice",
                     "Slice sampler, coordinate by coordinate",
                     "Neal 2003",
                     {slider(within(live(make("sampler.width", "Width", 1.0,
                                              "of the first interval round the point")),
                                    1e-3, 1000, Scale::Log),
                             0.1, 10),
                      within(live(make("sampler.max_intervals", "Most intervals", Index{20},
                                       "width that stepping out may reach, in first intervals")),
                             1, 10000)}};
    spec.stepPower = 0;
    spec.make = [](const ParamSet& p) {
        return std::make_unique<const Slice>(number(p, "sampler.width"),
                                             integer(p, "sampler.max_intervals"));
    };
    return spec;
}

SamplerSpec gibbs() {
    SamplerSpec spec{
        "gibbs", "Gibbs sampler with tabulated conditionals", "Ritter, Tanner 1992", {}};
    spec.stepPower = 0;
    spec.make = [](const ParamSet&) { return std::make_unique<const Gibbs>(); };
    return spec;
}

}  // namespace samplers
}  // namespace lx
