// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/key_frames.h"

#include <algorithm>
#include <cmath>

namespace lx::ui {
namespace {

/// The keys around `step` among those that `has` accepts, and how far between them, 0 to 1.
template <class F>
std::optional<std::tuple<const KeyFrame*, const KeyFrame*, double>> around(
    std::span<const KeyFrame> keys, Index step, F&& has) {
    const KeyFrame *before = nullptr, *after = nullptr;
    for (const KeyFrame& key : keys) {
        if (!has(key)) {
            continue;
        }
        if (key.step <= step || before == nullptr) {
            before = &key;
        }
        after = &key;
        if (key.step >= step) {
            break;
        }
    }
    if (before == nullptr) {
        return std::nullopt;
    }
    const auto span = static_cast<double>(after->step - before->step);
    const double t = span > 0 ? static_cast<double>(step - before->step) / span : 0;
    return std::tuple(before, after, std::clamp(t, 0.0, 1.0));
}

}  // namespace

std::optional<render::Rect> cameraAt(std::span<const KeyFrame> keys, Index step) {
    const auto found =
        around(keys, step, [](const KeyFrame& key) { return key.camera.has_value(); });
    if (!found) {
        return std::nullopt;
    }
    const auto& [before, after, t] = *found;
    const render::Rect &a = *before->camera, &b = *after->camera;
    const double eased = t * t * (3 - 2 * t);
    const auto axis = [&](double a0, double a1, double b0, double b1) {
        const double from = a1 - a0, to = b1 - b0;
        const double width = from * std::pow(to / from, eased);
        // Growing with the width keeps the fixed point of the two rectangles where it is.
        const double share =
            std::abs(to - from) > 1e-6 * from ? (width - from) / (to - from) : eased;
        const double low = a0 + (b0 - a0) * share;
        return std::pair(low, low + width);
    };
    const auto [x0, x1] = axis(a.x0, a.x1, b.x0, b.x1);
    const auto [y0, y1] = axis(a.y0, a.y1, b.y0, b.y1);
    return render::Rect{x0, y0, x1, y1};
}

std::optional<double> paramAt(std::span<const KeyFrame> keys, const std::string& id, Scale scale,
                              Index step) {
    const auto found =
        around(keys, step, [&](const KeyFrame& key) { return key.params.contains(id); });
    if (!found) {
        return std::nullopt;
    }
    const auto& [before, after, t] = *found;
    const double a = before->params.at(id), b = after->params.at(id);
    return scale == Scale::Log && a > 0 && b > 0 ? a * std::pow(b / a, t) : a + (b - a) * t;
}

}  // namespace lx::ui
