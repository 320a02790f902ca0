// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/npy.h"

#include "core/io/bytes.h"

#include <charconv>
#include <optional>

namespace lx {
namespace {

using detail::Element;

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kMaxHeader = std::size_t{64} << 10;
constexpr std::size_t kMaxRank = 32;  // numpy's own limit

struct Header {
    std::string type;
    bool fortran = false;
    std::vector<Index> shape;
};

/// The Python literal of the header: a dict of a string, a bool and a tuple of integers.
class HeaderParser {
public:
    HeaderParser(std::string_view text, std::size_t offset, const std::string& name)
        : m_text(text), m_offset(offset), m_name(name) {}

    Header parse() {
        Header header;
        bool type = false, order = false, shape = false;
        expect('{');
        while (!accept('}')) {
            const std::string key = quoted();
            expect(':');
            if (key == "descr" && !type) {
                type = true;
                header.type = typeText();
            } else if (key == "fortran_order" && !order) {
                order = true;
                header.fortran = boolean();
            } else if (key == "shape" && !shape) {
                shape = true;
                header.shape = tuple();
            } else {
                fail("the key '" + key.substr(0, 40) + "' is unknown or given twice");
            }
            if (!accept(',')) {
                expect('}');
                break;
            }
        }
        skipBlanks();
        if (m_at != m_text.size()) {
            fail("text follows the closing brace");
        }
        if (!type || !order || !shape) {
            fail("one of 'descr', 'fortran_order' and 'shape' is missing");
        }
        return header;
    }

private:
    [[noreturn]] void fail(const std::string& what) const {
        throw InputError(m_name, "byte " + std::to_string(m_offset + m_at),
                         "the npy header is malformed: " + what);
    }
    void skipBlanks() {
        while (m_at < m_text.size() && (m_text[m_at] == ' ' || m_text[m_at] == '\n')) {
            ++m_at;
        }
    }
    bool accept(char c) {
        skipBlanks();
        if (m_at < m_text.size() && m_text[m_at] == c) {
            ++m_at;
            return true;
        }
        return false;
    }
    void expect(char c) {
        if (!accept(c)) {
            fail(std::string("'") + c + "' is expected here");
        }
    }
    std::string quoted() {
        skipBlanks();
        const char quote = m_at < m_text.size() ? m_text[m_at] : ' ';
        if (quote != '\'' && quote != '"') {
            fail("a quoted word is expected here");
        }
        const std::size_t end = m_text.find(quote, m_at + 1);
        if (end == std::string_view::npos) {
            fail("a quote is not closed");
        }
        std::string word(m_text.substr(m_at + 1, end - m_at - 1));
        m_at = end + 1;
        return word;
    }
    std::string typeText() {
        skipBlanks();
        if (m_at < m_text.size() && (m_text[m_at] == '[' || m_text[m_at] == '(')) {
            throw InputError(m_name, "descr",
                             "holds a structured type; save each field as its own array");
        }
        return quoted();
    }
    bool boolean() {
        skipBlanks();
        for (const bool value : {true, false}) {
            const std::string_view word = value ? "True" : "False";
            if (m_text.substr(m_at, word.size()) == word) {
                m_at += word.size();
                return value;
            }
        }
        fail("True or False is expected here");
    }
    std::vector<Index> tuple() {
        std::vector<Index> shape;
        expect('(');
        while (!accept(')')) {
            skipBlanks();
            Index extent = 0;
            const char* begin = m_text.data() + m_at;
            const auto [end, error] = std::from_chars(begin, m_text.data() + m_text.size(), extent);
            if (error != std::errc{} || extent < 0) {
                fail("an extent of the shape is expected here");
            }
            m_at += static_cast<std::size_t>(end - begin);
            accept('L');  // Python 2 wrote long integers so
            shape.push_back(extent);
            if (shape.size() > kMaxRank) {
                fail("the array has more than 32 axes");
            }
            if (!accept(',')) {
                if (shape.size() == 1) {
                    fail("a tuple of one extent ends with a comma");
                }
                expect(')');
                break;
            }
        }
        return shape;
    }

