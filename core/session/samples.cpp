// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/session/samples.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <chrono>
#include <utility>

namespace lx {
namespace {

Index bitsOf(std::uint64_t value) {
    return std::bit_cast<Index>(value);
}

void requireRange(const SampleQuestion& question) {
    if (question.first < 0 || question.count < 1 ||
        question.count > kMaxSampleRows - question.first) {
        throw UsageError("samples: ask for at least one, and for rows below 4294967296 of a key");
    }
}

}  // namespace

cmd::Probe sampleProbe(std::uint64_t ticket, const SampleQuestion& question) {
    requireRange(question);
    cmd::Probe probe{
        ticket, "generate", {{"first", question.first}, {"count", question.count}}, {}};
    if (question.key) {
        probe.arrays["key"] =
            Array({2}, std::vector{bitsOf(question.key->seed), bitsOf(question.key->stream)});
    } else if (question.seed) {
        probe.args["seed"] = bitsOf(*question.seed);
    }
    return probe;
}

SampleQuestion sampleQuestion(const cmd::Probe& probe) {
    SampleQuestion out;
    out.first = valueOr(probe.args, "first", Index{0});
    out.count = integer(probe.args, "count");
    requireRange(out);
    if (const auto seed = probe.args.find("seed"); seed != probe.args.end()) {
        out.seed = std::bit_cast<std::uint64_t>(integer(probe.args, "seed"));
    }
    if (const auto key = probe.arrays.find("key"); key != probe.arrays.end()) {
        if (key->second.dtype() != DType::I64 || key->second.count() != 2) {
            throw UsageError("probe 'generate': array 'key' holds seed and stream");
        }
        const auto both = key->second.values<Index>();
        out.key = Key{std::bit_cast<std::uint64_t>(both[0]), std::bit_cast<std::uint64_t>(both[1])};
    }
    return out;
}

SampleTile tileOf(const SampleQuestion& question, Index rows) {
    const Index skip = question.first % rows;
    return {question.first - skip, skip, std::min(question.count, rows - skip)};
}

Array sampleKeys(Key key, Index first, Index count) {
    std::vector<Index> out;
    out.reserve(static_cast<std::size_t>(3 * count));
    for (Index i = first; i < first + count; ++i) {
        out.insert(out.end(), {bitsOf(key.seed), bitsOf(key.stream), i});
    }
    return {{count, 3}, out};
}

Key keyOf(std::string_view text) {
    Key key;
    const char* const end = text.data() + text.size();
    const auto [colon, first] = std::from_chars(text.data(), end, key.seed);
    if (first == std::errc{} && colon != end && *colon == ':') {
        const auto [rest, second] = std::from_chars(colon + 1, end, key.stream);
        if (second == std::errc{} && rest == end) {
            return key;
        }
    }
    throw UsageError("'" + std::string(text) + "' is no key; write SEED:STREAM, as keys.csv says");
}

std::string textOf(Key key) {
    return std::to_string(key.seed) + ":" + std::to_string(key.stream);
}

SampleStream::SampleStream(std::shared_ptr<Session> session, const SampleQuestion& question)
    : m_session(std::move(session)), m_question(question), m_epoch(m_session->latest()->epoch) {
    requireRange(m_question);
    // Those of the window count up from 1; a stream's own never return, even while the answer to
    // an earlier one still shows.
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    m_lastTicket = (std::uint64_t{1} << 62) + static_cast<std::uint64_t>(now.count());
}

SampleStream::~SampleStream() {
    if (m_ticket != 0) {
        m_session->post(cmd::Cancel{m_ticket});
    }
}

void SampleStream::ask() {
    SampleQuestion rest = m_question;
    rest.first += m_made;
    rest.count -= m_made;
    m_ticket = ++m_lastTicket;
    m_session->post(sampleProbe(m_ticket, rest));
}

/// Rows of two states of a run are no samples of one model.
void SampleStream::requireSameRun(const Snapshot& now, bool answered) {
    if (answered && !m_step) {
        m_step = now.step;
    }
    if (now.epoch != m_epoch || (m_step && now.step != *m_step)) {
        throw UsageError("samples: the run moved on while they were made; pause it and try again");
    }
}

std::optional<State> SampleStream::poll() {
    if (finished()) {
        return std::nullopt;
    }
    if (m_ticket == 0) {
        ask();
    }
    const auto now = m_session->latest();
    const std::string prefix = "probe." + std::to_string(m_ticket) + ".";
    if (!now->channels.contains(prefix + "done")) {
        requireSameRun(*now, false);  // a run that was loaded anew has forgotten the question
        return std::nullopt;
    }
    State answer;
    for (auto at = now->channels.lower_bound(prefix);
         at != now->channels.end() && at->first.starts_with(prefix); ++at) {
        answer.emplace(at->first.substr(prefix.size()), at->second.array);
    }
    m_session->post(cmd::Cancel{std::exchange(m_ticket, 0)});
    if (const auto error = answer.find("error"); error != answer.end()) {
        const auto bytes = error->second.values<std::uint8_t>();
        const std::string what(bytes.begin(), bytes.end());
        throw Error(what.find("answers no probe of kind") == std::string::npos
                        ? what
                        : "this run has no model that could be sampled");
    }
    requireSameRun(*now, true);
    answer.erase("done");
    const auto rows = answer.find("samples");
    const Index left = m_question.count - m_made;
    if (rows == answer.end() || !answer.contains("keys") || rows->second.shape().empty() ||
        rows->second.dim(0) < 1 || rows->second.dim(0) > left) {
        throw Error("the run gave no samples to the question for them");
    }
    m_made += rows->second.dim(0);
    return answer;
}

}  // namespace lx
