// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plot/data_table.h"

#include <QSaveFile>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace lx::ui {
namespace {

constexpr qsizetype kBufferBytes = 1 << 16;

template <class T>
QString exact(T value) {
    if (std::isnan(value)) {
        return QStringLiteral("nan");
    }
    if (std::isinf(value)) {
        return value < 0 ? QStringLiteral("-inf") : QStringLiteral("inf");
    }
    char text[40];
    const auto end = std::to_chars(text, text + sizeof text, value).ptr;
    return QString::fromLatin1(text, end - text);
}

QString element(const Array& a, std::size_t i) {
    switch (a.dtype()) {
        case DType::F32: return exact(a.values<float>()[i]);
        case DType::F64: return exact(a.values<double>()[i]);
        case DType::I64: return QString::number(a.values<Index>()[i]);
        case DType::U8: return QString::number(a.values<std::uint8_t>()[i]);
    }
    return {};
}

void mix(std::size_t& seed, std::size_t value) {
    seed ^= value + 0x9e3779b97f4a7c15ULL + (seed << 6) + (seed >> 2);
}

/// "x[3, 7]": the place of column `j` within a row of `shape` [N, ...].
QString place(const QString& name, std::span<const Index> shape, Index j) {
    QStringList at;
    for (std::size_t axis = shape.size(); axis-- > 1;) {
        at.prepend(QString::number(j % shape[axis]));
        j /= shape[axis];
    }
    return name + QLatin1Char('[') + at.join(QStringLiteral(", ")) + QLatin1Char(']');
}

QByteArray csvField(const QString& text) {
    QByteArray out = text.toUtf8();
    if (out.contains(',') || out.contains('"') || out.contains('\n')) {
        out.replace("\"", "\"\"");
        out = '"' + out + '"';
    }
    return out;
}

}  // namespace

QString exactNumber(float value) {
    return exact(value);
}

QString exactNumber(double value) {
    return exact(value);
}

void DataTable::add(const QStringList& names, const QString& unit, Cell cell,
                    std::size_t identity) {
    m_blocks.push_back({columns(), std::move(cell)});
    for (const QString& name : names) {
        m_headers << (unit.isEmpty() ? name : QStringLiteral("%1 (%2)").arg(name, unit));
    }
    mix(m_identity, identity);
    mix(m_identity, static_cast<std::size_t>(m_rows));
    mix(m_identity, static_cast<std::size_t>(columns()));
}

void DataTable::add(const Array& array, const QStringList& names, const QString& unit) {
    if (!array.defined() || array.shape().empty()) {
        return;
    }
    Index width = 1;
    for (std::size_t axis = 1; axis < array.shape().size(); ++axis) {
        width *= array.dim(axis);
    }
    QStringList all;
    for (Index j = 0; j < width; ++j) {
        all << (j < names.size() && (names.size() > 1 || width == 1)
                    ? names[j]
                    : place(names.value(0), array.shape(), j));
    }
    add(
        all, unit,
        [array, width](Index row, Index column) {
            return row < array.dim(0)
                       ? element(array, static_cast<std::size_t>(row * width + column))
                       : QString();
        },
        reinterpret_cast<std::size_t>(array.bytes().data()));
}

QString DataTable::cell(Index row, Index column) const {
    if (row < 0 || row >= m_rows || column < 0 || column >= columns()) {
        return {};
    }
    const auto after = std::ranges::upper_bound(m_blocks, column, {}, &Block::first);
    const Block& block = *(after - 1);
    return block.cell(row, column - block.first);
}

bool DataTable::sameColumns(const DataTable& other) const {
    return m_name == other.m_name && m_headers == other.m_headers;
}

QString toTsv(const DataTable& table, Index firstRow, Index rows, const std::vector<Index>& columns,
              bool headers) {
    QString out;
    const auto line = [&](auto text) {
        for (std::size_t i = 0; i < columns.size(); ++i) {
            QString cell = text(columns[i]);
            out += i > 0 ? QStringLiteral("\t") : QString();
            out += cell.replace(QLatin1Char('\t'), QLatin1Char(' '))
                       .replace(QLatin1Char('\n'), QLatin1Char(' '));
        }
        out += QLatin1Char('\n');
    };
    if (headers) {
        line([&](Index column) { return table.header(column); });
    }
    for (Index row = firstRow; row < std::min(firstRow + rows, table.rows()); ++row) {
        line([&](Index column) { return table.cell(row, column); });
    }
    return out;
}

bool writeCsv(const DataTable& table, const QString& path, const std::stop_token& stop) {
    QSaveFile file(path);
    const auto fail = [&] {
        throw InputError(path.toStdString(), "",
                         "the table could not be written (" + file.errorString().toStdString() +
                             "); choose another folder");
    };
    if (!file.open(QIODevice::WriteOnly)) {
        fail();
    }
    QByteArray buffer;
    for (Index row = -1; row < table.rows(); ++row) {
        for (Index column = 0; column < table.columns(); ++column) {
            if (column > 0) {
                buffer += ',';
            }
            buffer += csvField(row < 0 ? table.header(column) : table.cell(row, column));
        }
        buffer += '\n';
        if (buffer.size() >= kBufferBytes) {
            if (stop.stop_requested()) {
                return false;
            }
            if (file.write(buffer) != buffer.size()) {
                fail();
            }
            buffer.clear();
        }
    }
    if (file.write(buffer) != buffer.size() || !file.commit()) {
        fail();
    }
    return true;
}

}  // namespace lx::ui
