// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/chains/analysis.h"

#include "core/chains/variable_plots.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lx::detail {
namespace {

using diagnostics::Finding;
using diagnostics::Severity;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
/// Values that an exact result reads for one variable; beyond, chains are chosen.
constexpr Index kExactValues = Index{1} << 23;
/// The curves of a plot repeat an estimate dozens of times.
constexpr Index kExactPlotValues = Index{1} << 18;
constexpr double kSteinLevel = 0.002;
constexpr Index kRStarChains = 16, kRStarQuantities = 50;

std::string rounded(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.2g", value);
    return text;
}

}  // namespace

Analysis::Analysis(std::shared_ptr<const ChainSource> source, ChainTruth truth,
                   DiagnosticsOptions options)
    : m_source(std::move(source)),
      m_truth(std::move(truth)),
      m_options(std::move(options)),
      m_schedule(m_options.growth, 4) {}

void Analysis::restart() {
    const Index variables = m_view.empty() ? 0 : variableCount(m_view.layout());
    m_schedule.restart();
    m_result = {};
    m_result.rows.resize(static_cast<std::size_t>(variables));
    for (Index v = 0; v < variables; ++v) {
        VariableRow& row = m_result.rows[static_cast<std::size_t>(v)];
        diagnostics::Summary& s = row.summary;
        s.name = variableName(m_view.layout(), v);
        s.mean = s.median = s.sd = s.mad = s.q5 = s.q95 = kNaN;
        s.rhat = {kNaN, kNaN};
        s.essBulk = s.essTail = s.mcseMean = s.mcseSd = kNaN;
        s.fault = diagnostics::Fault::TooFewDraws;
        row.essPerSecond = row.nestedRhat = kNaN;
        row.truth = {kNaN, kNaN, kNaN, kNaN};
    }
    m_courses.assign(static_cast<std::size_t>(variables), {});
    m_traces.clear();
    m_rowsLeft.clear();
    m_plotsLeft.clear();
    m_jointLeft = m_rStarLeft = false;
}

bool Analysis::refresh() {
    const ChainView next = m_source->view();
    const bool another =
        next.generation() != m_view.generation() || (m_view.empty() != next.empty());
    const bool changed = another || next.seen() != m_view.seen() ||
                         next.warmup() != m_view.warmup() || next.stride() != m_view.stride();
    if (!another && next.draws() < m_view.draws() && next.stride() == m_view.stride()) {
        m_schedule.restart();  // warm-up began again or ended
    }
    m_view = next;
    if (another) {
        restart();
    }
    if (changed && !m_view.empty()) {
        m_slots = evenSlots(m_view, m_options.liveChains);
        m_tally.update(m_view);
        for (EnvelopeBuilder& trace : m_traces) {
            trace.update(m_view);
        }
    }
    return changed;
}

void Analysis::begin(bool exact, std::vector<Index> focus) {
    const Index variables = std::ssize(m_result.rows);
    std::erase_if(focus, [variables](Index v) { return v < 0 || v >= variables; });
    m_focus = std::move(focus);
    m_exact = m_passExact = exact;
    m_slots = evenSlots(m_view, m_options.liveChains);
    if (exact && std::ssize(m_view.kept()) * m_view.draws() <= kExactValues) {
        m_slots = evenSlots(m_view, std::ssize(m_view.kept()));
    }
    std::erase_if(m_traces, [&](const EnvelopeBuilder& trace) {
        return std::ranges::find(m_focus, trace.variable()) == m_focus.end();
    });
    std::erase_if(m_result.plots, [&](const VariablePlots& plots) {
        return std::ranges::find(m_focus, plots.quantity) == m_focus.end();
    });
    for (const Index v : m_focus) {
        if (std::ranges::find(m_traces, v, &EnvelopeBuilder::variable) == m_traces.end()) {
            m_traces.emplace_back(v, m_options.liveChains);
            m_traces.back().update(m_view);
        }
    }
    m_rowsLeft.resize(static_cast<std::size_t>(variables));
    for (std::size_t v = 0; v < m_rowsLeft.size(); ++v) {
        m_rowsLeft[v] = static_cast<Index>(v);
    }
    // Worked off from the back: focus first, then those that were computed longest ago.
    const auto age = [&](Index v) {
        const bool focused = std::ranges::find(m_focus, v) != m_focus.end();
        return std::pair(!focused, m_result.rows[static_cast<std::size_t>(v)].draws);
    };
    std::ranges::stable_sort(
        m_rowsLeft, [&](Index a, Index b) { return age(a) != age(b) ? age(a) > age(b) : a > b; });
    m_plotsLeft.assign(m_focus.rbegin(), m_focus.rend());
    m_jointLeft = true;
    m_rStarLeft = exact;
    m_result.rStar.reset();
    if (m_view.draws() == 0) {
        m_rStarLeft = false;
        m_rowsLeft.clear();
        m_plotsLeft.clear();
        m_jointLeft = false;
    }
}

