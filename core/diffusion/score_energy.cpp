// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/diffusion/score_energy.h"

#include <array>
#include <cmath>

namespace lx::diffusion {
namespace {

constexpr std::size_t kPanels = 16;
constexpr std::array<double, 4> kNodes{0.0694318442029737, 0.330009478207572, 0.669990521792428,
                                       0.930568155797026};
constexpr std::array<double, 4> kWeights{0.173927422568727, 0.326072577431273, 0.326072577431273,
                                         0.173927422568727};

class ScoreEnergy final : public Energy {
public:
    ScoreEnergy(DenoiserPtr denoiser, const NoiseLevel& level, std::vector<double> origin,
                Box frame)
        : m_denoiser(std::move(denoiser)),
          m_level(level),
          m_origin(std::move(origin)),
          m_frame(std::move(frame)) {
        const auto d = static_cast<std::size_t>(m_denoiser->dim());
        if (m_origin.size() != d || m_frame.lower.size() != d || m_frame.upper.size() != d) {
            throw UsageError("the energy of a score needs an origin and a frame of its dimension");
        }
    }
    Index dim() const override { return m_denoiser->dim(); }
    Box box() const override { return m_frame; }
    Box frame() const override { return m_frame; }

protected:
    void compute(const double* x, Index count, double* value, double* grad) const override {
        const auto d = static_cast<std::size_t>(dim()), rows = static_cast<std::size_t>(count);
        const std::size_t n = rows * d;
        std::vector<double> z(n), score(n);
        std::fill_n(value, rows, 0.0);
        for (std::size_t p = 0; p < kPanels; ++p) {
            for (std::size_t q = 0; q < kNodes.size(); ++q) {
                const double share = (static_cast<double>(p) + kNodes[q]) / kPanels;
                for (std::size_t i = 0; i < n; ++i) {
                    z[i] = m_origin[i % d] + share * (x[i] - m_origin[i % d]);
                }
                m_denoiser->score(m_level, z, score);
                for (std::size_t i = 0; i < n; ++i) {
                    value[i / d] -= kWeights[q] / kPanels * score[i] * (x[i] - m_origin[i % d]);
                }
            }
        }
        if (grad != nullptr) {
            m_denoiser->score(m_level, {x, n}, {grad, n});
        }
        for (std::size_t r = 0; r < rows; ++r) {
            bool fine = std::isfinite(value[r]);
            for (std::size_t i = 0; grad != nullptr && i < d; ++i) {
                grad[r * d + i] = -grad[r * d + i];
                fine = fine && std::isfinite(grad[r * d + i]);
            }
            if (!fine) {
                value[r] = std::numeric_limits<double>::infinity();
                for (std::size_t i = 0; grad != nullptr && i < d; ++i) {
                    grad[r * d + i] = 0;
                }
            }
        }
    }
    void compute(const float* x, Index count, float* value, float* grad) const override {
        const auto rows = static_cast<std::size_t>(count);
        const std::size_t n = rows * static_cast<std::size_t>(dim());
        const std::vector<double> wide(x, x + n);
        std::vector<double> values(rows), slopes(grad != nullptr ? n : 0);
        compute(wide.data(), count, values.data(), grad != nullptr ? slopes.data() : nullptr);
        for (std::size_t r = 0; r < rows; ++r) {
            value[r] = static_cast<float>(values[r]);
        }
        for (std::size_t i = 0; i < slopes.size(); ++i) {
            grad[i] = static_cast<float>(slopes[i]);
        }
    }

private:
    DenoiserPtr m_denoiser;
    NoiseLevel m_level;
    std::vector<double> m_origin;
    Box m_frame;
};

}  // namespace

EnergyPtr scoreEnergy(DenoiserPtr denoiser, const NoiseLevel& level, std::vector<double> origin,
                      Box frame) {
    return std::make_shared<ScoreEnergy>(std::move(denoiser), level, std::move(origin),
                                         std::move(frame));
}

}  // namespace lx::diffusion
