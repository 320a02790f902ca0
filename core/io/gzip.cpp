// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/file.h"

#include <zlib.h>
#include <algorithm>
#include <fstream>
#include <limits>

namespace lx {
namespace {

constexpr int kGzipWindow = 15 + 16;
constexpr std::uint64_t kFreeBytes = std::uint64_t{1} << 20;

struct InflateStream {
    z_stream state{};
    explicit InflateStream(const std::string& name) {
        if (inflateInit2(&state, kGzipWindow) != Z_OK) {
            throw InputError(name, "", "zlib could not start unpacking; memory may be short");
        }
    }
    InflateStream(const InflateStream&) = delete;
    InflateStream& operator=(const InflateStream&) = delete;
    ~InflateStream() { inflateEnd(&state); }
};

[[noreturn]] void fail(const std::string& name, std::size_t at, const std::string& what) {
    throw InputError(name, "byte " + std::to_string(at), what);
}

/// Unpacks until the end or, with `stopEarly`, until `limit` bytes are there.
Bytes unpack(std::span<const std::byte> packed, const std::string& name, std::uint64_t limit,
             bool stopEarly) {
    if (!isGzip(packed)) {
        fail(name, 0, "is not gzip data");
    }
    const std::uint64_t ratioLimit = std::max(kFreeBytes, packed.size() * kMaxUnpackRatio);
    InflateStream stream(name);
    z_stream& state = stream.state;
    Bytes out;
    std::size_t used = 0;      // of the input
    std::size_t produced = 0;  // of the output
    // Growth follows what has really come out; the size that the trailer claims is not asked.
    while (true) {
        const std::uint64_t bound = std::min(limit, ratioLimit);
        if (produced == out.size()) {
            if (produced >= bound) {
                if (stopEarly && produced >= limit) {
                    return out;
                }
                // One byte more tells a file that ends exactly here from one that goes on.
                out.resize(produced + 1);
            } else {
                out.resize(static_cast<std::size_t>(std::min<std::uint64_t>(
                    bound, std::max<std::uint64_t>(std::uint64_t{64} << 10, 2 * produced))));
            }
        }
        const std::size_t chunk =
            std::min<std::size_t>(packed.size() - used, std::numeric_limits<uInt>::max());
        state.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(packed.data() + used));
        state.avail_in = static_cast<uInt>(chunk);
        const std::size_t room =
            std::min<std::size_t>(out.size() - produced, std::numeric_limits<uInt>::max());
        state.next_out = reinterpret_cast<Bytef*>(out.data() + produced);
        state.avail_out = static_cast<uInt>(room);
        const int status = inflate(&state, Z_NO_FLUSH);
        used += chunk - state.avail_in;
        produced += room - state.avail_out;
        if (produced > bound) {
            fail(name, used,
                 produced > limit
                     ? "unpacks to more than " + std::to_string(limit) + " bytes"
                     : "unpacks to more than 1000 times its size, which no real data does");
        }
        if (status == Z_STREAM_END) {
            if (used == packed.size()) {
                break;
            }
            if (!isGzip(packed.subspan(used))) {
                fail(name, used, "bytes follow the end of the gzip data");
            }
            inflateReset(&state);
        } else if (status == Z_BUF_ERROR ||
                   (status == Z_OK && used == packed.size() && state.avail_out != 0)) {
            fail(name, packed.size(), "the gzip data ends too early; the file is incomplete");
        } else if (status != Z_OK) {
            fail(name, used,
                 std::string("the gzip data is damaged (") +
                     (state.msg != nullptr ? state.msg : "preset dictionary") + ")");
        }
    }
    out.resize(produced);
    return out;
}

}  // namespace

bool isGzip(std::span<const std::byte> bytes) noexcept {
    return bytes.size() >= 2 && bytes[0] == std::byte{0x1F} && bytes[1] == std::byte{0x8B};
}

Bytes gunzip(std::span<const std::byte> packed, const std::string& name, std::uint64_t limit) {
    return unpack(packed, name, limit, false);
}

void gunzipFile(const std::filesystem::path& path,
                const std::function<void(std::span<const std::byte>)>& sink) {
    const std::string name = path.string();
    std::ifstream in(path, std::ios::binary);
    Bytes packed(std::size_t{1} << 18), plain(std::size_t{1} << 20);
    InflateStream stream(name);
    z_stream& state = stream.state;
    std::uint64_t read = 0, produced = 0;
    bool ended = false;  // between two members
    while (true) {
        in.read(reinterpret_cast<char*>(packed.data()),
                static_cast<std::streamsize>(packed.size()));
        const auto got = static_cast<std::size_t>(in.gcount());
        if (in.bad()) {
            throw InputError(name, "", "could not be read to its end");
        }
        if (got == 0) {
            break;
        }
        read += got;
        state.next_in = reinterpret_cast<Bytef*>(packed.data());
        state.avail_in = static_cast<uInt>(got);
        do {
            if (ended) {
                inflateReset(&state);
                ended = false;
            }
            state.next_out = reinterpret_cast<Bytef*>(plain.data());
            state.avail_out = static_cast<uInt>(plain.size());
            const int status = inflate(&state, Z_NO_FLUSH);
            const std::size_t out = plain.size() - state.avail_out;
            produced += out;
            if (produced > std::max(kFreeBytes, read * kMaxUnpackRatio)) {
                fail(name, static_cast<std::size_t>(read),
                     "unpacks to more than 1000 times its size, which no real data does");
            }
            sink(std::span(plain).first(out));
            ended = status == Z_STREAM_END;
            if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) {
                fail(name, static_cast<std::size_t>(read - state.avail_in),
                     std::string("the gzip data is damaged (") +
                         (state.msg != nullptr ? state.msg : "preset dictionary") + ")");
            }
        } while (state.avail_in > 0 || (state.avail_out == 0 && !ended));
    }
    if (!ended) {
        fail(name, static_cast<std::size_t>(read),
             "the gzip data ends too early; the file is incomplete");
    }
}

Bytes gunzipPrefix(std::span<const std::byte> packed, const std::string& name, std::size_t count) {
    return unpack(packed, name, count, true);
}

Bytes gzip(std::span<const std::byte> plain) {
    z_stream state{};
    if (deflateInit2(&state, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, 8,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        throw Error("zlib could not start packing; memory may be short");
    }
    Bytes out;
    std::size_t used = 0, produced = 0;
    int status = Z_OK;
    while (status != Z_STREAM_END) {
        out.resize(produced + (std::size_t{64} << 10));
        const std::size_t chunk = std::min<std::size_t>(plain.size() - used, std::size_t{1} << 30);
        state.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(plain.data() + used));
        state.avail_in = static_cast<uInt>(chunk);
        state.next_out = reinterpret_cast<Bytef*>(out.data() + produced);
        state.avail_out = static_cast<uInt>(out.size() - produced);
        const std::size_t room = out.size() - produced;
        status = deflate(&state, used + chunk == plain.size() ? Z_FINISH : Z_NO_FLUSH);
        used += chunk - state.avail_in;
        produced += room - state.avail_out;
    }
    deflateEnd(&state);
    out.resize(produced);
    return out;
}

}  // namespace lx
