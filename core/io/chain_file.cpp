// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/chain_file.h"

#include "core/io/bytes.h"
#include "core/io/chain_pipe.h"
#include "core/io/npy.h"
#include "core/io/npz.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <fstream>
#include <functional>
#include <limits>
#include <map>

namespace lx {
namespace {

using Path = std::filesystem::path;

constexpr std::size_t kPiece = 16'384;  // draws copied at once

/// Columns of one chain: column c has its draws at rows first, first + 1, ...
struct Chain {
    std::string file;
    Index draws = 0;
    /// Writes the draws first, first + 1, ... of column `c` to `out`.
    std::function<void(std::size_t c, std::size_t first, std::span<double> out)> copy;
    /// What was copied leaves memory, if it lies on disk.
    std::function<void()> rest = {};
};

/// Chains of one file, not yet of equal length.
struct Part {
    std::string file;
    std::vector<std::string> columns;
    std::vector<Chain> chains;
    std::optional<Index> maxDepth;
    std::vector<std::string> notes;
};

double valueAt(const Array& array, Index i) {
    const auto at = static_cast<std::size_t>(i);
    switch (array.dtype()) {
        case DType::F32: return array.values<float>()[at];
        case DType::F64: return array.values<double>()[at];
        case DType::I64: return static_cast<double>(array.values<Index>()[at]);
        case DType::U8: return array.values<std::uint8_t>()[at];
    }
    return 0;
}

/// `array` [draws, chains, columns] of one file.
Part partOf(const Array& array, Index draws, Index chains, Index columns, const std::string& file,
            std::vector<std::string> names) {
    Part part{file, std::move(names), {}, {}, {}};
    for (Index m = 0; m < chains; ++m) {
        part.chains.push_back(
            {file, draws,
             [array, chains, columns, m](std::size_t c, std::size_t first, std::span<double> out) {
                 for (std::size_t n = 0; n < out.size(); ++n) {
                     out[n] =
                         valueAt(array, (static_cast<Index>(first + n) * chains + m) * columns +
                                            static_cast<Index>(c));
                 }
             }});
    }
    return part;
}

Part readArray(const Array& array, const std::string& file, const std::string& stem) {
    const auto shape = array.shape();
    if (shape.empty() || shape.size() > 3) {
        throw InputError(file, "shape",
                         "is " + detail::describe(shape) +
                             "; chains are [draws, chains, quantities], or [draws, quantities] of "
                             "one chain");
    }
    const Index chains = shape.size() == 3 ? shape[1] : 1;
    const Index columns = shape.size() == 1 ? 1 : shape.back();
    std::vector<std::string> names;
    for (Index d = 1; d <= columns; ++d) {
        names.push_back(columns == 1 ? stem : stem + "[" + std::to_string(d) + "]");
    }
    Part part = partOf(array, shape[0], chains, columns, file, std::move(names));
    if (shape.size() == 2) {
        part.notes.push_back(file +
                             " is taken for [draws, quantities] of one chain; save [draws, "
                             "chains, quantities] for several.");
    }
    return part;
}

Part readMembers(const State& members, const std::string& file) {
    if (members.empty()) {
        throw InputError(file, "", "holds no array");
    }
    if (members.size() == 1) {
        return readArray(members.begin()->second, file, members.begin()->first);
    }
    Part all{file, {}, {}, {}, {}};
    std::vector<Part> parts;
    for (const auto& [name, array] : members) {
        const auto shape = array.shape();
        if (shape.size() < 2) {
            throw InputError(file, "array '" + name + "'",
                             "is " + detail::describe(shape) +
                                 "; each quantity is [draws, chains] or [draws, chains, ...]");
        }
        const Index columns = array.count() == 0 ? 0 : array.count() / shape[0] / shape[1];
        std::vector<std::string> names;
        for (Index d = 1; d <= columns; ++d) {
            names.push_back(columns == 1 ? name : name + "[" + std::to_string(d) + "]");
        }
        parts.push_back(partOf(array, shape[0], shape[1], columns, file, std::move(names)));
        const Part& first = parts.front();
        const Part& part = parts.back();
        if (part.chains.size() != first.chains.size() ||
            (!part.chains.empty() && part.chains[0].draws != first.chains[0].draws)) {
            throw InputError(file, "array '" + name + "'",
                             "is " + detail::describe(shape) + ", other draws or chains than '" +
                                 members.begin()->first + "'");
        }
        all.columns.insert(all.columns.end(), part.columns.begin(), part.columns.end());
    }
    for (std::size_t m = 0; m < parts.front().chains.size(); ++m) {
        std::vector<std::pair<std::size_t, Chain>> pieces;
        for (const Part& part : parts) {
            pieces.emplace_back(part.columns.size(), part.chains[m]);
        }
        all.chains.push_back({file, parts.front().chains[m].draws,
                              [pieces](std::size_t c, std::size_t first, std::span<double> out) {
                                  for (const auto& [width, chain] : pieces) {
                                      if (c < width) {
                                          chain.copy(c, first, out);
                                          return;
                                      }
                                      c -= width;
                                  }
                              }});
    }
    return all;
}

/// Rows of a table in blocks, of which all but the first ones lie in the cache folder.
class RowBlocks {
public:
    explicit RowBlocks(SpillPolicy policy) : m_policy(std::move(policy)) {}

