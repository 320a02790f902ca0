// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/csv.h"

#include "core/base/params.h"
#include "core/io/bytes.h"
#include "core/io/csv_scanner.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <unordered_map>

namespace lx {
namespace {

using detail::CsvScanner;
using detail::isMissing;
using detail::numberOf;
using Cells = std::vector<std::string_view>;

constexpr std::size_t kSampleRows = 50;
constexpr std::size_t kMaxDistinct = 100;
constexpr std::size_t kMaxClasses = 10'000;

/// What one pass learns of a column before the decimal sign is known.
struct Tally {
    Index pointNumbers = 0, commaNumbers = 0, both = 0, texts = 0, missing = 0;
    std::vector<std::size_t> hashes;

    void add(std::string_view cell) {
        if (isMissing(cell)) {
            ++missing;
            return;
        }
        const bool point = numberOf(cell, '.').has_value();
        const bool comma = numberOf(cell, ',').has_value();
        ++(point && comma ? both : point ? pointNumbers : comma ? commaNumbers : texts);
        if (hashes.size() < kMaxDistinct) {
            const std::size_t hash = std::hash<std::string_view>{}(detail::trimmed(cell));
            if (std::find(hashes.begin(), hashes.end(), hash) == hashes.end()) {
                hashes.push_back(hash);
            }
        }
    }
    Index numbers(char decimal) const {
        return both + (decimal == ',' ? commaNumbers : pointNumbers);
    }
    Index others(char decimal) const {
        return texts + (decimal == ',' ? pointNumbers : commaNumbers);
    }
};

struct Shape {
    CsvPreview preview;
    std::vector<Tally> tallies;  // of the rows below the header
};

std::string_view checkedText(std::span<const std::byte> bytes, const std::string& name) {
    std::string_view text = detail::textOf(bytes);
    if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
        throw InputError(name, "byte 0", "is UTF-16; save the table as UTF-8");
    }
    if (text.starts_with("\xEF\xBB\xBF")) {
        text.remove_prefix(3);
    }
    const std::size_t bad = std::min(text.find('\0'), detail::invalidUtf8(text));
    if (bad != std::string_view::npos) {
        const auto line =
            1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(bad), '\n');
        throw InputError(name, "line " + std::to_string(line),
                         text[bad] == '\0' ? "holds a zero byte, so it is no text table"
                                           : "is not UTF-8; save the table as UTF-8");
    }
    return text;
}

/// The first delimiter that splits every sampled row into the same number of cells; when none does,
/// the one that does so most often. The comma comes last, since it may be a decimal sign.
char detectDelimiter(std::string_view text, const std::string& name) {
    char best = ',';
    double bestShare = 0;
    for (const char candidate : {'\t', ';', '|', ','}) {
        CsvScanner scanner(text, candidate, name);
        Cells cells;
        std::map<std::size_t, std::size_t> widths;
        std::size_t rows = 0;
        try {
            while (rows < kSampleRows && scanner.next(cells)) {
                ++widths[cells.size()];
                ++rows;
            }
        } catch (const InputError&) {
            continue;  // the wrong delimiter leaves text behind quotes
        }
        std::size_t agreeing = 0;
        for (const auto& [width, count] : widths) {
            agreeing = width > 1 ? std::max(agreeing, count) : agreeing;
        }
        const double share = rows == 0 ? 0 : static_cast<double>(agreeing) / rows;
        if (share > bestShare) {
            best = candidate;
            bestShare = share;
        }
    }
    return best;
}

bool detectHeader(const Cells& first, const std::vector<Tally>& below) {
    bool anyNumberBelow = false;
    for (std::size_t i = 0; i < first.size(); ++i) {
        const Tally& tally = below[i];
        const bool numeric = tally.pointNumbers + tally.commaNumbers + tally.both > 0;
        anyNumberBelow = anyNumberBelow || numeric;
        const bool word =
            !isMissing(first[i]) && !numberOf(first[i], '.') && !numberOf(first[i], ',');
        if (numeric && tally.texts == 0 && word) {
            return true;
        }
    }
    const bool allWords = std::none_of(first.begin(), first.end(), [](std::string_view cell) {
        return isMissing(cell) || numberOf(cell, '.') || numberOf(cell, ',');
    });
    return allWords && !anyNumberBelow;
}

