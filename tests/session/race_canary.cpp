// SPDX-License-Identifier: GPL-3.0-or-later
// A planted race that ThreadSanitizer must report: otherwise its silence elsewhere means nothing.
// It hands a snapshot over as SnapshotSlot does, without the lock.
#include "core/session/experiment.h"

#include <QCoreApplication>
#include <cstdio>
#include <thread>

int main(int argc, char** argv) {
    const QCoreApplication app(argc, argv);  // the uninstrumented library is loaded, as in tests
    auto snapshot = std::make_shared<const lx::Snapshot>();
    lx::Index seen = 0;
    std::thread writer([&] {
        for (int i = 0; i < 1000; ++i) {
            auto next = std::make_shared<lx::Snapshot>();
            next->step[0] = i;
            snapshot = std::move(next);
        }
    });
    for (int i = 0; i < 1000; ++i) {
        seen += snapshot.use_count();
    }
    writer.join();
    std::printf("%ld\n", static_cast<long>(seen));
    return 0;
}
