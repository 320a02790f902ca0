// SPDX-License-Identifier: GPL-3.0-or-later
// A run of the families of chains without a session around it.
#pragma once

#include "core/experiments/chains/spec.h"

#include <QString>
#include <limits>
#include <memory>

namespace lx::test {

using Arrays = std::map<std::string, Array>;

class MapBuilder final : public SnapshotBuilder {
public:
    void set(const std::string& name, Array array) override { arrays[name] = std::move(array); }
    Arrays arrays;
};

class PointSink final : public SeriesSink {
public:
    void add(std::uint32_t series, Clock, Index step, double value) override {
        points.push_back({0, series, Clock::Sample, step, value});
    }
    std::vector<SeriesPoint> points;
};

inline std::string textOf(const Array& array) {
    const auto bytes = array.bytes();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

struct FamilyRun {
    explicit FamilyRun(const ParamSet& given, std::uint64_t seed = 1, int threads = 1)
        : FamilyRun(chains::spec([threads] { return threads; }), given, seed) {}
    FamilyRun(const ExperimentSpec& spec, const ParamSet& given, std::uint64_t seed = 1)
        : description(spec.describe(given)),
          params(resolve(description.params, given)),
          experiment(spec.make(params, Key{seed, 0})) {}

    /// To step `last`.
    void run(Index last) {
        while (experiment->step(Clock::Sample) < last) {
            experiment->advance(Clock::Sample, {last - experiment->step(Clock::Sample), {}}, {},
                                sink);
        }
    }
    Arrays look(std::vector<std::string> channels, Detail detail = Detail::Export) const {
        MapBuilder out;
        const auto task = experiment->observe(channels, detail);
        while (!task->advance({std::numeric_limits<Index>::max(), {}}, {}, out)) {
        }
        return std::move(out.arrays);
    }
    Arrays lookAtAll(Detail detail = Detail::Export) const {
        std::vector<std::string> ids;
        for (const auto& channel : description.channels) {
            ids.push_back(channel.id);
        }
        return look(ids, detail);
    }
    Arrays ask(const std::string& kind, ParamSet args = {}, State arrays = {}) const {
        MapBuilder out;
        const auto task = experiment->probe({1, kind, std::move(args), std::move(arrays)});
        while (task && !task->advance({std::numeric_limits<Index>::max(), {}}, {}, out)) {
        }
        return std::move(out.arrays);
    }
    /// All draws after warm-up as bytes.
    std::vector<std::byte> draws() const {
        const auto arrays = look({"chains"});
        const auto bytes = arrays.at("chains").bytes();
        return {bytes.begin(), bytes.end()};
    }

    Description description;
    ParamSet params;
    std::unique_ptr<Experiment> experiment;
    PointSink sink;
};

/// Text of the UsageError that `body` throws; empty when it throws none.
template <class Body>
std::string refusal(Body&& body) {
    try {
        body();
    } catch (const UsageError& error) {
        return error.what();
    }
    return {};
}

}  // namespace lx::test
