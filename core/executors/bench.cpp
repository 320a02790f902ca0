// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/executors/bench.h"

#include "core/base/philox.h"
#include "core/base/timing.h"
#include "core/energies/mixture.h"
#include "core/executors/fused_executor.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace lx::executors {
namespace {

constexpr Key kKey{7, 7};
constexpr Index kSteps = 10;

/// Eight Gaussians of sd 0.3 on a circle of radius 2.
ProgramPtr gauss8() {
    MixtureParts parts;
    parts.dim = 2;
    for (int k = 0; k < 8; ++k) {
        const double angle = k * std::numbers::pi / 4;
        parts.centres.insert(parts.centres.end(), {2 * std::cos(angle), 2 * std::sin(angle)});
        parts.weights.push_back(1);
        parts.sds.push_back(0.3);
    }
    return programOf(*mixtureEnergy(parts));
}

/// A network 2-width-width-outputs with SiLU.
MlpParts network(Index width, Index outputs) {
    MlpParts parts;
    parts.dim = 2;
    Index in = 2;
    for (const Index out : {width, width, outputs}) {
        MlpLayer layer;
        layer.weight.resize(static_cast<std::size_t>(in * out));
        layer.bias.resize(static_cast<std::size_t>(out));
        fillNormal(derive(kKey, static_cast<std::uint64_t>(parts.layers.size())), layer.weight);
        for (float& w : layer.weight) {
            w *= 0.6F / std::sqrt(static_cast<float>(in));
        }
        parts.layers.push_back(std::move(layer));
        in = out;
    }
    return parts;
}

struct Work {
    std::string name;
    ProgramPtr (*program)();
    Method method;
    Index chains;
};

std::vector<Work> works() {
    struct Target {
        const char* name;
        ProgramPtr (*program)();
        bool energy;
    };
    const Target targets[] = {{"mlp64", [] { return programOf(*mlpEnergy(network(64, 1))); }, true},
                              {"gauss8", gauss8, true},
                              {"score128", [] { return scoreProgram(network(128, 2)); }, false}};
    const std::pair<const char*, Method> kernels[] = {
        {"ula", Method::Ula}, {"mala", Method::Mala}, {"hmc10", Method::Hmc}};
    std::vector<Work> out;
    for (const Target& target : targets) {
        for (const auto& [name, method] : kernels) {
            for (const Index n : {16, 256, 4096, 65536}) {
                if (target.energy || method == Method::Ula) {
                    out.push_back({std::string("chains.") + target.name + "." + name + ".n" +
                                       std::to_string(n),
                                   target.program, method, n});
                }
            }
        }
    }
    return out;
}

}  // namespace

std::vector<std::string> benchNames() {
    std::vector<std::string> out;
    for (auto& work : works()) {
        out.push_back(std::move(work.name));
    }
    return out;
}

std::vector<BenchResult> bench(std::span<const std::string> names, int threads) {
    std::vector<BenchResult> out;
    for (const Work& work : works()) {
        if (std::ranges::find(names, work.name) == names.end()) {
            continue;
        }
        StepSettings settings;
        settings.method = work.method;
        settings.stepSize = work.method == Method::Hmc ? 0.05 : 0.02;
        settings.leapfrogs = 10;
        std::vector<float> x(static_cast<std::size_t>(work.chains) * 2);
        fillNormal(kKey, x);
        const auto executor =
            fusedExecutor(work.program(), settings, x, {kKey, 0, threads, {}, {}});
        const CallTime time = timeCalls([&] { executor->advance(kSteps); }, 400, 20);
        const double steps = static_cast<double>(work.chains * kSteps) * 1e3;
        out.push_back({work.name, "chain-steps/s", steps / time.wall});
        out.push_back({work.name + ".cpu", "chain-steps/s", steps / time.processor});
    }
    return out;
}

std::string benchExecutor() {
    return "fused, " + fusedLevels().front();
}

}  // namespace lx::executors
