// SPDX-License-Identifier: GPL-3.0-or-later
// A table of chains. The first byte is the length of the pieces in which it is read.
#include "core/io/chain_table.h"
#include "fuzz.h"

#include <cstring>

namespace {

/// Reads `text` in pieces; the message when it is refused.
std::string readIn(std::string_view text, std::size_t piece, lx::ChainTable& table) {
    try {
        while (!text.empty()) {
            table.feed(text.substr(0, piece));
            text.remove_prefix(std::min(piece, text.size()));
        }
        table.finish();
    } catch (const lx::InputError& error) {
        return error.what();
    }
    return {};
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
    lx::ChainTable whole("fuzz"), pieces("fuzz");
    const std::string a = readIn(text, text.size() + 1, whole);
    const std::string b = readIn(text, std::size_t{data[0]} + 1, pieces);
    lx::fuzz::demand(a == b, "pieces are refused as the whole is");
    lx::fuzz::demand(
        whole.values().size() == static_cast<std::size_t>(whole.rows()) * whole.columns().size(),
        "rows are whole");
    lx::fuzz::demand(
        whole.values().size() == pieces.values().size() &&
            (whole.values().empty() || std::memcmp(whole.values().data(), pieces.values().data(),
                                                   whole.values().size_bytes()) == 0),
        "pieces are read as the whole is");
    lx::fuzz::demand(whole.warmup() <= whole.rows(), "warm-up is a part");
    // As a follower takes them: whole lines only, forgotten at once.
    lx::ChainTable followed("fuzz");
    std::size_t taken = 0;
    try {
        for (std::string_view rest = text; !rest.empty();) {
            followed.feed(rest.substr(0, std::size_t{data[0]} + 1));
            rest.remove_prefix(std::min(rest.size(), std::size_t{data[0]} + 1));
            taken += followed.values().size();
            followed.forget();
        }
        lx::chainColumns(followed);
        lx::fuzz::demand(
            taken == static_cast<std::size_t>(followed.rows()) * followed.columns().size(),
            "no row is lost or taken twice");
    } catch (const lx::InputError&) {
    }
    return 0;
}
