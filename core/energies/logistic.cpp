// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/decls.h"
#include "core/energies/draws.h"
#include "core/energies/plane_table.h"
#include "core/energies/registry.h"
#include "core/energies/tiled.h"

#include <algorithm>

namespace lx {
namespace {

/// Rows of a design matrix whose first column is 1, and their classes.
struct Table {
    std::size_t rows = 0, width = 0;
    std::vector<double> x;  ///< [rows, width]
    std::vector<double> y;  ///< [rows], 0 or 1
};

/// Standard normal features, classes from a weight vector drawn with them.
Table generated(std::size_t rows, std::size_t features, std::uint64_t seed) {
    Table t{rows, features + 1, {}, {}};
    RowDraws truth(derive(Key{seed, 0}, "weights"), 0);
    std::vector<double> w;
    for (std::size_t k = 0; k < t.width; ++k) {
        w.push_back(1.5 * truth.normal());
    }
    for (std::size_t i = 0; i < rows; ++i) {
        RowDraws draws(derive(Key{seed, 0}, "rows"), static_cast<Index>(i));
        double z = w[0];
        t.x.push_back(1);
        for (std::size_t k = 1; k < t.width; ++k) {
            t.x.push_back(draws.normal());
            z += w[k] * t.x.back();
        }
        t.y.push_back(draws.uniform() < 1 / (1 + std::exp(-z)) ? 1 : 0);
    }
    return t;
}

template <class T>
void append(Table& t, std::span<const T> values, std::size_t i, std::size_t features) {
    for (std::size_t k = 0; k < features; ++k) {
        const auto v = static_cast<double>(values[i * features + k]);
        if (!std::isfinite(v)) {
            throw UsageError("logistic: feature " + std::to_string(k + 1) + " of row " +
                             std::to_string(i + 1) + " is not a finite number");
        }
        t.x.push_back(v);
    }
}

Table given(const EnergyInputs& inputs) {
    const Array &f = inputs.features, &l = inputs.labels;
    const bool numbers = f.defined() && (f.dtype() == DType::F32 || f.dtype() == DType::F64) &&
                         f.shape().size() == 2;
    if (!numbers || !l.defined() || l.dtype() != DType::I64 || l.shape().size() != 1 ||
        l.dim(0) != f.dim(0) || f.dim(0) < 1) {
        throw UsageError("logistic needs features [N, P] as numbers and one label for each row");
    }
    Table t{static_cast<std::size_t>(f.dim(0)), static_cast<std::size_t>(f.dim(1)) + 1, {}, {}};
    for (std::size_t i = 0; i < t.rows; ++i) {
        t.x.push_back(1);
        f.dtype() == DType::F32 ? append(t, f.values<float>(), i, t.width - 1)
                                : append(t, f.values<double>(), i, t.width - 1);
        const Index label = l.values<Index>()[i];
        if (label != 0 && label != 1) {
            throw UsageError("logistic: label " + std::to_string(label) + " of row " +
                             std::to_string(i + 1) + " is neither 0 nor 1");
        }
        t.y.push_back(static_cast<double>(label));
    }
    return t;
}

/// Bayesian logistic regression: w ~ N(0, sd^2 I), y_i ~ Bernoulli(1 / (1 + exp(-w . x_i))), the
/// first weight an intercept. E is -log of the joint density with its constant, so Z is the
/// evidence. Truth by quadrature where there are two weights. Ref: gelman2013, chapter 16.
class Logistic final : public TiledEnergy<Logistic> {
public:
    Logistic(Table table, double priorSd)
        : m_table(std::move(table)),
          m_single(m_table.x.begin(), m_table.x.end()),
          m_priorSd(priorSd) {
        m_constant = static_cast<double>(m_table.width) *
                     std::log(std::sqrt(2 * std::numbers::pi) * priorSd);
        findPeak();
    }
    Index dim() const override { return static_cast<Index>(m_table.width); }
    Index dataCount() const override { return static_cast<Index>(m_table.rows); }

