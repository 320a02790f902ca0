// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/png.h"

#include "core/io/bytes.h"

#include <zlib.h>

#include <array>
#include <cstdlib>
#include <cstring>

namespace lx {
namespace {

using detail::append;
using detail::appendChunk;
using detail::load;

constexpr std::size_t kChunkFrame = 12;  // length, type, CRC
constexpr std::size_t kHeaderEnd = 8 + kChunkFrame + 13;

std::uint32_t crcOf(std::span<const std::byte> bytes) {
    return static_cast<std::uint32_t>(
        ::crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
}

std::uint8_t paeth(int a, int b, int c) {
    const int pa = std::abs(b - c), pb = std::abs(a - c), pc = std::abs(a + b - 2 * c);
    return static_cast<std::uint8_t>(pa <= pb && pa <= pc ? a : pb <= pc ? b : c);
}

/// Bytes of one filtered row and how large they are in sum, the usual guess of how well they pack.
std::size_t filterRow(int filter, std::span<const std::uint8_t> row, const std::uint8_t* above,
                      std::vector<std::uint8_t>& out) {
    constexpr std::size_t kPixel = 3;
    out.resize(row.size() + 1);
    out[0] = static_cast<std::uint8_t>(filter);
    std::size_t cost = 0;
    for (std::size_t i = 0; i < row.size(); ++i) {
        const int left = i >= kPixel ? row[i - kPixel] : 0;
        const int up = above != nullptr ? above[i] : 0;
        const int corner = above != nullptr && i >= kPixel ? above[i - kPixel] : 0;
        int guess = 0;
        switch (filter) {
            case 1: guess = left; break;
            case 2: guess = up; break;
            case 3: guess = (left + up) / 2; break;
            case 4: guess = paeth(left, up, corner); break;
            default: break;
        }
        const auto value = static_cast<std::uint8_t>(row[i] - guess);
        out[i + 1] = value;
        cost += value < 128 ? value : 256U - value;
    }
    return cost;
}

class Deflater {
public:
    Deflater() {
        if (::deflateInit(&m_stream, 6) != Z_OK) {
            throw std::bad_alloc();
        }
    }
    Deflater(const Deflater&) = delete;
    Deflater& operator=(const Deflater&) = delete;
    ~Deflater() { ::deflateEnd(&m_stream); }

    void put(std::span<std::uint8_t> bytes, bool last) {
        m_stream.next_in = bytes.data();
        m_stream.avail_in = static_cast<uInt>(bytes.size());
        std::array<std::byte, 1 << 15> piece;
        do {
            m_stream.next_out = reinterpret_cast<Bytef*>(piece.data());
            m_stream.avail_out = static_cast<uInt>(piece.size());
            ::deflate(&m_stream, last ? Z_FINISH : Z_NO_FLUSH);
            m_packed.insert(m_packed.end(), piece.begin(),
                            piece.end() - static_cast<std::ptrdiff_t>(m_stream.avail_out));
        } while (m_stream.avail_out == 0);
    }
    Bytes take() { return std::move(m_packed); }

private:
    z_stream m_stream{};
    Bytes m_packed;
};

/// Unpacks a zlib stream of at most kMaxPngText bytes.
std::string inflateText(std::span<const std::byte> packed, const std::string& name) {
    std::string text(kMaxPngText + 1, '\0');
    uLongf size = text.size();
    const int state =
        ::uncompress(reinterpret_cast<Bytef*>(text.data()), &size,
                     reinterpret_cast<const Bytef*>(packed.data()), uLong(packed.size()));
    if (state != Z_OK || size > kMaxPngText) {
        throw InputError(
            name, "text of the PNG",
            state == Z_DATA_ERROR ? "is damaged" : "is damaged or longer than the 1 MiB read here");
    }
    text.resize(size);
    return text;
}

std::string textOf(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Cuts `bytes` behind the next zero and returns what was before it.
std::string cutField(std::span<const std::byte>& bytes, const std::string& name) {
    const auto zero = std::ranges::find(bytes, std::byte{0});
    if (zero == bytes.end()) {
        throw InputError(name, "text of the PNG", "has no end of its keyword");
    }
    const auto size = static_cast<std::size_t>(zero - bytes.begin());
    std::string field = textOf(bytes.first(size));
    bytes = bytes.subspan(size + 1);
    return field;
}

std::uint8_t cutByte(std::span<const std::byte>& bytes, const std::string& name) {
    if (bytes.empty()) {
        throw InputError(name, "text of the PNG", "ends too early");
    }
    const auto value = std::to_integer<std::uint8_t>(bytes[0]);
    bytes = bytes.subspan(1);
    return value;
}

void readText(std::string_view type, std::span<const std::byte> content, const std::string& name,
              PngTexts& texts) {
    const std::string key = cutField(content, name);
    bool packed = type == "zTXt";
    if (type == "iTXt") {
        packed = cutByte(content, name) != 0;
    }
    if (type != "tEXt" && cutByte(content, name) != 0 && packed) {
        throw InputError(name, "text of the PNG", "is packed in an unknown way");
    }
    if (type == "iTXt") {
        cutField(content, name);  // language
        cutField(content, name);  // the keyword in that language
    }
    if (!packed && content.size() > kMaxPngText) {
        throw InputError(name, "text of the PNG", "is longer than the 1 MiB read here");
    }
    texts[key] = packed ? inflateText(content, name) : textOf(content);
}

bool isPngFile(std::span<const std::byte> png) {
    return png.size() >= kHeaderEnd && textOf(png.first(8)) == detail::kPngSignature &&
           textOf(png.subspan(12, 4)) == "IHDR" && load<std::uint32_t>(png, 8, true) == 13;
}

}  // namespace

namespace detail {

void appendChunk(Bytes& out, std::string_view type, std::span<const std::byte> content) {
    append(out, static_cast<std::uint32_t>(content.size()), true);
    const std::size_t from = out.size();
    append(out, type);
    out.insert(out.end(), content.begin(), content.end());
    append(out, crcOf(std::span(out).subspan(from)), true);
}

void appendHeader(Bytes& out, int width, int height) {
    Bytes content;
    append(content, static_cast<std::uint32_t>(width), true);
    append(content, static_cast<std::uint32_t>(height), true);
    for (const int value : {8, 2, 0, 0, 0}) {  // 8-bit RGB, the only methods, not interlaced
        content.push_back(static_cast<std::byte>(value));
    }
    appendChunk(out, "IHDR", content);
}

void appendTexts(Bytes& out, const PngTexts& texts) {
    for (const auto& [key, text] : texts) {
        Bytes content;
        append(content, key);
        content.push_back(std::byte{0});
        append(content, text);
        appendChunk(out, "tEXt", content);
    }
}

Bytes packRows(const RgbRect& rect) {
    Deflater deflater;
    std::vector<std::uint8_t> best, trial;
    const auto size = static_cast<std::size_t>(3 * rect.width);
    for (int y = 0; y < rect.height; ++y) {
        const std::uint8_t* row = rect.pixels + static_cast<std::size_t>(y) * rect.stride;
        const std::uint8_t* above = y > 0 ? row - rect.stride : nullptr;
        std::size_t lowest = SIZE_MAX;
        for (const int filter : {0, 1, 2, 4}) {
            const std::size_t cost = filterRow(filter, {row, size}, above, trial);
            if (cost < lowest) {
                lowest = cost;
                std::swap(best, trial);
            }
        }
        deflater.put(best, y + 1 == rect.height);
    }
    return deflater.take();
}

}  // namespace detail

Bytes encodePng(const RgbRect& rect, const PngTexts& texts) {
    Bytes out;
    append(out, detail::kPngSignature);
    detail::appendHeader(out, rect.width, rect.height);
    detail::appendTexts(out, texts);
    appendChunk(out, "IDAT", detail::packRows(rect));
    appendChunk(out, "IEND", {});
    return out;
}

Bytes withPngTexts(std::span<const std::byte> png, const PngTexts& texts, const std::string& name) {
    if (!isPngFile(png)) {
        throw InputError(name, "byte 0", "is no PNG file");
    }
    Bytes out(png.begin(), png.begin() + kHeaderEnd);
    detail::appendTexts(out, texts);
    const auto rest = png.subspan(kHeaderEnd);
    out.insert(out.end(), rest.begin(), rest.end());
    return out;
}

PngTexts pngTexts(std::span<const std::byte> png, const std::string& name) {
    if (!isPngFile(png)) {
        throw InputError(name, "byte 0", "is no PNG file");
    }
    PngTexts texts;
    for (std::size_t at = 8; at < png.size();) {
        const std::string place = "byte " + std::to_string(at);
        if (png.size() - at < kChunkFrame) {
            throw InputError(name, place, "the PNG ends within a chunk; copy the file again");
        }
        const std::size_t size = load<std::uint32_t>(png, at, true);
        if (size > png.size() - at - kChunkFrame) {
            throw InputError(name, place, "the PNG ends within a chunk; copy the file again");
        }
        const std::string type = textOf(png.subspan(at + 4, 4));
        const auto content = png.subspan(at + 8, size);
        if (type == "tEXt" || type == "zTXt" || type == "iTXt") {
            if (crcOf(png.subspan(at + 4, size + 4)) !=
                load<std::uint32_t>(png, at + 8 + size, true)) {
                throw InputError(name, place, "a text of the PNG is damaged: its sum is wrong");
            }
            readText(type, content, name, texts);
        }
        if (type == "IEND") {
            break;
        }
        at += kChunkFrame + size;
    }
    return texts;
}

}  // namespace lx
