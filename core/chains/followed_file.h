// SPDX-License-Identifier: GPL-3.0-or-later
// One file that grows. Private to core/chains.
#pragma once

#include "core/io/chain_table.h"
#include "core/io/file.h"

#include <deque>
#include <memory>

namespace lx::detail {

/// Rows of one chain of a file that the store has not taken yet.
struct FollowedChain {
    double id = 1;
    std::deque<std::vector<double>> warmup, draws;
    bool warmedUp = false;
};

class FollowedFile {
public:
    explicit FollowedFile(std::filesystem::path);

    enum class Look : std::uint8_t { Same, Grew, Anew, Missing };
    /// Reads what is new, but not more than `most` bytes at once. Anew: the file is another or was
    /// rewritten; the caller forgets and begins again. Throws InputError.
    Look look(std::size_t most);
    /// Begins at byte 0.
    void restart();

    bool hasHeader() const { return !m_table->columns().empty(); }
    const ChainColumns& columns() const { return m_columns; }
    const ChainTable& table() const { return *m_table; }
    std::vector<FollowedChain>& chains() { return m_chains; }
    const std::filesystem::path& path() const noexcept { return m_path; }
    bool caughtUp() const noexcept { return m_caughtUp; }  ///< up to what was there when looking

private:
    void take();

    std::filesystem::path m_path;
    std::unique_ptr<ChainTable> m_table;
    ChainColumns m_columns;
    std::vector<FollowedChain> m_chains;
    std::uint64_t m_device = 0, m_inode = 0, m_offset = 0;
    std::int64_t m_modified = 0;  // ns
    Bytes m_head;                 // the first bytes that were read
    Index m_taken = 0;
    bool m_caughtUp = false;
};

}  // namespace lx::detail
