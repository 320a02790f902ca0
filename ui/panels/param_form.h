// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/params.h"

#include <QWidget>

#include <map>
#include <vector>

class QLabel;
class QLineEdit;
class QPushButton;
class QToolButton;
class QVBoxLayout;

namespace lx::ui {

class ParamRow;
class RunBook;

/// A heading that folds what stands below it.
class Section : public QWidget {
    Q_OBJECT
public:
    explicit Section(const QString& title, QWidget* parent = nullptr);
    QVBoxLayout* body() const { return m_body; }
    const QString& title() const { return m_title; }

private:
    QString m_title;
    QToolButton* m_head;
    QWidget* m_box;
    QVBoxLayout* m_body;
};

/// The parameters of the active run: Basic or All, a search, live edits at once, cold ones on
/// Apply.
class ParamForm : public QWidget {
    Q_OBJECT
public:
    explicit ParamForm(RunBook&, QWidget* parent = nullptr);

    /// Shows the row of `id`, even when it is hidden under All, and gives it the focus.
    void reveal(const QString& id);
    void focusSearch();
    ParamRow* row(const QString& id) const;
    const ParamSet& pending() const { return m_pending; }
    /// Apply and Discard, for a place that does not scroll; in the form unless it is moved.
    QWidget* applyBar() const { return m_applyBar; }
    /// A view's wish for a parameter that is not live waits here as if it had been typed.
    void propose(const std::string& id, const ParamValue&);
    void apply();
    void discard();

private:
    void rebuild();
    void refresh();
    void filter();
    void onEdited(const ParamDecl&, const ParamValue&);
    void showPending();

    RunBook& m_book;
    QVBoxLayout* m_sections;
    std::map<std::string, ParamRow*, std::less<>> m_rows;
    std::vector<Section*> m_groups;
    ParamSet m_pending;
    std::uint32_t m_source = 0xFFFFFFFFU;
    QToolButton *m_basic, *m_all;
    QLineEdit* m_search;
    QLabel* m_note;
    QLabel* m_nothing;
    QWidget* m_applyBar;
    QLabel* m_applyText;
    QPushButton* m_apply;
};

}  // namespace lx::ui
