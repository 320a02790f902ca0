// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/samples_dialog.h"

#include "core/io/sample_file.h"
#include "ui/shell/dialog_parts.h"
#include "ui/shell/numbers.h"
#include "ui/shell/run_book.h"

#include <QFormLayout>
#include <QLabel>
#include <QLineEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QSpinBox>

namespace lx::ui {

SampleMaker::SampleMaker(std::shared_ptr<Session> session, SampleQuestion question,
                         std::filesystem::path path, QObject* parent)
    : QObject(parent),
      m_session(std::move(session)),
      m_question(question),
      m_path(std::move(path)) {}

SampleMaker::~SampleMaker() = default;

void SampleMaker::start() {
    m_worker = std::jthread([this](std::stop_token stop) { work(stop); });
}

void SampleMaker::stop() {
    m_worker.request_stop();
}

void SampleMaker::work(std::stop_token stop) {
    constexpr auto kLook = std::chrono::milliseconds(2);
    QString problem;
    const auto count = static_cast<qint64>(m_question.count);
    try {
        const auto writer = makeSampleWriter(m_path, m_question.count);
        SampleStream stream(m_session, m_question);
        while (!stream.finished() && !stop.stop_requested()) {
            if (const auto rows = stream.poll()) {
                writer->put(*rows);
                QMetaObject::invokeMethod(
                    this,
                    [this, made = static_cast<qint64>(stream.made()), count] {
                        Q_EMIT progressed(made, count);
                    },
                    Qt::QueuedConnection);
            } else {
                std::this_thread::sleep_for(kLook);
            }
        }
        if (stream.finished()) {
            writer->finish();
        }
    } catch (const std::bad_alloc&) {
        problem = tr("Memory is exhausted: ask for fewer samples.");
    } catch (const std::exception& error) {
        problem = QString::fromUtf8(error.what());
    }
    QMetaObject::invokeMethod(
        this,
        [this, problem, stopped = stop.stop_requested()] { Q_EMIT finished(problem, stopped); },
        Qt::QueuedConnection);
}

SamplesDialog::SamplesDialog(SessionBridge& bridge, RunBook& book, QWidget* window)
    : QDialog(window),
      m_bridge(bridge),
      m_book(book),
      m_count(spin(1, 100'000'000, 1000)),
      m_first(spin(0, 2'000'000'000, 0)),
      m_seed(new QLineEdit),
      m_path(new QLineEdit(QStringLiteral("samples.npz"))),
      m_progress(new QProgressBar),
      m_message(problemLabel()),
      m_start(new QPushButton(tr("Generate"))),
      m_stop(new QPushButton(tr("Stop"))) {
    setWindowTitle(tr("Generate samples"));
    setWindowModality(Qt::WindowModal);  // the model must not change meanwhile
    if (const RunInfo* run = m_book.active()) {
        m_seed->setText(QString::number(run->seed));
    }
    m_count->setAccessibleName(tr("Number of samples"));
    m_first->setAccessibleName(tr("First row"));
    m_first->setToolTip(tr("Row of the key to begin at: a sample follows from seed and row alone"));
    m_seed->setAccessibleName(tr("Seed of the samples"));
    m_seed->setToolTip(tr("A whole number, or a key SEED:STREAM as a sample on screen names it"));
    m_path->setAccessibleName(tr("File or folder"));
    m_progress->setVisible(false);
    m_stop->setEnabled(false);
    m_start->setDefault(true);
    m_stop->setAutoDefault(false);
    auto* form = new QFormLayout(this);
    form->addRow(tr("Samples"), beside({m_count, new QLabel(tr("from row")), m_first}));
    form->addRow(tr("Seed or key"), m_seed);
    auto* hint = new QLabel(
        tr("A sample follows from model, seed and row: ten are the first of a thousand, and the "
           "keys written beside them make each one again. The run pauses meanwhile. A name ending "
           "in .npz is an archive for NumPy, one without an ending a new folder."));
    hint->setWordWrap(true);
    hint->setForegroundRole(QPalette::PlaceholderText);
    form->addRow(hint);
    form->addRow(tr("File"), fileField(m_path, tr("Archive of NumPy (*.npz);;Folder (*)"), this));
    form->addRow(m_progress);
    form->addRow(m_message);
    form->addRow(beside({m_start, m_stop}));
    connect(m_start, &QPushButton::clicked, this, &SamplesDialog::start);
    connect(m_stop, &QPushButton::clicked, this, [this] {
        if (m_maker) {
            m_maker->stop();
        }
    });
    setMinimumWidth(480);
    fitHeight();
}

/// Wrapped words need more lines than a layout asks for by itself.
void SamplesDialog::fitHeight() {
    layout()->activate();
    const int wide = std::max(width(), minimumWidth());
    resize(wide, layout()->totalHeightForWidth(wide));
}

SamplesDialog::~SamplesDialog() {
    if (m_maker) {
        m_maker.reset();
        resumeRun();
    }
}

SampleQuestion SamplesDialog::question() const {
    SampleQuestion out;
    out.first = m_first->value();
    out.count = m_count->value();
    const QString text = m_seed->text().trimmed();
    if (text.contains(QLatin1Char(':'))) {
        out.key = keyOf(text.toStdString());
        return out;
    }
    bool number = false;
    out.seed = text.toULongLong(&number);
    if (!number) {
        throw UsageError(
            "the seed is a whole number from 0 to 18446744073709551615, or a key SEED:STREAM");
    }
    return out;
}

void SamplesDialog::start() {
    const RunInfo* run = m_book.active();
    const auto session = run ? m_bridge.sharedSession(run->source) : nullptr;
    if (m_maker) {
        return;
    }
    try {
        if (!session) {
            throw UsageError("there is no run to draw samples from; start one first");
        }
        const std::filesystem::path path = m_path->text().trimmed().toStdString();
        checkSampleFile(path);
        m_maker = std::make_unique<SampleMaker>(session, question(), path);
    } catch (const Error& error) {
        toIdle(QString::fromUtf8(error.what()));
        return;
    }
    m_source = run->source;
    connect(m_maker.get(), &SampleMaker::progressed, this, [this](qint64 made, qint64 total) {
        m_progress->setValue(static_cast<int>(1000 * made / total));
        m_progress->setFormat(tr("%1 of %2").arg(formatInteger(made)).arg(formatInteger(total)));
    });
    connect(m_maker.get(), &SampleMaker::finished, this,
            [this](const QString& problem, bool stopped) {
                const QString path = m_path->text().trimmed();
                const bool fine = problem.isEmpty() && !stopped;
                // The signal comes from the maker itself.
                m_maker.release()->deleteLater();
                resumeRun();
                toIdle(!problem.isEmpty() ? problem
                       : stopped          ? tr("Stopped; nothing was written.")
                                          : QString());
                if (fine) {
                    Q_EMIT written(path, m_count->value());
                    accept();
                }
            });
    say(m_message, {});
    m_progress->setRange(0, 1000);
    m_progress->setValue(0);
    m_progress->setFormat(tr("Waiting for the run …"));
    m_progress->setVisible(true);
    m_start->setEnabled(false);
    m_stop->setEnabled(true);
    fitHeight();
    pauseRun();
    m_maker->start();
}

void SamplesDialog::pauseRun() {
    m_paused.clear();
    const Frame* frame = m_bridge.activeFrame();
    for (std::size_t i = 0; frame && i < kClocks; ++i) {
        if (frame->snapshot->running[i]) {
            m_paused.push_back(static_cast<Clock>(i));
            m_book.pause(m_paused.back());
        }
    }
}

void SamplesDialog::resumeRun() {
    for (const Clock clock : std::exchange(m_paused, {})) {
        if (m_bridge.active() == m_source) {
            m_book.play(clock);
        }
    }
}

void SamplesDialog::toIdle(const QString& message) {
    say(m_message, message);
    m_progress->setVisible(false);
    m_start->setEnabled(true);
    m_stop->setEnabled(false);
    fitHeight();
}

/// Whoever closes the dialog while it works stops the work first.
void SamplesDialog::done(int result) {
    if (m_maker) {
        m_maker->stop();
        return;
    }
    QDialog::done(result);
}

}  // namespace lx::ui
