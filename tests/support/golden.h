// SPDX-License-Identifier: GPL-3.0-or-later
// Approved pictures (tests/golden/expected) and their comparison with what a run draws.
#pragma once

#include "core/render/scene.h"

#include <QImage>
#include <QString>

namespace lx::render::test {

Image fromQImage(const QImage&);
/// The approved picture of that name, without pixels when there is none.
Image approved(const QString& name);
/// Empty when `image` is what was approved under `name`, to the last bit or (not `exact`) at a
/// structural similarity of 0.95; else why not.
QString compare(const Image&, const QString& name, bool exact);
/// The same, and writes the picture, with the difference if there is one, into the folder golden of
/// the build, where tests/golden/approve finds it.
QString judge(const Image&, const QString& name, bool exact);

}  // namespace lx::render::test
