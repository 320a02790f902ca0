// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plot/chart.h"

#include <QObject>

#include <algorithm>
#include <cstring>

namespace lx::ui {
namespace {

std::size_t identityOf(const std::vector<double>& values, std::size_t seed) {
    std::size_t out = seed * 31 + values.size();
    for (const double v : values) {
        std::uint64_t bits = 0;
        std::memcpy(&bits, &v, sizeof bits);
        out = out * 1099511628211ULL + bits;
    }
    return out;
}

using Column = std::shared_ptr<const std::vector<double>>;

void addColumn(DataTable& table, const QString& name, Column values) {
    const std::size_t identity = identityOf(*values, 1);
    table.add(
        {name}, {},
        [values = std::move(values)](Index row, Index) {
            return row < std::ssize(*values) ? exactNumber((*values)[static_cast<std::size_t>(row)])
                                             : QString();
        },
        identity);
}

Column shared(std::vector<double> values) {
    return std::make_shared<const std::vector<double>>(std::move(values));
}

/// Columns of the panel for lines, bands and bars that share `x`.
struct Block {
    std::vector<double> x;
    std::vector<std::pair<QString, std::vector<double>>> columns;
};

Block& blockOf(std::vector<Block>& blocks, const std::vector<double>& x) {
    const auto found = std::ranges::find_if(blocks, [&](const Block& b) { return b.x == x; });
    if (found != blocks.end()) {
        return *found;
    }
    blocks.push_back({x, {}});
    return blocks.back();
}

}  // namespace

std::vector<DataTable> tablesOf(const Chart& chart) {
    std::vector<DataTable> out;
    for (const ChartPanel& panel : chart.panels) {
        std::vector<Block> blocks;
        const QString y = panel.yLabel.isEmpty() ? QObject::tr("value") : panel.yLabel;
        if (panel.field && panel.field->columns() > 0) {
            const ChartField& field = *panel.field;
            Block& block = blockOf(blocks, {field.edges.begin(), field.edges.end() - 1});
            for (std::size_t r = 0; r < field.rows(); ++r) {
                const auto from =
                    field.values.begin() + static_cast<std::ptrdiff_t>(r * field.columns());
                block.columns.emplace_back(
                    QStringLiteral("%1 %2").arg(field.row).arg(r + 1),
                    std::vector(from, from + static_cast<std::ptrdiff_t>(field.columns())));
            }
        }
        for (const ChartLine& line : panel.lines) {
            blockOf(blocks, line.x)
                .columns.emplace_back(line.label.isEmpty() ? y : line.label, line.y);
        }
        for (const ChartBand& band : panel.bands) {
            Block& block = blockOf(blocks, band.x);
            block.columns.emplace_back(QObject::tr("%1, lower").arg(band.label), band.low);
            block.columns.emplace_back(QObject::tr("%1, upper").arg(band.label), band.high);
        }
        for (const ChartBars& bars : panel.bars) {
            blockOf(blocks, bars.edges)
                .columns.emplace_back(bars.label.isEmpty() ? y : bars.label, bars.heights);
        }
        const QString name = !panel.title.isEmpty()    ? panel.title
                             : !panel.yLabel.isEmpty() ? panel.yLabel
                                                       : panel.xLabel;
        for (Block& block : blocks) {
            DataTable table(name, std::ssize(block.x));
            addColumn(table, panel.xLabel.isEmpty() ? QStringLiteral("x") : panel.xLabel,
                      shared(std::move(block.x)));
            for (auto& [label, values] : block.columns) {
                addColumn(table, label, shared(std::move(values)));
            }
            out.push_back(std::move(table));
        }
    }
    return out;
}

}  // namespace lx::ui
