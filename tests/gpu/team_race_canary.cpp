// SPDX-License-Identifier: GPL-3.0-or-later
// A planted race that ThreadSanitizer must report: two parts, done at the same time, that write the
// same number. Without the report its silence about Team means nothing.
#include "core/render/team.h"

#include <atomic>
#include <cstdio>

int main() {
    lx::render::Team team(2);
    long sum = 0;
    std::atomic<int> arrived = 0;  // relaxed: orders nothing
    team.run(2, [&](int part) {
        arrived.fetch_add(1, std::memory_order_relaxed);
        while (arrived.load(std::memory_order_relaxed) < 2) {
            std::this_thread::yield();
        }
        sum += part + 1;
    });
    std::printf("%ld\n", sum);
    return 0;
}
