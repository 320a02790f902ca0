// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/view.h"

#include <algorithm>

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

bool fits(const ViewSpec& spec, const Description& run) {
    const auto hasSpace = [&](const QString& id) {
        return std::ranges::any_of(run.spaces, [&](const SpaceDecl& space) {
            return space.id == id.toStdString() && space.dim > 0;
        });
    };
    const bool pictures = std::ranges::any_of(run.spaces, [](const SpaceDecl& space) {
        return space.id == "data" && space.sampleShape.size() == 2;
    });
    if ((!spec.space.isEmpty() && !hasSpace(spec.space)) || (spec.pictures && !pictures)) {
        return false;
    }
    return std::ranges::all_of(spec.channelKinds, [&](const QString& kind) {
        return std::ranges::any_of(
            run.channels, [&](const ChannelDecl& decl) { return decl.kind == kind.toStdString(); });
    });
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
