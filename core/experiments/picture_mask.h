// SPDX-License-Identifier: GPL-3.0-or-later
// The hidden part of pictures that a model fills.
#pragma once

#include "core/base/params.h"
#include "core/session/experiment.h"

#include <cstdint>

namespace lx {

/// inpaint.mask and inpaint.strokes, both live.
std::vector<ParamDecl> maskParams();
bool isMaskParam(const std::string& id);
/// A list that does not decode is refused here, before a run takes it. Throws UsageError.
void checkMaskParam(const std::string& id, const ParamValue&);

/// [height * width], 1 where the chosen mask hides a pixel. Strokes are in units of the picture's
/// sides from its upper left corner, each as Painting::encode has it; the weight is not used. A
/// pixel is hidden when its centre lies within the radius of the line, unless a later stroke
/// erases there. Throws UsageError on strokes that do not decode.
std::vector<std::uint8_t> hiddenPixels(const ParamSet&, Index height, Index width);

/// What is chosen, beside the channel `id`: `.mask` text, `.strokes` [n].
void addMask(SnapshotBuilder&, const std::string& id, const ParamSet&);

}  // namespace lx
