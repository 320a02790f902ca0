// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/composition.h"

#include "app/process.h"
#include "core/recipes/session_code.h"
#include "core/render/renderer.h"

#include <QStandardPaths>

#include <iostream>

namespace lx::app {

Composition::Composition(Program& program, bool autosave)
    : m_program(program), m_store(program, autosave) {
    program.setLogSink([log = m_log](LogLevel level, const std::string& message) {
        log->add(level, message);
        if (level >= LogLevel::Warning) {
            std::cerr << "latent-explorer: " << message << std::endl;
        }
    });
}

/// Session codes for pictures and the clipboard.
void Composition::fillSessionCodes(ui::AppServices& services) const {
    services.sessionTexts = [this](const ui::LoadedProject& project) {
        const SessionDocument document{project.info.recipe, project.info.name,    project.load,
                                       project.step,        m_program.versions(), {}};
        return std::map<std::string, std::string>{{kSessionCodeKey, sessionCode(document)}};
    };
    services.sessionOfText = [](const std::string& text, const std::string& source) {
        const SessionDocument document = readSessionCode(text, source);
        auto project = std::make_shared<ui::LoadedProject>();
        project->info.recipe = document.recipe;
        project->info.name = document.title;
        project->load = document.load;
        project->step = document.step;
        return project;
    };
    services.sessionOfTexts = [read = services.sessionOfText](
                                  const std::map<std::string, std::string>& texts,
                                  const std::string& source) {
        const auto code = texts.find(kSessionCodeKey);
        return code == texts.end() ? nullptr : read(code->second, source);
    };
}

std::string Composition::addRecipe(const Recipe& recipe) {
    m_own.push_back(recipe);
    return recipe.id;
}

ui::AppServices Composition::services() {
    ui::AppServices services;
    services.version = LX_VERSION;
    services.settingsFolder =
        QStandardPaths::writableLocation(QStandardPaths::AppConfigLocation).toStdString();
    services.defaultRecipe = m_program.defaultRecipe();
    const bool fashion = services.defaultRecipe == "vae-fashion";
    const auto add = [&](const Recipe& recipe) {
        ui::RecipeInfo info;
        info.id = recipe.id;
        info.title = recipe.title;
        info.family = recipe.family;
        info.reference = recipe.reference;
        info.lesson = m_program.recipes().lesson(recipe);
        info.layout = recipe.layout;
        info.params = recipe.params;
        info.steps = recipe.steps;
        info.clock = recipe.clock;
        const auto source = recipe.params.find("data.source");
        const auto* name =
            source == recipe.params.end() ? nullptr : std::get_if<std::string>(&source->second);
        if (name != nullptr && name->starts_with("data.fashion") && !fashion) {
            info.available = false;
            info.note = "Fashion-MNIST is missing: install the package dataset-fashion-mnist";
        }
        services.recipes.push_back(std::move(info));
    };
    for (const Recipe& recipe : m_own) {
        add(recipe);
    }
    for (const Recipe& recipe : m_program.recipes().all()) {
        // A file of one's own stands for the shipped recipe of that id.
        if (std::ranges::find(m_own, recipe.id, &Recipe::id) == m_own.end()) {
            add(recipe);
        }
    }
    const auto has = [&](const char* id) {
        return std::ranges::find(services.recipes, id, &ui::RecipeInfo::id) !=
               services.recipes.end();
    };
    services.chainRecipe = has("chains-ring8") ? "chains-ring8" : "";
    services.diffusionRecipe = has("ddpm-moons") ? "ddpm-moons" : "";
    if (!has("chain-files")) {
        // Its parameters are the files, so there is nothing for a recipe to say.
        ui::RecipeInfo files;
        files.id = files.family = "chain-files";
        files.title = "Chains from files";
        files.clock = Clock::Sample;
        services.recipes.push_back(std::move(files));
    }
    services.chainFilesRecipe = "chain-files";
    services.imageRecipe = "vae-fashion";
    services.tableRecipe = "vae-ring8";
    std::error_code error;
    const auto demo = m_program.resources() / "data" / "vae-shapes.safetensors";
    if (!m_program.resources().empty() && std::filesystem::exists(demo, error)) {
        services.demoProject = demo.string();
    }
    services.log = m_log;
    services.maxThreads = cli::availableCores();
    services.threads = std::max(1, services.maxThreads - 1);
    services.renderer = [log = m_program.log()] {
        render::RendererOptions options;
        options.log = log;
        return std::shared_ptr<render::Renderer>(render::Renderer::create(options));
    };
    m_store.fill(services);
    fillSessionCodes(services);
    return services;
}

void Composition::attachEngine(const EngineTable& table, ui::AppServices& services) {
    EngineOptions options;
    options.ringBytes = services.ringBytes;
    options.log = m_program.log();
    options.onThreadStart = [] {
        cli::prepareEngineThread(true);
        useAlternateStack();
    };
    m_engine = std::make_unique<Engine>(table.experiments, options);
    services.setRingBytes = [this](std::size_t bytes) { m_engine->setRingBytes(bytes); };
    services.open = [this] { return m_engine->open(); };
    services.describe = [&table](const std::string& family, const ParamSet& params) {
        for (const auto& spec : table.experiments) {
            if (spec.id == family) {
                return spec.describe(params);
            }
        }
        throw UsageError("this program has no experiment family '" + family + "'");
    };
    services.datasets = table.datasets;
    services.devices = table.devices;
    services.setDevice = table.setDevice;
    services.setThreads = table.setThreads;
    services.judge = [this](const std::string& id, const std::map<std::string, double>& metrics) {
        std::vector<ui::JudgedMetric> out;
        auto rest = metrics;
        if (const Recipe* recipe = m_program.recipes().find(id)) {
            for (const CheckResult& result : evaluate(recipe->checks, metrics)) {
                out.push_back(
                    {result.check.name, limitText(result.check), result.value, result.pass});
                rest.erase(result.check.name);
            }
        }
        for (const auto& [name, value] : rest) {
            out.push_back({name, {}, value, {}});
        }
        return out;
    };
    services.selfTest = {{"engine", [&table] { return table.selfTest(); }}};
    std::ranges::move(m_program.selfTest(), std::back_inserter(services.selfTest));
    for (const auto& [part, version] : m_program.versions()) {
        services.build += part + " " + version + "\n";
    }
    table.setThreads(services.threads);
    table.setDevice(services.device);
}

}  // namespace lx::app
