// SPDX-License-Identifier: GPL-3.0-or-later
// Draws of running chains: one thread appends, any thread looks at an immutable view.
#pragma once

#include "core/base/array.h"
#include "core/diagnostics/scalar.h"

#include <mutex>
#include <optional>
#include <string>

namespace lx {

/// What a store holds; fixed for its life.
struct ChainLayout {
    Index chains = 0;
    std::vector<std::string> names;  ///< of the quantities, [dim]
    /// The last so many quantities are functions of the others (a prediction, a decoded mean): they
    /// are diagnosed, but are no coordinates of the target.
    Index derived = 0;
    /// What the sampler reports for each draw, by Stan's names: lp__ (log density), energy__ (of
    /// the Hamiltonian), accept_stat__, stepsize__, treedepth__, n_leapfrog__, divergent__.
    std::vector<std::string> scalars;
    DType dtype = DType::F32;  ///< F32 or F64, of the draws and of the scalars
    std::string kernel;        ///< "mala", "nuts", ...; empty: unknown
    Index maxDepth = 10;       ///< of the tree of NUTS
    std::optional<double>
        acceptance;         ///< that the step size is tuned for; else what the kernel wants
    Index superchains = 0;  ///< groups of consecutive chains with a common start; 0: none
    std::string title;      ///< for legends

    Index dim() const noexcept { return std::ssize(names); }
    Index coordinates() const noexcept { return dim() - derived; }
    /// Position among `scalars`.
    std::optional<std::size_t> scalar(std::string_view name) const noexcept;
};

/// One scalar over all chains since warm-up, those included that are not kept.
struct ScalarTotal {
    Index count = 0;
    double sum = 0;
    /// Values from 0.5 (divergent__) or from the largest depth (treedepth__).
    Index hits = 0;
};

namespace detail {
struct ChainChunk;
struct ChainRows;
struct ChainMomentSums;
}  // namespace detail

/// What a store held at one moment: a value that never changes, copied in constant time.
class ChainView {
public:
    ChainView() = default;
    bool empty() const noexcept { return rows() == 0; }
    const ChainLayout& layout() const { return *m_layout; }
    /// Changes when a source starts over (reset, replaced file): views do not belong together then.
    std::uint64_t generation() const noexcept { return m_generation; }

    Index rows() const noexcept { return m_rows; }      ///< stored draws a chain, with warm-up
    Index warmup() const noexcept { return m_warmup; }  ///< of them
    Index draws() const noexcept { return m_rows - m_warmup; }
    Index seen() const noexcept { return m_seen; }      ///< draws that were made, with warm-up
    Index stride() const noexcept { return m_stride; }  ///< draws from one stored row to the next
    /// Numbers of the chains whose draws are stored, ascending; all of them below the memory cap.
    std::span<const Index> kept() const noexcept;
    /// A sentence when not everything is stored; empty otherwise.
    std::string note() const;
    std::span<const ScalarTotal> totals() const noexcept { return m_totals; }

    /// Rows from, from + step, ... (`count` of them) of quantity `q` for the chain at `slot` of
    /// kept(), written to `out` [count]. Throws UsageError outside the view.
    void copy(Index q, Index slot, Index from, Index step, std::span<double> out) const;
    void copyScalar(std::size_t s, Index slot, Index from, Index step, std::span<double> out) const;
    /// The last `count` rows at most of all kept chains, [rows, kept, dim] in the dtype.
    Array lastRows(Index count) const;
    double at(Index row, Index slot, Index q) const;

private:
    friend class ChainStore;
    std::shared_ptr<const ChainLayout> m_layout;
    std::shared_ptr<const detail::ChainRows> m_sealed;  ///< whole chunks
    std::shared_ptr<const detail::ChainChunk> m_tail;
    std::vector<ScalarTotal> m_totals;
    std::uint64_t m_generation = 0;
    Index m_rows = 0, m_warmup = 0, m_seen = 0, m_stride = 1;
};

struct ChainStoreOptions {
    std::size_t bytes = std::size_t{512} << 20;  ///< memory of the draws
    Index keep = 64;                             ///< chains that stay when the memory is full
    std::uint64_t generation = 0;
};

/// Append-only. While all draws fit, all are stored. When the memory is full, the draws of `keep`
/// chains stay (evenly spaced among all) with moments of every chain; when these fill it again,
/// every second row goes and the stride doubles. Which of this holds, the view says.
/// append() and markWarmup() belong to one thread; view() and moments() may be called from any.
class ChainStore {
public:
    /// Throws UsageError for a layout without chains or quantities, or of another dtype.
    explicit ChainStore(ChainLayout, ChainStoreOptions = {});
    ~ChainStore();

    /// `values` [draws, chains, dim]; scalars[s] [draws, chains], in the order of the layout.
    /// Throws UsageError when the sizes do not fit.
    template <class T>
    void append(std::span<const T> values, std::span<const std::span<const T>> scalars = {},
                Index draws = 1);
    /// All draws so far were warm-up. May be called once more when adaptation starts again.
    void markWarmup();

    ChainView view() const;
    const ChainLayout& layout() const noexcept { return *m_layout; }
    /// Of every chain since warm-up; null with at most `keep` chains (then all draws are stored)
    /// or when they would take more than half the memory. Cost: one pass over all chains.
    std::optional<std::vector<diagnostics::ChainMoments>> moments(Index q) const;

    /// All that is stored, as arrays that share the whole chunks. The producer's thread.
    State capture(std::string_view prefix) const;
    /// A store as captured. Throws UsageError when the arrays do not fit the layout.
    static std::shared_ptr<ChainStore> restored(ChainLayout, ChainStoreOptions, const State&,
                                                std::string_view prefix);

private:
    struct Moments;
    detail::ChainMomentSums* moments() const;
    template <class T>
    void appendOne(const T* values, std::span<const std::span<const T>> scalars, Index draw);
    void rebuild(std::vector<Index> kept, Index every);
    void openTail();
    std::size_t bytesOfRow(Index kept) const noexcept;

    std::shared_ptr<const ChainLayout> m_layout;
    ChainStoreOptions m_options;
    std::vector<ScalarTotal> m_totals;
    Index m_rows = 0, m_warmup = 0, m_seen = 0, m_stride = 1;
    std::shared_ptr<const detail::ChainRows> m_sealed;
    std::shared_ptr<detail::ChainChunk> m_tail;
    std::unique_ptr<Moments> m_moments;
    mutable std::mutex m_mutex;  ///< guards what view() copies

    void publish(Index rows, std::span<const ScalarTotal> added, Index seen);
};

}  // namespace lx
