// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/philox.h"
#include "core/data/sources.h"
#include "core/io/idx.h"

#include <algorithm>
#include <cmath>

namespace lx::detail {
namespace {

/// Weight of each old cell in each new one: overlap of the intervals, rows sum to 1.
std::vector<float> overlapWeights(Index from, Index to) {
    std::vector<float> weights(static_cast<std::size_t>(from * to));
    const double ratio = static_cast<double>(from) / static_cast<double>(to);
    for (Index j = 0; j < to; ++j) {
        for (Index i = 0; i < from; ++i) {
            const double low =
                std::max<double>(static_cast<double>(i), ratio * static_cast<double>(j));
            const double high =
                std::min<double>(static_cast<double>(i + 1), ratio * static_cast<double>(j + 1));
            weights[static_cast<std::size_t>(j * from + i)] =
                static_cast<float>(std::max(0.0, high - low) / ratio);
        }
    }
    return weights;
}

struct Split {
    Rows pixels;
    RowLabels labels;
};

Split readSplit(const std::string& folder, const std::string& name, Index side, Index count) {
    const std::string imageFile = folder + "/" + name + "-images-idx3-ubyte.gz";
    const std::string labelFile = folder + "/" + name + "-labels-idx1-ubyte.gz";
    const Array images = readIdx(std::filesystem::path(imageFile));
    const Array labels = readIdx(std::filesystem::path(labelFile));
    if (images.dtype() != DType::U8 || images.shape().size() != 3 || images.dim(1) != 28 ||
        images.dim(2) != 28) {
        throw InputError(imageFile, "header", "expected bytes of shape N x 28 x 28");
    }
    if (labels.dtype() != DType::U8 || labels.shape().size() != 1 ||
        labels.dim(0) != images.dim(0)) {
        throw InputError(labelFile, "header", "expected one byte for each picture");
    }
    const Index rows = count > 0 ? std::min(count, images.dim(0)) : images.dim(0);
    Split split;
    const auto bytes = images.values<std::uint8_t>();
    split.pixels.resize(static_cast<std::size_t>(rows * 784));
    for (std::size_t i = 0; i < split.pixels.size(); ++i) {
        split.pixels[i] = static_cast<float>(bytes[i]) / 255.0F;
    }
    if (side != 28) {
        split.pixels = areaPooled(split.pixels, 28, 28, side, side);
    }
    for (const std::uint8_t label :
         labels.values<std::uint8_t>().first(static_cast<std::size_t>(rows))) {
        if (label > 9) {
            throw InputError(labelFile, "", "a label is larger than 9");
        }
        split.labels.push_back(label);
    }
    return split;
}

}  // namespace

Rows areaPooled(std::span<const float> images, Index height, Index width, Index newHeight,
                Index newWidth) {
    if (height == newHeight && width == newWidth) {
        return {images.begin(), images.end()};
    }
    const auto rowWeights = overlapWeights(height, newHeight);
    const auto columnWeights = overlapWeights(width, newWidth);
    const auto h = static_cast<std::size_t>(height), w = static_cast<std::size_t>(width);
    const auto nh = static_cast<std::size_t>(newHeight), nw = static_cast<std::size_t>(newWidth);
    const std::size_t count = images.size() / (h * w);
    Rows out(count * nh * nw);
    std::vector<float> half(nh * w);
    for (std::size_t n = 0; n < count; ++n) {
        std::ranges::fill(half, 0.0F);
        for (std::size_t j = 0; j < nh; ++j) {
            for (std::size_t i = 0; i < h; ++i) {
                if (const float weight = rowWeights[j * h + i]; weight > 0) {
                    for (std::size_t x = 0; x < w; ++x) {
                        half[j * w + x] += weight * images[(n * h + i) * w + x];
                    }
                }
            }
            for (std::size_t k = 0; k < nw; ++k) {
                float sum = 0;
                for (std::size_t x = 0; x < w; ++x) {
                    sum += columnWeights[k * w + x] * half[j * w + x];
                }
                out[(n * nh + j) * nw + k] = sum;
            }
        }
    }
    return out;
}

RawData shapes16(Key key, Index count) {
    constexpr Index side = 16;
    RawData raw;
    raw.sampleShape = {side, side};
    raw.classNames = {"disc", "ring"};
    raw.factorNames = {"kind", "x", "y", "radius"};
    const auto n = static_cast<std::size_t>(count);
    raw.train.resize(n * side * side);
    raw.trainLabels.resize(n);
    fillBelow(derive(key, "kind"), 2, raw.trainLabels);
    std::vector<float> u(3 * n);
    fillUniform(derive(key, "factors"), u);
    for (std::size_t i = 0; i < n; ++i) {
        const float radius = 2.5F + 3.0F * u[3 * i];
        const float room = 8.0F - radius - 0.5F;
        const float x = 8.0F + room * (2 * u[3 * i + 1] - 1);
        const float y = 8.0F + room * (2 * u[3 * i + 2] - 1);
        const bool ring = raw.trainLabels[i] == 1;
        raw.factors.insert(raw.factors.end(), {static_cast<float>(ring), x, y, radius});
        for (Index row = 0; row < side; ++row) {
            for (Index column = 0; column < side; ++column) {
                const float r = std::hypot(static_cast<float>(column) + 0.5F - x,
                                           static_cast<float>(row) + 0.5F - y);
                // Signed distance to the shape; a ring's line is two pixels wide.
                const float distance = ring ? std::abs(r - radius + 1.0F) - 1.0F : r - radius;
                raw.train[i * side * side + static_cast<std::size_t>(row * side + column)] =
                    std::clamp(0.5F - distance, 0.0F, 1.0F);
            }
        }
    }
    return raw;
}

std::vector<std::string> fashionClasses() {
    return {"T-shirt", "trousers", "pullover", "dress", "coat",
            "sandal",  "shirt",    "sneaker",  "bag",   "boot"};
}

RawData fashion(const std::string& folder, Index side, Index count) {
    Split train = readSplit(folder, "train", side, count);
    Split heldout = readSplit(folder, "t10k", side, 0);
    RawData raw;
    raw.sampleShape = {side, side};
    raw.classNames = fashionClasses();
    raw.train = std::move(train.pixels);
    raw.trainLabels = std::move(train.labels);
    raw.heldout = std::move(heldout.pixels);
    raw.heldoutLabels = std::move(heldout.labels);
    return raw;
}

}  // namespace lx::detail
