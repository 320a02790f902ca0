// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/render/painter.h"
#include "core/render/space_geometry.h"

namespace lx::render {

/// Draws with a depth buffer, over what is there.
std::unique_ptr<Painter> makePainter(SpaceGeometry);

/// The mean of `samples` x `samples` pixels each; `large` is the size of `pixels`.
Image shrunk(const std::uint8_t* pixels, Size large, int samples);

}  // namespace lx::render
