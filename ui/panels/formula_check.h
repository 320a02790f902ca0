// SPDX-License-Identifier: GPL-3.0-or-later
// Formulas are judged while they are typed: what is wrong, and where.
#pragma once

#include <QString>

#include <functional>
#include <optional>

class QColor;
class QLineEdit;

namespace lx::ui {

struct TextFault {
    qsizetype column = 0;  ///< of the first wrong character, from 0; may be one past the end
    QString message;       ///< "column 7: expected a number"
};
using TextCheck = std::function<std::optional<TextFault>(const QString& text)>;

/// Of an expression in x, y or x1, x2, ... with the constants of "a = 2, b = 3".
std::optional<TextFault> formulaFault(const QString& expression, const QString& constants);
/// Of "a = 2, b = -1/3".
std::optional<TextFault> constantsFault(const QString& constants);

/// Underlines the character at the fault; nothing: all is plain again.
void markFault(QLineEdit&, const std::optional<TextFault>&, const QColor&);

}  // namespace lx::ui
