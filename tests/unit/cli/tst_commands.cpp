// SPDX-License-Identifier: GPL-3.0-or-later
// The commands on closed-form experiments: files, JSON, exit statuses, resuming, interruption.
#include "core/cli/commands.h"
#include "core/cli/run_output.h"
#include "core/io/npy.h"
#include "core/io/npz.h"
#include "tests/support/fake_experiment.h"

#include <QTemporaryDir>
#include <QTest>

#include <fstream>
#include <sstream>
#include <thread>

using namespace lx;
using namespace lx::cli;
using CliCommand = lx::cli::Command;
namespace fs = std::filesystem;

namespace {

EngineTable fakeTable() {
    EngineTable table;
    table.experiments = test::fakeSpecs();
    table.torchVersion = "none";
    table.blas = "none";
    table.setThreads = [](int) {};
    table.setDevice = [](const std::string& device) {
        if (device != "cpu") {
            throw DeviceError("no device '" + device + "'; choose cpu");
        }
    };
    table.devices = [] { return std::vector<std::string>{"cpu"}; };
    table.datasets = [] {
        DatasetInfo ring;
        ring.id = "data.ring8";
        ring.title = "Eight Gaussians";
        return std::vector<DatasetInfo>{ring};
    };
    table.benchNames = [] { return std::vector<std::string>{"train.a", "train.b", "sgemm.c"}; };
    table.bench = [](std::span<const std::string> names, int) {
        std::vector<BenchRow> rows;
        for (const auto& name : names) {
            rows.push_back({name, 1.5, "ms"});
        }
        return rows;
    };
    table.selfTest = [] { return std::vector<SelfTestRow>{{"pi", 3, 3.14, 0.5, true}}; };
    return table;
}

std::string recipeText(const std::string& id, const std::string& family,
                       const std::string& params) {
    return R"({"id":")" + id + R"(","title":"T","family":")" + family +
           R"(","steps":40,"seed":3,"params":{)" + params +
           R"(},"checks":[{"name":"elbo","op":"<","threshold":0},{"name":"elbo","op":">","threshold":-1e6}]})";
}

/// A command line with its streams.
struct Shell {
    RecipeBook recipes;
    EngineTable table = fakeTable();
    std::vector<SelfTestPart> selfTest;
    std::ostringstream out, err;
    std::stop_source interrupt;

    Shell() {
        recipes.add(parseRecipe(recipeText("walk", "fake-vae", ""), "walk.json"));
        recipes.add(parseRecipe(recipeText("slow", "fake-chain", R"("step_ms":5)"), "slow.json"));
        std::string bad = recipeText("strict", "fake-vae", "");
        bad.replace(bad.find("\"threshold\":0"), 13, "\"threshold\":-1e9");
        recipes.add(parseRecipe(bad, "strict.json"));
    }
    ExitCode operator()(const std::vector<std::string>& arguments) {
        out.str("");
        err.str("");
        auto parsed = parseCommandLine(arguments, "1", out, err);
        if (const auto* status = std::get_if<ExitCode>(&parsed)) {
            return *status;
        }
        Host host{
            .version = "1",
            .out = out,
            .err = err,
            .terminal = false,
            .recipes = recipes,
            .engine = [this]() -> const EngineTable& { return table; },
            .views = {{"latent-map", "Latent map", {"points2"}}},
            .versions =
                [] { return std::map<std::string, std::string, std::less<>>{{"program", "1"}}; },
            .interrupt = interrupt.get_token(),
            .log = {},
            .paintFigures = {},
            .paintWindow = {},
            .paintSheet = {},
            .paintMovie = {},
            .benchNames = {},
            .bench = {},
            .selfTest = selfTest,
            .drawnBy = {},
            .executor = {}};
        return execute(std::get<CliCommand>(parsed), host);
    }
    Json json() const { return Json::parse(out.str()); }
};

std::string contentOf(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

}  // namespace

