// SPDX-License-Identifier: GPL-3.0-or-later
// The diagnostics of one source, piece by piece. Private to core/chains; not for two threads.
#pragma once

#include "core/chains/diagnostics_worker.h"
#include "core/chains/sampler_tally.h"
#include "core/chains/trace_envelope.h"
#include "core/diagnostics/live.h"

namespace lx::detail {

class Analysis {
public:
    Analysis(std::shared_ptr<const ChainSource>, ChainTruth, DiagnosticsOptions);

    /// Takes the newest view and does what is cheap: counts and traces. True when it is another.
    bool refresh();
    /// Draws have grown enough for another pass.
    bool due() { return m_schedule.due(m_view.draws()); }
    /// Another pass over all numbers and plots, oldest rows first.
    void begin(bool exact, std::vector<Index> focus);
    /// The next piece of the pass (some milliseconds); false when there is none.
    bool step();
    void setSamplingSeconds(double seconds) noexcept { m_seconds = seconds; }

    const ChainView& view() const noexcept { return m_view; }
    bool finished() const { return m_source->finished(); }
    /// The source has moved on since the last refresh.
    bool outdated() const { return m_source->view().seen() != m_view.seen(); }
    DiagnosticsResult result() const;

private:
    void restart();
    void computeRow(Index variable);
    void computePlots(Index variable);
    void computeModes();
    void computeStein();
    void computeRStar();
    std::vector<diagnostics::Finding> judge() const;
    double trueMean(Index variable) const;
    Index most() const { return m_exact ? 0 : m_options.liveDraws; }
    std::vector<double> points(std::span<const Index> slots, Index from, Index step,
                               Index draws) const;

    std::shared_ptr<const ChainSource> m_source;
    ChainTruth m_truth;
    DiagnosticsOptions m_options;
    ChainView m_view;
    diagnostics::GrowthSchedule m_schedule;
    diagnostics::ScalarDiagnostics m_scalar;
    SamplerTally m_tally;
    std::vector<EnvelopeBuilder> m_traces;
    std::vector<Index> m_slots, m_focus, m_rowsLeft, m_plotsLeft;
    bool m_exact = false, m_passExact = false, m_jointLeft = false, m_rStarLeft = false;
    double m_seconds = 0;
    DiagnosticsResult m_result;         // what does not come from other members
    std::vector<LiveCourse> m_courses;  // of each variable that was in focus; by index
};

}  // namespace lx::detail
