// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QPointer>
#include <QWidget>

class QLabel;
class QListWidget;
class QSlider;
class QToolButton;

namespace lx::ui {

class SceneWidget;

/// The layers of one view, uppermost first: show and hide by their boxes, opacity of the selected
/// one, order by the arrows. Follows the figure while it is open.
class LayerList : public QWidget {
    Q_OBJECT
public:
    LayerList(SceneWidget*, const QString& title, QWidget* parent);

    QListWidget* list() const { return m_list; }
    QSlider* opacity() const { return m_opacity; }
    QToolButton* up() const { return m_up; }
    QToolButton* down() const { return m_down; }
    /// Reads the figure anew.
    void refresh();

private:
    QString current() const;
    void showCurrent();
    void move(int by);

    QPointer<SceneWidget> m_scene;
    QListWidget* m_list;
    QSlider* m_opacity;
    QLabel* m_percent;
    QToolButton *m_up, *m_down;
};

}  // namespace lx::ui
