// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/bytes.h"

namespace lx::detail {
namespace {

constexpr std::uint64_t kMaxArrayBytes = std::uint64_t{4} << 30;

/// IEEE 754 binary16 to binary32; payloads of not-a-number are kept.
std::uint32_t widenHalf(std::uint16_t half) noexcept {
    const std::uint32_t sign = std::uint32_t{half & 0x8000U} << 16;
    const std::uint32_t exponent = (half >> 10) & 0x1FU;
    std::uint32_t mantissa = half & 0x3FFU;
    if (exponent == 31) {
        return sign | 0x7F800000U | (mantissa << 13);
    }
    if (exponent != 0) {
        return sign | ((exponent + 112) << 23) | (mantissa << 13);
    }
    if (mantissa == 0) {
        return sign;
    }
    std::uint32_t shift = 0;
    while ((mantissa & 0x400U) == 0) {
        mantissa <<= 1;
        ++shift;
    }
    return sign | ((113 - shift) << 23) | ((mantissa & 0x3FFU) << 13);
}

DType resultOf(Element element) noexcept {
    switch (element) {
        case Element::Bool:
        case Element::U8: return DType::U8;
        case Element::F16:
        case Element::BF16:
        case Element::F32: return DType::F32;
        case Element::F64: return DType::F64;
        default: return DType::I64;
    }
}

template <std::unsigned_integral Raw, class Out, class Convert>
void convertAll(std::span<const std::byte> raw, bool bigEndian, std::byte* out, Convert convert) {
    const std::size_t count = raw.size() / sizeof(Raw);
    for (std::size_t i = 0; i < count; ++i) {
        const Out value = convert(load<Raw>(raw, i * sizeof(Raw), bigEndian), i);
        std::memcpy(out + i * sizeof(Out), &value, sizeof(Out));
    }
}

template <std::unsigned_integral Raw, class Signed>
void widen(std::span<const std::byte> raw, bool bigEndian, std::byte* out) {
    convertAll<Raw, Index>(raw, bigEndian, out, [](Raw value, std::size_t) {
        return static_cast<Index>(static_cast<Signed>(value));
    });
}

}  // namespace

std::size_t sizeOf(Element element) noexcept {
    switch (element) {
        case Element::Bool:
        case Element::U8:
        case Element::I8: return 1;
        case Element::U16:
        case Element::I16:
        case Element::F16:
        case Element::BF16: return 2;
        case Element::U32:
        case Element::I32:
        case Element::F32: return 4;
        case Element::U64:
        case Element::I64:
        case Element::F64: return 8;
    }
    return 1;
}

std::uint64_t byteCount(std::span<const Index> shape, Element element, const std::string& file,
                        const std::string& place) {
    Index bytes = static_cast<Index>(sizeOf(element));
    for (const Index extent : shape) {
        if (extent < 0 || __builtin_mul_overflow(bytes, extent, &bytes)) {
            throw InputError(file, place, "the shape " + describe(shape) + " is impossibly large");
        }
    }
    return static_cast<std::uint64_t>(bytes);
}

Array toArray(std::span<const std::byte> raw, Element element, bool bigEndian,
              std::vector<Index> shape, const std::string& file, const std::string& place) {
    const DType dtype = resultOf(element);
    const std::size_t count = raw.size() / sizeOf(element);
    if (byteCount(shape, element, file, place) != raw.size()) {
        throw InputError(file, place, "the shape " + describe(shape) + " does not match the data");
    }
    if (count > kMaxArrayBytes / lx::sizeOf(dtype)) {
        throw InputError(file, place, "the array would take more than 4 GiB of memory");
    }
    // operator new aligns for every type we store; make_shared promises only that of a byte.
    const std::shared_ptr<std::byte[]> storage(new std::byte[count * lx::sizeOf(dtype)]);
    std::byte* out = storage.get();
    switch (element) {
        case Element::U8:
            if (!raw.empty()) {
                std::memcpy(out, raw.data(), raw.size());
            }
            break;
        case Element::Bool:
            convertAll<std::uint8_t, std::uint8_t>(
                raw, false, out, [&](std::uint8_t value, std::size_t i) {
                    if (value > 1) {
                        throw InputError(file, place,
                                         "value " + std::to_string(i) +
                                             " is neither true nor false but " +
                                             std::to_string(value));
                    }
                    return value;
                });
            break;
        case Element::I8: widen<std::uint8_t, std::int8_t>(raw, bigEndian, out); break;
        case Element::U16: widen<std::uint16_t, std::uint16_t>(raw, bigEndian, out); break;
        case Element::I16: widen<std::uint16_t, std::int16_t>(raw, bigEndian, out); break;
        case Element::U32: widen<std::uint32_t, std::uint32_t>(raw, bigEndian, out); break;
        case Element::I32: widen<std::uint32_t, std::int32_t>(raw, bigEndian, out); break;
        case Element::I64: widen<std::uint64_t, std::int64_t>(raw, bigEndian, out); break;
        case Element::U64:
            convertAll<std::uint64_t, Index>(
                raw, bigEndian, out, [&](std::uint64_t value, std::size_t i) {
                    if (value > 0x7FFFFFFFFFFFFFFFULL) {
                        throw InputError(file, place,
                                         "value " + std::to_string(i) + " is " +
                                             std::to_string(value) + ", above the range of int64");
                    }
                    return static_cast<Index>(value);
                });
            break;
        case Element::F16:
            convertAll<std::uint16_t, std::uint32_t>(
                raw, bigEndian, out,
                [](std::uint16_t value, std::size_t) { return widenHalf(value); });
            break;
        case Element::BF16:
            convertAll<std::uint16_t, std::uint32_t>(
                raw, bigEndian, out,
                [](std::uint16_t value, std::size_t) { return std::uint32_t{value} << 16; });
            break;
        case Element::F32:
            convertAll<std::uint32_t, std::uint32_t>(
                raw, bigEndian, out, [](std::uint32_t value, std::size_t) { return value; });
            break;
        case Element::F64:
            convertAll<std::uint64_t, std::uint64_t>(
                raw, bigEndian, out, [](std::uint64_t value, std::size_t) { return value; });
            break;
    }
    return {dtype, std::move(shape), std::shared_ptr<const std::byte[]>(storage)};
}

std::string describe(std::span<const Index> shape) {
    if (shape.empty()) {
        return "one value";
    }
    std::string text;
    for (const Index extent : shape) {
        text += (text.empty() ? "" : " x ") + std::to_string(extent);
    }
    return text;
}

std::size_t invalidUtf8(std::string_view text) noexcept {
    std::size_t i = 0;
    while (i < text.size()) {
        const auto first = static_cast<unsigned char>(text[i]);
        std::size_t more = 0;
        std::uint32_t code = 0, least = 0;
        if (first < 0x80) {
            ++i;
            continue;
        }
        if ((first & 0xE0U) == 0xC0) {
            more = 1, code = first & 0x1FU, least = 0x80;
        } else if ((first & 0xF0U) == 0xE0) {
            more = 2, code = first & 0x0FU, least = 0x800;
        } else if ((first & 0xF8U) == 0xF0) {
            more = 3, code = first & 0x07U, least = 0x10000;
        } else {
            return i;
        }
        if (text.size() - i <= more) {
            return i;
        }
        for (std::size_t k = 1; k <= more; ++k) {
            const auto next = static_cast<unsigned char>(text[i + k]);
            if ((next & 0xC0U) != 0x80) {
                return i;
            }
            code = (code << 6) | (next & 0x3FU);
        }
        if (code < least || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) {
            return i;
        }
        i += more + 1;
    }
    return std::string_view::npos;
}

}  // namespace lx::detail
