// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/bridge/session_bridge.h"

#include <QStringList>

#include <vector>

namespace lx::ui {

/// What a view drew last: a run, its epoch and the versions of some channels.
class SeenChannels {
public:
    /// In rising order of how much is new. Restarted: the run began anew or was loaded again.
    enum class News : std::uint8_t { Nothing, Channels, Restarted, OtherRun };

    /// What `frame` brings beyond the last look, which it becomes.
    News look(const Frame& frame, const QStringList& ids) {
        std::vector<std::uint64_t> now{frame.source, frame.snapshot->epoch};
        for (const QString& id : ids) {
            now.push_back(channelVersion(frame, id.toStdString()));
        }
        std::swap(now, m_seen);
        return now == m_seen                        ? News::Nothing
               : now.empty() || now[0] != m_seen[0] ? News::OtherRun
               : now[1] != m_seen[1]                ? News::Restarted
                                                    : News::Channels;
    }
    /// The next look is at another run. False: so was this one going to be.
    bool forget() {
        const bool had = !m_seen.empty();
        m_seen.clear();
        return had;
    }

private:
    std::vector<std::uint64_t> m_seen;
};

}  // namespace lx::ui
