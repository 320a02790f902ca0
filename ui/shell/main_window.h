// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/shell/app_services.h"
#include "ui/shell/theme.h"

#include <QMainWindow>

#include <memory>
#include <optional>

namespace lx::ui {

class SessionBridge;
class View;

struct StartOptions {
    bool startCards = true;               ///< over the stage; off for `shot` and files
    bool restoreGeometry = true;          ///< off: the size the caller sets
    std::optional<ThemeKind> theme = {};  ///< none: as the settings say
};

/// The window. Holds no recipe logic: everything comes from AppServices and Description.
class MainWindow : public QMainWindow {
    Q_OBJECT
public:
    explicit MainWindow(AppServices, StartOptions = {});
    ~MainWindow() override;

    /// Engine functions of the services may be called from now on. Opens the default recipe unless
    /// something was opened before.
    void engineReady();
    /// The engine could not be loaded; the window stays and says why.
    void engineFailed(const QString& message);
    /// Functions that became known with the engine. Call before engineReady.
    AppServices& services();

    SessionBridge& bridge();
    /// Starts a run of that recipe. `overrides` on top of the recipe's own parameters.
    void openRecipe(const std::string& id, const ParamSet& overrides = {}, std::uint64_t seed = 1,
                    bool play = false);
    /// A project, a table, a picture, a folder: as if it had been dropped.
    void openFile(const QString& path);
    /// Several at once: files of chains are opened as one run.
    void openFiles(const QStringList& paths);
    /// "explore", "sample", "diffuse", "train", "energy", "geometry", "present".
    void setLayoutNamed(const QString& name);
    void setThemeKind(ThemeKind);
    /// The view of that id, made when absent; null when the run cannot feed it.
    View* view(const QString& id);

protected:
    void closeEvent(QCloseEvent*) override;
    void resizeEvent(QResizeEvent*) override;
    void changeEvent(QEvent*) override;
    void dragEnterEvent(QDragEnterEvent*) override;
    void dragLeaveEvent(QDragLeaveEvent*) override;
    void dropEvent(QDropEvent*) override;
    bool eventFilter(QObject*, QEvent*) override;

private:
    struct Impl;
    std::unique_ptr<Impl> m;
};

}  // namespace lx::ui
