// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/status_strip.h"

#include "ui/bridge/session_bridge.h"
#include "ui/panels/panel_title.h"
#include "ui/shell/app_services.h"
#include "ui/shell/numbers.h"
#include "ui/shell/run_book.h"

#include <QActionGroup>
#include <QFile>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QTimer>
#include <QToolButton>

#include <algorithm>

#include <unistd.h>

namespace lx::ui {

namespace {

constexpr int kRefreshMs = 250, kMessageTicks = 32;

/// Resident memory of the process in bytes; 0 where /proc is absent.
double residentBytes() {
    QFile file(QStringLiteral("/proc/self/statm"));
    if (!file.open(QIODevice::ReadOnly)) {
        return 0;
    }
    const auto fields = file.readAll().split(' ');
    return fields.size() > 1 ? fields[1].toDouble() * static_cast<double>(sysconf(_SC_PAGESIZE))
                             : 0;
}

/// 8.9 M chain-steps/s
QString rateText(double rate) {
    const bool million = rate >= 1e6, thousand = !million && rate >= 1e4;
    const double shown = rate / (million ? 1e6 : thousand ? 1e3 : 1);
    return formatFixed(shown, shown < 10 && (million || thousand) ? 1 : 0) +
           (million    ? QStringLiteral(" M")
            : thousand ? QStringLiteral(" k")
                       : QString()) +
           QStringLiteral(" chain-steps/s");
}

}  // namespace

StatusStrip::Pair StatusStrip::pair(const QString& name) {
    Pair made{new QLabel(name), new QLabel};
    made.name->setProperty("quiet", true);
    made.name->setProperty("small", true);
    made.value->setProperty("small", true);
    made.value->setTextInteractionFlags(Qt::TextSelectableByMouse);
    auto* box = static_cast<QHBoxLayout*>(layout());
    box->addWidget(made.name);
    box->addSpacing(4);
    box->addWidget(made.value);
    box->addSpacing(20);
    return made;
}

StatusStrip::StatusStrip(AppServices& services, RunBook& book, SessionBridge& bridge,
                         QWidget* parent)
    : QWidget(parent), m_services(services), m_book(book), m_bridge(bridge) {
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(8, 0, 8, 0);
    row->setSpacing(0);
    m_step = pair(QStringLiteral("Training"));
    m_frame = pair(QStringLiteral("Frame"));
    m_memory = pair(QStringLiteral("Memory"));
    m_seed = pair(QStringLiteral("Seed"));
    m_deviceName = new QLabel(QStringLiteral("Device"));
    m_deviceName->setProperty("quiet", true);
    m_deviceName->setProperty("small", true);
    row->addWidget(m_deviceName);
    m_device = new QToolButton;
    m_device->setObjectName(QStringLiteral("device"));
    m_device->setAccessibleName(QStringLiteral("Device and threads"));
    m_device->setToolTip(QStringLiteral("Choose the device and the number of threads"));
    m_device->setPopupMode(QToolButton::InstantPopup);
    m_deviceMenu = new QMenu(this);
    m_device->setMenu(m_deviceMenu);
    row->addWidget(m_device);
    row->addSpacing(16);
    m_gradients = pair(QStringLiteral("Gradients"));
    m_bound = pair(QStringLiteral("Bound"));
    m_message = new ElidedLabel;
    m_message->setProperty("quiet", true);
    m_message->setProperty("small", true);
    row->addWidget(m_message, 1);
    rebuildDevices();
    auto* timer = new QTimer(this);
    connect(timer, &QTimer::timeout, this, &StatusStrip::refresh);
    timer->start(kRefreshMs);
    refresh();
}

void StatusStrip::rebuildDevices() {
    m_deviceMenu->clear();
    m_deviceMenu->addSection(QStringLiteral("Device"));
    auto* devices = new QActionGroup(m_deviceMenu);
    for (const std::string& id :
         m_services.devices ? m_services.devices() : std::vector<std::string>{"cpu"}) {
        QAction* action = m_deviceMenu->addAction(QString::fromStdString(id).toUpper());
        action->setCheckable(true);
        action->setChecked(id == m_services.device);
        devices->addAction(action);
        connect(action, &QAction::triggered, this, [this, id] {
            try {
                if (m_services.setDevice) {
                    m_services.setDevice(id);
                }
                m_services.device = id;
                say(QStringLiteral("The next run uses %1.").arg(QString::fromStdString(id)));
            } catch (const std::exception& error) {
                say(QString::fromUtf8(error.what()));
            }
            rebuildDevices();
        });
    }
    m_deviceMenu->addSection(QStringLiteral("Threads"));
    auto* threads = new QActionGroup(m_deviceMenu);
    for (int n = 1; n <= m_services.maxThreads; n = n < 4 ? n + 1 : n * 2) {
        QAction* action = m_deviceMenu->addAction(QString::number(n));
        action->setCheckable(true);
        action->setChecked(n == m_services.threads);
        threads->addAction(action);
        connect(action, &QAction::triggered, this, [this, n] {
            if (m_services.setThreads) {
                m_services.setThreads(n);
            }
            m_services.threads = n;
            refresh();
        });
    }
    if (m_services.setRingBytes) {
        m_deviceMenu->addSection(QStringLiteral("Memory for scrubbing"));
        auto* memory = new QActionGroup(m_deviceMenu);
        for (const std::size_t mb : {64U, 256U, 1024U, 4096U}) {
            QAction* action = m_deviceMenu->addAction(formatBytes(static_cast<double>(mb) * 1e6));
            action->setCheckable(true);
            action->setChecked(m_services.ringBytes == mb << 20);
            memory->addAction(action);
            connect(action, &QAction::triggered, this, [this, mb] {
                m_services.ringBytes = mb << 20;
                m_services.setRingBytes(mb << 20);
            });
        }
    }
}

void StatusStrip::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    fit();
}

