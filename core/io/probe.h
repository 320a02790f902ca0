// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/array.h"
#include "core/io/file.h"

namespace lx {

enum class FileKind : std::uint8_t {
    Unknown,
    Idx,
    Npy,
    Npz,
    Csv,
    Safetensors,
    Project,
    Image,
    ImageFolder,
    Recipe
};

struct FileProbe {
    FileKind kind = FileKind::Unknown;
    std::string sentence;      ///< what it is, for a person: "IDX array of 60000 x 28 x 28 bytes"
    std::vector<Index> shape;  ///< of the one array in it, where there is one
};

/// "idx", "npy", "npz", "csv", "safetensors", "project", "image", "image-folder", "recipe" or
/// "unknown".
std::string_view nameOf(FileKind) noexcept;

/// Judges by content, not by suffix, from the first bytes only. A file that cannot be read or
/// recognised is Unknown and the sentence says why; nothing is thrown.
FileProbe probeFile(const std::filesystem::path&) noexcept;

}  // namespace lx
