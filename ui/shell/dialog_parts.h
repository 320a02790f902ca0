// SPDX-License-Identifier: GPL-3.0-or-later
// Small pieces that dialogs are put together from.
#pragma once

#include <QString>

#include <initializer_list>

class QDialog;
class QLabel;
class QLineEdit;
class QSpinBox;
class QWidget;

namespace lx::ui {

QSpinBox* spin(int low, int high, int value, const QString& suffix = {});
/// Widgets in one row; labels take no more room than they need.
QWidget* beside(std::initializer_list<QWidget*> widgets);
/// A field for a file name with a button that asks for one.
QWidget* fileField(QLineEdit* field, const QString& filter, QDialog* dialog);
/// For what went wrong; hidden while there is nothing to say.
QLabel* problemLabel();
void say(QLabel* label, const QString& text);

}  // namespace lx::ui
