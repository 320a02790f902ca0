// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/plot/data_table.h"

#include <QAbstractTableModel>
#include <QWidget>

#include <functional>
#include <thread>

class QCheckBox;
class QComboBox;
class QLabel;
class QPushButton;
class QSpinBox;
class QTableView;

namespace lx::ui {

/// At most kPageRows rows of a table: item views keep a record for every row they know of.
class DataTableModel : public QAbstractTableModel {
    Q_OBJECT
public:
    static constexpr Index kPageRows = 100'000;
    using QAbstractTableModel::QAbstractTableModel;

    const DataTable& table() const { return m_table; }
    /// A table of the same columns keeps selection and scroll position.
    void setTable(DataTable);
    void setPage(Index);
    Index firstRow() const { return m_page * kPageRows; }
    Index pages() const { return std::max<Index>(1, (m_table.rows() + kPageRows - 1) / kPageRows); }

    int rowCount(const QModelIndex& = {}) const override;
    int columnCount(const QModelIndex& = {}) const override;
    QVariant data(const QModelIndex&, int role) const override;
    QVariant headerData(int section, Qt::Orientation, int role) const override;

private:
    DataTable m_table;
    Index m_page = 0;
    int m_shownRows = 0;
};

/// The numbers behind one view. Follows it twice a second until it is frozen.
class DataTableWindow : public QWidget {
    Q_OBJECT
public:
    using Source = std::function<std::vector<DataTable>()>;
    DataTableWindow(Source, const QString& title, QWidget* parent);
    ~DataTableWindow() override;

    QTableView* view() const { return m_view; }
    DataTableModel* model() const { return m_model; }
    QComboBox* choice() const { return m_choice; }
    QCheckBox* freeze() const { return m_freeze; }
    QString message() const;
    void refresh();
    void copySelection();
    void copyAll();
    /// In the background; `saved` tells the end.
    void saveCsv(const QString& path);

Q_SIGNALS:
    void saved(const QString& message);

private:
    void showTable(int which);
    void say(const QString&);

    Source m_source;
    std::vector<DataTable> m_tables;
    DataTableModel* m_model;
    QTableView* m_view;
    QComboBox* m_choice;
    QCheckBox* m_freeze;
    QSpinBox* m_page;
    QLabel *m_pageWord, *m_note;
    QPushButton* m_save;
    std::jthread m_writer;
};

}  // namespace lx::ui
