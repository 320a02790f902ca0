// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/self_test_window.h"

#include "ui/shell/numbers.h"
#include "ui/shell/theme.h"

#include <QApplication>
#include <QClipboard>
#include <QDateTime>
#include <QHBoxLayout>
#include <QHeaderView>
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
      m_table(new QTableWidget(0, 5)) {
    setWindowTitle(tr("Self-test"));
    resize(860, 640);
    m_head->setText(tr("Samplers, executors, diagnostics and geometry against known truth, on this "
                       "machine and with this build.") +
                    QLatin1Char('\n') +
                    m_about.trimmed().replace(QLatin1Char('\n'), QStringLiteral(", ")));
    m_head->setWordWrap(true);
    m_table->setHorizontalHeaderLabels(
        {tr("Test"), tr("Value"), tr("Expected"), tr("Within"), tr("Verdict")});
    m_table->verticalHeader()->hide();
    m_table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setShowGrid(false);
    m_table->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    m_table->horizontalHeader()->setSectionResizeMode(0, QHeaderView::Stretch);
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
    const Theme& theme = currentTheme();
    for (const SelfTestRow& row : rows) {
        const int at = m_table->rowCount();
        m_table->insertRow(at);
        const auto put = [&](int column, const QString& words, Qt::Alignment side) {
            auto* item = new QTableWidgetItem(words);
            item->setTextAlignment(side | Qt::AlignVCenter);
            m_table->setItem(at, column, item);
            return item;
        };
        put(0, QString::fromStdString(row.name), Qt::AlignLeft)->setToolTip(part);
        put(1, formatShort(row.value, 6), Qt::AlignRight);
        put(2, formatShort(row.expected, 6), Qt::AlignRight);
        put(3, formatShort(row.tolerance, 2), Qt::AlignRight);
        auto* verdict = put(4, row.pass ? tr("pass") : tr("FAIL"), Qt::AlignLeft);
        if (!row.pass) {
            verdict->setForeground(theme.error);
            QFont bold = verdict->font();
            bold.setBold(true);
            verdict->setFont(bold);
        }
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
    QString out = tr("Self-test") + QLatin1Char('\t') + m_when + QLatin1Char('\n') + m_about +
                  QLatin1Char('\n');
    for (int row = 0; row < m_table->rowCount(); ++row) {
        QStringList cells;
        for (int column = 0; column < m_table->columnCount(); ++column) {
            cells << m_table->item(row, column)->text();
        }
        out += cells.join(QLatin1Char('\t')) + QLatin1Char('\n');
    }
    return out;
}

}  // namespace lx::ui