class TestCommands : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void listIsValidJson() {
        Shell shell;
        QCOMPARE(shell({"list", "recipes", "--json"}), ExitCode::Done);
        const Json list = shell.json();
        QVERIFY(list.is_array());
        QCOMPARE(list.size(), std::size_t{3});
        for (const char* key :
             {"id", "family", "title", "reference", "params", "views", "checks"}) {
            QVERIFY2(list[0].contains(key), key);
        }
        for (const auto& param : list[0]["params"]) {
            for (const char* key : {"id", "type", "default", "min", "max", "choices", "help"}) {
                QVERIFY2(param.contains(key), key);
            }
        }
        // The default is what the recipe sets.
        const auto slow =
            std::ranges::find_if(list, [](const Json& r) { return r["id"] == "slow"; });
        const auto& params = (*slow)["params"];
        const auto step =
            std::ranges::find_if(params, [](const Json& p) { return p["id"] == "step_ms"; });
        QCOMPARE((*step)["default"].get<int>(), 5);
        for (const char* what : {"datasets", "samplers", "energies", "views"}) {
            QCOMPARE(shell({"list", what, "--json"}), ExitCode::Done);
            QVERIFY(shell.json().is_array());
        }
        QCOMPARE(shell({"list", "energies", "--json"}), ExitCode::Done);
        const Json energies = shell.json();
        QCOMPARE(energies.size(), std::size_t{18});
        QCOMPARE(energies.back().at("id").get<std::string>(), std::string("learned"));
        for (const auto& energy : energies) {
            for (const char* key : {"id", "title", "reference", "params"}) {
                QVERIFY2(energy.contains(key), key);
            }
        }
        QCOMPARE(shell({"list", "samplers", "--json"}), ExitCode::Done);
        const Json samplers = shell.json();
        QCOMPARE(samplers.size(), std::size_t{17});
        for (const auto& sampler : samplers) {
            for (const char* key : {"id", "title", "reference", "params", "exact"}) {
                QVERIFY2(sampler.contains(key), key);
            }
        }
        QCOMPARE(shell({"list"}), ExitCode::Done);
        QVERIFY(shell.out.str().find("walk") != std::string::npos);
    }

    void runWritesEveryFile() {
        Shell shell;
        QTemporaryDir dir;
        const fs::path folder = fs::path(dir.path().toStdString()) / "o" / "deep";
        QCOMPARE(
            shell({"run", "walk", "--out", folder.string(), "--check", "--json", "--threads", "1"}),
            ExitCode::Done);
        const Json report = shell.json();
        QVERIFY(report == Json::parse(contentOf(folder / "report.json")));
        QCOMPARE(report["recipe"].get<std::string>(), std::string("walk"));
        QCOMPARE(report["seed"].get<int>(), 3);
        QCOMPARE(report["steps"].get<int>(), 40);
        QCOMPARE(report["threads"].get<int>(), 1);
        QCOMPARE(report["device"].get<std::string>(), std::string("cpu"));
        QCOMPARE(report["checks"].size(), std::size_t{2});
        QVERIFY(report["checks"][0]["pass"].get<bool>());
        QVERIFY(!report.contains("interrupted"));
        QVERIFY(report["metrics"].contains("elbo"));
        const std::string series = contentOf(folder / "series.csv");
        QVERIFY(series.starts_with("step,series,value\n"));
        QVERIFY(series.find("\n40,") != std::string::npos);
        const Array codes = readNpy(folder / "arrays" / "codes.npy");
        QCOMPARE(codes.shape().size(), std::size_t{2});
        const Array labels = readNpy(folder / "arrays" / "labels.npy");
        QVERIFY(labels.dtype() == DType::I64);
        QCOMPARE(loadSession(folder).document.step[0], Index{40});
        QCOMPARE(Json::parse(contentOf(folder / "session.json"))["steps"]["train"].get<int>(), 40);
    }

    void resumedRunEqualsAnUninterruptedOne() {
        Shell shell;
        QTemporaryDir dir;
        const fs::path base = dir.path().toStdString();
        const auto run = [&](std::vector<std::string> more) {
            std::vector<std::string> arguments = {"run", "walk", "--threads", "1"};
            arguments.insert(arguments.end(), more.begin(), more.end());
            const ExitCode status = shell(arguments);
            QVERIFY2(status == ExitCode::Done, shell.err.str().c_str());
        };
        run({"--out", (base / "whole").string()});
        run({"--steps", "17", "--out", (base / "half").string()});
        // From the folder, from session.json and from the file itself.
        for (const fs::path& from : {base / "half", base / "half" / "session.json",
                                     base / "half" / "weights.safetensors"}) {
            run({"--resume", from.string(), "--out", (base / "rest").string()});
            const auto whole = loadSession(base / "whole").state,
                       rest = loadSession(base / "rest").state;
            QCOMPARE(rest->size(), whole->size());
            for (const auto& [name, array] : *whole) {
                QVERIFY2(std::ranges::equal(array.bytes(), rest->at(name).bytes()), name.c_str());
            }
            QCOMPARE(contentOf(base / "rest" / "series.csv"),
                     contentOf(base / "whole" / "series.csv"));
        }
        // The twin: another seed must not pass for the same run.
        run({"--seed", "4", "--out", (base / "other").string()});
        QVERIFY(contentOf(base / "other" / "weights.safetensors") !=
                contentOf(base / "whole" / "weights.safetensors"));
    }

    void failedCheckIsStatusOne() {
        Shell shell;
        QCOMPARE(shell({"run", "strict", "--check", "--json"}), ExitCode::CheckFailed);
        QVERIFY(!shell.json()["checks"][0]["pass"].get<bool>());
        QCOMPARE(shell({"run", "strict"}), ExitCode::Done);  // without --check nothing is judged
    }

    void errorsHaveTheirStatus() {
        Shell shell;
        QTemporaryDir dir;
        const fs::path base = dir.path().toStdString();
        QCOMPARE(shell({"run", "wakl"}), ExitCode::Usage);
        QVERIFY2(shell.err.str().find("'walk'") != std::string::npos, shell.err.str().c_str());
        QCOMPARE(shell({"run", "walk", "--set", "step_sise=1"}), ExitCode::Usage);
        QVERIFY2(shell.err.str().find("'step_size'") != std::string::npos, shell.err.str().c_str());
        std::ofstream(base / "bad.json") << "{\"id\": 3}";
        QCOMPARE(shell({"run", (base / "bad.json").string()}), ExitCode::BadInput);
        QVERIFY(shell.err.str().find("bad.json") != std::string::npos);
        std::ofstream(base / "bad.safetensors") << "not a session";
        QCOMPARE(shell({"run", "walk", "--resume", (base / "bad.safetensors").string()}),
                 ExitCode::BadInput);
        QCOMPARE(shell({"run", "walk", "--device", "cuda"}), ExitCode::NoDevice);
        std::ofstream(base / "file") << "x";
        QCOMPARE(shell({"run", "walk", "--out", (base / "file").string()}), ExitCode::Usage);
        QCOMPARE(shell({"bench", "trian"}), ExitCode::Usage);
        QCOMPARE(shell({"shot", "walk", "--png", "a.png"}), ExitCode::Usage);
        QVERIFY(shell.out.str().empty());  // messages never mix with results
    }

    void numericalFailureIsStatusFour() {
        Shell shell;
        shell.recipes.add(parseRecipe(
            recipeText("fault", "fake-fault",
                       R"("fault.where":"advance","fault.kind":"numerical","fault.call":7)"),
            "fault.json"));
        QCOMPARE(shell({"run", "fault"}), ExitCode::Numerical);
        QVERIFY2(shell.err.str().find("step 7") != std::string::npos, shell.err.str().c_str());
    }

    void resumeRefusesAnotherRun() {
        Shell shell;
        QTemporaryDir dir;
        const std::string folder = dir.path().toStdString();
        QCOMPARE(shell({"run", "walk", "--steps", "5", "--out", folder}), ExitCode::Done);
        QCOMPARE(shell({"run", "slow", "--resume", folder}), ExitCode::Usage);
        QCOMPARE(shell({"run", "walk", "--resume", folder, "--seed", "9"}), ExitCode::Usage);
        QCOMPARE(shell({"run", "walk", "--resume", folder, "--steps", "3"}), ExitCode::Usage);
    }

    void interruptStillWritesTheFolder() {
        Shell shell;
        QTemporaryDir dir;
        const fs::path folder = dir.path().toStdString();
        std::jthread killer([&] {
            std::this_thread::sleep_for(std::chrono::milliseconds(300));
            shell.interrupt.request_stop();
        });
        QCOMPARE(shell({"run", "slow", "--steps", "100000", "--check", "--out", folder.string()}),
                 ExitCode::Interrupted);
        const Json report = Json::parse(contentOf(folder / "report.json"));
        QVERIFY(report["interrupted"].get<bool>());
        QVERIFY(report["checks"].empty());
        const Index step = report["steps"].get<Index>();
        QVERIFY(step > 0 && step < 100000);
        // What was written is whole: the run goes on from there.
        QCOMPARE(loadSession(folder).document.step[0], step);
        shell.interrupt = std::stop_source();
        const std::string more = std::to_string(step + 2);
        QCOMPARE(shell({"run", "slow", "--steps", more, "--resume", folder.string()}),
                 ExitCode::Done);
    }

    /// A second run gives the same file, ten samples are the first of a hundred, the key of one
    /// makes it again, and a saved run gives those of the run itself.
    void generateWritesTheSameSamples() {
        Shell shell;
        QTemporaryDir dir;
        const fs::path base = dir.path().toStdString();
        const auto make = [&](const std::string& model, const char* name,
                              std::vector<std::string> more) {
            std::vector<std::string> arguments = {"generate", model, "--out",
                                                  (base / "deep" / name).string()};
            arguments.insert(arguments.end(), more.begin(), more.end());
            const ExitCode status = shell(arguments);
            if (status != ExitCode::Done) {
                qWarning("%s", shell.err.str().c_str());
            }
            return status == ExitCode::Done ? contentOf(base / "deep" / name) : std::string();
        };
        const std::string hundred = make("walk", "hundred.npz", {"--count", "100"});
        QVERIFY(!hundred.empty() && hundred == make("walk", "again.npz", {"--count", "100"}));
        QCOMPARE(shell.out.str(), (base / "deep" / "again.npz").string() + "\n");
        const State all = readNpz(base / "deep" / "hundred.npz");
        QVERIFY(!make("walk", "ten.npz", {"--count", "10"}).empty());
        const State ten = readNpz(base / "deep" / "ten.npz");
        for (const char* name : {"samples", "codes", "keys"}) {
            const auto bytes = all.at(name).bytes();
            QVERIFY2(std::ranges::equal(ten.at(name).bytes(), bytes.first(bytes.size() / 10)),
                     name);
        }
        const auto keys = all.at("keys").values<Index>();
        QCOMPARE(keys[0], Index{3});  // the seed of the recipe
        const std::string key = std::to_string(static_cast<std::uint64_t>(keys[0])) + ":" +
                                std::to_string(static_cast<std::uint64_t>(keys[1]));
        QVERIFY(!make("walk", "one.npz", {"--key", key, "--first", "42", "--count", "1"}).empty());
        const Array one = readNpz(base / "deep" / "one.npz").at("samples");
        QVERIFY(std::ranges::equal(one.bytes(), all.at("samples").bytes().subspan(
                                                    42 * one.bytes().size(), one.bytes().size())));
        QCOMPARE(shell({"run", "walk", "--out", (base / "o").string()}), ExitCode::Done);
        for (const fs::path& saved :
             {base / "o", base / "o" / "weights.safetensors", base / "o" / "session.json"}) {
            QVERIFY(make(saved.string(), "saved.npz", {"--count", "100"}) == hundred);
        }
        // The twins: another seed, another model.
        QVERIFY(make((base / "o").string(), "other.npz", {"--count", "100", "--seed", "4"}) !=
                hundred);
        QVERIFY(make("walk", "less.npz", {"--count", "100", "--steps", "5"}) != hundred);
        QVERIFY(make((base / "o").string(), "more.npz", {"--count", "100", "--steps", "60"}) !=
                hundred);
        // Of a recipe that this program does not know.
        shell.recipes = RecipeBook();
        QVERIFY(make((base / "o").string(), "saved.npz", {"--count", "100"}) == hundred);
    }

    void generateSaysWhatIsWrong() {
        Shell shell;
        QTemporaryDir dir;
        const fs::path base = dir.path().toStdString();
        const auto refused = [&](std::vector<std::string> more, const char* word) {
            std::vector<std::string> arguments = {"generate"};
            arguments.insert(arguments.end(), more.begin(), more.end());
            const bool status = shell(arguments) == ExitCode::Usage;
            const bool said = shell.err.str().find(word) != std::string::npos;
            if (!status || !said) {
                qWarning("%s", shell.err.str().c_str());
            }
            return status && said;
        };
        const std::string npz = (base / "a.npz").string();
        QVERIFY(refused({"wakl", "--out", npz}, "'walk'"));
        QVERIFY(refused({"walk"}, "--out"));
        QVERIFY(refused({"walk", "--out", (base / "a.csv").string()}, ".npz"));
        QVERIFY(refused({"walk", "--out", npz, "--count", "0"}, "--count"));
        QVERIFY(refused({"walk", "--out", npz, "--key", "12"}, "SEED:STREAM"));
        QVERIFY(refused({"walk", "--out", npz, "--key", "1:x"}, "SEED:STREAM"));
        QVERIFY(refused({"slow", "--out", npz, "--steps", "1"}, "no model"));
        std::ofstream(base / "file") << "x";
        QVERIFY(refused({"walk", "--out", (base / "file" / "a.npz").string()}, "folder"));
        fs::create_directories(base / "full");
        std::ofstream(base / "full" / "file") << "x";
        QVERIFY(refused({"walk", "--out", (base / "full").string()}, "there is something"));
        QCOMPARE(shell({"generate", (base / "full").string(), "--out", npz}), ExitCode::BadInput);
        // Nothing was left behind.
        QCOMPARE(std::distance(fs::directory_iterator(base), fs::directory_iterator()), 2);
    }

    void interruptedGenerateLeavesNothing() {
        Shell shell;
        QTemporaryDir dir;
        const fs::path base = dir.path().toStdString();
        for (const char* name : {"a.npz", "folder"}) {
            shell.interrupt = std::stop_source();
            std::jthread killer([&] {
                std::this_thread::sleep_for(std::chrono::milliseconds(300));
                shell.interrupt.request_stop();
            });
            QCOMPARE(shell({"generate", "walk", "--steps", "0", "--set", "step_ms=20", "--count",
                            "1000000", "--out", (base / name).string()}),
                     ExitCode::Interrupted);
            QVERIFY(shell.err.str().find("nothing was written") != std::string::npos);
            QVERIFY(fs::is_empty(base));
        }
    }

    void benchSelectsByPrefix() {
        Shell shell;
        QCOMPARE(shell({"bench", "train", "--json"}), ExitCode::Done);
        const Json result = shell.json();
        QCOMPARE(result["rows"].size(), std::size_t{2});
        for (const char* key : {"cpu", "threads", "blas", "executor", "torch"}) {
            QVERIFY2(result["conditions"].contains(key), key);
        }
    }

    void selfTestFailsWhenOneRowFails() {
        Shell shell;
        QCOMPARE(shell({"selftest", "--json"}), ExitCode::Done);
        shell.table.selfTest = [] {
            return std::vector<SelfTestRow>{{"pi", 3, 3, 1, true}, {"e", 9, 2.7, 0.1, false}};
        };
        QCOMPARE(shell({"selftest"}), ExitCode::CheckFailed);
        shell.table.selfTest = [] { return std::vector<SelfTestRow>{}; };
        QCOMPARE(shell({"selftest"}), ExitCode::CheckFailed);  // testing nothing is no success
        shell.table.selfTest = [] { return std::vector<SelfTestRow>{{"pi", 3, 3, 1, true}}; };
        shell.selfTest = {
            {"hmc", [] { return std::vector<SelfTestRow>{{"hmc", 9, 0, 4.6, false}}; }}};
        QCOMPARE(shell({"selftest"}), ExitCode::CheckFailed);
        shell.selfTest = {
            {"hmc", [] { return std::vector<SelfTestRow>{{"hmc", 1, 0, 4.6, true}}; }}};
        QCOMPARE(shell({"selftest"}), ExitCode::Done);
    }

    void windowInputsAreChecked() {
        Shell shell;
        requireInputs({.inputs = {"walk"}}, shell.recipes);
        QString message;
        try {
            requireInputs({.inputs = {"diagnoze"}}, shell.recipes);
        } catch (const UsageError& error) {
            message = error.what();
        }
        QVERIFY2(message.contains("list, run, generate, shot, movie, diagnose, bench, selftest"),
                 qPrintable(message));
    }
};

QTEST_GUILESS_MAIN(TestCommands)
#include "tst_commands.moc"
