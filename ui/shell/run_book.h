// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/bridge/session_bridge.h"
#include "ui/shell/app_services.h"

#include <QObject>

#include <optional>
#include <vector>

class QUndoStack;

namespace lx::ui {

struct RunInfo {
    std::uint32_t source = kNoRun;
    RecipeInfo recipe;
    ParamSet params;          ///< in force, complete
    Description description;  ///< of these parameters
    std::uint64_t seed = 0;
    QString name;
    QString change;           ///< what a cold edit changed: "Latent units 8"; empty: nothing
    Index until = 0;          ///< step at which the transport pauses by itself; 0: never
    std::uint64_t edits = 0;  ///< rises with every live parameter that is set
};

/// The runs of the window and every change a person makes to them. Parameter edits go through the
/// undo stack: a live one posts SetParam, cold ones start a run beside the old one.
class RunBook : public QObject {
    Q_OBJECT
public:
    RunBook(AppServices&, SessionBridge&, QUndoStack&, QObject* parent = nullptr);

    const RunInfo* active() const { return find(m_bridge.active()); }
    const RunInfo* find(std::uint32_t source) const;
    const std::vector<RunInfo>& all() const { return m_runs; }
    const RecipeInfo* recipe(const std::string& id) const;
    /// The run in the words of a file that is saved now; empty when there is no such run.
    ProjectInfo projectInfo(std::uint32_t source) const;
    /// Where projectInfo() takes the settings of the window from (JSON).
    void setWindowSettings(std::function<std::string()>);

    /// Opens a session and loads the recipe with `given` on top. Returns its id, or kNoRun after
    /// problem() told why not.
    std::uint32_t start(const RecipeInfo&, const ParamSet& given, std::uint64_t seed,
                        const QString& name = {});
    std::uint32_t adopt(const LoadedProject&);
    void close(std::uint32_t source);
    void setUntil(std::uint32_t source, Index step);

    void play(Clock);
    void pause(Clock);
    void restart(bool newSeed);

    /// One live parameter of the active run, undoable.
    void editLive(const std::string& id, const ParamValue&);
    /// The same while a hand still moves it: the run follows, and the editLive() that ends the
    /// movement makes one step of undo and one mark of the whole of it.
    void dragLive(const std::string& id, const ParamValue&);
    /// Cold parameters of the active run: a new run beside it, undoable.
    void applyCold(const ParamSet& changes);
    /// What the form would apply, for views that show it beforehand.
    void setPending(const ParamSet& edits) { m_bridge.setPending(edits); }
    /// The description that the active run would have with these values. Throws lx::Error.
    Description describe(const ParamSet& changes) const;

Q_SIGNALS:
    void paramsChanged(std::uint32_t source);
    void runsChanged();
    void activeChanged();
    void problem(const QString& message);

private:
    friend class LiveEdit;
    friend class ColdEdit;
    RunInfo* mutableRun(std::uint32_t source);
    ParamSet withOverrides(const RecipeInfo&, const ParamSet& given) const;
    std::uint32_t open(RunInfo, std::shared_ptr<const State> state);
    void setLive(std::uint32_t source, const std::string& id, const ParamValue&);
    void markChange(std::uint32_t source, const std::string& id, const ParamValue& before);
    /// Ends a movement that nobody ended, because its slider has gone.
    void endDrag();

    AppServices& m_services;
    SessionBridge& m_bridge;
    QUndoStack& m_undo;
    std::vector<RunInfo> m_runs;
    std::function<std::string()> m_windowSettings;
    struct Drag {
        std::uint32_t source;
        std::string id;
        ParamValue before;
    };
    std::optional<Drag> m_drag;
};

}  // namespace lx::ui
