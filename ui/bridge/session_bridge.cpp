// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/bridge/session_bridge.h"

#include "core/render/renderer.h"
#include "ui/bridge/linked_time.h"

#include <algorithm>
#include <charconv>
#include <set>

namespace lx::ui {

namespace {

constexpr int kFrameMs = 16;
/// While a question is under way: to wait a frame for its answer would cost every second one.
constexpr int kAnswerMs = 2;
constexpr int kPausedMs = 250;
/// While training runs, the picture under a resting probe is renewed this often.
constexpr int kCursorRefreshMs = 80;
constexpr std::string_view kProbePrefix = "probe.";

/// Ticket of "probe.<ticket>.<name>", and the name; 0 when it is no answer.
std::uint64_t ticketOf(std::string_view id, std::string_view& name) {
    if (!id.starts_with(kProbePrefix)) {
        return 0;
    }
    id.remove_prefix(kProbePrefix.size());
    std::uint64_t ticket = 0;
    const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), ticket);
    if (error != std::errc{} || end == id.data() + id.size() || *end != '.') {
        return 0;
    }
    name = id.substr(static_cast<std::size_t>(end - id.data()) + 1);
    return ticket;
}

}  // namespace

struct SessionBridge::Run {
    std::shared_ptr<Session> session;
    Frame frame;
    /// By series and clock, a flat table: a fast run brings 10^5 points a second.
    std::vector<Index> lastStep;
    std::vector<std::optional<double>> lastValue;
    bool rewound = false;  ///< the series already showed the reset that a snapshot will tell
};

const Array* channel(const Frame& frame, std::string_view id) {
    const auto it = frame.snapshot->channels.find(id);
    return it == frame.snapshot->channels.end() || !it->second.array.defined() ? nullptr
                                                                               : &it->second.array;
}

std::uint64_t channelVersion(const Frame& frame, std::string_view id) {
    const auto it = frame.snapshot->channels.find(id);
    return it == frame.snapshot->channels.end() ? 0 : it->second.version;
}

std::vector<const ChannelDecl*> channelsOfKind(const Frame& frame, std::string_view kind) {
    std::vector<const ChannelDecl*> out;
    if (frame.description) {
        for (const ChannelDecl& decl : frame.description->channels) {
            if (decl.kind == kind) {
                out.push_back(&decl);
            }
        }
    }
    return out;
}

Index spaceDim(const Frame& frame, std::string_view space) {
    if (frame.description) {
        for (const SpaceDecl& decl : frame.description->spaces) {
            if (decl.id == space) {
                return decl.dim;
            }
        }
    }
    return 0;
}

SessionBridge::SessionBridge(QObject* parent)
    : QObject(parent), m_linkedTime(new LinkedTime(*this)) {
    m_cursorProbe = new LatestProbe(*this, "probe.cursor", this);
    connect(m_cursorProbe, &LatestProbe::answered, this, [this](const State& answer) {
        m_cursorAnswer = answer;
        Q_EMIT cursorDecoded();
    });
    connect(&m_explore, &ExploreState::cursorMoved, this, &SessionBridge::askCursor);
    m_timer.setTimerType(Qt::PreciseTimer);
    m_timer.setInterval(kFrameMs);
    connect(&m_timer, &QTimer::timeout, this, [this] { m_paused ? drainAll() : poll(); });
    m_timer.start();
    m_cursorClock.start();
}

SessionBridge::~SessionBridge() = default;

SessionBridge::Run* SessionBridge::find(std::uint32_t source) const {
    for (const auto& run : m_runs) {
        if (run->frame.source == source) {
            return run.get();
        }
    }
    return nullptr;
}

void SessionBridge::addRun(std::shared_ptr<Session> session, const QString& name) {
    auto run = std::make_unique<Run>();
    run->frame.source = session->id();
    run->frame.name = name;
    run->frame.snapshot = session->latest();
    run->frame.description = session->description();
    run->session = std::move(session);
    const std::uint32_t source = run->frame.source;
    m_runs.push_back(std::move(run));
    Q_EMIT runsChanged();
    setActive(source);
}

void SessionBridge::removeRun(std::uint32_t source) {
    std::erase_if(m_runs, [&](const auto& run) { return run->frame.source == source; });
    std::erase_if(m_events, [&](const TimelineEvent& event) { return event.source == source; });
    m_series.remove(source);
    rebuildFrames();
    Q_EMIT runsChanged();
    if (m_compared == source) {
        setCompared(kNoRun);
    }
    if (m_active == source) {
        m_active = kNoRun;
        if (m_runs.empty()) {
            m_cursorAnswer.clear();
            Q_EMIT activeChanged();
        } else {
            setActive(m_runs.back()->frame.source);
        }
    }
}

