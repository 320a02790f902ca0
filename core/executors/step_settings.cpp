// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/executors/step_numbers.h"
#include "core/samplers/draws.h"

#include <algorithm>
#include <cmath>

namespace lx::executors {
namespace {

double number(const ParamSet& params, std::string_view id, double otherwise) {
    const auto at = params.find(id);
    return at == params.end() ? otherwise : std::get<double>(at->second);
}

void requireNumber(bool fine, const char* what) {
    if (!fine) {
        throw UsageError(what);
    }
}

}  // namespace

std::optional<StepSettings> stepSettings(std::string_view sampler, const ParamSet& params) {
    StepSettings out;
    if (sampler == "ula") {
        out.method = Method::Ula;
    } else if (sampler == "mala") {
        out.method = Method::Mala;
    } else if (sampler == "hmc") {
        out.method = Method::Hmc;
    } else if (sampler == "underdamped") {
        out.method = Method::Underdamped;
    } else {
        return std::nullopt;
    }
    out.stepSize = number(params, "sampler.step_size", out.stepSize);
    out.jitter = number(params, "sampler.jitter", out.jitter);
    out.friction = number(params, "sampler.friction", out.friction);
    if (const auto at = params.find("sampler.leapfrog"); at != params.end()) {
        out.leapfrogs = std::get<Index>(at->second);
    }
    return out;
}

void requireEnergy(const Program& program, Method method) {
    if (!program.hasEnergy() && (method == Method::Mala || method == Method::Hmc)) {
        throw UsageError("a score network has no energy to accept by: choose ula or underdamped");
    }
}

void requireProgram(const ProgramPtr& program, Index dim) {
    if (!program) {
        throw UsageError(
            "this executor needs a mixture, a formula or a network: choose the reference executor "
            "for this energy");
    }
    if (program->dim() != dim) {
        throw UsageError("a program of dimension " + std::to_string(program->dim()) +
                         " cannot follow one of dimension " + std::to_string(dim));
    }
}

void requireChains(const ProgramPtr& program, std::size_t positions, Index offset) {
    requireProgram(program, program ? program->dim() : 0);
    const auto dim = static_cast<std::size_t>(program->dim());
    if (positions == 0 || positions % dim != 0) {
        throw UsageError(std::to_string(positions) + " start coordinates do not make chains in " +
                         std::to_string(dim) + " dimensions");
    }
    constexpr std::size_t kMost = std::size_t{1} << 31;
    if (positions / dim > kMost || offset < 0) {
        throw UsageError("at most 2^31 chains, numbered from 0, can be stepped");
    }
}

void requireRows(std::size_t count, Index chains, Index dim) {
    if (static_cast<Index>(count) != chains * dim) {
        throw UsageError(std::to_string(count) + " numbers do not fit " + std::to_string(chains) +
                         " chains with " + std::to_string(dim) + " each");
    }
}

StepNumbers stepNumbers(const StepSettings& s, const Program& program) {
    requireNumber(s.stepSize > 0 && std::isfinite(s.stepSize),
                  "a step size must be a positive number");
    requireNumber(s.leapfrogs >= 1 && s.leapfrogs <= 100'000,
                  "a path has 1 to 100000 leapfrog steps");
    requireNumber(s.jitter >= 0 && s.jitter < 1, "jitter lies in [0, 1)");
    requireNumber(s.friction >= 0 && std::isfinite(s.friction), "friction must not be negative");
    requireEnergy(program, s.method);
    const auto dim = static_cast<std::size_t>(program.dim());
    if (!s.inverseMass.empty() && s.inverseMass.size() != dim) {
        throw UsageError("an inverse mass of " + std::to_string(s.inverseMass.size()) +
                         " numbers does not fit dimension " + std::to_string(dim) +
                         ": this executor takes a diagonal");
    }
    StepNumbers out;
    out.stepSize = static_cast<float>(s.stepSize);
    out.jitter = static_cast<float>(s.jitter);
    const double decay = std::exp(-s.friction * s.stepSize);
    const bool underdamped = s.method == Method::Underdamped;
    out.decay = static_cast<float>(decay);
    out.noise =
        static_cast<float>(underdamped ? std::sqrt(1 - decay * decay) : std::sqrt(s.stepSize));
    for (std::size_t k = 0; k < dim; ++k) {
        const double v = s.inverseMass.empty() ? 1 : s.inverseMass[k];
        requireNumber(v > 0 && std::isfinite(v), "a diagonal inverse mass must be positive");
        out.inverseMass.push_back(static_cast<float>(v));
        out.momentumSd.push_back(static_cast<float>(1 / std::sqrt(v)));
    }
    return out;
}

std::vector<float> startMomenta(Key key, Index offset, Index chains, Index dim) {
    std::vector<double> xi(static_cast<std::size_t>(dim));
    std::vector<float> p(static_cast<std::size_t>(chains * dim));
    for (Index c = 0; c < chains; ++c) {
        StepDraws draws(derive(key, "momentum"), offset + c, 0);
        draws.normals(xi);
        std::ranges::copy(xi, p.begin() + c * dim);
    }
    return p;
}

}  // namespace lx::executors
