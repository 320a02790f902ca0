// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/safetensors.h"

#include "core/io/bytes.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

namespace lx {
namespace {

using detail::Element;
using nlohmann::json;

constexpr std::size_t kMaxRank = 64;
constexpr std::string_view kMetadataKey = "__metadata__";

std::optional<Element> elementOf(std::string_view type) {
    constexpr std::pair<std::string_view, Element> kTypes[] = {
        {"BOOL", Element::Bool}, {"U8", Element::U8},     {"I8", Element::I8},
        {"U16", Element::U16},   {"I16", Element::I16},   {"U32", Element::U32},
        {"I32", Element::I32},   {"U64", Element::U64},   {"I64", Element::I64},
        {"F16", Element::F16},   {"BF16", Element::BF16}, {"F32", Element::F32},
        {"F64", Element::F64}};
    for (const auto& [text, element] : kTypes) {
        if (text == type) {
            return element;
        }
    }
    return std::nullopt;
}

/// Takes the header while it is parsed, so that no tree of a hostile one is ever built.
/// Depth 1 holds tensor names, depth 2 their fields (or metadata), depth 3 lists of integers.
class HeaderHandler : public nlohmann::json_sax<json> {
public:
    explicit HeaderHandler(const std::string& name) : m_name(name) {}

    std::vector<TensorEntry> entries;
    Metadata metadata;

    bool null() override { return refuse("a null value"); }
    bool boolean(bool) override { return refuse("a true or false value"); }
    bool number_float(number_float_t, const string_t&) override {
        return refuse("a number that is no whole number");
    }
    bool binary(binary_t&) override { return refuse("binary data"); }
    bool number_integer(number_integer_t) override { return refuse("a negative number"); }

    bool number_unsigned(number_unsigned_t value) override {
        if (!m_inList) {
            return refuse("a number");
        }
        if (value > static_cast<std::uint64_t>(std::numeric_limits<Index>::max())) {
            return refuse("a number above the range of 63 bits");
        }
        if (m_list.size() >= kMaxRank) {
            return refuse("a list of more than 64 numbers");
        }
        m_list.push_back(static_cast<Index>(value));
        return true;
    }
    bool string(string_t& value) override {
        if (m_depth == 2 && m_inMetadata) {
            metadata[m_field] = std::move(value);
            return true;
        }
        if (m_depth == 2 && m_field == "dtype") {
            entries.back().type = std::move(value);
            return true;
        }
        return refuse("a text");
    }
    bool start_object(std::size_t) override {
        if (m_depth == 0 || (m_depth == 1 && !m_inList)) {
            ++m_depth;
            m_fields.clear();
            m_hasSpan = m_hasShape = false;
            return true;
        }
        return refuse("an object");
    }
    bool end_object() override {
        if (m_depth == 2 && !m_inMetadata) {
            if (entries.back().type.empty() || !m_hasShape || !m_hasSpan) {
                fail(place(), "one of dtype, shape and data_offsets is missing");
            }
        }
        --m_depth;
        return true;
    }
    bool key(string_t& value) override {
        if (m_depth == 1) {
            if (!m_names.insert(value).second) {
                fail("tensor '" + value.substr(0, 80) + "'", "appears twice");
            }
            m_inMetadata = value == kMetadataKey;
            if (!m_inMetadata) {
                entries.push_back({std::move(value), {}, {}, 0, 0});
            }
            return true;
        }
        if (!m_fields.insert(value).second) {
            fail(place(), "the field '" + value.substr(0, 80) + "' appears twice");
        }
        if (!m_inMetadata && value != "dtype" && value != "shape" && value != "data_offsets") {
            fail(place(), "the field '" + value.substr(0, 80) + "' is unknown");
        }
        m_field = std::move(value);
        return true;
    }
    bool start_array(std::size_t) override {
        if (m_depth != 2 || m_inMetadata || m_inList || m_field == "dtype") {
            return refuse("a list");
        }
        m_inList = true;
        m_list.clear();
        return true;
    }
    bool end_array() override {
        m_inList = false;
        if (m_field == "shape") {
            entries.back().shape = m_list;
            m_hasShape = true;
            return true;
        }
        if (m_list.size() != 2 || m_list[0] > m_list[1]) {
            fail(place(), "data_offsets must be two numbers, the first not above the second");
        }
        entries.back().begin = static_cast<std::uint64_t>(m_list[0]);
        entries.back().end = static_cast<std::uint64_t>(m_list[1]);
        m_hasSpan = true;
        return true;
    }
    bool parse_error(std::size_t position, const std::string&,
                     const nlohmann::detail::exception& error) override {
        fail("byte " + std::to_string(8 + position),
             std::string("the header is no valid JSON: ") + error.what());
    }

private:
    std::string place() const {
        if (m_depth == 0 || (entries.empty() && !m_inMetadata)) {
            return "header";
        }
        return m_inMetadata ? "header, metadata"
                            : "header, tensor '" + entries.back().name.substr(0, 80) + "'";
    }
    bool refuse(const std::string& what) const { fail(place(), what + " does not belong here"); }
    [[noreturn]] void fail(const std::string& where, const std::string& what) const {
        throw InputError(m_name, where, what);
    }

