// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/chains/chain_store.h"

#include "core/chains/chain_chunk.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace lx {
namespace {

constexpr std::size_t kChunkBytes = std::size_t{256} << 10;

std::vector<Index> all(Index chains) {
    std::vector<Index> out(static_cast<std::size_t>(chains));
    for (std::size_t m = 0; m < out.size(); ++m) {
        out[m] = static_cast<Index>(m);
    }
    return out;
}

std::vector<Index> evenly(Index chains, Index keep) {
    std::vector<Index> out;
    for (Index i = 0; i < std::min(chains, keep); ++i) {
        out.push_back(chains <= keep ? i : i * chains / keep);
    }
    return out;
}

double load(const std::byte* bytes, DType dtype, std::size_t at) noexcept {
    if (dtype == DType::F32) {
        float value = 0;
        std::memcpy(&value, bytes + at * sizeof value, sizeof value);
        return value;
    }
    double value = 0;
    std::memcpy(&value, bytes + at * sizeof value, sizeof value);
    return value;
}

/// In eight partial sums, which the compiler keeps in one register.
template <class T>
double sumOf(std::span<const T> values) noexcept {
    double lanes[8] = {};
    std::size_t i = 0;
    for (; i + 8 <= values.size(); i += 8) {
        for (std::size_t k = 0; k < 8; ++k) {
            lanes[k] += static_cast<double>(values[i + k]);
        }
    }
    double sum = 0;
    for (; i < values.size(); ++i) {
        sum += static_cast<double>(values[i]);
    }
    for (const double lane : lanes) {
        sum += lane;
    }
    return sum;
}

template <class T>
void put(std::byte* bytes, DType dtype, std::size_t at, T given) noexcept {
    if (dtype == DType::F32) {
        const auto value = static_cast<float>(given);
        std::memcpy(bytes + at * sizeof value, &value, sizeof value);
    } else {
        const auto value = static_cast<double>(given);
        std::memcpy(bytes + at * sizeof value, &value, sizeof value);
    }
}

}  // namespace

std::optional<std::size_t> ChainLayout::scalar(std::string_view name) const noexcept {
    const auto at = std::ranges::find(scalars, name);
    return at == scalars.end() ? std::nullopt
                               : std::optional(static_cast<std::size_t>(at - scalars.begin()));
}

struct ChainStore::Moments : detail::ChainMomentSums {
    using ChainMomentSums::ChainMomentSums;
    template <class T>
    void add(const T* values) {
        const std::scoped_lock lock(mutex);
        if (count++ == 0) {
            std::copy_n(values, shift.size(), shift.begin());
            std::ranges::fill(first, 0.0);
            std::ranges::fill(second, 0.0);
            return;
        }
        for (std::size_t i = 0; i < shift.size(); ++i) {
            const double step = static_cast<double>(values[i]) - shift[i];
            first[i] += step;
            second[i] += step * step;
        }
    }
};

ChainStore::ChainStore(ChainLayout layout, ChainStoreOptions options) : m_options(options) {
    if (layout.chains < 1 || layout.names.empty()) {
        throw UsageError("a chain store needs at least one chain and one quantity");
    }
    if (layout.dtype != DType::F32 && layout.dtype != DType::F64) {
        throw UsageError("chains are kept as float32 or float64, not as " +
                         std::string(nameOf(layout.dtype)));
    }
    m_options.keep = std::max<Index>(m_options.keep, 1);
    m_totals.resize(layout.scalars.size());
    const Index chains = layout.chains, dim = layout.dim();
    m_layout = std::make_shared<const ChainLayout>(std::move(layout));
    const auto cells = static_cast<std::size_t>(elementCount(std::vector<Index>{chains, dim}));
    if (chains > m_options.keep && cells * 3 * sizeof(double) <= m_options.bytes / 2) {
        m_moments = std::make_unique<Moments>(cells);
    }
    // Where not even 128 draws of all chains fit, the kept ones are chosen at once: their history
    // is then whole.
    const bool fits = bytesOfRow(chains) <= m_options.bytes / 128;
    rebuild(fits ? all(chains) : evenly(chains, m_options.keep), 1);
}

ChainStore::~ChainStore() = default;

detail::ChainMomentSums* ChainStore::moments() const {
    return m_moments.get();
}

std::size_t ChainStore::bytesOfRow(Index kept) const noexcept {
    return static_cast<std::size_t>(kept) * (m_layout->names.size() + m_layout->scalars.size()) *
           sizeOf(m_layout->dtype);
}

