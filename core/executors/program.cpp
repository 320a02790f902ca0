// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/executors/program.h"

#include "core/energies/formula.h"
#include "core/energies/mixture.h"

#include <algorithm>
#include <cmath>

namespace lx::executors {
namespace {

bool fits(const MlpParts& parts) {
    const auto hidden = static_cast<Index>(parts.layers.size()) - 1;
    if (parts.dim > Program::kMaxDim || hidden > Program::kMaxHidden) {
        return false;
    }
    return std::ranges::all_of(parts.layers, [](const MlpLayer& layer) {
        return static_cast<Index>(layer.bias.size()) <= Program::kMaxWidth;
    });
}

}  // namespace

bool Program::hasEnergy() const noexcept {
    const auto* network = std::get_if<NetworkProgram>(&m_body);
    return network == nullptr || !network->score;
}

ProgramPtr programOf(const Energy& energy) {
    const Index dim = energy.dim();
    if (dim > Program::kMaxDim) {
        return nullptr;
    }
    if (const auto* mixture = dynamic_cast<const MixtureEnergy*>(&energy)) {
        const MixtureParts& parts = mixture->parts();
        if (static_cast<Index>(parts.weights.size()) > Program::kMaxComponents) {
            return nullptr;
        }
        MixtureProgram body;
        body.centres.assign(parts.centres.begin(), parts.centres.end());
        for (std::size_t k = 0; k < parts.weights.size(); ++k) {
            const double sd = parts.sds[k];
            body.scale.push_back(static_cast<float>(0.5 / (sd * sd)));
            body.offset.push_back(static_cast<float>(std::log(parts.weights[k]) -
                                                     static_cast<double>(dim) * std::log(sd)));
        }
        return std::make_shared<const Program>(dim, std::move(body));
    }
    if (const auto* formula = dynamic_cast<const FormulaEnergy*>(&energy)) {
        if (static_cast<Index>(formula->tape().steps.size()) > Program::kMaxTape) {
            return nullptr;
        }
        return std::make_shared<const Program>(dim, formula->tape());
    }
    if (const auto* network = dynamic_cast<const MlpEnergy*>(&energy)) {
        if (!fits(network->parts())) {
            return nullptr;
        }
        return std::make_shared<const Program>(dim, NetworkProgram{network->parts(), false});
    }
    return nullptr;
}

ProgramPtr scoreProgram(MlpParts parts) {
    requireSane(parts, parts.dim);
    if (!fits(parts)) {
        throw UsageError("a score network may have at most " + std::to_string(Program::kMaxDim) +
                         " inputs, " + std::to_string(Program::kMaxHidden) + " hidden layers and " +
                         std::to_string(Program::kMaxWidth) + " units each");
    }
    const Index dim = parts.dim;
    return std::make_shared<const Program>(dim, NetworkProgram{std::move(parts), true});
}

}  // namespace lx::executors
