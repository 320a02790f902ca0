// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/bridge/session_bridge.h"

#include <algorithm>

namespace lx::ui {

namespace {
/// A run that failed or was replaced never answers: after this long the next question goes out.
constexpr int kOverdueMs = 2000;
constexpr std::size_t kMostSent = 16;
}  // namespace

LatestProbe::LatestProbe(SessionBridge& bridge, std::string name, QObject* parent)
    : QObject(parent), m_bridge(bridge), m_tag(std::move(name)) {
    m_overdue.setSingleShot(true);
    connect(&m_overdue, &QTimer::timeout, this, [this] {
        m_ticket = 0;
        if (m_waiting) {
            send(std::move(*m_waiting));
        }
    });
    connect(&m_bridge, &SessionBridge::probeAnswered, this, [this](std::uint64_t ticket) {
        // A late answer to a question before is still newer than what is shown.
        const auto known = std::ranges::find(m_sent, ticket);
        if (known == m_sent.end()) {
            return;
        }
        m_sent.erase(m_sent.begin(), known);
        if (ticket == m_ticket) {
            m_ticket = 0;
            m_overdue.stop();
        }
        if (m_waiting) {
            send(std::move(*m_waiting));
        }
        Q_EMIT answered(m_bridge.answer(ticket));
    });
}

void LatestProbe::ask(std::string kind, ParamSet args, State arrays) {
    Question question{std::move(kind), std::move(args), std::move(arrays)};
    if (busy()) {
        m_waiting = std::make_unique<Question>(std::move(question));
    } else {
        send(std::move(question));
    }
}

void LatestProbe::setSource(std::uint32_t source) {
    if (source != m_source) {
        m_source = source;
        drop();
    }
}

void LatestProbe::drop() {
    m_waiting.reset();
    m_overdue.stop();
    m_ticket = 0;
    m_sent.clear();
}

void LatestProbe::send(Question question) {
    m_waiting.reset();
    m_ticket = m_bridge.probeOf(m_source == kNoRun ? m_bridge.active() : m_source,
                                std::move(question.kind), std::move(question.args),
                                std::move(question.arrays), m_tag);
    m_sent.push_back(m_ticket);
    if (m_sent.size() > kMostSent) {
        m_sent.erase(m_sent.begin());
    }
    m_overdue.start(kOverdueMs);
}

}  // namespace lx::ui