bool Analysis::step() {
    const bool focusDone =
        m_rowsLeft.empty() || std::ranges::find(m_focus, m_rowsLeft.back()) == m_focus.end();
    if (!focusDone) {
        computeRow(m_rowsLeft.back());
        m_rowsLeft.pop_back();
    } else if (!m_plotsLeft.empty()) {
        computePlots(m_plotsLeft.back());
        m_plotsLeft.pop_back();
    } else if (m_jointLeft) {
        m_result.energy = energyPlot(m_view, m_slots, most());
        if (m_result.energy) {
            m_result.energy->bfmi = m_tally.report().ebfmi;
        }
        computeModes();
        computeStein();
        m_jointLeft = false;
    } else if (!m_rowsLeft.empty()) {
        computeRow(m_rowsLeft.back());
        m_rowsLeft.pop_back();
    } else if (m_rStarLeft) {
        computeRStar();  // needs the autocorrelation of every quantity
        m_rStarLeft = false;
    } else {
        return false;
    }
    return true;
}

double Analysis::trueMean(Index variable) const {
    const auto v = static_cast<std::size_t>(variable);
    const bool known = variable < m_view.layout().coordinates() && v < m_truth.mean.size();
    return known ? m_truth.mean[v] : kNaN;
}

void Analysis::computeRow(Index variable) {
    const auto v = static_cast<std::size_t>(variable);
    VariableRow& row = m_result.rows[v];
    const Sample sample = thinned(m_view, variable, m_slots, most());
    m_scalar.reset(sample.view());
    row.summary = diagnostics::summarise(row.summary.name, m_scalar);
    row.draws = sample.draws;
    row.step = sample.step;
    row.trusted = sample.draws >= 2 * m_options.limits.drawsPerHalf;
    row.essPerSecond = m_seconds > 0 ? row.summary.essBulk / m_seconds : kNaN;
    row.truth = {kNaN, kNaN, kNaN, kNaN};
    if (const double mean = trueMean(variable); std::isfinite(mean)) {
        row.truth.mean = row.summary.mean - mean;
        row.truth.meanBand = 1.96 * row.summary.mcseMean;
        if (v < m_truth.sd.size()) {
            row.truth.sd = row.summary.sd - m_truth.sd[v];
            row.truth.sdBand = 1.96 * row.summary.mcseSd;
        }
    }
    row.nestedRhat = kNaN;
    if (const Index groups = m_view.layout().superchains; groups > 1) {
        if (const auto moments = m_source->moments(variable)) {
            row.nestedRhat = diagnostics::rhatNested(*moments, m_view.draws(), groups);
        } else if (std::ssize(m_slots) == m_view.layout().chains) {
            row.nestedRhat = diagnostics::rhatNested(sample.view(), groups);
        }
    }
    LiveCourse& course = m_courses[v];
    if (std::ranges::find(m_focus, variable) != m_focus.end() &&
        (course.draws.empty() || course.draws.back() != m_view.draws())) {
        course.draws.push_back(m_view.draws());
        course.rhat.push_back(row.summary.rhat.value());
        course.essBulk.push_back(row.summary.essBulk);
        course.essTail.push_back(row.summary.essTail);
    }
}

void Analysis::computePlots(Index variable) {
    VariablePlots plots =
        plotsOf(m_view, variable, m_slots, m_exact ? kExactPlotValues : m_options.liveDraws / 4,
                trueMean(variable));
    const auto at = std::ranges::find(m_result.plots, variable, &VariablePlots::quantity);
    if (at == m_result.plots.end()) {
        m_result.plots.push_back(std::move(plots));
    } else {
        *at = std::move(plots);
    }
}

/// Coordinates [slots * draws, coordinates], chain after chain.
std::vector<double> Analysis::points(std::span<const Index> slots, Index from, Index step,
                                     Index draws) const {
    const auto dim = static_cast<std::size_t>(m_view.layout().coordinates());
    const auto count = static_cast<std::size_t>(draws);
    std::vector<double> out(slots.size() * count * dim), column(count);
    for (std::size_t m = 0; m < slots.size(); ++m) {
        for (std::size_t d = 0; d < dim; ++d) {
            m_view.copy(static_cast<Index>(d), slots[m], from, step, column);
            for (std::size_t n = 0; n < count; ++n) {
                out[(m * count + n) * dim + d] = column[n];
            }
        }
    }
    return out;
}

