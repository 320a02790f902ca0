// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/array.h"
#include "ui/shell/theme.h"

#include <QImage>
#include <QStringList>
#include <QWidget>

#include <span>
#include <vector>

namespace lx::ui {

/// Small pictures in whole rows, each with an optional second one below it and a caption. The rows
/// fill the height; their number is the one that shows nearest to `wanted` tiles.
class TileGrid : public QWidget {
    Q_OBJECT
public:
    struct Tile {
        QImage upper, lower;  ///< lower may be null
        QString caption, tip;
        bool faded = false, marked = false;  ///< not among, or among, what is selected
    };
    struct Placement {
        int count = 0, columns = 1;
        double tile = 0, captionHeight = 0, gutter = 0;
        bool pairs = false, captions = false;
        QRectF upper(int index, const QSizeF& area) const;
        QRectF lower(int index, const QSizeF& area) const;
        QRectF caption(int index, const QSizeF& area) const;
        QSizeF cell() const;
    };

    /// The next `count` tiles, under a title of their own.
    struct Section {
        QString title;
        int count = 0;
    };

    explicit TileGrid(QWidget* parent = nullptr);
    /// Sections stand side by side, each with as many whole rows as the others; none: one grid.
    void setTiles(std::vector<Tile>, std::vector<Section> sections = {});
    const std::vector<Section>& sections() const { return m_sections; }
    const std::vector<Tile>& tiles() const { return m_tiles; }
    void setWanted(int count);
    int wanted() const { return m_wanted; }
    /// Words at the left of every row: of the upper and the lower pictures and of the captions.
    void setRowNames(QStringList names);
    void setTheme(const Theme&);
    void paintTo(QPainter&, QSizeF size) const;
    Placement placement(QSizeF size) const;

Q_SIGNALS:
    void tileClicked(int index, Qt::KeyboardModifiers keys);

protected:
    void paintEvent(QPaintEvent*) override;
    bool event(QEvent*) override;
    void mousePressEvent(QMouseEvent*) override;

private:
    /// A section and where it stands.
    struct Part {
        std::span<const Tile> tiles;
        int first = 0;
        QString title;
        QRectF heading, area;
    };
    std::vector<Part> parts(QSizeF size) const;
    Placement placementOf(QSizeF size, std::span<const Tile>, int wanted) const;
    void paintPart(QPainter&, QSizeF size, std::span<const Tile>, int wanted) const;
    int wantedOf(const Part&) const;
    int tileAt(QPointF) const;

    std::vector<Tile> m_tiles;
    std::vector<Section> m_sections;
    QStringList m_rowNames;
    int m_wanted = 24;
    const Theme* m_theme;
};

}  // namespace lx::ui
