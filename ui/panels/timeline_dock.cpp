// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/timeline_dock.h"

#include "ui/bridge/session_bridge.h"
#include "ui/panels/panel_title.h"
#include "ui/shell/numbers.h"
#include "ui/shell/run_book.h"
#include "ui/shell/theme.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QSignalBlocker>
#include <QSlider>
#include <QStackedWidget>
#include <QTimer>
#include <QToolButton>

#include <algorithm>

namespace lx::ui {

namespace {
constexpr int kBarHeight = 26, kScrubWidth = 180, kLeastScrub = 70, kRingPollMs = 300;
}

TimelineDock::TimelineDock(RunBook& book, SessionBridge& bridge, QWidget* parent)
    : QDockWidget(tr("Timeline"), parent),
      m_book(book),
      m_bridge(bridge),
      m_tabs(new QTabBar),
      m_pages(new QStackedWidget),
      m_title(new QFrame),
      m_body(new QFrame) {
    setObjectName(QStringLiteral("dock.timeline"));
    m_title->setObjectName(QStringLiteral("timelineTitle"));
    m_title->setFixedHeight(currentTheme().px(kBarHeight));
    auto* row = new QHBoxLayout(m_title);
    row->setContentsMargins(1, 0, 4, 0);
    row->setSpacing(4);
    m_tabs->setExpanding(false);
    m_tabs->setUsesScrollButtons(true);
    m_tabs->setElideMode(Qt::ElideNone);
    m_tabs->setObjectName(QStringLiteral("timelineTabs"));
    m_tabs->setAccessibleName(tr("Timeline pages"));
    // Stretched: the hint of the bar knows nothing of the bold, wider selected tab.
    m_tabs->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    row->addWidget(m_tabs, 1, Qt::AlignBottom);
    auto* word = new QLabel(tr("scrub"));
    word->setProperty("quiet", true);
    word->setProperty("small", true);
    row->addWidget(word);
    m_scrub = new QSlider(Qt::Horizontal);
    m_scrub->setObjectName(QStringLiteral("scrub"));
    m_scrub->setAccessibleName(tr("Scrub over past states"));
    m_scrub->setFixedWidth(kScrubWidth);
    m_scrub->setEnabled(false);
    row->addWidget(m_scrub);
    const auto small = [&](const QString& name) {
        auto* button = new QToolButton;
        button->setToolTip(name);
        button->setAccessibleName(name);
        button->setFocusPolicy(Qt::TabFocus);
        row->addWidget(button);
        return button;
    };
    m_fold = small(tr("Fold to the tabs"));
    m_float = small(tr("Float or dock"));
    connect(m_fold, &QToolButton::clicked, this, [this] { setCollapsed(!m_collapsed); });
    connect(m_float, &QToolButton::clicked, this, [this] { setFloating(!isFloating()); });
    m_titleFrame = withMargins(m_title, {0, 0, 0, 0});
    setTitleBarWidget(m_titleFrame);

    m_body->setObjectName(QStringLiteral("panelBody"));
    auto* box = new QVBoxLayout(m_body);
    box->setContentsMargins(1, 0, 1, 1);
    box->addWidget(m_pages);
    setWidget(withMargins(m_body, {0, 0, 0, 4}));

    connect(m_tabs, &QTabBar::currentChanged, m_pages, &QStackedWidget::setCurrentIndex);
    connect(m_tabs, &QTabBar::tabBarClicked, this, [this] {
        if (m_collapsed) {
            setCollapsed(false);
        }
    });
    connect(m_scrub, &QSlider::valueChanged, this, &TimelineDock::onScrub);
    connect(&m_bridge, &SessionBridge::activeChanged, this, &TimelineDock::refreshScrub);
    auto* timer = new QTimer(this);
    connect(timer, &QTimer::timeout, this, &TimelineDock::refreshScrub);
    timer->start(kRingPollMs);
    refreshTheme();
}

void TimelineDock::setPages(const std::vector<std::pair<QString, QWidget*>>& pages) {
    const QString before =
        m_tabs->currentIndex() < 0 ? QString() : m_tabs->tabText(m_tabs->currentIndex());
    // A lone log at the start is no choice of a person.
    const bool hadSeveral = m_tabs->count() > 1;
    const QSignalBlocker quiet(m_tabs);
    while (m_tabs->count() > 0) {
        m_tabs->removeTab(0);
    }
    while (m_pages->count() > 0) {
        QWidget* page = m_pages->widget(0);
        m_pages->removeWidget(page);
        page->setParent(nullptr);
    }
    int current = 0;
    for (const auto& [name, page] : pages) {
        const int at = m_tabs->addTab(name);
        m_pages->addWidget(page);
        current = name == before && hadSeveral ? at : current;
    }
    m_tabs->setCurrentIndex(current);
    m_pages->setCurrentIndex(current);
}

QWidget* TimelineDock::page(int index) const {
    return m_pages->widget(index);
}

void TimelineDock::setCollapsed(bool collapsed) {
    if (collapsed == m_collapsed) {
        return;
    }
    m_collapsed = collapsed;
    // The dock's own widget stays: a hidden one would limit the dock's width as well.
    m_body->setVisible(!collapsed);
    widget()->setMaximumHeight(collapsed ? 0 : QWIDGETSIZE_MAX);
    if (collapsed) {
        setFixedHeight(m_title->height() + 4);
    } else {
        setMinimumHeight(0);
        setMaximumHeight(QWIDGETSIZE_MAX);
    }
    m_titleFrame->layout()->setContentsMargins(0, 0, 0, collapsed ? 4 : 0);
    refreshTheme();
}

void TimelineDock::refreshTheme() {
    const Theme& theme = currentTheme();
    m_title->setFixedHeight(theme.px(kBarHeight));
    for (QToolButton* button : {m_float, m_fold}) {
        button->setFixedSize(theme.px(20), theme.px(20));
        button->setIconSize({theme.px(14), theme.px(14)});
    }
    m_float->setIcon(theme.icon(QStringLiteral("float"), theme.secondary));
    m_fold->setIcon(
        theme.icon(m_collapsed ? QStringLiteral("chevron-up") : QStringLiteral("chevron-down"),
                   theme.secondary));
    if (m_collapsed) {
        setFixedHeight(m_title->height() + 4);
    }
    m_fold->setToolTip(m_collapsed ? tr("Open") : tr("Fold to the tabs"));
}

void TimelineDock::refreshScrub() {
    // The tabs come first: the slider is short where they need the room.
    int taken = m_fold->width() + m_float->width() +
                m_scrub->fontMetrics().horizontalAdvance(tr("scrub")) + 48;
    for (int i = 0; i < m_tabs->count(); ++i) {
        taken += m_tabs->tabRect(i).width();
    }
    m_scrub->setFixedWidth(std::clamp(m_title->width() - taken, kLeastScrub, kScrubWidth));
    const Session* session = m_bridge.session(m_bridge.active());
    const Frame* frame = m_bridge.activeFrame();
    m_steps.clear();
    if (session) {
        const auto steps = session->ring().second;
        m_steps.assign(steps.begin(), steps.end());
    }
    const RunInfo* run = m_book.active();
    const auto clock = static_cast<std::size_t>(run ? run->recipe.clock : Clock::Train);
    const QSignalBlocker quiet(m_scrub);
    m_scrub->setEnabled(m_steps.size() > 1);
    m_scrub->setToolTip(m_steps.size() > 1 ? tr("Show a past state: %1 kept, from step %2")
                                                 .arg(m_steps.size())
                                                 .arg(formatInteger(m_steps.front()))
                                           : tr("Past states appear here once training has run."));
    if (m_scrub->isSliderDown() || !frame) {
        return;
    }
    // The last position is the head, which moves on while training runs.
    m_scrub->setRange(0, static_cast<int>(m_steps.size()));
    int position = static_cast<int>(m_steps.size());
    if (frame->snapshot->scrubbed) {
        const auto at = std::ranges::lower_bound(m_steps, frame->snapshot->step[clock]);
        position = static_cast<int>(at - m_steps.begin());
    }
    m_scrub->setValue(position);
}

void TimelineDock::onScrub(int position) {
    const RunInfo* run = m_book.active();
    const Frame* frame = m_bridge.activeFrame();
    if (!run || !frame) {
        return;
    }
    const Clock clock = run->recipe.clock;
    const Index head = frame->snapshot->head[static_cast<std::size_t>(clock)];
    const bool last = position >= static_cast<int>(m_steps.size());
    m_bridge.post(cmd::Scrub{clock, last ? head + 1 : m_steps[static_cast<std::size_t>(position)]},
                  "scrub");
}

void TimelineDock::scrubBy(int direction) {
    refreshScrub();
    m_scrub->setValue(m_scrub->value() + direction);
}

void TimelineDock::scrubToEnd(bool newest) {
    refreshScrub();
    m_scrub->setValue(newest ? m_scrub->maximum() : 0);
}

}  // namespace lx::ui
