// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers as the window prints them, independent of the locale: true minus signs, thin spaces
// between thousands.
#pragma once

#include "core/base/error.h"

#include <QString>

namespace lx::ui {

inline constexpr QChar kMinus(0x2212);
inline constexpr QChar kThinSpace(0x2009);

/// 12 340
QString formatInteger(Index);
/// `digits` after the point: -0.55 (with a true minus sign).
QString formatFixed(double, int digits = 2);
/// Shortest reasonable form with `significant` digits: 3e-4, 0.001, 128, 1.2e6.
QString formatShort(double, int significant = 4);
/// 412 MB, 1.2 GB
QString formatBytes(double bytes);
/// 4 s, 2 min 10 s, 1 h 4 min
QString formatDuration(double seconds);
/// Puts ASCII minus and no spaces back, for parsing what a person typed or pasted.
QString plainNumber(QString);

}  // namespace lx::ui
