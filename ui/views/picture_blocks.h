// SPDX-License-Identifier: GPL-3.0-or-later
// Tables of small pictures, and the brush that hides a part of them.
#pragma once

#include "ui/shell/theme.h"
#include "ui/views/stroke_brush.h"

#include <QImage>
#include <QStringList>
#include <QWidget>

#include <vector>

namespace lx::ui {

struct PictureBlock {
    QString title;
    QStringList columns;
    Index rows = 0;
    std::vector<QImage> tiles;  ///< [rows, columns]
    Index group = 1;            ///< rows that belong together: more room after them
    bool painted = false;       ///< a brush may hide a part of its pictures
};

/// Blocks side by side or one below the other, all with tiles of one size.
class PictureBlocks : public QWidget {
    Q_OBJECT
public:
    explicit PictureBlocks(QWidget* parent = nullptr);
    void set(std::vector<PictureBlock> blocks);
    const std::vector<PictureBlock>& blocks() const { return m_blocks; }
    void setTheme(const Theme& theme);
    void paintTo(QPainter& painter, QSizeF size) const;
    StrokeBrush& brush() { return m_brush; }
    void cancelStroke();
    /// Where the picture of a block stands at the present size.
    QRectF tileRect(std::size_t block, Index row, qsizetype column) const;

Q_SIGNALS:
    /// As StrokeBrush::finish(), in sides of a picture from its upper left corner.
    void stroked(const lx::Array& stroke);

protected:
    void paintEvent(QPaintEvent*) override;
    void mousePressEvent(QMouseEvent*) override;
    void mouseMoveEvent(QMouseEvent*) override;
    void mouseReleaseEvent(QMouseEvent*) override;

private:
    struct Arrangement;
    Arrangement arrangement(QSizeF size) const;
    QRectF rectOf(const Arrangement&, std::size_t block, Index row, qsizetype column) const;
    /// The painted tile under a point; false elsewhere.
    bool tileAt(QPointF, QRectF& tile) const;
    void paintStroke(QPainter&) const;

    const Theme* m_theme;
    std::vector<PictureBlock> m_blocks;
    StrokeBrush m_brush{{0.03, 0.06, 0.1, 0.2}, 0.1};
    QRectF m_tile;  ///< that the hand is on
};

}  // namespace lx::ui