    /// Takes the rows that the table has now.
    void take(ChainTable& table) {
        const auto cells = table.values();
        if (m_width == 0) {
            m_width = std::max<std::size_t>(table.columns().size(), 1);
            m_rowsPerBlock = std::max<std::size_t>(kBlock / (m_width * sizeof(double)), 1);
        }
        for (std::size_t at = 0; at < cells.size(); at += m_width, ++m_rows) {
            if (m_rows % m_rowsPerBlock == 0) {
                rest();
                const std::size_t bytes = (m_blocks.size() + 1) * kBlock;
                SpillPolicy policy = m_policy;
                policy.threshold =
                    bytes > policy.threshold ? 0 : std::numeric_limits<std::size_t>::max();
                m_blocks.emplace_back(SpillAllocator<double>(std::move(policy)));
                m_blocks.back().reserve(m_rowsPerBlock * m_width);
            }
            const auto row = cells.subspan(at, m_width);
            m_blocks.back().insert(m_blocks.back().end(), row.begin(), row.end());
        }
        table.forget();
    }
    double at(std::size_t row, std::size_t column) const {
        return m_blocks[row / m_rowsPerBlock][row % m_rowsPerBlock * m_width + column];
    }
    void rest() const noexcept {
        for (const auto& block : m_blocks) {
            block.get_allocator().rest(block.data(), block.capacity());
        }
    }

private:
    static constexpr std::size_t kBlock = std::size_t{16} << 20;  // bytes
    SpillPolicy m_policy;
    std::deque<SpillVector<double>> m_blocks;
    std::size_t m_width = 0, m_rowsPerBlock = 1, m_rows = 0;
};

Part partOf(const ChainTable& table, std::shared_ptr<const RowBlocks> cells,
            const std::string& file, bool cut) {
    Part part{file, {}, {}, {}, {}};
    if (table.columns().empty()) {
        throw InputError(file, "", "is empty; a table of chains begins with names of columns");
    }
    if (cut) {
        part.notes.push_back("The last line of " + file + " is incomplete and was left out.");
    }
    if (table.warmup() > 0) {
        part.notes.push_back(std::to_string(table.warmup()) + " warm-up draws of " + file +
                             " were left out.");
    }
    ChainColumns columns = chainColumns(table);
    part.maxDepth = columns.maxDepth;
    part.columns = std::move(columns.names);
    const auto rest = [cells] { cells->rest(); };
    const auto warmup = static_cast<std::size_t>(table.warmup());
    if (!columns.chain) {
        part.chains.push_back({file, table.rows() - table.warmup(),
                               [cells, from = columns.cells, warmup](
                                   std::size_t c, std::size_t first, std::span<double> out) {
                                   for (std::size_t n = 0; n < out.size(); ++n) {
                                       out[n] = cells->at(warmup + first + n, from[c]);
                                   }
                               },
                               rest});
        return part;
    }
    const std::string& name = table.columns()[*columns.chain];
    std::map<double, std::vector<std::size_t>> rows;  // of each chain
    for (auto r = warmup; r < static_cast<std::size_t>(table.rows()); ++r) {
        const double id = cells->at(r, *columns.chain);
        if (!std::isfinite(id)) {
            throw InputError(file, "data row " + std::to_string(r + 1),
                             "names no chain in column '" + name + "'");
        }
        rows[id].push_back(r);
        if (rows.size() > 100'000) {
            throw InputError(file, "column '" + name + "'", "numbers more than 100000 chains");
        }
    }
    if (rows.empty()) {
        rows[1] = {};
    }
    for (auto& [id, list] : rows) {
        const auto count = std::ssize(list);
        part.chains.push_back({file, count,
                               [cells, from = columns.cells, list = std::move(list)](
                                   std::size_t c, std::size_t first, std::span<double> out) {
                                   for (std::size_t n = 0; n < out.size(); ++n) {
                                       out[n] = cells->at(list[first + n], from[c]);
                                   }
                               },
                               rest});
    }
    return part;
}

/// Chains that are complete already; internals may repeat a quantity (lp__).
Part partOf(ChainFile chains, const std::string& file) {
    Part part{file, chains.names, {}, chains.maxDepth, std::move(chains.notes)};
    std::vector<std::pair<Array, Index>> rows;
    for (Index i = 0; i < std::ssize(chains.names); ++i) {
        rows.emplace_back(chains.values, i);
    }
    for (Index i = 0; i < std::ssize(chains.internalNames); ++i) {
        const std::string& name = chains.internalNames[static_cast<std::size_t>(i)];
        if (std::ranges::find(part.columns, name) == part.columns.end()) {
            part.columns.push_back(name);
            rows.emplace_back(chains.internals, i);
        }
    }
    for (Index m = 0; m < chains.chains; ++m) {
        part.chains.push_back(
            {file, chains.draws,
             [rows, m](std::size_t c, std::size_t first, std::span<double> out) {
                 const auto& [array, i] = rows[c];
                 const auto from = array.values<double>().subspan(
                     static_cast<std::size_t>((i * array.dim(1) + m) * array.dim(2)) + first,
                     out.size());
                 std::ranges::copy(from, out.begin());
             }});
    }
    return part;
}

Part readText(const Path& path, const SpillPolicy& spill) {
    const std::string file = path.string();
    ChainTable table(file);
    auto cells = std::make_shared<RowBlocks>(spill);
    const auto feed = [&](std::span<const std::byte> piece) {
        table.feed(detail::textOf(piece));
        cells->take(table);
    };
    if (isGzip(readPrefix(path, 2))) {
        gunzipFile(path, feed);
    } else {
        std::ifstream in(path, std::ios::binary);
        Bytes piece(std::size_t{1} << 20);
        while (in) {
            in.read(reinterpret_cast<char*>(piece.data()),
                    static_cast<std::streamsize>(piece.size()));
            feed(std::span(piece).first(static_cast<std::size_t>(in.gcount())));
        }
        if (in.bad()) {
            throw InputError(file, "", "could not be read to its end");
        }
    }
    const bool cut = table.finish();
    cells->take(table);
    return partOf(table, std::move(cells), file, cut);
}

Part readPart(Path path, const SpillPolicy& spill) {
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) {
        const Path chains = path / "arrays" / "chains.npy";
        if (!std::filesystem::exists(chains, error)) {
            throw InputError(path.string(), "",
                             "is a folder without arrays/chains.npy; give a file, or the folder of "
                             "a run that sampled chains");
        }
        path = chains;
    }
    const std::string file = path.string();
    const Bytes head = readPrefix(path, 8);
    const std::string_view magic = detail::textOf(head);
    if (magic.starts_with("\x93NUMPY")) {
        return readArray(readNpy(path), file, "x");
    }
    if (magic.starts_with("PK")) {
        return readMembers(readNpz(path), file);
    }
    if (magic.starts_with("\x89HDF") || magic.starts_with("CDF")) {
        return partOf(readNetCdfInChild(path), file);
    }
    return readText(path, spill);
}

}  // namespace

