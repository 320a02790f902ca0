// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/params.h"
#include "ui/panels/formula_check.h"

#include <QComboBox>
#include <QLineEdit>
#include <QWidget>

#include <functional>

class QLabel;
class QSlider;

namespace lx::ui {

/// What to call a choice: the words that the help of its parameter gives after "id: ", else the id.
QString choiceTitle(const ParamDecl&, const std::string& choice);

/// A line of text with a unit in secondary colour at its right end. Up, Down and the wheel change a
/// number by a step that follows its scale.
class UnitEdit : public QLineEdit {
    Q_OBJECT
public:
    explicit UnitEdit(const QString& unit, QWidget* parent = nullptr);
    void setUnit(const QString&);
    /// What one step (+1 or -1) makes of the current text; unset: no stepping.
    std::function<QString(const QString& text, int direction)> step;

Q_SIGNALS:
    void stepped();

protected:
    bool event(QEvent*) override;
    void keyPressEvent(QKeyEvent*) override;
    void wheelEvent(QWheelEvent*) override;
    void resizeEvent(QResizeEvent*) override;
    void changeEvent(QEvent*) override;

private:
    void nudge(int direction);
    void placeUnit();
    QLabel* m_unit;
};

/// A list of choices that never widens its panel: a long text ends in three dots, the open list
/// shows it whole.
class ChoiceBox : public QComboBox {
public:
    explicit ChoiceBox(QWidget* parent = nullptr);
    /// What the present text needs, in pixels.
    int wantedWidth() const;
    /// What stands in brackets at the end, shown where the whole text has no room.
    QString shortText() const;
    void showPopup() override;

protected:
    void paintEvent(QPaintEvent*) override;
};

/// One row of the parameter form: label, field made from the declaration, message.
class ParamRow : public QWidget {
    Q_OBJECT
public:
    ParamRow(const ParamDecl&, const ParamValue&, QWidget* parent = nullptr);

    const ParamDecl& decl() const { return m_decl; }
    const ParamValue& value() const { return m_value; }
    /// Shows `value` without signalling.
    void setValue(const ParamValue&);
    /// Puts a dot before the label of a value that waits for Apply.
    void setPending(bool);
    /// Judges the text while it is typed; a text with a fault is not taken.
    void setCheck(TextCheck);
    /// Judges again: something that the check depends on has changed.
    void recheck();
    bool matches(const QString& words) const;
    QWidget* field() const { return m_field; }
    QString error() const;

Q_SIGNALS:
    void edited(const lx::ParamValue& value);
    /// The slider is held and moves; edited() follows when it is let go.
    void dragged(const lx::ParamValue& value);

private:
    void changeEvent(QEvent*) override;
    void resizeEvent(QResizeEvent*) override;
    void applySizes();
    void placeLabel();
    void makeField();
    void makeSlider();
    void placeSlider();
    void onSlider(int place);
    void commitText();
    void choosePath();
    void commit(ParamValue);
    void setError(const QString&);
    std::optional<TextFault> fault() const;
    QString shown(const ParamValue&) const;

    ParamDecl m_decl;
    ParamValue m_value;
    QWidget* m_field = nullptr;
    QSlider* m_slider = nullptr;  ///< beside the field of a number that has one
    QLabel* m_label = nullptr;
    QLabel* m_error = nullptr;
    QString m_name;          ///< with the mark of a pending value
    bool m_stacked = false;  ///< the field stands below the name
    bool m_dragged = false;  ///< the slider is held and has moved
    TextCheck m_check;
};

}  // namespace lx::ui
