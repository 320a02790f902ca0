// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/io/image.h"

namespace lx {

struct ImageFolderOptions {
    Index side = 28;            ///< pictures are scaled to side x side by area averages
    Index maxImages = 200'000;  ///< more are refused
    ImageDecoder decode;        ///< unset: decodeImage
};

struct ImageFolder {
    Array images;                         ///< [N, side, side] float32 in [0, 1]
    Array labels;                         ///< [N] int64; undefined without class sub-folders
    std::vector<std::string> classNames;  ///< sub-folders in byte order
    std::vector<std::string> files;       ///< [N] relative to the folder
};

/// The files that would be read, without decoding any. Order: class, then name, in byte order.
struct ImageFolderPreview {
    Index images = 0;
    std::vector<std::string> classNames;
    std::vector<Index> perClass;
    std::vector<std::string> files;
};

/// PNG and JPEG files (by suffix) of the folder itself or of its sub-folders, each one a class.
/// Links are not followed. Throws InputError when there are none, or both kinds of layout.
ImageFolderPreview previewImageFolder(const std::filesystem::path&, Index maxImages = 200'000);
ImageFolder readImageFolder(const std::filesystem::path&, const ImageFolderOptions& = {});

}  // namespace lx
