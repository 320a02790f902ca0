// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/panel_title.h"

#include "ui/shell/theme.h"

#include <QHBoxLayout>
#include <QPainter>
#include <QVBoxLayout>

#include <algorithm>

namespace lx::ui {

ElidedLabel::ElidedLabel(QWidget* parent) : QLabel(parent) {
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
}

void ElidedLabel::setFullText(const QString& text) {
    if (text != m_full) {
        m_full = text;
        setAccessibleName(text);
        setToolTip(text);
        updateGeometry();
        update();
    }
}

void ElidedLabel::setDropsClauses(bool on) {
    m_dropsClauses = on;
    update();
}

QSize ElidedLabel::minimumSizeHint() const {
    return {24, QLabel::minimumSizeHint().height()};
}

QString ElidedLabel::shown() const {
    const int width = contentsRect().width();
    for (QString text = m_full;;) {
        if (fontMetrics().horizontalAdvance(text) <= width) {
            return text;
        }
        const auto cut = std::max(text.lastIndexOf(QStringLiteral(", ")),
                                  text.lastIndexOf(QStringLiteral(": ")));
        if (!m_dropsClauses || cut <= 0) {
            return fontMetrics().elidedText(text, Qt::ElideRight, width);
        }
        text.truncate(cut);
    }
}

void ElidedLabel::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setPen(palette().color(QPalette::WindowText));
    painter.drawText(contentsRect(), Qt::AlignVCenter | Qt::AlignLeft, shown());
}

PanelTitle::PanelTitle(const QString& title, QWidget* parent)
    : QFrame(parent), m_title(new ElidedLabel), m_row(new QHBoxLayout(this)) {
    setObjectName(QStringLiteral("panelTitle"));
    setFixedHeight(currentTheme().px(24));
    m_row->setContentsMargins(8, 0, 4, 0);
    m_row->setSpacing(2);
    m_title->setDropsClauses(true);
    m_row->addWidget(m_title, 1);
    setTitle(title);
}

void PanelTitle::setTitle(const QString& title) {
    m_title->setFullText(title);
}

QToolButton* PanelTitle::addButton(const QString& icon, const QString& name) {
    auto* button = new QToolButton;
    button->setToolTip(name);
    button->setAccessibleName(name);
    button->setFocusPolicy(Qt::TabFocus);
    m_row->addWidget(button);
    m_buttons.emplace_back(button, icon);
    refreshIcons();
    return button;
}

void PanelTitle::refreshIcons() {
    const Theme& theme = currentTheme();
    setFixedHeight(theme.px(24));
    for (const auto& [button, icon] : m_buttons) {
        button->setFixedSize(theme.px(20), theme.px(20));
        button->setIconSize({theme.px(14), theme.px(14)});
        button->setIcon(theme.icon(icon, theme.secondary));
    }
}

QWidget* withMargins(QWidget* content, QMargins margins) {
    auto* frame = new QWidget;
    auto* box = new QVBoxLayout(frame);
    box->setContentsMargins(margins);
    box->setSpacing(0);
    box->addWidget(content);
    return frame;
}

PanelDock::PanelDock(const QString& name, const QString& title, QWidget* content, QMargins margins,
                     QWidget* parent)
    : QDockWidget(title, parent) {
    setObjectName(name);
    auto* body = new QFrame;
    body->setObjectName(QStringLiteral("panelBody"));
    auto* box = new QVBoxLayout(body);
    box->setContentsMargins(1, 0, 1, 1);
    box->setSpacing(0);
    box->addWidget(content);
    setWidget(withMargins(body, {margins.left(), 0, margins.right(), margins.bottom()}));
    m_title = new PanelTitle(title);
    auto* floating = m_title->addButton(QStringLiteral("float"), QStringLiteral("Float or dock"));
    auto* close = m_title->addButton(QStringLiteral("close"), QStringLiteral("Hide"));
    connect(floating, &QToolButton::clicked, this, [this] { setFloating(!isFloating()); });
    connect(close, &QToolButton::clicked, this, &QDockWidget::close);
    setTitleBarWidget(withMargins(m_title, {margins.left(), margins.top(), margins.right(), 0}));
}

}  // namespace lx::ui
