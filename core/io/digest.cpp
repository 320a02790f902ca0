// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/digest.h"

#include "core/base/error.h"

#include <openssl/evp.h>
#include <array>

namespace lx {

std::string sha256Hex(std::span<const std::byte> bytes) {
    std::array<unsigned char, 32> digest{};
    unsigned length = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_sha256(), nullptr) !=
            1 ||
        length != digest.size()) {
        throw Error("SHA-256 is not available in this build of OpenSSL");
    }
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    for (const unsigned char byte : digest) {
        text += kDigits[byte >> 4];
        text += kDigits[byte & 15];
    }
    return text;
}

}  // namespace lx
