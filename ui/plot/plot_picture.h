// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QPainter>
#include <QSizeF>

class QCustomPlot;

namespace lx::ui {

/// Paints a plot as vectors into `size` logical pixels of any painter, whatever the dots per inch
/// of its device: the painter's own scale says how large a logical pixel is.
void paintPlot(QPainter&, QCustomPlot&, QSizeF size);

}  // namespace lx::ui
