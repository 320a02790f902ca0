// SPDX-License-Identifier: GPL-3.0-or-later
// Animated GIF (GIF89a). Each frame holds the rectangle that changed, with the pixels that did not
// change transparent, and a palette of its own.
#include "core/io/bytes.h"
#include "core/io/color_reducer.h"
#include "core/io/movie.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace lx::detail {
namespace {

/// Bytes in blocks of up to 255, as GIF wants all its data.
class Blocks {
public:
    explicit Blocks(Bytes& out) : m_out(out) {}
    void put(std::uint8_t byte) {
        if (m_size == 0) {
            m_lengthAt = m_out.size();
            m_out.push_back(std::byte{0});
        }
        m_out.push_back(static_cast<std::byte>(byte));
        m_out[m_lengthAt] = static_cast<std::byte>(++m_size);
        m_size = m_size == 255 ? 0 : m_size;
    }
    void end() { m_out.push_back(std::byte{0}); }

private:
    Bytes& m_out;
    std::size_t m_lengthAt = 0;
    int m_size = 0;
};

/// Lempel-Ziv-Welch with codes of variable width, up to 12 bits.
class Lzw {
public:
    Lzw(Bytes& out, int rootBits) : m_blocks(out), m_rootBits(rootBits) {
        out.push_back(static_cast<std::byte>(rootBits));
        code(clearCode());
        clear();
    }
    void put(std::uint8_t value) {
        if (m_prefix < 0) {
            m_prefix = value;
            return;
        }
        const std::uint32_t key = static_cast<std::uint32_t>(m_prefix) << 8 | value;
        std::size_t slot = (key * 2654435761U) >> (32 - kTableBits);
        while (m_keys[slot] != kFree) {
            if (m_keys[slot] == key) {
                m_prefix = m_codes[slot];
                return;
            }
            slot = (slot + 1) & (kTableSize - 1);
        }
        code(m_prefix);
        m_prefix = value;
        if (m_next < kMaxCodes) {
            m_keys[slot] = key;
            m_codes[slot] = static_cast<std::int16_t>(m_next);
            // The reader learns each entry one code later, and so changes the width later.
            if (m_next == 1 << m_bits) {
                ++m_bits;
            }
            ++m_next;
        } else {
            code(clearCode());
            clear();
        }
    }
    void end() {
        if (m_prefix >= 0) {
            code(m_prefix);
            // That code made the reader add an entry, which may widen the next one.
            if (m_next == 1 << m_bits && m_bits < kMaxBits) {
                ++m_bits;
            }
        }
        code(clearCode() + 1);
        if (m_held > 0) {
            m_blocks.put(static_cast<std::uint8_t>(m_buffer));
        }
        m_blocks.end();
    }

private:
    static constexpr int kMaxBits = 12, kMaxCodes = 1 << kMaxBits, kTableBits = 14;
    static constexpr std::size_t kTableSize = std::size_t{1} << kTableBits;
    static constexpr std::uint32_t kFree = ~0U;

    int clearCode() const { return 1 << m_rootBits; }
    void clear() {
        m_keys.assign(kTableSize, kFree);
        m_codes.resize(kTableSize);
        m_bits = m_rootBits + 1;
        m_next = clearCode() + 2;
    }
    void code(int value) {
        m_buffer |= static_cast<std::uint32_t>(value) << m_held;
        m_held += m_bits;
        while (m_held >= 8) {
            m_blocks.put(static_cast<std::uint8_t>(m_buffer));
            m_buffer >>= 8;
            m_held -= 8;
        }
    }

    Blocks m_blocks;
    int m_rootBits, m_bits = m_rootBits + 1, m_next = 0, m_prefix = -1, m_held = 0;
    std::uint32_t m_buffer = 0;
    std::vector<std::uint32_t> m_keys;
    std::vector<std::int16_t> m_codes;
};

class Gif : public MovieWriter {
public:
    Gif(const std::filesystem::path& path, const MovieSettings& settings)
        : m_settings(settings), m_file(path) {
        Bytes out;
        append(out, std::string_view("GIF89a"));
        append(out, static_cast<std::uint16_t>(settings.width), false);
        append(out, static_cast<std::uint16_t>(settings.height), false);
        append(out, std::string_view("\x70\0\0", 3));  // 8 bits a channel, no common palette
        if (settings.loop) {
            append(out, std::string_view("\x21\xFF\x0BNETSCAPE2.0\x03\x01\0\0\0", 19));
        }
        for (const auto& [key, text] : settings.texts) {
            append(out, std::string_view("\x21\xFE", 2));
            Blocks blocks(out);
            for (const char c : key + "=" + text) {
                blocks.put(static_cast<std::uint8_t>(c));
            }
            blocks.end();
        }
        m_file.put(out);
    }

