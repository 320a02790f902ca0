// SPDX-License-Identifier: GPL-3.0-or-later
// The three paths between two codes as every view of them reads, names and draws them.
#pragma once

#include "core/base/array.h"
#include "ui/bridge/session_bridge.h"
#include "ui/viewport/figure.h"

#include <array>
#include <functional>

namespace lx::ui {

/// Geodesic, straight line, spherical interpolation: also the order of the rows of `speed` and
/// `uncertainty`.
inline constexpr std::size_t kPaths = 3;
/// Each [knots, d] float64, or undefined.
using Paths = std::array<Array, kPaths>;

/// One meaning everywhere: geodesic solid and thick, straight line dotted, sphere dash-dot.
struct PathStyle {
    const char* channel;  ///< "geodesic"
    const char* strip;    ///< channel of its decoded frames
    QString name;
    Qt::PenStyle line;
    double width;
};
PathStyle pathStyle(std::size_t path);

/// A channel about paths by its id, or null. While a hand drags the geodesic of this run, its
/// newest answer goes before what the run has published. Keeps references to both arguments.
using ChannelOf = std::function<const Array*(const char*)>;
ChannelOf pathChannels(const SessionBridge&, const Frame&);
/// The paths of dimension `dim` with two knots or more; anything else counts as absent.
Paths pathsOf(const ChannelOf&, Index dim);
/// Why the geodesic shown is none, short ("Not resolved: speed varies 8.1-fold"); empty: it is
/// one, or still settles.
QString pathWarning(const SessionBridge&, const Frame&);

/// Row `path` of an array [rows, n] float64 with a finite first number; empty otherwise.
std::vector<double> pathRow(const Array*, std::size_t path);
/// Length and energy of a path by its speed on each step.
struct PathSize {
    double length = 0, energy = 0;
};
PathSize pathSize(const std::vector<double>& speed);

/// Where a code lies in the figure, if anywhere.
using PlaceOf = std::function<std::optional<QPointF>(const std::vector<float>&)>;
/// Curves in ink with a halo that parts them from what is below, the geodesic last, and its ends.
void addPaths(Figure&, const Theme&, const Paths&, const PlaceOf&);
/// On a field instead of a panel.
void addPaths(Figure&, const Paths&, const PlaceOf&, const QColor& ink, const QColor& halo);
/// Legend entries of the paths that are there.
std::vector<LegendEntry> pathLegend(const Paths&, const QColor& ink);

}  // namespace lx::ui
