// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/chains/channel_list.h"

namespace lx::chains {

std::vector<ChannelDecl> ownChannels() {
    constexpr Clock s = Clock::Sample;
    return {{"energy", "grid2", "target", "[rows, columns]", "nats", s},
            {"true_density", "grid2", "target", "[rows, columns]", "", s},
            {"mechanism", "mechanism", "target", "[chains]", "nats", s},
            {"truth_error", "truth_error", "target", "[variables, 4]", "", s},
            {"adaptation", "adaptation", "", "[points, 2]", "", s}};
}

std::vector<ChannelDecl> sharedChannels() {
    constexpr Clock s = Clock::Sample;
    return {{"sampler", "facts", "", "text", "", s},
            {"sample_density", "grid2", "target", "[rows, columns]", "", s},
            {"chains_now", "points2", "target", "[chains, D]", "", s},
            {"chains_trail", "trails", "target", "[chains, states, D]", "", s},
            {"draws", "draws", "target", "[n, D]", "", s},
            {"chains", "chains", "target", "[draws, chains, D]", "", s},
            {"trace", "trace", "", "[variables, chains, points, 2]", "", s},
            {"rank_ecdf", "rank_ecdf", "", "[variables, chains, points]", "", s},
            {"rank_histogram", "rank_histogram", "", "[variables, chains, bins]", "draws", s},
            {"autocorrelation", "autocorrelation", "", "[variables, chains, lags]", "", s},
            {"ess_evolution", "ess_evolution", "", "[variables, points, 2]", "draws", s},
            {"ess_quantile", "ess_quantile", "", "[variables, points]", "draws", s},
            {"ess_local", "ess_local", "", "[variables, points]", "draws", s},
            {"mcse_quantile", "mcse_quantile", "", "[variables, points]", "", s},
            {"energy_transitions", "energy_transitions", "", "[chains, 2, bins]", "nats", s},
            {"diagnostics", "diagnostics", "", "[variables, 11]", "", s},
            {"verdict", "verdict", "", "text", "", s},
            {"occupancy", "occupancy", "", "[chains, modes]", "", s},
            {"marginals", "marginals", "target", "[axes, bins]", "", s}};
}

std::vector<std::string> chainViews() {
    return {"energy-map",   "trace-rank", "autocorrelation", "ess",
            "chain-energy", "occupancy",  "overview",        "estimates",
            "pairs",        "parallel",   "phase",           "adaptation"};
}

}  // namespace lx::chains
