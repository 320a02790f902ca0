// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/linked_panes.h"

#include <QPainter>
#include <QVBoxLayout>

#include <algorithm>

namespace lx::ui {

LinkedPanes::LinkedPanes(const SceneWidget::RendererSource& source, const QStringList& headings,
                         QWidget* parent)
    : QWidget(parent), m_grid(new QGridLayout(this)) {
    m_grid->setContentsMargins(0, 0, 0, 0);
    m_grid->setSpacing(4);
    for (const QString& heading : headings) {
        const std::size_t i = m_panes.size();
        auto* box = new QWidget(this);
        auto* column = new QVBoxLayout(box);
        column->setContentsMargins(0, 0, 0, 0);
        column->setSpacing(0);
        auto* label = new QLabel;
        label->setAlignment(Qt::AlignCenter);
        label->setProperty("quiet", true);
        column->addWidget(label);
        auto* pane = new SceneWidget(source);
        pane->figure().equalAspect = true;
        column->addWidget(pane, 1);
        box->hide();
        m_boxes.push_back(box);
        m_headings.push_back(label);
        m_panes.push_back(pane);
        setHeading(i, heading);
        connect(pane, &SceneWidget::viewChanged, this, [this, i] { follow(i); });
    }
}

void LinkedPanes::setHeading(std::size_t pane, const QString& text) {
    m_headings[pane]->setText(text);
    m_panes[pane]->setAccessibleName(text);
}

void LinkedPanes::arrange(const std::vector<Place>& places, const std::vector<int>& stretch) {
    if (places == m_places) {
        return;
    }
    for (const Place& place : m_places) {
        m_grid->removeWidget(m_boxes[place.pane]);
    }
    m_places = places;
    int columns = 0;
    for (const Place& place : m_places) {
        m_grid->addWidget(m_boxes[place.pane], place.row, place.column, 1, place.span);
        columns = std::max(columns, place.column + place.span);
    }
    for (std::size_t i = 0; i < m_boxes.size(); ++i) {
        m_boxes[i]->setVisible(
            std::ranges::any_of(m_places, [i](const Place& place) { return place.pane == i; }));
    }
    for (int k = 0; k < std::max(m_grid->columnCount(), m_grid->rowCount()); ++k) {
        m_grid->setColumnStretch(k, k < columns ? 1 : 0);
        m_grid->setRowStretch(k,
                              k < std::ssize(stretch) ? stretch[static_cast<std::size_t>(k)] : 0);
    }
}

void LinkedPanes::setTheme(const Theme& theme) {
    for (std::size_t i = 0; i < m_panes.size(); ++i) {
        m_panes[i]->setTheme(theme);
        m_headings[i]->setFont(theme.font(11));
    }
}

void LinkedPanes::fit() {
    for (SceneWidget* pane : m_panes) {
        pane->fit();
    }
}

void LinkedPanes::paintTo(QPainter& painter, QSizeF size, double scale, int columns) const {
    const auto count = static_cast<int>(m_places.size());
    const int rows = std::max(1, (count + columns - 1) / columns);
    const QSizeF part(size.width() / columns, size.height() / rows);
    for (int k = 0; k < count; ++k) {
        const std::size_t i = m_places[static_cast<std::size_t>(k)].pane;
        painter.save();
        painter.translate(k % columns * part.width(), k / columns * part.height());
        m_panes[i]->figure().title = m_headings[i]->text();
        m_panes[i]->paintTo(painter, part, scale, true);
        m_panes[i]->figure().title.clear();
        painter.restore();
    }
}

void LinkedPanes::follow(std::size_t from) {
    if (m_following || m_panes[from]->followsHome()) {
        return;
    }
    m_following = true;
    for (SceneWidget* pane : m_panes) {
        if (pane != m_panes[from]) {
            pane->followCamera(*m_panes[from]);
        }
    }
    m_following = false;
}

}  // namespace lx::ui
