// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/layer_list.h"

#include "ui/viewport/scene_widget.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QListWidget>
#include <QShortcut>
#include <QSignalBlocker>
#include <QSlider>
#include <QTimer>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace lx::ui {
namespace {

constexpr int kRefreshMs = 300;
constexpr int kIdRole = Qt::UserRole;

}  // namespace

LayerList::LayerList(SceneWidget* scene, const QString& title, QWidget* parent)
    : QWidget(parent, Qt::Tool),
      m_scene(scene),
      m_list(new QListWidget),
      m_opacity(new QSlider(Qt::Horizontal)),
      m_percent(new QLabel),
      m_up(new QToolButton),
      m_down(new QToolButton) {
    const Theme& theme = currentTheme();
    setAttribute(Qt::WA_DeleteOnClose);
    setObjectName(QStringLiteral("layerList"));
    setWindowTitle(tr("Layers of %1").arg(title));
    setAccessibleName(windowTitle());
    resize(theme.px(280), theme.px(300));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(8, 8, 8, 8);
    m_list->setAccessibleName(tr("Layers, uppermost first"));
    column->addWidget(m_list, 1);
    auto* row = new QHBoxLayout;
    auto* word = new QLabel(tr("Opacity"));
    word->setBuddy(m_opacity);
    m_opacity->setRange(0, 100);
    m_opacity->setPageStep(10);
    m_opacity->setAccessibleName(tr("Opacity of the selected layer in percent"));
    m_percent->setMinimumWidth(theme.px(44));
    m_percent->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    row->addWidget(word);
    row->addWidget(m_opacity, 1);
    row->addWidget(m_percent);
    const auto arrow = [&](QToolButton* button, const char* icon, const QString& name, int by,
                           const char* key) {
        button->setIcon(theme.icon(QLatin1String(icon), theme.text));
        button->setToolTip(QStringLiteral("%1 (%2)").arg(name, QLatin1String(key)));
        button->setAccessibleName(name);
        row->addWidget(button);
        connect(button, &QToolButton::clicked, this, [this, by] { move(by); });
        auto* keys = new QShortcut(QKeySequence(QLatin1String(key)), this);
        connect(keys, &QShortcut::activated, button, &QToolButton::click);
    };
    arrow(m_up, "chevron-up", tr("Draw above the next"), 1, "Alt+Up");
    arrow(m_down, "chevron-down", tr("Draw below the next"), -1, "Alt+Down");
    column->addLayout(row);
    connect(m_list, &QListWidget::currentRowChanged, this, &LayerList::showCurrent);
    connect(m_list, &QListWidget::itemChanged, this, [this](const QListWidgetItem* item) {
        if (m_scene) {
            PartStyle style = styleOf(m_scene->figure().choices, item->data(kIdRole).toString());
            style.visible = item->checkState() == Qt::Checked;
            m_scene->setPart(style);
        }
    });
    connect(m_opacity, &QSlider::valueChanged, this, [this](int percent) {
        if (m_scene && !current().isEmpty()) {
            PartStyle style = styleOf(m_scene->figure().choices, current());
            style.opacity = percent / 100.0;
            m_scene->setPart(style);
        }
    });
    connect(scene, &SceneWidget::partsChanged, this, &LayerList::refresh);
    connect(scene, &QObject::destroyed, this, &QWidget::close);
    // Views renew their layers as data come; the list looks now and then instead of every time.
    auto* timer = new QTimer(this);
    connect(timer, &QTimer::timeout, this, &LayerList::refresh);
    timer->start(kRefreshMs);
    refresh();
    m_list->setCurrentRow(0);
}

QString LayerList::current() const {
    const QListWidgetItem* item = m_list->currentItem();
    return item ? item->data(kIdRole).toString() : QString();
}

void LayerList::refresh() {
    if (!m_scene) {
        return;
    }
    const std::vector<PartRow> rows = m_scene->parts();
    const QString selected = current();
    const QSignalBlocker quiet(m_list);
    while (m_list->count() > static_cast<int>(rows.size())) {
        delete m_list->takeItem(m_list->count() - 1);
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (static_cast<int>(i) == m_list->count()) {
            m_list->addItem(new QListWidgetItem);
        }
        QListWidgetItem* item = m_list->item(static_cast<int>(i));
        item->setText(rows[i].name);
        item->setData(kIdRole, rows[i].id);
        item->setFlags(Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemIsUserCheckable);
        item->setCheckState(rows[i].visible ? Qt::Checked : Qt::Unchecked);
        if (rows[i].id == selected) {
            m_list->setCurrentRow(static_cast<int>(i));
        }
    }
    showCurrent();
}

void LayerList::showCurrent() {
    if (!m_scene) {
        return;
    }
    const std::vector<PartRow> rows = m_scene->parts();
    const auto at = std::ranges::find(rows, current(), &PartRow::id);
    const bool there = at != rows.end();
    const int percent = there ? static_cast<int>(std::lround(100 * at->opacity)) : 100;
    const QSignalBlocker quiet(m_opacity);
    m_opacity->setEnabled(there);
    m_opacity->setValue(percent);
    m_percent->setText(tr("%1 %").arg(percent));
    m_up->setEnabled(there && at->canRise);
    m_down->setEnabled(there && at->canSink);
}

void LayerList::move(int by) {
    if (m_scene && !current().isEmpty()) {
        m_scene->movePart(current(), by);
    }
}

}  // namespace lx::ui