void ChainStore::openTail() {
    const auto rows = static_cast<std::size_t>(m_sealed->rowsPerChunk) * m_sealed->kept.size() *
                      sizeOf(m_layout->dtype);
    m_tail = std::make_shared<detail::ChainChunk>(rows * m_layout->names.size(),
                                                  rows * m_layout->scalars.size());
}

/// Copies every `every`-th row of the chains `kept` into chunks of a fitting size.
void ChainStore::rebuild(std::vector<Index> kept, Index every) {
    const ChainView old = view();
    auto next = std::make_shared<detail::ChainRows>();
    const std::size_t row = std::max<std::size_t>(bytesOfRow(std::ssize(kept)), 1);
    next->rowsPerChunk = static_cast<Index>(std::clamp<std::size_t>(kChunkBytes / row, 1, 8192));
    next->kept = std::move(kept);
    std::vector<std::size_t> slots;
    if (old.m_sealed) {
        for (const Index m : next->kept) {
            const auto at = std::ranges::lower_bound(old.kept(), m);
            slots.push_back(static_cast<std::size_t>(at - old.kept().begin()));
        }
    }
    const DType dtype = m_layout->dtype;
    const std::size_t size = sizeOf(dtype), count = next->kept.size();
    const std::size_t dim = m_layout->names.size(), scalars = m_layout->scalars.size();
    const std::size_t before = old.m_sealed ? old.m_sealed->kept.size() : 0;
    std::shared_ptr<detail::ChainChunk> tail;
    const auto open = [&] {
        const auto cells = static_cast<std::size_t>(next->rowsPerChunk) * count * size;
        tail = std::make_shared<detail::ChainChunk>(cells * dim, cells * scalars);
    };
    open();
    Index rows = 0;
    for (Index r = 0; r < old.m_rows; r += every, ++rows) {
        if (rows > 0 && rows % next->rowsPerChunk == 0) {
            next->chunks.push_back(std::move(tail));
            open();
        }
        const Index chunk = r / old.m_sealed->rowsPerChunk;
        const auto& from = chunk < std::ssize(old.m_sealed->chunks)
                               ? *old.m_sealed->chunks[static_cast<std::size_t>(chunk)]
                               : *old.m_tail;
        const auto source = static_cast<std::size_t>(r % old.m_sealed->rowsPerChunk);
        const auto target = static_cast<std::size_t>(rows % next->rowsPerChunk);
        for (std::size_t i = 0; i < count; ++i) {
            std::memcpy(tail->values.get() + (target * count + i) * dim * size,
                        from.values.get() + (source * before + slots[i]) * dim * size, dim * size);
            for (std::size_t s = 0; s < scalars; ++s) {
                std::memcpy(
                    tail->scalars.get() + ((target * scalars + s) * count + i) * size,
                    from.scalars.get() + ((source * scalars + s) * before + slots[i]) * size, size);
            }
        }
    }
    if (rows > 0 && rows % next->rowsPerChunk == 0) {
        next->chunks.push_back(std::move(tail));
        open();
    }
    const std::scoped_lock lock(m_mutex);
    m_sealed = std::move(next);
    m_tail = std::move(tail);
    m_rows = rows;
    m_warmup = (m_warmup + every - 1) / every;
    m_stride *= every;
}

template <class T>
void ChainStore::appendOne(const T* values, std::span<const std::span<const T>> scalars,
                           Index draw) {
    const Index chains = m_layout->chains;
    if (m_moments) {
        m_moments->add(values);
    }
    const auto divergent = m_layout->scalar("divergent__");
    const auto depth = m_layout->scalar("treedepth__");
    std::vector<ScalarTotal> added(scalars.size());
    for (std::size_t s = 0; s < scalars.size(); ++s) {
        const double limit = divergent == s ? 0.5
                             : depth == s   ? static_cast<double>(m_layout->maxDepth)
                                            : std::numeric_limits<double>::infinity();
        const auto row = scalars[s].subspan(static_cast<std::size_t>(draw * chains),
                                            static_cast<std::size_t>(chains));
        added[s].count = chains;
        added[s].sum = sumOf(row);
        if (limit < std::numeric_limits<double>::infinity()) {
            added[s].hits = std::ranges::count_if(
                row, [limit](T x) { return static_cast<double>(x) >= limit; });
        }
    }
    if (m_seen % m_stride != 0) {
        publish(m_rows, added, m_seen + 1);
        return;
    }
    const std::size_t room = std::max<std::size_t>(
        m_options.bytes / std::max<std::size_t>(bytesOfRow(std::ssize(m_sealed->kept)), 1), 16);
    if (static_cast<std::size_t>(m_rows) >= room) {
        const bool whole = std::ssize(m_sealed->kept) > m_options.keep;
        rebuild(whole ? evenly(chains, m_options.keep) : m_sealed->kept, whole ? 1 : 2);
        if (m_seen % m_stride != 0) {
            publish(m_rows, added, m_seen + 1);
            return;
        }
    }
    const std::size_t count = m_sealed->kept.size(), dim = m_layout->names.size();
    const auto row = static_cast<std::size_t>(m_rows % m_sealed->rowsPerChunk);
    const DType dtype = m_layout->dtype;
    for (std::size_t i = 0; i < count; ++i) {
        const auto chain = static_cast<std::size_t>(m_sealed->kept[i]);
        for (std::size_t d = 0; d < dim; ++d) {
            put(m_tail->values.get(), dtype, (row * count + i) * dim + d, values[chain * dim + d]);
        }
        for (std::size_t s = 0; s < scalars.size(); ++s) {
            put(m_tail->scalars.get(), dtype, (row * scalars.size() + s) * count + i,
                scalars[s][static_cast<std::size_t>(draw * chains) + chain]);
        }
    }
    publish(m_rows + 1, added, m_seen + 1);
}

