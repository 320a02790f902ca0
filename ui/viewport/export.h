// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QPainter>
#include <QSizeF>
#include <QString>

#include <functional>
#include <map>
#include <string>

namespace lx::ui {

/// Paints a picture of `size` logical pixels; `rasterScale`: pixels of raster parts per logical
/// pixel.
using PaintFunction = std::function<void(QPainter&, QSizeF size, double rasterScale)>;

struct ExportOptions {
    QSizeF size{960, 640};  ///< logical pixels, 96 to the inch
    double dpi = 192;       ///< of PNG, and of the raster parts of SVG and PDF
    QString title;
    /// Stored in a PNG beside the picture, by keyword.
    std::map<std::string, std::string> texts = {};
};

/// Writes `path` as PNG, SVG or PDF by its ending; axes and text stay vectors in SVG and PDF. The
/// file appears whole or not at all. Throws lx::UsageError for another ending or a size that is
/// not sensible, lx::InputError when the file cannot be written.
void exportFigure(const QString& path, const PaintFunction&, const ExportOptions& = {});

/// The bytes of the file. `format`: "png", "svg" or "pdf".
QByteArray encodeFigure(const QString& format, const PaintFunction&, const ExportOptions& = {});

/// A view that can be painted on any device; others export their picture.
class Exportable {
public:
    virtual ~Exportable() = default;
    virtual void paintTo(QPainter&, QSizeF size, double rasterScale) = 0;
};

}  // namespace lx::ui
