// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/geometry/combined_maps.h"

#include <algorithm>
#include <cmath>

namespace lx {
namespace {

using Vector = std::vector<double>;
using In = std::span<const double>;
using Out = std::span<double>;

/// Columns [first, first + width) of rows [n, total] to and from an array of their own.
void gather(In from, Index total, Index first, Index width, Out to) {
    for (std::size_t i = 0; i < to.size(); ++i) {
        const auto row = static_cast<Index>(i) / width, column = static_cast<Index>(i) % width;
        to[i] = from[static_cast<std::size_t>(row * total + first + column)];
    }
}
void scatter(In from, Index width, Index total, Index first, Out to) {
    for (std::size_t i = 0; i < from.size(); ++i) {
        const auto row = static_cast<Index>(i) / width, column = static_cast<Index>(i) % width;
        to[static_cast<std::size_t>(row * total + first + column)] = from[i];
    }
}

class Stacked final : public SmoothMap {
public:
    explicit Stacked(std::vector<SmoothMapPtr> parts) : m_parts(std::move(parts)) {
        for (const auto& part : m_parts) {
            m_outputs += part->outputs();
        }
    }
    Index inputs() const override { return m_parts.front()->inputs(); }
    Index outputs() const override { return m_outputs; }

    SmoothMapPtr isometric() const override {
        auto parts = m_parts;
        bool any = false;
        for (auto& part : parts) {
            if (auto smaller = part->isometric()) {
                part = std::move(smaller);
                any = true;
            }
        }
        return any ? std::make_shared<Stacked>(std::move(parts)) : nullptr;
    }

protected:
    void forward(const double* z, const double* v, Index count, Index tangents, double* y,
                 double* t) const override {
        const auto n = static_cast<std::size_t>(count), k = static_cast<std::size_t>(tangents);
        const auto d = static_cast<std::size_t>(inputs());
        Index first = 0;
        for (const auto& part : m_parts) {
            const auto p = static_cast<std::size_t>(part->outputs());
            Vector own(n * p), slope(n * p);
            part->value({z, n * d}, own);
            scatter(own, part->outputs(), m_outputs, first, {y, n * outputsOf()});
            Vector direction(n * d);
            for (std::size_t j = 0; j < k; ++j) {
                for (std::size_t i = 0; i < n; ++i) {
                    std::copy_n(v + (i * k + j) * d, d, direction.data() + i * d);
                }
                part->jvp({z, n * d}, direction, slope);
                for (std::size_t i = 0; i < n; ++i) {
                    std::copy_n(slope.data() + i * p, p,
                                t + (i * k + j) * outputsOf() + static_cast<std::size_t>(first));
                }
            }
            first += part->outputs();
        }
    }
    /// The adjoint needs every part's outputs at once: each part's pass runs inside the adjoint of
    /// the one before.
    void reverse(const double* z, const double* v, Index count, const Adjoint& adjoint,
                 double* slope) const override {
        Pass pass{*this, z, v, count, adjoint, slope, {}, {}, {}, {}};
        const auto total = static_cast<std::size_t>(count) * outputsOf();
        pass.y.resize(total);
        pass.yBar.resize(total);
        pass.t.resize(v != nullptr ? total : 0);
        pass.tBar.resize(pass.t.size());
        std::fill_n(slope, count * inputs(), 0.0);
        pass.part(0, 0);
    }

private:
    struct Pass {
        const Stacked& map;
        const double *z, *v;
        Index count;
        const Adjoint& adjoint;
        double* slope;
        Vector y, t, yBar, tBar;

        void part(std::size_t index, Index first) {
            if (index == map.m_parts.size()) {
                adjoint(y, t, yBar, tBar);
                return;
            }
            const SmoothMap& own = *map.m_parts[index];
            const Index width = own.outputs(), total = map.m_outputs;
            const auto n = static_cast<std::size_t>(count * map.inputs());
            Vector by(n);
            own.differentiate(
                {z, n}, {v, v != nullptr ? n : 0},
                [&](In partY, In partT, Out partYBar, Out partTBar) {
                    scatter(partY, width, total, first, y);
                    scatter(partT, width, total, first, t);
                    part(index + 1, first + width);
                    gather(yBar, total, first, width, partYBar);
                    gather(tBar, total, first, width, partTBar);
                },
                by);
            for (std::size_t k = 0; k < n; ++k) {
                slope[k] += by[k];
            }
        }
    };
    std::size_t outputsOf() const { return static_cast<std::size_t>(m_outputs); }

