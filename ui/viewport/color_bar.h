// SPDX-License-Identifier: GPL-3.0-or-later
// What the colours of a field mean: a strip of the map with ticks and a name, right of the plot.
#pragma once

#include "core/render/scene.h"
#include "ui/shell/theme.h"
#include "ui/viewport/ticks.h"

#include <QColor>
#include <QPainter>
#include <QRectF>
#include <QString>

#include <vector>

namespace lx::ui {

struct ColorBar {
    QString label;  ///< with units: "energy (nats)"
    render::ColorMap map;
    render::ValueRange range;
    std::vector<double> levels = {};  ///< of the iso-lines
    QColor levelColor = {};
    bool openBelow = false, openAbove = false;  ///< values beyond that end have its colour: a tip
    QString part = {};                          ///< hidden together with this part of the figure
};

/// The bar of a field; its ends are open where the field has values beyond them.
ColorBar barOf(const render::GridLayer&, const QString& label, const QString& part = {});

/// Width that the bar takes with ticks and name, gap to the plot included, in logical pixels.
double barWidth(const ColorBar&, const Theme&, double height);

/// `area`: of barWidth, as high as the plot.
void paintBar(QPainter&, const ColorBar&, const Theme&, const QRectF& area);

/// Ticks within the ends: multiples of 1, 2, 5 times powers of ten, powers of ten when logarithmic.
std::vector<Tick> barTicks(const ColorBar&, double height);
/// Share of the bar below `value`, in [0, 1].
double barShare(const ColorBar&, double value);

}  // namespace lx::ui
