// SPDX-License-Identifier: GPL-3.0-or-later
// The hand of the Geodesic tool on a map of codes.
#pragma once

#include "ui/bridge/session_bridge.h"
#include "ui/viewport/scene_widget.h"
#include "ui/views/paths.h"

namespace lx::ui {

/// Does the run offer a geodesic between two places of a map that a hand can move?
bool offersGeodesic(const Description&);

/// Takes the nearer end of the path, has the curve settled while it drags (probe `geodesic`: on the
/// cached metric first, then exactly), and where it lets go makes the place the parameter
/// geodesic.from or geodesic.to of the run. Every view of paths follows: the answers are
/// ExploreState::draggedPath().
class GeodesicHand : public QObject {
    Q_OBJECT
public:
    /// The code that a place of the figure means; coordinates off the chart are those of `near`.
    using CodeAt = std::function<std::vector<float>(std::vector<float> near, QPointF)>;
    GeodesicHand(SessionBridge&, SceneWidget&, PlaceOf, CodeAt, QObject* parent);

    /// Takes the channels of the run, unless the hand knows better.
    void present(const Frame&, Index dim);
    const Paths& paths() const { return m_paths; }

Q_SIGNALS:
    void moved();

private:
    void take(QPointF at);
    void move(QPointF at);
    void letGo();
    void follow(const State& answer);
    std::vector<float> endOf(bool last) const;

    SessionBridge& m_bridge;
    SceneWidget& m_scene;
    PlaceOf m_placeOf;
    CodeAt m_codeAt;
    LatestProbe* m_probe;
    QTimer m_stale;
    Paths m_paths;
    std::array<std::vector<float>, 2> m_ends;
    Index m_dim = 2;
    std::uint32_t m_source = kNoRun;
    bool m_held = false, m_last = false;  ///< an end is in the hand; it is the second one
    bool m_mine = false;                  ///< what explore().draggedPath() holds comes from here
};

}  // namespace lx::ui
