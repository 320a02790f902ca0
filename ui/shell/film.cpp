// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/film.h"

#include "ui/shell/view_host.h"
#include "ui/viewport/scene_widget.h"
#include "ui/views/view.h"

#include <QTimer>

#include <algorithm>
#include <cmath>
#include <utility>

namespace lx::ui {
namespace {

constexpr Index kMaxFrames = 100'000;
constexpr int kPatienceMs = 60'000;  // for the answers that a view waits for
constexpr int kLookMs = 10;

/// The failure of a run as the error it was.
struct RunError : Error {
    explicit RunError(const Failure& failure) : Error(failure.message), code(failure.exitCode) {}
    ExitCode exitCode() const noexcept override { return code; }
    ExitCode code;
};

void throwFailure(const Session& session) {
    if (const auto failure = session.latest()->failure) {
        throw RunError(*failure);
    }
}

/// Channels of `wanted` that the run declares.
std::vector<std::string> declared(const Description& description, const QStringList& wanted) {
    std::vector<std::string> out;
    for (const ChannelDecl& decl : description.channels) {
        if (wanted.contains(QString::fromStdString(decl.id))) {
            out.push_back(decl.id);
        }
    }
    return out;
}

void appendRgb(const QImage& picture, std::vector<std::uint8_t>& out) {
    const QImage rgb = picture.convertToFormat(QImage::Format_RGB888);
    out.clear();
    for (int y = 0; y < rgb.height(); ++y) {
        out.insert(out.end(), rgb.constScanLine(y), rgb.constScanLine(y) + 3 * rgb.width());
    }
}

}  // namespace

std::vector<Index> filmSteps(Index first, Index last, Index every) {
    if (first < 0 || last < first || every < 1 || (last - first) / every >= kMaxFrames) {
        throw UsageError(
            "a film goes from a step to a later one in strides of at least 1, with up to 100000 "
            "frames; write 0:2000:20");
    }
    std::vector<Index> steps;
    for (Index step = first; step < last; step += every) {
        steps.push_back(step);
    }
    steps.push_back(last);
    return steps;
}

/// The session that the view sees: its snapshots are the frames of the film. Questions go on to
/// the real session, whose answers are shown with the frame.
class FilmMaker::Proxy : public Session {
public:
    explicit Proxy(std::shared_ptr<Session> session) : m_session(std::move(session)) {
        m_frame = std::make_shared<Snapshot>();
    }
    void show(std::shared_ptr<const Snapshot> frame, const std::vector<SeriesPoint>& points) {
        m_frame = std::move(frame);
        m_points.insert(m_points.end(), points.begin(), points.end());
        m_merged.reset();
    }

