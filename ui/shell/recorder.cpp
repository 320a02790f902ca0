// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/recorder.h"

#include <cmath>

namespace lx::ui {
namespace {

constexpr std::size_t kMaxWaiting = 3;

}  // namespace

Recorder::Recorder(QWidget* widget) : QObject(widget), m_widget(widget) {
    m_timer.setInterval(static_cast<int>(1000 / kFps));
    connect(&m_timer, &QTimer::timeout, this, &Recorder::grab);
}

Recorder::~Recorder() = default;

void Recorder::setRunning(bool on) {
    if (on == running()) {
        return;
    }
    if (!on) {
        m_timer.stop();
        return;
    }
    if (!m_worker.joinable()) {
        m_worker = std::jthread([this](const std::stop_token& stop) { work(stop); });
    }
    m_clock.start();
    // What was kept before the pause would make a film with a gap.
    {
        const std::lock_guard lock(m_mutex);
        m_orders.clear();
        m_orders.push_back({});
    }
    m_timer.start();
    grab();
}

std::size_t Recorder::frames() const {
    const std::lock_guard lock(m_mutex);
    return m_frames;
}

void Recorder::grab() {
    {
        const std::lock_guard lock(m_mutex);
        if (m_orders.size() >= kMaxWaiting) {
            return;
        }
    }
    QImage frame = m_widget->grab().toImage();
    const std::lock_guard lock(m_mutex);
    m_orders.push_back({std::move(frame), static_cast<double>(m_clock.elapsed()) / 1000, {}, {}});
    m_wake.notify_all();
}

void Recorder::save(const std::filesystem::path& file, const PngTexts& texts) {
    const std::lock_guard lock(m_mutex);
    m_orders.push_back({{}, 0, file, texts});
    m_wake.notify_all();
}

void Recorder::work(const std::stop_token& stop) {
    std::vector<std::uint8_t> rgb;
    while (!stop.stop_requested()) {
        Order order;
        {
            std::unique_lock lock(m_mutex);
            if (!m_wake.wait(lock, stop, [this] { return !m_orders.empty(); })) {
                return;
            }
            order = std::move(m_orders.front());
            m_orders.pop_front();
        }
        if (!order.file.empty()) {
            write(order, stop);
        } else if (order.frame.isNull()) {
            m_ring.clear();
        } else {
            const QImage picture = order.frame.convertToFormat(QImage::Format_RGB888);
            rgb.clear();
            for (int y = 0; y < picture.height(); ++y) {
                const uchar* line = picture.constScanLine(y);
                rgb.insert(rgb.end(), line, line + 3 * picture.width());
            }
            m_ring.add(picture.width(), picture.height(), rgb, order.time);
        }
        const std::lock_guard lock(m_mutex);
        m_frames = m_ring.frames();
    }
}

void Recorder::write(const Order& order, const std::stop_token& stop) {
    QString problem;
    try {
        if (m_ring.frames() == 0) {
            throw UsageError("nothing was recorded yet; switch the recording on first");
        }
        MovieSettings settings{m_ring.width(), m_ring.height(), kFps};
        settings.texts = order.texts;
        const auto writer = makeMovieWriter(order.file, settings);
        // Frames come unevenly from a busy window; the film has even ones.
        double begin = -1;
        Index written = 0;
        std::vector<std::uint8_t> last;
        const auto fill = [&](double until) {
            while (static_cast<double>(written) < until * kFps && !last.empty()) {
                writer->add(last);
                ++written;
            }
        };
        m_ring.forEach([&](std::span<const std::uint8_t> rgb, double time) {
            begin = begin < 0 ? time : begin;
            fill(std::round((time - begin) * kFps) / kFps);
            last.assign(rgb.begin(), rgb.end());
            return !stop.stop_requested();
        });
        fill(static_cast<double>(written + 1) / kFps);
        if (stop.stop_requested()) {
            return;
        }
        writer->finish();
    } catch (const std::exception& error) {
        problem = QString::fromUtf8(error.what());
    }
    QMetaObject::invokeMethod(
        this, [this, problem] { Q_EMIT saved(problem); }, Qt::QueuedConnection);
}

}  // namespace lx::ui
