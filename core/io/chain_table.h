// SPDX-License-Identifier: GPL-3.0-or-later
// Text of sampled chains, piece by piece: CmdStan's CSV and plain tables. Made for files that are
// larger than memory and for files that still grow.
#pragma once

#include "core/io/spill.h"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lx {

/// Comment lines ('#') may stand anywhere; the first other line names the columns; every further
/// line is numbers, NaN and inf in any spelling. Delimiter comma, semicolon or tab, by the header;
/// names and numbers may be quoted.
class ChainTable {
public:
    /// `name` of the file, for messages. Rows move to disk when they are too many.
    explicit ChainTable(std::string name, SpillPolicy = {});

    /// Takes the whole lines of the text so far; the rest waits for the next piece. Throws
    /// InputError with line and column.
    void feed(std::string_view piece);
    /// The end of the file. A last line without its end is dropped where CmdStan wrote, which may
    /// be at it still, and elsewhere when cells are missing; true when that happened.
    bool finish();

    const std::vector<std::string>& columns() const noexcept { return m_columns; }
    Index rows() const noexcept { return m_rows; }
    /// Row-major [rows, columns], without those that were forgotten.
    std::span<const double> values() const noexcept { return m_values; }
    /// Drops the values of the rows so far; they still count. For readers that take them as they
    /// come.
    void forget() { m_values.clear(); }
    /// Saved warm-up draws: the rows before the line "Adaptation terminated", or while it has not
    /// come, as many as the settings announce.
    Index warmup() const noexcept;
    bool adapted() const noexcept { return m_adapted; }  ///< that line has come
    /// CmdStan has written its last line.
    bool complete() const noexcept { return m_complete; }
    /// "# key = value" lines, without "(Default)". The first value of a key counts.
    const std::map<std::string, std::string, std::less<>>& settings() const noexcept {
        return m_settings;
    }
    /// A comment names Stan: one chain, written by CmdStan itself.
    bool cmdStan() const noexcept { return m_cmdStan; }
    /// A column ends in "__", as Stan's do.
    bool internals() const noexcept { return m_internals; }

private:
    void takeLine(std::string_view line);
    void takeComment(std::string_view line);
    void takeHeader(std::string_view line);
    bool takeRow(std::string_view line, bool last);
    [[noreturn]] void fail(const std::string& place, const std::string& what) const;

    std::string m_name, m_rest;
    std::vector<std::string> m_columns;
    SpillVector<double> m_values;
    std::map<std::string, std::string, std::less<>> m_settings;
    Index m_line = 0, m_rows = 0, m_warmup = 0;
    char m_delimiter = ',';
    bool m_cmdStan = false, m_internals = false, m_adapted = false, m_complete = false;
};

/// What the columns of a table are, without those that number draws and chains.
struct ChainColumns {
    std::vector<std::string> names;    ///< as Stan's summaries print them: theta.1.2 -> theta[1,2]
    std::vector<std::size_t> cells;    ///< their columns
    std::optional<std::size_t> chain;  ///< the column that numbers the chain
    std::optional<Index> maxDepth;     ///< of the tree, as the settings state it
};
ChainColumns chainColumns(const ChainTable&);

/// Ends in "__": what the sampler reports. lp__ is a quantity as well.
bool isInternal(std::string_view name) noexcept;

/// Reads the cell as CmdStan, R and Python write numbers: NaN, NA, inf, -Infinity in any case.
std::optional<double> chainNumber(std::string_view cell) noexcept;

}  // namespace lx
