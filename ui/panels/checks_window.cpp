// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/checks_window.h"

#include "ui/panels/result_table.h"
#include "ui/shell/numbers.h"

#include <QApplication>
#include <QClipboard>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QTableWidget>
#include <QVBoxLayout>

#include <algorithm>

namespace lx::ui {

QString metricTitle(const std::string& name) {
    static const std::map<QString, QString> kNames{
        {"auroc", "AUROC"}, {"kl", "KL"},
        {"ess", "ESS"},     {"mmd2", "MMD²"},
        {"rhat", "R-hat"},  {"ksd", "KSD"},
        {"elbo", "ELBO"},   {"ddim", "DDIM"},
        {"sd", "sd"},       {"loglik", "log likelihood"}};
    QStringList words = QString::fromStdString(name).split(QLatin1Char('_'), Qt::SkipEmptyParts);
    for (QString& word : words) {
        const auto known = kNames.find(word);
        word = known == kNames.end() ? word : known->second;
    }
    return words.join(QLatin1Char(' '));
}

ChecksWindow::ChecksWindow(CheckedRun run, Judge judge, QWidget* parent)
    : QDialog(parent),
      m_run(std::move(run)),
      m_judge(std::move(judge)),
      m_head(new QLabel),
      m_summary(new QLabel),
      m_button(new QPushButton(tr("Compute"))),
      m_copy(new QPushButton(tr("Copy"))),
      m_table(resultTable({tr("Metric"), tr("Value"), tr("Limit"), tr("Verdict")})) {
    setWindowTitle(tr("Checks of %1").arg(m_run.name));
    resize(620, 520);
    QString head =
        tr("%1, seed %2, step %3.").arg(m_run.name).arg(m_run.seed).arg(formatInteger(m_run.step));
    if (m_run.step < m_run.whole) {
        head += QLatin1Char(' ') +
                tr("The limits are meant for %1 steps.").arg(formatInteger(m_run.whole));
    }
    m_head->setText(head);
    m_head->setWordWrap(true);
    m_summary->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_summary->setWordWrap(true);
    m_table->setAccessibleName(tr("Metrics and limits"));
    auto* buttons = new QHBoxLayout;
    buttons->addWidget(m_summary, 1);
    buttons->addWidget(m_copy);
    buttons->addWidget(m_button);
    auto* whole = new QVBoxLayout(this);
    whole->addWidget(m_head);
    whole->addWidget(m_table, 1);
    whole->addLayout(buttons);
    connect(m_button, &QPushButton::clicked, this, [this] { m_running ? stop() : start(); });
    connect(m_copy, &QPushButton::clicked, this,
            [this] { QApplication::clipboard()->setText(text()); });
}

ChecksWindow::~ChecksWindow() = default;

void ChecksWindow::start() {
    if (m_running) {
        return;
    }
    m_running = true;
    m_table->setRowCount(0);
    m_button->setText(tr("Stop"));
    m_summary->setText(tr("The engine computes; the run waits so long."));
    m_thread = std::jthread([this, run = m_run](std::stop_token stopped) {
        std::map<std::string, double> metrics;
        QString problem;
        try {
            metrics = run.session->metrics(derive(Key{run.seed, 0}, "view"), stopped);
        } catch (const std::exception& error) {
            problem = QString::fromUtf8(error.what());
        }
        const bool ended = stopped.stop_requested();
        QMetaObject::invokeMethod(
            this,
            [this, metrics, problem, ended] {
                if (ended) {
                    end(tr("Stopped."), false);
                } else if (!problem.isEmpty()) {
                    end(problem, false);
                } else {
                    try {
                        list(m_judge(m_run.recipe, metrics));
                    } catch (const Error& error) {
                        end(QString::fromUtf8(error.what()), false);
                    }
                }
            },
            Qt::QueuedConnection);
    });
}

void ChecksWindow::stop() {
    m_thread.request_stop();
}

void ChecksWindow::done(int result) {
    if (!m_running) {
        QDialog::done(result);
        return;
    }
    m_leaves = testAttribute(Qt::WA_DeleteOnClose);
    setAttribute(Qt::WA_DeleteOnClose, false);
    stop();
    hide();
}

void ChecksWindow::list(const std::vector<JudgedMetric>& rows) {
    int passed = 0, failed = 0;
    for (const JudgedMetric& row : rows) {
        const bool judged = row.pass.has_value();
        passed += judged && *row.pass ? 1 : 0;
        failed += judged && !*row.pass ? 1 : 0;
        addResult(
            *m_table,
            {metricTitle(row.name), formatShort(row.value, 5), QString::fromStdString(row.limit),
             !judged     ? QString()
             : *row.pass ? tr("✓ pass")
                         : tr("✗ FAIL")},
            judged && !*row.pass, QString::fromStdString(row.name));
    }
    QString words =
        passed + failed == 0 ? tr("The recipe sets no limits.")
        : failed == 0
            ? tr("%1 of %1 limits kept").arg(passed)
            : tr("%1 of %2 limits kept, %3 FAILED").arg(passed).arg(passed + failed).arg(failed);
    if (rows.empty()) {
        words = tr("This run has no metrics.");
    }
    end(words, failed == 0 && passed > 0);
}

void ChecksWindow::end(const QString& words, bool passed) {
    m_running = false;
    m_button->setText(tr("Compute again"));
    m_summary->setText(words);
    Q_EMIT judged(passed);
    if (m_leaves) {
        deleteLater();
    }
}

QString ChecksWindow::text() const {
    return m_head->text() + QLatin1Char('\n') + resultText(*m_table) + m_summary->text() +
           QLatin1Char('\n');
}

}  // namespace lx::ui
