// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/geodesic_hand.h"

#include <algorithm>
#include <cmath>

namespace lx::ui {
namespace {

/// So long after the hand let go the run may still publish the curve of the ends before.
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
    return live("geodesic.from") && live("geodesic.to") && has("geodesic") &&
           (has("codes") || has("magnification"));
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
    m_stale.setSingleShot(true);
    m_stale.setInterval(kStaleMs);
    connect(&m_stale, &QTimer::timeout, this, [this] {
        if (m_mine && !m_held) {
            m_mine = false;
            m_bridge.explore().setDraggedPath({});
        }
    });
    connect(&bridge.explore(), &ExploreState::pathDragged, this, [this] {
        const Frame* frame = m_bridge.frame(m_source);
        if (frame && m_source == m_bridge.active()) {
            m_paths = pathsOf(pathChannels(m_bridge, *frame), m_dim);
            Q_EMIT moved();
        }
    });
}

void GeodesicHand::present(const Frame& frame, Index dim) {
    const bool other = frame.source != m_source || dim != m_dim;
    m_source = frame.source;
    m_dim = dim;
    if (other) {
        m_held = false;
    } else if (m_mine && !m_held) {
        // The run has caught up once its own curve ends where the hand let go.
        const Paths own = pathsOf([&](const char* id) { return channel(frame, id); }, dim);
        const auto near = [](double a, float b) { return std::abs(a - double(b)) < 1e-3; };
        const auto d = static_cast<std::size_t>(dim);
        if (own[0].defined() &&
            std::ranges::equal(own[0].values<double>().first(d), m_ends[0], near) &&
            std::ranges::equal(own[0].values<double>().last(d), m_ends[1], near)) {
            m_mine = false;
            m_stale.stop();
            m_bridge.explore().setDraggedPath({});
        }
    }
    m_paths = pathsOf(pathChannels(m_bridge, frame), dim);
}

std::vector<float> GeodesicHand::endOf(bool last) const {
    const auto z = m_paths[0].values<double>();
    const auto row =
        last ? z.last(static_cast<std::size_t>(m_dim)) : z.first(static_cast<std::size_t>(m_dim));
    return {row.begin(), row.end()};
}

void GeodesicHand::take(QPointF at) {
    if (m_bridge.explore().tool() != Tool::Geodesic || !m_paths[0].defined() ||
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
    m_mine = true;
    m_stale.stop();
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
    if (const Frame* frame = m_bridge.frame(m_source); frame && channel(*frame, "codes")) {
        m_bridge.explore().setCursor(end);  // what the end decodes to is shown beside the map
    }
}

void GeodesicHand::letGo() {
    if (!m_held) {
        return;
    }
    m_held = false;
    m_stale.start();
    std::vector<double> end;
    for (float& value : m_ends[m_last ? 1 : 0]) {
        end.push_back(std::round(double(value) * kDecimals) / kDecimals);
        value = static_cast<float>(end.back());
    }
    m_bridge.wish(m_last ? "geodesic.to" : "geodesic.from", end);
}

void GeodesicHand::follow(const State& answer) {
    if (m_mine && answer.contains("path")) {
        m_bridge.explore().setDraggedPath(answer);
    }
}

}  // namespace lx::ui
