// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/key.h"
#include "core/base/params.h"
#include "core/executors/program.h"

#include <optional>
#include <stop_token>

namespace lx::executors {

enum class Method : std::uint8_t { Ula, Mala, Hmc, Underdamped };

/// The numbers of the kernels of the same name in core/samplers.
struct StepSettings {
    Method method = Method::Ula;
    double stepSize = 0.1;            ///< eta of Langevin kernels, epsilon of the others
    Index leapfrogs = 10;             ///< of Hmc
    double jitter = 0;                ///< of Hmc: epsilon varies by this share from path to path
    double friction = 1;              ///< of Underdamped, per unit of time
    std::vector<double> inverseMass;  ///< [dim], of Hmc; empty: 1
};

/// From a sampler's id and resolved parameters; null where no executor has that kernel.
std::optional<StepSettings> stepSettings(std::string_view sampler, const ParamSet&);

/// What happened to each chain since the counts were last reset.
struct ChainCounts {
    std::uint64_t steps = 0;
    std::vector<std::uint32_t> accepted, diverged;  ///< [chains]
    std::vector<float> acceptance;                  ///< [chains], sums of min(1, alpha)
};

/// Chains that walk a Program: the paths of core/samplers for the same key, up to rounding. One
/// thread at a time.
class ChainExecutor {
public:
    virtual ~ChainExecutor() = default;
    /// What runs it, for people: "fused, avx512, 2 threads".
    virtual std::string name() const = 0;
    virtual Index chains() const = 0;
    virtual Index dim() const = 0;

    /// From the next step on. Throws UsageError when the program has no energy for this method, or
    /// the numbers are out of range.
    virtual void configure(const StepSettings&) = 0;
    /// The same network with new weights, or another energy of the same dimension.
    virtual void setProgram(ProgramPtr) = 0;
    /// x [chains, dim].
    virtual void setPositions(std::span<const float> x) = 0;
    /// p [chains, dim]; begins as standard normals of the key's stream "momentum".
    virtual void setMomenta(std::span<const float> p) = 0;
    /// Number of the next step; begins at 0.
    virtual std::uint64_t step() const = 0;
    virtual void setStep(std::uint64_t) = 0;

    /// Steps all chains; returns how many steps were done, fewer when a stop was requested.
    virtual Index advance(Index steps, std::stop_token = {}) = 0;

    virtual void positions(std::span<float> x) = 0;  ///< [chains, dim]
    virtual void momenta(std::span<float> p) = 0;    ///< [chains, dim]
    /// [chains], nats. Throws UsageError when the program has no energy.
    virtual void energies(std::span<float> e) = 0;
    virtual ChainCounts counts() = 0;
    virtual void resetCounts() = 0;
};

}  // namespace lx::executors
