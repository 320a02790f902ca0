// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/samplers/selftest.h"

#include "core/energies/draws.h"
#include "core/energies/plane_table.h"
#include "core/energies/registry.h"
#include "core/samplers/annealing.h"
#include "core/samplers/mass_matrix.h"
#include "core/samplers/run.h"
#include "core/samplers/start.h"
#include "core/samplers/tempered.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace lx {
namespace {

/// E = |f(x)|^2 / 2 with f(x) = (x1, x2 + w . tanh(u x1 + b)): a network of four hidden units whose
/// Jacobian has determinant 1, so that x = f^-1(xi) is an exact draw and Z = 2 pi.
class CouplingNet final : public Energy {
public:
    Index dim() const override { return 2; }
    bool canSample() const override { return true; }
    std::vector<double> sample(Key key, Index count) const override {
        return tempered(1, key, count);
    }
    Box box() const override { return {{-8, -16}, {8, 16}}; }
    static std::vector<double> tempered(double beta, Key key, Index count) {
        std::vector<double> out;
        const double sd = 1 / std::sqrt(beta);
        for (Index i = 0; i < count; ++i) {
            RowDraws draws(key, i);
            const double first = sd * draws.normal();
            out.push_back(first);
            out.push_back(sd * draws.normal() - shift(first).first);
        }
        return out;
    }

protected:
    void compute(const double* x, Index count, double* value, double* grad) const override {
        run(x, count, value, grad);
    }
    void compute(const float* x, Index count, float* value, float* grad) const override {
        run(x, count, value, grad);
    }

private:
    /// The network and its derivative.
    static std::pair<double, double> shift(double x) {
        constexpr double w[] = {1.2, -0.8, 0.9, -1.1}, u[] = {1.5, 2.0, -1.0, 0.7},
                         b[] = {0.3, -0.5, 0.8, -1.0};
        double value = 0, slope = 0;
        for (int k = 0; k < 4; ++k) {
            const double t = std::tanh(u[k] * x + b[k]);
            value += w[k] * t;
            slope += w[k] * u[k] * (1 - t * t);
        }
        return {value, slope};
    }
    template <class T>
    static void run(const T* x, Index count, T* value, T* grad) {
        for (Index i = 0; i < count; ++i) {
            const double first = static_cast<double>(x[2 * i]);
            const auto [net, slope] = shift(first);
            const double second = static_cast<double>(x[2 * i + 1]) + net;
            value[i] = static_cast<T>(0.5 * (first * first + second * second));
            if (grad != nullptr) {
                grad[2 * i] = static_cast<T>(first + second * slope);
                grad[2 * i + 1] = static_cast<T>(second);
            }
        }
    }
};

std::vector<ParamDecl> energyParams(std::string_view id) {
    for (const auto& spec : energySpecs()) {
        if (spec.id == id) {
            return spec.params;
        }
    }
    return {};
}

EnergyPtr gauss(Index dim, double condition) {
    return makeEnergy("gauss", {{"energy.dim", dim}, {"energy.condition", condition}});
}

/// The default banana to the power beta: a wider one whose ridge keeps its shape.
std::vector<double> bananaDraws(double beta, Key key, Index count) {
    const ParamSet p = resolve(energyParams("banana"), {});
    const double radius = number(p, "energy.radius"), bend = number(p, "energy.bend");
    const double wide = radius / std::sqrt(beta);
    auto x = makeEnergy("banana", {{"energy.radius", wide},
                                   {"energy.bend", bend},
                                   {"energy.sd", number(p, "energy.sd") / std::sqrt(beta)}})
                 ->sample(key, count);
    for (std::size_t i = 1; i < x.size(); i += 2) {
        x[i] += bend * (wide * wide - radius * radius);
    }
    return x;
}

std::vector<double> fromTable(const TemperedEnergy& view, Key key, Index count) {
    Box box = view.box();
    for (std::size_t k = 0; k < box.lower.size(); ++k) {
        const double centre = 0.5 * (box.lower[k] + box.upper[k]);
        const double reach = (box.upper[k] - centre) / std::sqrt(view.beta());
        box.lower[k] = centre - reach;
        box.upper[k] = centre + reach;
    }
    const auto table = PlaneTable::make(view, box);
    if (table == nullptr) {
        throw UsageError("the density at beta " + std::to_string(view.beta()) +
                         " does not vanish at the edge of its box");
    }
    return table->sample(view, key, count);
}

/// Mean over its standard error.
double score(std::span<const double> values) {
    const auto n = static_cast<double>(values.size());
    double mean = 0, squares = 0;
    for (const double v : values) {
        mean += v / n;
    }
    for (const double v : values) {
        squares += (v - mean) * (v - mean);
    }
    if (mean == 0) {
        return 0;
    }
    return mean / std::sqrt(squares / (n - 1) / n);
}

/// z of mean(x^2) - variance for each array named, all standard normal targets in one dimension.
double varianceScore(const ChainState& state, std::string_view name, double variance) {
    std::vector<double> excess;
    for (const double v : state.array(name)) {
        excess.push_back(v * v - variance);
    }
    return score(excess);
}

/// Stationary variances of position and momentum of SGHMC on N(0, 1) with the full gradient, by
/// iterating the covariance of its linear recursion.
std::pair<double, double> sghmcVariances(double eps, double friction) {
    const double a = 1 - eps * friction;
    double xx = 1, xp = 0, pp = 1;
    for (int i = 0; i < 100000; ++i) {
        // p' = a p - eps x + s xi, x' = x + eps p'
        const double p2 = a * a * pp - 2 * a * eps * xp + eps * eps * xx + 2 * friction * eps;
        const double cross = a * xp - eps * xx;
        const double x2 = xx + 2 * eps * cross + eps * eps * p2;
        xp = cross + eps * p2;
        xx = x2;
        pp = p2;
    }
    return {xx, pp};
}

double biasScore(const SamplerSpec& spec, Index chains, Key key) {
    const EnergyPtr energy = gauss(1, 1);
    const double step = 0.5;
    ParamSet params{{"sampler.step_size", step}};
    if (find(spec.params, "sampler.stages") != nullptr) {
        params["sampler.stages"] = Index{50};
    }
    const ParamSet all = resolve(spec.params, params);
    const auto kernel = spec.make(all);
    ChainState state = kernel->init(key, *energy, energy->sample(derive(key, "start"), chains));
    runChains(*kernel, key, 0, 200, *energy, state, 1);
    if (!state.arrays.contains("momentum")) {
        return varianceScore(state, "position", 1 / (1 - step / 4));
    }
    const auto [position, momentum] = spec.needs.minibatch
                                          ? sghmcVariances(step, number(all, "sampler.friction"))
                                          : std::pair(1.0, 1 - step * step / 4);
    const double scores[] = {varianceScore(state, "position", position),
                             varianceScore(state, "momentum", momentum)};
    return largest(scores);
}

/// Estimates of Z are unbiased: z of the mean of 20 of them, over the true one.
double evidenceScore(const SamplerSpec& spec, Index chains, Key key) {
    const EnergyPtr energy = makeEnergy("two-modes");
    const auto kernel = spec.make(resolve(spec.params, {}));
    const Index stages = integer(resolve(spec.params, {}), "sampler.stages");
    std::vector<double> excess;
    for (std::uint64_t run = 0; run < 20; ++run) {
        const Key own = derive(key, run);
        const auto start = startPositions(*energy, Start::Overdispersed, own, chains / 20);
        ChainState state = kernel->init(own, *energy, start);
        runChains(*kernel, own, 0, stages, *energy, state, 1);
        excess.push_back(std::exp(logEvidence(state) - energy->logNormaliser().value()) - 1);
    }
    return score(excess);
}

/// Largest error of mean and sd of 150 particles on N(0, 1), over a tolerance of 0.05.
double particleError(const SamplerSpec& spec, Key key) {
    const EnergyPtr energy = gauss(1, 1);
    const auto kernel = spec.make(resolve(spec.params, {}));
    ChainState state =
        kernel->init(key, *energy, startPositions(*energy, Start::Overdispersed, key, 150));
    runChains(*kernel, key, 0, 500, *energy, state, 1);
    double mean = 0, squares = 0;
    for (const double x : state.positions()) {
        mean += x / 150;
        squares += x * x / 150;
    }
    return std::max(std::abs(mean), std::abs(std::sqrt(squares - mean * mean) - 1)) / 0.05;
}

double worstInvariance(const SamplerSpec& spec, Index chains, Key key) {
    double worst = 0;
    for (const auto& target : knownTargets()) {
        const auto kernel = spec.make(resolve(spec.params, scaledTo(spec, target.scale)));
        const auto scores = invarianceScores(*kernel, *target.energy, derive(key, target.name),
                                             invarianceOptions(spec, target, chains));
        worst = std::max(worst, largest(scores));
    }
    return worst;
}

}  // namespace

