// SPDX-License-Identifier: GPL-3.0-or-later
// What the map of an energy draws, layer by layer.
#pragma once

#include "ui/views/chain_channels.h"

#include <optional>

namespace lx::ui {

/// The field of an energy: low values bright, beyond `window` nats above the least one uniform.
std::optional<render::GridLayer> energyLayer(const Frame&, const Theme&, double window);
/// The same of any such field; the range of its colours is `window` nats, or what there is.
std::optional<render::GridLayer> fieldLayer(const Frame&, const char* id, const Theme&,
                                            double window);
/// A field of signed numbers on a map that is neutral at 0 and ends at -+ `most`.
std::optional<render::GridLayer> signedLayer(const Frame&, const char* id, const Theme&,
                                             double most);
/// What belongs under the field where the stage is wider: `energy.around`, and below that the dark
/// end of the map where the border has reached it; nothing where nobody knows the energy.
std::vector<render::GridLayer> surroundings(const Frame&, const render::GridLayer& field);
/// The field with its surroundings and its colour bar; false when nobody knows the energy.
bool addEnergy(Figure&, const Frame&, const Theme&, double window);
/// In the legend, at which noise level a reverse process shows the field `id`, and that of the
/// particles where it is another; nothing for other families.
void addLevel(Figure&, const Frame&, const char* id, const Theme&);
/// Sampled minus true density on a map that is neutral at 0.
std::optional<render::GridLayer> differenceLayer(const Frame&, const Theme&);
/// That layer with its colour bar; false when there is none.
bool addDifference(Figure&, const Frame&, const Theme&);
/// The rectangle that `<id>.extent` [4] names; nothing when absent or empty.
std::optional<render::Rect> extentOf(const Frame&, const char* id);

/// The last states of chains [C, K, D] as one line each.
struct ChainTrails {
    Array xy;                    ///< [K, C, 2]
    std::vector<QPointF> heads;  ///< [C] newest states
    std::vector<Index> numbers;  ///< [C]
    Index count() const { return static_cast<Index>(heads.size()); }
};
std::optional<ChainTrails> trailsOf(const Frame&);
render::TrailsLayer trailsLayer(const ChainTrails&, const Theme&, int chosen);

/// The present states [chains, D >= 2] as points, and any states as a density.
render::PointsLayer statesLayer(const Array& states, const Theme&);
render::DensityLayer densityLayer(const Array& states, const Theme&, bool onField);
QColor densityColor(const Theme&, bool onField);

/// Markers of the present states, the chosen one largest and last.
std::vector<OverlayItem> headMarkers(const ChainTrails&, const Theme&, int chosen);

/// The chain whose present state is nearest to a place, within so many pixels; -1: none.
int headUnder(const ChainTrails&, const PlotTransform&, QPointF at, double pixels);

/// Crosses where the trails diverged. While the clock runs the trails and the list of divergences
/// may be of different steps: then there are none.
std::vector<OverlayItem> divergenceMarks(const Frame&, const ChainTrails&, int chosen);

/// Marginal densities of the draws on the lower and left edge, with the true ones where known.
/// `onField`: they stand on the dark end of the map, else on the panel.
std::vector<OverlayItem> marginalItems(const Frame&, const Theme&, bool onField);

/// Ink that stands out from the field, or from the panel where there is none.
QColor inkOver(const Theme&, bool onField);

}  // namespace lx::ui
