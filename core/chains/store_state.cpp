// SPDX-License-Identifier: GPL-3.0-or-later
// A store as named arrays: what sessions save, and what going back in time brings back.
#include "core/chains/chain_chunk.h"
#include "core/chains/chain_store.h"

#include <algorithm>
#include <functional>

namespace lx {
namespace {

[[noreturn]] void damaged(const std::string& what) {
    throw UsageError("the saved draws do not fit this run: " + what);
}

/// Arrays under one prefix, each checked for type and number of values.
class Saved {
public:
    Saved(const State& state, std::string_view prefix) : m_state(state), m_prefix(prefix) {}

    const Array& array(const std::string& name, DType dtype, std::size_t count) const {
        const auto found = m_state.find(m_prefix + name);
        if (found == m_state.end()) {
            damaged("there is no \"" + name + "\"");
        }
        if (found->second.dtype() != dtype || found->second.count() != static_cast<Index>(count)) {
            damaged("\"" + name + "\" has another type or size");
        }
        return found->second;
    }
    std::size_t countOf(const std::string& name) const {
        const auto found = m_state.find(m_prefix + name);
        return found == m_state.end() ? 0 : static_cast<std::size_t>(found->second.count());
    }

private:
    const State& m_state;
    std::string m_prefix;
};

/// The storage of an array that nobody writes. A chunk that is read only takes it as it is.
std::shared_ptr<std::byte[]> storageOf(const Array& array) {
    const auto owner = std::make_shared<const Array>(array);
    auto* bytes = const_cast<std::byte*>(array.bytes().data());
    return {std::shared_ptr<const void>(owner), bytes};
}

std::string chunkName(Index i) {
    return "chunk." + std::to_string(i) + ".";
}

}  // namespace

State ChainStore::capture(std::string_view prefix) const {
    const std::string at(prefix);
    const Index dim = m_layout->dim(), scalars = std::ssize(m_layout->scalars);
    const Index kept = std::ssize(m_sealed->kept), per = m_sealed->rowsPerChunk;
    const Index sealed = std::ssize(m_sealed->chunks), open = m_rows - sealed * per;
    const DType dtype = m_layout->dtype;
    State out;
    out[at + "place"] =
        Array({6}, std::vector<Index>{m_rows, m_warmup, m_seen, m_stride, per, sealed});
    out[at + "kept"] = Array({kept}, m_sealed->kept);
    for (Index i = 0; i < sealed; ++i) {
        const auto& chunk = m_sealed->chunks[static_cast<std::size_t>(i)];
        out[at + chunkName(i) + "values"] = Array(dtype, {per, kept, dim}, chunk->values);
        out[at + chunkName(i) + "scalars"] = Array(dtype, {per, scalars, kept}, chunk->scalars);
    }
    const auto head = [&](const std::shared_ptr<std::byte[]>& bytes, Index width) {
        return std::span<const std::byte>(
            bytes.get(), static_cast<std::size_t>(open * kept * width) * sizeOf(dtype));
    };
    out[at + "tail.values"] = Array(dtype, {open, kept, dim}, head(m_tail->values, dim));
    out[at + "tail.scalars"] = Array(dtype, {open, scalars, kept}, head(m_tail->scalars, scalars));
    std::vector<double> totals;
    for (const ScalarTotal& total : m_totals) {
        totals.insert(totals.end(), {static_cast<double>(total.count), total.sum,
                                     static_cast<double>(total.hits)});
    }
    out[at + "totals"] = Array({scalars, 3}, totals);
    if (const auto* sums = moments()) {
        const auto cells = static_cast<Index>(sums->shift.size());
        out[at + "moments.count"] = Array({1}, std::vector<Index>{sums->count});
        out[at + "moments.shift"] = Array({cells}, sums->shift);
        out[at + "moments.first"] = Array({cells}, sums->first);
        out[at + "moments.second"] = Array({cells}, sums->second);
    }
    return out;
}

std::shared_ptr<ChainStore> ChainStore::restored(ChainLayout layout, ChainStoreOptions options,
                                                 const State& state, std::string_view prefix) {
    auto out = std::make_shared<ChainStore>(std::move(layout), options);
    const Saved saved(state, prefix);
    const ChainLayout& has = out->layout();
    const auto dim = static_cast<std::size_t>(has.dim()), scalars = has.scalars.size();
    const std::size_t size = sizeOf(has.dtype);

    const auto place = saved.array("place", DType::I64, 6).values<Index>();
    const Index rows = place[0], warmup = place[1], seen = place[2], stride = place[3];
    const Index per = place[4], sealed = place[5];
    auto next = std::make_shared<detail::ChainRows>();
    const auto kept = saved.countOf("kept");
    const auto numbers = saved.array("kept", DType::I64, kept).values<Index>();
    next->kept.assign(numbers.begin(), numbers.end());
    const bool ascending =
        !next->kept.empty() && next->kept.front() >= 0 && next->kept.back() < has.chains &&
        std::ranges::adjacent_find(next->kept, std::greater_equal<>()) == next->kept.end();
    constexpr Index kMostRows = Index{1} << 40;
    if (!ascending || rows < 0 || rows > kMostRows || warmup < 0 || warmup > rows || seen < rows ||
        stride < 1 || per < 1 || per > (Index{1} << 20) || sealed < 0 || sealed > rows / per ||
        rows - sealed * per >= per) {
        damaged("its numbers contradict each other");
    }
    next->rowsPerChunk = per;
    const auto block = static_cast<std::size_t>(per) * kept;
    for (Index i = 0; i < sealed; ++i) {
        auto chunk = std::make_shared<detail::ChainChunk>();
        chunk->values = storageOf(saved.array(chunkName(i) + "values", has.dtype, block * dim));
        chunk->scalars =
            storageOf(saved.array(chunkName(i) + "scalars", has.dtype, block * scalars));
        next->chunks.push_back(std::move(chunk));
    }
    const auto open = static_cast<std::size_t>(rows - sealed * per) * kept;
    const auto values = saved.array("tail.values", has.dtype, open * dim).bytes();
    const auto others = saved.array("tail.scalars", has.dtype, open * scalars).bytes();
    const auto totals = saved.array("totals", DType::F64, 3 * scalars).values<double>();
    if (auto* sums = out->moments()) {
        const std::size_t cells = sums->shift.size();
        const auto copy = [&](const char* name, std::vector<double>& to) {
            const auto from = saved.array(name, DType::F64, cells).values<double>();
            to.assign(from.begin(), from.end());
        };
        sums->count = saved.array("moments.count", DType::I64, 1).values<Index>()[0];
        copy("moments.shift", sums->shift);
        copy("moments.first", sums->first);
        copy("moments.second", sums->second);
    }

    out->m_sealed = std::move(next);
    out->m_tail = std::make_shared<detail::ChainChunk>(block * dim * size, block * scalars * size);
    std::ranges::copy(values, out->m_tail->values.get());
    std::ranges::copy(others, out->m_tail->scalars.get());
    for (std::size_t s = 0; s < scalars; ++s) {
        out->m_totals[s] = {static_cast<Index>(totals[3 * s]), totals[3 * s + 1],
                            static_cast<Index>(totals[3 * s + 2])};
    }
    out->m_rows = rows;
    out->m_warmup = warmup;
    out->m_seen = seen;
    out->m_stride = stride;
    return out;
}

}  // namespace lx
