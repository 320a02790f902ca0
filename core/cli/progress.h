// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/cli/host.h"

#include <chrono>
#include <ostream>

namespace lx::cli {

/// A bar on the terminal with the time that is left; it goes with the object.
class Progress {
public:
    /// `what` is counted: "frames".
    Progress(const Host& host, std::string what) : m_host(host), m_what(std::move(what)) {}
    ~Progress() {
        if (m_shown) {
            m_host.err << "\r\033[K" << std::flush;
        }
    }
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;
    void show(Index done, Index total) {
        m_done = done;
        if (!m_host.terminal) {
            return;
        }
        constexpr Index kCells = 30;
        std::string line = "\r\033[K[";
        for (Index i = 0; i < kCells; ++i) {
            line += i * total < done * kCells ? '#' : ' ';
        }
        line += "] " + std::to_string(done) + "/" + std::to_string(total) + " " + m_what;
        const double elapsed = std::chrono::duration<double>(Time::now() - m_start).count();
        if (done > 0 && done < total) {
            const double left =
                elapsed / static_cast<double>(done) * static_cast<double>(total - done);
            line += "  " + std::to_string(static_cast<long>(left) + 1) + " s left";
        }
        m_host.err << line << std::flush;
        m_shown = true;
    }
    Index done() const { return m_done; }

private:
    using Time = std::chrono::steady_clock;
    const Host& m_host;
    std::string m_what;
    Time::time_point m_start = Time::now();
    Index m_done = 0;
    bool m_shown = false;
};

}  // namespace lx::cli
