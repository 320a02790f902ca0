// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/energies/weighted_sum.h"

#include "core/base/error.h"
#include "core/energies/mlp.h"

#include <algorithm>
#include <cmath>

namespace lx {
namespace {

class WeightedSum final : public Energy {
public:
    explicit WeightedSum(std::vector<EnergyTerm> terms) : m_terms(std::move(terms)) {}
    Index dim() const override { return m_terms.front().energy->dim(); }
    /// Around all of theirs.
    Box box() const override { return around(&Energy::box); }
    Box frame() const override { return around(&Energy::frame); }
    std::vector<std::string> names() const override { return m_terms.front().energy->names(); }

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
        const auto n = static_cast<std::size_t>(count), d = n * static_cast<std::size_t>(dim());
        std::vector<T> e(n), g(grad != nullptr ? d : 0);
        std::fill_n(value, n, T{});
        if (grad != nullptr) {
            std::fill_n(grad, d, T{});
        }
        for (const EnergyTerm& term : m_terms) {
            const auto w = static_cast<T>(term.weight);
            term.energy->evaluate(std::span<const T>(x, d), e, g);
            for (std::size_t i = 0; i < n; ++i) {
                // Outside the support of one, whatever its weight.
                value[i] = std::isfinite(e[i]) ? value[i] + w * e[i] : e[i];
            }
            for (std::size_t i = 0; i < g.size(); ++i) {
                grad[i] += w * g[i];
            }
        }
        for (std::size_t i = 0; i < n; ++i) {
            if (!std::isfinite(value[i]) && grad != nullptr) {
                std::fill_n(grad + i * static_cast<std::size_t>(dim()), dim(), T{});
            }
        }
    }
    Box around(Box (Energy::*part)() const) const {
        Box out = (m_terms.front().energy.get()->*part)();
        for (const EnergyTerm& term : m_terms) {
            const Box own = (term.energy.get()->*part)();
            for (std::size_t i = 0; i < out.lower.size(); ++i) {
                out.lower[i] = std::min(out.lower[i], own.lower[i]);
                out.upper[i] = std::max(out.upper[i], own.upper[i]);
            }
        }
        return out;
    }
    std::vector<EnergyTerm> m_terms;
};

/// The networks side by side; empty when they do not fit.
std::optional<MlpParts> sideBySide(const std::vector<EnergyTerm>& terms) {
    std::vector<const MlpParts*> all;
    for (const EnergyTerm& term : terms) {
        const auto* network = dynamic_cast<const MlpEnergy*>(term.energy.get());
        if (network == nullptr) {
            return {};
        }
        all.push_back(&network->parts());
    }
    MlpParts out;
    out.dim = all.front()->dim;
    out.activation = all.front()->activation;
    out.slope = all.front()->slope;
    const std::size_t depth = all.front()->layers.size();
    if (std::ranges::any_of(all, [&](const MlpParts* p) {
            return p->activation != out.activation || p->slope != out.slope ||
                   p->layers.size() != depth;
        })) {
        return {};
    }
    for (std::size_t l = 0; l < depth; ++l) {
        const bool first = l == 0, last = l + 1 == depth;
        MlpLayer layer;
        std::size_t inputs = 0;
        for (const MlpParts* p : all) {
            inputs += p->layers[l].weight.size() / p->layers[l].bias.size();
        }
        std::size_t before = 0;
        for (std::size_t k = 0; k < all.size(); ++k) {
            const MlpLayer& own = all[k]->layers[l];
            const auto w = static_cast<float>(terms[k].weight);
            const std::size_t in = own.weight.size() / own.bias.size();
            if (last && k == 0) {
                layer.weight.resize(inputs);
                layer.bias.resize(1);
            }
            for (std::size_t unit = 0; unit < own.bias.size(); ++unit) {
                const auto from = own.weight.begin() + static_cast<std::ptrdiff_t>(unit * in);
                if (last) {
                    std::transform(from, from + static_cast<std::ptrdiff_t>(in),
                                   layer.weight.begin() + static_cast<std::ptrdiff_t>(before),
                                   [w](float v) { return w * v; });
                    layer.bias[0] += w * own.bias[0];
                    continue;
                }
                std::vector<float> row(first ? in : inputs);
                std::copy_n(from, in,
                            row.begin() + static_cast<std::ptrdiff_t>(first ? 0 : before));
                layer.weight.insert(layer.weight.end(), row.begin(), row.end());
                layer.bias.push_back(own.bias[unit]);
            }
            before += in;
        }
        out.layers.push_back(std::move(layer));
    }
    return out;
}

}  // namespace

EnergyPtr weightedSum(std::vector<EnergyTerm> terms) {
    if (terms.empty()) {
        throw UsageError("a sum of energies needs at least one");
    }
    for (const EnergyTerm& term : terms) {
        if (term.energy->dim() != terms.front().energy->dim()) {
            throw UsageError("energies of " + std::to_string(terms.front().energy->dim()) +
                             " and of " + std::to_string(term.energy->dim()) +
                             " coordinates cannot be added");
        }
    }
    if (terms.size() == 1 && terms.front().weight == 1) {
        return terms.front().energy;
    }
    auto sum = std::make_shared<const WeightedSum>(terms);
    if (const auto parts = sideBySide(terms)) {
        return mlpEnergy(*parts, sum->box());
    }
    return sum;
}

}  // namespace lx
