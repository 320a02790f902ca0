// SPDX-License-Identifier: GPL-3.0-or-later
// CSV and TSV tables. Numbers by from_chars, so the locale plays no part; 1,5 is read as a number
// when the table itself shows a decimal comma.
// Ref: RFC 4180, with the delimiters comma, semicolon, tab and bar.
#pragma once

#include "core/base/array.h"
#include "core/io/file.h"
#include "core/io/spill.h"

#include <optional>

namespace lx {

/// Largest table that is read from a file; beyond memory it is worked on in the cache folder.
inline constexpr std::uint64_t kMaxTableBytes = std::uint64_t{64} << 30;

enum class ColumnType : std::uint8_t { Number, Text, Empty };

struct CsvColumn {
    std::string name;  ///< of the header, else "column 1", ...
    ColumnType type = ColumnType::Empty;
    Index missing = 0;   ///< empty cells and NA, NaN, null, ?, -
    Index distinct = 0;  ///< different values, counted up to 100
};

/// What a table looks like, for the import dialog.
struct CsvPreview {
    char delimiter = ',';
    char decimal = '.';
    bool header = false;
    Index rows = 0;  ///< of data, header not counted
    std::vector<CsvColumn> columns;
    std::vector<std::vector<std::string>> firstRows;
    std::string suggestedLabel;  ///< a column that looks like a class, or empty
};

enum class MissingPolicy : std::uint8_t { Drop, Mean, Error };

struct TableOptions {
    std::vector<std::string> columns;  ///< empty: every numeric column but the label
    std::string labelColumn;           ///< empty: no labels
    MissingPolicy missing = MissingPolicy::Drop;
    std::optional<char> delimiter, decimal;  ///< unset: detected
    std::optional<bool> header;
    SpillPolicy spill = SpillPolicy::ofSystem();  ///< where text and values go that are too large
};

struct Table {
    Array values;                          ///< [N, D] float64
    Array labels;                          ///< [N] int64 into classNames; undefined without a label
    std::vector<std::string> columnNames;  ///< [D]
    std::vector<std::string> classNames;   ///< sorted, numbers by value
    Index dropped = 0;                     ///< rows left out for a missing value
};

CsvPreview previewTable(std::span<const std::byte>, const std::string& name,
                        std::size_t firstRows = 8);
CsvPreview previewTable(const std::filesystem::path&, std::size_t firstRows = 8);

/// A row without a label is dropped under Drop and Mean. Blank lines are skipped; a table must be
/// UTF-8. Throws InputError with line and column; a column that does not exist is an InputError
/// that names the nearest one.
Table readTable(std::span<const std::byte>, const std::string& name, const TableOptions& = {});
Table readTable(const std::filesystem::path&, const TableOptions& = {});

/// Comma, decimal point, header, shortest numbers that read back as the same value.
/// `values` is [N, D] of any type; not-a-number becomes an empty cell.
Bytes encodeCsv(const std::vector<std::string>& columnNames, const Array& values);

}  // namespace lx
