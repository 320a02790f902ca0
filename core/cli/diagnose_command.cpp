// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/cli/commands.h"
#include "core/diagnostics/verdict.h"
#include "core/io/chain_file.h"
#include "core/recipes/json_text.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <ostream>
#include <thread>

namespace lx::cli {
namespace {

using diagnostics::Draws;
using diagnostics::Finding;
using diagnostics::SamplerReport;
using diagnostics::Summary;

/// Draws of row `i` of [rows, chains, draws].
Draws rowOf(const Array& array, std::size_t i) {
    const Index chains = array.dim(1), draws = array.dim(2);
    const auto size = static_cast<std::size_t>(chains * draws);
    return {array.values<double>().subspan(i * size, size), chains, draws};
}

std::vector<Summary> summarise(const ChainFile& file, std::stop_token interrupt) {
    std::vector<Summary> out(file.names.size());
    std::atomic<std::size_t> next = 0;
    const auto work = [&] {
        diagnostics::ScalarDiagnostics scalar;
        for (std::size_t i; (i = next++) < out.size() && !interrupt.stop_requested();) {
            scalar.reset(rowOf(file.values, i));
            out[i] = diagnostics::summarise(file.names[i], scalar);
            file.rest(static_cast<Index>(i));
        }
    };
    std::vector<std::jthread> helpers;
    const auto wanted =
        std::min<std::size_t>(static_cast<std::size_t>(availableCores()), out.size() / 32);
    for (std::size_t i = 1; i < wanted; ++i) {
        helpers.emplace_back(work);
    }
    work();
    helpers.clear();  // joins
    return out;
}

SamplerReport samplerOf(const ChainFile& file) {
    const auto column = [&](const char* name) {
        const auto at = std::ranges::find(file.internalNames, name);
        return at == file.internalNames.end()
                   ? Draws()
                   : rowOf(file.internals,
                           static_cast<std::size_t>(at - file.internalNames.begin()));
    };
    return diagnostics::samplerReport({.divergent = column("divergent__"),
                                       .depth = column("treedepth__"),
                                       .energy = column("energy__"),
                                       .acceptance = column("accept_stat__"),
                                       .maxDepth = file.maxDepth.value_or(10)});
}

Json jsonOf(const ChainFile& file, const std::vector<Summary>& table, const SamplerReport& sampler,
            const std::vector<Finding>& verdict) {
    Json variables = Json::array(), words = Json::array();
    for (const Summary& s : table) {
        variables.push_back({{"name", s.name},
                             {"mean", s.mean},
                             {"median", s.median},
                             {"sd", s.sd},
                             {"mad", s.mad},
                             {"q5", s.q5},
                             {"q95", s.q95},
                             {"rhat", s.rhat.value()},
                             {"ess_bulk", s.essBulk},
                             {"ess_tail", s.essTail},
                             {"mcse_mean", s.mcseMean},
                             {"mcse_sd", s.mcseSd}});
    }
    for (const Finding& finding : verdict) {
        words.push_back(finding.sentence + " " + finding.nextStep);
    }
    const auto count = [](const std::optional<Index>& n) { return n ? Json(*n) : Json(nullptr); };
    return {{"chains", file.chains},
            {"draws", file.draws},
            {"variables", std::move(variables)},
            {"sampler",
             {{"divergences", count(sampler.divergences)},
              {"max_treedepth_hits", count(sampler.maxDepthHits)},
              {"ebfmi", sampler.ebfmi}}},
            {"verdict", std::move(words)},
            {"notes", file.notes}};
}

/// Right-aligned, with at least one blank before it.
std::string cell(double value, std::size_t width, const char* format) {
    char text[40];
    const auto length = static_cast<std::size_t>(std::snprintf(text, sizeof text, format, value));
    return std::string(length < width ? width - length : 1, ' ') + text;
}

void print(const ChainFile& file, const std::vector<Summary>& table, const SamplerReport& sampler,
           const std::vector<Finding>& verdict, std::ostream& out) {
    std::size_t width = 8;
    for (const Summary& s : table) {
        width = std::max(width, std::min<std::size_t>(s.name.size(), 30));
    }
    out << file.chains << (file.chains == 1 ? " chain of " : " chains of ") << file.draws
        << " draws\n\n"
        << std::string(width, ' ')
        << "       mean     median         sd        mad         q5        q95    rhat  ess_bulk"
           "  ess_tail  mcse_mean    mcse_sd\n";
    for (const Summary& s : table) {
        out << s.name << std::string(width - std::min(width, s.name.size()), ' ');
        for (const double value : {s.mean, s.median, s.sd, s.mad, s.q5, s.q95}) {
            out << cell(value, 11, "%.4g");
        }
        const double rhat = s.rhat.value();
        out << cell(rhat, 8, rhat < 100 ? "%.3f" : "%.3g") << cell(s.essBulk, 10, "%.0f")
            << cell(s.essTail, 10, "%.0f") << cell(s.mcseMean, 11, "%.3g")
            << cell(s.mcseSd, 11, "%.3g") << '\n';
    }
    out << '\n';
    if (sampler.divergences) {
        out << "divergences " << *sampler.divergences << '\n';
    }
    if (sampler.maxDepthHits) {
        out << "largest tree depth hit " << *sampler.maxDepthHits << " times\n";
    }
    if (!sampler.ebfmi.empty()) {
        out << "E-BFMI";
        for (const double value : sampler.ebfmi) {
            out << cell(value, 6, "%.2f");
        }
        out << '\n';
    }
    for (const Finding& finding : verdict) {
        const char* const mark = finding.severity == diagnostics::Severity::Warning ? "! "
                                 : finding.severity == diagnostics::Severity::Note  ? "- "
                                                                                    : "+ ";
        out << mark << finding.sentence << "\n  " << finding.nextStep << '\n';
    }
    out << std::flush;
}

}  // namespace

ExitCode diagnoseCommand(const DiagnoseOptions& options, const Host& host) {
    const std::vector<std::filesystem::path> paths(options.files.begin(), options.files.end());
    const ChainFile file = readChains(paths);
    const std::vector<Summary> table = summarise(file, host.interrupt);
    if (host.interrupt.stop_requested()) {
        return ExitCode::Interrupted;
    }
    const SamplerReport sampler = samplerOf(file);
    const std::vector<Finding> verdict =
        diagnostics::verdict(table, file.chains, file.draws, sampler);
    for (const auto& note : file.notes) {
        host.err << "latent-explorer: " << note << '\n';
    }
    host.err << std::flush;
    if (options.json) {
        host.out << jsonOf(file, table, sampler, verdict).dump(2) << std::endl;
    } else {
        print(file, table, sampler, verdict, host.out);
    }
    return ExitCode::Done;
}

}  // namespace lx::cli
