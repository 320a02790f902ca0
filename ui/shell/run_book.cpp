// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/run_book.h"

#include "ui/shell/numbers.h"

#include <QPointer>
#include <QUndoCommand>
#include <QUndoStack>

#include <algorithm>

namespace lx::ui {

class LiveEdit : public QUndoCommand {
public:
    LiveEdit(RunBook& book, std::uint32_t source, const ParamDecl& decl, ParamValue before,
             ParamValue after)
        : QUndoCommand(QString::fromStdString(decl.label)),
          m_book(book),
          m_source(source),
          m_id(decl.id),
          m_before(std::move(before)),
          m_after(std::move(after)) {}
    void redo() override { change(m_before, m_after); }
    void undo() override { change(m_after, m_before); }

private:
    void change(const ParamValue& from, const ParamValue& to) {
        m_book.setLive(m_source, m_id, to);
        m_book.markChange(m_source, m_id, from);
    }

    RunBook& m_book;
    std::uint32_t m_source;
    std::string m_id;
    ParamValue m_before, m_after;
};

/// Undo returns to the old run and keeps the new one, so that redo finds it again.
class ColdEdit : public QUndoCommand {
public:
    ColdEdit(RunBook& book, std::uint32_t before, RunInfo after)
        : QUndoCommand(QStringLiteral("new run")),
          m_book(book),
          m_before(before),
          m_after(std::move(after)) {}
    void redo() override {
        if (m_book.find(m_after.source)) {
            m_book.m_bridge.setActive(m_after.source);
        } else {
            m_after.source = m_book.open(m_after, nullptr);
        }
    }
    void undo() override {
        m_book.m_bridge.postTo(m_after.source, cmd::Pause{m_after.recipe.clock});
        m_book.m_bridge.setActive(m_before);
    }

private:
    RunBook& m_book;
    std::uint32_t m_before;
    RunInfo m_after;
};

RunBook::RunBook(AppServices& services, SessionBridge& bridge, QUndoStack& undo, QObject* parent)
    : QObject(parent), m_services(services), m_bridge(bridge), m_undo(undo) {
    connect(&m_bridge, &SessionBridge::activeChanged, this, &RunBook::activeChanged);
    connect(&m_bridge, &SessionBridge::wished, this,
            [this](const std::string& id, const ParamValue& value) {
                const RunInfo* run = active();
                const ParamDecl* decl = run ? lx::find(run->description.params, id) : nullptr;
                if (decl && decl->live) {
                    editLive(id, value);
                }
            });
}

const RunInfo* RunBook::find(std::uint32_t source) const {
    const auto it = std::ranges::find(m_runs, source, &RunInfo::source);
    return it == m_runs.end() ? nullptr : &*it;
}

RunInfo* RunBook::mutableRun(std::uint32_t source) {
    return const_cast<RunInfo*>(find(source));
}

const RecipeInfo* RunBook::recipe(const std::string& id) const {
    const auto it = std::ranges::find(m_services.recipes, id, &RecipeInfo::id);
    return it == m_services.recipes.end() ? nullptr : &*it;
}

ProjectInfo RunBook::projectInfo(std::uint32_t source) const {
    const RunInfo* run = find(source);
    if (!run) {
        return {};
    }
    return {.recipe = run->recipe.id,
            .name = run->name.toStdString(),
            .window = m_windowSettings ? m_windowSettings() : std::string(),
            .edits = run->edits};
}

void RunBook::setWindowSettings(std::function<std::string()> settings) {
    m_windowSettings = std::move(settings);
}

/// The recipe's parameters with `given` on top. What the recipe says of parts that `given` replaces
/// goes; what `given` says stays, so that a mistake in it is named.
ParamSet RunBook::withOverrides(const RecipeInfo& recipe, const ParamSet& given) const {
    ParamSet params = recipe.params;
    for (const auto& [id, value] : given) {
        params[id] = value;
    }
    // Parts within parts go one level a round.
    for (bool changed = !given.empty(); changed;) {
        const Description description = m_services.describe(recipe.family, params);
        changed =
            std::erase_if(params, [&](const auto& pair) {
                return !given.contains(pair.first) && !lx::find(description.params, pair.first);
            }) > 0;
    }
    return params;
}

std::uint32_t RunBook::start(const RecipeInfo& recipe, const ParamSet& given, std::uint64_t seed,
                             const QString& name) {
    try {
        RunInfo info;
        info.recipe = recipe;
        info.seed = seed;
        info.until = recipe.steps;
        info.name = name.isEmpty() ? QString::fromStdString(recipe.title) : name;
        ParamSet params = withOverrides(recipe, given);
        info.description = m_services.describe(recipe.family, params);
        info.params = resolve(info.description.params, params);
        // The parameters may say how long a run lasts; then the recipe's number is theirs.
        info.until = info.description.steps > 0 ? info.description.steps : info.until;
        return open(std::move(info), nullptr);
    } catch (const std::exception& error) {
        Q_EMIT problem(QString::fromUtf8(error.what()));
        return kNoRun;
    }
}

std::uint32_t RunBook::adopt(const LoadedProject& project) {
    try {
        RunInfo info;
        if (const RecipeInfo* known = recipe(project.info.recipe)) {
            info.recipe = *known;
        }
        info.recipe.family = project.load.recipe;
        info.recipe.id = project.info.recipe;
        info.seed = project.load.seed;
        info.until = info.recipe.steps;
        info.name = QString::fromStdString(project.info.name);
        info.description = m_services.describe(project.load.recipe, project.load.params);
        info.params = resolve(info.description.params, project.load.params);
        return open(std::move(info), project.state);
    } catch (const std::exception& error) {
        Q_EMIT problem(QString::fromUtf8(error.what()));
        return kNoRun;
    }
}

std::uint32_t RunBook::open(RunInfo info, std::shared_ptr<const State> state) {
    auto session = m_services.open();
    info.source = session->id();
    session->post(cmd::Load{info.recipe.family, info.params, info.seed});
    if (state) {
        session->post(cmd::Restore{std::move(state)});
    }
    const std::uint32_t source = info.source;
    const QString name = info.name;
    m_runs.push_back(std::move(info));
    m_bridge.addRun(session, name);
    if (m_services.runOpened) {
        m_services.runOpened(session, [book = QPointer<RunBook>(this), source] {
            return book ? book->projectInfo(source) : ProjectInfo{};
        });
    }
    Q_EMIT runsChanged();
    return source;
}

void RunBook::close(std::uint32_t source) {
    if (m_services.runClosed) {
        m_services.runClosed(source);
    }
    std::erase_if(m_runs, [&](const RunInfo& run) { return run.source == source; });
    m_bridge.removeRun(source);
    Q_EMIT runsChanged();
}

void RunBook::setUntil(std::uint32_t source, Index step) {
    if (RunInfo* run = mutableRun(source)) {
        run->until = step;
        Q_EMIT runsChanged();
    }
}

void RunBook::play(Clock clock) {
    const RunInfo* run = active();
    const Frame* frame = m_bridge.activeFrame();
    if (!run || !frame || !run->description.fixed.empty()) {
        return;
    }
    // Past its end a run goes on without one: pressing play must always do something.
    const Index step = frame->snapshot->step[static_cast<std::size_t>(clock)];
    const bool limited = clock == run->recipe.clock && run->until > step;
    m_bridge.post(cmd::Run{clock, limited ? run->until : 0});
}

void RunBook::pause(Clock clock) {
    m_bridge.post(cmd::Pause{clock});
}

void RunBook::restart(bool newSeed) {
    RunInfo* run = mutableRun(m_bridge.active());
    if (!run) {
        return;
    }
    if (newSeed) {
        ++run->seed;
        m_bridge.post(cmd::Load{run->recipe.family, run->params, run->seed});
        Q_EMIT runsChanged();
    } else {
        m_bridge.post(cmd::Reset{false});
    }
    if (run->until < run->recipe.steps) {
        setUntil(run->source, run->recipe.steps);
    }
}

void RunBook::setLive(std::uint32_t source, const std::string& id, const ParamValue& value) {
    RunInfo* run = mutableRun(source);
    if (!run || !m_bridge.frame(source) || !lx::find(run->description.params, id)) {
        return;
    }
    run->params[id] = value;
    ++run->edits;
    m_bridge.postTo(source, cmd::SetParam{id, value}, "param." + id);
    Q_EMIT paramsChanged(source);
}

void RunBook::markChange(std::uint32_t source, const std::string& id, const ParamValue& before) {
    const RunInfo* run = find(source);
    const Frame* frame = m_bridge.frame(source);
    const ParamDecl* decl = run ? lx::find(run->description.params, id) : nullptr;
    if (!decl || !frame) {
        return;
    }
    const QString text =
        QStringLiteral("%1 %2 to %3")
            .arg(QString::fromStdString(decl->label), QString::fromStdString(format(before)),
                 QString::fromStdString(format(run->params.at(id))));
    const Clock clock = run->recipe.clock;
    m_bridge.mark({source, clock, frame->snapshot->step[static_cast<std::size_t>(clock)], text});
}

void RunBook::editLive(const std::string& id, const ParamValue& value) {
    const RunInfo* run = active();
    const ParamDecl* decl = run ? lx::find(run->description.params, id) : nullptr;
    if (!decl) {
        return;
    }
    ParamValue before = run->params.find(id)->second;
    if (m_drag && m_drag->source == run->source && m_drag->id == id) {
        before = std::exchange(m_drag, std::nullopt)->before;
    }
    endDrag();
    m_undo.push(new LiveEdit(*this, run->source, *decl, std::move(before), value));
}

void RunBook::dragLive(const std::string& id, const ParamValue& value) {
    const RunInfo* run = active();
    const auto now = run ? run->params.find(id) : ParamSet::const_iterator();
    if (!run || now == run->params.end()) {
        return;
    }
    if (m_drag && (m_drag->source != run->source || m_drag->id != id)) {
        endDrag();
    }
    if (!m_drag) {
        m_drag = Drag{run->source, id, now->second};
    }
    setLive(run->source, id, value);
}

void RunBook::endDrag() {
    const std::optional<Drag> drag = std::exchange(m_drag, std::nullopt);
    const RunInfo* run = drag ? find(drag->source) : nullptr;
    const ParamDecl* decl = run ? lx::find(run->description.params, drag->id) : nullptr;
    if (decl) {
        m_undo.push(
            new LiveEdit(*this, run->source, *decl, drag->before, run->params.at(drag->id)));
    }
}

Description RunBook::describe(const ParamSet& changes) const {
    const RunInfo* run = active();
    if (!run) {
        throw UsageError("No run is open: start one from the list of models.");
    }
    return m_services.describe(run->recipe.family, changes);
}

void RunBook::applyCold(const ParamSet& changes) {
    const RunInfo* run = active();
    if (!run) {
        return;
    }
    try {
        RunInfo next = *run;
        next.source = kNoRun;
        // Parameters of a part that is no longer chosen must go, or the new description refuses.
        ParamSet wanted = run->params;
        for (const auto& [id, value] : changes) {
            wanted[id] = value;
        }
        ParamSet kept;
        for (const auto& [id, value] : wanted) {
            const ParamDecl* decl = lx::find(run->description.params, id);
            if (decl && !decl->choices.empty()) {
                kept[id] = value;
            }
        }
        next.description = m_services.describe(run->recipe.family, kept);
        for (int round = 0; round < 2; ++round) {
            kept.clear();
            for (const auto& [id, value] : wanted) {
                if (lx::find(next.description.params, id)) {
                    kept[id] = value;
                }
            }
            next.description = m_services.describe(run->recipe.family, kept);
        }
        next.params = resolve(next.description.params, kept);
        next.until = next.description.steps > 0 ? next.description.steps : next.until;
        QStringList words;
        for (const auto& [id, value] : changes) {
            const ParamDecl* decl = lx::find(next.description.params, id);
            words << QString::fromStdString((decl ? decl->label : id) + " " + format(value));
        }
        next.change = words.join(QStringLiteral(", "));
        next.name = QString::fromStdString(run->recipe.title) + QStringLiteral(", ") + next.change;
        const std::uint32_t before = run->source;
        const Clock clock = run->recipe.clock;
        const Frame* frame = m_bridge.frame(before);
        const bool running = frame && frame->snapshot->running[static_cast<std::size_t>(clock)];
        m_bridge.postTo(before, cmd::Pause{clock});
        m_undo.push(new ColdEdit(*this, before, std::move(next)));
        if (running) {
            play(clock);  // what moved goes on moving
        }
    } catch (const std::exception& error) {
        Q_EMIT problem(QString::fromUtf8(error.what()));
    }
}

}  // namespace lx::ui
