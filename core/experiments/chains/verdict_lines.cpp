// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/chains/verdict_lines.h"

#include <algorithm>

namespace lx::chains {
namespace {

using diagnostics::Finding;
using diagnostics::Severity;

bool in(const std::string& id, std::initializer_list<std::string_view> ids) {
    return std::ranges::find(ids, id) != ids.end();
}

struct Action {
    const char *id, *label;
};

Action actionOf(const Finding& finding, bool modes, bool funnel, bool tempered) {
    constexpr Action kTemper{"try-tempering", "Try tempering"};
    constexpr Action kMore{"more-draws", "Draw more"};
    constexpr Action kSmaller{"smaller-step", "Smaller step"};
    constexpr Action kLarger{"larger-step", "Larger step"};
    constexpr Action kNonCentred{"non-centred", "Non-centred form"};
    const std::string& id = finding.id;
    if (in(id, {"no_hops", "few_hops", "mode_weight"}) || (id == "rhat" && modes)) {
        return tempered ? kMore : kTemper;
    }
    if (in(id, {"divergences", "ebfmi"})) {
        return funnel ? kNonCentred : kSmaller;
    }
    if (id == "acceptance") {
        return finding.nextStep.starts_with("Raise") ? kLarger : kSmaller;
    }
    if (in(id, {"stuck", "truth", "truth_sd", "stein"})) {
        return kSmaller;
    }
    if (id == "one_chain") {
        return {"more-chains", "More chains"};
    }
    if (in(id, {"rhat", "rhat_scale", "ess", "tail_ess", "few_draws", "precision", "nested_rhat",
                "nothing"})) {
        return kMore;
    }
    return {"", ""};
}

const char* nameOf(Severity severity) {
    return severity == Severity::Warning ? "warning" : severity == Severity::Note ? "note" : "good";
}

/// One line: no control characters of the format inside.
std::string plain(std::string text) {
    for (char& c : text) {
        c = c == '\n' || c == '\t' ? ' ' : c;
    }
    return text;
}

}  // namespace

std::string headlineOf(std::span<const Finding> findings) {
    const auto warns = [&](auto&& judge) {
        return std::ranges::any_of(findings, [&](const Finding& f) {
            return f.severity == Severity::Warning && judge(f.id);
        });
    };
    // What more draws alone would cure; efficiency is no matter of convergence.
    const auto scarce = [](const std::string& id) {
        return in(id, {"ess", "tail_ess", "few_draws", "nothing"});
    };
    const auto harmless = [](const std::string& id) { return id == "treedepth"; };
    if (findings.empty()) {
        return "Too few draws.";
    }
    if (warns([&](const std::string& id) { return !scarce(id) && !harmless(id); })) {
        return "Not converged.";
    }
    return warns(scarce) ? "Too few draws." : "Converged.";
}

std::string verdictText(const DiagnosticsResult& result, bool funnel, bool tempered) {
    std::string out = headlineOf(result.verdict);
    for (const Finding& finding : result.verdict) {
        const Action action = actionOf(finding, !result.modeWeights.empty(), funnel, tempered);
        out += "\n" + plain(finding.sentence + " " + finding.nextStep) + "\t" + action.id + "\t" +
               action.label + "\t" + nameOf(finding.severity) + "\t" + finding.id;
    }
    return out;
}

}  // namespace lx::chains
