// SPDX-License-Identifier: GPL-3.0-or-later
// The whole window on fake experiments: a real engine thread, no LibTorch.
#pragma once

#include "core/render/renderer.h"
#include "core/session/session.h"
#include "tests/support/fake_experiment.h"
#include "ui/bridge/session_bridge.h"
#include "ui/shell/main_window.h"

#include <QElapsedTimer>
#include <QTemporaryDir>
#include <QTest>

#include <map>
#include <memory>

namespace lx::test {

struct WindowHarness {
    QTemporaryDir folder;
    std::span<const ExperimentSpec> specs;
    Engine engine{specs};
    std::vector<ui::RecipeInfo> recipes;  ///< empty: the usual ones
    std::string chainFiles;               ///< the recipe that reads chains of others
    std::map<std::string, ui::LoadedProject> saved;
    std::vector<ui::Recovery> leftovers;
    std::vector<std::string> discarded;
    ParamSet defaults;  ///< of the default recipe
    std::unique_ptr<ui::MainWindow> window;

    explicit WindowHarness(std::span<const ExperimentSpec> offered = fakeSpecs())
        : specs(offered) {}

    static ui::RecipeInfo recipe(const std::string& id, const std::string& family,
                                 const std::string& title, const ParamSet& params = {}) {
        ui::RecipeInfo info;
        info.id = id;
        info.family = family;
        info.title = title;
        info.steps = 3000;
        info.params = params;
        return info;
    }

    ui::AppServices services() {
        ui::AppServices s;
        s.version = "test";
        s.settingsFolder = folder.path().toStdString();
        s.recipes = {recipe("vae-fake", "fake-vae", "VAE, 2-D latent", defaults),
                     recipe("beta-vae-fake", "fake-vae", "beta-VAE, beta 4"),
                     recipe("chain-fake", "fake-chain", "Random walk"),
                     recipe("fault-fake", "fake-fault", "Faulty walk"),
                     recipe("absent", "fake-vae", "VAE without its data")};
        s.recipes.back().available = false;
        s.recipes.back().note = "The data set is not installed: install its package.";
        s.defaultRecipe = "vae-fake";
        if (!recipes.empty()) {
            s.recipes = recipes;
            s.defaultRecipe.clear();
            s.chainRecipe = recipes.front().id;
            s.diffusionRecipe = recipes.front().id;
            s.chainFilesRecipe = chainFiles;
        }
        s.imageRecipe = "vae-fake";
        s.tableRecipe = "vae-fake";
        s.open = [this] { return engine.open(); };
        s.describe = [this](const std::string& family, const ParamSet& params) {
            for (const ExperimentSpec& spec : specs) {
                if (spec.id == family) {
                    return spec.describe(params);
                }
            }
            throw UsageError("unknown family " + family);
        };
        s.devices = [] { return std::vector<std::string>{"cpu"}; };
        s.judge = [](const std::string&, const std::map<std::string, double>& metrics) {
            std::vector<ui::JudgedMetric> rows;
            for (const auto& [name, value] : metrics) {
                rows.push_back({name, {}, value, {}});
            }
            return rows;
        };
        s.threads = 1;
        s.maxThreads = 2;
        s.renderer = [] {
            render::RendererOptions options;
            options.forceCpu = true;
            return std::shared_ptr<render::Renderer>(render::Renderer::create(options));
        };
        s.recoveries = [this] { return leftovers; };
        s.discardRecovery = [this](const std::string& path) { discarded.push_back(path); };
        return s;
    }

    ui::MainWindow& open(ui::StartOptions options = {false, true, ui::ThemeKind::Light}) {
        window = std::make_unique<ui::MainWindow>(services(), options);
        window->resize(1440, 900);
        window->show();
        window->engineReady();
        return *window;
    }
};

/// The parameters that the engine computes with now; none where it does not answer.
inline ParamSet capturedParams(ui::MainWindow& window) {
    Session* session = window.bridge().session(window.bridge().active());
    session->post(cmd::Capture{1});
    std::optional<Captured> out;
    QElapsedTimer patience;
    patience.start();
    while (!(out = session->takeCaptured()) && patience.elapsed() < 5000) {
        QTest::qWait(10);
    }
    return out ? out->load.params : ParamSet{};
}

}  // namespace lx::test
