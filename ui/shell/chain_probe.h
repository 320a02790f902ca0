// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

namespace lx::ui {

/// Whether a file holds sampled chains, by its first bytes: CmdStan's comments, columns that end in
/// "__", a column that numbers the chains, or NetCDF. Arrays count when their name says so: nobody
/// can tell draws from pictures by the shape.
bool looksLikeChains(const QString& path);

}  // namespace lx::ui
