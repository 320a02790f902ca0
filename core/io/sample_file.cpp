// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/sample_file.h"

#include "core/io/bytes.h"
#include "core/io/new_folder.h"
#include "core/io/npy.h"
#include "core/io/png.h"

#include <zlib.h>
#include <algorithm>
#include <bit>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>

namespace lx {
namespace {
namespace fs = std::filesystem;

constexpr const char* kRemedy = "name a new folder for the samples, or end the name in .npz";

bool isArchive(const fs::path& path) {
    return path.extension() == ".npz";
}

/// Keeps to what was announced and what came first.
class Rows {
public:
    explicit Rows(Index count) : m_count(count) {}
    Index count() const { return m_count; }
    Index made() const { return m_made; }
    /// Number of rows of the block.
    Index take(const State& block) {
        const auto samples = block.find("samples"), keys = block.find("keys");
        if (samples == block.end() || keys == block.end() || samples->second.shape().size() < 2 ||
            keys->second.dtype() != DType::I64 || keys->second.shape().size() != 2) {
            throw UsageError("samples: rows need the arrays 'samples' and 'keys'");
        }
        const Index n = samples->second.dim(0);
        if (n > m_count - m_made) {
            throw UsageError("samples: more came than the " + std::to_string(m_count) +
                             " that were announced");
        }
        for (const auto& [name, array] : block) {
            std::vector<Index> shape(array.shape().begin(), array.shape().end());
            if (shape.empty() || std::exchange(shape.front(), m_count) != n) {
                throw UsageError("samples: array '" + name + "' has not one row for each");
            }
            const auto known = m_shapes.find(name);
            if (m_made == 0) {
                m_shapes.emplace(name, std::pair(array.dtype(), shape));
            } else if (known == m_shapes.end() ||
                       known->second != std::pair(array.dtype(), shape)) {
                throw UsageError("samples: array '" + name + "' has changed its shape");
            }
        }
        if (block.size() != m_shapes.size()) {
            throw UsageError("samples: an array of the first rows is missing");
        }
        m_made += n;
        return n;
    }
    void requireAll() const {
        if (m_made != m_count) {
            throw UsageError("samples: only " + std::to_string(m_made) + " of " +
                             std::to_string(m_count) + " are there");
        }
    }
    /// Of whole arrays, by name.
    const std::map<std::string, std::pair<DType, std::vector<Index>>>& shapes() const {
        return m_shapes;
    }

private:
    Index m_count, m_made = 0;
    std::map<std::string, std::pair<DType, std::vector<Index>>> m_shapes;
};

/// Stored members, whose places follow from their shapes: rows of all of them are written where
/// they belong as they come. Ref: APPNOTE.TXT 6.3 of PKWARE, 4.3.
class Archive final : public SampleWriter {
public:
    Archive(const fs::path& path, Index count)
        : m_name(path.string()), m_file(path), m_rows(count) {}

    void put(const State& block) override {
        const bool first = m_rows.made() == 0;
        m_rows.take(block);
        if (first) {
            layOut();
        }
        for (const auto& [name, array] : block) {
            append(m_members.at(name), array.bytes());
        }
    }

    void finish() override {
        m_rows.requireAll();
        Bytes directory;
        std::uint64_t at = 0;
        for (const auto& [name, member] : m_members) {
            m_file.putAt(member.start, header(name, member, false, 0));
            detail::append(directory, detail::textOf(header(name, member, true, member.start)));
            at = member.start + header(name, member, false, 0).size() + member.size;
        }
        const auto members = static_cast<std::uint16_t>(m_members.size());
        const auto length = static_cast<std::uint32_t>(directory.size());
        detail::append(directory, std::uint32_t{0x06054b50}, false);
        detail::append(directory, std::uint32_t{0}, false);  // numbers of disks
        detail::append(directory, members, false);
        detail::append(directory, members, false);
        detail::append(directory, length, false);
        detail::append(directory, static_cast<std::uint32_t>(at), false);
        detail::append(directory, std::uint16_t{0}, false);  // comment
        m_file.putAt(at, directory);
        m_file.commit();
    }

private:
    struct Member {
        std::uint64_t start = 0, size = 0, next = 0;  ///< of its header, of its content, to write
        std::uint32_t sum = 0;
    };

