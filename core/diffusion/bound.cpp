// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/diffusion/bound.h"

#include "core/diffusion/reverse.h"

#include <cmath>
#include <numbers>

namespace lx::diffusion {

std::vector<double> Bound::total() const {
    std::vector<double> out(reconstruction.size());
    for (std::size_t r = 0; r < out.size(); ++r) {
        out[r] = reconstruction[r] - prior[r] - diffusion[r];
    }
    return out;
}

Bound variationalBound(const Denoiser& denoiser, std::span<const NoiseLevel> levels,
                       std::span<const double> x, Key key, Index draws) {
    const auto d = static_cast<std::size_t>(denoiser.dim());
    if (levels.size() < 2 || x.size() % d != 0 || draws < 1) {
        throw UsageError("the bound needs two levels, whole rows and at least one draw");
    }
    const std::size_t rows = x.size() / d;
    const auto dim = static_cast<double>(d);
    const NoiseLevel& clean = levels.front();
    const NoiseLevel& end = levels.back();
    Bound out;
    // -log p(x | z_0) = D / 2 log(2 pi ratio^2) + |eps|^2 / 2, whose mean is known.
    out.reconstruction.assign(
        rows, -0.5 * dim * (std::log(2 * std::numbers::pi * clean.ratio() * clean.ratio()) + 1));
    out.prior.resize(rows);
    out.diffusion.resize(rows);
    for (std::size_t r = 0; r < rows; ++r) {
        double square = 0;
        for (std::size_t i = 0; i < d; ++i) {
            square += x[r * d + i] * x[r * d + i];
        }
        const double variance = end.sigma * end.sigma;
        out.prior[r] =
            0.5 * (dim * (variance - 1 - std::log(variance)) + end.alpha * end.alpha * square);
    }
    std::vector<double> guess(x.size());
    for (std::size_t l = 1; l < levels.size(); ++l) {
        const double fall = levels[l - 1].snr() - levels[l].snr();
        if (!(fall >= 0)) {
            throw UsageError("the levels of the bound must fall in SNR");
        }
        for (Index k = 0; k < draws; ++k) {
            const Key at = derive(derive(key, l), static_cast<std::uint64_t>(k));
            const auto z = noised(at, levels[l], x, denoiser.dim());
            denoiser.clean(levels[l], z, guess);
            for (std::size_t r = 0; r < rows; ++r) {
                double square = 0;
                for (std::size_t i = 0; i < d; ++i) {
                    const double u = x[r * d + i] - guess[r * d + i];
                    square += u * u;
                }
                out.diffusion[r] += 0.5 * fall * square / static_cast<double>(draws);
            }
        }
    }
    return out;
}

}  // namespace lx::diffusion
