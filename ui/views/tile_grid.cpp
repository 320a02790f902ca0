// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/tile_grid.h"

#include <QFontMetricsF>
#include <QHelpEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>

#include <algorithm>
#include <cmath>

namespace lx::ui {
namespace {

constexpr double kMargin = 8, kGap = 6, kPairGap = 2;
constexpr double kSmallest = 28, kLargest = 168;
constexpr double kFadedOpacity = 0.25;

}  // namespace

QSizeF TileGrid::Placement::cell() const {
    return {tile + kGap, (pairs ? 2 * tile + kPairGap : tile) + captionHeight + kGap};
}

QRectF TileGrid::Placement::upper(int index, const QSizeF& area) const {
    const QSizeF c = cell();
    const int rows = (count + columns - 1) / std::max(1, columns);
    const int used = std::min(columns, count);
    const double left = gutter + std::floor((area.width() - gutter - used * c.width() + kGap) / 2);
    const double top =
        std::max(kMargin / 2, std::floor((area.height() - rows * c.height() + kGap) / 2));
    return {left + (index % columns) * c.width(), top + (index / columns) * c.height(), tile, tile};
}

QRectF TileGrid::Placement::lower(int index, const QSizeF& area) const {
    return upper(index, area).translated(0, tile + kPairGap);
}

QRectF TileGrid::Placement::caption(int index, const QSizeF& area) const {
    const QRectF last = pairs ? lower(index, area) : upper(index, area);
    return {last.left() - kGap / 2, last.bottom(), last.width() + kGap, captionHeight};
}

TileGrid::TileGrid(QWidget* parent) : QWidget(parent), m_theme(&currentTheme()) {
    setAttribute(Qt::WA_OpaquePaintEvent);
    setAccessibleName(tr("Pictures"));
    setMinimumSize(80, 60);
}

void TileGrid::setTiles(std::vector<Tile> tiles, std::vector<Section> sections) {
    m_tiles = std::move(tiles);
    m_sections = std::move(sections);
    update();
}

void TileGrid::setWanted(int count) {
    m_wanted = std::max(1, count);
    update();
}

void TileGrid::setRowNames(QStringList names) {
    m_rowNames = std::move(names);
    update();
}

void TileGrid::setTheme(const Theme& theme) {
    m_theme = &theme;
    update();
}

TileGrid::Placement TileGrid::placement(QSizeF size) const {
    return placementOf(size, m_tiles, m_wanted);
}

std::vector<TileGrid::Part> TileGrid::parts(QSizeF size) const {
    const std::span<const Tile> all(m_tiles);
    if (m_sections.size() < 2) {
        return {{all, 0, {}, {}, QRectF(QPointF(), size)}};
    }
    std::vector<Part> out;
    const double width = size.width() / static_cast<double>(m_sections.size());
    const double height = QFontMetricsF(m_theme->font(11)).height() + 6;
    int first = 0;
    for (const Section& section : m_sections) {
        const int count = std::min(section.count, static_cast<int>(all.size()) - first);
        const double left = width * static_cast<double>(out.size());
        out.push_back(
            {all.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count)), first,
             section.title, QRectF(left, 0, width, height),
             QRectF(left, height, width, std::max(1.0, size.height() - height))});
        first += count;
    }
    return out;
}

int TileGrid::wantedOf(const Part& part) const {
    return m_sections.size() < 2 ? m_wanted
                                 : std::min(m_wanted, static_cast<int>(part.tiles.size()));
}

TileGrid::Placement TileGrid::placementOf(QSizeF size, std::span<const Tile> tiles,
                                          int most) const {
    Placement p;
    p.pairs = std::ranges::any_of(tiles, [](const Tile& t) { return !t.lower.isNull(); });
    p.captions = std::ranges::any_of(tiles, [](const Tile& t) { return !t.caption.isEmpty(); });
    p.captionHeight = p.captions ? QFontMetricsF(m_theme->font(10)).height() + 1 : 0;
    const int available = static_cast<int>(tiles.size());
    const int wanted = std::max(1, std::min(most, available));
    for (const QString& name : m_rowNames) {
        p.gutter = std::max(p.gutter, QFontMetricsF(m_theme->font(11)).horizontalAdvance(name) + 8);
    }
    const double width = size.width() - 2 * kMargin - p.gutter, height = size.height() - kMargin;
    double best = INFINITY;
    for (int rows = 1; available > 0; ++rows) {
        Placement q = p;
        const double cell = (height + kGap) / rows - kGap - p.captionHeight;
        q.tile = std::floor(p.pairs ? (cell - kPairGap) / 2 : cell);
        if (rows > 1 && q.tile < kSmallest) {
            break;
        }
        q.tile = std::clamp(q.tile, kSmallest, std::max(kSmallest, std::min(kLargest, width)));
        const int fitting = std::max(1, int((width + kGap) / q.cell().width()));
        q.count = std::min(available, rows * fitting);
        q.columns = (q.count + rows - 1) / rows;
        const double miss = std::abs(std::log(double(q.count) / wanted));
        if (miss < best) {
            best = miss;
            p = q;
        }
    }
    return p;
}