    template <bool WithGrad, class V>
    V pack(const V* w, V* grad) const {
        using T = Lane<V>;
        const T precision = static_cast<T>(1 / (m_priorSd * m_priorSd));
        const std::size_t d = m_table.width;
        V e{};
        for (std::size_t k = 0; k < d; ++k) {
            e = e + w[k] * w[k];
            if constexpr (WithGrad) {
                grad[k] = w[k] * precision;
            }
        }
        e = e * (T(0.5) * precision) + static_cast<T>(m_constant);
        for (std::size_t i = 0; i < m_table.rows; ++i) {
            const T* x = features<T>() + i * d;
            const T y = static_cast<T>(m_table.y[i]);
            V z{};
            for (std::size_t k = 0; k < d; ++k) {
                z = z + w[k] * x[k];
            }
            const V fall = packExp<V>(-packAbs<V>(z));
            e = e + packMax<V>(z, V{}) + packLog<V>(T{1} + fall) - z * y;
            if constexpr (WithGrad) {
                const V high = T{1} / (T{1} + fall);
                const V pull = (z < T{0} ? T{1} - high : high) - y;
                for (std::size_t k = 0; k < d; ++k) {
                    grad[k] = grad[k] + pull * x[k];
                }
            }
        }
        return e;
    }

    void minibatch(Key key, Index rows, std::span<const double> x, std::span<double> value,
                   std::span<double> grad) const override {
        const std::size_t d = m_table.width;
        if (rows < 1 || x.size() != value.size() * d || grad.size() != x.size()) {
            throw UsageError("logistic: a minibatch needs at least one row and arrays that fit");
        }
        const double share = static_cast<double>(m_table.rows) / static_cast<double>(rows);
        const double precision = 1 / (m_priorSd * m_priorSd);
        for (std::size_t chain = 0; chain < value.size(); ++chain) {
            const double* w = &x[chain * d];
            double* slope = &grad[chain * d];
            value[chain] = m_constant;
            for (std::size_t k = 0; k < d; ++k) {
                value[chain] += 0.5 * w[k] * w[k] * precision;
                slope[k] = w[k] * precision;
            }
            RowDraws draws(key, static_cast<Index>(chain));
            for (Index r = 0; r < rows; ++r) {
                const auto i = std::min(
                    m_table.rows - 1,
                    static_cast<std::size_t>(draws.uniform() * static_cast<double>(m_table.rows)));
                const double z = product(w, i);
                value[chain] += share * (std::max(z, 0.0) + std::log1p(std::exp(-std::abs(z))) -
                                         z * m_table.y[i]);
                const double pull = share * (1 / (1 + std::exp(-z)) - m_table.y[i]);
                for (std::size_t k = 0; k < d; ++k) {
                    slope[k] += pull * m_table.x[i * d + k];
                }
            }
        }
    }

    std::optional<double> logNormaliser() const override {
        const PlaneTable* t = plane();
        return t != nullptr ? std::optional(t->logNormaliser()) : std::nullopt;
    }
    std::optional<std::vector<double>> mean() const override {
        const PlaneTable* t = plane();
        return t != nullptr ? std::optional(std::vector(t->mean().begin(), t->mean().end()))
                            : std::nullopt;
    }
    std::optional<std::vector<double>> covariance() const override {
        const PlaneTable* t = plane();
        return t != nullptr
                   ? std::optional(std::vector(t->covariance().begin(), t->covariance().end()))
                   : std::nullopt;
    }
    bool canSample() const override { return plane() != nullptr; }
    std::vector<double> sample(Key key, Index count) const override {
        const PlaneTable* t = plane();
        return t != nullptr ? t->sample(*this, key, count) : Energy::sample(key, count);
    }
    /// Ten Laplace standard deviations about the peak.
    Box box() const override {
        Box out;
        for (std::size_t k = 0; k < m_table.width; ++k) {
            out.lower.push_back(m_peak[k] - 10 * m_spread[k]);
            out.upper.push_back(m_peak[k] + 10 * m_spread[k]);
        }
        return out;
    }
    std::vector<std::string> names() const override {
        std::vector<std::string> out{"intercept"};
        for (std::size_t k = 1; k < m_table.width; ++k) {
            out.push_back("w" + std::to_string(k));
        }
        return out;
    }

private:
    template <class T>
    const T* features() const {
        if constexpr (std::is_same_v<T, float>) {
            return m_single.data();
        } else {
            return m_table.x.data();
        }
    }
    double product(const double* w, std::size_t i) const {
        double z = 0;
        for (std::size_t k = 0; k < m_table.width; ++k) {
            z += w[k] * m_table.x[i * m_table.width + k];
        }
        return z;
    }
    const PlaneTable* plane() const { return m_table.width == 2 ? m_plane.get(*this) : nullptr; }

