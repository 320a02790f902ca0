// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/shell/theme.h"

#include <QLabel>
#include <QStringList>
#include <QToolButton>
#include <QWidget>

namespace lx::ui {

/// The sub-steps of one step in words, one at a time, with buttons to go through them.
class StepCaption : public QWidget {
    Q_OBJECT
public:
    explicit StepCaption(QWidget* parent = nullptr);
    void setTheme(const Theme&);
    /// All of the step is shown again.
    void rewind() { m_phase = -1; }
    /// `chain`: "chain 3".
    void setCaptions(const QString& chain, const QStringList& captions);
    /// The sub-step that is shown, counted from 0; -1: there are none.
    int phase() const;

Q_SIGNALS:
    void phaseChanged();

private:
    void move(int by);

    QLabel* m_text;
    QToolButton *m_back, *m_on;
    QStringList m_captions;
    int m_phase = -1;  ///< -1: the last
};

}  // namespace lx::ui
