// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace lx::ui {

/// Nothing on screen moves by itself, unless a person started it: View > Reduced motion. GUI
/// thread; apply the theme again afterwards, so that views take it.
void setReducedMotion(bool);
bool reducedMotion();

}  // namespace lx::ui