    void add(std::span<const std::uint8_t> rgb) override {
        PixelBox box{0, 0, m_settings.width, m_settings.height};
        const bool first = m_frames == 0;
        if (!first) {
            box = changedBox(m_shown, rgb, m_settings.width, m_settings.height);
            box.width = std::max(box.width, 1);
            box.height = std::max(box.height, 1);
        }
        std::vector<Rgb> changed;
        eachPixel(box, [&](std::size_t at) {
            if (first || differs(rgb, at)) {
                changed.push_back(colorAt(rgb, at));
            }
        });
        // One entry stands for "as before".
        const ColorReducer colors(changed, first ? 256 : 255);
        const std::size_t used = colors.palette().size() + (first ? 0 : 1);
        const int bits =
            std::max(1, static_cast<int>(std::bit_width(std::max<std::size_t>(used, 2) - 1)));
        const auto transparent = static_cast<std::uint8_t>(colors.palette().size());

        Bytes out;
        append(out, std::string_view("\x21\xF9\x04", 3));
        out.push_back(static_cast<std::byte>(1 << 2 | (first ? 0 : 1)));  // the frame stays
        append(out, nextDelay(), false);
        out.push_back(first ? std::byte{0} : static_cast<std::byte>(transparent));
        out.push_back(std::byte{0});
        out.push_back(std::byte{0x2C});
        for (const int value : {box.x, box.y, box.width, box.height}) {
            append(out, static_cast<std::uint16_t>(value), false);
        }
        out.push_back(static_cast<std::byte>(0x80 | (bits - 1)));
        for (std::size_t i = 0; i < std::size_t{1} << bits; ++i) {
            const Rgb color = i < colors.palette().size() ? colors.palette()[i] : 0;
            for (const int shift : {16, 8, 0}) {
                out.push_back(static_cast<std::byte>(color >> shift & 255));
            }
        }
        Lzw lzw(out, std::max(2, bits));
        eachPixel(box, [&](std::size_t at) {
            lzw.put(first || differs(rgb, at) ? colors.index(colorAt(rgb, at)) : transparent);
        });
        lzw.end();
        m_file.put(out);
        m_shown.assign(rgb.begin(), rgb.end());
        ++m_frames;
    }

    void finish() override {
        m_file.put(std::array{std::byte{0x3B}});
        m_file.commit();
    }

private:
    template <class F>
    void eachPixel(const PixelBox& box, F&& act) const {
        for (int y = box.y; y < box.y + box.height; ++y) {
            for (int x = box.x; x < box.x + box.width; ++x) {
                act(3 * (static_cast<std::size_t>(y) * static_cast<std::size_t>(m_settings.width) +
                         static_cast<std::size_t>(x)));
            }
        }
    }
    static Rgb colorAt(std::span<const std::uint8_t> rgb, std::size_t at) {
        return static_cast<Rgb>(rgb[at] << 16 | rgb[at + 1] << 8 | rgb[at + 2]);
    }
    bool differs(std::span<const std::uint8_t> rgb, std::size_t at) const {
        return colorAt(rgb, at) != colorAt(m_shown, at);
    }
    /// Hundredths of a second; rounding never adds up.
    std::uint16_t nextDelay() const {
        const auto until = [&](std::int64_t frame) {
            return std::llround(100.0 * static_cast<double>(frame) / m_settings.fps);
        };
        return static_cast<std::uint16_t>(until(m_frames + 1) - until(m_frames));
    }

    MovieSettings m_settings;
    AtomicFile m_file;
    std::int64_t m_frames = 0;
    std::vector<std::uint8_t> m_shown;
};

}  // namespace

std::unique_ptr<MovieWriter> makeGif(const std::filesystem::path& path,
                                     const MovieSettings& settings) {
    return std::make_unique<Gif>(path, settings);
}

}  // namespace lx::detail
