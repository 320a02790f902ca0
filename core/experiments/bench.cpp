// SPDX-License-Identifier: GPL-3.0-or-later
// The speed figures of the engine: the same work as tests/support/baseline/train.py.
#include "core/experiments/bench.h"

#include "core/experiments/selftest.h"
#include "core/experiments/threads.h"
#include "core/nn/random.h"
#include "core/nn/trainer.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <chrono>
#include <ctime>

namespace lx::benchmarks {
namespace {

using Clock = std::chrono::steady_clock;

double milliseconds(Clock::duration time) {
    return std::chrono::duration<double, std::milli>(time).count();
}

double processorMilliseconds() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) * 1e-6;
}

struct Time {
    double wall = 0, processor = 0;  ///< milliseconds a call
};

/// 20th percentiles of one call over short repetitions: what the machine can do when nobody else
/// uses the core. The same rule as the baseline's.
Time measure(const std::function<void()>& work) {
    constexpr double total = 1200;
    constexpr int repetitions = 40;
    for (int i = 0; i < 3; ++i) {
        work();
    }
    long calls = 1;
    for (;;) {
        const auto start = Clock::now();
        for (long i = 0; i < calls; ++i) {
            work();
        }
        const double time = milliseconds(Clock::now() - start);
        if (time > total / repetitions * 0.6) {
            break;
        }
        calls = std::max(calls * 2, static_cast<long>(static_cast<double>(calls) * total /
                                                      repetitions / std::max(time, 1e-3)));
    }
    std::vector<double> times, processor;
    const auto begin = Clock::now();
    for (int r = 0; r < repetitions; ++r) {
        const auto start = Clock::now();
        const double used = processorMilliseconds();
        for (long i = 0; i < calls; ++i) {
            work();
        }
        times.push_back(milliseconds(Clock::now() - start) / static_cast<double>(calls));
        processor.push_back((processorMilliseconds() - used) / static_cast<double>(calls));
        if (r >= 7 && milliseconds(Clock::now() - begin) > 3 * total) {
            break;
        }
    }
    std::ranges::sort(times);
    std::ranges::sort(processor);
    return {times[times.size() / 5], processor[processor.size() / 5]};
}

Time gflops(Index n) {
    const at::NoGradGuard off;
    const Tensor a = uniform(Key{1, 1}, {n, n}), b = uniform(Key{1, 2}, {n, n});
    Tensor c = at::empty({n, n});
    const Time time = measure([&] { at::mm_out(c, a, b); });
    const double work = 2.0 * static_cast<double>(n * n * n) * 1e-6;
    return {work / time.wall, work / time.processor};
}

/// Time of one training step on fixed rows, as the baseline does it.
Time trainingStep(const ParamSet& changes) {
    const ParamSet params = selftest::familyParams(changes);
    const Index side = 28, batch = 128;
    const std::vector<Index> shape{side, side};
    autoencoder::Model model(params, autoencoder::contextOf(params, shape));
    model.parameters().initialise(Key{1, 3});
    const Tensor x = uniform(Key{1, 4}, {batch, side * side});
    const Index latent = model.context().latent;
    Trainer trainer(model.parameters(), {}, {{"train", 0, {{"autoencoder", "", 1, {}}}}},
                    [&](const Phase&, Index step) {
                        const Tensor noise = normal(
                            derive(Key{1, 5}, static_cast<std::uint64_t>(step)), {batch, latent});
                        const at::AutoGradMode on(true);
                        const auto losses = model.train(x, noise);
                        const Tensor loss = (losses.reconstruction + losses.divergence).mean();
                        StepResult result;
                        result.loss = loss.item<double>();
                        loss.backward();
                        return result;
                    });
    return measure([&] { trainer.step(); });
}

struct Row {
    const char* name;
    const char* unit;
    Time (*run)();
};

const Row kRows[] = {
    {"sgemm.check", "GFLOP/s", [] { return gflops(256); }},
    {"sgemm.ceiling", "GFLOP/s", [] { return gflops(1024); }},
    {"train.vae_mlp", "ms",
     [] {
         return trainingStep({{"data.source", std::string("data.fashion28")},
                              {"network.hidden", std::vector<double>{512, 256}},
                              {"latent.dim", Index{2}}});
     }},
    {"train.vae_conv", "ms",
     [] {
         return trainingStep({{"data.source", std::string("data.fashion28")},
                              {"network", std::string("net.conv")},
                              {"network.channels", std::vector<double>{32, 64}},
                              {"latent.dim", Index{16}}});
     }},
};

}  // namespace

std::vector<std::string> names() {
    std::vector<std::string> all;
    for (const auto& row : kRows) {
        all.emplace_back(row.name);
    }
    return all;
}

std::vector<BenchRow> run(std::span<const std::string> wanted, int threads) {
    if (threads > 0) {
        setThreads(threads);
    }
    std::vector<BenchRow> rows;
    for (const auto& row : kRows) {
        const bool chosen =
            wanted.empty() || std::ranges::any_of(wanted, [&](const std::string& name) {
                return std::string_view(row.name).starts_with(name);
            });
        if (chosen) {
            const Time time = row.run();
            rows.push_back({row.name, time.wall, row.unit});
            // On a machine that others use, processor time is the fairer figure.
            rows.push_back({std::string(row.name) + ".cpu", time.processor, row.unit});
        }
    }
    return rows;
}

}  // namespace lx::benchmarks