void Analysis::computeModes() {
    m_result.modes.reset();
    if (!m_truth.modesOf || m_truth.weights.empty() || m_view.draws() == 0) {
        return;
    }
    const Index draws = m_view.draws(), chains = std::ssize(m_slots);
    const Index room = m_exact ? draws : std::max<Index>(4 * m_options.liveDraws / chains, 16);
    const Index step = (draws + room - 1) / room, count = (draws - 1) / step + 1;
    const auto labels =
        m_truth.modesOf(points(m_slots, m_view.warmup() + (draws - 1) % step, step, count));
    m_result.modes = diagnostics::followModes(labels, chains, count, std::ssize(m_truth.weights));
    for (Index& draw : m_result.modes->sinceHop) {
        draw *= step * m_view.stride();
    }
}

void Analysis::computeStein() {
    m_result.stein.reset();
    const Index draws = m_view.draws(), dim = m_view.layout().coordinates();
    if (!m_truth.score || draws < 2 || dim < 1) {
        return;
    }
    diagnostics::SteinOptions options;
    options.maxPoints = m_exact ? 500 : 300;
    options.bootstraps = 1000;
    const Index each = std::max<Index>(options.maxPoints / std::ssize(m_slots), 2);
    const Index count = std::min(draws, each), step = (draws - 1) / std::max<Index>(count - 1, 1);
    const auto at = points(m_slots, m_view.rows() - 1 - (count - 1) * step, step, count);
    m_result.stein = diagnostics::steinDiscrepancy(at, m_truth.score(at), dim, options);
}

void Analysis::computeRStar() {
    const auto slots = evenSlots(m_view, kRStarChains);
    const Index dim = m_view.layout().coordinates();
    // Draws that follow each other closely tell their chain by themselves.
    double apart = 1;
    for (Index v = 0; v < dim; ++v) {
        const VariableRow& row = m_result.rows[static_cast<std::size_t>(v)];
        const double size = static_cast<double>(row.draws * std::ssize(m_slots));
        if (const double time = size / row.summary.essBulk; std::isfinite(time)) {
            apart = std::max(apart, time);
        }
    }
    const Index step = static_cast<Index>(
        std::min(std::ceil(apart), static_cast<double>(std::max<Index>(m_view.draws(), 1))));
    const Index count = (m_view.draws() - 1) / step + 1;
    const auto all = points(slots, m_view.rows() - 1 - (count - 1) * step, step, count);
    const Index used = std::min(dim, kRStarQuantities);
    if (used < 1) {
        return;
    }
    std::vector<double> some;
    for (std::size_t at = 0; at < all.size(); at += static_cast<std::size_t>(dim)) {
        for (Index d = 0; d < used; ++d) {
            some.push_back(all[at + static_cast<std::size_t>(d * dim / used)]);
        }
    }
    diagnostics::RStarOptions options;
    options.probability = 0.998;  // it is looked at again and again
    const auto found = diagnostics::rStar(some, std::ssize(slots), count, used, options);
    if (std::isfinite(found.value)) {
        m_result.rStar = found;
    }
}

