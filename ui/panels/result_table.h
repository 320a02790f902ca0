// SPDX-License-Identifier: GPL-3.0-or-later
// Tables of results: rows of text with a verdict in words, copied as tab-separated text.
#pragma once

#include <QStringList>

class QTableWidget;

namespace lx::ui {

/// The first column takes the room that the others leave.
QTableWidget* resultTable(const QStringList& headers);
/// Appends a row: the first and the last cell begin at the left, numbers end at the right. A row
/// that `failed` shows its last cell bold and in the colour of faults.
void addResult(QTableWidget&, const QStringList& cells, bool failed, const QString& toolTip = {});
/// The rows, one a line.
QString resultText(const QTableWidget&);

}  // namespace lx::ui
