// SPDX-License-Identifier: GPL-3.0-or-later
// Samples of the active run into a file: the same code as the command `generate`.
#pragma once

#include "core/session/samples.h"
#include "ui/bridge/session_bridge.h"

#include <QDialog>

#include <filesystem>
#include <thread>

class QLabel;
class QLineEdit;
class QProgressBar;
class QPushButton;
class QSpinBox;

namespace lx::ui {

class RunBook;

/// Asks a session for samples and writes them, on a thread of its own.
class SampleMaker : public QObject {
    Q_OBJECT
public:
    SampleMaker(std::shared_ptr<Session>, SampleQuestion, std::filesystem::path,
                QObject* parent = nullptr);
    ~SampleMaker() override;  ///< stops; no file remains

    void start();
    /// finished() follows, and no file remains.
    void stop();

Q_SIGNALS:
    void progressed(qint64 made, qint64 total);
    /// `problem` is one sentence, empty when all were written; `stopped` when stop() ended it.
    void finished(const QString& problem, bool stopped);

private:
    void work(std::stop_token);

    std::shared_ptr<Session> m_session;
    SampleQuestion m_question;
    std::filesystem::path m_path;
    std::jthread m_worker;  ///< last: it ends before what it uses
};

/// The run pauses while its samples are made, and goes on afterwards.
class SamplesDialog : public QDialog {
    Q_OBJECT
public:
    SamplesDialog(SessionBridge&, RunBook&, QWidget* window);
    ~SamplesDialog() override;
    bool making() const { return m_maker != nullptr; }
    void start();

Q_SIGNALS:
    void written(const QString& path, qint64 count);

private:
    void done(int result) override;
    /// What the fields ask. Throws lx::Error.
    SampleQuestion question() const;
    void toIdle(const QString& message);
    void fitHeight();
    void pauseRun();
    void resumeRun();

    SessionBridge& m_bridge;
    RunBook& m_book;
    QSpinBox *m_count, *m_first;
    QLineEdit *m_seed, *m_path;
    QProgressBar* m_progress;
    QLabel* m_message;
    QPushButton *m_start, *m_stop;
    std::uint32_t m_source = kNoRun;
    std::vector<Clock> m_paused;  ///< clocks that go on afterwards
    std::unique_ptr<SampleMaker> m_maker;
};

}  // namespace lx::ui
