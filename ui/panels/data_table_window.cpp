// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/data_table_window.h"

#include "ui/shell/numbers.h"
#include "ui/shell/theme.h"

#include <QApplication>
#include <QCheckBox>
#include <QClipboard>
#include <QComboBox>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QShortcut>
#include <QSignalBlocker>
#include <QSpinBox>
#include <QTableView>
#include <QTimer>
#include <QVBoxLayout>

#include <algorithm>
#include <set>

namespace lx::ui {
namespace {

constexpr int kRefreshMs = 500;
/// More cells than a clipboard carries without stopping the window.
constexpr Index kMostCopied = 2'000'000;

}  // namespace

void DataTableModel::setTable(DataTable table) {
    const Index page = std::min(m_page, std::max<Index>(0, (table.rows() - 1) / kPageRows));
    const int rows =
        static_cast<int>(std::clamp<Index>(table.rows() - page * kPageRows, 0, kPageRows));
    if (m_table.sameColumns(table) && page == m_page && rows >= m_shownRows) {
        if (rows > m_shownRows) {
            beginInsertRows({}, m_shownRows, rows - 1);
            m_table = std::move(table);
            m_shownRows = rows;
            endInsertRows();
        } else {
            m_table = std::move(table);
        }
        if (rows > 0 && columnCount() > 0) {
            Q_EMIT dataChanged(index(0, 0), index(rows - 1, columnCount() - 1), {Qt::DisplayRole});
        }
        return;
    }
    beginResetModel();
    m_table = std::move(table);
    m_page = page;
    m_shownRows = rows;
    endResetModel();
}

void DataTableModel::setPage(Index page) {
    page = std::clamp<Index>(page, 0, pages() - 1);
    if (page != m_page) {
        beginResetModel();
        m_page = page;
        m_shownRows =
            static_cast<int>(std::clamp<Index>(m_table.rows() - firstRow(), 0, kPageRows));
        endResetModel();
    }
}

int DataTableModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : m_shownRows;
}

int DataTableModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_table.columns());
}

QVariant DataTableModel::data(const QModelIndex& index, int role) const {
    if (role == Qt::TextAlignmentRole) {
        return QVariant(Qt::AlignRight | Qt::AlignVCenter);
    }
    return role == Qt::DisplayRole && index.isValid()
               ? m_table.cell(firstRow() + index.row(), index.column())
               : QVariant();
}

QVariant DataTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (role != Qt::DisplayRole) {
        return {};
    }
    return orientation == Qt::Vertical   ? QString::number(firstRow() + section)
           : section < m_table.columns() ? m_table.header(section)
                                         : QString();
}

DataTableWindow::DataTableWindow(Source source, const QString& title, QWidget* parent)
    : QWidget(parent, Qt::Window),  // a tool window would share the main window's Ctrl+C
      m_source(std::move(source)),
      m_model(new DataTableModel(this)),
      m_view(new QTableView),
      m_choice(new QComboBox),
      m_freeze(new QCheckBox(tr("Freeze"))),
      m_page(new QSpinBox),
      m_pageWord(new QLabel(tr("Page"))),
      m_note(new QLabel),
      m_save(new QPushButton(tr("Save CSV…"))) {
    const Theme& theme = currentTheme();
    setAttribute(Qt::WA_DeleteOnClose);
    setObjectName(QStringLiteral("dataTable"));
    setWindowTitle(tr("Data of %1").arg(title));
    setAccessibleName(windowTitle());
    resize(theme.px(640), theme.px(480));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(8, 8, 8, 8);
    auto* top = new QHBoxLayout;
    m_choice->setAccessibleName(tr("Table"));
    m_choice->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    top->addWidget(m_choice);
    top->addStretch(1);
    m_pageWord->setBuddy(m_page);
    m_page->setAccessibleName(tr("Page of %1 rows").arg(formatInteger(DataTableModel::kPageRows)));
    top->addWidget(m_pageWord);
    top->addWidget(m_page);
    m_freeze->setToolTip(tr("Keeps these numbers while the run goes on"));
    top->addWidget(m_freeze);
    column->addLayout(top);
    m_view->setModel(m_model);
    m_view->setAccessibleName(tr("Numbers of %1").arg(title));
    m_view->setSelectionMode(QAbstractItemView::ContiguousSelection);
    m_view->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_view->setWordWrap(false);
    // All rows are alike: nothing is measured row by row.
    m_view->verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    m_view->verticalHeader()->setDefaultSectionSize(theme.px(22));
    m_view->horizontalHeader()->setDefaultSectionSize(theme.px(120));
    column->addWidget(m_view, 1);
    auto* bottom = new QHBoxLayout;
    m_note->setProperty("quiet", true);
    m_note->setWordWrap(true);
    bottom->addWidget(m_note, 1);
    auto* copy = new QPushButton(tr("Copy all"));
    copy->setToolTip(tr("The whole table, with its headers, as tab-separated text"));
    bottom->addWidget(copy);
    bottom->addWidget(m_save);
    column->addLayout(bottom);

    connect(m_choice, &QComboBox::currentIndexChanged, this, &DataTableWindow::showTable);
    connect(m_page, &QSpinBox::valueChanged, this,
            [this](int page) { m_model->setPage(page - 1); });
    connect(copy, &QPushButton::clicked, this, &DataTableWindow::copyAll);
    connect(m_save, &QPushButton::clicked, this, [this] {
        const QString path = QFileDialog::getSaveFileName(
            this, tr("Save the table"), QStringLiteral("table.csv"), tr("Tables (*.csv)"));
        if (!path.isEmpty()) {
            saveCsv(path);
        }
    });
    // Of the table alone: the main window has a Ctrl+C too.
    connect(new QShortcut(QKeySequence::Copy, m_view, nullptr, nullptr, Qt::WidgetShortcut),
            &QShortcut::activated, this, &DataTableWindow::copySelection);
    connect(new QShortcut(QKeySequence::Close, this), &QShortcut::activated, this, &QWidget::close);
    connect(new QShortcut(QKeySequence::Cancel, this), &QShortcut::activated, this,
            &QWidget::close);
    connect(this, &DataTableWindow::saved, this, [this](const QString& text) {
        m_save->setEnabled(true);
        say(text);
    });
    auto* timer = new QTimer(this);
    connect(timer, &QTimer::timeout, this, [this] {
        if (isVisible() && !m_freeze->isChecked()) {
            refresh();
        }
    });
    timer->start(kRefreshMs);
    refresh();
}

