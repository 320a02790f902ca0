// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/ticks.h"

#include <algorithm>
#include <cmath>

namespace lx::ui {
namespace {

constexpr QChar kTrueMinus(0x2212), kThin(0x2009);

QString superscript(int n) {
    static const QString digits = QStringLiteral("⁰¹²³⁴⁵⁶⁷⁸⁹");
    QString out = n < 0 ? QStringLiteral("⁻") : QString();
    for (const QChar c : QString::number(std::abs(n))) {
        out += digits[c.digitValue()];
    }
    return out;
}

}  // namespace

QString tickLabel(double value, int decimals) {
    const double size = std::abs(value);
    if (size != 0 && (size >= 1e7 || size < 0.99e-5)) {
        const int power = static_cast<int>(std::floor(std::log10(size) + 1e-9));
        const double mantissa = value / std::pow(10, power);
        const QString tail = QStringLiteral("10") + superscript(power);
        if (std::abs(std::abs(mantissa) - 1) < 1e-6) {
            return value < 0 ? kTrueMinus + tail : tail;
        }
        QString head = QString::number(mantissa, 'g', 3);
        head.replace(QLatin1Char('-'), kTrueMinus);
        return head + QChar(0x00B7) + tail;
    }
    QString text = QString::number(size, 'f', std::clamp(decimals, 0, 12));
    const qsizetype point = text.indexOf(QLatin1Char('.'));
    for (qsizetype i = (point < 0 ? text.size() : point) - 3; i > 0; i -= 3) {
        text.insert(i, kThin);
    }
    const bool zero = std::all_of(text.begin(), text.end(),
                                  [](QChar c) { return !c.isDigit() || c == QLatin1Char('0'); });
    return value < 0 && !zero ? kTrueMinus + text : text;
}

std::vector<Tick> niceTicks(double low, double high, int wanted) {
    std::vector<Tick> out;
    const double span = high - low;
    if (!std::isfinite(span) || !(span > 0) || wanted < 1) {
        return out;
    }
    const double rough = span / wanted;
    const double power = std::pow(10.0, std::floor(std::log10(rough)));
    const double ratio = rough / power;
    const double step = power * (ratio < 1.5 ? 1 : ratio < 3.5 ? 2 : ratio < 7.5 ? 5 : 10);
    // A range far from zero relative to its width has no distinct multiples.
    if (!(step > 1e-12 * std::max(std::abs(low), std::abs(high)))) {
        return out;
    }
    const int decimals = std::max(0, static_cast<int>(std::ceil(-std::log10(step) - 1e-9)));
    const double slack = 1e-9 * step;
    for (double i = std::ceil((low - slack) / step); i * step <= high + slack; ++i) {
        out.push_back({i * step, tickLabel(i * step, decimals)});
    }
    return out;
}

}  // namespace lx::ui
