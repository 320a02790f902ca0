// SPDX-License-Identifier: GPL-3.0-or-later
// A Markov kernel on the rows of an energy: pure init and step, the state outside.
#pragma once

#include "core/base/array.h"
#include "core/base/key.h"
#include "core/energies/energy.h"

#include <limits>

namespace lx {

using NamedArrays = std::map<std::string, std::vector<double>, std::less<>>;

/// Chains first .. last - 1.
struct ChainRange {
    Index first = 0, last = 0;
    Index size() const noexcept { return last - first; }
};

/// Everything a kernel keeps between two steps, in named arrays.
struct ChainState {
    Index chains = 0, dim = 0;
    Index offset = 0;    ///< chain 0 is chain `offset` of the run; random numbers depend on it
    NamedArrays arrays;  ///< [chains, ...]: position [chains, D], energy [chains], ...
    NamedArrays shared;  ///< of all chains: step_size [1], inverse_mass [D] or [D, D], ...

    /// Throws UsageError when the kernel keeps no such array.
    std::span<double> array(std::string_view name);
    std::span<const double> array(std::string_view name) const;
    /// Row of one chain in `name`.
    std::span<double> row(std::string_view name, Index chain);
    std::span<const double> positions() const { return array("position"); }  ///< [chains, D]
    double stepSize() const;
    void setStepSize(double);
    friend bool operator==(const ChainState&, const ChainState&) = default;
};

/// The chains of a range as a state of their own, which walk as they would in the whole.
ChainState sliced(const ChainState&, ChainRange);

/// The state as named arrays for a session file, and back to the same bits. Throws UsageError when
/// the arrays do not fit each other.
State capture(const ChainState&, std::string_view prefix);
ChainState restoreChains(const State&, std::string_view prefix);

/// What one step did to one chain.
struct StepInfo {
    double acceptProb = 1;
    double energy = 0;       ///< E at the new position, nats
    double energyError = 0;  ///< change of the Hamiltonian along the path, -log alpha; nats
    /// Potential and kinetic energy of the new point with the momentum it arrived with; NaN where
    /// there is no momentum.
    double hamiltonian = std::numeric_limits<double>::quiet_NaN();
    Index gradients = 0;    ///< evaluations of value and gradient
    Index evaluations = 0;  ///< evaluations of the value alone
    Index depth = 0;        ///< doublings of NUTS; 0 otherwise
    bool accepted = true;   ///< the chain took the proposal
    bool diverged = false;  ///< energy error above kDivergence or not a number
};

/// Stan's limit, nats.
inline constexpr double kDivergence = 1000;

/// Two points of a path that a leapfrog step of doubling `doubling` joins.
struct TreeEdge {
    Index from = 0, to = 0, doubling = 0;
    friend bool operator==(const TreeEdge&, const TreeEdge&) = default;
};

/// How one chain moved, for the mechanism on the stage. What a kernel does not have stays empty.
struct ChainTrace {
    Index chain = 0;
    std::vector<double> from, proposal;  ///< [D]; NUTS: the selected point
    bool accepted = false;
    std::vector<double> path;           ///< [n, D] in the order of computation, from the start
    std::vector<double> momenta;        ///< [n, D], of Hamiltonian kernels
    std::vector<TreeEdge> edges;        ///< of NUTS, into path
    std::vector<double> drift, noise;   ///< [D], of Langevin kernels: proposal - from is their sum
    std::vector<double> stepsOfPoints;  ///< [n] signed number of leapfrog steps from the start
};

/// Filled for the chains that were asked for, anew in every step.
struct StepTrace {
    std::vector<ChainTrace> chains;

    StepTrace() = default;
    explicit StepTrace(std::span<const Index> wanted);
    ChainTrace* of(Index chain);  ///< null: nobody asked
    void forget(ChainRange);
};

/// Immutable; any thread may call any member at the same time on states, or ranges of one state,
/// that do not overlap. A step depends on (key, chain, step) and the row of the chain alone, unless
/// the kernel is an ensemble.
class Kernel {
public:
    virtual ~Kernel() = default;

    /// positions [chains, D]. Throws UsageError when the sizes disagree or the kernel cannot work
    /// on this energy or number of chains.
    ChainState init(Key, const Energy&, std::span<const double> positions, Index offset = 0) const;
    /// Computes anew what is cached of positions: after a kick, or when the energy has changed.
    void refresh(const Energy&, ChainState&, ChainRange) const;
    /// Step number `step` of chains in `range`, which an ensemble wants whole. info [chains] may be
    /// empty.
    void step(Key, std::uint64_t step, const Energy&, ChainState&, ChainRange,
              std::span<StepInfo> info, StepTrace* = nullptr) const;
    void step(Key, std::uint64_t step, const Energy&, ChainState&, std::span<StepInfo> info,
              StepTrace* = nullptr) const;

    /// A chain's step reads the other chains.
    virtual bool ensemble() const { return false; }

protected:
    struct Call {
        Key key;
        std::uint64_t step = 0;
        const Energy& energy;
        Index offset = 0;
        StepTrace* trace = nullptr;
        ChainTrace* traceOf(Index chain) const {
            return trace != nullptr ? trace->of(chain) : nullptr;
        }
    };
    /// Adds the kernel's own arrays and checks what it needs; positions are in place.
    virtual void prepare(Key, const Energy&, ChainState&) const {}
    /// Energy and gradient at the positions.
    virtual void renew(const Energy&, ChainState&, ChainRange) const;
    /// info [range.size()] begins as StepInfo{}.
    virtual void advance(const Call&, ChainState&, ChainRange, std::span<StepInfo> info) const = 0;
    /// Chains that advance() gets at once; scratch then stays in the cache.
    virtual Index tile(Index dim) const;
};

}  // namespace lx
