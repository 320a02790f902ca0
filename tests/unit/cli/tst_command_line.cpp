// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/cli/command_line.h"

#include <QTest>

#include <sstream>

using namespace lx;
using namespace lx::cli;
using CliCommand = lx::cli::Command;

namespace {

struct Parsed {
    std::variant<CliCommand, ExitCode> result;
    std::string out, err;
};

Parsed parse(const std::vector<std::string>& arguments) {
    std::ostringstream out, err;
    auto result = parseCommandLine(arguments, "9.8.7", out, err);
    return {std::move(result), out.str(), err.str()};
}

template <class T>
const T* as(const Parsed& parsed) {
    const auto* command = std::get_if<CliCommand>(&parsed.result);
    return command != nullptr ? std::get_if<T>(command) : nullptr;
}

}  // namespace

class TestCommandLine : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void nothingOpensTheWindow() {
        const auto parsed = parse({});
        QVERIFY(as<WindowOptions>(parsed) != nullptr);
        const auto files = parse({"vae-fashion", "some file.npy", "--threads", "2", "--device",
                                  "cuda:1", "--memory", "64"});
        const auto* window = as<WindowOptions>(files);
        QVERIFY(window != nullptr);
        QCOMPARE(window->inputs.size(), std::size_t{2});
        QCOMPARE(window->inputs[1], std::string("some file.npy"));
        QCOMPARE(window->threads, 2);
        QCOMPARE(window->device, std::string("cuda:1"));
        QCOMPARE(window->memory.value(), 64);
        QVERIFY(!as<WindowOptions>(parsed)->memory);
    }

    void diagnoseTakesFiles() {
        const auto parsed = parse({"diagnose", "a.csv", "b.csv", "--json"});
        const auto* diagnose = as<DiagnoseOptions>(parsed);
        QVERIFY2(diagnose != nullptr, parsed.err.c_str());
        QCOMPARE(diagnose->files, (std::vector<std::string>{"a.csv", "b.csv"}));
        QVERIFY(diagnose->json);
        QVERIFY(as<DiagnoseOptions>(parse({"diagnose"})) == nullptr);
    }

    void movieTakesARange() {
        const auto range = [](const std::string& steps) {
            return parse({"movie", "vae-ring8", "--steps", steps, "--out", "a.gif"});
        };
        const auto parsed = range("10:2000:25");
        const auto* movie = as<MovieOptions>(parsed);
        QVERIFY2(movie != nullptr, parsed.err.c_str());
        QCOMPARE(movie->first, Index{10});
        QCOMPARE(movie->last.value(), Index{2000});
        QCOMPARE(movie->every, Index{25});
        QCOMPARE(movie->fps, 12.0);
        QCOMPARE(as<MovieOptions>(range("0:7"))->every, Index{0});
        for (const char* bad : {"", ":", "5", "5:", "5:4", "0:9:0", "0:9:2:", "0:9:2:1", "a:b",
                                "-1:5", "0:9:", "0: 9", "0:99999999999999999999"}) {
            const auto refused = range(bad);
            QVERIFY2(std::get_if<ExitCode>(&refused.result) != nullptr || *bad == '\0', bad);
        }
        QVERIFY(as<MovieOptions>(parse({"movie", "vae-ring8"})) == nullptr);  // no --out
    }

    void runTakesEverything() {
        const auto parsed =
            parse({"run",      "vae-ring8", "--set",     "a=1",     "--set",
                   "b=-2",     "--steps",   "200",       "--seed",  "18446744073709551615",
                   "--device", "cpu",       "--threads", "1",       "--out",
                   "o",        "--resume",  "r",         "--check", "--json"});
        const auto* run = as<RunOptions>(parsed);
        QVERIFY2(run != nullptr, parsed.err.c_str());
        QCOMPARE(run->recipe, std::string("vae-ring8"));
        QVERIFY((run->set == std::vector<std::string>{"a=1", "b=-2"}));
        QCOMPARE(run->steps.value(), Index{200});
        QCOMPARE(run->seed.value(), std::uint64_t{18446744073709551615U});
        QCOMPARE(run->out, std::string("o"));
        QCOMPARE(run->resume, std::string("r"));
        QVERIFY(run->check && run->json);
    }

    void setTakesOneWordEach() {
        // The recipe may follow; it must not become a second value.
        const auto parsed = parse({"run", "--set", "a=1", "vae-ring8"});
        const auto* run = as<RunOptions>(parsed);
        QVERIFY2(run != nullptr, parsed.err.c_str());
        QCOMPARE(run->recipe, std::string("vae-ring8"));
        QCOMPARE(run->set.size(), std::size_t{1});
    }

    void absentNumbersStayAbsent() {
        const auto parsed = parse({"run", "x"});
        const auto* run = as<RunOptions>(parsed);
        QVERIFY(run != nullptr && !run->steps && !run->seed);
    }

    void shotReadsSizeAndTheme() {
        const auto parsed = parse({"shot", "x", "--window", "--size", "1024x640", "--theme", "dark",
                                   "--png", "a.png", "--steps", "0"});
        const auto* shot = as<ShotOptions>(parsed);
        QVERIFY2(shot != nullptr, parsed.err.c_str());
        QCOMPARE(shot->width, 1024);
        QCOMPARE(shot->height, 640);
        QVERIFY(shot->dark && shot->window);
        QCOMPARE(shot->out, std::string("a.png"));
        QCOMPARE(shot->steps.value(), Index{0});
    }

    void helpAndVersionGoToOut() {
        const auto version = parse({"--version"});
        QCOMPARE(std::get<ExitCode>(version.result), ExitCode::Done);
        QCOMPARE(version.out, std::string("latent-explorer 9.8.7\n"));
        for (const auto& arguments : std::vector<std::vector<std::string>>{
                 {"--help"}, {"run", "--help"}, {"list", "--help"}, {"shot", "--help"}}) {
            const auto help = parse(arguments);
            QCOMPARE(std::get<ExitCode>(help.result), ExitCode::Done);
            QVERIFY(help.err.empty());
            QVERIFY(help.out.size() > 100);
        }
    }

    void wrongUsageIsStatusTwo_data() {
        QTest::addColumn<QStringList>("arguments");
        QTest::addColumn<QString>("says");
        const auto row = [](const char* name, QStringList arguments, QString says) {
            QTest::newRow(name) << arguments << says;
        };
        row("no recipe", {"run"}, "recipe");
        row("unknown option", {"run", "x", "--stpes", "3"}, "--stpes");
        row("steps", {"run", "x", "--steps", "many"}, "steps");
        row("negative steps", {"run", "x", "--steps", "-1"}, "steps");
        row("device", {"run", "x", "--device", "gpu"}, "cuda");
        row("card", {"run", "x", "--device", "cuda:"}, "cuda:N");
        row("card name", {"--device", "cuda:one"}, "cuda:N");
        row("memory", {"--memory", "-1"}, "memory");
        row("memory of a run", {"run", "x", "--memory", "64"}, "--memory");
        row("threads", {"run", "x", "--threads", "-3"}, "threads");
        row("list what", {"list", "receipts"}, "recipes");
        row("size", {"shot", "x", "--size", "10", "--png", "a.png"}, "1280x800");
        row("size huge", {"shot", "x", "--size", "99999x100", "--png", "a.png"}, "16384");
        row("theme", {"shot", "x", "--theme", "blue", "--png", "a.png"}, "light");
        row("nowhere to write", {"shot", "x"}, "--png");
        row("view and window", {"shot", "x", "--view", "v", "--window", "--png", "a"}, "excludes");
        row("recipe and all", {"shot", "x", "--all", "--out", "d"}, "either");
        row("bench threads", {"bench", "--threads", "0"}, "threads");
    }
    void wrongUsageIsStatusTwo() {
        QFETCH(QStringList, arguments);
        QFETCH(QString, says);
        std::vector<std::string> words;
        for (const auto& word : arguments) {
            words.push_back(word.toStdString());
        }
        const auto parsed = parse(words);
        const auto* status = std::get_if<ExitCode>(&parsed.result);
        QVERIFY2(status != nullptr, "accepted");
        QCOMPARE(static_cast<int>(*status), 2);
        QVERIFY(parsed.out.empty());
        QVERIFY2(QString::fromStdString(parsed.err).contains(says), parsed.err.c_str());
    }
};

QTEST_GUILESS_MAIN(TestCommandLine)
#include "tst_command_line.moc"
