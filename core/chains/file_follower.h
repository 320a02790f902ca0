// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/chains/chain_source.h"

#include <chrono>
#include <filesystem>
#include <functional>

namespace lx {

struct FollowOptions {
    std::chrono::milliseconds interval{250};     ///< between two looks at the files
    std::size_t bytes = std::size_t{512} << 20;  ///< as ChainStoreOptions
    std::function<void()> changed = {};  ///< on the follower's thread: new draws or a message
};

/// Chains of text files that another program still writes: CmdStan's CSV, one chain a file, or a
/// table with or without a chain column. One thread looks at size and identity of the files; local
/// and network file systems serve alike. A half-written last line waits for its end. A file that
/// was cut, replaced or written anew begins a new generation. All chains proceed together, so the
/// slowest sets the pace; the message names it. A file that does not exist yet is waited for.
class FileFollower final : public ChainSource {
public:
    /// Returns at once; what cannot be read is told by message(). Throws UsageError without a path.
    explicit FileFollower(std::vector<std::filesystem::path>, FollowOptions = {});
    ~FileFollower() override;

    ChainView view() const override;
    /// Every file is from CmdStan, which has written its last line.
    bool finished() const override;
    std::string message() const override;
    std::optional<std::vector<diagnostics::ChainMoments>> moments(Index) const override;

private:
    class Impl;
    std::unique_ptr<Impl> m_impl;
};

/// A source for files that a person opens: text is followed, npy, npz, gzip, NetCDF and the folder
/// of a run are read whole before this returns. Throws InputError.
std::shared_ptr<ChainSource> openChains(std::span<const std::filesystem::path>, FollowOptions = {});

}  // namespace lx
