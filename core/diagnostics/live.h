// SPDX-License-Identifier: GPL-3.0-or-later
// Diagnostics while draws arrive: constant memory, and estimates that do not flicker.
#pragma once

#include "core/diagnostics/scalar.h"

namespace lx::diagnostics {

/// Mean and variance of a stream. Ref: welford1962; merged as in chan1983.
class RunningMoments {
public:
    void add(double x) noexcept {
        ++m_count;
        const double step = x - m_mean;
        m_mean += step / static_cast<double>(m_count);
        m_squares += step * (x - m_mean);
    }
    void merge(const RunningMoments& other) noexcept;
    Index count() const noexcept { return m_count; }
    double mean() const noexcept;
    double variance() const noexcept;  ///< unbiased; NaN below two values

private:
    Index m_count = 0;
    double m_mean = 0, m_squares = 0;
};

/// R-hat without splitting or ranks for any number of chains in memory of one moment each; for
/// ensembles of thousands with nested groups. Every chain gets its draw in each step.
class RunningRhat {
public:
    explicit RunningRhat(Index chains) : m_chains(static_cast<std::size_t>(chains)) {}
    /// One value for each chain. Throws UsageError on another number.
    void add(std::span<const double> step);
    Index draws() const noexcept { return m_chains.empty() ? 0 : m_chains[0].count(); }
    double basic() const;
    double nested(Index superchains) const;

private:
    std::vector<RunningMoments> m_chains;
};

/// Draws of one quantity in bounded memory: when full, every second one is dropped and the stride
/// doubles, so what is kept stays evenly spaced. Ranks of it are exact.
class ThinnedDraws {
public:
    /// `capacity` draws a chain, even and at least 2.
    ThinnedDraws(Index chains, Index capacity);
    /// One value for each chain. Throws UsageError on another number.
    void add(std::span<const double> step);
    Index chains() const noexcept { return static_cast<Index>(m_kept.size()); }
    Index draws() const noexcept { return m_kept.empty() ? 0 : std::ssize(m_kept[0]); }
    Index stride() const noexcept { return m_stride; }  ///< steps between two kept draws
    Index seen() const noexcept { return m_seen; }      ///< steps so far
    Trimmed snapshot() const { return shortest(m_kept); }

private:
    std::vector<std::vector<double>> m_kept;
    Index m_capacity, m_stride = 1, m_seen = 0;
};

/// When to recompute: each time the number of draws has grown by `factor`, not before `least` draws
/// a half chain. The total work is then a constant times that of the last time.
class GrowthSchedule {
public:
    explicit GrowthSchedule(double factor = 1.1, Index least = 4)
        : m_factor(factor), m_next(2 * least) {}
    /// True at most once for the same number of draws.
    bool due(Index draws) noexcept;
    void restart(Index least = 4) noexcept { m_next = 2 * least; }

private:
    double m_factor;
    Index m_next;
};

/// The numbers printed on a trace, with their course.
struct LivePoint {
    Index draws = 0;  ///< of a chain so far, thinned ones included
    double rhat = 0, essBulk = 0, essTail = 0;
    bool trusted = false;  ///< at least 50 draws a half chain: below, show it grey
};
class LiveDiagnostics {
public:
    LiveDiagnostics(Index chains, Index capacity = 4096)
        : m_draws(chains, capacity), m_schedule(1.1, 4) {}
    /// One value for each chain; true when a new point was computed.
    bool add(std::span<const double> step);
    /// Of what is kept now, as on pause.
    LivePoint exact() const;
    const std::vector<LivePoint>& course() const noexcept { return m_course; }
    const ThinnedDraws& draws() const noexcept { return m_draws; }

private:
    ThinnedDraws m_draws;
    GrowthSchedule m_schedule;
    std::vector<LivePoint> m_course;
};

}  // namespace lx::diagnostics
