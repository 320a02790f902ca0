// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/session/experiment.h"

#include <set>
#include <string_view>

namespace lx {

/// The channels of one run as the next snapshot will show them. A channel keeps its version and
/// its storage when what arrives is the same storage, or the same bytes of a small array.
class ChannelStore {
public:
    void set(const std::string& id, Array);
    void erasePrefix(std::string_view prefix);
    /// Keeps answers of probes, the listed channels and their companions (`<id>.extent`).
    void keepOnly(std::span<const std::string> ids);
    void clear();
    /// From now on all channels are of the past, until they are set again; answers of probes stay.
    void beginAnew();
    /// Drops those that are still of the past.
    void dropPast();
    const std::map<std::string, Channel, std::less<>>& channels() const { return m_channels; }
    /// True once after any change.
    bool takeChanged() { return std::exchange(m_changed, false); }
    bool changed() const { return m_changed; }

    static constexpr std::size_t kCompareBytes = std::size_t{64} << 10;

private:
    std::map<std::string, Channel, std::less<>> m_channels;
    std::set<std::string, std::less<>> m_past;
    std::uint64_t m_version = 0;
    bool m_changed = false;
};

/// Hands what a task sets to a store, under a prefix.
class StoreBuilder : public SnapshotBuilder {
public:
    StoreBuilder(ChannelStore& store, std::string prefix = {})
        : m_store(store), m_prefix(std::move(prefix)) {}
    void set(const std::string& channel, Array array) override;
    bool any() const { return m_any; }

private:
    ChannelStore& m_store;
    std::string m_prefix;
    bool m_any = false;
};

}  // namespace lx
