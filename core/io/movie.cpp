// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/movie.h"

#include "core/io/new_folder.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>

namespace lx {
namespace {
namespace fs = std::filesystem;

constexpr int kMaxSide = 16'384;  // and below the 65535 of a GIF
constexpr double kMaxFps = 240;
constexpr double kMaxGifFps = 50;  // shorter delays than 1/50 s are played slowly everywhere

std::string nameOf(MovieFormat format) {
    switch (format) {
        case MovieFormat::Gif: return "GIF";
        case MovieFormat::Apng: return "APNG";
        case MovieFormat::Stack: return "folder of PNG";
        case MovieFormat::Mp4: return "MP4";
        case MovieFormat::Webm: return "WebM";
    }
    return {};
}

constexpr const char* kFolderRemedy =
    "name a new folder for the pictures, or end the name in .gif, .apng, .mp4 or .webm for a film";

/// One PNG for each frame.
class Stack : public MovieWriter {
public:
    Stack(const fs::path& folder, const MovieSettings& settings)
        : m_folder(folder, kFolderRemedy), m_settings(settings) {}

    void add(std::span<const std::uint8_t> rgb) override {
        char name[32];
        std::snprintf(name, sizeof name, "frame-%06lld.png", static_cast<long long>(m_frames));
        const RgbRect whole{rgb.data(), static_cast<std::size_t>(3 * m_settings.width),
                            m_settings.width, m_settings.height};
        writeFileAtomically(m_folder.hidden() / name,
                            encodePng(whole, m_frames == 0 ? m_settings.texts : PngTexts{}));
        ++m_frames;
    }

    void finish() override { m_folder.commit(); }

private:
    NewFolder m_folder;
    MovieSettings m_settings;
    Index m_frames = 0;
};

/// Checks what is the same for all formats.
class Checked : public MovieWriter {
public:
    Checked(std::unique_ptr<MovieWriter> writer, const MovieSettings& settings)
        : m_writer(std::move(writer)),
          m_bytes(std::size_t{3} * static_cast<std::size_t>(settings.width) *
                  static_cast<std::size_t>(settings.height)) {}
    void add(std::span<const std::uint8_t> rgb) override {
        if (rgb.size() != m_bytes) {
            throw UsageError("a frame has another size than the film");
        }
        m_writer->add(rgb);
        m_any = true;
    }
    void finish() override {
        if (!m_any) {
            throw UsageError("a film needs at least one frame");
        }
        m_writer->finish();
    }

private:
    std::unique_ptr<MovieWriter> m_writer;
    std::size_t m_bytes;
    bool m_any = false;
};

}  // namespace

MovieFormat movieFormat(const fs::path& path) {
    std::string ending = path.extension().string();
    std::ranges::transform(ending, ending.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 'a' - 'A') : c;
    });
    if (ending == ".gif") {
        return MovieFormat::Gif;
    }
    if (ending == ".apng" || ending == ".png") {
        return MovieFormat::Apng;
    }
    if (ending == ".mp4") {
        return MovieFormat::Mp4;
    }
    if (ending == ".webm") {
        return MovieFormat::Webm;
    }
    if (ending.empty() && !path.empty()) {
        return MovieFormat::Stack;
    }
    throw UsageError("'" + path.string() +
                     "': a film ends in .gif, .apng, .mp4 or .webm; a name without an ending is a "
                     "folder of PNG pictures");
}

void checkMovie(const fs::path& path, const MovieSettings& settings) {
    const MovieFormat format = movieFormat(path);
    if (settings.width < 16 || settings.height < 16 || settings.width > kMaxSide ||
        settings.height > kMaxSide) {
        throw UsageError("a film has from 16 to 16384 pixels a side, not " +
                         std::to_string(settings.width) + "x" + std::to_string(settings.height));
    }
    const double most = format == MovieFormat::Gif ? kMaxGifFps : kMaxFps;
    if (!(settings.fps >= 0.1) || !(settings.fps <= most)) {
        throw UsageError("a " + nameOf(format) + " shows from 0.1 to " +
                         std::to_string(static_cast<int>(most)) + " frames a second" +
                         (format == MovieFormat::Gif ? "; for more write .apng or .mp4" : ""));
    }
    if (format == MovieFormat::Stack) {
        requireFree(path, kFolderRemedy);
    }
    const bool needsProgram = format == MovieFormat::Mp4 || format == MovieFormat::Webm;
    if (needsProgram && !detail::programExists(settings.ffmpeg)) {
        throw UsageError("writing " + nameOf(format) + " needs the program '" + settings.ffmpeg +
                         "', which is not installed: install the package ffmpeg, or write .gif, "
                         ".apng or a folder of PNG, which need nothing");
    }
}

std::unique_ptr<MovieWriter> makeMovieWriter(const fs::path& path, const MovieSettings& settings) {
    checkMovie(path, settings);
    std::unique_ptr<MovieWriter> writer;
    const MovieFormat format = movieFormat(path);
    switch (format) {
        case MovieFormat::Gif: writer = detail::makeGif(path, settings); break;
        case MovieFormat::Apng: writer = detail::makeApng(path, settings); break;
        case MovieFormat::Stack: writer = std::make_unique<Stack>(path, settings); break;
        case MovieFormat::Mp4:
        case MovieFormat::Webm: writer = detail::makeFfmpeg(path, settings, format); break;
    }
    return std::make_unique<Checked>(std::move(writer), settings);
}

namespace detail {

PixelBox changedBox(std::span<const std::uint8_t> before, std::span<const std::uint8_t> now,
                    int width, int height) {
    const auto row = static_cast<std::size_t>(3 * width);
    int top = height, bottom = -1, left = width, right = -1;
    for (int y = 0; y < height; ++y) {
        const std::uint8_t* a = before.data() + static_cast<std::size_t>(y) * row;
        const std::uint8_t* b = now.data() + static_cast<std::size_t>(y) * row;
        if (std::memcmp(a, b, row) == 0) {
            continue;
        }
        top = std::min(top, y);
        bottom = y;
        const auto first = static_cast<int>(std::mismatch(a, a + row, b).first - a) / 3;
        std::size_t last = row;
        while (a[last - 1] == b[last - 1]) {
            --last;
        }
        left = std::min(left, first);
        right = std::max(right, static_cast<int>(last - 1) / 3);
    }
    return bottom < 0 ? PixelBox{} : PixelBox{left, top, right - left + 1, bottom - top + 1};
}

}  // namespace detail
}  // namespace lx
