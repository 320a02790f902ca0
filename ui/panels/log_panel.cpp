// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/log_panel.h"

#include "ui/shell/theme.h"

#include <QDateTime>
#include <QTimer>

#include <array>

namespace lx::ui {

LogPanel::LogPanel(std::shared_ptr<LogBuffer> buffer, QWidget* parent)
    : QPlainTextEdit(parent), m_buffer(std::move(buffer)) {
    setReadOnly(true);
    setMaximumBlockCount(5000);
    setObjectName(QStringLiteral("log"));
    setAccessibleName(QStringLiteral("Log"));
    setPlaceholderText(QStringLiteral("Messages of the program appear here."));
    auto* timer = new QTimer(this);
    connect(timer, &QTimer::timeout, this, &LogPanel::poll);
    constexpr int kPollMs = 250;
    timer->start(kPollMs);
}

void LogPanel::poll() {
    if (!m_buffer) {
        return;
    }
    for (const LogBuffer::Entry& entry : m_buffer->since(m_seen)) {
        m_seen = entry.number;
        const auto ms =
            std::chrono::duration_cast<std::chrono::milliseconds>(entry.when.time_since_epoch())
                .count();
        static constexpr std::array<const char*, 4> kWords{"", "", "Warning: ", "Error: "};
        appendPlainText(QDateTime::fromMSecsSinceEpoch(ms).toString(QStringLiteral("HH:mm:ss  ")) +
                        QLatin1String(kWords.at(static_cast<std::size_t>(entry.level))) +
                        QString::fromStdString(entry.message));
    }
}

}  // namespace lx::ui
