// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include <vector>

namespace lx::ui {

struct Tick {
    double at = 0;
    QString label;
};

/// Multiples of 1, 2 or 5 times a power of ten within [low, high], about `wanted` of them. Empty
/// when the range is empty or not finite.
std::vector<Tick> niceTicks(double low, double high, int wanted);

/// A number with `decimals` digits, a true minus sign and thin spaces between thousands; beyond
/// 10^7 and below 10^-5 with a power of ten ("2·10⁻⁶").
QString tickLabel(double value, int decimals);

}  // namespace lx::ui
