// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/view.h"

namespace lx::ui {

QImage View::picture(QSize size, qreal pixelRatio) {
    QImage image(size * pixelRatio, QImage::Format_ARGB32_Premultiplied);
    image.setDevicePixelRatio(pixelRatio);
    image.fill(currentTheme().panel);
    const QSize before = this->size();
    resize(size);
    render(&image);
    resize(before);
    return image;
}

const ViewSpec* findView(const QString& id) {
    for (const ViewSpec& spec : viewSpecs()) {
        if (spec.id == id) {
            return &spec;
        }
    }
    return nullptr;
}

}  // namespace lx::ui
