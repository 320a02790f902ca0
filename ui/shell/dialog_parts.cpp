// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/dialog_parts.h"

#include <QDialog>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSpinBox>

namespace lx::ui {

QSpinBox* spin(int low, int high, int value, const QString& suffix) {
    auto* box = new QSpinBox;
    box->setRange(low, high);
    box->setValue(value);
    box->setSuffix(suffix);
    box->setGroupSeparatorShown(true);
    return box;
}

QWidget* beside(std::initializer_list<QWidget*> widgets) {
    auto* row = new QWidget;
    auto* box = new QHBoxLayout(row);
    box->setContentsMargins(0, 0, 0, 0);
    for (QWidget* widget : widgets) {
        box->addWidget(widget, qobject_cast<QLabel*>(widget) ? 0 : 1);
    }
    return row;
}

QWidget* fileField(QLineEdit* field, const QString& filter, QDialog* dialog) {
    auto* button = new QPushButton(QObject::tr("Browse…"));
    button->setAutoDefault(false);
    QObject::connect(button, &QPushButton::clicked, dialog, [field, filter, dialog] {
        const QString path =
            QFileDialog::getSaveFileName(dialog, dialog->windowTitle(), field->text(), filter);
        if (!path.isEmpty()) {
            field->setText(path);
        }
    });
    return beside({field, button});
}

QLabel* problemLabel() {
    auto* label = new QLabel;
    label->setWordWrap(true);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    label->hide();
    return label;
}

void say(QLabel* label, const QString& text) {
    label->setText(text);
    label->setVisible(!text.isEmpty());
}

}  // namespace lx::ui