void ChainStore::publish(Index rows, std::span<const ScalarTotal> added, Index seen) {
    const bool full = rows > m_rows && rows % m_sealed->rowsPerChunk == 0;
    std::shared_ptr<detail::ChainRows> next;
    if (full) {
        next = std::make_shared<detail::ChainRows>(*m_sealed);
        next->chunks.push_back(m_tail);
    }
    const std::scoped_lock lock(m_mutex);
    m_rows = rows;
    m_seen = seen;
    for (std::size_t s = 0; s < added.size(); ++s) {
        m_totals[s].count += added[s].count;
        m_totals[s].sum += added[s].sum;
        m_totals[s].hits += added[s].hits;
    }
    if (full) {
        m_sealed = std::move(next);
        openTail();
    }
}

template <class T>
void ChainStore::append(std::span<const T> values, std::span<const std::span<const T>> scalars,
                        Index draws) {
    const auto cells = static_cast<std::size_t>(m_layout->chains) * m_layout->names.size();
    const bool fits = draws >= 0 && values.size() == cells * static_cast<std::size_t>(draws) &&
                      scalars.size() == m_layout->scalars.size() &&
                      std::ranges::all_of(scalars, [&](auto s) {
                          return s.size() == static_cast<std::size_t>(m_layout->chains * draws);
                      });
    if (!fits) {
        throw UsageError("a block of " + std::to_string(draws) + " draws does not fit " +
                         std::to_string(m_layout->chains) + " chains of " +
                         std::to_string(m_layout->names.size()) + " quantities and " +
                         std::to_string(m_layout->scalars.size()) + " scalars");
    }
    for (Index n = 0; n < draws; ++n) {
        appendOne(values.data() + static_cast<std::size_t>(n) * cells, scalars, n);
    }
}

template void ChainStore::append<float>(std::span<const float>,
                                        std::span<const std::span<const float>>, Index);
template void ChainStore::append<double>(std::span<const double>,
                                         std::span<const std::span<const double>>, Index);

void ChainStore::markWarmup() {
    if (m_moments) {
        const std::scoped_lock lock(m_moments->mutex);
        m_moments->count = 0;
    }
    const std::scoped_lock lock(m_mutex);
    m_warmup = m_rows;
    m_totals.assign(m_totals.size(), {});
}

ChainView ChainStore::view() const {
    const std::scoped_lock lock(m_mutex);
    ChainView out;
    out.m_layout = m_layout;
    out.m_sealed = m_sealed;
    out.m_tail = m_tail;
    out.m_totals = m_totals;
    out.m_generation = m_options.generation;
    out.m_rows = m_rows;
    out.m_warmup = m_warmup;
    out.m_seen = m_seen;
    out.m_stride = m_stride;
    return out;
}

std::optional<std::vector<diagnostics::ChainMoments>> ChainStore::moments(Index q) const {
    if (!m_moments || q < 0 || q >= m_layout->dim()) {
        return std::nullopt;
    }
    const std::scoped_lock lock(m_moments->mutex);
    if (m_moments->count == 0) {
        return std::nullopt;
    }
    std::vector<diagnostics::ChainMoments> out(static_cast<std::size_t>(m_layout->chains));
    const double count = static_cast<double>(m_moments->count);
    auto cell = static_cast<std::size_t>(q);
    for (auto& chain : out) {
        const double mean = m_moments->first[cell] / count;
        chain.mean = m_moments->shift[cell] + mean;
        chain.variance =
            std::max(0.0, m_moments->second[cell] - count * mean * mean) / std::max(count - 1, 1.0);
        cell += m_layout->names.size();
    }
    return out;
}

