// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/probe.h"

#include "core/io/bytes.h"
#include "core/io/csv.h"
#include "core/io/idx.h"
#include "core/io/image_folder.h"
#include "core/io/npy.h"
#include "core/io/npz.h"
#include "core/io/project.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace lx {
namespace {

namespace fs = std::filesystem;
using detail::describe;

constexpr std::uint64_t kPrefix = std::uint64_t{1} << 20;
constexpr std::size_t kMaxRecipe = std::size_t{1} << 20;

FileProbe unknown(const std::string& why) {
    return {FileKind::Unknown, why, {}};
}

FileProbe arrayProbe(FileKind kind, const std::string& format, const Array& array) {
    const auto shape = array.shape();
    return {kind,
            format + " array, " + describe(shape) + " of " + std::string(nameOf(array.dtype())),
            {shape.begin(), shape.end()}};
}

FileProbe probeFolder(const fs::path& path) {
    const ImageFolderPreview preview = previewImageFolder(path);
    std::string sentence = "Folder of " + std::to_string(preview.images) + " pictures";
    if (!preview.classNames.empty()) {
        sentence += " in " + std::to_string(preview.classNames.size()) + " classes";
    }
    return {FileKind::ImageFolder, sentence, {}};
}

FileProbe probeImage(std::span<const std::byte> bytes, const std::string& name) {
    const Image8 header = imageHeader(bytes, name);
    return {FileKind::Image,
            std::string(isPng(bytes) ? "PNG" : "JPEG") + " picture of " +
                std::to_string(header.width) + " x " + std::to_string(header.height) + " pixels, " +
                (header.channels == 1 ? "gray" : "colour"),
            {header.height, header.width}};
}

FileProbe probeNpz(const fs::path& path) {
    const State arrays = readNpz(path);
    if (arrays.empty()) {
        return unknown("An npz archive without any array");
    }
    FileProbe probe{
        FileKind::Npz, "npz archive of " + std::to_string(arrays.size()) + " arrays: ", {}};
    std::size_t listed = 0;
    for (const auto& [name, array] : arrays) {
        if (listed++ == 4) {
            probe.sentence += ", ...";
            break;
        }
        probe.sentence +=
            (listed > 1 ? ", " : "") + name.substr(0, 40) + " (" + describe(array.shape()) + ")";
    }
    if (arrays.size() == 1) {
        const auto shape = arrays.begin()->second.shape();
        probe.shape.assign(shape.begin(), shape.end());
    }
    return probe;
}

/// The header of a safetensors file can be longer than the prefix of other formats.
FileProbe probeSafetensors(const fs::path& path, std::uint64_t size) {
    const Bytes prefix = readPrefix(path, 8 + kMaxSafetensorsHeader);
    const SafetensorsHeader header = readSafetensorsHeader(prefix, size, path.string());
    const auto recipe = header.metadata.find("recipe");
    if (header.metadata.contains("lx.format")) {
        return {
            FileKind::Project,
            "Saved session of " + std::to_string(header.tensors.size()) + " tensors" +
                (recipe == header.metadata.end() ? "" : ", recipe " + recipe->second.substr(0, 60)),
            {}};
    }
    return {FileKind::Safetensors,
            "safetensors file of " + std::to_string(header.tensors.size()) +
                " tensors, made by another program",
            {}};
}

FileProbe probeIdx(std::span<const std::byte> prefix, std::uint64_t size, const std::string& name) {
    // The exact size decides, so a header without its values is judged by arithmetic alone.
    const auto rank = std::to_integer<std::size_t>(prefix[3]);
    if (prefix.size() < 4 + 4 * rank) {
        return unknown("Begins like an IDX file but ends within its header");
    }
    FileProbe probe{FileKind::Idx, "", {}};
    for (std::size_t axis = 0; axis < rank; ++axis) {
        probe.shape.push_back(detail::load<std::uint32_t>(prefix, 4 + 4 * axis, true));
    }
    const auto code = std::to_integer<unsigned>(prefix[2]);
    const detail::Element element = code == 0x0B                   ? detail::Element::I16
                                    : code == 0x0C || code == 0x0D ? detail::Element::I32
                                    : code == 0x0E                 ? detail::Element::F64
                                                                   : detail::Element::U8;
    const std::uint64_t expected = detail::byteCount(probe.shape, element, name, "byte 4");
    if (size != 0 && size != 4 + 4 * rank + expected) {
        return unknown("Begins like an IDX file of " + describe(probe.shape) +
                       " values but has another size; the file is incomplete or damaged");
    }
    probe.sentence = (size == 0 ? "Packed IDX array, " : "IDX array, ") + describe(probe.shape) +
                     (code == 0x08 || code == 0x09 ? " bytes" : " values");
    return probe;
}

bool looksLikeIdx(std::span<const std::byte> bytes) {
    if (bytes.size() < 4 || bytes[0] != std::byte{0} || bytes[1] != std::byte{0}) {
        return false;
    }
    const auto code = std::to_integer<unsigned>(bytes[2]);
    return code == 8 || code == 9 || (code >= 11 && code <= 14);
}

FileProbe probeJson(const fs::path& path, std::uint64_t size) {
    if (size > kMaxRecipe) {
        return unknown("A JSON text of more than 1 MiB, too long for a recipe");
    }
    const Bytes bytes = readFile(path, kMaxRecipe);
    const std::string_view text = detail::textOf(bytes);
    const auto parsed = nlohmann::json::parse(text.begin(), text.end(), nullptr, false, true);
    if (!parsed.is_object()) {
        return unknown("Begins like JSON but is malformed, so it is no recipe");
    }
    if (!parsed.contains("family") && !parsed.contains("params") && !parsed.contains("recipe")) {
        return unknown("A JSON text that names no family and no parameters, so it is no recipe");
    }
    for (const char* key : {"title", "id", "recipe"}) {
        if (parsed.contains(key) && parsed[key].is_string()) {
            return {
                FileKind::Recipe, "Recipe: " + parsed[key].get<std::string>().substr(0, 80), {}};
        }
    }
    return {FileKind::Recipe, "Recipe without a title", {}};
}

FileProbe probeTable(std::span<const std::byte> prefix, bool whole, const std::string& name) {
    if (!whole) {
        const std::string_view text = detail::textOf(prefix);
        const std::size_t end = text.rfind('\n');
        if (end == std::string_view::npos) {
            return unknown("A file without line breaks in its first megabyte, so no table");
        }
        prefix = prefix.first(end + 1);
    }
    const CsvPreview preview = previewTable(prefix, name, 1);
    const auto numeric =
        std::count_if(preview.columns.begin(), preview.columns.end(),
                      [](const CsvColumn& column) { return column.type == ColumnType::Number; });
    if (numeric == 0) {
        return unknown("A text without any column of numbers");
    }
    const auto columns = static_cast<Index>(preview.columns.size());
    FileProbe probe{FileKind::Csv,
                    "Table of " + std::string(whole ? "" : "at least ") +
                        std::to_string(preview.rows) + " rows and " + std::to_string(columns) +
                        " columns, " + std::to_string(numeric) + " of them numbers",
                    {}};
    if (whole) {
        probe.shape = {preview.rows, columns};
    }
    return probe;
}

FileProbe probe(const fs::path& path) {
    if (fs::is_directory(path)) {
        return probeFolder(path);
    }
    const std::string name = path.string();
    const Bytes prefix = readPrefix(path, kPrefix);
    const std::uint64_t size = fs::file_size(path);
    const std::string_view text = detail::textOf(prefix);
    if (text.empty()) {
        return unknown("An empty file");
    }
    if (isPng(prefix) || isJpeg(prefix)) {
        return probeImage(prefix, name);
    }
    if (text.starts_with("\x93NUMPY")) {
        return arrayProbe(FileKind::Npy, "npy", readNpy(path));
    }
    if (text.starts_with("PK")) {
        return probeNpz(path);
    }
    if (isGzip(prefix)) {
        const Bytes start = gunzipPrefix(prefix, name, 2048);
        return looksLikeIdx(start) ? probeIdx(start, 0, name)
                                   : unknown("A gzip file with something other than an IDX array");
    }
    if (looksLikeIdx(prefix)) {
        return probeIdx(prefix, size, name);
    }
    if (text.size() > 8 && text[8] == '{' &&
        detail::load<std::uint64_t>(prefix, 0, false) <= kMaxSafetensorsHeader) {
        return probeSafetensors(path, size);
    }
    if (const std::size_t first = text.find_first_not_of(" \t\r\n");
        first != std::string_view::npos && text[first] == '{') {
        return probeJson(path, size);
    }
    if (text.find('\0') != std::string_view::npos) {
        return unknown("A binary file of an unknown kind");
    }
    return probeTable(prefix, size <= kPrefix, name);
}

}  // namespace

std::string_view nameOf(FileKind kind) noexcept {
    switch (kind) {
        case FileKind::Unknown: return "unknown";
        case FileKind::Idx: return "idx";
        case FileKind::Npy: return "npy";
        case FileKind::Npz: return "npz";
        case FileKind::Csv: return "csv";
        case FileKind::Safetensors: return "safetensors";
        case FileKind::Project: return "project";
        case FileKind::Image: return "image";
        case FileKind::ImageFolder: return "image-folder";
        case FileKind::Recipe: return "recipe";
    }
    return "unknown";
}

FileProbe probeFile(const fs::path& path) noexcept {
    try {
        return probe(path);
    } catch (const std::exception& error) {
        return unknown(error.what());
    }
}

}  // namespace lx
