// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/shell/app_services.h"

#include <QDialog>

#include <atomic>
#include <memory>
#include <thread>

class QLabel;
class QProgressBar;
class QPushButton;
class QTableWidget;

namespace lx::ui {

/// Help > Self-test: runs the parts one after the other on a thread of its own and lists every row
/// with its value, what was expected, and the verdict. Closing it stops after the part in work.
class SelfTestWindow : public QDialog {
    Q_OBJECT
public:
    /// `about`: version and build, shown and copied above the rows.
    SelfTestWindow(std::vector<SelfTestPart> parts, QString about, QWidget* parent);
    ~SelfTestWindow() override;

    void start();
    void stop();
    bool running() const { return m_running; }
    /// All rows as tab-separated text, with date and build in front.
    QString text() const;

Q_SIGNALS:
    void finished(bool allPassed);

private:
    void add(const QString& part, const std::vector<SelfTestRow>& rows);
    void finish();

    std::vector<SelfTestPart> m_parts;
    QString m_about, m_when;
    QLabel *m_head, *m_summary;
    QProgressBar* m_progress;
    QPushButton *m_run, *m_copy;
    QTableWidget* m_table;
    std::thread m_thread;
    std::shared_ptr<std::atomic<bool>> m_stopping;
    bool m_running = false;
    int m_passed = 0, m_failed = 0;
};

}  // namespace lx::ui
