// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/chains/chain_source.h"

#include "core/io/chain_file.h"

#include <algorithm>

namespace lx {

ChainStore& EngineChains::restart(ChainLayout layout) {
    return take(std::make_shared<ChainStore>(
        std::move(layout), ChainStoreOptions{.bytes = m_bytes, .generation = m_generation + 1}));
}

ChainStore& EngineChains::restart(ChainLayout layout, const State& state, std::string_view prefix) {
    return take(ChainStore::restored(
        std::move(layout), {.bytes = m_bytes, .generation = m_generation + 1}, state, prefix));
}

ChainStore& EngineChains::take(std::shared_ptr<ChainStore> store) {
    const std::scoped_lock lock(m_mutex);
    m_store = std::move(store);
    ++m_generation;
    m_finished = false;
    return *m_store;
}

std::shared_ptr<ChainStore> EngineChains::store() const {
    const std::scoped_lock lock(m_mutex);
    return m_store;
}

ChainView EngineChains::view() const {
    const auto now = store();
    return now ? now->view() : ChainView();
}

std::optional<std::vector<diagnostics::ChainMoments>> EngineChains::moments(Index q) const {
    const auto now = store();
    return now ? now->moments(q) : std::nullopt;
}

bool repeatsScalar(std::span<const std::string> quantities, std::span<const std::string> scalars,
                   std::size_t q) {
    return quantities.size() > 1 && std::ranges::find(scalars, quantities[q]) != scalars.end();
}

std::shared_ptr<ChainStore> storeOf(const ChainFile& file, std::uint64_t generation) {
    ChainLayout layout;
    layout.chains = file.chains;
    layout.scalars = file.internalNames;
    std::vector<std::size_t> quantities;
    for (std::size_t q = 0; q < file.names.size(); ++q) {
        if (!repeatsScalar(file.names, file.internalNames, q)) {
            quantities.push_back(q);
            layout.names.push_back(file.names[q]);
        }
    }
    layout.dtype = DType::F64;
    layout.maxDepth = file.maxDepth.value_or(10);
    const auto chains = static_cast<std::size_t>(file.chains);
    const auto draws = static_cast<std::size_t>(file.draws);
    const std::size_t dim = quantities.size(), scalars = file.internalNames.size();
    auto store = std::make_shared<ChainStore>(std::move(layout),
                                              ChainStoreOptions{.generation = generation});
    const auto from = file.values.values<double>();
    const auto internals =
        scalars > 0 ? file.internals.values<double>() : std::span<const double>();
    std::vector<double> row(chains * dim), cells(scalars * chains);
    std::vector<std::span<const double>> columns;
    for (std::size_t s = 0; s < scalars; ++s) {
        columns.push_back(std::span(cells).subspan(s * chains, chains));
    }
    for (std::size_t n = 0; n < draws; ++n) {
        for (std::size_t m = 0; m < chains; ++m) {
            for (std::size_t d = 0; d < dim; ++d) {
                row[m * dim + d] = from[(quantities[d] * chains + m) * draws + n];
            }
            for (std::size_t s = 0; s < scalars; ++s) {
                cells[s * chains + m] = internals[(s * chains + m) * draws + n];
            }
        }
        store->append<double>(row, columns);
    }
    return store;
}

FileChains::FileChains(const ChainFile& file) : m_view(storeOf(file)->view()) {
    for (const std::string& note : file.notes) {
        m_message += (m_message.empty() ? "" : " ") + note;
    }
    if (const std::string note = m_view.note(); !note.empty()) {
        m_message += (m_message.empty() ? "" : " ") + note;
    }
}

}  // namespace lx