    /// Newton's method on the convex energy, with step halving, and the diagonal of the inverse
    /// Hessian at its end.
    void findPeak() {
        const std::size_t d = m_table.width;
        m_peak.assign(d, 0.0);
        std::vector<double> hessian, slope(d);
        double value = 0;
        for (int round = 0; round < 50; ++round) {
            evaluate(m_peak, std::span(&value, 1), slope);
            hessian.assign(d * d, 0.0);
            for (std::size_t i = 0; i < m_table.rows; ++i) {
                const double p = 1 / (1 + std::exp(-product(m_peak.data(), i)));
                const double* x = &m_table.x[i * d];
                for (std::size_t a = 0; a < d; ++a) {
                    for (std::size_t b = 0; b <= a; ++b) {
                        hessian[a * d + b] += p * (1 - p) * x[a] * x[b];
                    }
                }
            }
            for (std::size_t a = 0; a < d; ++a) {
                hessian[a * d + a] += 1 / (m_priorSd * m_priorSd);
            }
            factorise(hessian, d);
            const auto step = solve(hessian, slope);
            double gain = 0, size = 1;
            for (std::size_t k = 0; k < d; ++k) {
                gain += step[k] * slope[k];
            }
            if (gain < 1e-18) {
                break;
            }
            for (std::vector<double> next(d); size > 1e-6; size *= 0.5) {
                for (std::size_t k = 0; k < d; ++k) {
                    next[k] = m_peak[k] - size * step[k];
                }
                if (at(next) < value) {
                    m_peak = next;
                    break;
                }
            }
            if (size <= 1e-6) {
                break;
            }
        }
        for (std::size_t k = 0; k < d; ++k) {
            std::vector<double> unit(d);
            unit[k] = 1;
            m_spread.push_back(std::sqrt(solve(hessian, unit)[k]));
        }
    }
    /// Cholesky factor in the lower triangle.
    static void factorise(std::vector<double>& a, std::size_t d) {
        for (std::size_t i = 0; i < d; ++i) {
            for (std::size_t j = 0; j <= i; ++j) {
                double sum = a[i * d + j];
                for (std::size_t k = 0; k < j; ++k) {
                    sum -= a[i * d + k] * a[j * d + k];
                }
                a[i * d + j] = i == j ? std::sqrt(sum) : sum / a[j * d + j];
            }
        }
    }
    static std::vector<double> solve(const std::vector<double>& factor, std::vector<double> b) {
        const std::size_t d = b.size();
        for (std::size_t i = 0; i < d; ++i) {
            for (std::size_t k = 0; k < i; ++k) {
                b[i] -= factor[i * d + k] * b[k];
            }
            b[i] /= factor[i * d + i];
        }
        for (std::size_t i = d; i-- > 0;) {
            for (std::size_t k = i + 1; k < d; ++k) {
                b[i] -= factor[k * d + i] * b[k];
            }
            b[i] /= factor[i * d + i];
        }
        return b;
    }

    Table m_table;
    std::vector<float> m_single;  ///< m_table.x
    double m_priorSd, m_constant = 0;
    std::vector<double> m_peak, m_spread;
    LazyPlane m_plane;
};

}  // namespace

namespace energies {

EnergySpec logistic() {
    using namespace decl;
    return {"logistic",
            "Logistic regression",
            "Gelman et al. 2013",
            {within(make("energy.rows", "Rows", Index{100},
                         "of generated data; unused with a data set"),
                    1, 100000, Scale::Log),
             within(make("energy.features", "Features", Index{1},
                         "of generated data, beside the intercept"),
                    1, 200),
             within(make("energy.seed", "Data seed", Index{1}, "of generated data"), 0, 1e9),
             slider(within(live(make("energy.prior_sd", "Prior sd", 2.5, "of every weight")), 1e-2,
                           100, Scale::Log),
                    0.1, 10)},
            [](const ParamSet& p, const EnergyInputs& inputs) -> EnergyPtr {
                const bool own = !inputs.features.defined() && !inputs.labels.defined();
                return std::make_shared<Logistic>(
                    own ? generated(static_cast<std::size_t>(integer(p, "energy.rows")),
                                    static_cast<std::size_t>(integer(p, "energy.features")),
                                    static_cast<std::uint64_t>(integer(p, "energy.seed")))
                        : given(inputs),
                    number(p, "energy.prior_sd"));
            }};
}

}  // namespace energies
}  // namespace lx
