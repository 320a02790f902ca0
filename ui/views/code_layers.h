// SPDX-License-Identifier: GPL-3.0-or-later
// Points that stand for data: coloured by label, the class and the rows chosen in all views
// emphasised, the rest grey.
#pragma once

#include "core/render/chart.h"
#include "core/render/space.h"
#include "ui/bridge/selection.h"
#include "ui/plot/data_table.h"
#include "ui/shell/theme.h"
#include "ui/viewport/figure.h"

#include <memory>
#include <optional>
#include <vector>

namespace lx::ui {

struct CodePoints {
    Array at;                 ///< [N, 2], or [N, 3] for a cloud, float32
    Array labels;             ///< [N] int64, or undefined
    Array near = {};          ///< [N] float32: factors of the opacity, or undefined
    Index classes = 1;        ///< labels below this have a colour of their own
    QColor color;             ///< without labels
    render::Marker marker{};  ///< without labels
    float size = 4;           ///< pixels
    float opacity = 0.88F;
};

struct CodeEmphasis {
    int label = -1;                                   ///< class emphasised; -1: all alike
    std::shared_ptr<const Selection> rows = nullptr;  ///< null or empty: all alike
};

/// [N] int64: the labels (0 without) with -1 for the rows that are (`chosen`: are not) selected, so
/// that those are not drawn.
Array splitLabels(const Array& labels, Index count, const Selection&, bool chosen);

/// One layer; with a selection two, the chosen rows above the rest.
std::vector<render::Layer> codeLayers(const CodePoints&, const CodeEmphasis&, const Theme&,
                                      bool density);

/// One standard deviation around points of the plane: `sds` [N, d] float32 belong to the axes of
/// the space, `chart` (without axes: the first two) tells how they are seen. At most some 400, of
/// what is emphasised only.
std::vector<OverlayItem> codeEllipses(const CodePoints&, const Array& sds, const render::Chart&,
                                      const CodeEmphasis&, const Theme&);

/// One more than the largest label, at most 4096; 0 without labels.
Index classesOf(const Array& labels);

/// The codes [N, d] with their classes [N] and spreads [N, d], whatever a chart shows of them.
DataTable codeTable(const Array& codes, const Array& labels, const Array& sds);

/// Where a frame goes that follows points but not every tremor: it grows when they leave it and
/// shrinks when they fill less than 60 % of it, or with `force`; nothing: it stays.
std::optional<render::Rect> followed(const render::Rect& home,
                                     const std::optional<render::Rect>& bounds, bool force);

/// The whole cloud as drawn without a selection, for look-ups under the mouse as well.
render::PointCloud3 codeCloud(const CodePoints&, const CodeEmphasis&, const Theme&);
/// The cloud, or with a selection the rest and the chosen rows.
std::vector<render::Solid> codeSolids(const render::PointCloud3&, const CodeEmphasis&,
                                      const Theme&);

}  // namespace lx::ui
