// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/rasterizer.h"

#include "core/render/colormap.h"
#include "core/render/space_raster.h"

#include <algorithm>
#include <cstring>
#include <thread>

namespace lx::render {
namespace {

constexpr int kBandRows = 64;
constexpr std::size_t kSparePictures = 4;

int threadsFor(int wanted) {
    return wanted > 0 ? wanted : std::thread::hardware_concurrency() > 1 ? 2 : 1;
}

}  // namespace

Rasterizer::Rasterizer(int threads) : m_team(threadsFor(threads)) {}

std::shared_ptr<Rasterizer::Bytes> Rasterizer::pixelsFor(Size size) {
    std::unique_ptr<Bytes> bytes;
    {
        const std::lock_guard lock(m_spare->mutex);
        if (!m_spare->free.empty()) {
            bytes = std::move(m_spare->free.back());
            m_spare->free.pop_back();
        }
    }
    bytes = bytes ? std::move(bytes) : std::make_unique<Bytes>();
    bytes->resize(4 * static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height));
    // Fresh memory costs as much as drawing in it: a picture that is let go comes back here.
    return {bytes.release(), [spare = m_spare](Bytes* done) {
                std::unique_ptr<Bytes> owned(done);
                const std::lock_guard lock(spare->mutex);
                if (spare->free.size() < kSparePictures) {
                    spare->free.push_back(std::move(owned));
                }
            }};
}

Image Rasterizer::draw(const Scene& scene, Size pixels) {
    const Size size{std::max(pixels.width, 1), std::max(pixels.height, 1)};
    if (const int samples = samplesOf(scene.space.get()); samples > 1) {
        auto space = std::make_shared<Space>(*scene.space);
        space->samples = 1;
        Scene fine = scene;
        fine.space = space;
        fine.pixelRatio *= static_cast<float>(samples);
        const Size large{samples * size.width, samples * size.height};
        return shrunk(draw(fine, large).pixels->data(), large, samples);
    }
    const PaintContext context{scene,  size,      Projection(scene.view, size),
                               m_team, m_density, m_reliefs};
    std::vector<std::unique_ptr<Painter>> painters;
    if (scene.space) {
        painters.push_back(
            makePainter(geometryOf(*scene.space, size, scene.pixelRatio, scene.background)));
    }
    for (const Layer& layer : scene.layers) {
        if (context.projection.valid() && problem(layer).empty()) {
            painters.push_back(
                std::visit([&](const auto& l) { return makePainter(l, context); }, layer));
        }
    }
    const std::shared_ptr<Bytes> bytes = pixelsFor(size);
    const std::uint32_t background = pack(scene.background) | 0xFF000000U;
    const int bands = (size.height + kBandRows - 1) / kBandRows;
    m_team.run(bands, [&](int band) {
        const Canvas canvas{size, bytes->data(), band * kBandRows,
                            std::min((band + 1) * kBandRows, size.height)};
        std::uint8_t* const end = canvas.at(0, canvas.bottom);
        for (std::uint8_t* pixel = canvas.at(0, canvas.top); pixel != end; pixel += 4) {
            std::memcpy(pixel, &background, 4);
        }
        for (const auto& painter : painters) {
            if (painter) {
                painter->paint(canvas);
            }
        }
    });
    return {size, bytes};
}

Image rasterize(const Scene& scene, Size pixels) {
    return Rasterizer(1).draw(scene, pixels);
}

}  // namespace lx::render
