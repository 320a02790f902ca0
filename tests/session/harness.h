// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/session/session.h"
#include "tests/support/fake_experiment.h"

#include <QtTest>
#include <atomic>
#include <mutex>
#include <thread>

namespace lx::test {

/// One engine with one session, and patience: nothing here asserts a time.
struct Harness {
    static EngineOptions quick() {
        EngineOptions options;
        options.publishInterval = std::chrono::milliseconds{1};
        options.sliceTime = std::chrono::milliseconds{2};
        return options;
    }
    explicit Harness(EngineOptions options = quick())
        : engine(fakeSpecs(), withLog(std::move(options))), session(engine.open()) {}

    EngineOptions withLog(EngineOptions options) {
        options.log = [this](LogLevel, const std::string& text) {
            const std::lock_guard lock(logMutex);
            logged.push_back(text);
        };
        return options;
    }
    void load(const std::string& recipe, ParamSet params = {}, std::uint64_t seed = 1) {
        session->post(cmd::Load{recipe, std::move(params), seed});
        session->waitIdle();
    }
    void runUntil(Index step, Clock clock = Clock::Train) {
        session->post(cmd::Run{clock, step});
        session->waitIdle();
    }
    /// Takes snapshots until `wanted` holds; false after 20 s.
    template <class Predicate>
    bool until(Predicate wanted) {
        for (int i = 0; i < 20000; ++i) {
            if (wanted(*session->latest())) {
                return true;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        return false;
    }
    std::vector<double> walk() {
        const auto arrays = session->exportChannels({"walk"});
        const auto values = arrays.at("walk").values<double>();
        return {values.begin(), values.end()};
    }
    bool loggedContains(const std::string& part) {
        const std::lock_guard lock(logMutex);
        return std::ranges::any_of(
            logged, [&](const std::string& line) { return line.find(part) != line.npos; });
    }

    std::mutex logMutex;
    std::vector<std::string> logged;
    Engine engine;
    std::shared_ptr<Session> session;
};

inline std::string textOf(const Array& array) {
    const auto bytes = array.values<std::uint8_t>();
    return {bytes.begin(), bytes.end()};
}

}  // namespace lx::test
