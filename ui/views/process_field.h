// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/render/flow.h"
#include "ui/bridge/session_bridge.h"
#include "ui/viewport/scene_widget.h"

#include <QJsonObject>
#include <QTimer>

#include <array>
#include <optional>

namespace lx::ui {

/// The field of a reverse process at one time, under the particles of a plot: asks the run for it
/// by the probe "field", one question at a time, and draws it.
class ProcessField : public QObject {
    Q_OBJECT
public:
    enum class Look : std::uint8_t { None, Arrows, Texture };
    static constexpr std::size_t kPhases = 12;  ///< pictures of the texture's endless loop
    static constexpr int kPhaseMs = 100;

    /// Drawn in `plot`, whose camera says where.
    ProcessField(SessionBridge&, SceneWidget& plot, QObject* parent);

    Look look() const { return m_look; }
    /// The score in place of the velocity of the probability flow.
    bool score() const { return m_score; }
    void choose(Look, bool score);
    QJsonObject state() const;
    void restore(const QJsonObject&);

    /// The run and the log SNR that the field belongs to; asks anew. Not-a-number: none.
    void follow(const Frame&, double logSnr);
    void forget();
    /// Log SNR of the field at hand; nothing while there is none.
    std::optional<double> shownLogSnr() const;

    /// The field as the lowest layers of the figure; nothing where the run tells none.
    void addLayers(Figure&, const Theme&);
    /// What it shows, and how much the longest arrow is.
    void addLegend(Figure&, const Theme&) const;
    bool moving() const { return m_clock.isActive(); }

Q_SIGNALS:
    void changed();  ///< draw it anew

private:
    struct Shown {
        render::FlowField flow;
        double logSnr = 0, largest = 0;
        bool score = false;
    };
    void ask();
    void take(const State& answer);
    void tick();
    void moveOrRest();
    render::FlowView flowView(double scale) const;
    const Array& texture(std::size_t phase);
    render::GridLayer textureLayer(const Theme&);

    SessionBridge& m_bridge;
    SceneWidget& m_plot;
    LatestProbe m_probe;
    QTimer m_clock;
    Look m_look = Look::Arrows;
    bool m_score = false;
    Frame m_frame;
    double m_logSnr;
    std::optional<Shown> m_shown;
    double m_longest = 0;  ///< arrow drawn
    std::size_t m_phase = 0;
    std::array<Array, kPhases> m_loop;  ///< made one at a time; undefined: not yet
    render::FlowView m_loopView{};
};

}  // namespace lx::ui