std::vector<std::string> columnNames(const Cells& first, bool header) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < first.size(); ++i) {
        const std::string_view given = header ? detail::trimmed(first[i]) : std::string_view{};
        names.push_back(given.empty() ? "column " + std::to_string(i + 1) : std::string(given));
    }
    return names;
}

void requireWidth(const Cells& cells, std::size_t width, Index line, const std::string& name) {
    if (cells.size() != width) {
        throw InputError(name, "line " + std::to_string(line),
                         "has " + std::to_string(cells.size()) + " cells where the first row has " +
                             std::to_string(width));
    }
}

std::string lowered(std::string text) {
    for (char& c : text) {
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return text;
}

std::string suggestLabel(const CsvPreview& preview) {
    for (const CsvColumn& column : preview.columns) {
        const std::string name = lowered(column.name);
        for (const std::string_view word : {"label", "class", "target", "species", "digit", "y"}) {
            if (name == word && column.distinct > 1 &&
                column.distinct < static_cast<Index>(kMaxDistinct)) {
                return column.name;
            }
        }
    }
    for (auto column = preview.columns.rbegin(); column != preview.columns.rend(); ++column) {
        if (column->type == ColumnType::Text && column->distinct > 1 &&
            column->distinct < static_cast<Index>(kMaxDistinct) &&
            2 * column->distinct <= preview.rows) {
            return column->name;
        }
    }
    return {};
}

Shape inspect(std::string_view text, const std::string& name, const TableOptions& options,
              std::size_t firstRows) {
    Shape shape;
    CsvPreview& preview = shape.preview;
    preview.delimiter = options.delimiter ? *options.delimiter : detectDelimiter(text, name);
    CsvScanner scanner(text, preview.delimiter, name);
    Cells first, cells;
    if (!scanner.next(first)) {
        throw InputError(name, "", "the table is empty");
    }
    // Views into unescaped cells die with the next row.
    const std::vector<std::string> firstTexts(first.begin(), first.end());
    first.assign(firstTexts.begin(), firstTexts.end());
    shape.tallies.resize(first.size());
    while (scanner.next(cells)) {
        requireWidth(cells, first.size(), scanner.line(), name);
        for (std::size_t i = 0; i < cells.size(); ++i) {
            shape.tallies[i].add(cells[i]);
        }
        if (preview.firstRows.size() < firstRows) {
            preview.firstRows.emplace_back(cells.begin(), cells.end());
        }
        ++preview.rows;
    }
    preview.header = options.header ? *options.header : detectHeader(first, shape.tallies);
    if (!preview.header) {
        for (std::size_t i = 0; i < first.size(); ++i) {
            shape.tallies[i].add(first[i]);
        }
        preview.firstRows.insert(preview.firstRows.begin(), firstTexts);
        preview.firstRows.resize(std::min(preview.firstRows.size(), firstRows));
        ++preview.rows;
    }
    Index points = 0, commas = 0;
    for (const Tally& tally : shape.tallies) {
        points += tally.pointNumbers;
        commas += tally.commaNumbers;
    }
    preview.decimal = options.decimal ? *options.decimal : commas > points ? ',' : '.';
    const auto names = columnNames(first, preview.header);
    for (std::size_t i = 0; i < names.size(); ++i) {
        const Tally& tally = shape.tallies[i];
        const ColumnType type = tally.others(preview.decimal) > 0    ? ColumnType::Text
                                : tally.numbers(preview.decimal) > 0 ? ColumnType::Number
                                                                     : ColumnType::Empty;
        preview.columns.push_back(
            {names[i], type, tally.missing, static_cast<Index>(tally.hashes.size())});
    }
    preview.suggestedLabel = suggestLabel(preview);
    return shape;
}

std::size_t columnIndex(const CsvPreview& preview, const std::string& wanted,
                        const std::string& name) {
    std::vector<std::string> names;
    std::optional<std::size_t> found;
    for (std::size_t i = 0; i < preview.columns.size(); ++i) {
        names.push_back(preview.columns[i].name);
        if (names.back() == wanted) {
            if (found) {
                throw InputError(name, "header", "has two columns '" + wanted + "'");
            }
            found = i;
        }
    }
    if (!found) {
        const std::string close = nearest(wanted, names);
        throw InputError(name, "header",
                         "has no column '" + wanted + "'" +
                             (close.empty() ? "" : "; did you mean '" + close + "'?"));
    }
    return *found;
}

std::vector<std::size_t> chosenColumns(const CsvPreview& preview, const TableOptions& options,
                                       std::optional<std::size_t> label, const std::string& name) {
    std::vector<std::size_t> chosen;
    for (const std::string& wanted : options.columns) {
        chosen.push_back(columnIndex(preview, wanted, name));
    }
    if (options.columns.empty()) {
        for (std::size_t i = 0; i < preview.columns.size(); ++i) {
            if (preview.columns[i].type == ColumnType::Number && i != label) {
                chosen.push_back(i);
            }
        }
    }
    if (chosen.empty()) {
        throw InputError(name, "",
                         "no column holds only numbers; choose columns, delimiter or "
                         "decimal sign by hand");
    }
    return chosen;
}

/// Class names in a stable order and the class of each row.
class Labels {
public:
    explicit Labels(const SpillPolicy& spill) : m_rows(SpillAllocator<Index>(spill)) {}

    void add(std::string_view cell, const std::string& name, const std::string& column) {
        const auto [entry, fresh] =
            m_codes.try_emplace(std::string(detail::trimmed(cell)), m_names.size());
        if (fresh) {
            if (m_names.size() >= kMaxClasses) {
                throw InputError(name, "column '" + column + "'",
                                 "has more than 10000 different labels; choose another column");
            }
            m_names.push_back(entry->first);
        }
        m_rows.push_back(static_cast<Index>(entry->second));
    }

    void finish(Table& table, char decimal) {
        std::vector<std::size_t> order(m_names.size());
        for (std::size_t i = 0; i < order.size(); ++i) {
            order[i] = i;
        }
        const bool numeric = std::all_of(m_names.begin(), m_names.end(), [&](const auto& text) {
            return numberOf(text, decimal).has_value();
        });
        std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
            if (numeric) {
                const double x = *numberOf(m_names[a], decimal), y = *numberOf(m_names[b], decimal);
                if (x != y) {
                    return x < y;
                }
            }
            return m_names[a] < m_names[b];
        });
        std::vector<Index> rank(order.size());
        for (std::size_t i = 0; i < order.size(); ++i) {
            rank[order[i]] = static_cast<Index>(i);
            table.classNames.push_back(m_names[order[i]]);
        }
        for (Index& row : m_rows) {
            row = rank[static_cast<std::size_t>(row)];
        }
        const auto count = static_cast<Index>(m_rows.size());
        table.labels = arrayOf({count}, std::move(m_rows));
    }

