// SPDX-License-Identifier: GPL-3.0-or-later
// Bytes in, bytes out: capped reading, bounded unpacking, and writing that is old-or-new.
#pragma once

#include "core/base/error.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace lx {

using Bytes = std::vector<std::byte>;

/// Largest file that is read and largest result of unpacking one, in bytes.
inline constexpr std::uint64_t kMaxFileBytes = std::uint64_t{2} << 30;
/// Unpacked bytes per packed byte beyond which a compressed file counts as hostile.
inline constexpr std::uint64_t kMaxUnpackRatio = 1000;

/// A file could not be written. The message names the call, the reason and the remedy; the file
/// that was there before is untouched.
struct WriteError : Error {
    using Error::Error;
};

/// The whole of a regular file. Throws InputError when it is missing, unreadable, no regular file
/// (a pipe or device would never end) or larger than `limit` bytes.
Bytes readFile(const std::filesystem::path&, std::uint64_t limit = kMaxFileBytes);

/// The same into the block that `room` gives for so many bytes.
void readFileInto(const std::filesystem::path&, std::uint64_t limit,
                  const std::function<std::byte*(std::size_t bytes)>& room);

/// The first `count` bytes of a regular file, or all of it when it is shorter. Throws as readFile.
Bytes readPrefix(const std::filesystem::path&, std::uint64_t count);

/// Two magic bytes of RFC 1952.
bool isGzip(std::span<const std::byte>) noexcept;

/// Unpacks gzip (one or more members, CRC checked). The result never exceeds `limit` bytes or
/// kMaxUnpackRatio times the input (but 1 MiB is always allowed). Throws InputError.
Bytes gunzip(std::span<const std::byte>, const std::string& name,
             std::uint64_t limit = kMaxFileBytes);

/// The same for a file of any size, piece by piece in constant memory. Throws what `sink` throws,
/// too.
void gunzipFile(const std::filesystem::path&,
                const std::function<void(std::span<const std::byte>)>& sink);

/// The first `count` unpacked bytes, or all when there are fewer; later damage goes unnoticed.
Bytes gunzipPrefix(std::span<const std::byte>, const std::string& name, std::size_t count);

/// Packs as one gzip member without a time stamp.
Bytes gzip(std::span<const std::byte>);

/// Appends one piece of the content.
using PutBytes = std::function<void(std::span<const std::byte>)>;

/// Writes a temporary file in the same folder, syncs it, renames it over `path` and syncs the
/// folder. Until the rename succeeds, any failure leaves the old file and removes the temporary;
/// only a failing sync of the folder can report after the new file is in place. Throws WriteError.
void writeFileAtomically(const std::filesystem::path&, std::span<const std::byte>);
/// The same for content that is produced piece by piece; an exception of `produce` passes through.
void writeFileAtomically(const std::filesystem::path&,
                         const std::function<void(const PutBytes&)>& produce);

/// The same for content that grows over a long time (a film): nothing appears at `path` before
/// commit(), and the temporary file goes with the object. All functions throw WriteError.
class AtomicFile {
public:
    explicit AtomicFile(const std::filesystem::path&);
    ~AtomicFile();
    AtomicFile(AtomicFile&&) noexcept;
    AtomicFile& operator=(AtomicFile&&) noexcept;

    void put(std::span<const std::byte>);
    /// Replaces bytes that were put before, or writes ahead of them: what lies between reads as 0.
    void putAt(std::uint64_t offset, std::span<const std::byte>);
    void commit();
    /// The temporary file, for a program that writes it in our place.
    const std::filesystem::path& temporary() const noexcept;

private:
    class Temporary;
    std::unique_ptr<Temporary> m_temporary;
};

}  // namespace lx
