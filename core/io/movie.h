// SPDX-License-Identifier: GPL-3.0-or-later
// Films, written frame by frame: GIF, APNG and a folder of PNG by ourselves, MP4 and WebM by the
// program ffmpeg. Memory holds a few frames, whatever the length.
#pragma once

#include "core/io/png.h"

#include <memory>

namespace lx {

enum class MovieFormat : std::uint8_t { Gif, Apng, Stack, Mp4, Webm };

struct MovieSettings {
    int width = 0, height = 0;
    double fps = 25;
    bool loop = true;     ///< GIF and APNG play for ever
    PngTexts texts = {};  ///< in APNG, in the first PNG of a folder, as the comment of a GIF
    std::string ffmpeg = "ffmpeg";
};

/// By the ending: .gif, .apng (or .png), .mp4, .webm; a path without an ending is a folder of
/// PNG. Throws UsageError naming the endings.
MovieFormat movieFormat(const std::filesystem::path&);

/// Everything that can be judged before the first frame: ending, size, frame rate, whether the
/// folder is free and ffmpeg is there. Throws UsageError with the remedy.
void checkMovie(const std::filesystem::path&, const MovieSettings&);

class MovieWriter {
public:
    /// Unless finish() succeeded, nothing of the film remains, and what was at its path before is
    /// untouched.
    virtual ~MovieWriter() = default;
    /// The next frame, width * height * 3 bytes, rows from the top. Throws WriteError, and
    /// UsageError for another size.
    virtual void add(std::span<const std::uint8_t> rgb) = 0;
    /// Puts the film in its place. Throws UsageError when there is no frame, WriteError.
    virtual void finish() = 0;
};

/// Throws as checkMovie and AtomicFile.
std::unique_ptr<MovieWriter> makeMovieWriter(const std::filesystem::path&, const MovieSettings&);

namespace detail {

/// The smallest rectangle of pixels that differ; empty when none does.
struct PixelBox {
    int x = 0, y = 0, width = 0, height = 0;
};
PixelBox changedBox(std::span<const std::uint8_t> before, std::span<const std::uint8_t> now,
                    int width, int height);

std::unique_ptr<MovieWriter> makeGif(const std::filesystem::path&, const MovieSettings&);
std::unique_ptr<MovieWriter> makeApng(const std::filesystem::path&, const MovieSettings&);
std::unique_ptr<MovieWriter> makeFfmpeg(const std::filesystem::path&, const MovieSettings&,
                                        MovieFormat);
/// Whether a program of that name can be started.
bool programExists(const std::string& name);

}  // namespace detail
}  // namespace lx
