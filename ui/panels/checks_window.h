// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/shell/app_services.h"

#include <QDialog>

#include <thread>

class QLabel;
class QPushButton;
class QTableWidget;

namespace lx::ui {

/// What Diagnose > Check this run asks for.
struct CheckedRun {
    std::shared_ptr<Session> session;
    std::string recipe;
    QString name;
    std::uint64_t seed = 0;
    Index step = 0, whole = 0;  ///< where it stands, and where its recipe ends
};

/// All metrics of a run as it stands, and which limits of its recipe they keep. The engine computes
/// them while a thread of its own waits; closing the window stops it.
class ChecksWindow : public QDialog {
    Q_OBJECT
public:
    using Judge = decltype(AppServices::judge);
    ChecksWindow(CheckedRun, Judge, QWidget* parent);
    ~ChecksWindow() override;

    void start();
    void stop();
    bool running() const { return m_running; }
    /// All rows as tab-separated text, with the run in front.
    QString text() const;
    /// While the engine computes, a closed window only hides, and goes when it is done.
    void done(int result) override;

Q_SIGNALS:
    void judged(bool allPassed);

private:
    void list(const std::vector<JudgedMetric>&);
    void end(const QString& words, bool passed);

    CheckedRun m_run;
    Judge m_judge;
    QLabel *m_head, *m_summary;
    QPushButton *m_button, *m_copy;
    QTableWidget* m_table;
    bool m_running = false, m_leaves = false;
    std::jthread m_thread;  ///< last: it ends before what it uses
};

/// A metric's name in words: "auroc_noise" is "AUROC noise".
QString metricTitle(const std::string& name);

}  // namespace lx::ui
