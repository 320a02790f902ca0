// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/shell/log_buffer.h"

#include <QPlainTextEdit>

#include <memory>

namespace lx::ui {

/// Messages of the program, newest at the end; warnings carry the word.
class LogPanel : public QPlainTextEdit {
    Q_OBJECT
public:
    explicit LogPanel(std::shared_ptr<LogBuffer>, QWidget* parent = nullptr);
    void poll();

private:
    std::shared_ptr<LogBuffer> m_buffer;
    std::uint64_t m_seen = 0;
};

}  // namespace lx::ui
