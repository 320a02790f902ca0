// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QImage>
#include <QWidget>

class QLabel;
class QPushButton;

namespace lx::ui {

class SessionBridge;

/// What lies under the probe: decoded picture (or point), position, log prior density, the class of
/// the nearest code, and the button that keeps the place.
class ProbePanel : public QWidget {
    Q_OBJECT
public:
    explicit ProbePanel(SessionBridge&, QWidget* parent = nullptr);
    void refreshTheme();
    /// Bookmarks the present place; false when the probe is nowhere.
    bool bookmark();

private:
    class Picture;
    void showAnswer();

    SessionBridge& m_bridge;
    Picture* m_picture;
    QLabel *m_place, *m_density, *m_nearest, *m_hint;
    QPushButton* m_keep;
};

}  // namespace lx::ui
