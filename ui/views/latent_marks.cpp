// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/latent_marks.h"

#include <QCoreApplication>

namespace lx::ui {

void addPriorCircles(Figure& figure, const Theme& theme, QPointF middle) {
    QColor circle = theme.text;
    circle.setAlphaF(0.8F);
    QColor halo = theme.panel;
    halo.setAlphaF(0.7F);
    for (const int r : {1, 2}) {
        // The halo parts the dashes from the codes below.
        figure.overlay.push_back(
            EllipseItem{middle.x(), middle.y(), double(r), double(r), halo, 4, Qt::SolidLine});
        figure.overlay.push_back(
            EllipseItem{middle.x(), middle.y(), double(r), double(r), circle, 1.4, Qt::DashLine});
        figure.overlay.push_back(TextItem{middle.x(), middle.y() + r,
                                          QCoreApplication::translate("LatentMap", "%1 sd").arg(r),
                                          theme.text, QPointF(0, -9), 11, false, true});
    }
}

}  // namespace lx::ui