    std::uint32_t id() const override { return m_session->id(); }
    void post(Command command, std::string_view tag) override {
        // The film alone decides what the run does.
        if (std::holds_alternative<cmd::Probe>(command) ||
            std::holds_alternative<cmd::Cancel>(command)) {
            m_session->post(std::move(command), tag);
        }
    }
    std::shared_ptr<const Snapshot> latest() const override {
        const auto real = m_session->latest();
        if (m_merged && m_mergedFrom == real->sequence) {
            return m_merged;
        }
        auto merged = std::make_shared<Snapshot>(*m_frame);
        for (const auto& [id, channel] : real->channels) {
            if (id.starts_with("probe.")) {
                merged->channels[id] = channel;
            }
        }
        merged->sequence = ++m_sequence;
        m_mergedFrom = real->sequence;
        m_merged = merged;
        return m_merged;
    }
    std::vector<SeriesPoint> drainSeries() override { return std::exchange(m_points, {}); }
    std::optional<Captured> takeCaptured() override { return {}; }
    bool waitIdle(std::stop_token stop) override { return m_session->waitIdle(stop); }
    std::shared_ptr<const Description> description() const override {
        return m_session->description();
    }
    std::map<std::string, double> metrics(Key key, std::stop_token stop) override {
        return m_session->metrics(key, stop);
    }
    std::map<std::string, Array> exportChannels(std::vector<std::string> channels,
                                                std::stop_token stop, Detail detail) override {
        return m_session->exportChannels(std::move(channels), stop, detail);
    }
    std::pair<std::size_t, std::vector<Index>> ring() const override { return {}; }

private:
    std::shared_ptr<Session> m_session;
    std::shared_ptr<const Snapshot> m_frame;
    std::vector<SeriesPoint> m_points;
    mutable std::shared_ptr<const Snapshot> m_merged;
    mutable std::uint64_t m_mergedFrom = 0, m_sequence = 0;
};

FilmMaker::FilmMaker(FilmPlan plan, QObject* parent) : QObject(parent), m_plan(std::move(plan)) {
    std::ranges::sort(m_plan.keys, {}, &KeyFrame::step);
}

FilmMaker::~FilmMaker() = default;

void FilmMaker::start() {
    m_running = true;
    m_worker = std::jthread([this](std::stop_token stop) { work(stop); });
}

void FilmMaker::stop() {
    m_worker.request_stop();
}

void FilmMaker::work(std::stop_token stop) {
    QString problem;
    ExitCode code = ExitCode::Done;
    try {
        makeFilm(stop);
    } catch (const Error& error) {
        problem = QString::fromUtf8(error.what());
        code = error.exitCode();
    } catch (const std::bad_alloc&) {
        problem = tr("Memory is exhausted: choose a smaller film.");
        code = ExitCode::Numerical;
    } catch (const std::exception& error) {
        problem = QString::fromUtf8(error.what());
        code = ExitCode::Numerical;
    }
    const bool stopped = stop.stop_requested();
    QMetaObject::invokeMethod(
        this,
        [this, problem, stopped, code] {
            m_running = false;
            m_host.reset();
            Q_EMIT finished(problem, stopped, static_cast<int>(code));
        },
        Qt::QueuedConnection);
}

void FilmMaker::makeFilm(std::stop_token stop) {
    const auto writer = makeMovieWriter(m_plan.file, m_plan.movie);
    Session& session = *m_plan.session;
    if (m_plan.load) {
        session.post(*m_plan.load, {});
    }
    session.waitIdle(stop);
    throwFailure(session);
    const auto description = session.description();
    if (stop.stop_requested() || !description) {
        return;
    }
    const auto total = static_cast<int>(m_plan.steps.size());
    const auto clock = static_cast<std::size_t>(m_plan.clock);
    std::vector<std::string> wanted;
    std::vector<std::uint8_t> rgb;
    std::uint64_t sequence = 0;
    for (int frame = 0; frame < total; ++frame) {
        const Index step = m_plan.steps[static_cast<std::size_t>(frame)];
        postParams(session.latest()->step[clock]);
        if (session.latest()->step[clock] < step) {
            session.post(cmd::Run{m_plan.clock, step}, {});
        }
        if (!session.waitIdle(stop)) {
            return;
        }
        throwFailure(session);
        auto points = session.drainSeries();
        std::optional<Shown> now;
        // What a view wants may depend on what it sees: it is asked again, twice at most.
        for (int turn = 0; turn < 3; ++turn) {
            auto snapshot = std::make_shared<Snapshot>();
            snapshot->epoch = 1;
            snapshot->sequence = ++sequence;
            snapshot->step = snapshot->head = session.latest()->step;
            snapshot->state = RunState::Paused;
            for (auto& [id, array] : session.exportChannels(wanted, stop, Detail::Screen)) {
                snapshot->channels[id] = {sequence, std::move(array)};
            }
            if (stop.stop_requested()) {
                return;
            }
            now = shown(stop, std::move(snapshot), std::exchange(points, {}));
            if (!now) {
                return;
            }
            if (std::ranges::includes(wanted, now->channels)) {
                break;
            }
            wanted.insert(wanted.end(), now->channels.begin(), now->channels.end());
            std::ranges::sort(wanted);
            wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
        }
        appendRgb(now->picture, rgb);
        writer->add(rgb);
        QMetaObject::invokeMethod(
            this, [this, frame, total] { Q_EMIT progressed(frame + 1, total); },
            Qt::QueuedConnection);
    }
    if (!stop.stop_requested()) {
        writer->finish();
    }
}

void FilmMaker::postParams(Index step) {
    const auto description = m_plan.session->description();
    for (const ParamDecl& decl : description->params) {
        const auto value = paramAt(m_plan.keys, decl.id, decl.scale, step);
        if (!value || !decl.live) {
            continue;
        }
        const bool whole = std::holds_alternative<Index>(decl.initial);
        m_plan.session->post(
            cmd::SetParam{decl.id, whole ? ParamValue(static_cast<Index>(std::llround(*value)))
                                         : ParamValue(*value)},
            {});
    }
}

std::optional<FilmMaker::Shown> FilmMaker::shown(std::stop_token stop,
                                                 std::shared_ptr<const Snapshot> snapshot,
                                                 std::vector<SeriesPoint> points) {
    {
        const std::lock_guard lock(m_mutex);
        m_shown.reset();
    }
    QMetaObject::invokeMethod(
        this, [this, snapshot, points = std::move(points)] { paint(snapshot, points); },
        Qt::QueuedConnection);
    std::unique_lock lock(m_mutex);
    m_wake.wait(lock, stop, [this] { return m_shown.has_value(); });
    return std::exchange(m_shown, std::nullopt);
}

void FilmMaker::answer(Shown shown) {
    const std::lock_guard lock(m_mutex);
    m_shown = std::move(shown);
    m_wake.notify_all();
}

void FilmMaker::paint(const std::shared_ptr<const Snapshot>& snapshot,
                      const std::vector<SeriesPoint>& points) {
    if (!m_proxy) {
        m_proxy = std::make_shared<Proxy>(m_plan.session);
        m_bridge = std::make_unique<SessionBridge>();
        m_bridge->setRendererFactory(m_plan.renderer);
        m_bridge->setUnhurried(true);
        m_bridge->addRun(m_proxy, QString::fromStdString(m_plan.title));
    }
    m_step = snapshot->step[static_cast<std::size_t>(m_plan.clock)];
    m_proxy->show(snapshot, points);
    m_bridge->poll();
    if (!m_host) {
        const ViewSpec* spec = findView(QString::fromStdString(m_plan.view));
        if (spec == nullptr) {
            answer({});
            return;
        }
        m_host = std::make_unique<ViewHost>(*spec, *m_bridge, false);
        m_host->setTheme(themeOf(m_plan.theme));
        m_host->setAttribute(Qt::WA_DontShowOnScreen);
        m_host->setAttribute(Qt::WA_QuitOnClose, false);
        m_host->resize(m_plan.movie.width, m_plan.movie.height);
        m_host->show();
    }
    if (auto* scene = m_host->view()->findChild<SceneWidget*>()) {
        if (const auto camera = cameraAt(m_plan.keys, m_step)) {
            scene->setShown(*camera);  // a view may ask anew for another place
        }
    }
    m_patience.start();
    m_rested = false;
    paintWhenSettled();
}

void FilmMaker::paintWhenSettled() {
    if (!m_host) {
        return;  // the film was stopped while the view waited
    }
    m_bridge->poll();
    // An answer may give the view another layout, for which it asks anew: at rest twice.
    const bool rests = !m_bridge->waiting();
    if (!(std::exchange(m_rested, rests) && rests) && m_patience.elapsed() < kPatienceMs) {
        QTimer::singleShot(kLookMs, this, &FilmMaker::paintWhenSettled);
        return;
    }
    View* view = m_host->view();
    const QSize size(m_plan.movie.width, m_plan.movie.height);
    answer({view->picture(size, 1.0), declared(*m_plan.session->description(), view->channels())});
}

}  // namespace lx::ui