    const std::string& m_name;
    int m_depth = 0;
    bool m_inMetadata = false, m_inList = false, m_hasShape = false, m_hasSpan = false;
    std::string m_field;
    std::vector<Index> m_list;
    std::set<std::string> m_names, m_fields;
};

std::string place(const TensorEntry& entry) {
    return "tensor '" + entry.name.substr(0, 80) + "'";
}

struct Layout {
    Bytes header;
    std::vector<const Array*> arrays;
};

std::string quoted(const std::string& text) {
    try {
        return json(text).dump();
    } catch (const json::exception&) {
        throw UsageError("a name or text to save is not UTF-8");
    }
}

Layout layOut(const State& tensors, const Metadata& metadata) {
    std::vector<const State::value_type*> order;
    for (const auto& entry : tensors) {
        if (!entry.second.defined() || entry.first == kMetadataKey ||
            entry.second.shape().size() > kMaxRank) {
            throw UsageError("tensor '" + entry.first +
                             "' cannot be saved: it is undefined, has more than 64 axes or has "
                             "the reserved name __metadata__");
        }
        order.push_back(&entry);
    }
    std::sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
        const std::size_t x = sizeOf(a->second.dtype()), y = sizeOf(b->second.dtype());
        return x != y ? x > y : a->first < b->first;
    });
    std::string text = "{";
    if (!metadata.empty()) {
        text += quoted(std::string(kMetadataKey)) + ":{";
        for (const auto& [key, value] : metadata) {
            text += quoted(key) + ":" + quoted(value) + ",";
        }
        text.back() = '}';
        text += ',';
    }
    Layout layout;
    std::uint64_t position = 0;
    for (const auto* entry : order) {
        const Array& array = entry->second;
        const DType dtype = array.dtype();
        const std::string_view type = dtype == DType::F32   ? "F32"
                                      : dtype == DType::F64 ? "F64"
                                      : dtype == DType::I64 ? "I64"
                                                            : "U8";
        std::string shape;
        for (const Index extent : array.shape()) {
            shape += (shape.empty() ? "" : ",") + std::to_string(extent);
        }
        const std::uint64_t end = position + array.bytes().size();
        text += quoted(entry->first) + ":{\"dtype\":\"" + std::string(type) + "\",\"shape\":[" +
                shape + "],\"data_offsets\":[" + std::to_string(position) + "," +
                std::to_string(end) + "]},";
        position = end;
        layout.arrays.push_back(&array);
    }
    if (text.back() == ',') {
        text.pop_back();
    }
    text += '}';
    text.append((8 - text.size() % 8) % 8, ' ');
    if (text.size() > kMaxSafetensorsHeader) {
        throw UsageError("the names and settings to save take more than 16 MiB");
    }
    detail::append(layout.header, static_cast<std::uint64_t>(text.size()), false);
    detail::append(layout.header, text);
    return layout;
}

}  // namespace

