// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/chain_table.h"

#include "core/base/error.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace lx {
namespace {

/// A line longer than this is no table.
constexpr std::size_t kMaxLine = std::size_t{64} << 20;
constexpr std::size_t kMaxColumns = std::size_t{1} << 20;
constexpr std::size_t kMaxSettings = 10'000;

std::string_view trim(std::string_view text) noexcept {
    constexpr std::string_view kBlank = " \t\r";
    const std::size_t first = text.find_first_not_of(kBlank);
    return first == std::string_view::npos
               ? std::string_view()
               : text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

/// Keeps tabs, which may be delimiters.
std::string_view trimLine(std::string_view line) noexcept {
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) {
        line.remove_suffix(1);
    }
    return line;
}

std::string_view unquoted(std::string_view cell) noexcept {
    cell = trim(cell);
    const bool quoted = cell.size() >= 2 && cell.front() == '"' && cell.back() == '"';
    return quoted ? cell.substr(1, cell.size() - 2) : cell;
}

/// Cuts the first cell off `line`; quotes protect the delimiter.
std::string_view nextCell(std::string_view& line, char delimiter) noexcept {
    std::size_t at = 0;
    if (!line.empty() && line[0] == '"') {
        at = line.find('"', 1);
        at = at == std::string_view::npos ? 0 : at;
    }
    const std::size_t end = std::min(line.find(delimiter, at), line.size());
    const std::string_view cell = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
    return cell;
}

bool sameLetters(std::string_view text, std::string_view lower) noexcept {
    return text.size() == lower.size() && std::ranges::equal(text, lower, {}, [](char c) {
               return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
           });
}

/// theta.1.2 -> theta[1,2], as Stan's own summaries print it.
std::string displayName(const std::string& name) {
    const std::size_t dot = name.find('.');
    if (dot == std::string::npos || dot == 0) {
        return name;
    }
    std::string indices = name.substr(dot + 1);
    bool digit = false;
    for (char& c : indices) {
        const bool separator = c == '.';
        if (!(c >= '0' && c <= '9') && !(separator && digit)) {
            return name;
        }
        digit = !separator;
        c = separator ? ',' : c;
    }
    return digit ? name.substr(0, dot) + "[" + indices + "]" : name;
}

std::string lowered(std::string text) {
    std::ranges::transform(text, text.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return text;
}

bool isOneOf(const std::string& name, std::initializer_list<const char*> names) {
    return std::ranges::any_of(names, [&](const char* n) { return name == n; });
}

}  // namespace

std::optional<double> chainNumber(std::string_view cell) noexcept {
    cell = unquoted(cell);
    std::string_view digits = cell;
    if (!digits.empty() && digits[0] == '+') {
        digits.remove_prefix(1);
    }
    double value = 0;
    const char* const end = digits.data() + digits.size();
    const auto [rest, error] = std::from_chars(digits.data(), end, value);
    if (rest == end && error == std::errc{}) {
        return value;
    }
    if (rest == end && error == std::errc::result_out_of_range) {
        // from_chars leaves the value alone: the exponent, or leading zeros, tell which end it is.
        const std::size_t exponent = digits.find_first_of("eE");
        const bool tiny = exponent != std::string_view::npos
                              ? digits.substr(exponent + 1).starts_with('-')
                              : digits.substr(digits[0] == '-' ? 1 : 0).starts_with('0');
        const double size = tiny ? 0 : std::numeric_limits<double>::infinity();
        return digits[0] == '-' ? -size : size;
    }
    // from_chars knows nan, inf and infinity in any case, and a sign before them.
    for (const std::string_view word : {"na", "-nan(ind)", "1.#qnan", "nan(ind)"}) {
        if (sameLetters(cell, word)) {
            return std::numeric_limits<double>::quiet_NaN();
        }
    }
    return std::nullopt;
}

ChainTable::ChainTable(std::string name, SpillPolicy policy)
    : m_name(std::move(name)), m_values(SpillAllocator<double>(std::move(policy))) {}

void ChainTable::fail(const std::string& place, const std::string& what) const {
    throw InputError(m_name, "line " + std::to_string(m_line) + place, what);
}

void ChainTable::feed(std::string_view piece) {
    while (!piece.empty()) {
        const std::size_t end = piece.find('\n');
        if (end == std::string_view::npos) {
            m_rest += piece;
            if (m_rest.size() > kMaxLine) {
                ++m_line;
                fail("", "is longer than 64 MiB, so this is no table of chains");
            }
            return;
        }
        if (m_rest.empty()) {
            takeLine(piece.substr(0, end));
        } else {
            m_rest += piece.substr(0, end);
            const std::string line = std::move(m_rest);
            m_rest.clear();
            takeLine(line);
        }
        piece.remove_prefix(end + 1);
    }
}

bool ChainTable::finish() {
    const std::string line = std::move(m_rest);
    m_rest.clear();
    if (trim(line).empty()) {
        return false;
    }
    ++m_line;
    if (line[0] == '#') {
        takeComment(line);
        return false;
    }
    if (m_columns.empty()) {
        takeHeader(line);
        return false;
    }
    // 0.12 may have been going to be 0.1234: no value of an unfinished line can be trusted.
    return m_cmdStan || m_internals || !takeRow(line, true);
}

void ChainTable::takeLine(std::string_view line) {
    ++m_line;
    if (m_line == 1 && line.starts_with("\xEF\xBB\xBF")) {
        line.remove_prefix(3);
    }
    if (line.find('\0') != std::string_view::npos) {
        fail("", "holds a zero byte, so this is no text; give a CmdStan CSV, a table, npy or npz");
    }
    const std::string_view text = trim(line);
    if (text.empty()) {
        return;
    }
    if (text[0] == '#') {
        takeComment(text);
    } else if (m_columns.empty()) {
        takeHeader(line);
    } else {
        takeRow(line, false);
    }
}

void ChainTable::takeComment(std::string_view line) {
    line.remove_prefix(std::min(line.find_first_not_of("# \t"), line.size()));
    if (line.starts_with("Adaptation terminated")) {
        m_warmup = m_rows;
        m_cmdStan = m_adapted = true;
        return;
    }
    m_complete = m_complete || (m_cmdStan && line.starts_with("Elapsed Time"));
    const std::size_t sign = line.find('=');
    if (sign == std::string_view::npos || m_settings.size() >= kMaxSettings) {
        return;
    }
    std::string_view value = line.substr(sign + 1);
    value = value.substr(0, value.find("(Default)"));
    const std::string key(trim(line.substr(0, sign)));
    m_cmdStan = m_cmdStan || key.starts_with("stan_version");
    m_settings.emplace(key, trim(value));
}

void ChainTable::takeHeader(std::string_view line) {
    const auto count = [line](char c) { return std::ranges::count(line, c); };
    m_delimiter = count('\t') > std::max(count(','), count(';')) ? '\t'
                  : count(';') > count(',')                      ? ';'
                                                                 : ',';
    std::string_view rest = trimLine(line);
    const bool more = !rest.empty() && rest.back() == m_delimiter;
    while (!rest.empty()) {
        m_columns.emplace_back(unquoted(nextCell(rest, m_delimiter)));
        if (m_columns.size() > kMaxColumns) {
            fail("", "names more than " + std::to_string(kMaxColumns) + " columns");
        }
    }
    if (more) {
        m_columns.emplace_back();
    }
    if (std::ranges::all_of(
            m_columns, [](const std::string& name) { return chainNumber(name).has_value(); })) {
        fail("", "is numbers where the names of the columns are expected; add a header line");
    }
    m_internals =
        std::ranges::any_of(m_columns, [](const std::string& name) { return isInternal(name); });
}

Index ChainTable::warmup() const noexcept {
    const auto setting = [this](std::string_view key) {
        const auto found = m_settings.find(key);
        return found == m_settings.end() ? std::string_view() : std::string_view(found->second);
    };
    const std::string_view saved = setting("save_warmup");
    if (m_adapted || !m_cmdStan || (saved != "1" && saved != "true")) {
        return m_warmup;
    }
    const double count = chainNumber(setting("num_warmup")).value_or(0);
    const double thin = std::max(chainNumber(setting("thin")).value_or(1), 1.0);
    const double rows = std::ceil(count / thin);
    return rows >= 0 && rows < static_cast<double>(m_rows) ? static_cast<Index>(rows) : m_rows;
}

bool isInternal(std::string_view name) noexcept {
    return name.size() > 2 && name.ends_with("__");
}

bool ChainTable::takeRow(std::string_view line, bool last) {
    const std::size_t before = m_values.size();
    const std::size_t width = m_columns.size();
    std::string_view rest = trimLine(line);
    const std::string_view whole = rest;
    std::size_t cells = 0;
    bool more = true;  // a delimiter at the end stands for one more, empty cell
    for (; more; ++cells) {
        const char* const from = rest.data();
        const std::string_view cell = nextCell(rest, m_delimiter);
        more = from + cell.size() < whole.data() + whole.size();
        if (cells >= width) {
            continue;
        }
        // A row number of R is text in quotes; it has no name and no meaning here.
        const auto value = m_columns[cells].empty() ? 0.0 : chainNumber(cell);
        if (!value) {
            m_values.resize(before);
            if (last) {
                return false;
            }
            const std::string shown(cell.substr(0, 40));
            fail(", column '" + m_columns[cells] + "'",
                 trim(cell).empty() ? "is empty; write NaN for a value that is missing"
                                    : "'" + shown + "' is not a number; leave columns of text out");
        }
        m_values.push_back(*value);
    }
    if (cells != width) {
        m_values.resize(before);
        if (last) {
            return false;
        }
        fail("",
             "has " + std::to_string(cells) + " cells, the header names " + std::to_string(width));
    }
    ++m_rows;
    return true;
}

ChainColumns chainColumns(const ChainTable& table) {
    ChainColumns out;
    if (const auto depth = table.settings().find("max_depth"); depth != table.settings().end()) {
        if (const auto value = chainNumber(depth->second); value && *value >= 1 && *value <= 100) {
            out.maxDepth = static_cast<Index>(*value);
        }
    }
    const bool stan = table.cmdStan() || table.internals();
    for (std::size_t c = 0; c < table.columns().size(); ++c) {
        const std::string name = lowered(table.columns()[c]);
        if (!table.cmdStan() && isOneOf(name, {"chain", ".chain", "chain_id"})) {
            out.chain = c;
        } else if (table.cmdStan() ||
                   !isOneOf(name, {"", ".iteration", ".draw", "iteration", "iter", "draw"})) {
            out.names.push_back(stan ? displayName(table.columns()[c]) : table.columns()[c]);
            out.cells.push_back(c);
        }
    }
    return out;
}

}  // namespace lx
