// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/chain_pipe.h"

#include "core/io/bytes.h"

#include <charconv>

namespace lx {
namespace {

constexpr std::string_view kMagic = "latent-explorer chains 1\n";
constexpr Index kMostNames = 1 << 20;
constexpr Index kMostText = 1 << 16;

/// Reads the header; every number and text is checked where it stands.
class Reader {
public:
    Reader(std::span<const std::byte> bytes, const std::string& file)
        : m_bytes(bytes), m_file(file) {}

    [[noreturn]] void fail() const {
        throw InputError(m_file, "",
                         "its reader answered with nonsense at byte " + std::to_string(m_at) +
                             ": the file is damaged or hostile");
    }
    void expect(std::string_view text) {
        if (rest().substr(0, text.size()) != text) {
            fail();
        }
        m_at += text.size();
    }
    Index number(Index most) {
        Index value = 0;
        const std::string_view text = rest().substr(0, 24);
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc{} || value < 0 || value > most) {
            fail();
        }
        m_at += static_cast<std::size_t>(end - text.data());
        expect("\n");
        return value;
    }
    std::string text() {
        const auto size = static_cast<std::size_t>(number(kMostText));
        if (size > rest().size()) {
            fail();
        }
        const std::string out(rest().substr(0, size));
        m_at += size;
        expect("\n");
        return out;
    }
    std::vector<std::string> texts() {
        const Index count = number(kMostNames);
        std::vector<std::string> out;
        for (Index i = 0; i < count; ++i) {
            out.push_back(text());
        }
        return out;
    }
    Array values(std::vector<Index> shape) {
        const std::uint64_t size = detail::byteCount(shape, detail::Element::F64, m_file, "shape");
        if (size > m_bytes.size() - m_at) {
            fail();
        }
        const auto raw = m_bytes.subspan(m_at, static_cast<std::size_t>(size));
        m_at += raw.size();
        return Array(DType::F64, std::move(shape), raw);
    }
    bool atEnd() const noexcept { return m_at == m_bytes.size(); }

private:
    std::string_view rest() const { return detail::textOf(m_bytes.subspan(m_at)); }

    std::span<const std::byte> m_bytes;
    const std::string& m_file;
    std::size_t m_at = 0;
};

void append(Bytes& out, const std::string& text) {
    detail::append(out, std::to_string(text.size()) + "\n" + text + "\n");
}

void append(Bytes& out, const std::vector<std::string>& texts) {
    detail::append(out, std::to_string(texts.size()) + "\n");
    for (const std::string& text : texts) {
        append(out, text);
    }
}

}  // namespace

Bytes encodeChains(const ChainFile& chains) {
    Bytes out;
    detail::append(out, kMagic);
    for (const Index value : {chains.chains, chains.draws, chains.maxDepth.value_or(0)}) {
        detail::append(out, std::to_string(value) + "\n");
    }
    append(out, chains.names);
    append(out, chains.internalNames);
    append(out, chains.notes);
    for (const Array* array : {&chains.values, &chains.internals}) {
        const auto raw = array->defined() ? array->bytes() : std::span<const std::byte>();
        const std::size_t at = out.size();
        out.resize(at + raw.size());
        std::ranges::copy(raw, out.begin() + static_cast<std::ptrdiff_t>(at));
    }
    return out;
}

ChainFile decodeChains(std::span<const std::byte> bytes, const std::string& file) {
    Reader reader(bytes, file);
    reader.expect(kMagic);
    constexpr Index kMostRows = Index{1} << 40;
    ChainFile out;
    out.chains = reader.number(kMostRows);
    out.draws = reader.number(kMostRows);
    if (const Index depth = reader.number(100); depth > 0) {
        out.maxDepth = depth;
    }
    out.names = reader.texts();
    out.internalNames = reader.texts();
    out.notes = reader.texts();
    if (out.chains < 1 || out.draws < 1 || out.names.empty()) {
        reader.fail();
    }
    out.values = reader.values({std::ssize(out.names), out.chains, out.draws});
    out.internals = reader.values({std::ssize(out.internalNames), out.chains, out.draws});
    if (!reader.atEnd()) {
        reader.fail();
    }
    return out;
}

}  // namespace lx