    std::vector<SmoothMapPtr> m_parts;
    Index m_outputs = 0;
};

/// x(p) with x'(p)^2 = 1 / (p (1 - p)), the slope held constant beyond the clamp.
class BernoulliAngle final : public SmoothMap {
public:
    BernoulliAngle(SmoothMapPtr probabilities, double clamp)
        : m_inner(std::move(probabilities)), m_clamp(clamp) {}
    Index inputs() const override { return m_inner->inputs(); }
    Index outputs() const override { return m_inner->outputs(); }

protected:
    void forward(const double* z, const double* v, Index count, Index tangents, double* y,
                 double* t) const override {
        const auto n = static_cast<std::size_t>(count), k = static_cast<std::size_t>(tangents);
        const auto d = static_cast<std::size_t>(inputs()), p = static_cast<std::size_t>(outputs());
        m_inner->value({z, n * d}, {y, n * p});
        Vector direction(n * d), slope(n * p);
        for (std::size_t j = 0; j < k; ++j) {
            for (std::size_t i = 0; i < n; ++i) {
                std::copy_n(v + (i * k + j) * d, d, direction.data() + i * d);
            }
            m_inner->jvp({z, n * d}, direction, slope);
            for (std::size_t i = 0; i < n * p; ++i) {
                t[(i / p * k + j) * p + i % p] = slope[i] * at(y[i]).first;
            }
        }
        for (std::size_t i = 0; i < n * p; ++i) {
            y[i] = at(y[i]).value;
        }
    }
    void reverse(const double* z, const double* v, Index count, const Adjoint& adjoint,
                 double* slope) const override {
        const auto n = static_cast<std::size_t>(count * inputs());
        m_inner->differentiate({z, n}, {v, v != nullptr ? n : 0},
                               [&](In p, In s, Out pBar, Out sBar) {
                                   Vector y(p.size()), t(s.size()), yBar(p.size()), tBar(s.size());
                                   for (std::size_t i = 0; i < p.size(); ++i) {
                                       const Local local = at(p[i]);
                                       y[i] = local.value;
                                       if (!s.empty()) {
                                           t[i] = local.first * s[i];
                                       }
                                   }
                                   adjoint(y, t, yBar, tBar);
                                   for (std::size_t i = 0; i < p.size(); ++i) {
                                       const Local local = at(p[i]);
                                       pBar[i] = yBar[i] * local.first;
                                       if (!s.empty()) {
                                           pBar[i] += tBar[i] * local.second * s[i];
                                           sBar[i] = tBar[i] * local.first;
                                       }
                                   }
                               },
                               {slope, n});
    }

private:
    struct Local {
        double value, first, second;
    };
    Local at(double p) const {
        const double q = std::clamp(p, m_clamp, 1 - m_clamp), w = q * (1 - q);
        const double first = 1 / std::sqrt(w);
        const double second = q == p ? -0.5 * (1 - 2 * p) * first / w : 0;
        return {2 * std::asin(std::sqrt(q)) + (p - q) * first, first, second};
    }

    SmoothMapPtr m_inner;
    double m_clamp;
};

}  // namespace

SmoothMapPtr stackedMap(std::vector<SmoothMapPtr> parts) {
    if (parts.empty()) {
        throw UsageError("a stack of maps needs a part");
    }
    for (const auto& part : parts) {
        if (part == nullptr || part->inputs() != parts.front()->inputs()) {
            throw UsageError("maps of different inputs cannot be stacked");
        }
    }
    return std::make_shared<Stacked>(std::move(parts));
}

SmoothMapPtr bernoulliAngle(SmoothMapPtr probabilities, double clamp) {
    if (probabilities == nullptr || !(clamp > 0 && clamp < 0.5)) {
        throw UsageError("the angles of Bernoulli outputs need a map and a clamp in (0, 0.5)");
    }
    return std::make_shared<BernoulliAngle>(std::move(probabilities), clamp);
}

}  // namespace lx
