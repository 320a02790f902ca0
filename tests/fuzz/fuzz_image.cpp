// SPDX-License-Identifier: GPL-3.0-or-later
// PNG and JPEG, told apart by their first bytes.
#include "core/io/image.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = std::as_bytes(std::span(data, size));
    try {
        const lx::Image8 header = lx::imageHeader(bytes, "fuzz");
        const lx::Image8 image = lx::decodeImage(bytes, "fuzz");
        lx::fuzz::demand(header.width == image.width && header.height == image.height &&
                             header.channels == image.channels,
                         "the header tells the size of the picture");
        lx::fuzz::demand(image.pixels.size() ==
                             static_cast<std::size_t>(image.width * image.height * image.channels),
                         "every pixel is there");
        const lx::Array gray = lx::toGray(image, 4, 4);
        lx::fuzz::demand(
            std::ranges::all_of(gray.values<float>(), [](float v) { return v >= 0 && v <= 1; }),
            "gray values lie in [0, 1]");
    } catch (const lx::InputError&) {
    }
    return 0;
}
