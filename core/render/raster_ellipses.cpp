// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/colormap.h"
#include "core/render/ellipse.h"
#include "core/render/painter.h"

namespace lx::render {
namespace {

class EllipsesPainter final : public Painter {
public:
    EllipsesPainter(const EllipsesLayer& layer, const PaintContext& context)
        : m_layer(layer), m_width(layer.width * context.scene.pixelRatio) {
        const auto colors = layer.colors.empty() ? std::vector{kDefaultColor} : layer.colors;
        for (const EllipseOnPicture& ellipse :
             ellipsesOnPicture(layer, context.projection, m_width)) {
            const Color c = colors[ellipse.category % colors.size()];
            m_inks.push_back({pack(c), c.a * layer.opacity});
            m_ellipses.push_back(ellipse);
        }
    }

    void paint(const Canvas& canvas) const override {
        for (std::size_t i = 0; i < m_ellipses.size(); ++i) {
            const EllipseOnPicture& e = m_ellipses[i];
            const auto [top, bottom] = pixelRange(
                e.y - e.reachY, static_cast<double>(e.y) + e.reachY, canvas.top, canvas.bottom);
            const auto [left, right] = pixelRange(
                e.x - e.reachX, static_cast<double>(e.x) + e.reachX, 0, canvas.size.width);
            for (int row = top; row < bottom; ++row) {
                for (int column = left; column < right; ++column) {
                    const float covered =
                        e.coverage(static_cast<float>(column) + 0.5F - e.x,
                                   static_cast<float>(row) + 0.5F - e.y, m_width, m_layer.fill);
                    if (covered > 0) {
                        blend(canvas.at(column, row), m_inks[i].first, covered * m_inks[i].second);
                    }
                }
            }
        }
    }

private:
    const EllipsesLayer& m_layer;
    const float m_width;
    std::vector<EllipseOnPicture> m_ellipses;
    std::vector<std::pair<std::uint32_t, float>> m_inks;
};

}  // namespace

std::vector<EllipseOnPicture> ellipsesOnPicture(const EllipsesLayer& layer,
                                                const Projection& projection, float width) {
    std::vector<EllipseOnPicture> found;
    if (layer.centers.count() == 0) {
        return found;
    }
    const auto centers = layer.centers.values<float>();
    const auto axes = layer.axes.values<float>();
    const auto stride = static_cast<std::size_t>(layer.centers.dim(1));
    for (std::size_t i = 0; i < static_cast<std::size_t>(layer.centers.dim(0)); ++i) {
        const Index kind = layer.category.defined() ? layer.category.values<Index>()[i] : 0;
        if (kind < 0) {
            continue;
        }
        EllipseOnPicture e;
        e.category = static_cast<std::uint32_t>(kind);
        const double x = projection.x(centers[stride * i]),
                     y = projection.y(centers[stride * i + 1]);
        // Columns of A in pixels; y grows downwards there.
        const double a = axes[4 * i] * projection.scaleX(),
                     b = axes[4 * i + 1] * projection.scaleX();
        const double c = -axes[4 * i + 2] * projection.scaleY();
        const double d = -axes[4 * i + 3] * projection.scaleY();
        const double det = a * d - b * c;
        const double reachX = std::hypot(a, b), reachY = std::hypot(c, d);
        // Drawn while it is no needle: thinner than a hundredth of a pixel it has no inside.
        if (!(std::abs(det) > 0.01 * std::max(reachX, reachY)) || !(reachX + reachY < 1e6) ||
            !(std::abs(x) < 1e6 && std::abs(y) < 1e6)) {
            continue;
        }
        e.x = static_cast<float>(x);
        e.y = static_cast<float>(y);
        e.inverse = {static_cast<float>(d / det), static_cast<float>(-b / det),
                     static_cast<float>(-c / det), static_cast<float>(a / det)};
        e.reachX = static_cast<float>(reachX) + width / 2 + 1;
        e.reachY = static_cast<float>(reachY) + width / 2 + 1;
        found.push_back(e);
    }
    return found;
}

std::unique_ptr<Painter> makePainter(const EllipsesLayer& layer, const PaintContext& context) {
    return std::make_unique<EllipsesPainter>(layer, context);
}

}  // namespace lx::render
