// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/scene_pick.h"

#include "core/render/pick.h"
#include "core/render/pick3.h"
#include "ui/shell/numbers.h"
#include "ui/viewport/space_paint.h"

#include <QCoreApplication>
#include <QStringList>

#include <algorithm>
#include <cmath>

namespace lx::ui {
namespace {

using Kind = ScenePick::Kind;

QString tr(const char* text) {
    return QCoreApplication::translate("ScenePick", text);
}

/// Keeps the preferred hit; of equal ones the later, which is drawn above.
class Best {
public:
    explicit Best(double radius) : m_radius(radius) {}
    double radius() const { return m_radius; }
    void offer(ScenePick pick) {
        if (pick.pixels <= m_radius && (!m_best || std::pair(pick.kind, pick.pixels) <=
                                                       std::pair(m_best->kind, m_best->pixels))) {
            m_best = std::move(pick);
        }
    }
    std::optional<ScenePick> take() { return std::move(m_best); }

private:
    double m_radius;
    std::optional<ScenePick> m_best;
};

struct OnSegment {
    double pixels = INFINITY;
    bool second = false;  ///< the segment's end is nearer than its start
};

OnSegment toSegment(QPointF a, QPointF b, QPointF p) {
    const QPointF along = b - a;
    const double length = QPointF::dotProduct(along, along);
    const double t =
        length > 0 ? std::clamp(QPointF::dotProduct(p - a, along) / length, 0.0, 1.0) : 0;
    const QPointF away = p - (a + t * along);
    return {std::hypot(away.x(), away.y()), t > 0.5};
}

std::optional<Index> categoryAt(const Array& category, Index row) {
    return category.defined() ? std::optional(category.values<Index>()[std::size_t(row)])
                              : std::nullopt;
}

/// Drawn states of chains given by their places on the screen; a gap is no number.
template <class Place>
void offerChains(Best& best, ScenePick found, Index first, Index last, Index chains, QPointF pixel,
                 const Array& category, Place place) {
    for (Index chain = 0; chain < chains; ++chain) {
        const auto label = categoryAt(category, chain);
        if (label && *label < 0) {
            continue;
        }
        for (Index state = first; state <= last; ++state) {
            const QPointF to = place(state, chain);
            const QPointF from = state > first ? place(state - 1, chain) : to;
            const bool whole = std::isfinite(from.x() + from.y());
            const OnSegment hit = toSegment(whole ? from : to, to, pixel);
            if (!std::isfinite(hit.pixels) || hit.pixels > best.radius()) {
                continue;
            }
            found.kind = Kind::Chain;
            found.index = chain;
            found.state = hit.second || state == first || !whole ? state : state - 1;
            found.label = label;
            found.pixels = hit.pixels;
            best.offer(found);
        }
    }
}

struct Look {
    const PlotTransform& to;
    const render::Rect& shown;
    render::Size size;
    QPointF pixel, inside;  ///< widget's and plot's
};

void look(const render::PointsLayer& layer, std::size_t item, const Look& at, Best& best) {
    const auto hit = render::pickPoint(layer.xy, layer.category, at.shown, at.size, at.inside.x(),
                                       at.inside.y(), best.radius());
    if (!hit) {
        return;
    }
    ScenePick found{Kind::Point, item, hit->index, -1, {}, {}, {hit->x, hit->y, 0}, hit->pixels};
    found.label = categoryAt(layer.category, hit->index);
    if (layer.values.defined()) {
        found.value = layer.values.values<float>()[std::size_t(hit->index)];
    }
    best.offer(found);
}

void look(const render::TrailsLayer& layer, std::size_t item, const Look& at, Best& best) {
    if (!layer.xy.defined() || layer.xy.shape().size() != 3 || layer.xy.dim(2) < 2) {
        return;
    }
    const Index states = layer.xy.dim(0), chains = layer.xy.dim(1), d = layer.xy.dim(2);
    const Index last = layer.head < 0 ? states - 1 : std::min(layer.head, states - 1);
    const Index first = layer.tail > 0 ? std::max<Index>(0, last - layer.tail) : 0;
    const auto xy = layer.xy.values<float>();
    Best nearest(best.radius());
    ScenePick found;
    found.item = item;
    offerChains(nearest, found, first, last, chains, at.pixel, layer.category,
                [&](Index state, Index chain) {
                    const auto i = std::size_t((state * chains + chain) * d);
                    return at.to.map(xy[i], xy[i + 1]);
                });
    if (auto hit = nearest.take()) {
        const auto n = std::size_t(hit->state * chains + hit->index);
        hit->at = {xy[n * std::size_t(d)], xy[n * std::size_t(d) + 1], 0};
        if (layer.values.defined()) {
            hit->value = layer.values.values<float>()[n];
        }
        best.offer(*hit);
    }
}

void look(const render::GridLayer& layer, std::size_t item, const Look& at, Best& best) {
    const auto value = render::pickValue(layer, at.shown, at.size, at.inside.x(), at.inside.y());
    if (value) {
        const QPointF p = at.to.unmap(at.pixel);
        best.offer({Kind::Value, item, 0, -1, {}, *value, {p.x(), p.y(), 0}, 0});
    }
}

void look(const render::AtlasLayer& layer, std::size_t item, const Look& at, Best& best) {
    if (const auto index =
            render::pickImage(layer, at.shown, at.size, at.inside.x(), at.inside.y())) {
        const QPointF p = at.to.unmap(at.pixel);
        best.offer({Kind::Image, item, *index, -1, {}, {}, {p.x(), p.y(), 0}, 0});
    }
}

/// Densities have no single points; ellipses and meshes belong to what lies in them.
template <class Layer>
void look(const Layer&, std::size_t, const Look&, Best&) {}

void lookAtCurve(const CurveItem& curve, std::size_t item, const Look& at, Best& best) {
    const auto count = static_cast<Index>(curve.points.size());
    for (Index i = 0; i < count; ++i) {
        const QPointF& p = curve.points[std::size_t(i)];
        const QPointF here = at.to.map(p.x(), p.y());
        const QPointF& q = curve.points[std::size_t(std::max<Index>(0, i - 1))];
        const OnSegment hit = toSegment(at.to.map(q.x(), q.y()), here, at.pixel);
        const QPointF& near = hit.second ? p : q;
        const Index state = hit.second ? i : std::max<Index>(0, i - 1);
        best.offer({Kind::Curve, item, 0, state, {}, {}, {near.x(), near.y(), 0}, hit.pixels});
        if (i == 0 || i == count - 1) {
            const QPointF away = at.pixel - here;
            best.offer({Kind::CurveEnd,
                        item,
                        i == 0 ? 0 : 1,
                        i,
                        {},
                        {},
                        {p.x(), p.y(), 0},
                        std::hypot(away.x(), away.y())});
        }
    }
}

}  // namespace

std::optional<ScenePick> pickScene(const Figure& figure, const render::Rect& shown,
                                   const QRectF& plot, QPointF pixel, double radius) {
    if (!plot.contains(pixel)) {
        return {};
    }
    const PlotTransform to(shown, plot);
    const Look at{to,
                  shown,
                  {int(std::lround(plot.width())), int(std::lround(plot.height()))},
                  pixel,
                  pixel - plot.topLeft()};
    Best best(radius);
    for (std::size_t i = 0; i < figure.layers.size(); ++i) {
        std::visit([&](const auto& layer) { look(layer, i, at, best); }, figure.layers[i]);
    }
    for (std::size_t i = 0; i < figure.overlay.size(); ++i) {
        if (const auto* curve = std::get_if<CurveItem>(&figure.overlay[i])) {
            lookAtCurve(*curve, i, at, best);
        }
    }
    return best.take();
}

std::optional<ScenePick> pickSpace(const SpaceFigure& figure, const Theme& theme,
                                   const QRectF& plot, QPointF pixel, double radius) {
    if (!plot.contains(pixel)) {
        return {};
    }
    const QPointF inside = pixel - plot.topLeft();
    const render::Size size{int(std::lround(plot.width())), int(std::lround(plot.height()))};
    const render::Space space = spaceOf(figure, theme, 1);
    const render::Projection3 projection = projectionOf(figure, plot.size());
    Best best(radius);
    for (std::size_t i = 0; i < figure.solids.size(); ++i) {
        if (const auto* cloud = std::get_if<render::PointCloud3>(&figure.solids[i])) {
            if (const auto hit =
                    render::pickPoint(space, *cloud, size, 1, inside.x(), inside.y(), radius)) {
                ScenePick found{Kind::Point, i, hit->index, -1, {}, {}, hit->at, hit->pixels};
                found.label = categoryAt(cloud->category, hit->index);
                if (cloud->values.defined()) {
                    found.value = cloud->values.values<float>()[std::size_t(hit->index)];
                }
                best.offer(found);
            }
        } else if (const auto* trails = std::get_if<render::Trails3>(&figure.solids[i])) {
            const Array& points = trails->points;
            if (!points.defined() || points.shape().size() != 3 || points.dim(2) < 3 ||
                trails->drape >= 0) {
                continue;  // a draped chain lies where the surface tells
            }
            const Index chains = points.dim(1), d = points.dim(2);
            const auto xyz = points.values<float>();
            const auto start = [&](Index state, Index chain) {
                return std::size_t((state * chains + chain) * d);
            };
            Best nearest(radius);
            ScenePick found;
            found.item = i;
            offerChains(nearest, found, 0, points.dim(0) - 1, chains, inside, Array(),
                        [&](Index state, Index chain) {
                            const std::size_t n = start(state, chain);
                            const auto p =
                                projection.map(figure.box.toWorld(xyz[n], xyz[n + 1], xyz[n + 2]));
                            return projection.sees(p) ? QPointF(p.x, p.y) : QPointF(NAN, NAN);
                        });
            if (auto hit = nearest.take()) {
                const std::size_t n = start(hit->state, hit->index);
                hit->at = {xyz[n], xyz[n + 1], xyz[n + 2]};
                best.offer(*hit);
            }
        } else if (const auto* surface = std::get_if<render::Surface3>(&figure.solids[i])) {
            if (const auto hit =
                    render::pickSurface(space, *surface, size, inside.x(), inside.y())) {
                best.offer({Kind::Value, i, 0, -1, {}, hit->value, hit->at, 0});
            }
        }
    }
    return best.take();
}

QString pickText(const ScenePick& pick, const std::function<QString(Index)>& name) {
    QStringList head;
    switch (pick.kind) {
        case Kind::CurveEnd: head << (pick.index == 0 ? tr("start") : tr("end")); break;
        case Kind::Point: head << tr("point %1").arg(formatInteger(pick.index)); break;
        case Kind::Chain:
            head << tr("chain %1").arg(formatInteger(pick.index + 1))
                 << tr("state %1").arg(formatInteger(pick.state));
            break;
        case Kind::Curve: head << tr("curve, point %1").arg(formatInteger(pick.state)); break;
        case Kind::Image: head << tr("image %1").arg(formatInteger(pick.index)); break;
        case Kind::Value: break;
    }
    if (pick.label && *pick.label >= 0) {
        head << (name ? name(*pick.label) : tr("class %1").arg(*pick.label));
    }
    QStringList lines;
    if (!head.isEmpty()) {
        lines << head.join(QStringLiteral(", "));
    }
    lines << QStringLiteral("(%1, %2)").arg(formatFixed(pick.at[0], 2), formatFixed(pick.at[1], 2));
    if (pick.value) {
        lines << tr("value %1").arg(formatFixed(*pick.value, 3));
    }
    return lines.join(QLatin1Char('\n'));
}

}  // namespace lx::ui
