// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/session/channel_store.h"

#include <algorithm>

namespace lx {
namespace {

bool sameContent(const Array& a, const Array& b) {
    if (a.dtype() != b.dtype() || !std::ranges::equal(a.shape(), b.shape())) {
        return false;
    }
    if (a.sharesStorageWith(b)) {
        return true;
    }
    const auto left = a.bytes(), right = b.bytes();
    return left.size() <= ChannelStore::kCompareBytes &&
           (left.empty() || std::memcmp(left.data(), right.data(), left.size()) == 0);
}

}  // namespace

void ChannelStore::set(const std::string& id, Array array) {
    if (!array.defined()) {
        throw UsageError("channel '" + id + "' was given an undefined array");
    }
    m_past.erase(id);
    Channel& channel = m_channels[id];
    if (channel.version != 0 && sameContent(channel.array, array)) {
        return;
    }
    channel.version = ++m_version;
    channel.array = std::move(array);
    m_changed = true;
}

void ChannelStore::erasePrefix(std::string_view prefix) {
    for (auto at = m_channels.lower_bound(prefix);
         at != m_channels.end() && at->first.starts_with(prefix);) {
        at = m_channels.erase(at);
        m_changed = true;
    }
}

void ChannelStore::keepOnly(std::span<const std::string> ids) {
    const auto wanted = [&](const std::string& name) {
        return name.starts_with("probe.") || std::ranges::any_of(ids, [&](const std::string& id) {
                   return name.starts_with(id) &&
                          (name.size() == id.size() || name[id.size()] == '.');
               });
    };
    if (std::erase_if(m_channels, [&](const auto& entry) { return !wanted(entry.first); }) > 0) {
        m_changed = true;
    }
}

void ChannelStore::clear() {
    m_changed = m_changed || !m_channels.empty();
    m_channels.clear();
    m_past.clear();
}

void ChannelStore::beginAnew() {
    for (const auto& [id, channel] : m_channels) {
        if (!id.starts_with("probe.")) {
            m_past.insert(id);
        }
    }
}

void ChannelStore::dropPast() {
    for (const std::string& id : m_past) {
        m_changed = m_channels.erase(id) > 0 || m_changed;
    }
    m_past.clear();
}

void StoreBuilder::set(const std::string& channel, Array array) {
    m_store.set(m_prefix + channel, std::move(array));
    m_any = true;
}

}  // namespace lx
