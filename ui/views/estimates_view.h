// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/array.h"
#include "ui/views/figure_view.h"

#include <QAbstractTableModel>
#include <QTableView>

#include <vector>

namespace lx::ui {

/// Rows of the channel `diagnostics` [variables, 11] in any order. Cells are made when a view asks
/// for them.
class EstimatesModel : public QAbstractTableModel {
    Q_OBJECT
public:
    explicit EstimatesModel(QObject* parent = nullptr);
    static const QStringList& headers();

    /// `values` [names, 11] float32. Keeps the chosen order.
    void setEstimates(const Array& values, const QStringList& names);
    const Array& values() const { return m_values; }
    const QStringList& names() const { return m_names; }
    void sort(int column, Qt::SortOrder) override;
    /// Those rows with a heading, tab-separated, numbers to their last bit.
    QString text(const std::vector<int>& rows) const;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex&, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation, int role = Qt::DisplayRole) const override;

private:
    float value(Index variable, int column) const;
    QString why(Index variable) const;
    void order();

    Array m_values;
    QStringList m_names;
    std::vector<Index> m_order;
    int m_column = -1;
    Qt::SortOrder m_direction = Qt::AscendingOrder;
};

/// The table as a figure of `size` logical pixels: all columns, in smaller type where they need it,
/// and as many rows as there is room for.
void paintEstimates(QPainter&, QSizeF size, const EstimatesModel&, const Theme&);

}  // namespace lx::ui
