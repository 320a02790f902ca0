// SPDX-License-Identifier: GPL-3.0-or-later
// Plots beside each other under one camera, each with a heading.
#pragma once

#include "ui/viewport/scene_widget.h"

#include <QGridLayout>
#include <QLabel>
#include <QStringList>

#include <vector>

namespace lx::ui {

class LinkedPanes : public QWidget {
    Q_OBJECT
public:
    /// One pane a heading; none stands anywhere before arrange().
    LinkedPanes(const SceneWidget::RendererSource&, const QStringList& headings,
                QWidget* parent = nullptr);

    std::size_t count() const { return m_panes.size(); }
    SceneWidget* operator[](std::size_t pane) const { return m_panes[pane]; }
    const std::vector<SceneWidget*>& panes() const { return m_panes; }
    void setHeading(std::size_t pane, const QString&);

    struct Place {
        std::size_t pane = 0;
        int row = 0, column = 0, span = 1;  ///< columns
        friend bool operator==(const Place&, const Place&) = default;
    };
    /// The panes that have a place, others are hidden. `stretch`: of the rows.
    void arrange(const std::vector<Place>&, const std::vector<int>& stretch);

    void setTheme(const Theme&);
    void fit();
    /// The panes that have a place, in their order, in rows of `columns`.
    void paintTo(QPainter&, QSizeF size, double scale, int columns) const;

private:
    void follow(std::size_t from);

    QGridLayout* m_grid;
    std::vector<QWidget*> m_boxes;
    std::vector<QLabel*> m_headings;
    std::vector<SceneWidget*> m_panes;
    std::vector<Place> m_places;
    bool m_following = false;
};

}  // namespace lx::ui
