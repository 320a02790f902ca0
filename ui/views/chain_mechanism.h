// SPDX-License-Identifier: GPL-3.0-or-later
// How one step of a chain came about: proposal, drift and noise, leapfrog path, tree.
#pragma once

#include "ui/bridge/session_bridge.h"
#include "ui/viewport/figure.h"

#include <optional>

namespace lx::ui {

/// The newest step of one chain, in the plane of the first two coordinates.
struct Mechanism {
    QString family;  ///< "random-walk", "langevin", "hamiltonian", "underdamped", ...
    QPointF from, proposal;
    bool accepted = false, diverged = false;
    double logAlpha = 0;
    std::optional<QPointF> drift, noise;
    std::vector<QPointF> path;                 ///< empty: none
    std::vector<QPointF> momenta;              ///< as long as path, or empty
    std::vector<double> energyError;           ///< as long as path, or empty
    std::vector<double> position0, momentum0;  ///< first coordinate along the path
    struct Edge {
        std::size_t from = 0, to = 0;
        Index doubling = 0;
    };
    std::vector<Edge> tree;
};

/// Of row `row` of the channel `mechanism`; nothing when it is not there.
std::optional<Mechanism> mechanismOf(const Frame&, Index row);

/// One sentence for each sub-step, in their order.
QStringList mechanismCaptions(const Mechanism&);

/// The picture once sub-steps 0 .. `phase` have happened. `ink` must stand out from what lies
/// below; the halo makes it readable on any colour.
void addMechanism(std::vector<OverlayItem>&, const Mechanism&, int phase, const QColor& ink,
                  const QColor& halo);
/// The arrow alone: solid and filled when accepted, dashed and open when rejected.
ArrowItem proposalArrow(const Mechanism&, const QColor&);

}  // namespace lx::ui
