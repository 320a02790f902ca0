// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/self_test_window.h"

#include "ui/panels/result_table.h"
#include "ui/shell/numbers.h"

#include <QApplication>
#include <QClipboard>
#include <QDateTime>
#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QTableWidget>
#include <QVBoxLayout>

#include <cmath>

namespace lx::ui {

SelfTestWindow::SelfTestWindow(std::vector<SelfTestPart> parts, QString about, QWidget* parent)
    : QDialog(parent),
      m_parts(std::move(parts)),
      m_about(std::move(about)),
      m_head(new QLabel),
      m_summary(new QLabel),
      m_progress(new QProgressBar),
      m_run(new QPushButton),
      m_copy(new QPushButton(tr("Copy"))),
      m_table(resultTable({tr("Test"), tr("Value"), tr("Expected"), tr("Within"), tr("Verdict")})) {
    setWindowTitle(tr("Self-test"));
    resize(860, 640);
    m_head->setText(tr("Samplers, executors, diagnostics and geometry against known truth, on this "
                       "machine and with this build.") +
                    QLatin1Char('\n') +
                    m_about.trimmed().replace(QLatin1Char('\n'), QStringLiteral(", ")));
    m_head->setWordWrap(true);
    m_table->setAccessibleName(tr("Rows of the self-test"));
    m_progress->setRange(0, static_cast<int>(m_parts.size()));
    m_progress->setAccessibleName(tr("Parts that are done"));
    m_summary->setTextInteractionFlags(Qt::TextSelectableByMouse);
    auto* buttons = new QHBoxLayout;
    buttons->addWidget(m_summary, 1);
    buttons->addWidget(m_copy);
    buttons->addWidget(m_run);
    auto* whole = new QVBoxLayout(this);
    whole->addWidget(m_head);
    whole->addWidget(m_progress);
    whole->addWidget(m_table, 1);
    whole->addLayout(buttons);
    connect(m_run, &QPushButton::clicked, this, [this] { m_running ? stop() : start(); });
    connect(m_copy, &QPushButton::clicked, this,
            [this] { QApplication::clipboard()->setText(text()); });
    m_run->setText(tr("Run"));
}

SelfTestWindow::~SelfTestWindow() {
    stop();
    if (m_thread.joinable()) {
        m_thread.join();
    }
}

void SelfTestWindow::start() {
    if (m_running) {
        return;
    }
    if (m_thread.joinable()) {
        m_thread.join();
    }
    m_table->setRowCount(0);
    m_passed = m_failed = 0;
    m_running = true;
    m_when = QDateTime::currentDateTime().toString(Qt::ISODate);
    m_run->setText(tr("Stop"));
    m_progress->setValue(0);
    m_summary->setText(tr("Running"));
    m_stopping = std::make_shared<std::atomic<bool>>(false);
    m_thread = std::thread([this, stopping = m_stopping] {
        for (std::size_t i = 0; i < m_parts.size() && !*stopping; ++i) {
            std::vector<SelfTestRow> rows;
            try {
                rows = m_parts[i].run();
            } catch (const std::exception& error) {
                rows = {{m_parts[i].name + ": " + error.what(), NAN, 0, 0, false}};
            }
            if (rows.empty()) {
                rows = {{m_parts[i].name + ": nothing was tested", NAN, 0, 0, false}};
            }
            QMetaObject::invokeMethod(
                this,
                [this, i, rows = std::move(rows)] {
                    add(QString::fromStdString(m_parts[i].name), rows);
                    m_progress->setValue(static_cast<int>(i) + 1);
                },
                Qt::QueuedConnection);
        }
        QMetaObject::invokeMethod(this, [this] { finish(); }, Qt::QueuedConnection);
    });
}

void SelfTestWindow::stop() {
    if (m_stopping) {
        *m_stopping = true;
    }
}

void SelfTestWindow::add(const QString& part, const std::vector<SelfTestRow>& rows) {
    for (const SelfTestRow& row : rows) {
        addResult(*m_table,
                  {QString::fromStdString(row.name), formatShort(row.value, 6),
                   formatShort(row.expected, 6), formatShort(row.tolerance, 2),
                   row.pass ? tr("pass") : tr("FAIL")},
                  !row.pass, part);
        ++(row.pass ? m_passed : m_failed);
    }
    m_table->scrollToBottom();
}

void SelfTestWindow::finish() {
    m_running = false;
    m_run->setText(tr("Run again"));
    const bool whole = m_progress->value() == m_progress->maximum();
    const bool all = whole && m_failed == 0 && m_passed > 0;
    QString words = m_failed == 0 ? tr("%1 passed").arg(m_passed)
                                  : tr("%1 passed, %2 FAILED").arg(m_passed).arg(m_failed);
    if (!whole) {
        words += tr(", stopped");
    }
    m_summary->setText(words + QStringLiteral("   ") + m_when);
    Q_EMIT finished(all);
}

QString SelfTestWindow::text() const {
    return tr("Self-test") + QLatin1Char('\t') + m_when + QLatin1Char('\n') + m_about +
           QLatin1Char('\n') + resultText(*m_table);
}

}  // namespace lx::ui