void SessionBridge::setActive(std::uint32_t source) {
    if (source == m_active || (source != kNoRun && !find(source))) {
        return;
    }
    const bool swaps = source != kNoRun && source == m_compared;
    if (swaps) {
        m_compared = find(m_active) ? m_active : kNoRun;
        m_linkedTime->restart();
    }
    m_active = source;
    m_timer.setInterval(m_paused ? kPausedMs : kFrameMs);
    m_cursorProbe->drop();
    m_cursorAnswer.clear();
    rebuildFrames();
    m_observed.clear();
    postObserve();
    Q_EMIT activeChanged();
    if (swaps) {
        Q_EMIT comparedChanged();
    }
    Q_EMIT snapshotChanged();
    askCursor();
}

void SessionBridge::setCompared(std::uint32_t source) {
    if (source == m_compared || source == m_active || (source != kNoRun && !find(source))) {
        return;
    }
    m_compared = source;
    m_linkedTime->restart();
    m_observed.clear();
    postObserve();
    Q_EMIT comparedChanged();
}

Session* SessionBridge::session(std::uint32_t source) const {
    const Run* run = find(source);
    return run ? run->session.get() : nullptr;
}

std::shared_ptr<Session> SessionBridge::sharedSession(std::uint32_t source) const {
    const Run* run = find(source);
    return run ? run->session : nullptr;
}

const Frame* SessionBridge::frame(std::uint32_t source) const {
    const auto it = std::ranges::find(m_frames, source, &Frame::source);
    return it == m_frames.end() ? nullptr : &*it;
}

void SessionBridge::post(Command command, std::string_view coalesceTag) {
    m_linkedTime->mirror(command);
    postTo(m_active, std::move(command), coalesceTag);
}

void SessionBridge::postTo(std::uint32_t source, Command command, std::string_view coalesceTag) {
    if (const Run* run = find(source)) {
        run->session->post(std::move(command), coalesceTag);
    }
}

std::uint64_t SessionBridge::probe(std::string kind, ParamSet args, State arrays,
                                   std::string_view coalesceTag) {
    return probeOf(m_active, std::move(kind), std::move(args), std::move(arrays), coalesceTag);
}

std::uint64_t SessionBridge::probeOf(std::uint32_t source, std::string kind, ParamSet args,
                                     State arrays, std::string_view coalesceTag) {
    const std::uint64_t ticket = m_nextTicket++;
    if (!coalesceTag.empty()) {
        std::erase_if(m_pending, [&](const Question& old) {
            return old.source == source && old.tag == coalesceTag;
        });
    }
    if (find(source)) {
        m_pending.push_back({ticket, source, std::string(coalesceTag)});
    }
    postTo(source, cmd::Probe{ticket, std::move(kind), std::move(args), std::move(arrays)},
           coalesceTag);
    if (!m_paused) {
        m_timer.setInterval(kAnswerMs);
    }
    return ticket;
}

void SessionBridge::forgetAnswered() {
    std::erase_if(m_pending, [&](const Question& asked) {
        const Run* run = find(asked.source);
        return !run || run->frame.snapshot->channels.contains(
                           std::string(kProbePrefix) + std::to_string(asked.ticket) + ".done");
    });
}

void SessionBridge::cancel(std::uint64_t ticket) {
    std::erase_if(m_pending, [&](const Question& old) { return old.ticket == ticket; });
    post(cmd::Cancel{ticket});
}

State SessionBridge::answer(std::uint64_t ticket) const {
    State out;
    const std::string prefix = std::string(kProbePrefix) + std::to_string(ticket) + ".";
    for (const Frame& frame : m_frames) {
        const auto& channels = frame.snapshot->channels;
        for (auto it = channels.lower_bound(prefix);
             it != channels.end() && it->first.starts_with(prefix); ++it) {
            out.emplace(it->first.substr(prefix.size()), it->second.array);
        }
    }
    return out;
}

void SessionBridge::observe(QObject* viewer, const QStringList& channels) {
    const auto it = std::ranges::find_if(
        m_viewers, [&](const Viewer& other) { return other.object == viewer; });
    if (it != m_viewers.end()) {
        if (it->channels == channels) {
            return;
        }
        it->channels = channels;
    } else {
        m_viewers.push_back({viewer, channels});
        // A widget says so while guarded pointers to it still hold.
        connect(viewer, &QObject::destroyed, this, [this](const QObject* gone) {
            std::erase_if(m_viewers, [gone](const Viewer& old) { return old.object == gone; });
            postObserve();
        });
    }
    postObserve();
}

