// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/project.h"

#include "core/io/bytes.h"
#include "core/io/digest.h"

#include <charconv>

namespace lx {
namespace {

constexpr std::string_view kReserved = "lx.";
constexpr std::string_view kFormatKey = "lx.format";
constexpr std::string_view kOverallKey = "lx.sha256";
constexpr std::string_view kTensorPrefix = "lx.sha256/";

std::string tensorKey(const std::string& name) {
    return std::string(kTensorPrefix) + name;
}

void appendField(Bytes& out, std::string_view text) {
    detail::append(out, static_cast<std::uint64_t>(text.size()), false);
    detail::append(out, text);
}

/// Covers what the digests of the tensors do not: settings, names, types and shapes. Every field
/// carries its length, so no two contents give the same text.
std::string overallDigest(const State& state, const Metadata& metadata) {
    Bytes text;
    for (const auto& [key, value] : metadata) {
        if (key != kOverallKey) {
            appendField(text, key);
            appendField(text, value);
        }
    }
    detail::append(text, static_cast<std::uint64_t>(state.size()), false);
    for (const auto& [name, array] : state) {
        appendField(text, name);
        appendField(text, nameOf(array.dtype()));
        detail::append(text, static_cast<std::uint64_t>(array.shape().size()), false);
        for (const Index extent : array.shape()) {
            detail::append(text, static_cast<std::uint64_t>(extent), false);
        }
    }
    return sha256Hex(text);
}

Metadata withDigests(const Project& project) {
    Metadata metadata = project.settings;
    for (const auto& [key, value] : metadata) {
        if (key.starts_with(kReserved)) {
            throw UsageError("the setting '" + key + "' begins with the reserved prefix lx.");
        }
    }
    metadata[std::string(kFormatKey)] = std::to_string(kProjectFormat);
    for (const auto& [name, array] : project.state) {
        if (!array.defined()) {
            throw UsageError("tensor '" + name + "' is undefined and cannot be saved");
        }
        metadata[tensorKey(name)] = sha256Hex(array.bytes());
    }
    metadata[std::string(kOverallKey)] = overallDigest(project.state, metadata);
    return metadata;
}

const std::string& required(const Metadata& metadata, const std::string& key,
                            const std::string& file) {
    const auto found = metadata.find(key);
    if (found == metadata.end()) {
        throw InputError(
            file, "metadata",
            "the entry '" + key.substr(0, 90) +
                "' is missing, so this is no session of this program or a damaged one");
    }
    return found->second;
}

void checkFormat(const Metadata& metadata, const std::string& file) {
    const std::string& text = required(metadata, std::string(kFormatKey), file);
    int version = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
    if (error != std::errc{} || end != text.data() + text.size() || version < 1) {
        throw InputError(file, "metadata lx.format", "'" + text.substr(0, 40) + "' is no version");
    }
    if (version > kProjectFormat) {
        throw InputError(file, "metadata lx.format",
                         "has format " + std::to_string(version) +
                             ", this program reads up to format " + std::to_string(kProjectFormat) +
                             "; update the program");
    }
}

}  // namespace

Project loadProject(std::span<const std::byte> bytes, const std::string& name) {
    Safetensors file = readSafetensors(bytes, name);
    checkFormat(file.metadata, name);
    for (const auto& [tensor, array] : file.tensors) {
        if (required(file.metadata, tensorKey(tensor), name) != sha256Hex(array.bytes())) {
            throw InputError(name, "tensor '" + tensor.substr(0, 80) + "'",
                             "its bytes changed since it was saved (SHA-256 differs); use another "
                             "copy of the file");
        }
    }
    if (required(file.metadata, std::string(kOverallKey), name) !=
        overallDigest(file.tensors, file.metadata)) {
        throw InputError(name, "settings",
                         "the settings, names or shapes changed since they were saved (SHA-256 "
                         "differs); use another copy of the file");
    }
    Project project{std::move(file.tensors), {}};
    for (auto& [key, value] : file.metadata) {
        if (!key.starts_with(kReserved)) {
            project.settings.emplace(key, std::move(value));
        }
    }
    return project;
}

Project loadProject(const std::filesystem::path& path) {
    return loadProject(readFile(path), path.string());
}

Bytes encodeProject(const Project& project) {
    return encodeSafetensors(project.state, withDigests(project));
}

void saveProject(const std::filesystem::path& path, const Project& project) {
    writeSafetensors(path, project.state, withDigests(project));
}

}  // namespace lx
