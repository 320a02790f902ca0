// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/transport_bar.h"

#include "ui/bridge/session_bridge.h"
#include "ui/shell/actions.h"
#include "ui/shell/numbers.h"
#include "ui/shell/run_book.h"
#include "ui/shell/theme.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QSignalBlocker>
#include <QSlider>
#include <QToolButton>

#include <algorithm>
#include <cmath>

namespace lx::ui {

namespace {

constexpr std::array<const char*, kClocks> kClockNames{"Train", "Sample", "Diffuse"};
/// Slider 0 .. 100: 0.1 to 1000 steps a second on a logarithmic scale, the end is "max".
constexpr int kSpeedMax = 100;
/// Width of the slider in pixels, with texts on the buttons and without.
constexpr int kSpeedWidth = 104, kNarrowSpeed = 72;

double speedOf(int slider) {
    return slider >= kSpeedMax ? 0 : 0.1 * std::pow(10.0, 4.0 * slider / (kSpeedMax - 1));
}

/// In one unit: it is an estimate, and the row is short.
QString roughDuration(double seconds) {
    if (seconds < 60) {
        return QStringLiteral("%1 s").arg(static_cast<int>(seconds + 0.5));
    }
    const bool minutes = seconds < 6000;
    const double value = seconds / (minutes ? 60 : 3600);
    return value < 1e4 ? QStringLiteral("%1 %2")
                             .arg(static_cast<int>(value + 0.5))
                             .arg(minutes ? QStringLiteral("min") : QStringLiteral("h"))
                       : QStringLiteral("over a year");
}

}  // namespace

TransportBar::TransportBar(Actions& actions, RunBook& book, SessionBridge& bridge, QWidget* parent)
    : QFrame(parent), m_actions(actions), m_book(book), m_bridge(bridge) {
    setObjectName(QStringLiteral("transport"));
    setFixedHeight(currentTheme().px(44));
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(8, 0, 8, 0);
    row->setSpacing(4);

    m_clockButton = new QToolButton;
    m_clockButton->setObjectName(QStringLiteral("clock"));
    m_clockButton->setProperty("bordered", true);
    m_clockButton->setPopupMode(QToolButton::InstantPopup);
    m_clockButton->setAccessibleName(QStringLiteral("Active clock"));
    m_clockMenu = new QMenu(this);
    for (const char* id : {"clock.train", "clock.sample", "clock.diffuse"}) {
        m_clockMenu->addAction(m_actions.at(QLatin1String(id)));
    }
    m_clockMenu->setToolTipsVisible(true);
    m_clockButton->setMenu(m_clockMenu);
    row->addWidget(m_clockButton);
    button(QStringLiteral("transport.restart"), QStringLiteral("restart"), false);
    button(QStringLiteral("transport.back"), QStringLiteral("step-back"), false);
    m_play = button(QStringLiteral("transport.play"), QStringLiteral("play"), true);
    m_play->setObjectName(QStringLiteral("play"));
    button(QStringLiteral("transport.step"), QStringLiteral("step-forward"), false);

    m_speedLabel = new QLabel(QStringLiteral("speed"));
    m_speedLabel->setContentsMargins(8, 0, 4, 0);
    row->addWidget(m_speedLabel);
    m_speed = new QSlider(Qt::Horizontal);
    m_speed->setObjectName(QStringLiteral("speed"));
    m_speed->setRange(0, kSpeedMax);
    m_speed->setValue(kSpeedMax);
    m_speed->setFixedWidth(kSpeedWidth);
    m_speed->setAccessibleName(QStringLiteral("Speed in steps per second"));
    row->addWidget(m_speed);
    connect(m_speed, &QSlider::valueChanged, this, &TransportBar::postSpeed);

    m_step = new QToolButton;
    m_step->setObjectName(QStringLiteral("step"));
    m_step->setPopupMode(QToolButton::InstantPopup);
    m_step->setAccessibleName(QStringLiteral("Step and where to stop"));
    m_step->setToolTip(QStringLiteral("Where to stop: run to a step, or for some seconds"));
    m_runMenu = new QMenu(this);
    m_step->setMenu(m_runMenu);
    row->addWidget(m_step);
    m_remaining = new QLabel;
    m_remaining->setProperty("quiet", true);
    row->addWidget(m_remaining);

    addLine();
    button(QStringLiteral("tool.select"), QStringLiteral("select"), true);
    button(QStringLiteral("tool.probe"), QStringLiteral("probe"), true);
    button(QStringLiteral("tool.geodesic"), QStringLiteral("geodesic"), true);
    button(QStringLiteral("tool.brush"), QStringLiteral("brush"), true);
    addLine();
    button(QStringLiteral("run.compare"), QStringLiteral("compare"), true);
    button(QStringLiteral("file.export"), QStringLiteral("export"), true)
        ->defaultAction()
        ->setIconText(QStringLiteral("Export"));
    row->addStretch(1);

    m_layout = new QToolButton;
    m_layout->setObjectName(QStringLiteral("layout"));
    m_layout->setProperty("bordered", true);
    m_layout->setPopupMode(QToolButton::InstantPopup);
    m_layout->setAccessibleName(QStringLiteral("Layout of the window"));
    m_layoutMenu = new QMenu(this);
    m_layout->setMenu(m_layoutMenu);
    row->addWidget(m_layout);

    connect(&m_bridge, &SessionBridge::snapshotChanged, this, &TransportBar::refresh);
    connect(&m_bridge, &SessionBridge::activeChanged, this, &TransportBar::refresh);
    connect(&m_book, &RunBook::runsChanged, this, &TransportBar::refresh);
    refreshTheme();
    refresh();
}

QToolButton* TransportBar::button(const QString& actionId, const QString& icon, bool withText) {
    auto* made = new QToolButton;
    QAction* action = m_actions.at(actionId);
    made->setDefaultAction(action);
    made->setObjectName(actionId);
    made->setAccessibleName(action->text().remove(QLatin1Char('&')));
    made->setIconSize({16, 16});
    made->setFocusPolicy(Qt::TabFocus);
    made->setToolButtonStyle(withText ? Qt::ToolButtonTextBesideIcon : Qt::ToolButtonIconOnly);
    layout()->addWidget(made);
    m_tinted.push_back({made, icon, withText});
    return made;
}

void TransportBar::addLine() {
    auto* line = new QFrame;
    line->setProperty("line", true);
    line->setFixedSize(1, 20);
    auto* row = static_cast<QHBoxLayout*>(layout());
    row->addSpacing(6);
    row->addWidget(line);
    row->addSpacing(6);
}

void TransportBar::refreshTheme() {
    const Theme& theme = currentTheme();
    setFixedHeight(theme.px(44));
    m_play->setFixedWidth(theme.px(104));
    for (const Tinted& item : m_tinted) {
        item.button->setIconSize({theme.px(16), theme.px(16)});
        if (item.button != m_play) {
            item.button->defaultAction()->setIcon(theme.icon(item.icon));
        }
    }
    refresh();
    m_play->defaultAction()->setIcon(
        theme.icon(running() ? QStringLiteral("pause") : QStringLiteral("play"), theme.onAccent));
    fit();
}

void TransportBar::setClock(Clock clock) {
    if (clock != m_clock) {
        m_clock = clock;
        refresh();
        Q_EMIT clockChanged();
    }
}

bool TransportBar::running() const {
    const Frame* frame = m_bridge.activeFrame();
    return frame && frame->snapshot->running[static_cast<std::size_t>(m_clock)];
}

int TransportBar::fullWidth() const {
    // Without texts the rest of the row needs what it needs now.
    int missing = 0;
    for (const Tinted& item : m_tinted) {
        if (m_compact && item.text && item.button != m_play) {
            missing += item.button->fontMetrics().horizontalAdvance(
                           item.button->defaultAction()->iconText()) +
                       8;
        }
    }
    return layout()->sizeHint().width() + missing + (m_compact ? kSpeedWidth - kNarrowSpeed : 0);
}

void TransportBar::setCompact(bool compact) {
    m_narrowWindow = compact;
    fit();
}

void TransportBar::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    fit();
}

