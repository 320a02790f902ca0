// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/export.h"

#include "core/base/error.h"

#include <QBuffer>
#include <QFileInfo>
#include <QImage>
#include <QMarginsF>
#include <QPageSize>
#include <QPdfWriter>
#include <QSaveFile>
#include <QSvgGenerator>

#include <cmath>

namespace lx::ui {
namespace {

constexpr double kLogicalDpi = 96, kMaxPixels = 16384;

QByteArray encodePng(const PaintFunction& paint, const ExportOptions& options) {
    const double scale = options.dpi / kLogicalDpi;
    QImage image((options.size * scale).toSize(), QImage::Format_RGB32);
    image.setDotsPerMeterX(static_cast<int>(std::lround(options.dpi / 0.0254)));
    image.setDotsPerMeterY(image.dotsPerMeterX());
    image.setText(QStringLiteral("Software"), QStringLiteral("Latent Explorer " LX_VERSION));
    if (!options.title.isEmpty()) {
        image.setText(QStringLiteral("Title"), options.title);
    }
    for (const auto& [key, text] : options.texts) {
        image.setText(QString::fromStdString(key), QString::fromStdString(text));
    }
    image.fill(Qt::white);
    QPainter painter(&image);
    painter.scale(scale, scale);
    // Fonts are given in pixels, so the image's dots per inch play no part.
    paint(painter, options.size, scale);
    painter.end();
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    image.save(&buffer, "PNG");
    return bytes;
}

QByteArray encodeSvg(const PaintFunction& paint, const ExportOptions& options) {
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    QSvgGenerator svg;
    svg.setOutputDevice(&buffer);
    svg.setTitle(options.title);
    svg.setDescription(QStringLiteral("Latent Explorer " LX_VERSION));
    svg.setResolution(static_cast<int>(kLogicalDpi));
    svg.setSize(options.size.toSize());
    svg.setViewBox(QRectF(QPointF(), options.size));
    QPainter painter(&svg);
    paint(painter, options.size, options.dpi / kLogicalDpi);
    painter.end();
    return bytes;
}

QByteArray encodePdf(const PaintFunction& paint, const ExportOptions& options) {
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    QPdfWriter pdf(&buffer);
    pdf.setTitle(options.title);
    pdf.setCreator(QStringLiteral("Latent Explorer " LX_VERSION));
    pdf.setResolution(static_cast<int>(kLogicalDpi));
    pdf.setPageSize(QPageSize(options.size * 72.0 / kLogicalDpi, QPageSize::Point, QString(),
                              QPageSize::ExactMatch));
    pdf.setPageMargins(QMarginsF());
    QPainter painter(&pdf);
    paint(painter, options.size, options.dpi / kLogicalDpi);
    painter.end();
    return bytes;
}

}  // namespace

QByteArray encodeFigure(const QString& format, const PaintFunction& paint,
                        const ExportOptions& options) {
    const double scale = options.dpi / kLogicalDpi;
    const double longest = std::max(options.size.width(), options.size.height());
    const double shortest = std::min(options.size.width(), options.size.height());
    if (!(shortest >= 16) || !(scale >= 0.1) || !(longest * scale <= kMaxPixels)) {
        throw UsageError(
            "a picture must have 16 to 16384 pixels on each side; choose another "
            "size or fewer dots per inch");
    }
    if (format == QLatin1String("png")) {
        return encodePng(paint, options);
    }
    if (format == QLatin1String("svg")) {
        return encodeSvg(paint, options);
    }
    if (format == QLatin1String("pdf")) {
        return encodePdf(paint, options);
    }
    throw UsageError("cannot write a figure as '" + format.toStdString() +
                     "': name the file .png, .svg or .pdf");
}

void exportFigure(const QString& path, const PaintFunction& paint, const ExportOptions& options) {
    const QByteArray bytes = encodeFigure(QFileInfo(path).suffix().toLower(), paint, options);
    QSaveFile file(path);
    if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size() || !file.commit()) {
        throw InputError(path.toStdString(), "",
                         "cannot be written: " + file.errorString().toStdString());
    }
}

}  // namespace lx::ui
