// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/array.h"
#include "core/io/file.h"

namespace lx {

/// Decoded picture, rows from top to bottom, channels interleaved (1 gray, 3 RGB).
struct Image8 {
    Index width = 0, height = 0, channels = 0;
    std::vector<std::uint8_t> pixels;
};

/// A decoder that a caller may lend, for example Qt's for further formats.
using ImageDecoder = std::function<Image8(std::span<const std::byte>, const std::string& name)>;

inline constexpr Index kMaxImageSide = 16'384;
inline constexpr Index kMaxImagePixels = Index{1} << 26;

bool isPng(std::span<const std::byte>) noexcept;
bool isJpeg(std::span<const std::byte>) noexcept;

/// PNG or JPEG as gray or RGB with 8 bits; transparent pixels lie on black. Extents are checked
/// before anything of their size is allocated. Throws InputError.
Image8 decodeImage(std::span<const std::byte>, const std::string& name);

/// Extents and channels from the header alone; no pixel is decoded. Throws InputError.
Image8 imageHeader(std::span<const std::byte>, const std::string& name);

/// Gray values in [0, 1] (ITU-R BT.601 luma), scaled to [height, width] float32 by area averages.
/// Throws UsageError on a target extent below 1.
Array toGray(const Image8&, Index height, Index width);

}  // namespace lx
