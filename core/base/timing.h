// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <string>

namespace lx {

/// Milliseconds a call.
struct CallTime {
    double wall = 0, processor = 0;  ///< processor time of all threads of the process
};

/// One figure of `bench`.
struct BenchResult {
    std::string name, unit;
    double value = 0;
};

/// 20th percentiles of one call over at most `repetitions` short ones that take about `total`
/// milliseconds together: what the machine can do when nobody else uses the core. The rule of
/// tests/support/baseline/common.py.
CallTime timeCalls(const std::function<void()>& work, double total = 1200, int repetitions = 40);

}  // namespace lx