void TransportBar::fit() {
    for (QWidget* widget : dispensable()) {
        widget->show();
    }
    setTexts(m_narrowWindow || width() < fullWidth());
    for (QWidget* widget : dispensable()) {
        layout()->invalidate();
        if (layout()->minimumSize().width() <= width()) {
            break;
        }
        widget->hide();
    }
}

std::vector<QWidget*> TransportBar::dispensable() const {
    std::vector<QWidget*> out{m_remaining, m_speedLabel, m_speed};
    for (const char* id : {"tool.brush", "tool.geodesic", "file.export", "run.compare",
                           "transport.back", "transport.restart"}) {
        for (const Tinted& item : m_tinted) {
            if (item.button->objectName() == QLatin1String(id)) {
                out.push_back(item.button);
            }
        }
    }
    out.push_back(m_layout);
    for (const Tinted& item : m_tinted) {
        if (item.button->objectName() == QLatin1String("tool.select") ||
            item.button->objectName() == QLatin1String("tool.probe")) {
            out.push_back(item.button);
        }
    }
    out.push_back(m_clockButton);
    return out;
}

void TransportBar::setTexts(bool compact) {
    if (compact == m_compact) {
        return;
    }
    m_compact = compact;
    for (const Tinted& item : m_tinted) {
        if (item.text && item.button != m_play) {
            item.button->setToolButtonStyle(compact ? Qt::ToolButtonIconOnly
                                                    : Qt::ToolButtonTextBesideIcon);
        }
    }
    m_speed->setFixedWidth(compact ? kNarrowSpeed : kSpeedWidth);
}

