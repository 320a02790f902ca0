// SPDX-License-Identifier: GPL-3.0-or-later
// The speed figures of the engine: the same work as tests/support/baseline/train.py.
#include "core/experiments/bench.h"

#include "core/base/timing.h"
#include "core/experiments/diffusion/moment.h"
#include "core/experiments/energy/moment.h"
#include "core/experiments/selftest.h"
#include "core/experiments/threads.h"
#include "core/nn/random.h"
#include "core/nn/trainer.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace lx::benchmarks {
namespace {

CallTime gflops(Index n) {
    const at::NoGradGuard off;
    const Tensor a = uniform(Key{1, 1}, {n, n}), b = uniform(Key{1, 2}, {n, n});
    Tensor c = at::empty({n, n});
    const CallTime time = timeCalls([&] { at::mm_out(c, a, b); });
    const double work = 2.0 * static_cast<double>(n * n * n) * 1e-6;
    return {work / time.wall, work / time.processor};
}

/// Time of one training step on fixed rows, as the baseline does it.
CallTime trainingStep(const ParamSet& changes) {
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
    applyThreads(poolOf(model.parameters()));
    return timeCalls([&] { trainer.step(); });
}

struct NoSeries final : SeriesSink {
    void add(std::uint32_t, Clock, Index, double) override {}
};

/// Time of one step of a run of a family, series and all.
CallTime familyStep(const ExperimentSpec& spec, const ParamSet& given) {
    const auto run = spec.make(resolve(spec.describe(given).params, given), Key{1, 0});
    NoSeries sink;
    return timeCalls([&] { run->advance(Clock::Train, {1, {}}, {}, sink); });
}

std::shared_ptr<const DataLibrary> noFolders() {
    return std::make_shared<DataLibrary>();
}

struct Row {
    const char* name;
    const char* unit;
    CallTime (*run)();
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
    {"train.denoiser2d", "ms",
     [] {
         return familyStep(diffusion::spec(noFolders()),
                           {{"data.source", std::string("data.moons")},
                            {"data.count", Index{8192}},
                            {"network.frequencies", Index{8}},
                            {"network.hidden", std::vector<double>{128, 128, 128}},
                            {"train.batch", Index{512}},
                            {"train.ema", 0.0}});
     }},
    {"train.ebm2d", "ms",
     [] {
         return familyStep(learned::spec(noFolders()),
                           {{"data.source", std::string("data.moons")},
                            {"data.count", Index{8192}},
                            {"negatives.store", Index{4096}},
                            {"negatives.steps", Index{20}},
                            {"network.hidden", std::vector<double>{128, 128}},
                            {"train.batch", Index{256}},
                            {"train.ema", 0.0}});
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
            const CallTime time = row.run();
            rows.push_back({row.name, time.wall, row.unit});
            // On a machine that others use, processor time is the fairer figure.
            rows.push_back({std::string(row.name) + ".cpu", time.processor, row.unit});
        }
    }
    return rows;
}

}  // namespace lx::benchmarks
