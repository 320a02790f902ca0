// SPDX-License-Identifier: GPL-3.0-or-later
// The numbers behind a picture as a table that reads them where they lie.
#pragma once

#include "core/base/array.h"

#include <QByteArray>
#include <QString>
#include <QStringList>

#include <functional>
#include <stop_token>
#include <vector>

namespace lx::ui {

/// Rows and named columns whose cells are made when asked for; the arrays are shared, not copied,
/// and never change, so a table may be read by any thread. Numbers in the shortest form that reads
/// back to the same bits.
class DataTable {
public:
    using Cell = std::function<QString(Index row, Index column)>;

    DataTable() = default;
    DataTable(QString name, Index rows) : m_name(std::move(name)), m_rows(rows) {}

    /// One column for each name. `identity` changes when the content does.
    void add(const QStringList& names, const QString& unit, Cell, std::size_t identity);
    /// A column for each element of a row of `array` [rows, ...]; `names` for the first ones, those
    /// without a name are numbered ("x[3, 7]"). Rows beyond the array are empty.
    void add(const Array& array, const QStringList& names, const QString& unit = {});

    const QString& name() const { return m_name; }
    Index rows() const { return m_rows; }
    Index columns() const { return static_cast<Index>(m_headers.size()); }
    /// "KL (nats)"
    const QString& header(Index column) const {
        return m_headers[static_cast<std::size_t>(column)];
    }
    QString cell(Index row, Index column) const;
    /// Equal for two tables of the same content.
    std::size_t identity() const { return m_identity; }
    bool sameColumns(const DataTable&) const;

private:
    struct Block {
        Index first = 0;
        Cell cell;
    };
    QString m_name;
    Index m_rows = 0;
    QStringList m_headers;
    std::vector<Block> m_blocks;
    std::size_t m_identity = 0;
};

/// "0.1" for 0.1F, "nan", "-inf".
QString exactNumber(float);
QString exactNumber(double);

/// The named rows and columns as tab-separated lines, headers first when wanted.
QString toTsv(const DataTable&, Index firstRow, Index rows, const std::vector<Index>& columns,
              bool headers);

/// Writes a comma-separated file with a header line; the file appears whole or not at all. Throws
/// lx::InputError when it cannot be written. Returns false when stopped.
bool writeCsv(const DataTable&, const QString& path, const std::stop_token& = {});

}  // namespace lx::ui
