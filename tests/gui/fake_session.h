// SPDX-License-Identifier: GPL-3.0-or-later
// A session under the test's hand: it records what was posted and shows what it is told.
#pragma once

#include "core/session/session.h"

#include <utility>

namespace lx::test {

class FakeSession : public Session {
public:
    struct Posted {
        Command command;
        std::string tag;
    };
    std::vector<Posted> posted;
    std::shared_ptr<Snapshot> next = std::make_shared<Snapshot>();
    std::shared_ptr<const Description> told;
    std::vector<SeriesPoint> points;

    /// Number of probes of that kind posted so far, and the latest.
    int probes(const std::string& kind) const {
        int count = 0;
        for (const Posted& p : posted) {
            const auto* probe = std::get_if<cmd::Probe>(&p.command);
            count += probe && probe->kind == kind ? 1 : 0;
        }
        return count;
    }
    const cmd::Probe* lastProbe(const std::string& kind) const {
        const cmd::Probe* last = nullptr;
        for (const Posted& p : posted) {
            const auto* probe = std::get_if<cmd::Probe>(&p.command);
            last = probe && probe->kind == kind ? probe : last;
        }
        return last;
    }
    /// Publishes a snapshot made from the previous one by `change`.
    template <class F>
    void publish(F change) {
        auto fresh = std::make_shared<Snapshot>(*next);
        ++fresh->sequence;
        change(*fresh);
        next = fresh;
    }
    void set(Snapshot& s, const std::string& id, Array array) {
        s.channels[id] = {++m_version, std::move(array)};
    }

    std::uint32_t id() const override { return 7; }
    void post(Command command, std::string_view tag) override {
        posted.push_back({std::move(command), std::string(tag)});
    }
    std::shared_ptr<const Snapshot> latest() const override { return next; }
    std::vector<SeriesPoint> drainSeries() override { return std::exchange(points, {}); }
    std::optional<Captured> takeCaptured() override { return {}; }
    bool waitIdle(std::stop_token) override { return true; }
    std::shared_ptr<const Description> description() const override { return told; }
    std::map<std::string, double> metrics(Key, std::stop_token) override { return {}; }
    std::map<std::string, Array> exportChannels(std::vector<std::string>, std::stop_token,
                                                Detail) override {
        return {};
    }
    std::pair<std::size_t, std::vector<Index>> ring() const override { return {}; }

private:
    std::uint64_t m_version = 0;
};

}  // namespace lx::test
