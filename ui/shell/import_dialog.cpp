// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/image_folder.h"
#include "ui/shell/dialogs.h"
#include "ui/shell/numbers.h"
#include "ui/shell/theme.h"

#include <QComboBox>
#include <QDialogButtonBox>
#include <QFormLayout>
#include <QHeaderView>
#include <QImageReader>
#include <QLabel>
#include <QListWidget>
#include <QPushButton>
#include <QTableWidget>
#include <QVBoxLayout>

#include <algorithm>

namespace lx::ui {

namespace {
constexpr int kThumb = 56, kThumbs = 10;
/// So many columns share the width of the dialog.
constexpr int kStretchedColumns = 6;

std::filesystem::path toPath(const QString& path) {
    return {path.toStdString()};
}
}  // namespace

ImportDialog::ImportDialog(const QString& path, const FileProbe& probe, QWidget* parent)
    : QDialog(parent), m_path(path) {
    setWindowTitle(tr("Train on your data"));
    setObjectName(QStringLiteral("import"));
    auto* column = new QVBoxLayout(this);
    auto* what = new QLabel(QString::fromStdString(probe.sentence));
    what->setWordWrap(true);
    column->addWidget(what);
    auto* place = new QLabel(path);
    place->setProperty("quiet", true);
    place->setProperty("small", true);
    column->addWidget(place);
    if (probe.kind == FileKind::Csv) {
        m_table = true;
        buildTable(path);
    } else {
        buildPictures(path, probe);
    }
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel);
    auto* train = buttons->addButton(tr("Train a VAE"), QDialogButtonBox::AcceptRole);
    train->setProperty("primary", true);
    train->setObjectName(QStringLiteral("importTrain"));
    train->setDefault(true);
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    column->addWidget(buttons);
    m_train = train;
    if (m_table) {
        connect(m_columns, &QListWidget::itemChanged, this, &ImportDialog::allowTraining);
        connect(m_label, &QComboBox::currentIndexChanged, this, &ImportDialog::allowTraining);
        allowTraining();
    }
    resize(640, m_table ? 520 : 320);
}

