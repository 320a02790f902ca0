// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/picture_blocks.h"

#include <QMouseEvent>
#include <QPainter>

#include <algorithm>
#include <cmath>

namespace lx::ui {
namespace {

constexpr double kMargin = 8, kGap = 3, kGroupGap = 6, kBetween = 28;

double gapsBefore(const PictureBlock& block, Index row) {
    const Index groups = block.group > 1 ? row / block.group : 0;
    return kGap * static_cast<double>(row) + kGroupGap * static_cast<double>(groups);
}

/// A heading as room allows: "30 steps", "30", or what of the word fits.
QString headingIn(const QString& name, const QFontMetricsF& words, double room) {
    const QString first = name.section(QLatin1Char(' '), 0, 0);
    bool number = false;
    first.toLongLong(&number);
    return words.elidedText(number && words.horizontalAdvance(name) > room ? first : name,
                            Qt::ElideRight, room);
}

}  // namespace

/// Where everything is for one size.
struct PictureBlocks::Arrangement {
    bool stacked = false;
    double head = 0, tile = 0, step = 0;
    std::vector<QPointF> corners;  ///< of the blocks
};

PictureBlocks::PictureBlocks(QWidget* parent) : QWidget(parent), m_theme(&currentTheme()) {
    setAttribute(Qt::WA_OpaquePaintEvent);
    setAccessibleName(tr("Strips of pictures"));
    setMinimumSize(160, 80);
    setMouseTracking(true);
}

void PictureBlocks::set(std::vector<PictureBlock> blocks) {
    m_blocks = std::move(blocks);
    update();
}

void PictureBlocks::setTheme(const Theme& theme) {
    m_theme = &theme;
    update();
}

PictureBlocks::Arrangement PictureBlocks::arrangement(QSizeF size) const {
    const QFontMetricsF words(m_theme->font(11));
    const auto arranged = [&](bool stacked) {
        Arrangement out{stacked, 2 * words.height() + 4, 0, 0, {}};
        double columns = 1, rows = 1, gaps = 0, widest = 0;
        for (const PictureBlock& block : m_blocks) {
            const auto c = static_cast<double>(block.columns.size());
            const auto r = static_cast<double>(block.rows);
            const double own = gapsBefore(block, block.rows);
            columns = stacked ? std::max(columns, c) : columns + c;
            rows = stacked ? rows + r : std::max(rows, r);
            gaps = stacked ? gaps + own : std::max(gaps, own);
            for (const QString& name : block.columns) {
                widest = std::max(widest, words.horizontalAdvance(name) + 6);
            }
        }
        (stacked ? rows : columns) -= 1;
        const auto others = static_cast<double>(m_blocks.size()) - 1;
        const double wide = size.width() - 2 * kMargin - (stacked ? 0 : kBetween * others);
        const double high = size.height() - kMargin - gaps - out.head * (stacked ? others + 1 : 1);
        // A column is as wide as its heading asks; a picture as large as column and row allow.
        const double pitch = wide / columns;
        out.tile = std::floor(std::max(6.0, std::min(pitch - kGap, high / rows)));
        out.step = std::clamp(widest, out.tile + kGap, std::max(pitch, out.tile + kGap));
        return out;
    };
    const Arrangement beside = arranged(false), below = arranged(true);
    Arrangement out = below.tile > beside.tile ? below : beside;
    QPointF corner(kMargin, 2);
    for (const PictureBlock& block : m_blocks) {
        out.corners.push_back(corner);
        if (out.stacked) {
            corner.ry() += out.head + gapsBefore(block, block.rows) +
                           out.tile * static_cast<double>(block.rows);
        } else {
            corner.rx() += out.step * static_cast<double>(block.columns.size()) + kBetween;
        }
    }
    return out;
}

QRectF PictureBlocks::rectOf(const Arrangement& at, std::size_t block, Index row,
                             qsizetype column) const {
    return {at.corners[block].x() + at.step * static_cast<double>(column),
            at.corners[block].y() + at.head + gapsBefore(m_blocks[block], row) +
                at.tile * static_cast<double>(row),
            at.tile, at.tile};
}

QRectF PictureBlocks::tileRect(std::size_t block, Index row, qsizetype column) const {
    return rectOf(arrangement(size()), block, row, column);
}

void PictureBlocks::paintTo(QPainter& painter, QSizeF size) const {
    painter.fillRect(QRectF(QPointF(), size), m_theme->panel);
    if (m_blocks.empty()) {
        return;
    }
    const QFontMetricsF words(m_theme->font(11));
    const Arrangement at = arrangement(size);
    painter.setRenderHint(QPainter::SmoothPixmapTransform, false);
    for (std::size_t b = 0; b < m_blocks.size(); ++b) {
        const PictureBlock& block = m_blocks[b];
        const QPointF corner = at.corners[b];
        const double width = at.step * static_cast<double>(block.columns.size());
        painter.setFont(m_theme->font(11, true));
        painter.setPen(m_theme->text);
        painter.drawText(
            QRectF(corner, QSizeF(width + kBetween / 2, words.height())),
            Qt::AlignLeft | Qt::AlignVCenter,
            QFontMetricsF(painter.font()).elidedText(block.title, Qt::ElideRight, width));
        painter.setFont(m_theme->font(11));
        painter.setPen(m_theme->secondary);
        for (qsizetype c = 0; c < block.columns.size(); ++c) {
            painter.drawText(QRectF(corner.x() + at.step * static_cast<double>(c),
                                    corner.y() + words.height(), at.step - 4, words.height()),
                             Qt::AlignLeft | Qt::AlignVCenter,
                             headingIn(block.columns[c], words, at.step - 4));
            for (Index r = 0; r < block.rows; ++r) {
                painter.drawImage(rectOf(at, b, r, c),
                                  block.tiles[static_cast<std::size_t>(
                                      r * static_cast<Index>(block.columns.size()) + c)]);
            }
        }
    }
}

void PictureBlocks::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    paintTo(painter, size());
    paintStroke(painter);
}

