// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/formula_check.h"

#include "core/energies/formula_parser.h"

#include <QApplication>
#include <QColor>
#include <QInputMethodEvent>
#include <QLineEdit>
#include <QTextCharFormat>

#include <algorithm>

namespace lx::ui {
namespace {

/// The parser counts characters, QString counts UTF-16 units.
qsizetype unitsBefore(const QString& text, std::size_t column) {
    qsizetype at = 0;
    for (std::size_t c = 1; c < column && at < text.size(); ++c) {
        at += text[at].isHighSurrogate() ? 2 : 1;
    }
    return std::min(at, text.size());
}

TextFault faultOf(const QString& text, const FormulaError& error) {
    return {
        unitsBefore(text, error.column),
        QObject::tr("column %1: %2").arg(error.column).arg(QString::fromStdString(error.message))};
}

}  // namespace

std::optional<TextFault> constantsFault(const QString& constants) {
    try {
        parseConstants(constants.toStdString(), "energy.constants");
        return {};
    } catch (const FormulaError& error) {
        return faultOf(constants, error);
    } catch (const Error& error) {
        return TextFault{0, QString::fromUtf8(error.what())};
    }
}

std::optional<TextFault> formulaFault(const QString& expression, const QString& constants) {
    NamedConstants named;
    try {
        named = parseConstants(constants.toStdString(), "energy.constants");
    } catch (const Error&) {
        return {};  // told at the constants
    }
    try {
        parseFormula(expression.toStdString(), named, "energy.expression");
        return {};
    } catch (const FormulaError& error) {
        return faultOf(expression, error);
    } catch (const Error& error) {
        return TextFault{0, QString::fromUtf8(error.what())};
    }
}

void markFault(QLineEdit& edit, const std::optional<TextFault>& fault, const QColor& color) {
    QList<QInputMethodEvent::Attribute> marks;
    if (fault) {
        QTextCharFormat format;
        format.setUnderlineStyle(QTextCharFormat::WaveUnderline);
        format.setUnderlineColor(color);
        format.setForeground(color);
        format.setFontWeight(QFont::Bold);
        // Past the end the last character stands for what is missing.
        const qsizetype last = std::max<qsizetype>(0, edit.text().size() - 1);
        const auto at = static_cast<int>(std::min(fault->column, last));
        marks.append({QInputMethodEvent::TextFormat, at - edit.cursorPosition(), 1, format});
    }
    // A line edit takes formats from input methods alone.
    QInputMethodEvent event(QString(), marks);
    QApplication::sendEvent(&edit, &event);
}

}  // namespace lx::ui
