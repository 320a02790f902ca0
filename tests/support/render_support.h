// SPDX-License-Identifier: GPL-3.0-or-later
// Scenes and measures shared by the tests of pictures.
#pragma once

#include "core/render/palette.h"
#include "core/render/renderer.h"

#include <QImage>

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace lx::render::test {

struct NamedScene {
    std::string name;
    Scene scene;
    Size size;
};

/// Pictures that together use every layer of the plane, marker, map and corner case, in one theme.
std::vector<NamedScene> gallery(Theme);

Array normals(Index rows, std::uint64_t seed, float scale = 1);
Array labels(Index rows, Index classes);
/// f(x, y) at `side` x `side` nodes of `place`.
template <class F>
Array field(Index side, const Rect& place, F f) {
    std::vector<float> values;
    for (Index r = 0; r < side; ++r) {
        for (Index c = 0; c < side; ++c) {
            const double u = static_cast<double>(c) / static_cast<double>(side - 1);
            const double v = static_cast<double>(r) / static_cast<double>(side - 1);
            values.push_back(static_cast<float>(
                f(place.x0 + u * (place.x1 - place.x0), place.y0 + v * (place.y1 - place.y0))));
        }
    }
    return Array({side, side}, values);
}

QImage toQImage(const Image&);
Color pixel(const Image&, int x, int y);

/// Mean structural similarity over 8 x 8 windows of the three channels; 1 for equal pictures.
/// Ref: wang2004.
double ssim(const Image&, const Image&);
/// Largest difference of any channel, 0 .. 255; 256 when the sizes differ.
int largestDifference(const Image&, const Image&);
/// Centre of what differs from `background`, weighted by the difference; NaN when nothing does.
struct Centre {
    double x, y;
};
Centre centreOf(const Image&, Color background, int x0 = 0, int y0 = 0, int x1 = 1 << 20,
                int y1 = 1 << 20);

/// Collects what the validation layer says, until after the device is gone.
class Messages {
public:
    LogSink sink();
    std::string vulkan() const;  ///< joined; empty when silent
    std::string all() const;

private:
    mutable std::mutex m_mutex;
    std::string m_vulkan, m_all;
};

/// A renderer on a software device with core and synchronization validation, which speaks to
/// `messages`; on our own rasteriser where there is no such device.
std::unique_ptr<Renderer> validatedRenderer(
    Messages& messages, const std::function<void(RendererOptions&)>& change = {});

/// The next picture, polled for as a window's timer does; nothing after twenty seconds.
std::optional<Image> patientTake(Renderer::Target&);

}  // namespace lx::render::test
