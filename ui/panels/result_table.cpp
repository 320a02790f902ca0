// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/result_table.h"

#include "ui/shell/theme.h"

#include <QHeaderView>
#include <QTableWidget>

namespace lx::ui {

QTableWidget* resultTable(const QStringList& headers) {
    auto* table = new QTableWidget(0, static_cast<int>(headers.size()));
    table->setHorizontalHeaderLabels(headers);
    table->verticalHeader()->hide();
    table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table->setSelectionBehavior(QAbstractItemView::SelectRows);
    table->setShowGrid(false);
    constexpr int kNarrowest = 84;
    table->horizontalHeader()->setMinimumSectionSize(kNarrowest);
    table->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    table->horizontalHeader()->setSectionResizeMode(0, QHeaderView::Stretch);
    return table;
}

void addResult(QTableWidget& table, const QStringList& cells, bool failed, const QString& toolTip) {
    const int at = table.rowCount();
    table.insertRow(at);
    const int last = static_cast<int>(cells.size()) - 1;
    for (int column = 0; column <= last; ++column) {
        auto* item = new QTableWidgetItem(cells[column]);
        const bool number = column > 0 && column < last;
        item->setTextAlignment((number ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
        table.setItem(at, column, item);
    }
    table.item(at, 0)->setToolTip(toolTip);
    if (failed) {
        QTableWidgetItem* verdict = table.item(at, last);
        verdict->setForeground(currentTheme().error);
        QFont bold = verdict->font();
        bold.setBold(true);
        verdict->setFont(bold);
    }
}

QString resultText(const QTableWidget& table) {
    QString out;
    for (int row = 0; row < table.rowCount(); ++row) {
        QStringList cells;
        for (int column = 0; column < table.columnCount(); ++column) {
            cells << table.item(row, column)->text();
        }
        out += cells.join(QLatin1Char('\t')) + QLatin1Char('\n');
    }
    return out;
}

}  // namespace lx::ui
