// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/npz.h"

#include "core/io/npy.h"

#include <zip.h>
#include <algorithm>

namespace lx {
namespace {

constexpr zip_int64_t kMaxMembers = 65'536;
constexpr std::uint64_t kFreeBytes = std::uint64_t{1} << 20;

struct Discard {
    void operator()(zip_t* archive) const noexcept { zip_discard(archive); }
    void operator()(zip_file_t* file) const noexcept { zip_fclose(file); }
    void operator()(zip_source_t* source) const noexcept { zip_source_free(source); }
};
using Archive = std::unique_ptr<zip_t, Discard>;
using Member = std::unique_ptr<zip_file_t, Discard>;
using Source = std::unique_ptr<zip_source_t, Discard>;

std::string textOf(zip_error_t* error) {
    std::string text = zip_error_strerror(error);
    zip_error_fini(error);
    return text;
}

Archive openArchive(std::span<const std::byte> bytes, const std::string& name) {
    zip_error_t error;
    zip_error_init(&error);
    Source source(zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error));
    if (!source) {
        throw InputError(name, "", textOf(&error));
    }
    Archive archive(zip_open_from_source(source.get(), ZIP_RDONLY | ZIP_CHECKCONS, &error));
    if (!archive) {
        throw InputError(name, "zip directory", "cannot be opened as npz: " + textOf(&error));
    }
    static_cast<void>(source.release());  // the archive owns it now
    zip_error_fini(&error);
    return archive;
}

Bytes readMember(zip_t* archive, const zip_stat_t& info, const std::string& name,
                 const std::string& place) {
    const Member file(zip_fopen_index(archive, info.index, 0));
    if (!file) {
        throw InputError(name, place, zip_error_strerror(zip_get_error(archive)));
    }
    Bytes bytes(static_cast<std::size_t>(info.size));
    std::size_t done = 0;
    // The read that returns 0 is the one in which libzip compares the check sum.
    while (true) {
        std::byte spare{};
        const bool full = done == bytes.size();
        const zip_int64_t got = zip_fread(file.get(), full ? &spare : bytes.data() + done,
                                          full ? 1 : bytes.size() - done);
        if (got < 0) {
            throw InputError(
                name, place,
                std::string("is damaged: ") + zip_error_strerror(zip_file_get_error(file.get())));
        }
        if (got == 0) {
            break;
        }
        if (full) {
            throw InputError(name, place, "is longer than the zip directory says");
        }
        done += static_cast<std::size_t>(got);
    }
    if (done != bytes.size()) {
        throw InputError(name, place, "is shorter than the zip directory says");
    }
    return bytes;
}

}  // namespace

State readNpz(std::span<const std::byte> bytes, const std::string& name) {
    // libzip takes no bytes at all for an archive that is still to be filled.
    if (bytes.size() < 22) {
        throw InputError(name, "", "is too short for an npz archive");
    }
    const Archive archive = openArchive(bytes, name);
    const zip_int64_t members = zip_get_num_entries(archive.get(), 0);
    if (members > kMaxMembers) {
        throw InputError(name, "zip directory", "lists more than 65536 members");
    }
    State arrays;
    std::uint64_t packed = 0, unpacked = 0;
    for (zip_int64_t i = 0; i < members; ++i) {
        zip_stat_t info;
        zip_stat_init(&info);
        std::string place = "member " + std::to_string(i);
        constexpr zip_uint64_t kNeeded = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE;
        if (zip_stat_index(archive.get(), static_cast<zip_uint64_t>(i), 0, &info) != 0 ||
            (info.valid & kNeeded) != kNeeded) {
            throw InputError(name, place, "its entry in the zip directory is incomplete");
        }
        std::string key = info.name;
        place += " '" + key.substr(0, 80) + "'";
        if (!key.ends_with(".npy")) {
            throw InputError(name, place, "is no npy array, so this is not an npz file");
        }
        key.resize(key.size() - 4);
        // No sum may pass the file, else members overlap and a small file can unpack without end.
        if (info.comp_size > bytes.size() - packed) {
            throw InputError(name, place, "claims more packed bytes than the file holds");
        }
        packed += info.comp_size;
        if (info.size > kMaxFileBytes - unpacked ||
            info.size > std::max(kFreeBytes, info.comp_size * kMaxUnpackRatio)) {
            throw InputError(name, place,
                             "unpacks to " + std::to_string(info.size) +
                                 " bytes, beyond the limits of 2 GiB and 1000 times its size");
        }
        unpacked += info.size;
        const Bytes content = readMember(archive.get(), info, name, place);
        if (!arrays.emplace(key, readNpy(content, name + ", " + place)).second) {
            throw InputError(name, place, "appears twice");
        }
    }
    return arrays;
}

