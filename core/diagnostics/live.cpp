// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/diagnostics/live.h"

#include <cmath>
#include <limits>

namespace lx::diagnostics {
namespace {

void requireChains(std::size_t given, std::size_t chains) {
    if (given != chains) {
        throw UsageError("a step brings " + std::to_string(given) + " draws for " +
                         std::to_string(chains) + " chains");
    }
}

}  // namespace

void RunningMoments::merge(const RunningMoments& other) noexcept {
    if (other.m_count == 0) {
        return;
    }
    const double a = static_cast<double>(m_count), b = static_cast<double>(other.m_count);
    const double step = other.m_mean - m_mean;
    m_count += other.m_count;
    m_mean += step * b / (a + b);
    m_squares += other.m_squares + step * step * a * b / (a + b);
}

double RunningMoments::mean() const noexcept {
    return m_count > 0 ? m_mean : std::numeric_limits<double>::quiet_NaN();
}

double RunningMoments::variance() const noexcept {
    return m_count > 1 ? m_squares / static_cast<double>(m_count - 1)
                       : std::numeric_limits<double>::quiet_NaN();
}

void RunningRhat::add(std::span<const double> step) {
    requireChains(step.size(), m_chains.size());
    for (std::size_t m = 0; m < step.size(); ++m) {
        m_chains[m].add(step[m]);
    }
}

double RunningRhat::basic() const {
    if (draws() < 2 || m_chains.size() < 2) {
        return std::numeric_limits<double>::quiet_NaN();
    }
    std::vector<double> means, variances;
    for (const auto& chain : m_chains) {
        means.push_back(chain.mean());
        variances.push_back(chain.variance());
    }
    const double count = static_cast<double>(draws());
    return std::sqrt((count - 1) / count + varianceOf(means) / meanOf(variances));
}

double RunningRhat::nested(Index superchains) const {
    std::vector<ChainMoments> moments;
    for (const auto& chain : m_chains) {
        moments.push_back({chain.mean(), chain.variance()});
    }
    return rhatNested(moments, draws(), superchains);
}

ThinnedDraws::ThinnedDraws(Index chains, Index capacity) : m_capacity(capacity) {
    if (chains < 1 || capacity < 2 || capacity % 2 != 0) {
        throw UsageError("kept draws need at least one chain and an even capacity");
    }
    m_kept.resize(static_cast<std::size_t>(chains));
}

void ThinnedDraws::add(std::span<const double> step) {
    requireChains(step.size(), m_kept.size());
    if (m_seen++ % m_stride != 0) {
        return;
    }
    if (draws() == m_capacity) {
        for (auto& chain : m_kept) {
            for (std::size_t i = 0; 2 * i < chain.size(); ++i) {
                chain[i] = chain[2 * i];
            }
            chain.resize(chain.size() / 2);
        }
        m_stride *= 2;
        // The capacity is even, so this step falls on the wider grid too.
    }
    for (std::size_t m = 0; m < step.size(); ++m) {
        m_kept[m].push_back(step[m]);
    }
}

bool GrowthSchedule::due(Index draws) noexcept {
    if (draws < m_next) {
        return false;
    }
    m_next = std::max(draws + 1, static_cast<Index>(static_cast<double>(draws) * m_factor));
    return true;
}

LivePoint LiveDiagnostics::exact() const {
    const Trimmed kept = m_draws.snapshot();
    ScalarDiagnostics scalar(kept.view());
    return {m_draws.seen(), scalar.rhat().value(), scalar.essBulk(), scalar.essTail(),
            kept.draws >= 100};
}

bool LiveDiagnostics::add(std::span<const double> step) {
    m_draws.add(step);
    if (!m_schedule.due(m_draws.seen())) {
        return false;
    }
    m_course.push_back(exact());
    return true;
}

}  // namespace lx::diagnostics
