// SPDX-License-Identifier: GPL-3.0-or-later
// Three models small enough that data sets can be made by the thousand: RELIABILITY B3 and B4.
#pragma once

#include "core/energies/draws.h"
#include "core/energies/energy.h"

#include <memory>

namespace lx::small {

/// A posterior whose data can be exchanged, as a joint test asks.
class Model : public Energy {
public:
    virtual std::string name() const = 0;
    virtual std::vector<double> prior(RowDraws&) const = 0;
    virtual std::vector<double> data(RowDraws&, std::span<const double> theta) const = 0;
    virtual void observe(std::span<const double> y) = 0;
    /// Where a chain may begin: near the middle of the posterior, not at the truth. Far out, where
    /// gradients explode, MALA never moves.
    virtual std::vector<double> start() const {
        return std::vector<double>(static_cast<std::size_t>(dim()));
    }
    Box box() const override {
        const auto d = static_cast<std::size_t>(dim());
        return {std::vector<double>(d, -6), std::vector<double>(d, 6)};
    }

protected:
    /// One row; slope may be null.
    virtual double row(const double* theta, double* slope) const = 0;
    void compute(const double* x, Index count, double* value, double* grad) const override {
        for (Index i = 0; i < count; ++i) {
            value[i] = row(x + i * dim(), grad != nullptr ? grad + i * dim() : nullptr);
        }
    }
    void compute(const float* /*x*/, Index /*count*/, float* /*value*/,
                 float* /*grad*/) const override {
        throw UsageError("the small models know double precision only");
    }
};

/// mu ~ N(0, 1), y_i ~ N(mu, 1), five of them.
class NormalMean final : public Model {
public:
    std::string name() const override { return "mean"; }
    Index dim() const override { return 1; }
    std::vector<double> prior(RowDraws& draws) const override { return {draws.normal()}; }
    std::vector<double> data(RowDraws& draws, std::span<const double> theta) const override {
        std::vector<double> y;
        for (int i = 0; i < 5; ++i) {
            y.push_back(theta[0] + draws.normal());
        }
        return y;
    }
    void observe(std::span<const double> y) override {
        m_sum = 0;
        for (const double v : y) {
            m_sum += v;
        }
    }

protected:
    double row(const double* theta, double* slope) const override {
        const double mu = theta[0];
        if (slope != nullptr) {
            slope[0] = 6 * mu - m_sum;
        }
        return 3 * mu * mu - m_sum * mu;
    }

private:
    double m_sum = 0;
};

/// mu ~ N(0, 1), log sigma ~ N(0, 0.25), y_i ~ N(mu, sigma^2), eight of them.
class Normal final : public Model {
public:
    std::string name() const override { return "normal"; }
    Index dim() const override { return 2; }
    std::vector<double> prior(RowDraws& draws) const override {
        const double mu = draws.normal();
        return {mu, 0.5 * draws.normal()};
    }
    std::vector<double> data(RowDraws& draws, std::span<const double> theta) const override {
        std::vector<double> y;
        for (int i = 0; i < 8; ++i) {
            y.push_back(theta[0] + std::exp(theta[1]) * draws.normal());
        }
        return y;
    }
    std::vector<double> start() const override {
        const double mean = m_sum / 8;
        return {mean, 0.5 * std::log(m_squares / 8 - mean * mean)};
    }
    void observe(std::span<const double> y) override {
        m_sum = m_squares = 0;
        for (const double v : y) {
            m_sum += v;
            m_squares += v * v;
        }
    }

protected:
    double row(const double* theta, double* slope) const override {
        const double mu = theta[0], s = theta[1], precision = std::exp(-2 * s);
        const double squares = m_squares - 2 * mu * m_sum + 8 * mu * mu;
        if (slope != nullptr) {
            slope[0] = mu + precision * (8 * mu - m_sum);
            slope[1] = 4 * s + 8 - precision * squares;
        }
        return 0.5 * mu * mu + 2 * s * s + 8 * s + 0.5 * precision * squares;
    }

private:
    double m_sum = 0, m_squares = 0;
};

/// a, b ~ N(0, 1), y_i ~ N(a + b t_i, 1) at six points that are not centred.
class Regression final : public Model {
public:
    std::string name() const override { return "regression"; }
    Index dim() const override { return 2; }
    std::vector<double> prior(RowDraws& draws) const override {
        const double a = draws.normal();
        return {a, draws.normal()};
    }
    std::vector<double> data(RowDraws& draws, std::span<const double> theta) const override {
        std::vector<double> y;
        for (int i = 0; i < 6; ++i) {
            y.push_back(theta[0] + theta[1] * at(i) + draws.normal());
        }
        return y;
    }
    void observe(std::span<const double> y) override { m_y.assign(y.begin(), y.end()); }

protected:
    double row(const double* theta, double* slope) const override {
        const double a = theta[0], b = theta[1];
        double e = 0.5 * (a * a + b * b), da = a, db = b;
        for (int i = 0; i < 6; ++i) {
            const double off = a + b * at(i) - m_y[static_cast<std::size_t>(i)];
            e += 0.5 * off * off;
            da += off;
            db += off * at(i);
        }
        if (slope != nullptr) {
            slope[0] = da;
            slope[1] = db;
        }
        return e;
    }

private:
    static double at(int i) { return -0.5 + 0.4 * i; }
    std::vector<double> m_y = std::vector<double>(6);
};

inline std::vector<std::unique_ptr<Model>> models() {
    std::vector<std::unique_ptr<Model>> out;
    out.push_back(std::make_unique<NormalMean>());
    out.push_back(std::make_unique<Normal>());
    out.push_back(std::make_unique<Regression>());
    return out;
}

}  // namespace lx::small
