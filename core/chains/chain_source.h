// SPDX-License-Identifier: GPL-3.0-or-later
// Where chains come from: the engine, a file, or a file that grows. Views and diagnostics ask a
// source and do not care.
#pragma once

#include "core/chains/chain_store.h"

#include <atomic>

namespace lx {

struct ChainFile;

/// All members may be called from any thread, and none of them waits for the producer's work.
class ChainSource {
public:
    virtual ~ChainSource() = default;
    /// Of now; empty before the first draw. A new generation() means that the source started over.
    virtual ChainView view() const = 0;
    /// No further draw will come.
    virtual bool finished() const = 0;
    /// The last thing that a person should know, as a sentence: a replaced file, a missing column.
    /// Empty when there is nothing.
    virtual std::string message() const { return {}; }
    /// As ChainStore::moments.
    virtual std::optional<std::vector<diagnostics::ChainMoments>> moments(Index) const {
        return std::nullopt;
    }
};

/// Chains that a running sampler appends. The engine keeps it, and replaces the store when it
/// starts over.
class EngineChains final : public ChainSource {
public:
    explicit EngineChains(std::size_t bytes = ChainStoreOptions{}.bytes) : m_bytes(bytes) {}

    /// Starts over with an empty store of the next generation; engine thread.
    ChainStore& restart(ChainLayout);
    /// The same with the draws of ChainStore::capture. Throws UsageError; then nothing has changed.
    ChainStore& restart(ChainLayout, const State&, std::string_view prefix);
    void finish() noexcept { m_finished = true; }

    ChainView view() const override;
    bool finished() const override { return m_finished; }
    std::string message() const override { return view().note(); }
    std::optional<std::vector<diagnostics::ChainMoments>> moments(Index) const override;

private:
    std::shared_ptr<ChainStore> store() const;
    ChainStore& take(std::shared_ptr<ChainStore>);

    std::size_t m_bytes;
    mutable std::mutex m_mutex;
    std::shared_ptr<ChainStore> m_store;
    std::uint64_t m_generation = 0;
    std::atomic<bool> m_finished = false;
};

/// Chains that were read whole.
class FileChains final : public ChainSource {
public:
    explicit FileChains(const ChainFile&);
    ChainView view() const override { return m_view; }
    bool finished() const override { return true; }
    std::string message() const override { return m_message; }

private:
    ChainView m_view;
    std::string m_message;
};

/// Whether quantity `q` of a file is among its scalars too, as lp__ is: a store keeps it there, and
/// variables that someone chose come first. One that stands alone remains a quantity.
bool repeatsScalar(std::span<const std::string> quantities, std::span<const std::string> scalars,
                   std::size_t q);
/// A float64 store of the chains of a file; internals become scalars.
std::shared_ptr<ChainStore> storeOf(const ChainFile&, std::uint64_t generation = 0);

}  // namespace lx