SafetensorsHeader readSafetensorsHeader(std::span<const std::byte> prefix, std::uint64_t fileSize,
                                        const std::string& name) {
    if (prefix.size() < 8 || fileSize < prefix.size()) {
        throw InputError(name, "byte 0", "a safetensors file has at least 8 bytes");
    }
    const auto length = detail::load<std::uint64_t>(prefix, 0, false);
    if (length > kMaxSafetensorsHeader || length > prefix.size() - 8) {
        throw InputError(name, "byte 0",
                         "claims a header of " + std::to_string(length) +
                             " bytes, more than the file holds or than 16 MiB");
    }
    const std::string_view text = detail::textOf(prefix.subspan(8, length));
    if (!text.starts_with('{')) {
        throw InputError(name, "byte 8", "the header does not begin with a brace");
    }
    if (const auto zero = text.find('\0'); zero != std::string_view::npos) {
        // The parser would take it for the end and never see what follows.
        throw InputError(name, "byte " + std::to_string(8 + zero),
                         "the header holds a zero byte; padding is of blanks");
    }
    HeaderHandler handler(name);
    json::sax_parse(text.begin(), text.end(), &handler);

    SafetensorsHeader header{std::move(handler.entries), std::move(handler.metadata), 8 + length};
    std::sort(header.tensors.begin(), header.tensors.end(), [](const auto& a, const auto& b) {
        return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
    });
    std::uint64_t position = 0;
    for (const TensorEntry& entry : header.tensors) {
        if (entry.begin != position) {
            throw InputError(name, place(entry),
                             "begins at byte " + std::to_string(entry.begin) +
                                 " of the data, but " + std::to_string(position) +
                                 " is where the one before it ends");
        }
        position = entry.end;
        const auto element = elementOf(entry.type);
        if (!element) {
            throw InputError(name, place(entry),
                             "the type '" + entry.type.substr(0, 40) +
                                 "' is not read; convert it to F32, F64, I64 or U8");
        }
        const std::uint64_t expected = detail::byteCount(entry.shape, *element, name, place(entry));
        if (expected != entry.end - entry.begin) {
            throw InputError(name, place(entry),
                             "the shape " + detail::describe(entry.shape) + " of " + entry.type +
                                 " needs " + std::to_string(expected) + " bytes, but " +
                                 std::to_string(entry.end - entry.begin) + " are set aside");
        }
    }
    const std::uint64_t values = fileSize - header.dataStart;
    if (position != values) {
        throw InputError(name, "byte " + std::to_string(header.dataStart),
                         "the tensors take " + std::to_string(position) + " bytes, but " +
                             std::to_string(values) + " follow the header");
    }
    return header;
}

Safetensors readSafetensors(std::span<const std::byte> bytes, const std::string& name) {
    SafetensorsHeader header = readSafetensorsHeader(bytes, bytes.size(), name);
    Safetensors result;
    for (TensorEntry& entry : header.tensors) {
        const auto raw = bytes.subspan(header.dataStart + entry.begin, entry.end - entry.begin);
        result.tensors.emplace(
            entry.name, detail::toArray(raw, *elementOf(entry.type), false, std::move(entry.shape),
                                        name, place(entry)));
    }
    result.metadata = std::move(header.metadata);
    return result;
}

Safetensors readSafetensors(const std::filesystem::path& path) {
    return readSafetensors(readFile(path), path.string());
}

Bytes encodeSafetensors(const State& tensors, const Metadata& metadata) {
    Layout layout = layOut(tensors, metadata);
    Bytes out = std::move(layout.header);
    for (const Array* array : layout.arrays) {
        const auto raw = array->bytes();
        out.insert(out.end(), raw.begin(), raw.end());
    }
    return out;
}

void writeSafetensors(const std::filesystem::path& path, const State& tensors,
                      const Metadata& metadata) {
    const Layout layout = layOut(tensors, metadata);
    writeFileAtomically(path, [&](const PutBytes& put) {
        put(layout.header);
        for (const Array* array : layout.arrays) {
            put(array->bytes());
        }
    });
}

}  // namespace lx
