// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/figure_parts.h"

#include "ui/viewport/figure.h"

#include <QJsonObject>
#include <QObject>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace lx::ui {
namespace {

constexpr qsizetype kMostKept = 256;  ///< parts read from a file

struct Group {
    QString id, name;
    std::vector<std::size_t> items;
};

struct LayerName {
    FigurePart operator()(const render::GridLayer&) const { return {"field", tr("Field")}; }
    FigurePart operator()(const render::AtlasLayer&) const { return {"images", tr("Images")}; }
    FigurePart operator()(const render::DensityLayer&) const { return {"density", tr("Density")}; }
    FigurePart operator()(const render::PointsLayer&) const { return {"points", tr("Points")}; }
    FigurePart operator()(const render::TrailsLayer&) const { return {"trails", tr("Trails")}; }
    FigurePart operator()(const render::MeshLayer&) const { return {"mesh", tr("Mesh")}; }
    FigurePart operator()(const render::EllipsesLayer&) const {
        return {"ellipses", tr("Ellipses")};
    }
    FigurePart operator()(const render::Surface3&) const { return {"surface", tr("Surface")}; }
    FigurePart operator()(const render::Mesh3&) const { return {"mesh", tr("Mesh")}; }
    FigurePart operator()(const render::PointCloud3&) const { return {"points", tr("Points")}; }
    FigurePart operator()(const render::Trails3&) const { return {"trails", tr("Trails")}; }
    static QString tr(const char* text) { return QObject::tr(text); }
};

/// Items by part, in the order of the parts' first items; `unnamed` tells the part of an item that
/// no view named.
template <class Unnamed>
std::vector<Group> groupsOf(std::size_t count, const std::vector<FigurePart>& parts,
                            Unnamed unnamed) {
    std::vector<Group> out;
    for (std::size_t i = 0; i < count; ++i) {
        const FigurePart* named = nullptr;
        for (const FigurePart& part : parts) {
            named = part.from <= i ? &part : named;
        }
        const FigurePart part = named ? *named : unnamed(i);
        auto at = std::ranges::find(out, part.id, &Group::id);
        if (at == out.end()) {
            out.push_back({part.id, part.name, {}});
            at = out.end() - 1;
        }
        at->items.push_back(i);
    }
    return out;
}

/// Puts the groups that were moved in their order, each set on the places it holds.
void arrange(std::vector<Group>& groups, const std::vector<QString>& order) {
    const auto rank = [&](const Group& g) {
        return std::ranges::find(order, g.id) - order.begin();
    };
    std::vector<std::size_t> places;
    std::vector<Group> moved;
    for (std::size_t i = 0; i < groups.size(); ++i) {
        if (rank(groups[i]) < std::ssize(order)) {
            places.push_back(i);
            moved.push_back(groups[i]);
        }
    }
    std::ranges::stable_sort(moved, {}, rank);
    for (std::size_t i = 0; i < places.size(); ++i) {
        groups[places[i]] = std::move(moved[i]);
    }
}

std::vector<Group> layerGroups(const Figure& f) {
    auto out = groupsOf(f.layers.size(), f.layerParts,
                        [&](std::size_t i) { return std::visit(LayerName(), f.layers[i]); });
    arrange(out, f.choices.order);
    return out;
}

std::vector<Group> solidGroups(const Figure& f) {
    if (!f.space) {
        return {};
    }
    return groupsOf(f.space->solids.size(), f.layerParts,
                    [&](std::size_t i) { return std::visit(LayerName(), f.space->solids[i]); });
}

std::vector<Group> overlayGroups(const Figure& f) {
    auto out = groupsOf(f.overlay.size(), f.overlayParts,
                        [](std::size_t) { return FigurePart{"marks", LayerName::tr("Marks")}; });
    arrange(out, f.choices.order);
    return out;
}

void addRows(std::vector<PartRow>& rows, const Figure& f, const std::vector<Group>& groups,
             PartRow::Kind kind, bool movable) {
    for (std::size_t n = groups.size(); n-- > 0;) {
        const PartStyle style = styleOf(f.choices, groups[n].id);
        rows.push_back({groups[n].id, groups[n].name, kind, style.visible, style.opacity,
                        movable && n + 1 < groups.size(), movable && n > 0});
    }
}

}  // namespace

bool operator==(const PartChoices& a, const PartChoices& b) {
    return toJson(a) == toJson(b);
}

void Figure::nameLayers(const QString& id, const QString& name) {
    std::erase_if(layerParts, [&](const FigurePart& p) { return p.from >= layers.size(); });
    layerParts.push_back({id, name, layers.size()});
}

void Figure::nameOverlay(const QString& id, const QString& name) {
    std::erase_if(overlayParts, [&](const FigurePart& p) { return p.from >= overlay.size(); });
    overlayParts.push_back({id, name, overlay.size()});
}

PartStyle styleOf(const PartChoices& choices, const QString& id) {
    const auto at = std::ranges::find(choices.styles, id, &PartStyle::id);
    return at == choices.styles.end() ? PartStyle{id} : *at;
}

void setStyle(PartChoices& choices, const PartStyle& style) {
    std::erase_if(choices.styles, [&](const PartStyle& s) { return s.id == style.id; });
    PartStyle kept = style;
    kept.opacity = std::isfinite(style.opacity) ? std::clamp(style.opacity, 0.0, 1.0) : 1;
    if (!kept.visible || kept.opacity < 1) {
        choices.styles.push_back(kept);
    }
}