void SessionBridge::postObserve() {
    std::erase_if(m_viewers, [](const Viewer& viewer) { return !viewer.object; });
    std::set<std::string> wanted;
    for (const Viewer& viewer : m_viewers) {
        for (const QString& id : viewer.channels) {
            wanted.insert(id.toStdString());
        }
    }
    std::vector<std::string> list(wanted.begin(), wanted.end());
    if (list == m_observed) {
        return;
    }
    m_observed = std::move(list);
    for (const auto& run : m_runs) {
        // A run is asked only for what it declares: another family may not know the channel.
        std::vector<std::string> known;
        if (run->frame.description) {
            for (const std::string& id : m_observed) {
                if (std::ranges::count(run->frame.description->channels, id, &ChannelDecl::id)) {
                    known.push_back(id);
                }
            }
        }
        const std::uint32_t source = run->frame.source;
        const bool hidden = source != m_active && source != m_compared;
        run->session->post(cmd::Observe{std::move(known), hidden}, "observe");
    }
}

std::optional<std::size_t> SessionBridge::seriesAt(const Run* run, std::string_view series) {
    if (!run || !run->frame.description) {
        return {};
    }
    const auto& declared = run->frame.description->series;
    const auto at = std::ranges::find(declared, series, &SeriesDecl::id);
    const auto index = static_cast<std::size_t>(at - declared.begin());
    return index < run->lastValue.size() ? std::optional(index) : std::nullopt;
}

std::optional<double> SessionBridge::lastValue(std::uint32_t source,
                                               std::string_view series) const {
    const Run* run = find(source);
    const auto at = seriesAt(run, series);
    return at ? run->lastValue[*at] : std::nullopt;
}

std::optional<double> SessionBridge::perStep(std::uint32_t source, std::string_view series) const {
    const Run* run = find(source);
    const auto at = seriesAt(run, series);
    if (!at || !run->lastValue[*at]) {
        return {};
    }
    const auto steps = std::span(run->lastStep).subspan(*at * kClocks, kClocks);
    const Index step = *std::ranges::max_element(steps);
    return step > 0 ? std::optional(*run->lastValue[*at] / static_cast<double>(step))
                    : std::nullopt;
}

std::optional<double> SessionBridge::bound(std::uint32_t source) const {
    if (const auto heldout = lastValue(source, "heldout_elbo")) {
        return heldout;
    }
    // Only with a KL term is the loss a bound.
    const auto loss = lastValue(source, "loss");
    return loss && lastValue(source, "kl") ? std::optional(-*loss) : std::nullopt;
}

void SessionBridge::mark(TimelineEvent event) {
    m_events.push_back(std::move(event));
    Q_EMIT eventMarked(m_events.back());
}

render::Renderer& SessionBridge::renderer() {
    if (!m_renderer) {
        m_renderer = m_factory ? m_factory() : nullptr;
        if (!m_renderer) {
            render::RendererOptions options;
            options.forceCpu = true;
            m_renderer = render::Renderer::create(options);
        }
    }
    return *m_renderer;
}

void SessionBridge::setPaused(bool paused) {
    if (paused == m_paused) {
        return;
    }
    m_paused = paused;
    m_timer.setInterval(paused ? kPausedMs : kFrameMs);
    if (!paused) {
        poll();
    }
}

void SessionBridge::rebuildFrames() {
    m_frames.clear();
    for (const auto& run : m_runs) {
        if (run->frame.source == m_active) {
            m_frames.insert(m_frames.begin(), run->frame);
        } else {
            m_frames.push_back(run->frame);
        }
    }
}

bool SessionBridge::pollRun(Run& run, std::vector<SeriesPoint>& points) {
    bool changed = false;
    if (auto description = run.session->description(); description != run.frame.description) {
        run.frame.description = std::move(description);
        changed = true;
    }
    if (auto snapshot = run.session->latest(); snapshot != run.frame.snapshot) {
        if (snapshot->epoch != run.frame.snapshot->epoch) {
            for (std::size_t clock = 0; clock < kClocks && !run.rewound; ++clock) {
                rewind(run, static_cast<Clock>(clock), snapshot->step[clock] + 1);
            }
            run.rewound = false;
        }
        run.frame.snapshot = std::move(snapshot);
        changed = true;
    }
    drain(run, points);
    return changed;
}

void SessionBridge::drain(Run& run, std::vector<SeriesPoint>& points) {
    const auto fresh = run.session->drainSeries();
    points.insert(points.end(), fresh.begin(), fresh.end());
    appendSeries(run, fresh);
}

void SessionBridge::drainAll() {
    std::vector<SeriesPoint> points;
    for (const auto& run : m_runs) {
        drain(*run, points);
    }
    if (!points.empty()) {
        Q_EMIT seriesAppended(points);
    }
}

