// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include <vector>

class QLabel;
class QMenu;
class QToolButton;

namespace lx::ui {

struct AppServices;
class RunBook;
class SessionBridge;

/// The figures at the lower edge: time per step, frame time, memory, seed, device, bound.
class StatusStrip : public QWidget {
    Q_OBJECT
public:
    StatusStrip(AppServices&, RunBook&, SessionBridge&, QWidget* parent = nullptr);
    void setFrameTime(double ms) { m_frameMs = ms; }
    /// One sentence at the right, for a while.
    void say(const QString&);
    void refresh();
    void rebuildDevices();

private:
    struct Pair {
        QLabel *name, *value;
    };
    Pair pair(const QString& name);
    void resizeEvent(QResizeEvent*) override;
    /// Shows the figures for which there is room.
    void fit();

    AppServices& m_services;
    RunBook& m_book;
    SessionBridge& m_bridge;
    double m_frameMs = 0;
    Pair m_step, m_frame, m_memory, m_seed, m_bound, m_gradients;
    QLabel* m_deviceName;
    QToolButton* m_device;
    QMenu* m_deviceMenu;
    class ElidedLabel* m_message;
    int m_quietAfter = 0;
};

}  // namespace lx::ui
