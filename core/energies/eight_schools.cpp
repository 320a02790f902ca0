// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/decls.h"
#include "core/energies/line_table.h"
#include "core/energies/registry.h"
#include "core/energies/tiled.h"

namespace lx {
namespace {

constexpr std::size_t kSchools = 8;
constexpr double kEffect[kSchools] = {28, 8, -3, 7, -1, 1, 18, 12};
constexpr double kError[kSchools] = {15, 10, 16, 11, 9, 11, 10, 18};
constexpr double kPriorScale = 5;
const double kLog2Pi = std::log(2 * std::numbers::pi);

/// Given t = log tau everything is normal: mu ~ N(mean, variance), and the school's coordinate is
/// shift + pull mu + sd N(0, 1).
struct Conditional {
    double mean, variance;
    std::array<double, kSchools> shift, pull, sd;
};

/// mu ~ N(0, 5^2), tau ~ half-Cauchy(5), theta_j ~ N(mu, tau^2), y_j ~ N(theta_j, sigma_j^2), in
/// (mu, log tau, theta), or in (mu, log tau, (theta - mu) / tau). Ref: rubin1981 for the data,
/// gelman2013 section 5.5; the half-Cauchy prior as in posteriordb. E is -log of the joint density
/// with all constants, so Z is the evidence p(y). Truth by quadrature over log tau.
class EightSchools final : public TiledEnergy<EightSchools> {
public:
    explicit EightSchools(bool centred)
        : m_centred(centred), m_line([](double t) { return logMarginal(t); }, -40, 30) {}
    Index dim() const override { return 2 + static_cast<Index>(kSchools); }

    template <bool WithGrad, class V>
    V pack(const V* x, V* grad) const {
        using T = Lane<V>;
        const V mu = x[0], tau = packExp<V>(x[1]);
        const V ratio = tau * T(1 / kPriorScale), square = ratio * ratio;
        constexpr T muScale = static_cast<T>(1 / (kPriorScale * kPriorScale));
        // -log of the half-Cauchy density of tau and of the Jacobian tau.
        V e = mu * mu * T(0.5) * muScale + packLog<V>(T{1} + square) - x[1];
        V gMu = mu * muScale, gT = T{2} * square / (T{1} + square) - T{1};
        for (std::size_t j = 0; j < kSchools; ++j) {
            const T y = static_cast<T>(kEffect[j]);
            const T precision = static_cast<T>(1 / (kError[j] * kError[j]));
            if (m_centred) {
                const V u = (x[2 + j] - mu) / tau, off = x[2 + j] - y;
                e = e + T(0.5) * (u * u + off * off * precision) + x[1];
                gMu = gMu - u / tau;
                gT = gT + T{1} - u * u;
                if constexpr (WithGrad) {
                    grad[2 + j] = u / tau + off * precision;
                }
            } else {
                const V u = x[2 + j], off = mu + tau * u - y;
                e = e + T(0.5) * (u * u + off * off * precision);
                gMu = gMu + off * precision;
                gT = gT + off * precision * tau * u;
                if constexpr (WithGrad) {
                    grad[2 + j] = u + off * precision * tau;
                }
            }
        }
        if constexpr (WithGrad) {
            grad[0] = gMu;
            grad[1] = gT;
        }
        return e + static_cast<T>(constant());
    }