SpillPolicy chainSpill() {
    return SpillPolicy::ofSystem(std::size_t{256} << 20);
}

void ChainFile::rest(Index q) const noexcept {
    if (spilled) {
        const auto bytes = static_cast<std::size_t>(chains * draws) * sizeof(double);
        detail::restSpill(values.bytes().data() + static_cast<std::size_t>(q) * bytes, bytes);
    }
}

ChainFile readChains(std::span<const Path> paths, const SpillPolicy& spill) {
    if (paths.empty()) {
        throw UsageError("name at least one file of chains");
    }
    ChainFile out;
    std::vector<Chain> chains;
    std::vector<std::string> columns;
    for (const Path& path : paths) {
        Part part = readPart(path, spill);
        if (chains.empty() && out.notes.empty() && columns.empty()) {
            columns = part.columns;
            out.maxDepth = part.maxDepth;
        } else if (part.columns != columns) {
            const auto differs = std::ranges::mismatch(columns, part.columns);
            const std::string here =
                differs.in2 == part.columns.end() ? "none" : "'" + *differs.in2 + "'";
            const std::string there =
                differs.in1 == columns.end() ? "none" : "'" + *differs.in1 + "'";
            throw InputError(part.file,
                             "column " + std::to_string(differs.in2 - part.columns.begin() + 1),
                             "is " + here + " where " + paths[0].string() + " has " + there +
                                 "; files given together are chains of one model");
        }
        std::ranges::move(part.chains, std::back_inserter(chains));
        std::ranges::move(part.notes, std::back_inserter(out.notes));
    }
    if (chains.empty() || columns.empty()) {
        throw InputError(paths[0].string(), "", "holds no chain or no quantity");
    }
    const auto [shortest, longest] = std::ranges::minmax_element(chains, {}, &Chain::draws);
    out.chains = std::ssize(chains);
    out.draws = shortest->draws;
    if (out.draws == 0) {
        throw InputError(shortest->file, "", "holds no draw after warm-up");
    }
    if (longest->draws > shortest->draws) {
        out.notes.push_back("The chains have " + std::to_string(shortest->draws) + " to " +
                            std::to_string(longest->draws) + " draws; the first " +
                            std::to_string(shortest->draws) + " of each are used.");
    }
    std::vector<std::size_t> quantities, internals;
    for (std::size_t c = 0; c < columns.size(); ++c) {
        if (isInternal(columns[c])) {
            internals.push_back(c);
            out.internalNames.push_back(columns[c]);
        }
        if (!isInternal(columns[c]) || columns[c] == "lp__") {
            quantities.push_back(c);
            out.names.push_back(columns[c]);
        }
    }
    const auto gather = [&](const std::vector<std::size_t>& chosen, bool& spilled) {
        const auto draws = static_cast<std::size_t>(out.draws);
        const std::size_t size = chosen.size() * chains.size() * draws;
        const std::size_t room = std::max<std::size_t>(size, 1);
        SpillAllocator<double> allocator(spill);
        // No vector: it would write zeros into all of a block that is larger than memory.
        const std::shared_ptr<double[]> values(
            allocator.allocate(room),
            [allocator, room](double* block) mutable { allocator.deallocate(block, room); });
        spilled = room * sizeof(double) >= spill.threshold;
        // Piece by piece through all columns: text lies row by row, and leaves memory behind us.
        for (std::size_t m = 0; m < chains.size(); ++m) {
            for (std::size_t first = 0; first < draws; first += kPiece) {
                const std::size_t count = std::min(kPiece, draws - first);
                for (std::size_t i = 0; i < chosen.size(); ++i) {
                    chains[m].copy(chosen[i], first,
                                   {values.get() + (i * chains.size() + m) * draws + first, count});
                }
                allocator.rest(values.get(), room);
                if (chains[m].rest) {
                    chains[m].rest();
                }
            }
        }
        return Array(DType::F64, {std::ssize(chosen), out.chains, out.draws},
                     std::shared_ptr<const std::byte[]>(
                         values, reinterpret_cast<const std::byte*>(values.get())));
    };
    bool ignored = false;
    out.values = gather(quantities, out.spilled);
    out.internals = gather(internals, ignored);
    return out;
}

}  // namespace lx
