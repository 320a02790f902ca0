// SPDX-License-Identifier: GPL-3.0-or-later
// Private to the two NetCDF files.
#pragma once

#include "core/base/error.h"

#include <array>
#include <mutex>
#include <utility>

#include <netcdf.h>

namespace lx::detail {

/// Names of the sampler's scalars: Stan's, and those of ArviZ.
inline constexpr std::array<std::pair<const char*, const char*>, 7> kStatistics{{
    {"lp__", "lp"},
    {"accept_stat__", "acceptance_rate"},
    {"stepsize__", "step_size"},
    {"treedepth__", "tree_depth"},
    {"n_leapfrog__", "n_steps"},
    {"divergent__", "diverging"},
    {"energy__", "energy"},
}};

/// netCDF-C is not made for two threads.
inline std::unique_lock<std::mutex> netCdfLock() {
    static std::mutex mutex;
    return std::unique_lock(mutex);
}

/// An open file.
class NetCdf {
public:
    explicit NetCdf(int id) noexcept : m_id(id) {}
    ~NetCdf() {
        if (m_id >= 0) {
            nc_close(m_id);
        }
    }
    NetCdf(const NetCdf&) = delete;
    NetCdf& operator=(const NetCdf&) = delete;
    int id() const noexcept { return m_id; }
    int close() { return nc_close(std::exchange(m_id, -1)); }

private:
    int m_id;
};

}  // namespace lx::detail
