// SPDX-License-Identifier: GPL-3.0-or-later
// What is decoded along each path between two codes, at equal steps, one strip below the other.
#include "ui/bridge/seen_channels.h"
#include "ui/shell/numbers.h"
#include "ui/views/figure_view.h"
#include "ui/views/paths.h"

#include <QPainterPath>

#include <algorithm>
#include <cmath>

namespace lx::ui {
namespace {

constexpr double kMargin = 8, kGap = 3, kProfile = 16;
/// From top to bottom: the geodesic last, nearest to the chart of its speed.
constexpr std::array<std::size_t, kPaths> kOrder{1, 2, 0};

struct Strip {
    PathStyle style;
    std::vector<QImage> frames;
    PathSize size;
    std::vector<double> at, sd;  ///< share of the length, and the decoder's deviation there
};

/// All strips on one scale: frames of the same column are the same share of each path.
class Strips : public QWidget {
public:
    explicit Strips(QWidget* parent = nullptr) : QWidget(parent), m_theme(&currentTheme()) {
        setAttribute(Qt::WA_OpaquePaintEvent);
        setAccessibleName(tr("Film strips along the paths"));
        setMinimumSize(160, 80);
    }
    void set(std::vector<Strip> strips, const QString& note) {
        m_strips = std::move(strips);
        m_note = note;
        update();
    }
    const std::vector<Strip>& strips() const { return m_strips; }
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
    void paintWords(QPainter&, const Strip&, const QRectF& room) const;
    void paintProfile(QPainter&, const Strip&, const QRectF& room, double low, double high) const;

