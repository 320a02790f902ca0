// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/timing.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <vector>

namespace lx {
namespace {

using Clock = std::chrono::steady_clock;

double milliseconds(Clock::duration time) {
    return std::chrono::duration<double, std::milli>(time).count();
}

double processorMilliseconds() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) * 1e-6;
}

}  // namespace

CallTime timeCalls(const std::function<void()>& work, double total, int repetitions) {
    const double each = total / repetitions;
    for (int i = 0; i < 3; ++i) {
        work();
    }
    long calls = 1;
    for (;;) {
        const auto start = Clock::now();
        for (long i = 0; i < calls; ++i) {
            work();
        }
        const double time = milliseconds(Clock::now() - start);
        if (time > each * 0.6) {
            break;
        }
        calls = std::max(
            calls * 2, static_cast<long>(static_cast<double>(calls) * each / std::max(time, 1e-3)));
    }
    std::vector<double> wall, processor;
    const auto begin = Clock::now();
    for (int r = 0; r < repetitions; ++r) {
        const auto start = Clock::now();
        const double used = processorMilliseconds();
        for (long i = 0; i < calls; ++i) {
            work();
        }
        wall.push_back(milliseconds(Clock::now() - start) / static_cast<double>(calls));
        processor.push_back((processorMilliseconds() - used) / static_cast<double>(calls));
        if (r >= 7 && milliseconds(Clock::now() - begin) > 3 * total) {
            break;
        }
    }
    std::ranges::sort(wall);
    std::ranges::sort(processor);
    return {wall[wall.size() / 5], processor[processor.size() / 5]};
}

}  // namespace lx