void TransportBar::setLayoutName(const QString& name) {
    m_layout->setText(QStringLiteral("Layout: %1 ▾").arg(name));
}

void TransportBar::refresh() {
    const auto at = static_cast<std::size_t>(m_clock);
    m_clockButton->setText(QStringLiteral("Clock: %1 ▾").arg(QLatin1String(kClockNames.at(at))));
    const Frame* frame = m_bridge.activeFrame();
    const RunInfo* run = m_book.active();
    const bool on = running();
    QAction* play = m_play->defaultAction();
    const Index step = frame ? frame->snapshot->step[at] : 0;
    const QString label = on          ? QStringLiteral("Pause")
                          : step == 0 ? QStringLiteral("Play")
                                      : QStringLiteral("Resume");
    if (play->text() != label) {
        play->setText(label);
        play->setToolTip(label + QStringLiteral(" (Space)"));
        m_play->setAccessibleName(label);
        play->setIcon(currentTheme().icon(on ? QStringLiteral("pause") : QStringLiteral("play"),
                                          currentTheme().onAccent));
        const int width = currentTheme().px(104);
        m_play->setFixedWidth(width);
    }
    const QString reason = run ? QString::fromStdString(run->description.fixed)
                               : QStringLiteral("No run is open yet.");
    for (const char* id : {"transport.play", "transport.step", "transport.back", "transport.on",
                           "transport.restart"}) {
        m_actions.setReason(QLatin1String(id), reason);
    }
    m_speed->setEnabled(reason.isEmpty());
    m_step->setEnabled(reason.isEmpty());

    const bool limited = run && run->until > 0 && m_clock == run->recipe.clock;
    QString text = QStringLiteral("step ") + formatInteger(step);
    if (limited) {
        text += QStringLiteral(" of ") + formatInteger(run->until);
    }
    m_step->setText(text);
    // A counter that grows must not push the tools about.
    const QString widest =
        limited ? QStringLiteral("step %1 of %1").arg(formatInteger(run->until)) : text;
    const int needed = m_step->fontMetrics().horizontalAdvance(widest) + 20;
    if (needed != m_step->minimumWidth()) {
        m_step->setMinimumWidth(needed);
        fit();
    }
    // The longest that it says with minutes: the tools beside it stay where they are.
    m_remaining->setFixedWidth(
        m_remaining->fontMetrics().horizontalAdvance(QStringLiteral("00 min left")));
    const double rate = frame ? frame->snapshot->stepsPerSecond[at] : 0;
    m_remaining->setText(on && limited && rate > 0 && run->until > step
                             ? roughDuration(static_cast<double>(run->until - step) / rate) +
                                   QStringLiteral(" left")
                             : QString());
}

void TransportBar::setSpeed(double stepsPerSecond) {
    const QSignalBlocker quiet(m_speed);
    const double place = (kSpeedMax - 1) * std::log10(std::max(stepsPerSecond, 0.1) / 0.1) / 4.0;
    m_speed->setValue(stepsPerSecond <= 0
                          ? kSpeedMax
                          : std::min(static_cast<int>(std::lround(place)), kSpeedMax));
    postSpeed();
}

void TransportBar::postSpeed() {
    const double speed = speedOf(m_speed->value());
    m_bridge.post(cmd::Speed{m_clock, speed}, "speed");
    m_speed->setToolTip(speed == 0 ? QStringLiteral("As fast as possible")
                                   : formatShort(speed, 2) + QStringLiteral(" steps a second"));
}

}  // namespace lx::ui