void SessionBridge::poll() {
    struct Change {
        std::uint32_t source;
        bool described, stated, failed, noted;
    };
    std::vector<Change> changes;
    std::vector<std::uint64_t> answers;
    std::vector<SeriesPoint> points;
    bool any = false;
    // Signals go out after the loop: a receiver may add or remove runs.
    for (const auto& run : m_runs) {
        const Frame before = run->frame;
        if (!pollRun(*run, points)) {
            continue;
        }
        any = true;
        const Snapshot& old = *before.snapshot;
        const Snapshot& now = *run->frame.snapshot;
        changes.push_back({run->frame.source, before.description != run->frame.description,
                           old.state != now.state || old.running != now.running,
                           now.failure && (!old.failure || old.epoch != now.epoch ||
                                           old.failure->step != now.failure->step ||
                                           old.failure->message != now.failure->message),
                           now.notes > old.notes});
        for (const auto& [id, value] : now.channels) {
            std::string_view name;
            const std::uint64_t ticket = ticketOf(id, name);
            if (ticket == 0 || (!answers.empty() && answers.back() == ticket)) {
                continue;
            }
            const auto it = old.channels.find(id);
            if (it == old.channels.end() || it->second.version != value.version) {
                answers.push_back(ticket);
            }
        }
    }
    if (any) {
        rebuildFrames();
        forgetAnswered();
    }
    if (std::ranges::count(answers, m_nextTicket - 1) > 0) {
        m_timer.setInterval(m_paused ? kPausedMs : kFrameMs);  // the newest question is answered
    }
    if (!points.empty()) {
        Q_EMIT seriesAppended(points);
    }
    for (const Change& change : changes) {
        if (change.described) {
            m_observed.clear();
            postObserve();
            Q_EMIT descriptionChanged(change.source);
        }
        if (change.stated) {
            Q_EMIT stateChanged(change.source);
        }
        if (const Run* run = find(change.source); change.failed && run) {
            Q_EMIT failed(change.source, Failure(*run->frame.snapshot->failure));
        }
        if (const Run* run = find(change.source); change.noted && run) {
            Q_EMIT noted(change.source, QString::fromStdString(run->frame.snapshot->note));
        }
    }
    for (const std::uint64_t ticket : answers) {
        Q_EMIT probeAnswered(ticket);
    }
    if (any) {
        m_linkedTime->follow();
        followTraining();
        Q_EMIT snapshotChanged();
    }
}

void SessionBridge::rewind(Run& run, Clock clock, Index step) {
    bool cut = false;
    for (std::size_t at = static_cast<std::size_t>(clock); at < run.lastStep.size();
         at += kClocks) {
        if (run.lastStep[at] >= step) {
            run.lastStep[at] = step - 1;
            cut = true;
        }
    }
    if (!cut) {
        return;
    }
    std::ranges::fill(run.lastValue, std::nullopt);
    m_series.rewind(run.frame.source, clock, step);
    std::erase_if(m_events, [&](const TimelineEvent& event) {
        return event.source == run.frame.source && event.clock == clock && event.step >= step;
    });
    Q_EMIT seriesRewound(run.frame.source, clock, step);
}

void SessionBridge::appendSeries(Run& run, std::span<const SeriesPoint> points) {
    for (const SeriesPoint& point : points) {
        const std::size_t at = point.series * kClocks + static_cast<std::size_t>(point.clock);
        if (at >= run.lastStep.size()) {
            run.lastStep.resize((point.series + 1) * kClocks, -1);
            run.lastValue.resize(point.series + 1);
        }
        if (point.step < run.lastStep[at]) {
            rewind(run, point.clock, point.step);
            run.rewound = true;
        }
        run.lastStep[at] = point.step;
        run.lastValue[point.series] = point.value;
        m_series.add(point);
    }
}

void SessionBridge::askCursor() {
    const Frame* frame = activeFrame();
    const std::vector<float>& z = m_explore.cursor();
    if (!frame || z.empty() || spaceDim(*frame, "latent") != static_cast<Index>(z.size())) {
        return;
    }
    m_cursorStep = frame->snapshot->step[0];
    m_cursorClock.restart();
    m_cursorProbe->ask("decode", {}, {{"z", Array({1, static_cast<Index>(z.size())}, z)}});
}

void SessionBridge::followTraining() {
    const Frame* frame = activeFrame();
    if (frame && frame->snapshot->step[0] != m_cursorStep && !m_cursorProbe->busy() &&
        m_cursorClock.elapsed() >= kCursorRefreshMs) {
        askCursor();
    }
}

}  // namespace lx::ui