    const Theme* m_theme;
    std::vector<Strip> m_strips;
    QString m_note;
};

void Strips::paintTo(QPainter& painter, QSizeF size) const {
    painter.fillRect(QRectF(QPointF(), size), m_theme->panel);
    if (m_strips.empty()) {
        return;
    }
    const double words = m_theme->px(112);
    const double noteHeight = m_note.isEmpty() ? 0 : QFontMetricsF(m_theme->font(11)).height() + 2;
    const auto rows = static_cast<double>(m_strips.size());
    const auto columns =
        static_cast<double>(std::max<std::size_t>(m_strips.front().frames.size(), 1));
    double low = INFINITY, high = -INFINITY;
    for (const Strip& strip : m_strips) {
        for (const double v : strip.sd) {
            low = std::min(low, v);
            high = std::max(high, v);
        }
    }
    const double profile = low <= high ? kProfile : 0;
    const double rowHeight = (size.height() - kMargin - noteHeight) / rows;
    const double wide = (size.width() - words - 2 * kMargin + kGap) / columns - kGap;
    const double tile = std::floor(std::max(8.0, std::min(wide, rowHeight - profile - 2 * kGap)));
    // Narrow strips leave room at the right; the columns spread over it so that shares stay shares.
    const double pitch =
        columns > 1 ? (size.width() - words - 2 * kMargin - tile) / (columns - 1) : 0;
    const double step = std::min(pitch, 1.35 * tile + kGap);
    painter.setRenderHint(QPainter::SmoothPixmapTransform, false);
    for (std::size_t r = 0; r < m_strips.size(); ++r) {
        const Strip& strip = m_strips[r];
        const double top = kMargin / 2 + rowHeight * static_cast<double>(r);
        paintWords(painter, strip, {kMargin, top, words - kMargin, tile + profile});
        for (std::size_t k = 0; k < strip.frames.size(); ++k) {
            painter.drawImage(
                QRectF(words + kMargin + step * static_cast<double>(k), top, tile, tile),
                strip.frames[k]);
        }
        if (profile > 0) {
            paintProfile(painter, strip,
                         {words + kMargin + tile / 2, top + tile + kGap, step * (columns - 1),
                          profile - kGap},
                         low, high);
        }
    }
    if (!m_note.isEmpty()) {
        painter.setFont(m_theme->font(11));
        painter.setPen(m_theme->warning);
        painter.drawText(
            QRectF(kMargin, size.height() - noteHeight - 2, size.width() - 2 * kMargin, noteHeight),
            Qt::AlignLeft | Qt::AlignVCenter, m_note);
    }
}

void Strips::paintWords(QPainter& painter, const Strip& strip, const QRectF& room) const {
    QStringList lines{strip.style.name, tr("length %1").arg(formatShort(strip.size.length, 3)),
                      tr("energy %1").arg(formatShort(strip.size.energy, 3))};
    if (!strip.sd.empty()) {
        lines << tr("sd up to %1").arg(formatShort(std::ranges::max(strip.sd), 3));
    }
    const double height = QFontMetricsF(m_theme->font(11)).height();
    const auto fitting = std::clamp<qsizetype>(qsizetype(room.height() / height), 1, lines.size());
    double y = room.top() + std::max(0.0, (room.height() - double(fitting) * height) / 2);
    painter.setRenderHint(QPainter::Antialiasing);
    for (qsizetype i = 0; i < fitting; ++i, y += height) {
        painter.setFont(m_theme->font(11, i == 0));
        painter.setPen(i == 0 ? m_theme->text : m_theme->secondary);
        const QRectF line(room.left(), y, room.width(), height);
        painter.drawText(line, Qt::AlignLeft | Qt::AlignVCenter, lines[i]);
        if (i == 0) {
            const double from = room.left() + m_theme->px(66);
            painter.setPen(QPen(m_theme->text, strip.style.width, strip.style.line));
            painter.drawLine(QPointF(from, line.center().y()),
                             QPointF(room.right() - 6, line.center().y()));
        }
    }
}

/// The decoder's deviation as a hill below the frames, on the scale of all strips.
void Strips::paintProfile(QPainter& painter, const Strip& strip, const QRectF& room, double low,
                          double high) const {
    if (strip.sd.empty()) {
        return;
    }
    const double from = low > 0.5 * high ? low - 0.1 * (high - low) : 0;
    const double scale = high > from ? room.height() / (high - from) : 0;
    QPainterPath hill(room.bottomLeft());
    for (std::size_t i = 0; i < strip.sd.size(); ++i) {
        hill.lineTo(room.left() + room.width() * strip.at[i],
                    room.bottom() - scale * (strip.sd[i] - from));
    }
    hill.lineTo(room.bottomRight());
    QColor fill = m_theme->model;
    fill.setAlphaF(0.35F);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.fillPath(hill, fill);
    painter.setPen(QPen(m_theme->border, 1));
    painter.drawLine(room.bottomLeft(), room.bottomRight());
}

class PathStripsView : public FigureView {
public:
    PathStripsView(SessionBridge& bridge, QWidget* parent)
        : FigureView(bridge, parent), m_strips(new Strips) {
        setContent(m_strips);
        setEmptyText(
            tr("Press play: what lies between two codes is decoded after the first step."));
        connect(&bridge.explore(), &ExploreState::pathDragged, this, &PathStripsView::rebuild);
    }
    QString title() const override { return tr("Film strips at equal steps of the metric"); }
    QStringList channels() const override {
        return QStringLiteral(
                   "geodesic speed uncertainty frames straight_frames spherical_frames geometry")
            .split(QLatin1Char(' '));
    }
    QString explanation() const override {
        return tr(
            "What the decoder makes of three ways between the same two codes: the straight line "
            "of the map, the spherical one, which keeps the distance from the origin, and the "
            "geodesic. Every strip takes equal steps in the metric. The hill below it is the "
            "standard deviation of the decoder's law, on one scale.\n\n"
            "A good path changes the picture evenly and every frame could be a datum.\n\n"
            "Worry when frames in the middle blur or belong to no class, above all where the hill "
            "is high: the path crosses a place where the decoder was never trained.");
    }
    void present(std::span<const Frame> frames) override {
        if (frames.empty()) {
            m_frame = {};
            m_seen.forget();
            showContent(false);
            return;
        }
        const Frame& frame = frames.front();
        if (m_seen.look(frame, channels()) != SeenChannels::News::Nothing) {
            m_frame = frame;
            rebuild();
        }
    }
    void setTheme(const Theme& theme) override {
        FigureView::setTheme(theme);
        m_strips->setTheme(theme);
        rebuild();
    }
    void paintTo(QPainter& painter, QSizeF size, double) override {
        paintTitled(painter, size,
                    [this](QPainter& p, QSizeF room) { m_strips->paintTo(p, room); });
    }
    std::vector<DataTable> tables() const override {
        const auto& strips = m_strips->strips();
        if (strips.empty()) {
            return {};
        }
        DataTable table(title(), static_cast<Index>(strips.size()));
        std::vector<double> sizes;
        QStringList names;
        for (const Strip& strip : strips) {
            names << strip.style.name;
            sizes.insert(sizes.end(), {strip.size.length, strip.size.energy,
                                       strip.sd.empty() ? NAN : std::ranges::max(strip.sd)});
        }
        table.add({tr("path")}, {}, [names](Index row, Index) { return names[row]; }, 0);
        table.add(Array({std::ssize(strips), 3}, sizes),
                  {tr("length"), tr("energy"), tr("largest decoder sd")});
        return {std::move(table)};
    }

private:
    void rebuild() {
        if (!m_frame.snapshot) {
            return;
        }
        const ChannelOf of = pathChannels(bridge(), m_frame);
        std::vector<Strip> strips;
        for (const std::size_t k : kOrder) {
            Strip strip{.style = pathStyle(k), .frames = {}, .size = {}, .at = {}, .sd = {}};
            const Array* images = of(strip.style.strip);
            const std::vector<double> speed = pathRow(of("speed"), k);
            if (!images || images->shape().size() != 3 || images->dim(0) < 2 || speed.empty()) {
                continue;
            }
            for (Index i = 0; i < images->dim(0); ++i) {
                strip.frames.push_back(tileImage(*images, i, theme()));
            }
            strip.size = pathSize(speed);
            const double whole = strip.size.length * static_cast<double>(speed.size());
            strip.sd = pathRow(of("uncertainty"), k);
            if (strip.sd.size() != speed.size() + 1 || !(whole > 0)) {
                strip.sd.clear();
            }
            strip.at = {0};
            for (const double v : speed) {
                strip.at.push_back(strip.at.back() + v / whole);
            }
            strips.push_back(std::move(strip));
        }
        showContent(!strips.empty());
        m_strips->set(std::move(strips), pathWarning(bridge(), m_frame));
    }

    Strips* m_strips;
    Frame m_frame;
    SeenChannels m_seen;
};

}  // namespace

View* makePathStripsView(SessionBridge& bridge, QWidget* parent) {
    return new PathStripsView(bridge, parent);
}

}  // namespace lx::ui
