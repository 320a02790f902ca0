// SPDX-License-Identifier: GPL-3.0-or-later
// Samples of a model on demand: the probe "generate".
//
// Sample i of a model is made from its weights, a key and i, and from nothing else: asking for ten
// or for a thousand gives the same first ten to the bit. Networks are evaluated in whole tiles for
// that, since the last bits of a product depend on the number of its rows.
#pragma once

#include "core/session/session.h"

#include <optional>

namespace lx {

struct SampleQuestion {
    /// Seed of the key, whose stream the family chooses; absent: that of the run, which gives the
    /// samples that views show.
    std::optional<std::uint64_t> seed = {};
    std::optional<Key> key = {};  ///< takes the place of a seed: as `samples.keys` names it
    Index first = 0, count = 64;
};

/// Rows that a key has: they are counted with 32 bits.
inline constexpr Index kMaxSampleRows = Index{1} << 32;

/// Throws UsageError unless 0 <= first, 0 < count and first + count <= kMaxSampleRows.
cmd::Probe sampleProbe(std::uint64_t ticket, const SampleQuestion&);
/// What such a probe asks. Throws UsageError.
SampleQuestion sampleQuestion(const cmd::Probe&);

/// Rows that one answer holds, and the tile that they lie in.
struct SampleTile {
    Index start = 0;            ///< row of the key where the tile begins
    Index skip = 0, count = 0;  ///< rows of the tile before the answer, and in it
    Index first() const { return start + skip; }
};
/// From the first row asked for to the end of its tile of `rows` rows, or to the last one.
SampleTile tileOf(const SampleQuestion&, Index rows);

/// Seed, stream and row of each sample, int64 [count, 3]; the first two hold the bits of unsigned
/// numbers. Whoever asks with that key for that row gets that sample.
Array sampleKeys(Key, Index first, Index count);

/// "SEED:STREAM" as views and tables show a key. Throws UsageError on anything else.
Key keyOf(std::string_view text);
std::string textOf(Key);

/// The arrays of an answer: "samples" [n, ...] and "keys" [n, K], of models with codes "codes"
/// [n, d], where a class was asked for "labels" [n].
///
/// Asks a session for samples tile by tile, so that neither side holds more than one tile. Another
/// member of the session may be used meanwhile, but a run that moves on ends it.
class SampleStream {
public:
    SampleStream(std::shared_ptr<Session>, const SampleQuestion&);
    ~SampleStream();  ///< withdraws the question under way
    SampleStream(const SampleStream&) = delete;
    SampleStream& operator=(const SampleStream&) = delete;

    Index made() const noexcept { return m_made; }
    bool finished() const noexcept { return m_made == m_question.count; }
    /// The next rows once they are there; returns at once. Throws Error: what the run says against
    /// it, or that its weights have changed since the first rows.
    std::optional<State> poll();

private:
    void ask();
    void requireSameRun(const Snapshot&, bool answered);

    std::shared_ptr<Session> m_session;
    SampleQuestion m_question;
    Index m_made = 0;
    std::uint64_t m_ticket = 0, m_lastTicket = 0;  ///< under way, 0: none; and of the last question
    std::uint64_t m_epoch;
    std::optional<std::array<Index, kClocks>> m_step;  ///< of the first answer
};

}  // namespace lx
