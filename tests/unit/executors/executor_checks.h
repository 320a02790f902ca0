// SPDX-License-Identifier: GPL-3.0-or-later
// Programs to step, and the comparison of an executor's paths with those of the kernels in
// core/samplers.
#pragma once

#include "core/base/philox.h"
#include "core/energies/formula.h"
#include "core/energies/mixture.h"
#include "core/energies/registry.h"
#include "core/executors/executor.h"
#include "core/samplers/draws.h"
#include "core/samplers/mass_matrix.h"
#include "core/samplers/registry.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace lx::executors::checks {

/// A network with keyed weights: widths of the hidden layers, then `outputs`.
inline MlpParts network(Index dim, std::vector<Index> widths, MlpActivation activation,
                        Index outputs = 1, std::uint64_t seed = 1) {
    MlpParts parts;
    parts.dim = dim;
    parts.activation = activation;
    parts.slope = 0.1;
    widths.push_back(outputs);
    Index in = dim;
    for (std::size_t l = 0; l < widths.size(); ++l) {
        MlpLayer layer;
        layer.weight.resize(static_cast<std::size_t>(widths[l] * in));
        layer.bias.resize(static_cast<std::size_t>(widths[l]));
        fillNormal(derive(Key{seed, 2}, 2 * l), layer.weight);
        fillNormal(derive(Key{seed, 2}, 2 * l + 1), layer.bias);
        const float scale = 1.2F / std::sqrt(static_cast<float>(in));
        for (float& w : layer.weight) {
            w *= scale;
        }
        parts.layers.push_back(std::move(layer));
        in = widths[l];
    }
    return parts;
}

/// The score of a network as a field without a value: what an unadjusted kernel needs.
class ScoreField final : public Energy {
public:
    explicit ScoreField(MlpParts parts) : m_parts(std::move(parts)) {
        // E_r = -s_r for each output r; the gradient's component r is the value of energy r.
        for (Index r = 0; r < m_parts.dim; ++r) {
            MlpParts one = m_parts;
            const auto inputs = one.layers.back().weight.size() / one.layers.back().bias.size();
            auto& last = one.layers.back();
            const auto row = last.weight.begin() +
                             static_cast<std::ptrdiff_t>(static_cast<std::size_t>(r) * inputs);
            last = {{row, row + static_cast<std::ptrdiff_t>(inputs)},
                    {last.bias[static_cast<std::size_t>(r)]}};
            m_outputs.push_back(mlpEnergy(std::move(one)));
        }
    }
    Index dim() const override { return m_parts.dim; }
    Box box() const override { return m_outputs.front()->box(); }

protected:
    void compute(const double* x, Index count, double* value, double* grad) const override {
        run(x, count, value, grad);
    }
    void compute(const float* x, Index count, float* value, float* grad) const override {
        run(x, count, value, grad);
    }

private:
    template <class T>
    void run(const T* x, Index count, T* value, T* grad) const {
        const auto n = static_cast<std::size_t>(count), d = m_outputs.size();
        std::fill_n(value, n, T{0});
        std::vector<T> output(n);
        for (std::size_t r = 0; grad != nullptr && r < d; ++r) {
            m_outputs[r]->evaluate(std::span(x, n * d), std::span(output));
            for (std::size_t i = 0; i < n; ++i) {
                grad[i * d + r] = -output[i];
            }
        }
    }
    MlpParts m_parts;
    std::vector<EnergyPtr> m_outputs;
};

struct Case {
    const char* name;
    EnergyPtr energy;
    ProgramPtr program;
    double reach = 1;       ///< how far the chains start from 0
    bool smooth = true;     ///< false: a gradient that jumps parts some chains
    double stepSize = 0.1;  ///< of Hamiltonian kernels; squared for Langevin kernels
};

inline std::vector<Case> cases() {
    std::vector<Case> out;
    const auto add = [&](const char* name, EnergyPtr energy, double reach, double stepSize,
                         bool smooth = true) {
        ProgramPtr program = programOf(*energy);
        out.push_back({name, std::move(energy), std::move(program), reach, smooth, stepSize});
    };
    const auto net = [&](const char* name, Index dim, std::vector<Index> widths, MlpActivation a) {
        add(name, mlpEnergy(network(dim, std::move(widths), a)), 1, 0.1,
            a != MlpActivation::LeakyRelu);
    };
    const auto formula = [&](const char* name, const char* text, double stepSize = 0.1) {
        add(name, formulaEnergy(text, ""), 1, stepSize);
    };
    add("ring8", makeEnergy("ring8"), 2, 0.1);
    add("two-modes 5-D", makeEnergy("two-modes", {{"energy.dim", Index{5}}}), 1, 0.2);
    add("mixture 1-D", makeEnergy("mixture", {{"energy.dim", Index{1}}}), 1, 0.1);
    add("uneven mixture 3-D",
        mixtureEnergy({3, {0, 0, 0, 1, 2, 3, -1, 0.5, 0}, {1, 2, 3}, {1, 0.5, 2}}), 2, 0.1);
    formula("formula: himmelblau", "(x^2+y-11)^2/20 + (x+y^2-7)^2/20");
    formula("formula: everything with a polynomial",
            "x^2/2 + y^2/2 + sin(3*x)*cos(y) + exp(-x^2) + log(1+y^2) + sqrt(1+x^2) + tanh(x*y) + "
            "abs(x-y)/2 + max(x, 2*y)/3 + min(x, -y)/3 + 1/(1+x^2*y^2)");
    formula("formula: functions of libm",
            "x^2 + y^2 + atan(x) + cosh(x/3) + sinh(y/4) + erf(x) + atan2(y, 3+x^2) + "
            "(1+x^2)^1.3 + cbrt(2+y^2) + log1p(x^2) + expm1(-y^2) + tan(x/9)");
    net("silu 2-64-64-1", 2, {64, 64}, MlpActivation::Silu);
    net("silu 2-64-1", 2, {64}, MlpActivation::Silu);
    net("tanh 1-16-1", 1, {16}, MlpActivation::Tanh);
    net("softplus 3-20-33-1", 3, {20, 33}, MlpActivation::Softplus);
    net("leaky 2-32-32-32-1", 2, {32, 32, 32}, MlpActivation::LeakyRelu);
    net("tanh 8-256-24-16-40-1", 8, {256, 24, 16, 40}, MlpActivation::Tanh);
    const MlpParts score = network(2, {128, 128}, MlpActivation::Silu, 2);
    out.push_back({"score 2-128-128-2", std::make_shared<ScoreField>(score), scoreProgram(score)});
    return out;
}

