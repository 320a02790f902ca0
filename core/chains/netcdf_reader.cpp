// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/chains/netcdf_file.h"

#include "core/chains/netcdf_handle.h"
#include "core/io/chain_pipe.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <sys/resource.h>
#include <unistd.h>

namespace lx {
namespace {

constexpr std::size_t kMostVariables = 65'536, kMostNames = 1 << 20;

void check(int status, const std::string& place) {
    if (status != NC_NOERR) {
        throw Error((place.empty() ? "" : place + ": ") + nc_strerror(status));
    }
}

/// A variable [chain, draw, ...] or [draw, chain, ...].
struct Variable {
    int group = 0, id = 0;
    std::string name;
    bool drawFirst = false;
    Index chains = 0, draws = 0;
    std::vector<std::size_t> extents;  // of the other dimensions
    std::size_t cells() const {
        std::size_t out = 1;
        for (const std::size_t e : extents) {
            out *= e;
        }
        return out;
    }
};

std::string dimensionName(int group, int dimension, std::size_t& size) {
    char name[NC_MAX_NAME + 1] = {};
    check(nc_inq_dim(group, dimension, name, &size), "a dimension");
    return name;
}

/// Null for what is no array over chains and draws.
std::optional<Variable> variableOf(int group, int id, std::vector<std::string>& notes) {
    char name[NC_MAX_NAME + 1] = {};
    nc_type type = NC_NAT;
    int rank = 0;
    check(nc_inq_var(group, id, name, &type, &rank, nullptr, nullptr), "a variable");
    if (rank < 2 || rank > 32) {
        return std::nullopt;
    }
    std::vector<int> dimensions(static_cast<std::size_t>(rank));
    check(nc_inq_vardimid(group, id, dimensions.data()), name);
    std::size_t first = 0, second = 0;
    const std::string a = dimensionName(group, dimensions[0], first);
    const std::string b = dimensionName(group, dimensions[1], second);
    const bool drawFirst = a == "draw" && b == "chain";
    if (!drawFirst && !(a == "chain" && b == "draw")) {
        return std::nullopt;
    }
    if (type < NC_BYTE || type > NC_UINT64 || type == NC_CHAR) {
        notes.push_back(std::string("Variable ") + name + " holds no numbers and was left out.");
        return std::nullopt;
    }
    double factor = 1;
    if (nc_get_att_double(group, id, "scale_factor", &factor) == NC_NOERR && factor != 1) {
        throw Error(std::string(name) + " is packed (scale_factor); write it as float or double");
    }
    Variable out{group, id, name, drawFirst, 0, 0, {}};
    constexpr std::size_t kMost = std::size_t{1} << 40;
    if (first > kMost || second > kMost) {
        throw Error(std::string(name) + " claims more draws than any file holds");
    }
    out.chains = static_cast<Index>(drawFirst ? second : first);
    out.draws = static_cast<Index>(drawFirst ? first : second);
    double cells = static_cast<double>(first) * static_cast<double>(second);
    for (std::size_t d = 2; d < dimensions.size(); ++d) {
        std::size_t extent = 0;
        dimensionName(group, dimensions[d], extent);
        out.extents.push_back(extent);
        cells *= static_cast<double>(extent);
    }
    if (cells > 1e9) {
        throw Error(std::string(name) + " claims more than 10^9 values");
    }
    return out;
}

std::vector<Variable> variablesOf(int group, std::vector<std::string>& notes) {
    int count = 0;
    check(nc_inq_nvars(group, &count), "variables");
    if (count < 0 || static_cast<std::size_t>(count) > kMostVariables) {
        throw Error("claims " + std::to_string(count) + " variables");
    }
    std::vector<Variable> out;
    for (int id = 0; id < count; ++id) {
        if (auto variable = variableOf(group, id, notes)) {
            out.push_back(std::move(*variable));
        }
    }
    return out;
}

/// name[1,2] of the cell, counted from 1.
std::string cellName(const Variable& variable, std::size_t cell) {
    if (variable.extents.empty()) {
        return variable.name;
    }
    std::vector<std::size_t> index(variable.extents.size());
    for (std::size_t d = index.size(); d-- > 0;) {
        index[d] = cell % variable.extents[d] + 1;
        cell /= variable.extents[d];
    }
    std::string out = variable.name + "[";
    for (std::size_t d = 0; d < index.size(); ++d) {
        out += (d > 0 ? "," : "") + std::to_string(index[d]);
    }
    return out + "]";
}

/// Appends [cells, chains, draws] to `out`.
void readInto(const Variable& v, std::vector<double>& out) {
    const std::size_t cells = v.cells(), chains = static_cast<std::size_t>(v.chains),
                      draws = static_cast<std::size_t>(v.draws);
    std::vector<double> raw(cells * chains * draws);
    if (raw.empty()) {
        return;
    }
    const int status = nc_get_var_double(v.group, v.id, raw.data());
    if (status != NC_ERANGE) {
        check(status, v.name);
    }
    double fill = 0;
    const bool fills = nc_get_att_double(v.group, v.id, "_FillValue", &fill) == NC_NOERR;
    const std::size_t at = out.size();
    out.resize(at + raw.size());
    for (std::size_t m = 0; m < chains; ++m) {
        for (std::size_t n = 0; n < draws; ++n) {
            const std::size_t row = (v.drawFirst ? n * chains + m : m * draws + n) * cells;
            for (std::size_t c = 0; c < cells; ++c) {
                const double x = raw[row + c];
                out[at + (c * chains + m) * draws + n] =
                    fills && x == fill ? std::numeric_limits<double>::quiet_NaN() : x;
            }
        }
    }
}

/// As Stan calls it: diverging -> divergent__.
std::string stanName(const std::string& name) {
    for (const auto& [stan, arviz] : detail::kStatistics) {
        if (name == arviz) {
            return stan;
        }
    }
    return name + "__";
}

void limit(int resource, std::uint64_t value) {
    const rlimit both{value, value};
    setrlimit(static_cast<__rlimit_resource_t>(resource), &both);
}

}  // namespace

ChainFile readNetCdf(const std::filesystem::path& path) {
    const auto lock = detail::netCdfLock();
    int id = -1;
    check(nc_open(path.c_str(), NC_NOWRITE, &id), "");
    const detail::NetCdf file(id);
    int posterior = id, statistics = -1;
    if (nc_inq_ncid(id, "posterior", &posterior) != NC_NOERR) {
        posterior = id;
    }
    ChainFile out;
    std::vector<Variable> quantities = variablesOf(posterior, out.notes), internals;
    if (nc_inq_ncid(id, "sample_stats", &statistics) == NC_NOERR) {
        internals = variablesOf(statistics, out.notes);
    }
    if (quantities.empty()) {
        throw Error(
            "holds no variable with dimensions chain and draw, neither in a group posterior nor "
            "outside of groups; ArviZ's to_netcdf writes such files");
    }
    out.chains = quantities.front().chains;
    out.draws = quantities.front().draws;
    const auto fits = [&](const Variable& v) {
        return v.chains == out.chains && v.draws == out.draws;
    };
    for (const Variable& v : quantities) {
        if (!fits(v)) {
            throw Error("variable " + v.name + " has other chains or draws than " +
                        quantities.front().name);
        }
    }
    std::erase_if(internals, [&](const Variable& v) {
        if (fits(v) && v.extents.empty()) {
            return false;
        }
        out.notes.push_back("The sampler statistic " + v.name + " does not fit and was left out.");
        return true;
    });
    if (out.chains < 1 || out.draws < 1) {
        throw Error("holds no draws");
    }
    std::vector<double> values, scalars;
    for (const Variable& v : quantities) {
        if (out.names.size() + v.cells() > kMostNames) {
            throw Error("holds more than " + std::to_string(kMostNames) + " quantities");
        }
        for (std::size_t c = 0; c < v.cells(); ++c) {
            out.names.push_back(cellName(v, c));
        }
        readInto(v, values);
    }
    for (const Variable& v : internals) {
        out.internalNames.push_back(stanName(v.name));
        readInto(v, scalars);
        if (out.internalNames.back() == "lp__") {
            out.names.push_back("lp__");
            values.insert(values.end(), scalars.end() - out.chains * out.draws, scalars.end());
        }
    }
    out.values = Array({std::ssize(out.names), out.chains, out.draws}, values);
    out.internals = Array({std::ssize(out.internalNames), out.chains, out.draws}, scalars);
    return out;
}

int serveNetCdf(int argc, char** argv, int out) {
    Bytes answer;
    int status = static_cast<int>(ExitCode::BadInput);
    const auto say = [&answer](std::string_view text) {
        const auto bytes = std::as_bytes(std::span(text.data(), text.size()));
        answer.assign(bytes.begin(), bytes.end());
    };
    const auto number = [&](int i, std::uint64_t otherwise) {
        return i < argc ? std::strtoull(argv[i], nullptr, 10) : otherwise;
    };
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_FSIZE, 0);
    limit(RLIMIT_CPU, number(4, NetCdfLimits().cpuSeconds));
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    limit(RLIMIT_AS, number(3, NetCdfLimits().memory));  // sanitizers reserve terabytes
#endif
    try {
        if (argc < 3) {
            throw UsageError("name a file");
        }
        answer = encodeChains(readNetCdf(argv[2]));
        status = 0;
    } catch (const std::bad_alloc&) {
        say("needs more memory than a reader of NetCDF is given");
    } catch (const std::exception& error) {
        say(error.what());
    }
    std::span<const std::byte> rest = answer;
    while (!rest.empty()) {
        const ssize_t done = write(out, rest.data(), rest.size());
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return static_cast<int>(ExitCode::BadInput);
        }
        rest = rest.subspan(static_cast<std::size_t>(done));
    }
    return status;
}

}  // namespace lx