std::vector<Finding> Analysis::judge() const {
    std::vector<diagnostics::Summary> known;
    double farthest = 4;
    const VariableRow* wrong = nullptr;
    // Errors of a sample sd are larger than their formula where tails are heavy.
    double widest = 6;
    const VariableRow* spread = nullptr;
    const VariableRow* apart = nullptr;
    const Index groups = m_view.layout().superchains;
    const double limit =
        groups > 0 ? diagnostics::nestedRhatLimit(m_view.layout().chains / groups) : 0;
    for (const VariableRow& row : m_result.rows) {
        if (row.draws == 0) {
            continue;
        }
        known.push_back(row.summary);
        const double z = 1.96 * std::abs(row.truth.mean) / row.truth.meanBand;
        if (row.trusted && z > farthest) {
            farthest = z;
            wrong = &row;
        }
        const double z2 = 1.96 * std::abs(row.truth.sd) / row.truth.sdBand;
        if (row.trusted && z2 > widest && std::abs(row.truth.sd) > 0.02 * row.summary.sd) {
            widest = z2;
            spread = &row;
        }
        if (row.nestedRhat > (apart ? apart->nestedRhat : limit)) {
            apart = &row;
        }
    }
    const Index chains = std::ssize(m_slots);
    std::vector<Finding> out =
        diagnostics::verdict(known, chains, m_view.draws(), m_tally.report(), m_options.limits);
    if (m_result.modes) {
        for (auto& finding : diagnostics::modeVerdict(*m_result.modes, m_truth.weights)) {
            out.push_back(std::move(finding));
        }
    }
    if (wrong != nullptr) {
        out.push_back({"truth", Severity::Warning,
                       "The mean of " + wrong->summary.name + " is off by " +
                           rounded(wrong->truth.mean) + ", " + rounded(farthest) +
                           " of its standard errors, although the target is known.",
                       "The sampler is biased (a step size without correction), or it misses a "
                       "part of the target: compare histogram and true density."});
    }
    if (spread != nullptr) {
        const double truth = spread->summary.sd - spread->truth.sd;
        out.push_back(
            {"truth_sd", Severity::Warning,
             "The sd of " + spread->summary.name + " is " + rounded(spread->summary.sd / truth) +
                 " times the true one, " + rounded(widest) +
                 " standard errors off: R-hat cannot see this.",
             spread->truth.sd > 0
                 ? "Lower the step size, or switch the accept step on."
                 : "A part of the target is missing: run longer, or change the sampler."});
    }
    if (apart != nullptr) {
        out.push_back({"nested_rhat", Severity::Warning,
                       "Nested R-hat of " + apart->summary.name + " is " +
                           rounded(apart->nestedRhat) + " (up to " + rounded(limit) +
                           " is noise): the groups of chains still remember where they began.",
                       "Run a longer warm-up."});
    }
    if (m_result.stein && m_result.stein->probability < kSteinLevel) {
        out.push_back({"stein", Severity::Warning,
                       "The kernel Stein discrepancy is " + rounded(m_result.stein->value) +
                           " (p below 0.002): the draws do not follow the target.",
                       "Lower the step size or switch the accept step on; R-hat cannot see this."});
    }
    if (m_result.rStar && m_result.rStar->differs()) {
        out.push_back({"r_star", Severity::Warning,
                       "R* is " + rounded(m_result.rStar->value) + " (at least " +
                           rounded(m_result.rStar->low) +
                           "): a classifier tells from a draw which half chain it came from, so "
                           "the chains differ, if only in how quantities go together.",
                       "Compare the chains in a pair plot; run longer, or temper."});
    }
    const bool warned =
        std::ranges::any_of(out, [](const Finding& f) { return f.severity == Severity::Warning; });
    if (warned) {
        std::erase_if(out, [](const Finding& f) { return f.severity == Severity::Good; });
    }
    std::ranges::stable_sort(out, std::greater<>(), &Finding::severity);
    return out;
}

DiagnosticsResult Analysis::result() const {
    DiagnosticsResult out = m_result;
    out.finished = m_source->finished();
    out.generation = m_view.generation();
    if (const std::string message = m_source->message(); !message.empty()) {
        out.notes.push_back(message);
    }
    if (m_view.empty()) {
        return out;
    }
    out.chains = m_view.layout().chains;
    out.kept = std::ssize(m_view.kept());
    out.draws = m_view.draws();
    out.warmup = m_view.warmup();
    out.seen = m_view.seen();
    out.sampler = m_tally.report();
    out.modeWeights = m_truth.weights;
    out.pending = std::ranges::count(out.rows, 0, &VariableRow::draws);
    out.exact = m_passExact && m_rowsLeft.empty() && m_plotsLeft.empty() && !m_jointLeft &&
                !m_rStarLeft && out.pending == 0;
    for (const EnvelopeBuilder& trace : m_traces) {
        const auto at = std::ranges::find(out.plots, trace.variable(), &VariablePlots::quantity);
        VariablePlots& plots = at == out.plots.end() ? out.plots.emplace_back() : *at;
        plots.quantity = trace.variable();
        plots.name = variableName(m_view.layout(), trace.variable());
        plots.trace = trace.envelope();
        plots.live = m_courses[static_cast<std::size_t>(trace.variable())];
    }
    if (m_view.draws() == 0) {
        out.notes.push_back("Warm-up is running: diagnostics begin with the first draw after it.");
        return out;
    }
    if (const std::string note = m_view.note();
        !note.empty() && std::ranges::find(out.notes, note) == out.notes.end()) {
        out.notes.push_back(note);
    }
    if (std::ssize(m_slots) < out.kept) {
        out.notes.push_back("R-hat and ESS are of " + std::to_string(m_slots.size()) + " of the " +
                            std::to_string(out.kept) + " chains.");
    }
    const auto coarse = std::ranges::max_element(out.rows, {}, &VariableRow::step);
    if (coarse != out.rows.end() && coarse->step > 1) {
        out.notes.push_back("Live numbers use one in " + std::to_string(coarse->step) +
                            " draws; pause for exact ones.");
    }
    if (out.pending < std::ssize(out.rows)) {
        out.verdict = judge();
    }
    return out;
}

}  // namespace lx::detail
