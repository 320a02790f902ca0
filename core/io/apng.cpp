// SPDX-License-Identifier: GPL-3.0-or-later
// Animated PNG (APNG 1.0, now part of PNG 3): each frame holds only the rectangle that changed.
#include "core/io/bytes.h"
#include "core/io/movie.h"

#include <cmath>

namespace lx::detail {
namespace {

class Apng : public MovieWriter {
public:
    Apng(const std::filesystem::path& path, const MovieSettings& settings)
        : m_settings(settings), m_file(path) {
        Bytes out;
        append(out, kPngSignature);
        appendHeader(out, settings.width, settings.height);
        m_controlAt = out.size();
        appendControl(out);
        appendTexts(out, settings.texts);
        m_file.put(out);
    }

    void add(std::span<const std::uint8_t> rgb) override {
        // The first picture must be whole; one that changes nothing still takes its time.
        PixelBox box{0, 0, m_settings.width, m_settings.height};
        if (m_frames > 0) {
            box = changedBox(m_shown, rgb, m_settings.width, m_settings.height);
            box.width = std::max(box.width, 1);
            box.height = std::max(box.height, 1);
        }
        Bytes out;
        appendFrameControl(out, box);
        const auto stride = static_cast<std::size_t>(3 * m_settings.width);
        const Bytes packed = packRows({rgb.data() + static_cast<std::size_t>(box.y) * stride +
                                           static_cast<std::size_t>(3 * box.x),
                                       stride, box.width, box.height});
        if (m_frames == 0) {
            appendChunk(out, "IDAT", packed);
        } else {
            Bytes content;
            append(content, m_sequence++, true);
            content.insert(content.end(), packed.begin(), packed.end());
            appendChunk(out, "fdAT", content);
        }
        m_file.put(out);
        m_shown.assign(rgb.begin(), rgb.end());
        ++m_frames;
    }

    void finish() override {
        Bytes end;
        appendChunk(end, "IEND", {});
        m_file.put(end);
        Bytes control;
        appendControl(control);
        m_file.putAt(m_controlAt, control);
        m_file.commit();
    }

private:
    void appendControl(Bytes& out) const {
        Bytes content;
        append(content, m_frames, true);
        append(content, std::uint32_t{m_settings.loop ? 0U : 1U}, true);
        appendChunk(out, "acTL", content);
    }

    void appendFrameControl(Bytes& out, const PixelBox& box) {
        Bytes content;
        append(content, m_sequence++, true);
        for (const int value : {box.width, box.height, box.x, box.y}) {
            append(content, static_cast<std::uint32_t>(value), true);
        }
        constexpr std::uint16_t kNumerator = 100;
        append(content, kNumerator, true);
        append(content, static_cast<std::uint16_t>(std::lround(kNumerator * m_settings.fps)), true);
        content.push_back(std::byte{0});  // the frame stays
        content.push_back(std::byte{0});  // and replaces what was there
        appendChunk(out, "fcTL", content);
    }

    MovieSettings m_settings;
    AtomicFile m_file;
    std::size_t m_controlAt = 0;
    std::uint32_t m_frames = 0, m_sequence = 0;
    std::vector<std::uint8_t> m_shown;
};

}  // namespace

std::unique_ptr<MovieWriter> makeApng(const std::filesystem::path& path,
                                      const MovieSettings& settings) {
    return std::make_unique<Apng>(path, settings);
}

}  // namespace lx::detail