void ImportDialog::buildTable(const QString& path) {
    auto* column = static_cast<QVBoxLayout*>(layout());
    m_preview = previewTable(toPath(path));
    const auto columns = static_cast<int>(m_preview.columns.size());
    const auto rows = static_cast<int>(m_preview.firstRows.size());
    m_rows = new QTableWidget(rows, columns);
    m_rows->setAccessibleName(tr("First rows"));
    m_rows->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_rows->setSelectionMode(QAbstractItemView::NoSelection);
    m_rows->setFocusPolicy(Qt::NoFocus);
    m_rows->verticalHeader()->hide();
    m_rows->verticalHeader()->setDefaultSectionSize(currentTheme().px(24));
    if (columns <= kStretchedColumns) {
        m_rows->horizontalHeader()->setSectionResizeMode(QHeaderView::Stretch);
    }
    QStringList names;
    for (const CsvColumn& c : m_preview.columns) {
        names << QString::fromStdString(c.name);
    }
    m_rows->setHorizontalHeaderLabels(names);
    for (int r = 0; r < rows; ++r) {
        const auto& cells = m_preview.firstRows[static_cast<std::size_t>(r)];
        for (int c = 0; c < std::min(columns, static_cast<int>(cells.size())); ++c) {
            auto* item =
                new QTableWidgetItem(QString::fromStdString(cells[static_cast<std::size_t>(c)]));
            const bool number =
                m_preview.columns[static_cast<std::size_t>(c)].type == ColumnType::Number;
            item->setTextAlignment((number ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
            m_rows->setItem(r, c, item);
        }
    }
    column->addWidget(m_rows, 1);
    Index missing = 0;
    for (const CsvColumn& c : m_preview.columns) {
        missing += c.missing;
    }
    auto* facts =
        new QLabel(missing == 0   ? tr("The first rows; no value is missing.")
                   : missing == 1 ? tr("The first rows; 1 value of the table is missing.")
                                  : tr("The first rows; %1 values of the table are missing.")
                                        .arg(formatInteger(missing)));
    facts->setProperty("quiet", true);
    facts->setProperty("small", true);
    column->addWidget(facts);

    auto* form = new QFormLayout;
    m_columns = new QListWidget;
    m_columns->setAccessibleName(tr("Columns to learn"));
    m_columns->setFlow(QListView::LeftToRight);
    m_columns->setWrapping(true);
    m_columns->setResizeMode(QListView::Adjust);
    for (const CsvColumn& c : m_preview.columns) {
        if (c.type != ColumnType::Number) {
            continue;
        }
        auto* item = new QListWidgetItem(QString::fromStdString(c.name), m_columns);
        item->setFlags(Qt::ItemIsEnabled | Qt::ItemIsUserCheckable);
        item->setCheckState(Qt::Checked);  // the label is left out by params()
    }
    // One line for a few columns, a list to scroll for many.
    m_columns->setFixedHeight(currentTheme().px(m_columns->count() <= kStretchedColumns ? 26 : 96));
    form->addRow(tr("Columns"), m_columns);
    m_label = new QComboBox;
    m_label->setObjectName(QStringLiteral("importLabel"));
    m_label->setAccessibleName(tr("Column with the class"));
    m_label->addItem(tr("none"));
    m_label->addItems(names);
    if (!m_preview.suggestedLabel.empty()) {
        m_label->setCurrentText(QString::fromStdString(m_preview.suggestedLabel));
    }
    form->addRow(tr("Label"), m_label);
    m_missing = new QComboBox;
    m_missing->setAccessibleName(tr("Missing values"));
    m_missing->addItem(tr("leave the row out"), QStringLiteral("drop"));
    m_missing->addItem(tr("put the column's mean"), QStringLiteral("mean"));
    m_missing->addItem(tr("stop with an error"), QStringLiteral("error"));
    m_missing->setEnabled(missing > 0);
    form->addRow(tr("Missing"), m_missing);
    column->addLayout(form);
}

void ImportDialog::buildPictures(const QString& path, const FileProbe& probe) {
    auto* column = static_cast<QVBoxLayout*>(layout());
    if (probe.kind == FileKind::ImageFolder) {
        const ImageFolderPreview preview = previewImageFolder(toPath(path));
        auto* strip = new QHBoxLayout;
        strip->setSpacing(4);
        const std::size_t stride =
            std::max<std::size_t>(1, preview.files.size() / static_cast<std::size_t>(kThumbs));
        for (std::size_t i = 0, shown = 0; i < preview.files.size() && shown < kThumbs;
             i += stride, ++shown) {
            QImageReader reader(path + QLatin1Char('/') + QString::fromStdString(preview.files[i]));
            reader.setScaledSize({kThumb, kThumb});
            auto* thumb = new QLabel;
            thumb->setFixedSize(kThumb, kThumb);
            thumb->setPixmap(QPixmap::fromImage(reader.read()));
            strip->addWidget(thumb);
        }
        strip->addStretch(1);
        column->addLayout(strip);
        QStringList classes;
        for (const std::string& name : preview.classNames) {
            classes << QString::fromStdString(name);
        }
        auto* facts = new QLabel(
            tr("%1 pictures%2")
                .arg(formatInteger(preview.images),
                     classes.isEmpty() ? QString()
                                       : tr(", classes: ") + classes.join(QStringLiteral(", "))));
        facts->setWordWrap(true);
        column->addWidget(facts);
        auto* form = new QFormLayout;
        m_label = new QComboBox;
        m_label->setAccessibleName(tr("Side length in pixels"));
        for (const int side : {16, 28, 32, 64}) {
            m_label->addItem(tr("%1 x %1 pixels").arg(side), side);
        }
        m_label->setCurrentIndex(1);
        form->addRow(tr("Scale to"), m_label);
        column->addLayout(form);
    }
    column->addStretch(1);
}

QStringList ImportDialog::chosenColumns() const {
    QStringList chosen;
    for (int i = 0; i < m_columns->count(); ++i) {
        const QListWidgetItem* item = m_columns->item(i);
        if (item->checkState() == Qt::Checked && item->text() != m_label->currentText()) {
            chosen << item->text();
        }
    }
    return chosen;
}

void ImportDialog::allowTraining() {
    const bool some = !chosenColumns().isEmpty();
    m_train->setEnabled(some);
    m_train->setToolTip(some ? QString() : tr("Check a column of numbers to learn."));
}

ParamSet ImportDialog::params() const {
    ParamSet out;
    out["data.source"] = m_path.toStdString();
    if (m_table) {
        out["data.columns"] = chosenColumns().join(QLatin1Char(',')).toStdString();
        out["data.label_column"] =
            m_label->currentIndex() > 0 ? m_label->currentText().toStdString() : std::string();
        out["data.missing"] = m_missing->currentData().toString().toStdString();
    } else if (m_label) {
        out["data.side"] = static_cast<Index>(m_label->currentData().toInt());
    }
    return out;
}

}  // namespace lx::ui