private:
    std::unordered_map<std::string, std::size_t> m_codes;
    std::vector<std::string> m_names;
    SpillVector<Index> m_rows;
};

SpillVector<std::byte> readText(const std::filesystem::path& path, const SpillPolicy& spill) {
    SpillVector<std::byte> text{SpillAllocator<std::byte>(spill)};
    readFileInto(path, kMaxTableBytes, [&](std::size_t bytes) {
        text.resize(bytes);
        return text.data();
    });
    return text;
}

/// Replaces not-a-number, which marks a missing value here, by the mean of its column.
void fillMeans(SpillVector<double>& values, const Table& table, const std::string& name) {
    const std::size_t width = table.columnNames.size();
    for (std::size_t column = 0; column < width; ++column) {
        double sum = 0;
        std::size_t count = 0, rows = 0;
        for (std::size_t i = column; i < values.size(); i += width, ++rows) {
            if (!std::isnan(values[i])) {
                sum += values[i];
                ++count;
            }
        }
        if (count == rows) {
            continue;
        }
        const double mean = sum / static_cast<double>(count);
        if (count == 0 || !std::isfinite(mean)) {
            throw InputError(name, "column '" + table.columnNames[column] + "'",
                             "has no mean to fill its missing values with; leave it out");
        }
        for (std::size_t i = column; i < values.size(); i += width) {
            values[i] = std::isnan(values[i]) ? mean : values[i];
        }
    }
}

}  // namespace

CsvPreview previewTable(std::span<const std::byte> bytes, const std::string& name,
                        std::size_t firstRows) {
    return inspect(checkedText(bytes, name), name, {}, firstRows).preview;
}

CsvPreview previewTable(const std::filesystem::path& path, std::size_t firstRows) {
    return previewTable(readText(path, SpillPolicy::ofSystem()), path.string(), firstRows);
}