inline std::vector<float> starts(const Case& c, Index chains) {
    std::vector<float> x(static_cast<std::size_t>(chains * c.energy->dim()));
    fillNormal(Key{17, 3}, x);
    for (float& v : x) {
        v *= static_cast<float>(c.reach);
    }
    return x;
}

inline const char* samplerOf(Method method) {
    switch (method) {
        case Method::Ula: return "ula";
        case Method::Mala: return "mala";
        case Method::Hmc: return "hmc";
        case Method::Underdamped: return "underdamped";
    }
    return "";
}

inline bool decides(Method method) {
    return method == Method::Mala || method == Method::Hmc;
}

inline StepSettings settingsOf(const Case& c, Method method) {
    StepSettings s;
    s.method = method;
    const bool langevin = method == Method::Ula || method == Method::Mala;
    s.stepSize = langevin ? c.stepSize * c.stepSize * 2 : c.stepSize;
    s.leapfrogs = 5;
    s.jitter = 0.3;
    s.friction = 1.7;
    return s;
}

/// What the reference kernel did over a number of steps.
struct Walk {
    std::vector<double> x;           ///< [chains, dim] at the end
    std::vector<double> energy;      ///< [chains]
    std::vector<int> accepted;       ///< [chains]
    std::vector<double> acceptance;  ///< [chains], sums
    std::vector<bool> close;         ///< a decision within 1e-4 of the other
};

inline Walk reference(const Case& c, const StepSettings& s, std::span<const float> x, Key key,
                      Index steps) {
    const auto kernel = makeSampler(samplerOf(s.method), [&] {
        ParamSet p{{"sampler.step_size", s.stepSize}};
        if (s.method == Method::Underdamped) {
            p["sampler.friction"] = s.friction;
        }
        if (s.method == Method::Hmc) {
            p["sampler.leapfrog"] = s.leapfrogs;
            p["sampler.jitter"] = s.jitter;
        }
        return p;
    }());
    const std::vector<double> begin(x.begin(), x.end());
    ChainState state = kernel->init(key, *c.energy, begin);
    const auto n = static_cast<std::size_t>(state.chains);
    Walk out{{}, {}, std::vector<int>(n), std::vector<double>(n), std::vector<bool>(n)};
    std::vector<StepInfo> info(n);
    for (Index t = 0; t < steps; ++t) {
        const auto step = static_cast<std::uint64_t>(t);
        kernel->step(key, step, *c.energy, state, info);
        for (std::size_t i = 0; i < n; ++i) {
            StepDraws draws(key, static_cast<Index>(i), step);
            if (decides(s.method) && std::abs(draws.logAccept() + info[i].energyError) < 1e-4) {
                out.close[i] = true;
            }
            out.accepted[i] += info[i].accepted ? 1 : 0;
            out.acceptance[i] += info[i].acceptProb;
        }
    }
    const auto end = state.array("position"), energy = state.array("energy");
    out.x.assign(end.begin(), end.end());
    out.energy.assign(energy.begin(), energy.end());
    return out;
}

struct Difference {
    double worst = 0;  ///< over chains that are not left out, relative to 1 + |x|
    Index apart = 0;   ///< chains further than `limit`, or with other counts
    Index compared = 0;
};

inline Difference compare(const Walk& walk, ChainExecutor& executor, double limit) {
    const auto n = static_cast<std::size_t>(executor.chains());
    const auto d = static_cast<std::size_t>(executor.dim());
    std::vector<float> x(n * d);
    executor.positions(x);
    const ChainCounts counts = executor.counts();
    Difference out;
    for (std::size_t i = 0; i < n; ++i) {
        if (walk.close[i]) {
            continue;
        }
        ++out.compared;
        double worst = 0;
        for (std::size_t k = i * d; k < (i + 1) * d; ++k) {
            const double error = std::abs(static_cast<double>(x[k]) - walk.x[k]);
            worst = std::max(worst, std::isfinite(error) ? error / (1 + std::abs(walk.x[k])) : 1e9);
        }
        const bool same =
            static_cast<int>(counts.accepted[i]) == walk.accepted[i] &&
            std::abs(static_cast<double>(counts.acceptance[i]) - walk.acceptance[i]) < 100 * limit;
        out.worst = std::max(out.worst, worst);
        out.apart += worst > limit || !same ? 1 : 0;
    }
    return out;
}

}  // namespace lx::executors::checks
