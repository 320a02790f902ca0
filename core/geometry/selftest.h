// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

namespace lx {

struct GeometryCheck {
    std::string name;
    double value = 0, expected = 0, tolerance = 0;
    bool pass = false;
};

/// Lengths, rays and slopes against closed forms; the dense kernels of this processor against plain
/// ones. Milliseconds.
std::vector<GeometryCheck> geometrySelftest();

}  // namespace lx
