// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/motion.h"

namespace lx::ui {

namespace {
bool g_reduced = false;  // GUI thread only, as the size of the type
}  // namespace

void setReducedMotion(bool reduced) {
    g_reduced = reduced;
}

bool reducedMotion() {
    return g_reduced;
}

}  // namespace lx::ui
