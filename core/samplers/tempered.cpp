// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/samplers/tempered.h"

#include "core/energies/draws.h"

#include <cmath>
#include <numbers>

namespace lx {
namespace {

class WideNormal final : public Energy {
public:
    explicit WideNormal(const Energy& energy) {
        const Box frame = energy.frame();
        for (std::size_t k = 0; k < frame.lower.size(); ++k) {
            m_mean.push_back(0.5 * (frame.lower[k] + frame.upper[k]));
            m_sd.push_back(0.25 * (frame.upper[k] - frame.lower[k]));
            m_constant += std::log(std::sqrt(2 * std::numbers::pi) * m_sd.back());
        }
    }
    Index dim() const override { return static_cast<Index>(m_mean.size()); }
    std::optional<double> logNormaliser() const override { return 0; }
    std::optional<std::vector<double>> mean() const override { return m_mean; }
    bool canSample() const override { return true; }
    std::vector<double> sample(Key key, Index count) const override {
        std::vector<double> out;
        for (Index i = 0; i < count; ++i) {
            RowDraws draws(key, i);
            for (std::size_t k = 0; k < m_mean.size(); ++k) {
                out.push_back(m_mean[k] + m_sd[k] * draws.normal());
            }
        }
        return out;
    }
    Box box() const override {
        Box out;
        for (std::size_t k = 0; k < m_mean.size(); ++k) {
            out.lower.push_back(m_mean[k] - 8 * m_sd[k]);
            out.upper.push_back(m_mean[k] + 8 * m_sd[k]);
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
    template <class T>
    void run(const T* x, Index count, T* value, T* grad) const {
        const std::size_t d = m_mean.size();
        for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
            double sum = m_constant;
            for (std::size_t k = 0; k < d; ++k) {
                const double u = (static_cast<double>(x[i * d + k]) - m_mean[k]) / m_sd[k];
                sum += 0.5 * u * u;
                if (grad != nullptr) {
                    grad[i * d + k] = static_cast<T>(u / m_sd[k]);
                }
            }
            value[i] = static_cast<T>(sum);
        }
    }

    std::vector<double> m_mean, m_sd;
    double m_constant = 0;
};

}  // namespace

EnergyPtr wideNormal(const Energy& energy) {
    return std::make_shared<const WideNormal>(energy);
}

template <class T>
void TemperedEnergy::blend(const T* x, Index count, T* value, T* grad) const {
    const auto n = static_cast<std::size_t>(count), d = static_cast<std::size_t>(dim());
    const std::span<const T> at(x, n * d);
    const std::span<T> slopes(grad, grad != nullptr ? n * d : 0), values(value, n);
    m_energy.evaluate(at, values, slopes);
    std::vector<T> other(m_reference != nullptr ? n : 0);
    std::vector<T> otherSlopes(m_reference != nullptr ? slopes.size() : 0);
    if (m_reference != nullptr) {
        m_reference->evaluate(at, std::span(other), std::span(otherSlopes));
    }
    const T beta = static_cast<T>(m_beta);
    for (std::size_t i = 0; i < n; ++i) {
        const bool fine = std::isfinite(values[i]);
        if (fine) {
            values[i] = beta * values[i] + (other.empty() ? T{0} : (1 - beta) * other[i]);
        }
        for (std::size_t k = i * d; !slopes.empty() && k < (i + 1) * d; ++k) {
            slopes[k] =
                fine ? beta * slopes[k] + (otherSlopes.empty() ? T{0} : (1 - beta) * otherSlopes[k])
                     : T{0};
        }
    }
}

void TemperedEnergy::compute(const double* x, Index count, double* value, double* grad) const {
    blend(x, count, value, grad);
}
void TemperedEnergy::compute(const float* x, Index count, float* value, float* grad) const {
    blend(x, count, value, grad);
}

}  // namespace lx
