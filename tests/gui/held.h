// SPDX-License-Identifier: GPL-3.0-or-later
// Wall-clock figures of a window beside other programs: printed always, missed only when they are
// far from their goals in each of several tries.
#pragma once

#include "tests/gui/machine_load.h"

#include <QString>
#include <QStringList>
#include <QtGlobal>

#include <functional>

namespace lx::test {

/// Holds figures against limits that grow with what other programs take of the processors.
class Held {
public:
    /// Misses where `value` reaches `goal`, times three and the load, plus `least`.
    void below(const char* what, double value, double goal, double least = 0) {
        if (value < 3 * goal + least) {
            return;
        }
        const double limit = 3 * m_load.slack() * goal + least;
        if (!(value < limit)) {
            missed << QStringLiteral("%1: %2, limit %3").arg(what).arg(value).arg(limit);
        }
    }
    void fails(const QString& why) { missed << why; }
    QStringList missed;

private:
    test::MachineLoad m_load;
};

/// Measures up to three times, until nothing is missed; what the last try missed.
inline QString missed(const std::function<void(Held&)>& measure) {
    QString out;
    for (int i = 0; i < 3; ++i) {
        Held held;
        measure(held);
        if (held.missed.isEmpty()) {
            return {};
        }
        out = held.missed.join("; ");
        qInfo("missed: %s", qPrintable(out));
    }
    return out;
}

}  // namespace lx::test
