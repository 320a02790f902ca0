// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/process_field.h"

#include "ui/shell/motion.h"
#include "ui/shell/numbers.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace lx::ui {
namespace {

constexpr Index kNodes = 48;  ///< of the field each way
constexpr double kArrowPixels = 24;
constexpr float kArrowOpacity = 0.55F, kTextureOpacity = 0.75F;
/// Nodes of the texture: some 3 ms of the GUI thread for a picture of the loop.
constexpr double kTextureNodes = 9000;
constexpr double kLeastPlot = 40;  ///< pixels

bool same(const render::FlowView& a, const render::FlowView& b) {
    return a.view.x0 == b.view.x0 && a.view.y0 == b.view.y0 && a.view.x1 == b.view.x1 &&
           a.view.y1 == b.view.y1 && a.pixels.width == b.pixels.width &&
           a.pixels.height == b.pixels.height;
}

double largestOf(const Array& vectors) {
    const auto v = vectors.values<float>();
    double out = 0;
    for (std::size_t i = 0; i + 1 < v.size(); i += 2) {
        const double size = std::hypot(v[i], v[i + 1]);
        out = std::isfinite(size) ? std::max(out, size) : out;
    }
    return out;
}

}  // namespace

ProcessField::ProcessField(SessionBridge& bridge, SceneWidget& plot, QObject* parent)
    : QObject(parent),
      m_bridge(bridge),
      m_plot(plot),
      m_probe(bridge, "probe.field", this),
      m_logSnr(std::numeric_limits<double>::quiet_NaN()) {
    m_plot.setReadsOut(false);  // shades of a texture
    m_clock.setInterval(kPhaseMs);
    connect(&m_clock, &QTimer::timeout, this, &ProcessField::tick);
    connect(&m_probe, &LatestProbe::answered, this, &ProcessField::take);
    connect(&m_plot, &SceneWidget::viewChanged, this, [this] {
        if (m_shown) {
            Q_EMIT changed();
        }
        ask();
    });
}

void ProcessField::choose(Look look, bool score) {
    if (std::exchange(m_score, score) != score) {
        m_probe.drop();  // an answer under way is of the other kind
        m_shown.reset();
    }
    m_look = look;
    ask();
    Q_EMIT changed();
}

QJsonObject ProcessField::state() const {
    return {{QStringLiteral("look"), static_cast<int>(m_look)}, {QStringLiteral("score"), m_score}};
}

void ProcessField::restore(const QJsonObject& state) {
    const int look = state.value(QStringLiteral("look")).toInt(static_cast<int>(m_look));
    choose(static_cast<Look>(std::clamp(look, 0, 2)),
           state.value(QStringLiteral("score")).toBool(m_score));
}

void ProcessField::follow(const Frame& frame, double logSnr) {
    const bool other = frame.source != m_frame.source || !m_frame.snapshot ||
                       frame.snapshot->epoch != m_frame.snapshot->epoch;
    m_probe.setSource(frame.source);
    m_frame = frame;
    m_logSnr = logSnr;
    if (other) {
        m_shown.reset();
    }
    ask();
}

void ProcessField::forget() {
    m_probe.drop();
    m_frame = {};
    m_shown.reset();
    moveOrRest();
}

std::optional<double> ProcessField::shownLogSnr() const {
    return m_shown ? std::optional(m_shown->logSnr) : std::nullopt;
}

void ProcessField::ask() {
    if (m_look == Look::None || !m_frame.snapshot || !std::isfinite(m_logSnr) ||
        channelsOfKind(m_frame, "field2").empty()) {
        return;
    }
    const render::Rect at = m_plot.shown();
    m_probe.ask("field",
                {{"log_snr", m_logSnr},
                 {"side", kNodes},
                 {"kind", std::string(m_score ? "score" : "velocity")}},
                {{"box", Array({4}, std::vector<float>{
                                        static_cast<float>(at.x0), static_cast<float>(at.y0),
                                        static_cast<float>(at.x1), static_cast<float>(at.y1)})}});
}

void ProcessField::take(const State& answer) {
    const auto field = answer.find("field"), extent = answer.find("extent"),
               level = answer.find("log_snr");
    if (field == answer.end() || extent == answer.end() || level == answer.end() ||
        extent->second.dtype() != DType::F32 || extent->second.count() != 4 ||
        level->second.dtype() != DType::F32 || level->second.count() != 1) {
        return;
    }
    const auto at = extent->second.values<float>();
    Shown next{{field->second, {at[0], at[1], at[2], at[3]}},
               static_cast<double>(level->second.values<float>()[0]),
               0,
               m_score};
    if (!next.flow.problem().empty()) {
        return;
    }
    next.largest = largestOf(next.flow.vectors);
    m_shown = std::move(next);
    m_loop.fill({});
    Q_EMIT changed();
}

