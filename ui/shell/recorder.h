// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/io/frame_ring.h"
#include "core/io/movie.h"

#include <QElapsedTimer>
#include <QImage>
#include <QObject>
#include <QTimer>
#include <QWidget>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace lx::ui {

/// Keeps the last 30 seconds of a widget, packed within a bounded memory. The GUI thread only
/// grabs; packing and writing happen on a thread of the recorder, and frames are dropped when it
/// does not keep up.
class Recorder : public QObject {
    Q_OBJECT
public:
    static constexpr double kSeconds = 30, kFps = 10;
    static constexpr std::size_t kBytes = std::size_t{96} << 20;

    explicit Recorder(QWidget* widget);
    ~Recorder() override;

    void setRunning(bool);
    bool running() const { return m_timer.isActive(); }
    /// Frames packed so far (tests).
    std::size_t frames() const;
    /// Writes what is kept as a film; saved() follows. The ring rests meanwhile.
    void save(const std::filesystem::path&, const PngTexts& texts);

Q_SIGNALS:
    /// `problem` is empty when the film was written.
    void saved(const QString& problem);

private:
    struct Order {
        QImage frame;
        double time = 0;
        std::filesystem::path file;  ///< not empty: write instead
        PngTexts texts;
    };
    void grab();
    void work(const std::stop_token&);
    void write(const Order&, const std::stop_token&);

    QWidget* m_widget;
    QTimer m_timer;
    QElapsedTimer m_clock;
    mutable std::mutex m_mutex;
    std::condition_variable_any m_wake;
    std::deque<Order> m_orders;
    FrameRing m_ring{kSeconds, kBytes};  ///< of the worker
    std::size_t m_frames = 0;
    std::jthread m_worker;
};

}  // namespace lx::ui
