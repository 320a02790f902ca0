// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/picture_mask.h"

#include "core/base/decls.h"
#include "core/energies/painting.h"

#include <algorithm>
#include <cmath>

namespace lx {
namespace {

constexpr const char *kMask = "inpaint.mask", *kStrokes = "inpaint.strokes";

/// Squared distance of (x, y) from the line through the points [n, 2].
double squaredDistance(const std::vector<double>& points, double x, double y) {
    double best = std::pow(points[0] - x, 2) + std::pow(points[1] - y, 2);
    for (std::size_t i = 2; i + 1 < points.size(); i += 2) {
        const double dx = points[i] - points[i - 2], dy = points[i + 1] - points[i - 1];
        const double length = dx * dx + dy * dy;
        const double along = (x - points[i - 2]) * dx + (y - points[i - 1]) * dy;
        const double t = length > 0 ? std::clamp(along / length, 0.0, 1.0) : 0.0;
        best = std::min(best, std::pow(points[i - 2] + t * dx - x, 2) +
                                  std::pow(points[i - 1] + t * dy - y, 2));
    }
    return best;
}

}  // namespace

std::vector<ParamDecl> maskParams() {
    using namespace decl;
    return {live(oneOf(make(kMask, "Hidden part", std::string("bottom"),
                            "Of the held-out pictures, filled while the rest is held; painted: "
                            "what the brush has covered in the view of filled pictures."),
                       {"bottom", "left", "centre", "painted"})),
            advanced(live(make(kStrokes, "Painted part", std::vector<double>{},
                               "Strokes of the brush: per stroke 0 paint or 1 erase, weight, "
                               "radius, n, n points x y, in sides of the picture.")))};
}

bool isMaskParam(const std::string& id) {
    return id == kMask || id == kStrokes;
}

void checkMaskParam(const std::string& id, const ParamValue& value) {
    if (id == kStrokes) {
        (void)hiddenPixels({{kMask, std::string("painted")}, {kStrokes, value}}, 1, 1);
    }
}

std::vector<std::uint8_t> hiddenPixels(const ParamSet& params, Index height, Index width) {
    const std::string& mask = text(params, kMask);
    std::vector<std::uint8_t> out(static_cast<std::size_t>(height * width));
    const auto fill = [&](const auto& inside) {
        for (Index i = 0; i < height * width; ++i) {
            inside(i / width, i % width, out[static_cast<std::size_t>(i)]);
        }
    };
    if (mask != "painted") {
        fill([&](Index row, Index column, std::uint8_t& hidden) {
            const bool inside = mask == "left" ? 2 * column < width
                                : mask == "centre"
                                    ? 4 * row >= height && 4 * row < 3 * height &&
                                          4 * column >= width && 4 * column < 3 * width
                                    : 2 * row >= height;
            hidden = inside ? 1 : 0;
        });
        return out;
    }
    Painting painting;
    try {
        painting = Painting::decode(numbers(params, kStrokes));
    } catch (const UsageError& error) {
        throw UsageError(std::string("parameter '") + kStrokes + "': " + error.what());
    }
    for (const Stroke& stroke : painting.strokes()) {
        fill([&](Index row, Index column, std::uint8_t& hidden) {
            const double x = (static_cast<double>(column) + 0.5) / static_cast<double>(width);
            const double y = (static_cast<double>(row) + 0.5) / static_cast<double>(height);
            if (squaredDistance(stroke.points, x, y) <= stroke.radius * stroke.radius) {
                hidden = stroke.erase ? 0 : 1;
            }
        });
    }
    return out;
}

void addMask(SnapshotBuilder& out, const std::string& id, const ParamSet& params) {
    const std::string& mask = text(params, kMask);
    const auto& strokes = numbers(params, kStrokes);
    out.set(id + ".mask", Array(DType::U8, {std::ssize(mask)}, std::as_bytes(std::span(mask))));
    out.set(id + ".strokes", Array({std::ssize(strokes)}, strokes));
}

}  // namespace lx
