// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/idx.h"

#include "core/io/bytes.h"

#include <limits>
#include <optional>

namespace lx {
namespace {

using detail::Element;

std::optional<Element> elementOf(unsigned code) {
    switch (code) {
        case 0x08: return Element::U8;
        case 0x09: return Element::I8;
        case 0x0B: return Element::I16;
        case 0x0C: return Element::I32;
        case 0x0D: return Element::F32;
        case 0x0E: return Element::F64;
        default: return std::nullopt;
    }
}

}  // namespace

Array readIdx(std::span<const std::byte> bytes, const std::string& name) {
    Bytes unpacked;
    if (isGzip(bytes)) {
        unpacked = gunzip(bytes, name);
        bytes = unpacked;
    }
    if (bytes.size() < 4) {
        throw InputError(
            name, "byte 0",
            "an IDX file has at least 4 bytes, this has " + std::to_string(bytes.size()));
    }
    if (bytes[0] != std::byte{0} || bytes[1] != std::byte{0}) {
        throw InputError(name, "byte 0", "an IDX file begins with two zero bytes, this does not");
    }
    const auto code = std::to_integer<unsigned>(bytes[2]);
    const auto element = elementOf(code);
    if (!element) {
        throw InputError(
            name, "byte 2",
            "the type code " + std::to_string(code) + " is none of 8, 9, 11, 12, 13, 14");
    }
    const auto rank = std::to_integer<std::size_t>(bytes[3]);
    const std::size_t start = 4 + 4 * rank;
    if (bytes.size() < start) {
        throw InputError(name, "byte " + std::to_string(bytes.size()),
                         "ends within the " + std::to_string(rank) + " extents");
    }
    std::vector<Index> shape;
    for (std::size_t axis = 0; axis < rank; ++axis) {
        shape.push_back(detail::load<std::uint32_t>(bytes, 4 + 4 * axis, true));
    }
    const std::uint64_t expected = detail::byteCount(shape, *element, name, "byte 4");
    const std::uint64_t found = bytes.size() - start;
    if (found != expected) {
        throw InputError(name, "byte " + std::to_string(start),
                         "the extents " + detail::describe(shape) + " need " +
                             std::to_string(expected) + " bytes of values, but " +
                             std::to_string(found) + " follow");
    }
    return detail::toArray(bytes.subspan(start), *element, true, std::move(shape), name, "values");
}

Array readIdx(const std::filesystem::path& path) {
    return readIdx(readFile(path), path.string());
}

Bytes encodeIdx(const Array& array) {
    if (!array.defined() || array.shape().size() > 255) {
        throw UsageError("IDX stores defined arrays of up to 255 axes");
    }
    Bytes out(2, std::byte{0});
    const DType dtype = array.dtype();
    out.push_back(dtype == DType::U8    ? std::byte{0x08}
                  : dtype == DType::I64 ? std::byte{0x0C}
                  : dtype == DType::F32 ? std::byte{0x0D}
                                        : std::byte{0x0E});
    out.push_back(static_cast<std::byte>(array.shape().size()));
    for (const Index extent : array.shape()) {
        if (extent > std::numeric_limits<std::uint32_t>::max()) {
            throw UsageError("IDX stores extents below 2^32");
        }
        detail::append(out, static_cast<std::uint32_t>(extent), true);
    }
    const auto raw = array.bytes();
    const auto count = static_cast<std::size_t>(array.count());
    switch (dtype) {
        case DType::U8: out.insert(out.end(), raw.begin(), raw.end()); break;
        case DType::I64:
            for (const Index value : array.values<Index>()) {
                if (value < std::numeric_limits<std::int32_t>::min() ||
                    value > std::numeric_limits<std::int32_t>::max()) {
                    throw UsageError("IDX stores integers of 32 bits; " + std::to_string(value) +
                                     " does not fit, use npy");
                }
                detail::append(out, static_cast<std::uint32_t>(value), true);
            }
            break;
        case DType::F32:
            for (std::size_t i = 0; i < count; ++i) {
                detail::append(out, detail::load<std::uint32_t>(raw, 4 * i, false), true);
            }
            break;
        case DType::F64:
            for (std::size_t i = 0; i < count; ++i) {
                detail::append(out, detail::load<std::uint64_t>(raw, 8 * i, false), true);
            }
            break;
    }
    return out;
}

}  // namespace lx
