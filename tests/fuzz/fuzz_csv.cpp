// SPDX-License-Identifier: GPL-3.0-or-later
// The first byte chooses how to read, the rest is the table.
#include "core/io/csv.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const auto bytes = std::as_bytes(std::span(data + 1, size - 1));
    try {
        lx::TableOptions options;
        options.missing = static_cast<lx::MissingPolicy>(data[0] % 3);
        const lx::CsvPreview preview = lx::previewTable(bytes, "fuzz");
        if ((data[0] & 8) != 0) {
            options.labelColumn = preview.suggestedLabel;
        }
        const lx::Table table = lx::readTable(bytes, "fuzz", options);
        lx::fuzz::demand(table.values.dim(0) + table.dropped == preview.rows,
                         "every row is read or counted as dropped");
        lx::TableOptions plain;
        plain.header = true;
        plain.delimiter = ',';
        plain.decimal = '.';
        const lx::Table again =
            lx::readTable(lx::encodeCsv(table.columnNames, table.values), "fuzz", plain);
        lx::fuzz::demand(lx::fuzz::same(table.values, again.values), "a table reads back equal");
    } catch (const lx::InputError&) {
    }
    return 0;
}
