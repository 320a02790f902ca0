// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/diagnostics/verdict.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>

namespace lx::diagnostics {
namespace {

std::string number(double value, int digits = 3) {
    char text[40];
    std::snprintf(text, sizeof text, "%.*g", digits, value);
    return text;
}

/// "1.0123", "infinite".
std::string rhatText(double value) {
    char text[40];
    std::snprintf(text, sizeof text, "%.2f", value);
    return std::isinf(value) ? "infinite" : value < 1000 ? std::string(text) : number(value);
}

/// Quantities for which a flag is up, worst first.
class Flagged {
public:
    Flagged(std::span<const Summary> all, const std::function<double(const Summary&)>& badness) {
        for (const Summary& s : all) {
            if (const double bad = badness(s); bad > 0) {
                m_found.emplace_back(bad, &s);
            }
        }
        std::ranges::stable_sort(m_found, std::greater<>(), &Pair::first);
    }
    explicit operator bool() const { return !m_found.empty(); }
    const Summary& worst() const { return *m_found.front().second; }
    /// "3 of 40 quantities (mu, tau, theta[1])" or "mu".
    std::string names(std::size_t total) const {
        std::string list;
        for (std::size_t i = 0; i < std::min<std::size_t>(m_found.size(), 3); ++i) {
            list += (i > 0 ? ", " : "") + m_found[i].second->name;
        }
        return m_found.size() == 1
                   ? list
                   : std::to_string(m_found.size()) + " of " + std::to_string(total) +
                         " quantities (" + list + (m_found.size() > 3 ? ", ..." : "") + ")";
    }
    bool several() const { return m_found.size() > 1; }

private:
    using Pair = std::pair<double, const Summary*>;
    std::vector<Pair> m_found;
};

std::string share(Index part, Index whole) {
    return std::to_string(part) + " of " + std::to_string(whole) + " transitions (" +
           number(
               100.0 * static_cast<double>(part) / static_cast<double>(std::max<Index>(whole, 1)),
               2) +
           " %)";
}

void judgeSampler(const SamplerReport& sampler, const Limits& limits, std::vector<Finding>& out) {
    if (sampler.divergences.value_or(0) > 0) {
        std::string sentence = share(*sampler.divergences, sampler.transitions) +
                               " diverged: the integrator cannot follow the curvature there, so "
                               "that region is missing from the draws";
        const auto worst = std::ranges::max_element(sampler.divergencesOfChain);
        if (sampler.divergencesOfChain.size() > 1 && *worst == *sampler.divergences) {
            sentence += "; all of them in chain " +
                        std::to_string(worst - sampler.divergencesOfChain.begin() + 1);
        }
        out.push_back({"divergences", Severity::Warning, sentence + ".",
                       "Lower the step size (adapt_delta up to 0.99); if they remain, "
                       "reparametrise, for example a funnel in its non-centred form."});
    }
    if (sampler.maxDepthHits.value_or(0) > 0) {
        out.push_back({"treedepth", Severity::Warning,
                       share(*sampler.maxDepthHits, sampler.transitions) +
                           " stopped at the largest tree depth: the trajectories are cut short, "
                           "which costs efficiency but does not bias the draws.",
                       "Rescale the parameters or use a dense mass matrix; else raise max_depth."});
    }
    std::string low;
    double least = limits.ebfmi;
    for (std::size_t m = 0; m < sampler.ebfmi.size(); ++m) {
        if (sampler.ebfmi[m] < limits.ebfmi) {
            low += (low.empty() ? "" : ", ") + std::to_string(m + 1);
            least = std::min(least, sampler.ebfmi[m]);
        }
    }
    if (!low.empty()) {
        out.push_back({"ebfmi", Severity::Warning,
                       "E-BFMI is as low as " + number(least) + " (chain " + low + "; limit " +
                           number(limits.ebfmi) +
                           "): the energy moves too slowly to reach the tails.",
                       "Reparametrise heavy tails and hierarchies, or run longer."});
    }
    if (sampler.acceptance && sampler.wanted &&
        std::abs(*sampler.acceptance - *sampler.wanted) > limits.acceptanceError) {
        const bool high = *sampler.acceptance > *sampler.wanted;
        out.push_back({"acceptance", Severity::Note,
                       "The mean acceptance is " + number(*sampler.acceptance, 2) + ", " +
                           number(*sampler.wanted, 2) + " is wanted: the steps are " +
                           (high ? "too small." : "too large."),
                       high ? "Raise the step size." : "Lower the step size."});
    }
}

void judgeMixing(std::span<const Summary> all, Index chains, Index draws, const Limits& limits,
                 std::vector<Finding>& out) {
    const auto usable = [](const Summary& s) {
        return s.fault == Fault::None || s.fault == Fault::TooFewDraws;
    };
    const Flagged stuck(
        all, [&](const Summary& s) { return usable(s) && std::isinf(s.rhat.known()) ? 1.0 : 0.0; });
    if (stuck) {
        out.push_back({"stuck", Severity::Warning,
                       "No chain moves in " + stuck.names(all.size()) +
                           ", and the chains stand at different values: R-hat is infinite.",
                       "Check the acceptance rate; lower the step size until proposals are "
                       "accepted."});
    }
    const auto far = [&](const Summary& s, double r) {
        return usable(s) && std::isfinite(r) && r > limits.rhat ? r : 0.0;
    };
    const Flagged centre(all, [&](const Summary& s) { return far(s, s.rhat.bulk); });
    if (centre) {
        out.push_back(
            {"rhat", Severity::Warning,
             "Not converged: R-hat of " + centre.names(all.size()) +
                 (centre.several() ? " is up to " : " is ") + rhatText(centre.worst().rhat.bulk) +
                 " (limit " + number(limits.rhat) + "), so " +
                 (chains > 1 ? "the chains, or their halves, are at different places."
                             : "the two halves of the chain are at different places."),
             "Run longer; if R-hat stays, the chains sit in different modes: look at the trace, "
             "and use tempering or better starting points."});
    }
    const Flagged spread(all, [&](const Summary& s) {
        return far(s, s.rhat.bulk) > 0 ? 0.0 : far(s, s.rhat.folded);
    });
    if (spread) {
        out.push_back({"rhat_scale", Severity::Warning,
                       "Not converged: the chains agree on the centre of " +
                           spread.names(all.size()) + " but not on its spread (folded R-hat " +
                           rhatText(spread.worst().rhat.folded) + ").",
                       "Run longer, and look for a chain that is stuck for long times or misses "
                       "the tails."});
    }
    const double least = limits.essPerChain * static_cast<double>(chains);
    const auto below = [&](const Summary& s, double ess) {
        return usable(s) && ess < least ? least / ess : 0.0;
    };
    const Flagged bulk(all, [&](const Summary& s) { return below(s, s.essBulk); });
    if (bulk) {
        const double factor = std::ceil(least / bulk.worst().essBulk);
        out.push_back({"ess", Severity::Warning,
                       "Too few independent draws: bulk ESS of " + bulk.names(all.size()) +
                           (bulk.several() ? " is as low as " : " is ") +
                           number(bulk.worst().essBulk) + ", " + number(least, 6) +
                           " are needed (" + number(limits.essPerChain) + " a chain).",
                       "Run about " + number(factor, 6) +
                           " times as long, or choose a sampler that mixes faster."});
    }
    const Flagged tail(
        all, [&](const Summary& s) { return below(s, s.essBulk) > 0 ? 0.0 : below(s, s.essTail); });
    if (tail) {
        out.push_back({"tail_ess", Severity::Warning,
                       "The tails of " + tail.names(all.size()) +
                           " are poorly known: tail ESS is " + number(tail.worst().essTail) + ", " +
                           number(least, 6) + " are needed.",
                       "Do not report 5 % and 95 % quantiles yet; run longer."});
    }
    const Flagged imprecise(all, [&](const Summary& s) {
        return usable(s) && below(s, s.essBulk) == 0 && s.mcseMean > limits.mcseOfSd * s.sd
                   ? s.mcseMean / s.sd
                   : 0.0;
    });
    if (imprecise) {
        const auto& s = imprecise.worst();
        out.push_back({"precision", Severity::Note,
                       "The mean of " + imprecise.names(all.size()) +
                           " is known to no better than " + number(100 * s.mcseMean / s.sd, 2) +
                           " % of its standard deviation.",
                       "Run longer if you need the mean more precisely."});
    }
    const double size = static_cast<double>(chains * draws);
    const Flagged antithetic(all, [&](const Summary& s) {  // Independent draws exceed it by chance.
        return usable(s) && s.essBulk > 1.25 * size ? s.essBulk : 0.0;
    });
    if (antithetic) {
        out.push_back(
            {"antithetic", Severity::Note,
             "Bulk ESS of " + antithetic.names(all.size()) +
                 " exceeds the number of draws: successive draws are negatively "
                 "correlated, which helps means (not squares); it is capped at S log10 S.",
             "Nothing to do."});
    }
}

void judgeValues(std::span<const Summary> all, std::vector<Finding>& out) {
    const auto with = [&](Fault fault) {
        return Flagged(all, [fault](const Summary& s) { return s.fault == fault ? 1.0 : 0.0; });
    };
    for (const Fault fault : {Fault::NotANumber, Fault::Infinite}) {
        if (const Flagged bad = with(fault)) {
            out.push_back({"not_finite", Severity::Warning,
                           bad.names(all.size()) +
                               (fault == Fault::NotANumber ? " holds values that are not numbers"
                                                           : " holds infinite values") +
                               ", so nothing can be said about " +
                               (bad.several() ? "them." : "it."),
                           "Find the first such draw: a step size that is too large, log of a "
                           "negative number, or overflow."});
        }
    }
    if (const Flagged constant = with(Fault::Constant)) {
        out.push_back({"constant", Severity::Note,
                       constant.names(all.size()) +
                           (constant.several() ? " are constant" : " is constant") +
                           ": fixed by the model, rounded in the file, a discrete state that was "
                           "never left, or every chain is stuck.",
                       "If it should vary, look at its trace and at the acceptance rate; else "
                       "ignore it."});
    }
}

}  // namespace

Summary summarise(std::string name, ScalarDiagnostics& scalar) {
    Summary s;
    s.name = std::move(name);
    s.fault = faultOf(scalar.draws());
    s.mean = scalar.mean();
    s.median = scalar.median();
    s.sd = scalar.sd();
    s.mad = scalar.mad();
    s.q5 = scalar.quantile(0.05);
    s.q95 = scalar.quantile(0.95);
    s.rhat = scalar.rhat();
    s.essBulk = scalar.essBulk();
    s.essTail = scalar.essTail();
    s.mcseMean = scalar.mcseMean();
    s.mcseSd = scalar.mcseSd();
    return s;
}

std::vector<Finding> verdict(std::span<const Summary> all, Index chains, Index draws,
                             const SamplerReport& sampler, const Limits& limits) {
    std::vector<Finding> out;
    if (all.empty() || chains < 1 || draws < 1) {
        out.push_back({"nothing", Severity::Warning, "There are no draws to judge.",
                       "Run the sampler, or check that warm-up is not all there is."});
        return out;
    }
    judgeMixing(all, chains, draws, limits, out);
    judgeValues(all, out);
    judgeSampler(sampler, limits, out);
    if (draws / 2 < limits.drawsPerHalf) {
        out.push_back({"few_draws", Severity::Warning,
                       "Only " + std::to_string(draws) + " draws a chain: " +
                           (draws < 6 ? "too few for any judgement."
                                      : "R-hat and ESS are noisy below " +
                                            std::to_string(2 * limits.drawsPerHalf) + "."),
                       "Run longer before you trust these numbers."});
    }
    if (chains == 1) {
        out.push_back({"one_chain", Severity::Note,
                       "There is one chain: R-hat compares its halves only, so a mode that it "
                       "never found goes unnoticed.",
                       "Run at least four chains from dispersed starting points."});
    }
    std::ranges::stable_sort(out, std::greater<>(), &Finding::severity);
    if (out.empty() || out.front().severity != Severity::Warning) {
        const bool any =
            std::ranges::any_of(all, [](const Summary& s) { return s.fault == Fault::None; });
        if (any) {
            out.insert(out.begin(),
                       {"fine", Severity::Good,
                        "No sign of trouble: R-hat is at most " + number(limits.rhat) +
                            " and bulk and tail ESS are sufficient for every quantity that "
                            "varies.",
                        "Chains that all miss the same mode look like this too: compare with what "
                        "you know of the target."});
        }
    }
    return out;
}

}  // namespace lx::diagnostics
