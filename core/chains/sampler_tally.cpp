// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/chains/sampler_tally.h"

#include "core/chains/view_samples.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lx::detail {

void SamplerTally::restart(const ChainView& view) {
    m_slots = evenSlots(view, 64);
    m_energies.assign(m_slots.size(), {});
    m_divergences.assign(m_slots.size(), 0);
    m_generation = view.generation();
    m_rows = m_warmup = view.warmup();
    m_stride = view.stride();
    m_kept = std::ssize(view.kept());
}

void SamplerTally::update(const ChainView& view) {
    m_report = {};
    if (view.empty()) {
        return;
    }
    if (view.generation() != m_generation || view.warmup() != m_warmup ||
        view.stride() != m_stride || std::ssize(view.kept()) != m_kept || view.rows() < m_rows) {
        restart(view);
    }
    const ChainLayout& layout = view.layout();
    const auto divergent = layout.scalar("divergent__"), depth = layout.scalar("treedepth__");
    const auto energy = layout.scalar("energy__"), accept = layout.scalar("accept_stat__");
    std::vector<double> piece(static_cast<std::size_t>(view.rows() - m_rows));
    for (std::size_t m = 0; m < m_slots.size() && !piece.empty(); ++m) {
        if (divergent) {
            view.copyScalar(*divergent, m_slots[m], m_rows, 1, piece);
            m_divergences[m] += std::ranges::count_if(piece, [](double x) { return x >= 0.5; });
        }
        if (energy) {
            view.copyScalar(*energy, m_slots[m], m_rows, 1, piece);
            Energy& e = m_energies[m];
            for (const double x : piece) {
                if (e.moments.count() > 0) {
                    e.squares += (x - e.last) * (x - e.last);
                }
                e.moments.add(x);
                e.last = x;
            }
        }
    }
    m_rows = view.rows();
    const auto total = [&](const std::optional<std::size_t>& s) {
        return s ? view.totals()[*s] : ScalarTotal();
    };
    if (divergent) {
        m_report.divergences = total(divergent).hits;
        if (m_kept == layout.chains && m_stride == 1 && std::ssize(m_slots) == m_kept) {
            m_report.divergencesOfChain = m_divergences;
        }
    }
    if (depth) {
        m_report.maxDepthHits = total(depth).hits;
    }
    if (accept && total(accept).count > 0) {
        m_report.acceptance = total(accept).sum / static_cast<double>(total(accept).count);
        m_report.wanted =
            layout.acceptance ? layout.acceptance : diagnostics::wantedAcceptance(layout.kernel);
    }
    for (const auto& s : {divergent, depth, energy, accept}) {
        m_report.transitions = std::max(m_report.transitions, total(s).count);
    }
    if (energy && m_stride == 1 && view.draws() > 1) {
        for (const Energy& e : m_energies) {
            const double variance = e.moments.variance();
            m_report.ebfmi.push_back(variance > 0 && std::isfinite(e.squares)
                                         ? e.squares / static_cast<double>(e.moments.count() - 1) /
                                               variance
                                         : std::numeric_limits<double>::quiet_NaN());
        }
    }
}

}  // namespace lx::detail