    void layOut() {
        // readers, and this program, take no more
        constexpr double kMost = 4294967295.0 - 65536;
        double total = 0;
        std::uint64_t at = 0;
        std::map<std::string, Bytes> heads;
        for (const auto& [name, kind] : m_rows.shapes()) {
            heads[name] = npyHeader(kind.first, kind.second);
            double values = static_cast<double>(lx::sizeOf(kind.first));
            for (const Index extent : kind.second) {
                values *= static_cast<double>(extent);
            }
            total += values + static_cast<double>(heads[name].size()) + 256;
        }
        if (total > kMost) {
            throw UsageError(m_name + ": the arrays would have " +
                             std::to_string(static_cast<Index>(std::ceil(total / 1e9))) +
                             " GB, and a zip file holds 4; ask for fewer samples or name a folder");
        }
        for (const auto& [name, kind] : m_rows.shapes()) {
            Member& member = m_members[name];
            member.start = at;
            member.size =
                heads[name].size() +
                static_cast<std::uint64_t>(elementCount(kind.second)) * lx::sizeOf(kind.first);
            member.next = at + header(name, member, false, 0).size();
            append(member, heads[name]);
            at += header(name, member, false, 0).size() + member.size;
        }
    }

    void append(Member& member, std::span<const std::byte> bytes) {
        m_file.putAt(member.next, bytes);
        member.next += bytes.size();
        member.sum = static_cast<std::uint32_t>(
            ::crc32_z(member.sum, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
    }

    /// Of the member itself, or in the directory at the end.
    static Bytes header(const std::string& name, const Member& member, bool directory,
                        std::uint64_t start) {
        const std::string file = name + ".npy";
        Bytes out;
        const auto two = [&](unsigned value) {
            detail::append(out, static_cast<std::uint16_t>(value), false);
        };
        const auto four = [&](std::uint64_t value) {
            detail::append(out, static_cast<std::uint32_t>(value), false);
        };
        four(directory ? 0x02014b50 : 0x04034b50);
        if (directory) {
            two(0x0314);  // made by version 2.0 on Unix
        }
        two(20);                 // version needed
        two(0), two(0), two(0);  // flags, stored, midnight
        two((1U << 5) | 1U);     // 1 January 1980: equal samples, equal bytes
        four(member.sum);
        four(member.size), four(member.size);
        two(static_cast<unsigned>(file.size()));
        two(0);  // extra field
        if (directory) {
            two(0), two(0), two(0);  // comment, disk, internal attributes
            four(std::uint64_t{0100644} << 16);
            four(start);
        }
        detail::append(out, file);
        return out;
    }

    std::string m_name;
    AtomicFile m_file;
    Rows m_rows;
    std::map<std::string, Member> m_members;
};

/// A file of the hidden folder, which needs no rename of its own.
class PlainFile {
public:
    PlainFile() = default;
    PlainFile(const fs::path& hidden, const char* name, const std::string& shown)
        : m_shown(shown + "/" + name), m_file(std::fopen((hidden / name).c_str(), "wb")) {
        if (m_file == nullptr) {
            fail();
        }
    }
    PlainFile(PlainFile&& other) noexcept { *this = std::move(other); }
    PlainFile& operator=(PlainFile&& other) noexcept {
        std::swap(m_file, other.m_file);
        std::swap(m_shown, other.m_shown);
        return *this;
    }
    ~PlainFile() {
        if (m_file != nullptr) {
            std::fclose(m_file);
        }
    }
    explicit operator bool() const { return m_file != nullptr; }
    void put(std::span<const std::byte> bytes) {
        if (std::fwrite(bytes.data(), 1, bytes.size(), m_file) != bytes.size()) {
            fail();
        }
    }
    void put(const std::string& text) { put(std::as_bytes(std::span(text))); }
    void close() {
        if (m_file != nullptr && std::fclose(std::exchange(m_file, nullptr)) != 0) {
            fail();
        }
    }

private:
    [[noreturn]] void fail() const {
        throw WriteError(m_shown + ": not saved (" + std::strerror(errno) +
                         "); free some disk space or choose another place");
    }
    std::string m_shown;
    std::FILE* m_file = nullptr;
};

template <class T>
void addNumber(std::string& line, T value) {
    char text[40];
    const auto [end, status] = std::to_chars(text, text + sizeof text, value);
    line.append(line.empty() || line.back() == '\n' ? "" : ",").append(text, end);
}

void addColumns(std::string& line, const char* letter, Index count) {
    for (Index i = 1; i <= count; ++i) {
        line.append(line.empty() ? "" : ",").append(letter).append(std::to_string(i));
    }
    line += '\n';
}

/// Rows [first, first + count) of float [N, D] as lines.
std::string tableOf(const Array& rows) {
    const auto values = rows.values<float>();
    const Index width = rows.count() / std::max<Index>(1, rows.dim(0));
    std::string out;
    for (std::size_t i = 0; i < values.size(); ++i) {
        addNumber(out, values[i]);
        out.append(static_cast<Index>(i + 1) % width == 0 ? "\n" : "");
    }
    return out;
}

class Folder final : public SampleWriter {
public:
    Folder(const fs::path& path, Index count)
        : m_name(path.string()), m_folder(path, kRemedy), m_rows(count) {}

    void put(const State& block) override {
        const Index before = m_rows.made();
        const Index n = m_rows.take(block);
        const Array& samples = block.at("samples");
        const bool pictures = samples.shape().size() == 3;
        if (samples.dtype() != DType::F32) {
            throw UsageError("samples: pictures and points of a folder are float32");
        }
        if (before == 0) {
            begin(block, pictures);
        }
        if (!pictures) {
            m_samples.put(tableOf(samples));
        }
        if (m_codes) {
            m_codes.put(tableOf(block.at("codes")));
        }
        const auto keys = block.at("keys").values<Index>();
        const auto width = static_cast<std::size_t>(block.at("keys").dim(1));
        const auto label = block.find("labels");
        std::string lines;
        for (Index i = 0; i < n; ++i) {
            if (pictures) {
                lines += savePicture(samples, i, before + i);
            } else {
                lines += std::to_string(before + i);
            }
            for (std::size_t k = 0; k < width; ++k) {
                const Index value = keys[static_cast<std::size_t>(i) * width + k];
                k < 2 ? addNumber(lines, std::bit_cast<std::uint64_t>(value))
                      : addNumber(lines, value);
            }
            if (label != block.end()) {
                addNumber(lines, label->second.values<Index>()[static_cast<std::size_t>(i)]);
            }
            lines += '\n';
        }
        m_keys.put(lines);
    }

    void finish() override {
        m_rows.requireAll();
        m_keys.close();
        m_samples.close();
        m_codes.close();
        m_folder.commit();
    }

private:
    void begin(const State& block, bool pictures) {
        const auto open = [&](const char* name) {
            return PlainFile(m_folder.hidden(), name, m_name);
        };
        m_keys = open("keys.csv");
        std::string head = pictures ? "file" : "sample";
        head += block.at("keys").dim(1) > 3 ? ",seed,stream,row,step" : ",seed,stream,row";
        m_keys.put(head + (block.contains("labels") ? ",label\n" : "\n"));
        if (!pictures) {
            m_samples = open("samples.csv");
            std::string names;
            addColumns(names, "x", block.at("samples").count() / block.at("samples").dim(0));
            m_samples.put(names);
        }
        if (const auto codes = block.find("codes"); codes != block.end()) {
            m_codes = open("codes.csv");
            std::string names;
            addColumns(names, "z", codes->second.dim(1));
            m_codes.put(names);
        }
    }

    /// Returns its name.
    std::string savePicture(const Array& samples, Index row, Index number) {
        const Index height = samples.dim(1), width = samples.dim(2);
        const auto pixels =
            samples.values<float>().subspan(static_cast<std::size_t>(row * height * width),
                                            static_cast<std::size_t>(height * width));
        m_rgb.clear();
        for (const float p : pixels) {
            const auto gray = static_cast<std::uint8_t>(
                std::lround(255 * std::clamp(std::isfinite(p) ? p : 0.0F, 0.0F, 1.0F)));
            m_rgb.insert(m_rgb.end(), 3, gray);
        }
        char name[40];
        std::snprintf(name, sizeof name, "sample-%06lld.png", static_cast<long long>(number));
        PlainFile file(m_folder.hidden(), name, m_name);
        file.put(encodePng({m_rgb.data(), static_cast<std::size_t>(3 * width),
                            static_cast<int>(width), static_cast<int>(height)}));
        file.close();
        return name;
    }

    std::string m_name;
    NewFolder m_folder;
    Rows m_rows;
    PlainFile m_keys, m_samples, m_codes;
    std::vector<std::uint8_t> m_rgb;
};

}  // namespace

void checkSampleFile(const fs::path& path) {
    if (isArchive(path)) {
        return;
    }
    std::error_code ignored;
    if (path.empty() || (path.has_extension() && !fs::is_directory(path, ignored))) {
        throw UsageError("'" + path.string() +
                         "': samples go to a file that ends in .npz, or to a folder, whose name "
                         "has no ending");
    }
    requireFree(path, kRemedy);
}

std::unique_ptr<SampleWriter> makeSampleWriter(const fs::path& path, Index count) {
    checkSampleFile(path);
    if (isArchive(path)) {
        return std::make_unique<Archive>(path, count);
    }
    return std::make_unique<Folder>(path, count);
}

}  // namespace lx
