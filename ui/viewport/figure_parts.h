// SPDX-License-Identifier: GPL-3.0-or-later
// The layer list of a figure: named parts that a person shows, hides, fades and reorders. Views
// name what they draw; the choices live beside the content and survive its renewal.
#pragma once

#include "core/render/space.h"

#include <QJsonArray>
#include <QString>

#include <vector>

namespace lx::ui {

struct Figure;

/// All layers, or overlay items, from number `from` up to the next part.
struct FigurePart {
    QString id, name;  ///< "prior" is kept in layouts, "Prior circles" is shown
    std::size_t from = 0;
};

/// What a person chose for the part `id`.
struct PartStyle {
    QString id;
    bool visible = true;
    double opacity = 1;
};

struct PartChoices {
    std::vector<PartStyle> styles;  ///< parts not named here are shown as the view draws them
    std::vector<QString> order;     ///< of the parts that were moved, lowest first
    friend bool operator==(const PartChoices&, const PartChoices&);
};

/// One row of the layer list.
struct PartRow {
    enum class Kind : std::uint8_t { Overlay, Layer, Solid, Grid };
    QString id, name;
    Kind kind{};
    bool visible = true;
    double opacity = 1;
    /// Drawn above, or below, another part of its kind. Overlays lie over the layers, the grid
    /// behind them; solids of space hide each other by their depth.
    bool canRise = false, canSink = false;
};

/// The rows of a figure, uppermost first.
std::vector<PartRow> partsOf(const Figure&);
PartStyle styleOf(const PartChoices&, const QString& id);
void setStyle(PartChoices&, const PartStyle&);  ///< opacity is held within [0, 1]
/// Moves a part by one place, +1 upwards. False when there is no room.
bool movePart(Figure&, const QString& id, int by);

/// Overlay items to paint, in this order, with one opacity.
struct OverlayGroup {
    double opacity = 1;
    std::vector<std::size_t> items;
};

// What is left to draw once the choices are applied.
std::vector<std::size_t> shownLayers(const Figure&);  ///< their numbers, lowest first
std::vector<render::Layer> styledLayers(const Figure&);
std::vector<render::Solid> styledSolids(const Figure&);  ///< hidden ones stay, without opacity
std::vector<OverlayGroup> styledOverlay(const Figure&);
/// Numbers of the legend entries to show, in the order of their parts.
std::vector<std::size_t> styledLegend(const Figure&);
/// The part that draws layer `index` (or solid, in space).
FigurePart partOfLayer(const Figure&, std::size_t index);

inline const QString kGridPart = QStringLiteral("grid");

/// As kept in layouts. Values that make no sense are passed over.
QJsonArray toJson(const PartChoices&);
PartChoices partsFromJson(const QJsonArray&);

}  // namespace lx::ui
