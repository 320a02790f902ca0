// SPDX-License-Identifier: GPL-3.0-or-later
// What tests of the families that train do with a run: advance it, look at it, compare states.
#pragma once

#include "core/session/experiment.h"

#include <algorithm>

namespace lx::test {

/// What a run says, kept by series and channel.
struct Collected : SeriesSink, SnapshotBuilder {
    std::map<std::uint32_t, std::vector<double>> series;
    std::map<std::string, Array> channels;
    std::vector<std::string> order;  ///< of the channels as they came
    void add(std::uint32_t id, Clock, Index, double value) override { series[id].push_back(value); }
    void set(const std::string& channel, Array array) override {
        order.push_back(channel);
        channels[channel] = std::move(array);
    }
};

inline void steps(Experiment& run, Clock clock, Index count, Collected& out) {
    const Index end = run.step(clock) + count;
    while (run.step(clock) < end) {
        run.advance(clock, {std::min<Index>(end - run.step(clock), 50), {}}, {}, out);
    }
}
inline void steps(Experiment& run, Index count, Collected& out) {
    steps(run, Clock::Train, count, out);
}

/// Takes the smallest slices; returns how many there were.
inline int look(const Experiment& run, const std::vector<std::string>& channels, Collected& out,
                Detail detail = Detail::Screen) {
    const auto task = run.observe(channels, detail);
    int slices = 1;
    while (!task->advance({1, std::chrono::microseconds(1)}, {}, out)) {
        ++slices;
    }
    return slices;
}

inline std::vector<std::string> channelIds(const Description& description) {
    std::vector<std::string> out;
    std::ranges::transform(description.channels, std::back_inserter(out), &ChannelDecl::id);
    return out;
}

inline bool same(const State& a, const State& b) {
    return std::ranges::equal(a, b, [](const auto& x, const auto& y) {
        return x.first == y.first && std::ranges::equal(x.second.bytes(), y.second.bytes());
    });
}

}  // namespace lx::test
