// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/io/csv.h"
#include "core/io/probe.h"
#include "ui/shell/app_services.h"

#include <QDialog>
#include <QFrame>

#include <functional>
#include <vector>

class QCheckBox;
class QComboBox;
class QLabel;
class QLineEdit;
class QListWidget;
class QTableWidget;

namespace lx::ui {

class Actions;

/// Something the palette can do: an action, or going to a parameter.
struct PaletteEntry {
    QString group, text, keys, reason;
    std::function<void()> run;
};

/// Ctrl+K: type a few letters, Enter does it. Closes when it loses the focus.
class CommandPalette : public QFrame {
    Q_OBJECT
public:
    explicit CommandPalette(QWidget* parent);
    void open(std::vector<PaletteEntry>);
    QLineEdit* input() const { return m_input; }
    /// Texts that match now, best first.
    QStringList matches() const;

protected:
    bool eventFilter(QObject*, QEvent*) override;

private:
    void filter();
    void accept();

    std::vector<PaletteEntry> m_entries;
    std::vector<std::size_t> m_shown;
    QLineEdit* m_input;
    QListWidget* m_list;
};

/// ? and F1: every action with a key, by group.
class ShortcutSheet : public QDialog {
    Q_OBJECT
public:
    ShortcutSheet(const Actions&, QWidget* parent);
};

/// A leftover of a crash: open it, keep it for later, or delete it.
class RecoveryDialog : public QDialog {
    Q_OBJECT
public:
    RecoveryDialog(std::vector<Recovery>, QWidget* parent);
    std::function<void(const Recovery&)> onOpen, onDiscard;

private:
    std::vector<Recovery> m_items;
    QListWidget* m_list;
};

/// What to train on: preview, columns, label, missing values; for pictures the side length.
class ImportDialog : public QDialog {
    Q_OBJECT
public:
    ImportDialog(const QString& path, const FileProbe&, QWidget* parent);
    /// Parameters for the recipe: data.source and the choices made.
    ParamSet params() const;
    bool isTable() const { return m_table; }

private:
    void buildTable(const QString& path);
    void buildPictures(const QString& path, const FileProbe&);
    /// Columns to learn: those checked, less the label's.
    QStringList chosenColumns() const;
    void allowTraining();

    QString m_path;
    bool m_table = false;
    CsvPreview m_preview;
    QTableWidget* m_rows = nullptr;
    QComboBox *m_label = nullptr, *m_missing = nullptr;
    QListWidget* m_columns = nullptr;
    QPushButton* m_train = nullptr;
};

}  // namespace lx::ui
