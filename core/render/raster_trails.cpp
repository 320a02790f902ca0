// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/colormap.h"
#include "core/render/painter.h"
#include "core/render/trails.h"
#include "core/render/value_scale.h"

#include <array>
#include <optional>

namespace lx::render {
namespace {

constexpr int kBucketRows = 64;
constexpr Index kVerticesPerPart = 32'768;

/// How the strokes of a trails layer are coloured.
class Ink {
public:
    explicit Ink(const TrailsLayer& layer) : m_layer(layer), m_scale(layer.range) {
        if (layer.values.defined()) {
            m_values = layer.values.values<float>().data();
            m_table = table(layer.map);
        }
        m_category = layer.category.defined() ? layer.category.values<Index>().data() : nullptr;
        m_colors = layer.colors.empty() ? std::vector{kDefaultColor} : layer.colors;
    }

    /// Nothing for a hidden trail.
    std::optional<std::pair<std::uint32_t, float>> at(Index state, Index trail) const {
        const Index kind = m_category == nullptr ? 0 : m_category[trail];
        if (kind < 0) {
            return {};
        }
        if (m_values != nullptr) {
            const float value = m_values[state * m_layer.xy.dim(1) + trail];
            if (std::isnan(value)) {
                return {};
            }
            const std::uint32_t word = m_table[static_cast<std::size_t>(m_scale.row(value))];
            return std::pair(word, alphaOf(word));
        }
        const Color c = m_colors[static_cast<std::size_t>(kind) % m_colors.size()];
        return std::pair(pack(c), c.a);
    }

private:
    const TrailsLayer& m_layer;
    const ValueScale m_scale;
    const float* m_values = nullptr;
    const Index* m_category = nullptr;
    std::vector<Color> m_colors;
    std::array<std::uint32_t, kTableSize> m_table{};
};

struct Piece {
    Stroke stroke;
    std::uint32_t word;
    float opacity;
};

void paintPiece(const Canvas& canvas, const Piece& piece, int top, int bottom) {
    const Stroke& s = piece.stroke;
    const float reach = s.reach(), dx = s.bx - s.ax, dy = s.by - s.ay;
    const float length = std::sqrt(dx * dx + dy * dy);
    const auto [first, last] =
        pixelRange(std::min(s.ay, s.by) - reach, std::max(s.ay, s.by) + reach, top, bottom);
    for (int row = first; row < last; ++row) {
        const float y = static_cast<float>(row) + 0.5F;
        float from = std::min(s.ax, s.bx) - reach, to = std::max(s.ax, s.bx) + reach;
        if (std::abs(dy) > 1e-3F * length) {  // the strip around the line cuts this row
            const float middle = s.ax + (y - s.ay) * dx / dy;
            const float half = reach * length / std::abs(dy);
            from = std::max(from, middle - half);
            to = std::min(to, middle + half);
        }
        const auto [left, right] = pixelRange(from - 0.01, to + 0.01, 0, canvas.size.width);
        std::uint8_t* const pixels = canvas.at(0, row);
        for (int column = left; column < right; ++column) {
            const float opacity = s.opacityAt(static_cast<float>(column) + 0.5F, y, piece.opacity);
            if (opacity > 0) {
                blend(pixels + 4 * column, piece.word, opacity);
            }
        }
    }
}

class TrailsPainter final : public Painter {
public:
    TrailsPainter(const TrailsLayer& layer, const PaintContext& context) {
        if (layer.xy.count() == 0) {
            return;
        }
        const TrailWindow window = windowOf(layer);
        const Index trails = layer.xy.dim(1);
        const Index states = std::max(kVerticesPerPart / std::max(trails, Index{1}), Index{1});
        m_parts.resize(static_cast<std::size_t>((window.segments() + states - 1) / states));
        const Ink ink(layer);
        context.team.run(static_cast<int>(m_parts.size()), [&](int index) {
            Part& part = m_parts[static_cast<std::size_t>(index)];
            part.buckets.resize(
                static_cast<std::size_t>((context.size.height + kBucketRows - 1) / kBucketRows));
            const Index from = window.first + index * states;
            const Index to = std::min(from + states, window.head);
            for (Index state = from; state < to; ++state) {
                for (Index trail = 0; trail < trails; ++trail) {
                    add(part, layer, context, ink, window, state, trail);
                }
            }
        });
    }

