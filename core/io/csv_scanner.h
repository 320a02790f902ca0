// SPDX-License-Identifier: GPL-3.0-or-later
// One pass over the text of a table. Private to core/io.
#pragma once

#include "core/base/error.h"

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lx::detail {

/// Rows of a delimited text with the quoting of RFC 4180; blank lines are skipped. The cells of a
/// row stay valid until the next call.
class CsvScanner {
public:
    /// `text` without byte order mark; must outlive the scanner.
    CsvScanner(std::string_view text, char delimiter, const std::string& name)
        : m_text(text), m_delimiter(delimiter), m_name(name) {}

    /// False at the end. Throws InputError on an unclosed quote, text after a quote or more than
    /// 65536 cells in a row.
    bool next(std::vector<std::string_view>& cells);
    Index line() const noexcept { return m_rowLine; }  ///< of the row last read, from 1

private:
    std::string_view quotedCell();
    [[noreturn]] void fail(std::size_t cell, const std::string& what) const;

    std::string_view m_text;
    char m_delimiter;
    const std::string& m_name;
    std::size_t m_at = 0;
    Index m_line = 1, m_rowLine = 0;
    std::size_t m_cell = 0;
    std::deque<std::string>
        m_unescaped;  ///< stable places for cells with doubled quotes, of this row
};

/// Empty cells and the usual words for a value that is not there.
bool isMissing(std::string_view cell) noexcept;

/// The whole cell, blanks aside, as a finite number with the given decimal sign.
std::optional<double> numberOf(std::string_view cell, char decimal);

std::string_view trimmed(std::string_view) noexcept;

}  // namespace lx::detail
