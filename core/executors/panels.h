// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <vector>

namespace lx::executors {

/// The least multiple of `panel` that is not below n.
inline std::size_t padded(std::size_t n, std::size_t panel) {
    return (n + panel - 1) / panel * panel;
}

/// matrix(r, c) of rows x columns in panels of `panel` rows: [panel][columns][panel].
template <class Matrix>
std::vector<float> panels(std::size_t rows, std::size_t columns, std::size_t panel,
                          const Matrix& matrix) {
    std::vector<float> out;
    out.reserve(rows * columns);
    for (std::size_t first = 0; first < rows; first += panel) {
        for (std::size_t c = 0; c < columns; ++c) {
            for (std::size_t j = 0; j < panel; ++j) {
                out.push_back(matrix(first + j, c));
            }
        }
    }
    return out;
}

}  // namespace lx::executors