State readNpz(const std::filesystem::path& path) {
    return readNpz(readFile(path), path.string());
}

Bytes encodeNpz(const State& arrays) {
    zip_error_t error;
    zip_error_init(&error);
    Source source(zip_source_buffer_create(nullptr, 0, 0, &error));
    if (!source) {
        throw Error("libzip could not start packing: " + textOf(&error));
    }
    Archive archive(zip_open_from_source(source.get(), ZIP_TRUNCATE, &error));
    if (!archive) {
        throw Error("libzip could not start packing: " + textOf(&error));
    }
    zip_source_keep(source.get());  // one count for the archive, one for us
    std::vector<Bytes> contents;    // libzip reads them at zip_close
    contents.reserve(arrays.size());
    for (const auto& [name, array] : arrays) {
        const Bytes& content = contents.emplace_back(encodeNpy(array));
        if (name.find('\0') != std::string::npos) {
            throw UsageError("the name of an npz member must not hold a zero byte");
        }
        zip_source_t* member = zip_source_buffer(archive.get(), content.data(), content.size(), 0);
        const zip_int64_t index =
            member == nullptr
                ? -1
                : zip_file_add(archive.get(), (name + ".npy").c_str(), member, ZIP_FL_ENC_UTF_8);
        if (index < 0) {
            zip_source_free(member);
            throw UsageError("array '" + name + "' cannot be a member of an npz file: " +
                             zip_error_strerror(zip_get_error(archive.get())));
        }
        const auto at = static_cast<zip_uint64_t>(index);
        constexpr zip_uint16_t kFirstDosDay = (1U << 5) | 1U;  // 1 January 1980
        if (zip_set_file_compression(archive.get(), at, ZIP_CM_STORE, 0) != 0 ||
            zip_file_set_dostime(archive.get(), at, 0, kFirstDosDay, 0) != 0) {
            throw Error(std::string("libzip: ") + zip_error_strerror(zip_get_error(archive.get())));
        }
    }
    if (arrays.empty()) {
        // libzip writes nothing for an empty archive; this is its end record.
        Bytes empty(22, std::byte{0});
        empty[0] = std::byte{'P'}, empty[1] = std::byte{'K'};
        empty[2] = std::byte{5}, empty[3] = std::byte{6};
        return empty;
    }
    if (zip_close(archive.get()) != 0) {
        throw Error(std::string("libzip could not pack: ") +
                    zip_error_strerror(zip_get_error(archive.get())));
    }
    static_cast<void>(archive.release());
    zip_stat_t info;
    zip_stat_init(&info);
    if (zip_source_stat(source.get(), &info) != 0 || zip_source_open(source.get()) != 0) {
        throw Error("libzip lost the packed file");
    }
    Bytes out(static_cast<std::size_t>(info.size));
    const zip_int64_t got = zip_source_read(source.get(), out.data(), out.size());
    zip_source_close(source.get());
    if (got != static_cast<zip_int64_t>(out.size())) {
        throw Error("libzip lost a part of the packed file");
    }
    return out;
}

void writeNpz(const std::filesystem::path& path, const State& arrays) {
    writeFileAtomically(path, encodeNpz(arrays));
}

}  // namespace lx