render::FlowView ProcessField::flowView(double scale) const {
    const QRectF plot = m_plot.plotRect();
    return {m_plot.shown(),
            {std::max(1, static_cast<int>(std::lround(scale * plot.width()))),
             std::max(1, static_cast<int>(std::lround(scale * plot.height())))}};
}

const Array& ProcessField::texture(std::size_t phase) {
    const QRectF plot = m_plot.plotRect();
    const render::FlowView view =
        flowView(std::min(1.0, std::sqrt(kTextureNodes / (plot.width() * plot.height()))));
    if (!same(view, m_loopView)) {
        m_loop.fill({});
        m_loopView = view;
    }
    Array& made = m_loop[phase];
    if (!made.defined()) {
        render::TextureOptions options{.length = 12, .period = 12};
        options.phase = static_cast<double>(phase) / static_cast<double>(kPhases);
        const Array flat = lineIntegralTexture(m_shown->flow, view, options);
        // Fainter where the field is weak, by the root as the lengths of arrows.
        std::vector<float> values(flat.values<float>().begin(), flat.values<float>().end());
        const double w = view.view.x1 - view.view.x0, h = view.view.y1 - view.view.y0;
        for (int r = 0; r < view.pixels.height; ++r) {
            for (int c = 0; c < view.pixels.width; ++c) {
                const auto v =
                    m_shown->flow.at({view.view.x0 + (c + 0.5) / view.pixels.width * w,
                                      view.view.y0 + (r + 0.5) / view.pixels.height * h});
                const double share =
                    v && m_shown->largest > 0
                        ? std::sqrt(std::min(1.0, std::hypot(v->x, v->y) / m_shown->largest))
                        : 0;
                values[static_cast<std::size_t>(r * view.pixels.width + c)] *=
                    static_cast<float>(share);
            }
        }
        made = Array({view.pixels.height, view.pixels.width}, values);
    }
    return made;
}

render::GridLayer ProcessField::textureLayer(const Theme& theme) {
    render::GridLayer layer;
    layer.values = texture(m_phase);
    layer.place = m_loopView.view;
    layer.map.stops = {toRender(theme.panel), toRender(theme.secondary)};
    layer.opacity = kTextureOpacity;
    return layer;
}

void ProcessField::addLayers(Figure& figure, const Theme& theme) {
    m_longest = 0;
    const QRectF plot = m_plot.plotRect();
    const bool room = plot.width() > kLeastPlot && plot.height() > kLeastPlot;
    if (m_shown && room && m_look == Look::Arrows) {
        const render::FlowView view = flowView(1);
        const auto all = render::arrows(m_shown->flow, view, {.spacing = kArrowPixels});
        for (const render::Arrow& arrow : all) {
            m_longest = std::max(m_longest, arrow.magnitude);
        }
        if (!all.empty()) {
            render::TrailsLayer layer = render::arrowTrails(all, view, 4);
            layer.values = {};
            layer.colors = {toRender(theme.secondary)};
            layer.width = 1;
            layer.opacity = kArrowOpacity;
            figure.nameLayers(QStringLiteral("field"), tr("Field"));
            figure.layers.emplace_back(std::move(layer));
        }
    } else if (m_shown && room && m_look == Look::Texture) {
        figure.nameLayers(QStringLiteral("field"), tr("Field"));
        figure.layers.emplace_back(textureLayer(theme));
    }
    moveOrRest();
}

void ProcessField::addLegend(Figure& figure, const Theme& theme) const {
    const bool drawn = m_shown && (m_look == Look::Texture || m_longest > 0);
    if (!drawn || m_look == Look::None) {
        return;
    }
    const QString most = formatShort(m_look == Look::Arrows ? m_longest : m_shown->largest, 2);
    const QString text = m_shown->score ? tr("score, up to %1 nats a unit").arg(most)
                                        : tr("velocity, up to %1 a unit of time").arg(most);
    LegendEntry entry{text, theme.secondary};
    entry.part = QStringLiteral("field");
    figure.legend.push_back(std::move(entry));
}

void ProcessField::moveOrRest() {
    const bool moves = m_shown && m_look == Look::Texture && !reducedMotion() &&
                       !m_bridge.unhurried() && m_plot.isVisible();
    if (!moves) {
        m_clock.stop();
        if (m_look != Look::Texture || reducedMotion() || m_bridge.unhurried()) {
            m_phase = 0;
        }
    } else if (!m_clock.isActive()) {
        m_clock.start();
    }
}

void ProcessField::tick() {
    moveOrRest();
    if (!m_clock.isActive() || m_plot.busy() || m_plot.visibleRegion().isEmpty()) {
        return;
    }
    for (render::Layer& layer : m_plot.figure().layers) {
        if (auto* grid = std::get_if<render::GridLayer>(&layer)) {
            m_phase = (m_phase + 1) % kPhases;
            grid->values = texture(m_phase);
            m_plot.layersChanged();
            return;
        }
    }
}

}  // namespace lx::ui