/// The stroke under the hand, on every picture that it will hide a part of.
void PictureBlocks::paintStroke(QPainter& painter) const {
    if (!m_brush.active()) {
        return;
    }
    const Arrangement at = arrangement(size());
    QColor paint = m_theme->accent;
    paint.setAlphaF(0.5F);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(paint, 2 * m_brush.radius() * at.tile,
                        m_brush.erasing() ? Qt::DotLine : Qt::SolidLine, Qt::RoundCap,
                        Qt::RoundJoin));
    for (std::size_t b = 0; b < m_blocks.size(); ++b) {
        if (!m_blocks[b].painted) {
            continue;
        }
        for (Index r = 0; r < m_blocks[b].rows; ++r) {
            const QRectF tile = rectOf(at, b, r, 0);
            QPolygonF line;
            for (const QPointF p : m_brush.points()) {
                line << tile.topLeft() + p * at.tile;
            }
            line << line.back();
            painter.setClipRect(tile);
            painter.drawPolyline(line);
        }
    }
}

bool PictureBlocks::tileAt(QPointF at, QRectF& tile) const {
    const Arrangement where = arrangement(size());
    for (std::size_t b = 0; b < m_blocks.size(); ++b) {
        if (!m_blocks[b].painted) {
            continue;
        }
        for (Index r = 0; r < m_blocks[b].rows; ++r) {
            for (qsizetype c = 0; c < m_blocks[b].columns.size(); ++c) {
                tile = rectOf(where, b, r, c);
                if (tile.contains(at)) {
                    return true;
                }
            }
        }
    }
    return false;
}

void PictureBlocks::mousePressEvent(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton || !tileAt(event->position(), m_tile)) {
        QWidget::mousePressEvent(event);
        return;
    }
    m_brush.begin((event->position() - m_tile.topLeft()) / m_tile.width(),
                  event->modifiers().testFlag(Qt::ControlModifier));
    update();
}

void PictureBlocks::mouseMoveEvent(QMouseEvent* event) {
    if (m_brush.active()) {
        if (m_brush.extend((event->position() - m_tile.topLeft()) / m_tile.width())) {
            update();
        }
        return;
    }
    QRectF tile;
    setCursor(tileAt(event->position(), tile) ? Qt::CrossCursor : Qt::ArrowCursor);
}

void PictureBlocks::mouseReleaseEvent(QMouseEvent* event) {
    if (event->button() == Qt::LeftButton && m_brush.active()) {
        Q_EMIT stroked(m_brush.finish());
        update();
    }
}

void PictureBlocks::cancelStroke() {
    m_brush.cancel();
    update();
}

}  // namespace lx::ui