    std::string_view m_text;
    std::size_t m_offset, m_at = 0;
    const std::string& m_name;
};

std::optional<Element> elementOf(std::string_view kind) {
    constexpr std::pair<std::string_view, Element> kKinds[] = {
        {"b1", Element::Bool}, {"u1", Element::U8},  {"i1", Element::I8},  {"u2", Element::U16},
        {"i2", Element::I16},  {"u4", Element::U32}, {"i4", Element::I32}, {"u8", Element::U64},
        {"i8", Element::I64},  {"f2", Element::F16}, {"f4", Element::F32}, {"f8", Element::F64}};
    for (const auto& [text, element] : kKinds) {
        if (text == kind) {
            return element;
        }
    }
    return std::nullopt;
}

/// Element type and whether it is big-endian.
std::pair<Element, bool> typeOf(const std::string& descr, const std::string& name) {
    std::string_view kind = descr;
    char order = '=';
    if (!kind.empty() && std::string_view("<>=|").find(kind[0]) != std::string_view::npos) {
        order = kind[0];
        kind.remove_prefix(1);
    }
    if (kind == "?") {
        kind = "b1";
    }
    if (kind.starts_with('O')) {
        throw InputError(name, "descr",
                         "holds Python objects, which would have to run code to be read; "
                         "save it with a numeric type");
    }
    const auto element = elementOf(kind);
    if (!element || (order == '|' && detail::sizeOf(*element) > 1)) {
        throw InputError(name, "descr",
                         "the type '" + descr.substr(0, 40) +
                             "' is none of b1, i1 to i8, u1 to u8, f2, f4, f8; convert it with "
                             "astype");
    }
    return {*element, order == '>'};
}

/// Copies values of column-major to row-major order.
template <class T>
void transpose(std::span<const std::byte> from, std::span<const Index> shape, std::byte* to) {
    const std::size_t rank = shape.size();
    std::vector<std::size_t> stride(rank, 1), position(rank, 0);
    for (std::size_t axis = 1; axis < rank; ++axis) {
        stride[axis] = stride[axis - 1] * static_cast<std::size_t>(shape[axis - 1]);
    }
    const std::size_t count = from.size() / sizeof(T);
    std::size_t source = 0;
    for (std::size_t i = 0; i < count; ++i) {
        std::memcpy(to + i * sizeof(T), from.data() + source * sizeof(T), sizeof(T));
        for (std::size_t axis = rank; axis-- > 0;) {
            source += stride[axis];
            if (++position[axis] < static_cast<std::size_t>(shape[axis])) {
                break;
            }
            source -= stride[axis] * position[axis];
            position[axis] = 0;
        }
    }
}

Array toRowMajor(const Array& columnMajor) {
    const auto raw = columnMajor.bytes();
    const auto shape = columnMajor.shape();
    if (raw.empty() || shape.size() < 2) {
        return columnMajor;
    }
    const std::shared_ptr<std::byte[]> storage(new std::byte[raw.size()]);
    switch (sizeOf(columnMajor.dtype())) {
        case 1: transpose<std::uint8_t>(raw, shape, storage.get()); break;
        case 4: transpose<std::uint32_t>(raw, shape, storage.get()); break;
        default: transpose<std::uint64_t>(raw, shape, storage.get()); break;
    }
    return {columnMajor.dtype(), std::vector<Index>(shape.begin(), shape.end()),
            std::shared_ptr<const std::byte[]>(storage)};
}

Bytes encodeHeader(const Array& array) {
    return npyHeader(array.dtype(), array.shape());
}

void requireWritable(const Array& array) {
    if (!array.defined() || array.shape().size() > kMaxRank) {
        throw UsageError("npy stores defined arrays of up to 32 axes");
    }
}

}  // namespace

Bytes npyHeader(DType dtype, std::span<const Index> extents, std::size_t least) {
    std::string shape;
    for (const Index extent : extents) {
        shape += std::to_string(extent) + ", ";
    }
    if (extents.size() > 1) {
        shape.resize(shape.size() - 2);
    } else if (!shape.empty()) {
        shape.resize(shape.size() - 1);
    }
    const std::string_view type = dtype == DType::U8    ? "|u1"
                                  : dtype == DType::I64 ? "<i8"
                                  : dtype == DType::F32 ? "<f4"
                                                        : "<f8";
    std::string text = "{'descr': '" + std::string(type) + "', 'fortran_order': False, 'shape': (" +
                       shape + "), }";
    constexpr std::size_t kStart = 10;
    text.append(63 - (kStart + text.size()) % 64, ' ');
    while (kStart + text.size() + 1 < least) {
        text.append(64, ' ');
    }
    text += '\n';
    Bytes out;
    detail::append(out, kMagic);
    out.push_back(std::byte{1});
    out.push_back(std::byte{0});
    detail::append(out, static_cast<std::uint16_t>(text.size()), false);
    detail::append(out, text);
    return out;
}

Array readNpy(std::span<const std::byte> bytes, const std::string& name) {
    if (bytes.size() < 10 || detail::textOf(bytes.first(6)) != kMagic) {
        throw InputError(name, "byte 0", "does not begin like an npy file (\\x93NUMPY)");
    }
    const auto major = std::to_integer<unsigned>(bytes[6]);
    const auto minor = std::to_integer<unsigned>(bytes[7]);
    if (major < 1 || major > 3 || minor != 0) {
        throw InputError(name, "byte 6",
                         "is npy version " + std::to_string(major) + "." + std::to_string(minor) +
                             "; versions 1.0, 2.0 and 3.0 are read");
    }
    const std::size_t start = major == 1 ? 10 : 12;
    if (bytes.size() < start) {
        throw InputError(name, "byte 8", "ends within the length of the header");
    }
    const std::size_t length = major == 1 ? detail::load<std::uint16_t>(bytes, 8, false)
                                          : detail::load<std::uint32_t>(bytes, 8, false);
    if (length > kMaxHeader || length > bytes.size() - start) {
        throw InputError(name, "byte 8",
                         "claims a header of " + std::to_string(length) +
                             " bytes, more than the file holds or than 64 KiB");
    }
    const Header header =
        HeaderParser(detail::textOf(bytes.subspan(start, length)), start, name).parse();
    const auto [element, bigEndian] = typeOf(header.type, name);
    const auto values = bytes.subspan(start + length);
    const std::uint64_t expected = detail::byteCount(header.shape, element, name, "shape");
    if (values.size() != expected) {
        throw InputError(name, "byte " + std::to_string(start + length),
                         "the shape " + detail::describe(header.shape) + " of type " + header.type +
                             " needs " + std::to_string(expected) + " bytes, but " +
                             std::to_string(values.size()) + " follow");
    }
    const Array array = detail::toArray(values, element, bigEndian, header.shape, name, "values");
    return header.fortran ? toRowMajor(array) : array;
}

Array readNpy(const std::filesystem::path& path) {
    return readNpy(readFile(path), path.string());
}

Bytes encodeNpy(const Array& array) {
    requireWritable(array);
    Bytes out = encodeHeader(array);
    const auto raw = array.bytes();
    out.insert(out.end(), raw.begin(), raw.end());
    return out;
}

void writeNpy(const std::filesystem::path& path, const Array& array) {
    requireWritable(array);
    writeFileAtomically(path, [&](const PutBytes& put) {
        put(encodeHeader(array));
        put(array.bytes());
    });
}

}  // namespace lx