Table readTable(std::span<const std::byte> bytes, const std::string& name,
                const TableOptions& options) {
    const std::string_view text = checkedText(bytes, name);
    const CsvPreview preview = inspect(text, name, options, 0).preview;
    std::optional<std::size_t> label;
    if (!options.labelColumn.empty()) {
        label = columnIndex(preview, options.labelColumn, name);
    }
    const auto chosen = chosenColumns(preview, options, label, name);
    Table table;
    for (const std::size_t column : chosen) {
        table.columnNames.push_back(preview.columns[column].name);
    }
    CsvScanner scanner(text, preview.delimiter, name);
    Cells cells;
    if (preview.header) {
        scanner.next(cells);
    }
    Labels labels(options.spill);
    SpillVector<double> values{SpillAllocator<double>(options.spill)};
    // Growing would copy, and both blocks would be there at once.
    values.reserve(static_cast<std::size_t>(preview.rows) * chosen.size());
    Index rows = 0;
    while (scanner.next(cells)) {
        const std::size_t before = values.size();
        bool keep = true;
        const auto noteMissing = [&](std::size_t column) {
            if (options.missing == MissingPolicy::Error) {
                throw InputError(name,
                                 "line " + std::to_string(scanner.line()) + ", column '" +
                                     preview.columns[column].name + "'",
                                 "the value is missing; choose to drop such rows or to fill in the "
                                 "mean");
            }
            keep = keep && options.missing == MissingPolicy::Mean && column != label;
        };
        if (label && isMissing(cells[*label])) {
            noteMissing(*label);
        }
        for (const std::size_t column : chosen) {
            if (isMissing(cells[column])) {
                noteMissing(column);
                values.push_back(std::numeric_limits<double>::quiet_NaN());
                continue;
            }
            const auto value = numberOf(cells[column], preview.decimal);
            if (!value) {
                throw InputError(name,
                                 "line " + std::to_string(scanner.line()) + ", column '" +
                                     preview.columns[column].name + "'",
                                 "'" + std::string(cells[column].substr(0, 40)) +
                                     "' is no number in the range of float64");
            }
            values.push_back(*value);
        }
        if (!keep) {
            values.resize(before);
            ++table.dropped;
            continue;
        }
        if (label) {
            labels.add(cells[*label], name, options.labelColumn);
        }
        ++rows;
    }
    if (rows == 0) {
        throw InputError(name, "", "no row is complete; fill in the mean or leave columns out");
    }
    if (options.missing == MissingPolicy::Mean) {
        fillMeans(values, table, name);
    }
    if (label) {
        labels.finish(table, preview.decimal);
    }
    table.values = arrayOf({rows, static_cast<Index>(chosen.size())}, std::move(values));
    return table;
}

Table readTable(const std::filesystem::path& path, const TableOptions& options) {
    return readTable(readText(path, options.spill), path.string(), options);
}

Bytes encodeCsv(const std::vector<std::string>& columnNames, const Array& values) {
    if (!values.defined() || values.shape().size() != 2 ||
        values.dim(1) != static_cast<Index>(columnNames.size())) {
        throw UsageError("a CSV file is written from values [N, D] and D column names");
    }
    std::string text;
    for (const std::string& column : columnNames) {
        text += text.empty() ? "\"" : ",\"";
        for (const char c : column) {
            text += c == '"' ? "\"\"" : std::string(1, c);
        }
        text += '"';
    }
    text += '\n';
    const auto width = static_cast<std::size_t>(values.dim(1));
    const auto addAll = [&]<class T>(std::span<const T> numbers) {
        std::array<char, 32> buffer;
        for (std::size_t i = 0; i < numbers.size(); ++i) {
            if (!(std::is_floating_point_v<T> && numbers[i] != numbers[i])) {
                const auto end =
                    std::to_chars(buffer.data(), buffer.data() + buffer.size(), numbers[i]).ptr;
                text.append(buffer.data(), end);
            }
            text += (i + 1) % width == 0 ? '\n' : ',';
        }
    };
    switch (values.dtype()) {
        case DType::F32: addAll(values.values<float>()); break;
        case DType::F64: addAll(values.values<double>()); break;
        case DType::I64: addAll(values.values<Index>()); break;
        case DType::U8: addAll(values.values<std::uint8_t>()); break;
    }
    Bytes out;
    detail::append(out, text);
    return out;
}

}  // namespace lx
