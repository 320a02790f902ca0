// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plot/plot_picture.h"

#include "ui/plot/qcp.h"

#include <QPicture>

namespace lx::ui {

void paintPlot(QPainter& painter, QCustomPlot& plot, QSizeF size) {
    // QCPPainter wants to be the painter of the device; a picture carries the vectors over.
    QPicture picture;
    QCPPainter recorder;
    recorder.begin(&picture);
    recorder.setMode(QCPPainter::pmVectorized);
    recorder.setMode(QCPPainter::pmNoCaching);
    plot.toPainter(&recorder, int(size.width()), int(size.height()));
    recorder.end();
    // A picture is played larger on a device of more dots per inch than the screen has.
    painter.save();
    if (const QPaintDevice* device = painter.device()) {
        painter.scale(double(picture.logicalDpiX()) / device->logicalDpiX(),
                      double(picture.logicalDpiY()) / device->logicalDpiY());
    }
    painter.drawPicture(0, 0, picture);
    painter.restore();
}

}  // namespace lx::ui