std::vector<PartRow> partsOf(const Figure& f) {
    std::vector<PartRow> rows;
    if (f.space) {
        if (!f.space->marks.empty()) {
            const PartStyle style = styleOf(f.choices, QStringLiteral("marks"));
            rows.push_back({style.id, LayerName::tr("Marks"), PartRow::Kind::Overlay, style.visible,
                            style.opacity});
        }
        addRows(rows, f, layerGroups(f), PartRow::Kind::Layer, true);
        addRows(rows, f, solidGroups(f), PartRow::Kind::Solid, false);
        return rows;
    }
    addRows(rows, f, overlayGroups(f), PartRow::Kind::Overlay, true);
    addRows(rows, f, layerGroups(f), PartRow::Kind::Layer, true);
    if (f.axes && f.grid) {
        const PartStyle style = styleOf(f.choices, kGridPart);
        rows.push_back(
            {kGridPart, LayerName::tr("Grid"), PartRow::Kind::Grid, style.visible, style.opacity});
    }
    return rows;
}

bool movePart(Figure& f, const QString& id, int by) {
    for (auto groups : {layerGroups(f), overlayGroups(f)}) {
        const auto at = std::ranges::find(groups, id, &Group::id);
        if (at == groups.end()) {
            continue;
        }
        const auto to = (at - groups.begin()) + by;
        if (to < 0 || to >= std::ssize(groups) || by == 0) {
            return false;
        }
        std::iter_swap(at, groups.begin() + to);
        for (const Group& group : groups) {
            std::erase(f.choices.order, group.id);
        }
        for (const Group& group : groups) {
            f.choices.order.push_back(group.id);
        }
        return true;
    }
    return false;
}

std::vector<std::size_t> shownLayers(const Figure& f) {
    std::vector<std::size_t> out;
    for (const Group& group : layerGroups(f)) {
        if (styleOf(f.choices, group.id).visible) {
            out.insert(out.end(), group.items.begin(), group.items.end());
        }
    }
    return out;
}

std::vector<render::Layer> styledLayers(const Figure& f) {
    std::vector<render::Layer> out;
    for (const std::size_t i : shownLayers(f)) {
        const auto opacity = styleOf(f.choices, partOfLayer(f, i).id).opacity;
        out.push_back(f.layers[i]);
        std::visit([&](auto& layer) { layer.opacity *= static_cast<float>(opacity); }, out.back());
    }
    return out;
}

std::vector<render::Solid> styledSolids(const Figure& f) {
    std::vector<render::Solid> out = f.space ? f.space->solids : std::vector<render::Solid>();
    for (const Group& group : solidGroups(f)) {
        const PartStyle style = styleOf(f.choices, group.id);
        const auto factor = static_cast<float>(style.visible ? style.opacity : 0);
        for (const std::size_t i : group.items) {
            std::visit([&](auto& solid) { solid.opacity *= factor; }, out[i]);
        }
    }
    return out;
}

std::vector<OverlayGroup> styledOverlay(const Figure& f) {
    std::vector<OverlayGroup> out;
    for (Group& group : overlayGroups(f)) {
        const PartStyle style = styleOf(f.choices, group.id);
        if (style.visible && style.opacity > 0) {
            out.push_back({style.opacity, std::move(group.items)});
        }
    }
    return out;
}

std::vector<std::size_t> styledLegend(const Figure& f) {
    std::vector<std::size_t> out(f.legend.size());
    std::iota(out.begin(), out.end(), std::size_t{0});
    std::erase_if(out, [&](std::size_t i) {
        return !f.legend[i].part.isEmpty() && !styleOf(f.choices, f.legend[i].part).visible;
    });
    if (f.choices.order.empty()) {
        return out;
    }
    // Entries of moved parts change places with each other; the rest stay.
    const auto rank = [&](std::size_t i) {
        return std::ranges::find(f.choices.order, f.legend[i].part) - f.choices.order.begin();
    };
    std::vector<std::size_t> places, moved;
    for (std::size_t n = 0; n < out.size(); ++n) {
        if (rank(out[n]) < std::ssize(f.choices.order)) {
            places.push_back(n);
            moved.push_back(out[n]);
        }
    }
    std::ranges::stable_sort(moved, {}, rank);
    for (std::size_t n = 0; n < places.size(); ++n) {
        out[places[n]] = moved[n];
    }
    return out;
}

FigurePart partOfLayer(const Figure& f, std::size_t index) {
    for (const Group& group : f.layers.empty() ? solidGroups(f) : layerGroups(f)) {
        if (std::ranges::find(group.items, index) != group.items.end()) {
            return {group.id, group.name};
        }
    }
    return {};
}

QJsonArray toJson(const PartChoices& choices) {
    QJsonArray out;
    for (const QString& id : choices.order) {
        out.append(QJsonObject{{"order", id}});
    }
    for (const PartStyle& style : choices.styles) {
        out.append(QJsonObject{
            {"part", style.id}, {"visible", style.visible}, {"opacity", style.opacity}});
    }
    return out;
}

PartChoices partsFromJson(const QJsonArray& array) {
    PartChoices out;
    for (qsizetype i = 0; i < std::min(array.size(), kMostKept); ++i) {
        const QJsonObject row = array[i].toObject();
        if (const QString id = row.value(QStringLiteral("order")).toString(); !id.isEmpty()) {
            std::erase(out.order, id);
            out.order.push_back(id);
        } else if (const QString part = row.value(QStringLiteral("part")).toString();
                   !part.isEmpty()) {
            setStyle(out, {part, row.value(QStringLiteral("visible")).toBool(true),
                           row.value(QStringLiteral("opacity")).toDouble(1)});
        }
    }
    return out;
}

}  // namespace lx::ui
