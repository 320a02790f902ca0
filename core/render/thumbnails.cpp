// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/thumbnails.h"

#include "core/base/error.h"
#include "core/render/projection.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

namespace lx::render {
namespace {

constexpr int kLevels = 24;

std::uint64_t cellKey(std::int64_t column, std::int64_t row) {
    return static_cast<std::uint64_t>(column) << 32 ^
           (static_cast<std::uint64_t>(row) & 0xFFFFFFFFU);
}

}  // namespace

ThumbnailPyramid::ThumbnailPyramid(const Array& xy) : m_xy(xy) {
    if (!xy.defined() || xy.dtype() != DType::F32 || xy.shape().size() != 2 || xy.dim(1) < 2) {
        throw UsageError("thumbnails need float32 points [N, 2]");
    }
    bool any = false;
    for (Index i = 0; i < xy.dim(0); ++i) {
        const float* p = xy.values<float>().data() + i * xy.dim(1);
        if (std::isfinite(p[0]) && std::isfinite(p[1])) {
            const double x = p[0], y = p[1];
            m_bounds = any ? Rect{std::min(m_bounds.x0, x), std::min(m_bounds.y0, y),
                                  std::max(m_bounds.x1, x), std::max(m_bounds.y1, y)}
                           : Rect{x, y, x, y};
            any = true;
        }
    }
}

const ThumbnailPyramid::Level& ThumbnailPyramid::level(int number) {
    const double extent =
        std::max({m_bounds.x1 - m_bounds.x0, (m_bounds.y1 - m_bounds.y0) / m_aspect, 1e-30});
    while (static_cast<int>(m_levels.size()) <= number) {
        Level next;
        next.width = extent * std::exp2(-static_cast<double>(m_levels.size()));
        next.height = next.width * m_aspect;
        const auto column = [&](double x) {
            return static_cast<std::int64_t>(std::floor((x - m_bounds.x0) / next.width));
        };
        const auto row = [&](double y) {
            return static_cast<std::int64_t>(std::floor((y - m_bounds.y0) / next.height));
        };
        const Index stride = m_xy.dim(1);
        const float* xy = m_xy.values<float>().data();
        // Points, their sum, and what was chosen, by cell of a thumbnail's size: neighbours of a
        // point lie in the nine cells around it.
        struct Cell {
            double count = 0, x = 0, y = 0;
            std::vector<Index> chosen;
        };
        std::unordered_map<std::uint64_t, Cell> cells;
        const auto cellOf = [&](Index i, int dc, int dr) {
            return cellKey(column(xy[i * stride]) + dc, row(xy[i * stride + 1]) + dr);
        };
        std::vector<Index> finite;
        for (Index i = 0; i < m_xy.dim(0); ++i) {
            const float x = xy[i * stride], y = xy[i * stride + 1];
            if (std::isfinite(x) && std::isfinite(y)) {
                Cell& cell = cells[cellOf(i, 0, 0)];
                cell.count += 1;
                cell.x += x;
                cell.y += y;
                finite.push_back(i);
            }
        }
        // Points of full cells come first, in a cell the one nearest to the mean.
        std::vector<double> rank(static_cast<std::size_t>(m_xy.dim(0)));
        for (const Index i : finite) {
            const Cell& cell = cells[cellOf(i, 0, 0)];
            const double dx = (xy[i * stride] - cell.x / cell.count) / next.width;
            const double dy = (xy[i * stride + 1] - cell.y / cell.count) / next.height;
            rank[static_cast<std::size_t>(i)] = cell.count / (1 + 4 * (dx * dx + dy * dy));
        }
        std::ranges::stable_sort(finite, std::greater<>(),
                                 [&](Index i) { return rank[static_cast<std::size_t>(i)]; });
        const auto isFree = [&](Index i) {
            for (int dr = -1; dr <= 1; ++dr) {
                for (int dc = -1; dc <= 1; ++dc) {
                    const auto found = cells.find(cellOf(i, dc, dr));
                    if (found == cells.end()) {
                        continue;
                    }
                    for (const Index other : found->second.chosen) {
                        if (std::abs(xy[i * stride] - xy[other * stride]) < next.width &&
                            std::abs(xy[i * stride + 1] - xy[other * stride + 1]) < next.height) {
                            return false;
                        }
                    }
                }
            }
            return true;
        };
        const auto choose = [&](Index i) {
            cells[cellOf(i, 0, 0)].chosen.push_back(i);
            next.chosen.push_back(i);
        };
        if (!m_levels.empty()) {  // what was shown before stays
            std::ranges::for_each(m_levels.back().chosen, choose);
        }
        for (const Index i : finite) {
            if (isFree(i)) {
                choose(i);
            }
        }
        m_levels.push_back(std::move(next));
    }
    return m_levels[static_cast<std::size_t>(number)];
}

std::vector<Thumbnail> ThumbnailPyramid::choose(const Rect& view, Size pixels, double side,
                                                double gap) {
    std::vector<Thumbnail> chosen;
    const Projection projection(view, pixels);
    if (!projection.valid() || !(side > 0) || m_xy.dim(0) == 0) {
        return chosen;
    }
    const double width = (side + gap) / projection.scaleX();
    const double height = (side + gap) / projection.scaleY();
    // Another shape of the view's pixels is another pyramid; a window dragged by a few pixels is
    // not: the cells then have room to spare on one axis.
    if (m_levels.empty() || height / width > m_aspect || height / width < m_aspect / 1.2) {
        m_aspect = height / width * 1.05;
        m_levels.clear();
    }
    int number = 0;
    while (number < kLevels && level(number + 1).width >= width) {
        ++number;
    }
    const Level& found = level(number);
    const double halfX = side / projection.scaleX() / 2, halfY = side / projection.scaleY() / 2;
    const float* xy = m_xy.values<float>().data();
    std::vector<Index> shown = found.chosen;
    if (found.width < width && !shown.empty()) {  // even the coarsest is too fine: one for all
        shown.resize(1);
    }
    for (const Index i : shown) {
        const double x = xy[i * m_xy.dim(1)], y = xy[i * m_xy.dim(1) + 1];
        if (x >= view.x0 && x <= view.x1 && y >= view.y0 && y <= view.y1) {
            chosen.push_back({i, {x - halfX, y - halfY, x + halfX, y + halfY}});
        }
    }
    return chosen;
}

}  // namespace lx::render
