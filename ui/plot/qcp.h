// SPDX-License-Identifier: GPL-3.0-or-later
// The only way to QCustomPlot. The program is built with QT_NO_KEYWORDS, which qcustomplot.h 2.1
// does not survive: it uses `signals`, `slots` and `foreach` in its class bodies.
#pragma once

#include <QtCore/QObject>

#ifdef signals
#error "ui/plot/qcp.h: QT_NO_KEYWORDS is not in force"
#endif
#define signals Q_SIGNALS
#define slots Q_SLOTS
#define foreach Q_FOREACH
#include <qcustomplot.h>
#undef signals
#undef slots
#undef foreach
