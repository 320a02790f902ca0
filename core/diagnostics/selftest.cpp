// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/diagnostics/selftest.h"

#include "core/diagnostics/scalar.h"

#include <cmath>
#include <cstdint>

namespace lx::diagnostics {
namespace {

constexpr Index kChains = 4, kDraws = 250;

struct Row {
    const char* name;
    double expected;  ///< posterior 1.4.0; sd by the definition of 1.6
    double (*value)(ScalarDiagnostics&);
};
const Row kRows[] = {
    {"rhat", 1.0129140960814358, [](auto& d) { return d.rhat().value(); }},
    {"rhat_basic", 1.0135079734111414, [](auto& d) { return d.rhatBasic(); }},
    {"ess_bulk", 301.07671946345192, [](auto& d) { return d.essBulk(); }},
    {"ess_tail", 484.14278221184333, [](auto& d) { return d.essTail(); }},
    {"ess_mean", 297.99222920528638, [](auto& d) { return d.essMean(); }},
    {"ess_sd", 610.49356968135021, [](auto& d) { return d.essSd(); }},
    {"ess_median", 460.9654011658792, [](auto& d) { return d.essMedian(); }},
    {"mcse_mean", 0.018669257917954575, [](auto& d) { return d.mcseMean(); }},
    {"mcse_median", 0.029592172477391768, [](auto& d) { return d.mcseMedian(); }},
    {"mcse_sd", 0.007375809037338592, [](auto& d) { return d.mcseSd(); }},
    {"ess_quantile 5 %", 484.14278221184333, [](auto& d) { return d.essQuantile(0.05); }},
    {"mcse_quantile 95 %", 0.013533412584891491, [](auto& d) { return d.mcseQuantile(0.95); }},
};

}  // namespace

std::vector<double> selftestDraws() {
    std::vector<double> out;
    std::uint32_t state = 12345;
    for (Index chain = 1; chain <= kChains; ++chain) {
        double x = 0;
        for (Index t = 0; t < kDraws; ++t) {
            state = 1664525U * state + 1013904223U;
            x = 0.5 * x + static_cast<double>(state) / 4294967296.0 - 0.5;
            out.push_back(x + 0.02 * static_cast<double>(chain));
        }
    }
    return out;
}

std::vector<DiagnosticCheck> diagnosticSelftest(const std::vector<double>& draws) {
    ScalarDiagnostics estimates(Draws(draws, kChains, kDraws));
    std::vector<DiagnosticCheck> rows;
    for (const Row& row : kRows) {
        DiagnosticCheck check{std::string(row.name) + ", as the R package posterior",
                              row.value(estimates), row.expected, 1e-6 * std::abs(row.expected),
                              false};
        check.pass = std::abs(check.value - check.expected) <= check.tolerance;
        rows.push_back(std::move(check));
    }
    return rows;
}

}  // namespace lx::diagnostics