    void paint(const Canvas& canvas) const override {
        for (int bucket = canvas.top / kBucketRows; bucket * kBucketRows < canvas.bottom;
             ++bucket) {
            const int top = std::max(canvas.top, bucket * kBucketRows);
            const int bottom = std::min(canvas.bottom, (bucket + 1) * kBucketRows);
            for (const Part& part : m_parts) {
                for (const std::uint32_t index : part.buckets[static_cast<std::size_t>(bucket)]) {
                    paintPiece(canvas, part.pieces[index], top, bottom);
                }
            }
        }
    }

private:
    /// Pieces in the order of drawing, and for each strip of rows those that touch it.
    struct Part {
        std::vector<Piece> pieces;
        std::vector<std::vector<std::uint32_t>> buckets;
    };

    static void add(Part& part, const TrailsLayer& layer, const PaintContext& context,
                    const Ink& ink, const TrailWindow& window, Index state, Index trail) {
        const Index trails = layer.xy.dim(1), stride = layer.xy.dim(2);
        const float* to = layer.xy.values<float>().data() + ((state + 1) * trails + trail) * stride;
        const float* from = to - trails * stride;
        const Projection& projection = context.projection;
        double ax = projection.x(from[0]), ay = projection.y(from[1]);
        double bx = projection.x(to[0]), by = projection.y(to[1]);
        Piece piece{};
        piece.stroke.width = layer.width * context.scene.pixelRatio;
        const auto color = ink.at(state + 1, trail);
        piece.opacity = layer.opacity * window.freshness(state + 1, layer.fade);
        if (!color || !(piece.opacity > 0) ||
            !clipTo(context.size, piece.stroke.reach() + 2, ax, ay, bx, by)) {
            return;
        }
        piece.word = color->first;
        piece.opacity *= color->second;
        const float* before = from - trails * stride;
        piece.stroke.joined =
            state > window.first && std::isfinite(before[0]) && std::isfinite(before[1]);
        piece.stroke.ax = static_cast<float>(ax);
        piece.stroke.ay = static_cast<float>(ay);
        piece.stroke.bx = static_cast<float>(bx);
        piece.stroke.by = static_cast<float>(by);
        const auto [top, bottom] =
            pixelRange(std::min(ay, by) - piece.stroke.reach(),
                       std::max(ay, by) + piece.stroke.reach(), 0, context.size.height);
        for (int bucket = top / kBucketRows; bucket * kBucketRows < bottom; ++bucket) {
            part.buckets[static_cast<std::size_t>(bucket)].push_back(
                static_cast<std::uint32_t>(part.pieces.size()));
        }
        part.pieces.push_back(piece);
    }

    std::vector<Part> m_parts;
};

}  // namespace

bool clipTo(Size size, double margin, double& ax, double& ay, double& bx, double& by) noexcept {
    const double dx = bx - ax, dy = by - ay;
    if (!std::isfinite(dx) || !std::isfinite(dy) || !std::isfinite(ax) || !std::isfinite(ay)) {
        return false;
    }
    double from = 0, to = 1;
    const auto side = [&](double start, double delta, double low, double high) {
        if (delta == 0) {
            return start >= low && start <= high;
        }
        const double a = (low - start) / delta, b = (high - start) / delta;
        from = std::max(from, std::min(a, b));
        to = std::min(to, std::max(a, b));
        return from <= to;
    };
    if (!side(ax, dx, -margin, size.width + margin) ||
        !side(ay, dy, -margin, size.height + margin)) {
        return false;
    }
    bx = to < 1 ? ax + to * dx : bx;
    by = to < 1 ? ay + to * dy : by;
    ax += from * dx;
    ay += from * dy;
    return true;
}

std::unique_ptr<Painter> makePainter(const TrailsLayer& layer, const PaintContext& context) {
    return std::make_unique<TrailsPainter>(layer, context);
}

}  // namespace lx::render
