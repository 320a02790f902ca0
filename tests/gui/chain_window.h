// SPDX-License-Identifier: GPL-3.0-or-later
// The whole window on the families of chains themselves, which need no LibTorch.
#pragma once

#include "core/experiments/chains/spec.h"
#include "tests/gui/window_harness.h"
#include "ui/bridge/session_bridge.h"

namespace lx::test {

inline std::span<const ExperimentSpec> chainSpecs() {
    static const std::vector<ExperimentSpec> all{chains::spec([] { return 1; }),
                                                 chains::filesSpec()};
    return all;
}

/// A window whose only recipes are one run of chains and the files.
struct ChainWindow : WindowHarness {
    explicit ChainWindow(const ParamSet& params, const QString& title = "8 Gaussians")
        : WindowHarness(chainSpecs()) {
        ParamSet all{{"energy", std::string("ring8")},
                     {"sampler.kernel", std::string("mala")},
                     {"sampler.step_size", 0.05},
                     {"sampler.chains", Index{4}},
                     {"sampler.warmup", Index{300}},
                     {"sampler.draws", Index{1200}},
                     {"sampler.pace", 0.0}};
        for (const auto& [id, value] : params) {
            all[id] = value;
        }
        recipes = {recipe("chains-test", "chains", title.toStdString(), all),
                   recipe("chain-files", "chain-files", "Chains from files")};
        for (ui::RecipeInfo& info : recipes) {
            info.clock = Clock::Sample;
            info.steps = 0;
        }
        chainFiles = "chain-files";
    }
    const ui::Frame& frame() { return *window->bridge().activeFrame(); }
    Index step() { return frame().snapshot->step[1]; }
};

}  // namespace lx::test
