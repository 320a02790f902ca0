// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/chains/trace_envelope.h"

#include "core/chains/view_samples.h"

#include <algorithm>
#include <cmath>

namespace lx::detail {
namespace {

constexpr std::size_t kMarks = 1000;
constexpr Index kPiece = 8192;  // rows copied at once

}  // namespace

void EnvelopeBuilder::restart(const ChainView& view) {
    m_slots = evenSlots(view, m_chains);
    m_envelope = {};
    for (const Index slot : m_slots) {
        m_envelope.chains.push_back(view.kept()[static_cast<std::size_t>(slot)]);
    }
    m_low.assign(m_slots.size(), {});
    m_high.assign(m_slots.size(), {});
    m_rows = 0;
    m_stride = view.stride();
    m_keptCount = std::ssize(view.kept());
    m_generation = view.generation();
    m_envelope.bucket = view.stride();
}

void EnvelopeBuilder::halve() {
    for (std::size_t m = 0; m < m_slots.size(); ++m) {
        const auto merge = [](std::vector<double>& row, auto pick) {
            for (std::size_t b = 0; 2 * b < row.size(); ++b) {
                row[b] = 2 * b + 1 < row.size() ? pick(row[2 * b], row[2 * b + 1]) : row[2 * b];
            }
            row.resize((row.size() + 1) / 2);
        };
        // fmin and fmax pass over not-a-number, so that one draw does not blank a bucket.
        merge(m_low[m], [](double a, double b) { return std::fmin(a, b); });
        merge(m_high[m], [](double a, double b) { return std::fmax(a, b); });
    }
    m_envelope.bucket *= 2;
}

void EnvelopeBuilder::update(const ChainView& view) {
    if (view.empty()) {
        m_envelope = {};
        m_rows = 0;
        return;
    }
    if (m_rows == 0 || view.generation() != m_generation || view.stride() != m_stride ||
        std::ssize(view.kept()) != m_keptCount || view.rows() < m_rows) {
        restart(view);
    }
    const auto divergent = view.layout().scalar("divergent__");
    std::vector<double> piece;
    while (m_rows < view.rows()) {
        const Index count = std::min(view.rows() - m_rows, kPiece);
        while ((m_rows + count - 1) * m_stride / m_envelope.bucket >= m_most) {
            halve();
        }
        piece.resize(static_cast<std::size_t>(count));
        std::vector<Index> marks;
        for (std::size_t m = 0; m < m_slots.size(); ++m) {
            copyVariable(view, m_variable, m_slots[m], m_rows, 1, piece);
            for (Index i = 0; i < count; ++i) {
                const auto b =
                    static_cast<std::size_t>((m_rows + i) * m_stride / m_envelope.bucket);
                const double x = piece[static_cast<std::size_t>(i)];
                if (b >= m_low[m].size()) {
                    m_low[m].push_back(x);
                    m_high[m].push_back(x);
                } else {
                    m_low[m][b] = std::fmin(m_low[m][b], x);
                    m_high[m][b] = std::fmax(m_high[m][b], x);
                }
            }
            if (divergent && m_envelope.divergences.size() < kMarks) {
                view.copyScalar(*divergent, m_slots[m], m_rows, 1, piece);
                for (Index i = 0; i < count; ++i) {
                    if (piece[static_cast<std::size_t>(i)] >= 0.5) {
                        marks.push_back((m_rows + i) * m_stride);
                    }
                }
            }
        }
        std::ranges::sort(marks);
        marks.erase(std::unique(marks.begin(), marks.end()), marks.end());
        marks.resize(std::min(marks.size(), kMarks - m_envelope.divergences.size()));
        m_envelope.divergences.insert(m_envelope.divergences.end(), marks.begin(), marks.end());
        m_rows += count;
    }
    m_envelope.warmup = view.warmup() * m_stride;
    m_envelope.buckets = m_low.empty() ? 0 : std::ssize(m_low[0]);
    m_envelope.low.clear();
    m_envelope.high.clear();
    for (std::size_t m = 0; m < m_slots.size(); ++m) {
        m_envelope.low.insert(m_envelope.low.end(), m_low[m].begin(), m_low[m].end());
        m_envelope.high.insert(m_envelope.high.end(), m_high[m].begin(), m_high[m].end());
    }
}

}  // namespace lx::detail