void TileGrid::paintTo(QPainter& painter, QSizeF size) const {
    painter.fillRect(QRectF(QPointF(), size), m_theme->panel);
    for (const Part& part : parts(size)) {
        if (!part.title.isEmpty()) {
            painter.setFont(m_theme->font(11));
            painter.setPen(m_theme->secondary);
            painter.drawText(part.heading, Qt::AlignCenter,
                             QFontMetricsF(painter.font())
                                 .elidedText(part.title, Qt::ElideRight, part.heading.width() - 8));
        }
        painter.save();
        painter.translate(part.area.topLeft());
        paintPart(painter, part.area.size(), part.tiles, wantedOf(part));
        painter.restore();
    }
}

void TileGrid::paintPart(QPainter& painter, QSizeF size, std::span<const Tile> tiles,
                         int wanted) const {
    const Placement p = placementOf(size, tiles, wanted);
    painter.setFont(m_theme->font(10));
    const QFontMetricsF metrics(painter.font());
    for (int i = 0; i < p.count; ++i) {
        const Tile& tile = tiles[static_cast<std::size_t>(i)];
        const auto put = [&](const QRectF& place, const QImage& image) {
            if (image.isNull()) {
                return;
            }
            QRectF at(QPointF(), QSizeF(image.size()).scaled(place.size(), Qt::KeepAspectRatio));
            at.moveCenter(place.center());
            // Shrunk pictures are averaged, enlarged ones keep their pixels.
            painter.setRenderHint(QPainter::SmoothPixmapTransform,
                                  at.width() < 1.5 * image.width());
            painter.setOpacity(tile.faded ? kFadedOpacity : 1);
            painter.drawImage(at, image);
            painter.setPen(tile.marked ? QPen(m_theme->accent, 2) : QPen(m_theme->grid, 1));
            painter.setBrush(Qt::NoBrush);
            painter.drawRect(at.adjusted(-0.5, -0.5, 0.5, 0.5));
            painter.setOpacity(1);
        };
        put(p.upper(i, size), tile.upper);
        if (p.pairs) {
            put(p.lower(i, size), tile.lower);
        }
        if (i % p.columns == 0 && !m_rowNames.isEmpty()) {
            const QRectF rows[] = {p.upper(i, size), p.lower(i, size), p.caption(i, size)};
            painter.setPen(m_theme->secondary);
            painter.setFont(m_theme->font(11));
            for (qsizetype n = 0; n < std::min<qsizetype>(3, m_rowNames.size()); ++n) {
                painter.drawText(QRectF(rows[n].left() - p.gutter - 8, rows[n].top(), p.gutter,
                                        rows[n].height()),
                                 Qt::AlignRight | Qt::AlignVCenter, m_rowNames[n]);
            }
            painter.setFont(m_theme->font(10));
        }
        if (p.captions) {
            const QRectF box = p.caption(i, size);
            painter.setPen(m_theme->secondary);
            painter.drawText(box, Qt::AlignHCenter | Qt::AlignVCenter,
                             metrics.elidedText(tile.caption, Qt::ElideRight, box.width()));
        }
    }
}

void TileGrid::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    paintTo(painter, QSizeF(size()));
}

int TileGrid::tileAt(QPointF at) const {
    for (const Part& part : parts(QSizeF(size()))) {
        const QSizeF area = part.area.size();
        const QPointF local = at - part.area.topLeft();
        const Placement p = placementOf(area, part.tiles, wantedOf(part));
        for (int i = 0; i < p.count; ++i) {
            if (p.upper(i, area).contains(local) || (p.pairs && p.lower(i, area).contains(local))) {
                return part.first + i;
            }
        }
    }
    return -1;
}

bool TileGrid::event(QEvent* event) {
    if (event->type() == QEvent::ToolTip) {
        const auto* help = static_cast<QHelpEvent*>(event);
        const int tile = tileAt(help->pos());
        const QString tip = tile < 0 ? QString() : m_tiles[static_cast<std::size_t>(tile)].tip;
        if (tip.isEmpty()) {
            QToolTip::hideText();
        } else {
            QToolTip::showText(help->globalPos(), tip, this);
        }
        return true;
    }
    return QWidget::event(event);
}

void TileGrid::mousePressEvent(QMouseEvent* event) {
    if (const int tile = tileAt(event->position()); tile >= 0) {
        Q_EMIT tileClicked(tile, event->modifiers());
    }
}

}  // namespace lx::ui