    std::optional<double> logNormaliser() const override { return m_line.logNormaliser(); }
    std::optional<std::vector<double>> mean() const override {
        std::vector<double> out(2 + kSchools);
        out[0] = m_line.expect([this](double t) { return given(t).mean; });
        out[1] = m_line.expect([](double t) { return t; });
        for (std::size_t j = 0; j < kSchools; ++j) {
            out[2 + j] = m_line.expect([&](double t) { return expected(given(t), 2 + j, t); });
        }
        return out;
    }
    std::optional<std::vector<double>> covariance() const override {
        constexpr std::size_t d = 2 + kSchools;
        const auto centre = *mean();
        std::vector<double> out(d * d);
        for (std::size_t i = 0; i < d; ++i) {
            for (std::size_t j = 0; j <= i; ++j) {
                out[i * d + j] = out[j * d + i] = m_line.expect([&](double t) {
                    const Conditional c = given(t);
                    return (expected(c, i, t) - centre[i]) * (expected(c, j, t) - centre[j]) +
                           slope(c, i) * slope(c, j) * c.variance +
                           (i == j && i >= 2 ? c.sd[i - 2] * c.sd[i - 2] : 0);
                });
            }
        }
        return out;
    }
    bool canSample() const override { return true; }
    std::vector<double> sample(Key key, Index count) const override {
        std::vector<double> out;
        for (Index row = 0; row < count; ++row) {
            RowDraws draws(key, row);
            const double t = m_line.draw(draws);
            const Conditional c = given(t);
            const double mu = c.mean + std::sqrt(c.variance) * draws.normal();
            out.push_back(mu);
            out.push_back(t);
            for (std::size_t j = 0; j < kSchools; ++j) {
                out.push_back(c.shift[j] + c.pull[j] * mu + c.sd[j] * draws.normal());
            }
        }
        return out;
    }
    Box box() const override {
        Box out{std::vector<double>(2 + kSchools, m_centred ? -40 : -6),
                std::vector<double>(2 + kSchools, m_centred ? 60 : 6)};
        out.lower[0] = -15;
        out.upper[0] = 25;
        out.lower[1] = -6;
        out.upper[1] = 5;
        return out;
    }
    std::vector<std::string> names() const override {
        return named("mu", "log_tau", m_centred ? "theta" : "eta");
    }
    std::vector<double> natural(std::span<const double> z) const override {
        std::vector<double> out(z.begin(), z.end());
        out[1] = std::exp(z[1]);
        for (std::size_t j = 2; j < out.size() && !m_centred; ++j) {
            out[j] = z[0] + out[1] * z[j];
        }
        return out;
    }
    std::vector<std::string> naturalNames() const override { return named("mu", "tau", "theta"); }

private:
    static std::vector<std::string> named(const char* a, const char* b, const char* c) {
        std::vector<std::string> out{a, b};
        for (std::size_t j = 1; j <= kSchools; ++j) {
            out.push_back(c + std::to_string(j));
        }
        return out;
    }
    static double constant() {
        double sum =
            0.5 * kLog2Pi + std::log(kPriorScale) + std::log(0.5 * std::numbers::pi * kPriorScale);
        for (const double error : kError) {
            sum += kLog2Pi + std::log(error);
        }
        return sum;
    }
    /// Posterior of mu given tau, and log p(y, t).
    static std::array<double, 3> integrated(double t) {
        const double tau2 = std::exp(2 * t);
        double precision = 1 / (kPriorScale * kPriorScale), weighted = 0, logs = 0, squares = 0;
        for (std::size_t j = 0; j < kSchools; ++j) {
            const double variance = kError[j] * kError[j] + tau2;
            precision += 1 / variance;
            weighted += kEffect[j] / variance;
            squares += kEffect[j] * kEffect[j] / variance;
            logs += 0.5 * (kLog2Pi + std::log(variance));
        }
        const double mean = weighted / precision;
        const double prior = t - std::log1p(tau2 / (kPriorScale * kPriorScale)) -
                             std::log(0.5 * std::numbers::pi * kPriorScale);
        const double logp = prior - logs - 0.5 * (squares - mean * weighted) -
                            0.5 * std::log(precision) - std::log(kPriorScale);
        return {mean, 1 / precision, logp};
    }
    static double logMarginal(double t) { return integrated(t)[2]; }
    Conditional given(double t) const {
        const auto mu = integrated(t);
        Conditional c{mu[0], mu[1], {}, {}, {}};
        const double tau = std::exp(t);
        for (std::size_t j = 0; j < kSchools; ++j) {
            const double total = kError[j] * kError[j] + tau * tau;
            const double share = m_centred ? tau * tau / total : tau / total;
            c.shift[j] = share * kEffect[j];
            c.pull[j] = m_centred ? 1 - share : -share;
            c.sd[j] = (m_centred ? tau : 1) * kError[j] / std::sqrt(total);
        }
        return c;
    }
    static double expected(const Conditional& c, std::size_t k, double t) {
        return k == 0 ? c.mean : k == 1 ? t : c.shift[k - 2] + c.pull[k - 2] * c.mean;
    }
    static double slope(const Conditional& c, std::size_t k) {
        return k == 0 ? 1 : k == 1 ? 0 : c.pull[k - 2];
    }

    bool m_centred;
    LineTable m_line;
};

}  // namespace

namespace energies {

EnergySpec eightSchools() {
    using namespace decl;
    return {"eight-schools",
            "Eight schools",
            "Rubin 1981",
            {oneOf(make("energy.form", "Form", std::string("noncentred"),
                        "coordinates the chain moves in; both mean the same posterior"),
                   {"centred", "noncentred"})},
            [](const ParamSet& p, const EnergyInputs&) -> EnergyPtr {
                return std::make_shared<EightSchools>(text(p, "energy.form") == "centred");
            }};
}

}  // namespace energies
}  // namespace lx
