// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/geodesic_hand.h"

#include <algorithm>
#include <cmath>

namespace lx::ui {
namespace {

/// So long after the hand let go the run may still show the curve of the ends before.
constexpr int kStaleMs = 1500;
/// Decimals of an end that becomes a parameter: far below what a pixel means.
constexpr double kDecimals = 1e4;

}  // namespace

bool offersGeodesic(const Description& description) {
    const auto live = [&](const char* id) {
        const ParamDecl* decl = lx::find(description.params, id);
        return decl && decl->live;
    };
    const auto has = [&](const char* id) {
        return std::ranges::find(description.channels, id, &ChannelDecl::id) !=
               description.channels.end();
    };
    return live("geodesic.from") && live("geodesic.to") && has("geodesic") && has("codes");
}

GeodesicHand::GeodesicHand(SessionBridge& bridge, SceneWidget& scene, PlaceOf placeOf,
                           CodeAt codeAt, QObject* parent)
    : QObject(parent),
      m_bridge(bridge),
      m_scene(scene),
      m_placeOf(std::move(placeOf)),
      m_codeAt(std::move(codeAt)),
      m_probe(new LatestProbe(bridge, "probe.geodesic", this)) {
    connect(&scene, &SceneWidget::pressed, this, &GeodesicHand::take);
    connect(&scene, &SceneWidget::dragged, this, &GeodesicHand::move);
    connect(&scene, &SceneWidget::released, this, &GeodesicHand::letGo);
    connect(m_probe, &LatestProbe::answered, this, &GeodesicHand::follow);
}

void GeodesicHand::present(const Frame& frame, Index dim) {
    const auto fresh = pathsOf([&](const char* id) { return channel(frame, id); }, dim);
    const bool other = frame.source != m_source || dim != m_dim;
    m_source = frame.source;
    m_dim = dim;
    if (!other && m_held) {
        return;
    }
    const Array& path = fresh[1];
    if (!other && path.defined() && m_sinceHeld.isValid() && m_sinceHeld.elapsed() < kStaleMs) {
        const auto z = path.values<double>();
        const auto d = static_cast<std::size_t>(dim);
        const auto near = [](double a, float b) { return std::abs(a - double(b)) < 1e-3; };
        if (!std::ranges::equal(z.first(d), m_ends[0], near) ||
            !std::ranges::equal(z.last(d), m_ends[1], near)) {
            return;
        }
    }
    m_held = m_held && !other;
    m_paths = fresh;
}

std::vector<float> GeodesicHand::endOf(bool last) const {
    const auto z = m_paths[1].values<double>();
    const auto row =
        last ? z.last(static_cast<std::size_t>(m_dim)) : z.first(static_cast<std::size_t>(m_dim));
    return {row.begin(), row.end()};
}

void GeodesicHand::take(QPointF at) {
    if (m_bridge.explore().tool() != Tool::Geodesic || !m_paths[1].defined() ||
        m_source != m_bridge.active()) {
        return;
    }
    m_ends = {endOf(false), endOf(true)};
    const auto distance = [&](const std::vector<float>& end) {
        const auto place = m_placeOf(end);
        const QPointF apart =
            place ? m_scene.toPixel(place->x(), place->y()) - m_scene.toPixel(at.x(), at.y())
                  : QPointF(1e9, 1e9);
        return std::hypot(apart.x(), apart.y());
    };
    m_last = distance(m_ends[1]) < distance(m_ends[0]);
    m_held = true;
    m_probe->setSource(m_source);
    move(at);
}

void GeodesicHand::move(QPointF at) {
    if (!m_held) {
        return;
    }
    std::vector<float>& end = m_ends[m_last ? 1 : 0];
    end = m_codeAt(end, at);
    m_probe->ask("geodesic", {},
                 {{"from", Array({m_dim}, m_ends[0])}, {"to", Array({m_dim}, m_ends[1])}});
    m_bridge.explore().setCursor(end);  // what the end decodes to is shown beside the map
}

void GeodesicHand::letGo() {
    if (!m_held) {
        return;
    }
    m_held = false;
    m_sinceHeld.start();
    std::vector<double> end;
    for (float& value : m_ends[m_last ? 1 : 0]) {
        end.push_back(std::round(double(value) * kDecimals) / kDecimals);
        value = static_cast<float>(end.back());
    }
    m_bridge.wish(m_last ? "geodesic.to" : "geodesic.from", end);
}

void GeodesicHand::follow(const State& answer) {
    const auto found = pathsOf(
        [&](const char* id) -> const Array* {
            const auto it = answer.find(std::string_view(id) == "geodesic" ? "path" : id);
            return it == answer.end() ? nullptr : &it->second;
        },
        m_dim);
    if (found[1].defined() && (m_held || m_sinceHeld.isValid())) {
        m_paths = found;
        Q_EMIT moved();
    }
}

}  // namespace lx::ui
