// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers for the checks of recipes, from all stored draws.
#include "core/experiments/chains/chain_experiment.h"
#include "core/experiments/chains/verdict_lines.h"

#include "core/samplers/annealing.h"

#include <algorithm>
#include <cmath>

namespace lx::chains {
namespace {

using Metrics = std::map<std::string, double>;

void addRows(Metrics& out, const DiagnosticsResult& r) {
    double rhat = 0, ess = std::numeric_limits<double>::infinity(), meanError = 0, sdError = 0;
    bool mixing = false, truth = false, spread = false;
    for (const VariableRow& row : r.rows) {
        const auto& s = row.summary;
        if (const double value = s.rhat.known(); !std::isnan(value)) {
            rhat = std::max(rhat, value);
            ess = std::min(ess, s.essBulk);
            mixing = true;
        }
        if (row.truth.known() && row.truth.meanBand > 0) {
            meanError = std::max(meanError, std::abs(row.truth.mean) * 1.96 / row.truth.meanBand);
            truth = true;
        }
        if (row.truth.known() && row.truth.sdBand > 0) {
            sdError = std::max(sdError, std::abs(row.truth.sd) * 1.96 / row.truth.sdBand);
            spread = true;
        }
    }
    if (mixing) {
        out["rhat_max"] = rhat;
        out["ess_min"] = ess;
    }
    if (truth) {
        out["mean_error"] = meanError;
    }
    if (spread) {
        out["variance_error"] = sdError;
        const auto& first = r.rows.front();
        const double sd = first.summary.sd, known = sd - first.truth.sd;
        out["variance_ratio"] = sd * sd / (known * known);
    }
}

void addModes(Metrics& out, const DiagnosticsResult& r) {
    if (!r.modes) {
        return;
    }
    double error = 0, found = 0;
    for (std::size_t k = 0; k < r.modes->weights.size(); ++k) {
        out["mode_weight_" + std::to_string(k + 1)] = r.modes->weights[k];
        error = std::max(error, std::abs(r.modes->weights[k] - r.modeWeights[k]));
        found += r.modes->weights[k] > 0.01 ? 1 : 0;
    }
    out["mode_weight_error"] = error;
    out["modes_found"] = found;
    double hops = 0;
    for (const Index h : r.modes->hops) {
        hops += static_cast<double>(h);
    }
    out["hops"] = hops;
}

}  // namespace

Metrics ChainExperiment::metrics(Key, std::stop_token) const {
    const DiagnosticsResult r = exact();
    Metrics out;
    addRows(out, r);
    addModes(out, r);
    const auto n = static_cast<double>(std::max<Index>(m_sums.transitions, 1));
    out["draws"] = static_cast<double>(r.draws);
    out["accept"] = m_sums.acceptance / n;
    out["divergences"] = static_cast<double>(m_sums.divergences);
    out["gradients"] = static_cast<double>(m_sums.gradients);
    if (out.contains("ess_min") && m_sums.gradients > 0) {
        out["ess_per_gradient"] = out["ess_min"] / static_cast<double>(m_sums.gradients);
    }
    if (const double size = m_run.stepSize(); std::isfinite(size)) {
        out["step_size"] = size;
    }
    if (r.stein) {
        out["ksd"] = r.stein->value;
        out["ksd_p"] = r.stein->probability;
    }
    if (!r.sampler.ebfmi.empty()) {
        out["ebfmi_min"] = *std::ranges::min_element(r.sampler.ebfmi);
    }
    if (m_run.spec().weighted) {
        out["log_evidence"] = logEvidence(m_run.state());
        out["effective_chains"] = effectiveChains(m_run.state());
        if (const auto exact = m_run.energy()->logNormaliser()) {
            out["log_evidence_error"] = std::abs(out["log_evidence"] - *exact);
        }
    }
    if (std::ranges::any_of(m_tally.axes(), [](const auto& a) { return a.name == "radius"; })) {
        for (const VariableRow& row : r.rows) {
            if (row.summary.name == "radius") {
                out["radius_mean"] = row.summary.mean;
                out["radius_sd"] = row.summary.sd;
            }
        }
    }
    const std::string headline = headlineOf(r.verdict);
    out["converged"] = headline == "Converged." ? 1 : 0;
    out["warns_modes"] =
        std::ranges::any_of(
            r.verdict, [](const auto& f) { return f.id == "no_hops" || f.id == "mode_weight"; })
            ? 1
            : 0;
    out["warns_truth"] =
        std::ranges::any_of(
            r.verdict,
            [](const auto& f) { return f.id == "truth" || f.id == "truth_sd" || f.id == "stein"; })
            ? 1
            : 0;
    return out;
}

}  // namespace lx::chains
