// SPDX-License-Identifier: GPL-3.0-or-later
// The program's own window on the program's own engine module: what `latent-explorer` shows, with
// settings in a folder of the test.
#pragma once

#include "app/composition.h"
#include "app/process.h"
#include "core/render/renderer.h"
#include "ui/bridge/session_bridge.h"
#include "ui/shell/main_window.h"

#include <QApplication>
#include <QTemporaryDir>
#include <QTest>
#include <set>

#include <clocale>
#include <memory>
#include <string>

namespace lx::test {

/// One per process: the engine module is never closed and keeps the log of its first program.
inline app::Program& program() {
    static app::Program one;
    return one;
}

/// Why the real window cannot be tested here; empty when it can.
inline std::string whyNoEngine() {
    try {
        (void)program().engine();
        return {};
    } catch (const Error& error) {
        return error.what();
    }
}

/// Recipes of chains differ in little that a window would notice: a few stand for all.
inline bool isTypical(const std::string& recipe, Clock clock) {
    static const std::set<std::string> chains{"chains-ring8", "chains-funnel", "rhat-lies",
                                              "typical-set", "geodesic-sphere"};
    return clock != Clock::Sample || chains.contains(recipe);
}

struct RealWindow {
    /// `software`: draw with Vulkan on the processor instead of the program's own rasteriser.
    explicit RealWindow(bool software = false, bool startCards = false)
        : composition(program(), false) {
        ui::AppServices services = composition.services();
        if (software) {
            services.renderer = [] {
                return std::shared_ptr<render::Renderer>(
                    render::Renderer::create({.software = true}));
            };
        }
        window = std::make_unique<ui::MainWindow>(
            std::move(services),
            ui::StartOptions{startCards, /*restoreGeometry=*/false, ui::ThemeKind::Light});
        window->resize(1440, 900);
        window->show();
        composition.attachEngine(program().engine(), window->services());
        if (!startCards) {
            window->services().defaultRecipe.clear();  // the test says what opens
        }
        window->engineReady();
    }

    ui::SessionBridge& bridge() const { return window->bridge(); }
    const Snapshot& now() const { return *bridge().activeFrame()->snapshot; }

    Clock clockOf(const std::string& recipe) const {
        const auto& all = window->services().recipes;
        const auto info = std::ranges::find(all, recipe, &ui::RecipeInfo::id);
        return info == all.end() ? Clock::Train : info->clock;
    }
    /// Opens a recipe and plays it; returns once `steps` steps are made and its map is there, or
    /// false after a minute.
    bool train(const std::string& recipe, Index steps = 5) const {
        window->openRecipe(recipe, {}, 1, false);
        if (!bridge().activeFrame()) {
            return false;
        }
        const Clock clock = clockOf(recipe);
        bridge().post(cmd::Run{clock, 0});
        const auto there = [&] {
            return now().step[static_cast<std::size_t>(clock)] >= steps &&
                   mapThere(*bridge().activeFrame());
        };
        return QTest::qWaitFor(there, 60'000);
    }

    /// Every run in a line, for the message of a test that waited in vain.
    std::string runsNow() const {
        std::string out;
        for (const ui::Frame& frame : bridge().frames()) {
            const Snapshot& s = *frame.snapshot;
            out += (frame.source == bridge().active()     ? "active "
                    : frame.source == bridge().compared() ? "compared "
                                                          : "") +
                   frame.name.toStdString() + ": state " + std::to_string(int(s.state));
            for (std::size_t clock = 0; clock < kClocks; ++clock) {
                out += ", " + std::to_string(s.step[clock]) +
                       (s.running[clock] ? " running at " : " at ") +
                       std::to_string(s.stepsPerSecond[clock]);
            }
            out += std::string(s.scrubbed ? ", scrubbed" : "") +
                   (mapThere(frame) ? "" : ", no map") +
                   (s.failure ? ", failed: " + s.failure->message : "") + "\n";
        }
        return out;
    }

    /// Codes, chains, the way from noise, or whatever the run has for a map.
    static bool mapThere(const ui::Frame& frame) {
        if (!frame.description) {
            return false;
        }
        const auto& channels = frame.description->channels;
        bool declared = false;
        for (const char* map : {"codes", "chains_now", "trajectory"}) {
            if (std::ranges::find(channels, map, &ChannelDecl::id) != channels.end()) {
                declared = true;
                if (ui::channel(frame, map) != nullptr) {
                    return true;
                }
            }
        }
        if (declared) {
            return false;
        }
        return std::ranges::any_of(channels, [&](const ChannelDecl& channel) {
            return ui::channel(frame, channel.id.c_str()) != nullptr;
        });
    }

    app::Composition composition;
    std::unique_ptr<ui::MainWindow> window;
};

/// The main of a test: the environment first, before anything is opened, and no settings of the
/// person who runs it.
template <class Test>
int runRealWindowTest(int argc, char** argv) {
    app::prepareProcess();
    const QTemporaryDir home;
    for (const char* name : {"XDG_CONFIG_HOME", "XDG_STATE_HOME"}) {
        qputenv(name, home.path().toUtf8());
    }
    QApplication application(argc, argv);
    std::setlocale(LC_NUMERIC, "C");
    QApplication::setApplicationName(QStringLiteral("latent-explorer"));
    Test test;
    return QTest::qExec(&test, argc, argv);
}

}  // namespace lx::test
