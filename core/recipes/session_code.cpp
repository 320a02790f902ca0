// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/recipes/session_code.h"

#include "core/io/file.h"

#include <array>

namespace lx {
namespace {

constexpr std::string_view kPrefix = "LX1:";
constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint64_t kMaxUnpacked = std::uint64_t{1} << 20;

std::string toBase64(std::span<const std::byte> bytes) {
    std::string out;
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
        std::uint32_t word = 0;
        for (std::size_t i = 0; i < 3; ++i) {
            word = word << 8 | (i < count ? std::to_integer<std::uint32_t>(bytes[at + i]) : 0);
        }
        for (std::size_t i = 0; i <= count; ++i) {
            out += kAlphabet[word >> (18 - 6 * i) & 63];
        }
    }
    return out;
}

Bytes fromBase64(std::string_view text, const std::string& source) {
    Bytes out;
    std::uint32_t word = 0;
    int bits = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto value = kAlphabet.find(text[at]);
        if (value == std::string_view::npos) {
            throw InputError(source, "session code, character " + std::to_string(at + 1),
                             "is none of a session code; copy the whole line");
        }
        word = word << 6 | static_cast<std::uint32_t>(value);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out.push_back(static_cast<std::byte>(word >> bits & 255));
        }
    }
    return out;
}

}  // namespace

std::string sessionCode(const SessionDocument& document) {
    const std::string json = toJson(document).dump();
    return std::string(kPrefix) + toBase64(gzip(std::as_bytes(std::span<const char>(json))));
}

SessionDocument readSessionCode(std::string_view code, const std::string& source) {
    const auto first = code.find_first_not_of(" \t\r\n");
    const auto last = code.find_last_not_of(" \t\r\n");
    code =
        first == std::string_view::npos ? std::string_view() : code.substr(first, last - first + 1);
    if (code.size() > kMaxSessionCode) {
        throw InputError(source, "session code",
                         "has more than 65536 characters, which no session code has");
    }
    if (!code.starts_with(kPrefix)) {
        throw InputError(source, "session code",
                         "begins otherwise than with LX1:, so it is none, or one of a later "
                         "version of the program");
    }
    const Bytes packed = fromBase64(code.substr(kPrefix.size()), source);
    if (!isGzip(packed)) {
        throw InputError(source, "session code", "is damaged; copy the whole line");
    }
    const Bytes json = gunzip(packed, source + ", session code", kMaxUnpacked);
    return sessionFromJson({reinterpret_cast<const char*>(json.data()), json.size()},
                           source + ", session code");
}

}  // namespace lx
