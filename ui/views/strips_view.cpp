// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures on their way: a row for each, a column for each number of steps.
#include "ui/views/chain_channels.h"
#include "ui/views/figure_view.h"

#include <algorithm>
#include <cmath>

namespace lx::ui {
namespace {

constexpr double kMargin = 8, kGap = 3, kBetween = 28;

struct Block {
    QString title;
    QStringList columns;
    Index rows = 0;
    std::vector<QImage> tiles;  ///< [rows, columns]
};

/// Blocks side by side, all with tiles of one size.
class Blocks : public QWidget {
public:
    explicit Blocks(QWidget* parent = nullptr) : QWidget(parent), m_theme(&currentTheme()) {
        setAttribute(Qt::WA_OpaquePaintEvent);
        setAccessibleName(QObject::tr("Strips of pictures"));
        setMinimumSize(160, 80);
    }
    void set(std::vector<Block> blocks) {
        m_blocks = std::move(blocks);
        update();
    }
    const std::vector<Block>& blocks() const { return m_blocks; }
    void setTheme(const Theme& theme) {
        m_theme = &theme;
        update();
    }
    void paintTo(QPainter& painter, QSizeF size) const;

protected:
    void paintEvent(QPaintEvent*) override {
        QPainter painter(this);
        paintTo(painter, size());
    }

private:
    const Theme* m_theme;
    std::vector<Block> m_blocks;
};

/// Where everything is for one size; blocks stand side by side, or one below the other.
struct Arrangement {
    bool stacked = false;
    double head = 0, tile = 0, step = 0;
};

Arrangement arranged(const std::vector<Block>& blocks, QSizeF size, const QFontMetricsF& words,
                     bool stacked) {
    Arrangement out{stacked, 2 * words.height() + 4, 0, 0};
    double columns = 1, rows = 1, widest = 0;
    for (const Block& block : blocks) {
        const auto c = static_cast<double>(block.columns.size());
        const auto r = static_cast<double>(block.rows);
        columns = stacked ? std::max(columns, c) : columns + c;
        rows = stacked ? rows + r : std::max(rows, r);
        for (const QString& name : block.columns) {
            widest = std::max(widest, words.horizontalAdvance(name) + 6);
        }
    }
    (stacked ? rows : columns) -= 1;
    const auto others = static_cast<double>(blocks.size()) - 1;
    const double wide = size.width() - 2 * kMargin - (stacked ? 0 : kBetween * others);
    const double high = size.height() - kMargin - out.head * (stacked ? others + 1 : 1);
    // A column is as wide as its heading asks; a picture as large as column and row allow.
    const double pitch = wide / columns;
    out.tile = std::floor(std::max(6.0, std::min(pitch, high / rows) - kGap));
    out.step = std::clamp(widest, out.tile + kGap, std::max(pitch, out.tile + kGap));
    return out;
}

void Blocks::paintTo(QPainter& painter, QSizeF size) const {
    painter.fillRect(QRectF(QPointF(), size), m_theme->panel);
    if (m_blocks.empty()) {
        return;
    }
    const QFontMetricsF words(m_theme->font(11));
    const Arrangement beside = arranged(m_blocks, size, words, false),
                      below = arranged(m_blocks, size, words, true);
    const Arrangement& chosen = below.tile > beside.tile ? below : beside;
    painter.setRenderHint(QPainter::SmoothPixmapTransform, false);
    QPointF corner(kMargin, 2);
    for (const Block& block : m_blocks) {
        const double width = chosen.step * static_cast<double>(block.columns.size());
        painter.setFont(m_theme->font(11, true));
        painter.setPen(m_theme->text);
        painter.drawText(
            QRectF(corner, QSizeF(width + kBetween / 2, words.height())),
            Qt::AlignLeft | Qt::AlignVCenter,
            QFontMetricsF(painter.font()).elidedText(block.title, Qt::ElideRight, width));
        painter.setFont(m_theme->font(11));
        painter.setPen(m_theme->secondary);
        for (qsizetype c = 0; c < block.columns.size(); ++c) {
            const double x = corner.x() + chosen.step * static_cast<double>(c);
            painter.drawText(
                QRectF(x, corner.y() + words.height(), chosen.step - 4, words.height()),
                Qt::AlignLeft | Qt::AlignVCenter,
                words.elidedText(block.columns[c], Qt::ElideRight, chosen.step - 4));
            for (Index r = 0; r < block.rows; ++r) {
                const double y =
                    corner.y() + chosen.head + (chosen.tile + kGap) * static_cast<double>(r);
                painter.drawImage(QRectF(x, y, chosen.tile, chosen.tile),
                                  block.tiles[static_cast<std::size_t>(
                                      r * static_cast<Index>(block.columns.size()) + c)]);
            }
        }
        if (chosen.stacked) {
            corner.ry() += chosen.head + (chosen.tile + kGap) * static_cast<double>(block.rows);
        } else {
            corner.rx() += width + kBetween;
        }
    }
}

class StripsView : public FigureView {
public:
    StripsView(SessionBridge& bridge, QWidget* parent)
        : FigureView(bridge, parent), m_blocks(new Blocks) {
        setContent(m_blocks);
        setEmptyText(tr("Press play: chains fill and mend pictures after the first step."));
    }
    QString title() const override { return tr("Filled and mended"); }
    QStringList channels() const override {
        return {QStringLiteral("inpainting"), QStringLiteral("mending")};
    }
    QString explanation() const override {
        return tr(
            "Left: part of a held-out picture is hidden under noise, and Langevin steps on the "
            "learned energy move the hidden pixels while the others are held. Right: a tenth of "
            "the pixels are white, and all move.\n\n"
            "A good energy finds something that fits what is seen: a second sleeve, the sole of "
            "the shoe. It need not be the picture that was hidden.\n\n"
            "Worry when what is filled looks alike in all rows, or when mending wipes out the "
            "garment: the energy knows the average picture only.");
    }
    void present(std::span<const Frame> frames) override {
        if (frames.empty()) {
            m_frame = {};
            m_versions.clear();
            showContent(false);
            return;
        }
        const Frame& frame = frames.front();
        std::vector<std::uint64_t> versions{frame.source, frame.snapshot->epoch};
        for (const QString& id : channels()) {
            versions.push_back(channelVersion(frame, id.toStdString()));
        }
        if (versions != m_versions) {
            m_versions = std::move(versions);
            m_frame = frame;
            rebuild();
        }
    }
    void setTheme(const Theme& theme) override {
        FigureView::setTheme(theme);
        m_blocks->setTheme(theme);
        rebuild();
    }
    void paintTo(QPainter& painter, QSizeF size, double) override {
        paintTitled(painter, size,
                    [this](QPainter& p, QSizeF room) { m_blocks->paintTo(p, room); });
    }
    std::vector<DataTable> tables() const override {
        std::vector<DataTable> out;
        for (const QString& id : channels()) {
            const Array* strips = stripsOf(id);
            if (strips) {
                const Index count = strips->dim(0) * strips->dim(1);
                DataTable table(id, count);
                table.add(Array({count, strips->dim(2) * strips->dim(3)}, strips->values<float>()),
                          {tr("pixel")});
                out.push_back(std::move(table));
            }
        }
        return out;
    }

private:
    const Array* stripsOf(const QString& id) const {
        const Array* found = m_frame.snapshot ? floats(m_frame, id.toStdString(), 4) : nullptr;
        return found && found->count() > 0 ? found : nullptr;
    }
    void rebuild() {
        std::vector<Block> blocks;
        for (const QString& id : channels()) {
            const Array* strips = stripsOf(id);
            if (!strips) {
                continue;
            }
            Block block;
            block.title = id == QLatin1String("inpainting") ? tr("Hidden part filled")
                                                            : tr("White pixels mended");
            block.rows = strips->dim(0);
            block.columns = textOf(m_frame, (id + QStringLiteral(".titles")).toStdString())
                                .split(QLatin1Char('\n'));
            block.columns.resize(strips->dim(1));
            const Array tiles({strips->dim(0) * strips->dim(1), strips->dim(2), strips->dim(3)},
                              strips->values<float>());
            for (Index i = 0; i < tiles.dim(0); ++i) {
                block.tiles.push_back(tileImage(tiles, i, theme()));
            }
            blocks.push_back(std::move(block));
        }
        showContent(!blocks.empty());
        m_blocks->set(std::move(blocks));
    }

    Blocks* m_blocks;
    Frame m_frame;
    std::vector<std::uint64_t> m_versions;
};

}  // namespace

View* makeStripsView(SessionBridge& bridge, QWidget* parent) {
    return new StripsView(bridge, parent);
}

}  // namespace lx::ui
