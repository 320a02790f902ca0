// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/chains/netcdf_file.h"

#include "core/chains/netcdf_handle.h"
#include "core/io/file.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <map>
#include <numeric>

namespace lx {
namespace {

constexpr Index kPiece = 4096;

void check(int status, const std::string& path) {
    if (status != NC_NOERR) {
        throw WriteError(path + ": not saved: " + nc_strerror(status) +
                         "; free some disk space or choose another folder");
    }
}

/// One NetCDF variable: quantities in row-major order of their indices.
struct Block {
    std::string name;
    std::vector<std::size_t> extents;
    std::vector<Index> quantities;
};

/// "x[1,2]" -> x, {1, 2}; no indices for other names.
std::pair<std::string, std::vector<Index>> indexed(const std::string& name) {
    const std::size_t open = name.find('[');
    if (open == std::string::npos || open == 0 || name.back() != ']') {
        return {name, {}};
    }
    std::vector<Index> out;
    const char* at = name.data() + open + 1;
    const char* const end = name.data() + name.size() - 1;
    while (at < end) {
        Index value = 0;
        const auto [stop, error] = std::from_chars(at, end, value);
        if (error != std::errc{} || value < 1 || (stop != end && *stop != ',')) {
            return {name, {}};
        }
        out.push_back(value);
        at = stop == end ? end : stop + 1;
    }
    return {out.empty() ? name : name.substr(0, open), out};
}

/// Names that NetCDF takes: no slash, no control character.
std::string legal(std::string name) {
    for (char& c : name) {
        c = c == '/' || static_cast<unsigned char>(c) < ' ' ? '_' : c;
    }
    while (!name.empty() && name.back() == ' ') {
        name.pop_back();
    }
    return name.empty() ? "_" : name;
}

std::vector<Block> blocksOf(const std::vector<std::string>& names) {
    std::map<std::string, std::vector<std::pair<std::vector<Index>, Index>>> groups;
    std::vector<std::string> order;
    for (std::size_t q = 0; q < names.size(); ++q) {
        if (names[q] == "lp__") {
            continue;  // a statistic of the sampler
        }
        auto [base, index] = indexed(names[q]);
        auto& group = groups[base];
        if (group.empty()) {
            order.push_back(base);
        }
        group.emplace_back(std::move(index), static_cast<Index>(q));
    }
    std::vector<Block> out;
    for (const std::string& base : order) {
        auto& group = groups[base];
        std::ranges::sort(group);
        const std::size_t rank = group.front().first.size();
        Block block{legal(base), std::vector<std::size_t>(rank, 0), {}};
        bool box =
            std::ranges::all_of(group, [rank](const auto& g) { return g.first.size() == rank; });
        for (const auto& [index, q] : group) {
            for (std::size_t d = 0; box && d < rank; ++d) {
                block.extents[d] = std::max(block.extents[d], static_cast<std::size_t>(index[d]));
            }
            block.quantities.push_back(q);
        }
        // Sorted and distinct within a box of that volume: none is missing.
        double volume = 1;
        for (const std::size_t e : block.extents) {
            volume *= static_cast<double>(e);
        }
        box = box && volume == static_cast<double>(group.size()) &&
              std::ranges::adjacent_find(group, {}, [](const auto& g) { return g.first; }) ==
                  group.end();
        if (box) {
            out.push_back(std::move(block));
            continue;
        }
        for (const auto& [index, q] : group) {
            out.push_back({legal(names[static_cast<std::size_t>(q)]), {}, {q}});
        }
    }
    return out;
}

void text(int group, int variable, const char* name, const std::string& value,
          const std::string& path) {
    check(nc_put_att_text(group, variable, name, value.size(), value.c_str()), path);
}

std::string utcNow() {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    gmtime_r(&now, &parts);
    char text[32];
    return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

/// Writes the rows from .. from + count of posterior and statistics as two groups.
class Groups {
public:
    Groups(int file, const ChainView& view, const ChainExport& about, const std::string& path)
        : m_file(file), m_view(view), m_about(about), m_path(path) {}

    void write(const std::string& prefix, Index from, Index count) {
        const ChainLayout& layout = m_view.layout();
        const auto blocks = blocksOf(layout.names);
        const int posterior = open(prefix + "posterior", count);
        for (const Block& block : blocks) {
            put(posterior, block, from, count);
        }
        const bool lp = std::ranges::find(layout.names, "lp__") != layout.names.end();
        if (layout.scalars.empty() && !lp) {
            return;
        }
        const int statistics = open(prefix + "sample_stats", count);
        for (std::size_t s = 0; s < layout.scalars.size(); ++s) {
            putScalar(statistics, s, from, count);
        }
        if (lp && !layout.scalar("lp__")) {
            const auto q = std::ranges::find(layout.names, "lp__") - layout.names.begin();
            put(statistics, {"lp", {}, {q}}, from, count);
        }
    }

private:
    int open(const std::string& name, Index draws) {
        int group = 0;
        check(nc_def_grp(m_file, name.c_str(), &group), m_path);
        text(group, NC_GLOBAL, "created_at", m_now, m_path);
        text(group, NC_GLOBAL, "inference_library", "Latent Explorer", m_path);
        text(group, NC_GLOBAL, "inference_library_version", LX_VERSION, m_path);
        text(group, NC_GLOBAL, "model", m_about.model, m_path);
        const double seconds = m_about.seconds;
        check(nc_put_att_double(group, NC_GLOBAL, "sampling_time", NC_DOUBLE, 1, &seconds), m_path);
        m_chain = coordinate(group, "chain", m_view.kept().size(), m_view.kept());
        m_draw = coordinate(group, "draw", static_cast<std::size_t>(draws), {});
        return group;
    }
    /// A dimension with its coordinate variable: `values`, or 0, 1, ...
    int coordinate(int group, const std::string& name, std::size_t size,
                   std::span<const Index> values) {
        int dimension = 0, variable = 0;
        check(nc_def_dim(group, name.c_str(), size, &dimension), m_path);
        check(nc_def_var(group, name.c_str(), NC_INT64, 1, &dimension, &variable), m_path);
        std::vector<long long> cells(size);
        std::iota(cells.begin(), cells.end(), 0);
        std::ranges::copy(values, cells.begin());
        check(nc_put_var_longlong(group, variable, cells.data()), m_path);
        return dimension;
    }
    int define(int group, const std::string& name, nc_type type, const std::vector<int>& dims) {
        int variable = 0;
        check(nc_def_var(group, name.c_str(), type, static_cast<int>(dims.size()), dims.data(),
                         &variable),
              m_path);
        return variable;
    }
    template <class Copy>
    void rows(int group, int variable, std::size_t cells, const std::vector<std::size_t>& extents,
              Index from, Index count, const Copy& copy) {
        std::vector<double> column, block;
        for (Index slot = 0; slot < std::ssize(m_view.kept()); ++slot) {
            for (Index done = 0; done < count;) {
                const Index piece = std::min(kPiece, count - done);
                column.resize(static_cast<std::size_t>(piece));
                block.resize(static_cast<std::size_t>(piece) * cells);
                for (std::size_t c = 0; c < cells; ++c) {
                    copy(c, slot, from + done, std::span(column));
                    for (std::size_t n = 0; n < column.size(); ++n) {
                        block[n * cells + c] = column[n];
                    }
                }
                std::vector<std::size_t> start{static_cast<std::size_t>(slot),
                                               static_cast<std::size_t>(done)};
                std::vector<std::size_t> shape{1, static_cast<std::size_t>(piece)};
                start.resize(2 + extents.size(), 0);
                shape.insert(shape.end(), extents.begin(), extents.end());
                const int status =
                    nc_put_vara_double(group, variable, start.data(), shape.data(), block.data());
                if (status != NC_ERANGE) {  // not-a-number in an integer becomes its fill value
                    check(status, m_path);
                }
                done += piece;
            }
        }
    }
    void put(int group, const Block& block, Index from, Index count) {
        std::vector<int> dims{m_chain, m_draw};
        for (std::size_t d = 0; d < block.extents.size(); ++d) {
            dims.push_back(
                coordinate(group, block.name + "_dim_" + std::to_string(d), block.extents[d], {}));
        }
        const int variable = define(
            group, block.name, m_view.layout().dtype == DType::F32 ? NC_FLOAT : NC_DOUBLE, dims);
        rows(group, variable, block.quantities.size(), block.extents, from, count,
             [&](std::size_t c, Index slot, Index first, std::span<double> out) {
                 m_view.copy(block.quantities[c], slot, first, 1, out);
             });
    }
    void putScalar(int group, std::size_t s, Index from, Index count) {
        std::string name = m_view.layout().scalars[s];
        nc_type type = m_view.layout().dtype == DType::F32 ? NC_FLOAT : NC_DOUBLE;
        for (const auto& [stan, arviz] : detail::kStatistics) {
            name = name == stan ? arviz : name;
        }
        if (name.ends_with("__")) {
            name.resize(name.size() - 2);
        }
        type = name == "diverging"                         ? NC_BYTE
               : name == "tree_depth" || name == "n_steps" ? NC_INT64
                                                           : type;
        const int variable = define(group, legal(name), type, {m_chain, m_draw});
        if (type == NC_BYTE) {
            text(group, variable, "dtype", "bool", m_path);  // as xarray writes truth values
        }
        rows(group, variable, 1, {}, from, count,
             [&](std::size_t, Index slot, Index first, std::span<double> out) {
                 m_view.copyScalar(s, slot, first, 1, out);
             });
    }

    int m_file;
    const ChainView& m_view;
    const ChainExport& m_about;
    const std::string& m_path;
    const std::string m_now = utcNow();
    int m_chain = 0, m_draw = 0;
};

}  // namespace

void writeNetCdf(const std::filesystem::path& path, const ChainView& view,
                 const ChainExport& about) {
    if (view.draws() == 0) {
        throw UsageError("there are no draws to write");
    }
    const std::string name = path.string();
    AtomicFile target(path);
    const auto lock = detail::netCdfLock();
    int id = -1;
    check(nc_create(target.temporary().c_str(), NC_NETCDF4 | NC_CLOBBER, &id), name);
    detail::NetCdf file(id);
    Groups groups(id, view, about, name);
    groups.write("", view.warmup(), view.draws());
    if (about.warmup && view.warmup() > 0) {
        groups.write("warmup_", 0, view.warmup());
    }
    check(file.close(), name);
    target.commit();
}

}  // namespace lx
