// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/diffusion/inpaint.h"

#include <cmath>

namespace lx::diffusion {

Inpainting::Inpainting(ReverseProcess process, Key key, std::vector<double> x,
                       std::vector<std::uint8_t> hidden, Index dim, Index rounds, double spread)
    : m_process(std::move(process)),
      m_key(key),
      m_x(std::move(x)),
      m_hidden(std::move(hidden)),
      m_dim(dim),
      m_rounds(rounds) {
    if (dim < 1 || std::ssize(m_x) % dim != 0 || m_hidden.size() != m_x.size() || rounds < 1) {
        throw UsageError("inpainting needs rows, a hidden part of the same size, and rounds");
    }
    m_z = m_process.start(key, std::ssize(m_x) / dim, dim, spread);
}

void Inpainting::hold(std::span<const double> known) {
    for (std::size_t i = 0; i < m_z.size(); ++i) {
        if (m_hidden[i] == 0) {
            m_z[i] = known[i];
        }
    }
}

void Inpainting::step(const Denoiser& denoiser) {
    if (m_done >= steps()) {
        return;
    }
    const NoiseLevel noisy = m_process.levelBefore(m_done),
                     less = m_process.levelBefore(m_done + 1);
    const bool last = m_done + 1 == steps();
    const Index rounds = last || m_process.walksLevels() ? 1 : m_rounds;
    for (Index r = 0; r < rounds; ++r) {
        const Key own =
            derive(derive(m_key, "round"), static_cast<std::uint64_t>(m_done * m_rounds + r));
        hold(noised(derive(own, "known"), noisy, m_x, m_dim));
        m_process.step(denoiser, own, m_done, m_z);
        if (r + 1 < rounds) {
            const double ratio = noisy.alpha / less.alpha;
            const double added =
                noisy.sigma * noisy.sigma - ratio * ratio * less.sigma * less.sigma;
            m_z = noised(derive(own, "back"), {ratio, std::sqrt(std::max(added, 0.0))}, m_z, m_dim);
        }
    }
    ++m_done;
    if (last) {
        hold(m_x);
    }
}

}  // namespace lx::diffusion
