// SPDX-License-Identifier: GPL-3.0-or-later
// The chunks of PNG files (ISO/IEC 15948): writing RGB pictures and reading what is written beside
// them.
#pragma once

#include "core/io/file.h"

#include <map>
#include <string>
#include <string_view>

namespace lx {

/// A rectangle of an RGB picture whose rows lie `stride` bytes apart.
struct RgbRect {
    const std::uint8_t* pixels = nullptr;
    std::size_t stride = 0;
    int width = 0, height = 0;
};

/// Texts by keyword (1 to 79 Latin-1 characters); values are ASCII here.
using PngTexts = std::map<std::string, std::string>;

/// A whole PNG file, 8-bit RGB.
Bytes encodePng(const RgbRect&, const PngTexts& = {});

/// The same PNG file with the texts put behind its header. Throws InputError when `png` is none.
Bytes withPngTexts(std::span<const std::byte> png, const PngTexts&, const std::string& name);

/// tEXt, zTXt and iTXt of a PNG file. Every text may have kMaxPngText bytes, unpacked; longer ones,
/// broken chunks and wrong sums throw InputError.
PngTexts pngTexts(std::span<const std::byte> png, const std::string& name);
inline constexpr std::size_t kMaxPngText = std::size_t{1} << 20;

namespace detail {

inline constexpr std::string_view kPngSignature{"\x89PNG\r\n\x1a\n", 8};

/// Length, type, content and CRC of one chunk.
void appendChunk(Bytes& out, std::string_view type, std::span<const std::byte> content);
/// IHDR of an 8-bit RGB picture.
void appendHeader(Bytes& out, int width, int height);
void appendTexts(Bytes& out, const PngTexts&);
/// Filtered and packed rows, as IDAT holds them.
Bytes packRows(const RgbRect&);

}  // namespace detail
}  // namespace lx
