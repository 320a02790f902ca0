// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/session/experiment.h"

namespace lx::chains {

/// Arrays of channels that are expensive to make, kept while nothing they depend on has changed;
/// snapshots then share their storage.
class ResultCache {
public:
    /// Sets the arrays of `channel`; `make` fills them when `version` is a new one.
    template <class Make>
    void publish(const std::string& channel, std::uint64_t version, SnapshotBuilder& out,
                 const Make& make) {
        Entry& entry = m_entries[channel];
        if (!entry.made || entry.version != version) {
            entry.arrays.clear();
            Collector collector(entry.arrays);
            make(collector);
            entry.version = version;
            entry.made = true;
        }
        for (const auto& [name, array] : entry.arrays) {
            out.set(name, array);
        }
    }
    void clear() { m_entries.clear(); }

private:
    using Arrays = std::map<std::string, Array>;
    class Collector final : public SnapshotBuilder {
    public:
        explicit Collector(Arrays& arrays) : m_arrays(arrays) {}
        void set(const std::string& name, Array array) override {
            m_arrays[name] = std::move(array);
        }

    private:
        Arrays& m_arrays;
    };
    struct Entry {
        Arrays arrays;
        std::uint64_t version = 0;
        bool made = false;
    };
    std::map<std::string, Entry> m_entries;
};

}  // namespace lx::chains