void StatusStrip::fit() {
    constexpr int kGaps = 16 + 7 * 24 + 8;  // of the row, of its pairs, and to spare
    struct Part {
        QWidget *name, *value;
        bool wanted = true;
    };
    // First what goes last: the device is a menu, the rest can be read elsewhere too.
    const Part parts[] = {
        {m_step.name, m_step.value},
        {m_deviceName, m_device},
        {m_bound.name, m_bound.value, !m_bound.value->text().isEmpty()},
        {m_gradients.name, m_gradients.value, !m_gradients.value->text().isEmpty()},
        {m_seed.name, m_seed.value},
        {m_memory.name, m_memory.value},
        {m_frame.name, m_frame.value}};
    int room = width() - kGaps;
    for (const Part& part : parts) {
        const int needed = part.name->sizeHint().width() + part.value->sizeHint().width();
        const bool shown = part.wanted && needed <= room;
        room -= part.wanted ? needed : 0;  // what comes after one that is left out is left out
        part.name->setVisible(shown);
        part.value->setVisible(shown);
    }
}

void StatusStrip::say(const QString& message) {
    m_message->setFullText(message);
    m_quietAfter = kMessageTicks;
}

void StatusStrip::refresh() {
    const Frame* frame = m_bridge.activeFrame();
    const RunInfo* run = m_book.active();
    const auto clock = static_cast<std::size_t>(run ? run->recipe.clock : Clock::Train);
    const double rate = frame ? frame->snapshot->stepsPerSecond[clock] : 0;
    const bool running = frame && frame->snapshot->running[clock];
    m_step.name->setText(clock == 1 ? QStringLiteral("Sampling") : QStringLiteral("Training"));
    const auto count = run ? run->params.find("sampler.chains") : ParamSet::const_iterator{};
    const bool chains = clock == 1 && run && count != run->params.end() &&
                        std::holds_alternative<Index>(count->second);
    const double perStep = chains ? static_cast<double>(std::get<Index>(count->second)) : 1;
    const auto gradients = chains ? m_bridge.lastValue(frame ? frame->source : kNoRun, "gradients")
                                  : std::optional<double>();
    m_gradients.name->setVisible(gradients.has_value());
    m_gradients.value->setText(gradients ? formatInteger(static_cast<Index>(*gradients))
                                         : QString());
    m_step.value->setText(!running    ? QStringLiteral("paused")
                          : rate <= 0 ? QStringLiteral("…")
                          : chains    ? rateText(rate * perStep)
                                      : formatFixed(1000 / rate, rate > 100 ? 2 : 1) +
                                         QStringLiteral(" ms/step"));
    m_frame.value->setText(formatFixed(m_frameMs, 1) + QStringLiteral(" ms"));
    m_memory.value->setText(formatBytes(residentBytes()));
    m_seed.value->setText(run ? QString::number(run->seed) : QStringLiteral("–"));
    m_device->setText(QStringLiteral("%1, %2 thread%3")
                          .arg(QString::fromStdString(m_services.device).toUpper())
                          .arg(m_services.threads)
                          .arg(m_services.threads == 1 ? QString() : QStringLiteral("s")));
    QString bound;
    if (const auto value = frame ? m_bridge.bound(frame->source) : std::nullopt) {
        bound = formatFixed(*value, 1) + QStringLiteral(" nats");
    }
    m_bound.value->setText(bound);
    fit();
    if (m_quietAfter > 0 && --m_quietAfter == 0) {
        m_message->setFullText({});
    }
}

}  // namespace lx::ui
