// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/composition.h"
#include "app/engine_loader.h"
#include "app/process.h"
#include "app/start_time.h"
#include "ui/shell/theme.h"

#include <QApplication>
#include <QMetaObject>

#include <clocale>
#include <cstdlib>
#include <iostream>
#include <thread>

namespace lx::app {
namespace {

bool hasDisplay() {
    for (const char* name : {"QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"}) {
        const char* value = std::getenv(name);
        if (value != nullptr && value[0] != '\0') {
            return true;
        }
    }
    return false;
}

std::string chosenDevice(const EngineTable& table, const std::string& wanted) {
    return wanted == "auto" ? table.devices().front() : wanted;
}

}  // namespace

ExitCode openWindow(Program& program, const cli::WindowOptions& options) {
    if (!hasDisplay()) {
        throw DeviceError(
            "there is no display to open a window on; train with `latent-explorer run RECIPE --out "
            "DIR`, or paint with `latent-explorer shot RECIPE --window --png FILE`");
    }
    int argc = 1;
    char name[] = "latent-explorer";
    char* argv[] = {name, nullptr};
    QApplication application(argc, argv);
    std::setlocale(LC_NUMERIC, "C");  // QApplication took over the locale of the desktop
    QApplication::setApplicationName(QStringLiteral("latent-explorer"));
    QApplication::setApplicationDisplayName(QStringLiteral("Latent Explorer"));
    QApplication::setApplicationVersion(QStringLiteral(LX_VERSION));
    QGuiApplication::setDesktopFileName(QStringLiteral("latent-explorer"));

    Composition composition(program, true);
    // What to open is judged before the window appears, so that a bad recipe is an exit status.
    struct Input {
        std::string name;  ///< id of a recipe, or a file
        bool recipe = false;
        std::uint64_t seed = 0;
    };
    std::vector<Input> toOpen;
    for (const auto& input : options.inputs) {
        if (const Recipe* known = program.recipes().find(input)) {
            toOpen.push_back({input, true, known->seed});
        } else if (input.ends_with(".json") && !input.ends_with("session.json")) {
            const Recipe own = readRecipe(input);
            toOpen.push_back({composition.addRecipe(own), true, own.seed});
        } else {
            toOpen.push_back({std::filesystem::absolute(input).string()});
        }
    }
    ui::AppServices services = composition.services();
    if (options.threads > 0) {
        services.threads = std::min(options.threads, services.maxThreads);
    }
    if (options.memory) {
        services.ringBytes = static_cast<std::size_t>(*options.memory) << 20;
    }
    ui::MainWindow window(std::move(services), {.startCards = toOpen.empty()});
    reportStart(window);
    window.show();

    whenStopped(stopOnSignals(), [&composition, &application] {
        QMetaObject::invokeMethod(
            &application,
            [&composition] {
                composition.store().keepAutosaves();
                QApplication::quit();
            },
            Qt::QueuedConnection);
    });

    const auto attach = [&](const EngineTable& table) {
        try {
            window.services().device = chosenDevice(table, options.device);
            composition.attachEngine(table, window.services());
        } catch (const DeviceError& error) {
            // Asked for by name, so nothing else will do.
            std::cerr << "latent-explorer: " << error.what() << std::endl;
            QApplication::exit(static_cast<int>(error.exitCode()));
            return;
        } catch (const Error& error) {
            window.engineFailed(QString::fromUtf8(error.what()));
            return;
        }
        QStringList files;
        for (const Input& input : toOpen) {
            if (input.recipe) {
                window.openRecipe(input.name, {}, input.seed, true);
            } else {
                files << QString::fromStdString(input.name);
            }
        }
        window.openFiles(files);
        // Files load in their own time; the default recipe shall not come in between.
        std::string later;
        if (!toOpen.empty()) {
            std::swap(later, window.services().defaultRecipe);
        }
        window.engineReady();
        if (!toOpen.empty()) {
            std::swap(later, window.services().defaultRecipe);
        }
    };
    // LibTorch takes most of a second to map: the window is there before.
    std::jthread loader([&] {
        try {
            const EngineTable& table = program.engine();
            warnAboutSlowBlas(table, program.log());  // before any run: it measures one thread
            QMetaObject::invokeMethod(&window, [&] { attach(table); }, Qt::QueuedConnection);
        } catch (const Error& error) {
            const QString message = QString::fromUtf8(error.what());
            QMetaObject::invokeMethod(
                &window, [&window, message] { window.engineFailed(message); },
                Qt::QueuedConnection);
        }
    });
    return static_cast<ExitCode>(QApplication::exec());
}

}  // namespace lx::app