std::vector<KnownTarget> knownTargets() {
    const auto normal = [](const char* name, Index dim, double condition, double scale) {
        const EnergyPtr energy = gauss(dim, condition);
        return KnownTarget{name, energy, scale, [energy](double beta, Key key, Index count) {
                               auto x = energy->sample(key, count);
                               for (double& v : x) {
                                   v /= std::sqrt(beta);
                               }
                               return x;
                           }};
    };
    const auto tabulated = [](const char* name, const char* id, double scale) {
        const EnergyPtr energy = makeEnergy(id);
        return KnownTarget{name, energy, scale, [energy](double beta, Key key, Index count) {
                               return fromTable(TemperedEnergy(*energy, beta), key, count);
                           }};
    };
    return {normal("normal", 1, 1, 2),
            normal("correlated", 2, 39, 0.32),
            normal("conditioned", 8, 100, 0.2),
            {"banana", makeEnergy("banana"), 0.8, bananaDraws},
            tabulated("two-modes", "two-modes", 1),
            tabulated("ring", "donut", 0.6),
            {"net", std::make_shared<const CouplingNet>(), 0.8, CouplingNet::tempered}};
}

ParamSet scaledTo(const SamplerSpec& spec, double scale) {
    ParamSet params;
    if (const ParamDecl* decl = find(spec.params, "sampler.step_size"); decl != nullptr) {
        params[decl->id] = std::get<double>(decl->initial) * std::pow(scale, spec.stepPower);
    }
    if (spec.id == "tempering") {
        // Tables of the hot laws fit a box only so far.
        params["sampler.beta_min"] = 0.2;
        params["sampler.temperatures"] = Index{4};
    }
    return params;
}

