// SPDX-License-Identifier: GPL-3.0-or-later
// Wall-clock figures mean something only while the processors are ours. Limits on them grow with
// the share that other programs take, which is measured, not assumed.
#pragma once

#include <algorithm>
#include <chrono>
#include <ctime>
#include <numeric>
#include <thread>
#include <vector>

namespace lx::test {

/// How many times longer than alone work on all processors takes at this moment; 1 on an idle
/// machine. Keeps every processor busy for 0.2 s.
inline double contention() {
    using Clock = std::chrono::steady_clock;
    const unsigned processors = std::max(1U, std::thread::hardware_concurrency());
    std::vector<double> seconds(processors);
    const auto began = Clock::now();
    {
        std::vector<std::jthread> spinners;
        for (double& mine : seconds) {
            spinners.emplace_back([&mine, began] {
                while (Clock::now() - began < std::chrono::milliseconds(200)) {
                }
                timespec used{};
                ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
                mine = static_cast<double>(used.tv_sec) + 1e-9 * static_cast<double>(used.tv_nsec);
            });
        }
    }
    const double wall = std::chrono::duration<double>(Clock::now() - began).count();
    const double cpu = std::reduce(seconds.begin(), seconds.end());
    return std::max(1.0, wall * processors / std::max(cpu, 1e-6));
}

/// The largest contention() seen: at the beginning of a measurement and at its end.
class MachineLoad {
public:
    double slack() { return m_worst = std::max(m_worst, contention()); }

private:
    double m_worst = contention();
};

}  // namespace lx::test
