// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/csv_scanner.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace lx::detail {
namespace {

constexpr std::size_t kMaxColumns = 65'536;
constexpr std::size_t kMaxNumber = 64;  // characters of one number

}  // namespace

void CsvScanner::fail(std::size_t cell, const std::string& what) const {
    throw InputError(
        m_name, "line " + std::to_string(m_line) + ", column " + std::to_string(cell + 1), what);
}

std::string_view CsvScanner::quotedCell() {
    const std::size_t begin = ++m_at;
    const Index openedAt = m_line;
    bool doubled = false;
    while (true) {
        const std::size_t end = m_text.find('"', m_at);
        if (end == std::string_view::npos) {
            m_line = openedAt;
            fail(m_cell, "a quote is opened here and never closed");
        }
        m_line += std::count(m_text.begin() + static_cast<std::ptrdiff_t>(m_at),
                             m_text.begin() + static_cast<std::ptrdiff_t>(end), '\n');
        m_at = end + 1;
        if (m_at < m_text.size() && m_text[m_at] == '"') {
            doubled = true;
            ++m_at;
            continue;
        }
        const std::string_view raw = m_text.substr(begin, end - begin);
        if (!doubled) {
            return raw;
        }
        std::string plain;
        for (std::size_t i = 0; i < raw.size(); ++i) {
            plain += raw[i];
            i += raw[i] == '"' ? 1 : 0;
        }
        return m_unescaped.emplace_back(std::move(plain));
    }
}

bool CsvScanner::next(std::vector<std::string_view>& cells) {
    cells.clear();
    m_unescaped.clear();
    while (m_at < m_text.size() && (m_text[m_at] == '\n' || m_text[m_at] == '\r')) {
        m_line += m_text[m_at] == '\n' ? 1 : 0;
        ++m_at;
    }
    if (m_at >= m_text.size()) {
        return false;
    }
    m_rowLine = m_line;
    const std::array<char, 3> ends{m_delimiter, '\n', '\r'};
    for (m_cell = 0;; ++m_cell) {
        if (m_cell >= kMaxColumns) {
            fail(m_cell, "the row has more than 65536 cells");
        }
        if (m_at < m_text.size() && m_text[m_at] == '"') {
            cells.push_back(quotedCell());
            if (m_at < m_text.size() &&
                std::find(ends.begin(), ends.end(), m_text[m_at]) == ends.end()) {
                fail(m_cell, "text follows a closing quote");
            }
        } else {
            const std::size_t end =
                std::min(m_text.find_first_of(std::string_view(ends.data(), ends.size()), m_at),
                         m_text.size());
            cells.push_back(m_text.substr(m_at, end - m_at));
            m_at = end;
        }
        if (m_at >= m_text.size() || m_text[m_at] != m_delimiter) {
            return true;
        }
        ++m_at;
    }
}

std::string_view trimmed(std::string_view text) noexcept {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
        text.remove_prefix(1);
    }
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
        text.remove_suffix(1);
    }
    return text;
}

bool isMissing(std::string_view cell) noexcept {
    constexpr std::array<std::string_view, 14> kWords{
        "", "NA", "N/A", "n/a", "NaN", "nan", "NAN", "null", "NULL", "None", "none", "?", "-", "."};
    return std::find(kWords.begin(), kWords.end(), trimmed(cell)) != kWords.end();
}

std::optional<double> numberOf(std::string_view cell, char decimal) {
    cell = trimmed(cell);
    if (cell.starts_with('+')) {
        cell.remove_prefix(1);
        if (cell.starts_with('-')) {
            return std::nullopt;
        }
    }
    std::array<char, kMaxNumber> text;
    if (cell.empty() || cell.size() > text.size()) {
        return std::nullopt;
    }
    // from_chars would also take "inf" and "nan"; a table has no use for them.
    for (std::size_t i = 0; i < cell.size(); ++i) {
        char c = cell[i];
        if (c == decimal) {
            c = '.';
        } else if (c == '.') {
            return std::nullopt;
        }
        if ((c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E') {
            return std::nullopt;
        }
        text[i] = c;
    }
    double value = 0;
    const char* end = text.data() + cell.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || stop != end) {
        return std::nullopt;
    }
    return value;
}

}  // namespace lx::detail