InvarianceOptions invarianceOptions(const SamplerSpec& spec, const KnownTarget& target,
                                    Index chains) {
    InvarianceOptions options;
    options.chains = chains;
    options.group = spec.needs.ensemble ? 20 : 1;
    if (spec.tuning.initial == "dense") {
        // As warm-up would leave it.
        options.complete = [&target](ChainState& state, Key) {
            if (const auto covariance = target.energy->covariance()) {
                setInverseMass(state, *covariance);
            }
        };
    }
    if (spec.id == "tempering") {
        options.complete = [&target](ChainState& state, Key key) {
            const auto beta = state.shared.at("beta");
            const auto d = static_cast<std::size_t>(state.dim);
            for (std::size_t k = 1; k < beta.size(); ++k) {
                const auto x = target.tempered(beta[k], derive(key, k), state.chains);
                for (Index c = 0; c < state.chains; ++c) {
                    std::ranges::copy(std::span(x).subspan(static_cast<std::size_t>(c) * d, d),
                                      state.row("replica", c).subspan(k * d).begin());
                }
            }
        };
    }
    return options;
}

std::array<double, 6> invarianceScores(const Kernel& kernel, const Energy& energy, Key key,
                                       const InvarianceOptions& options) {
    const auto d = static_cast<std::size_t>(energy.dim());
    const auto n = static_cast<std::size_t>(options.chains);
    const auto group = static_cast<std::size_t>(options.group);
    const auto start = energy.sample(derive(key, "exact"), options.chains);
    std::vector<double> before(n), after(n), end;
    energy.evaluate(start, before);
    if (kernel.ensemble()) {
        for (std::size_t first = 0; first + group <= n; first += group) {
            ChainState state =
                kernel.init(key, energy, std::span(start).subspan(first * d, group * d),
                            static_cast<Index>(first));
            runChains(kernel, key, 0, options.steps, energy, state, 1);
            end.insert(end.end(), state.positions().begin(), state.positions().end());
        }
        end.resize(n * d);
    } else {
        ChainState state = kernel.init(key, energy, start);
        if (options.complete) {
            options.complete(state, derive(key, "complete"));
            kernel.refresh(energy, state, {0, state.chains});
        }
        runChains(kernel, key, 0, options.steps, energy, state, options.threads);
        end.assign(state.positions().begin(), state.positions().end());
    }
    energy.evaluate(end, after);
    std::vector<double> sorted = before;
    std::ranges::nth_element(sorted, sorted.begin() + static_cast<std::ptrdiff_t>(n / 2));
    const double median = sorted[n / 2];
    const auto values = [&](std::span<const double> x, double e) {
        const double a = x.front(), b = x.back();
        return std::array{a, b, a * a, b * b, e, e < median ? 1.0 : 0.0};
    };
    const std::size_t groups = n / group;
    std::array<std::vector<double>, 6> change;
    for (auto& c : change) {
        c.resize(groups);
    }
    for (std::size_t i = 0; i < groups * group; ++i) {
        const auto was = values(std::span(start).subspan(i * d, d), before[i]);
        const auto is = values(std::span(end).subspan(i * d, d), after[i]);
        for (std::size_t f = 0; f < 6; ++f) {
            change[f][i / group] += is[f] - was[f];
        }
    }
    std::array<double, 6> out{};
    for (std::size_t f = 0; f < 6; ++f) {
        out[f] = score(change[f]);
    }
    return out;
}

double largest(std::span<const double> scores) {
    double out = 0;
    for (const double z : scores) {
        out = std::max(out, std::isnan(z) ? std::numeric_limits<double>::infinity() : std::abs(z));
    }
    return out;
}

std::vector<SamplerCheck> samplerSelftest(const std::vector<SamplerSpec>& specs, Index chains,
                                          Key key) {
    std::vector<SamplerCheck> rows;
    for (const auto& spec : specs) {
        const Key own = derive(key, spec.id);
        SamplerCheck row{spec.id, 0, kScoreLimit, false};
        if (spec.exact) {
            row.name += ": leaves seven known targets invariant";
            row.z = worstInvariance(spec, chains, own);
        } else if (spec.weighted) {
            row.name += ": evidence of a known mixture";
            row.z = evidenceScore(spec, chains, own);
        } else if (spec.id == "svgd") {
            row.name += ": moments of a normal";
            row.z = particleError(spec, own);
            row.limit = 1;
        } else {
            row.name += ": bias on a normal as in theory";
            row.z = biasScore(spec, chains, own);
        }
        row.pass = std::abs(row.z) < row.limit;
        rows.push_back(std::move(row));
    }
    return rows;
}

}  // namespace lx
