// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/array.h"
#include "ui/shell/theme.h"

#include <QImage>
#include <QStringList>
#include <QWidget>

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

    explicit TileGrid(QWidget* parent = nullptr);
    void setTiles(std::vector<Tile>);
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
    int tileAt(QPointF) const;

    std::vector<Tile> m_tiles;
    QStringList m_rowNames;
    int m_wanted = 24;
    const Theme* m_theme;
};

}  // namespace lx::ui
