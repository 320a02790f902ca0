// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/numbers.h"

#include <array>
#include <charconv>
#include <cmath>

namespace lx::ui {

namespace {

QString withMinus(QString text) {
    return text.replace(QLatin1Char('-'), kMinus);
}

QString group(QString digits) {
    for (qsizetype at = digits.size() - 3; at > 0; at -= 3) {
        digits.insert(at, kThinSpace);
    }
    return digits;
}

QString nonFinite(double value) {
    if (std::isnan(value)) {
        return QStringLiteral("not a number");
    }
    return value > 0 ? QStringLiteral("∞") : kMinus + QStringLiteral("∞");
}

}  // namespace

QString formatInteger(Index value) {
    const QString digits = group(QString::number(value < 0 ? -value : value));
    return value < 0 ? kMinus + digits : digits;
}

QString formatFixed(double value, int digits) {
    if (!std::isfinite(value)) {
        return nonFinite(value);
    }
    QString text = QString::number(std::abs(value), 'f', digits);
    const qsizetype point = text.indexOf(QLatin1Char('.'));
    text = group(point < 0 ? text : text.left(point)) + (point < 0 ? QString() : text.mid(point));
    const bool zero = text.toDouble() == 0 && !text.contains(kThinSpace);
    return value < 0 && !zero ? kMinus + text : text;
}

QString formatShort(double value, int significant) {
    if (!std::isfinite(value)) {
        return nonFinite(value);
    }
    std::array<char, 64> buffer{};
    const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                      std::chars_format::general, significant);
    QString text = QString::fromLatin1(buffer.data(), result.ptr - buffer.data());
    // 3e-04 reads as 3e-4.
    const qsizetype e = text.indexOf(QLatin1Char('e'));
    if (e >= 0) {
        text = text.left(e + 1) + QString::number(text.mid(e + 1).toInt());
    }
    return withMinus(text);
}

QString formatBytes(double bytes) {
    static constexpr std::array<const char*, 5> kUnits{"B", "kB", "MB", "GB", "TB"};
    std::size_t unit = 0;
    while (bytes >= 1000 && unit + 1 < kUnits.size()) {
        bytes /= 1000;
        ++unit;
    }
    return formatFixed(bytes, unit >= 3 ? 1 : 0) + QLatin1Char(' ') +
           QLatin1String(kUnits.at(unit));
}

QString formatDuration(double seconds) {
    if (!std::isfinite(seconds) || seconds < 0) {
        return QStringLiteral("unknown");
    }
    const auto total = static_cast<Index>(seconds + 0.5);
    if (total < 60) {
        return QStringLiteral("%1 s").arg(total);
    }
    if (total < 3600) {
        return QStringLiteral("%1 min %2 s").arg(total / 60).arg(total % 60);
    }
    return QStringLiteral("%1 h %2 min").arg(total / 3600).arg(total % 3600 / 60);
}

QString plainNumber(QString text) {
    text.replace(kMinus, QLatin1Char('-'));
    text.remove(kThinSpace);
    return text.simplified();
}

}  // namespace lx::ui