std::span<const Index> ChainView::kept() const noexcept {
    return m_sealed ? std::span<const Index>(m_sealed->kept) : std::span<const Index>();
}

std::string ChainView::note() const {
    if (!m_layout) {
        return {};
    }
    std::string text;
    if (std::ssize(kept()) < m_layout->chains) {
        text = "The memory for draws is full: all draws of " + std::to_string(kept().size()) +
               " of the " + std::to_string(m_layout->chains) +
               " chains are kept, and moments of the others.";
    }
    if (m_stride > 1) {
        text += (text.empty() ? "" : " ");
        text += "One in " + std::to_string(m_stride) + " draws is kept.";
    }
    return text;
}

namespace {

/// Visits rows from, from + step, ...; `read(chunk, row within it)`.
template <class Read>
void visit(const detail::ChainRows& sealed, const detail::ChainChunk* tail, Index from, Index step,
           std::span<double> out, const Read& read) {
    const Index per = sealed.rowsPerChunk;
    Index row = from;
    for (double& value : out) {
        const Index chunk = row / per;
        const auto& source = chunk < std::ssize(sealed.chunks)
                                 ? *sealed.chunks[static_cast<std::size_t>(chunk)]
                                 : *tail;
        value = read(source, static_cast<std::size_t>(row % per));
        row += step;
    }
}

}  // namespace

void ChainView::copy(Index q, Index slot, Index from, Index step, std::span<double> out) const {
    const auto count = std::ssize(out);
    if (count == 0) {
        return;
    }
    if (!m_layout || q < 0 || q >= m_layout->dim() || slot < 0 || slot >= std::ssize(kept()) ||
        from < 0 || step < 1 || from + (count - 1) * step >= m_rows) {
        throw UsageError("draws outside of what is stored were asked for");
    }
    const std::size_t chains = m_sealed->kept.size(), dim = m_layout->names.size();
    const std::size_t cell = static_cast<std::size_t>(slot) * dim + static_cast<std::size_t>(q);
    visit(*m_sealed, m_tail.get(), from, step, out, [&](const auto& chunk, std::size_t row) {
        return load(chunk.values.get(), m_layout->dtype, row * chains * dim + cell);
    });
}

void ChainView::copyScalar(std::size_t s, Index slot, Index from, Index step,
                           std::span<double> out) const {
    const auto count = std::ssize(out);
    if (count == 0) {
        return;
    }
    if (!m_layout || s >= m_layout->scalars.size() || slot < 0 || slot >= std::ssize(kept()) ||
        from < 0 || step < 1 || from + (count - 1) * step >= m_rows) {
        throw UsageError("scalars outside of what is stored were asked for");
    }
    const std::size_t chains = m_sealed->kept.size(), scalars = m_layout->scalars.size();
    visit(*m_sealed, m_tail.get(), from, step, out, [&](const auto& chunk, std::size_t row) {
        return load(chunk.scalars.get(), m_layout->dtype,
                    (row * scalars + s) * chains + static_cast<std::size_t>(slot));
    });
}

double ChainView::at(Index row, Index slot, Index q) const {
    double value = 0;
    copy(q, slot, row, 1, {&value, 1});
    return value;
}

Array ChainView::lastRows(Index count) const {
    if (!m_layout) {
        return {};
    }
    count = std::clamp<Index>(count, 0, m_rows);
    const std::size_t width =
        m_sealed->kept.size() * m_layout->names.size() * sizeOf(m_layout->dtype);
    std::shared_ptr<std::byte[]> bytes(
        new std::byte[std::max<std::size_t>(static_cast<std::size_t>(count) * width, 1)]);
    for (Index i = 0; i < count; ++i) {
        const Index row = m_rows - count + i, chunk = row / m_sealed->rowsPerChunk;
        const auto& from = chunk < std::ssize(m_sealed->chunks)
                               ? *m_sealed->chunks[static_cast<std::size_t>(chunk)]
                               : *m_tail;
        std::memcpy(
            bytes.get() + static_cast<std::size_t>(i) * width,
            from.values.get() + static_cast<std::size_t>(row % m_sealed->rowsPerChunk) * width,
            width);
    }
    return Array(m_layout->dtype, {count, std::ssize(m_sealed->kept), m_layout->dim()},
                 std::shared_ptr<const std::byte[]>(std::move(bytes)));
}

}  // namespace lx
