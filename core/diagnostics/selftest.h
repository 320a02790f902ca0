// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

namespace lx::diagnostics {

struct DiagnosticCheck {
    std::string name;
    double value = 0, expected = 0, tolerance = 0;
    bool pass = false;
};

/// The draws [4, 250]: x = x / 2 + u - 1/2 with u from x -> 1664525 x + 1013904223 mod 2^32,
/// shifted by 0.02 a chain; a generator that R computes exactly.
std::vector<double> selftestDraws();

/// Every estimate on four chains of 250 draws, against what the R package posterior makes of them
/// (tests/support/posterior/selftest.R), to 1e-6 of the value.
std::vector<DiagnosticCheck> diagnosticSelftest(const std::vector<double>& draws = selftestDraws());

}  // namespace lx::diagnostics