DataTableWindow::~DataTableWindow() = default;

QString DataTableWindow::message() const {
    return m_note->text();
}

void DataTableWindow::say(const QString& text) {
    m_note->setText(text);
}

void DataTableWindow::refresh() {
    m_tables = m_source();
    QStringList names;
    for (const DataTable& table : m_tables) {
        names << table.name();
    }
    QStringList present;
    for (int i = 0; i < m_choice->count(); ++i) {
        present << m_choice->itemText(i);
    }
    if (names != present) {
        const QSignalBlocker quiet(m_choice);
        const QString before = m_choice->currentText();
        m_choice->clear();
        m_choice->addItems(names);
        m_choice->setCurrentIndex(std::max(0, int(names.indexOf(before))));
    }
    showTable(m_choice->currentIndex());
}

void DataTableWindow::showTable(int which) {
    if (which < 0 || which >= static_cast<int>(m_tables.size())) {
        m_model->setTable({});
        say(tr("This view shows no numbers yet."));
        return;
    }
    const DataTable& table = m_tables[static_cast<std::size_t>(which)];
    if (table.identity() == m_model->table().identity() && m_model->table().sameColumns(table)) {
        return;
    }
    m_model->setTable(table);
    const QSignalBlocker quiet(m_page);
    m_page->setRange(1, static_cast<int>(m_model->pages()));
    m_page->setValue(static_cast<int>(m_model->firstRow() / DataTableModel::kPageRows) + 1);
    m_page->setVisible(m_model->pages() > 1);
    m_pageWord->setVisible(m_model->pages() > 1);
    say(tr("%1 rows, %2 columns").arg(formatInteger(table.rows()), formatInteger(table.columns())));
}

void DataTableWindow::copySelection() {
    const QItemSelection chosen = m_view->selectionModel()->selection();
    if (chosen.isEmpty()) {
        say(tr("Select cells first, or press Copy all."));
        return;
    }
    // One block, as the view selects: contiguous.
    const QItemSelectionRange& block = chosen.first();
    if (Index(block.height()) * block.width() > kMostCopied) {
        say(tr("Too many cells for the clipboard: press Save CSV."));
        return;
    }
    std::vector<Index> columns;
    for (int column = block.left(); column <= block.right(); ++column) {
        columns.push_back(column);
    }
    QString text =
        toTsv(m_model->table(), m_model->firstRow() + block.top(), block.height(), columns, false);
    text.chop(1);  // no line break after the last row
    QApplication::clipboard()->setText(text);
    say(tr("%1 cells copied").arg(formatInteger(Index(block.height()) * block.width())));
}

void DataTableWindow::copyAll() {
    const DataTable& table = m_model->table();
    if (table.rows() * table.columns() > kMostCopied) {
        say(tr("Too many cells for the clipboard: press Save CSV."));
        return;
    }
    std::vector<Index> columns;
    for (Index column = 0; column < table.columns(); ++column) {
        columns.push_back(column);
    }
    QApplication::clipboard()->setText(toTsv(table, 0, table.rows(), columns, true));
    say(tr("%1 rows copied").arg(formatInteger(table.rows())));
}

void DataTableWindow::saveCsv(const QString& path) {
    m_save->setEnabled(false);
    say(tr("Writing %1 …").arg(path));
    m_writer = std::jthread([this, path, table = m_model->table()](const std::stop_token& stop) {
        QString text;
        try {
            if (!writeCsv(table, path, stop)) {
                return;
            }
            text = tr("Written to %1").arg(path);
        } catch (const Error& error) {
            text = QString::fromUtf8(error.what());
        }
        // The window joins this thread before it goes.
        QMetaObject::invokeMethod(this, [this, text] { Q_EMIT saved(text); }, Qt::QueuedConnection);
    });
}

}  // namespace lx::ui
