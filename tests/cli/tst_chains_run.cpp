// SPDX-License-Identifier: GPL-3.0-or-later
// Recipes of chains on the command line, with the real engine.
#include "core/diagnostics/scalar.h"
#include "core/io/npy.h"
#include "tests/cli/program.h"

#include <QJsonArray>
#include <QJsonObject>
#include <QTemporaryDir>
#include <QTest>
#include <cmath>

using namespace lx;
using namespace lx::test;

class TestChainsRun : public QObject {
    Q_OBJECT

    QTemporaryDir m_home;
    QString path(const QString& name) const { return m_home.filePath(name); }
    Outcome run(const QStringList& arguments) const { return runProgram(m_home.path(), arguments); }

private Q_SLOTS:
    void checksAndFiles() {
        const QString out = path("gauss");
        const Outcome outcome =
            run({"run", "chains-gauss", "--check", "--out", out, "--json", "--threads", "1"});
        QVERIFY2(outcome.status == 0, outcome.err + outcome.out);
        const QJsonObject report = outcome.json().object();
        for (const auto& check : report["checks"].toArray()) {
            QVERIFY(check.toObject()["pass"].toBool());
        }
        const int draws = report["params"].toObject()["sampler.draws"].toInt();
        const Array chains = readNpy((out + "/arrays/chains.npy").toStdString());
        QCOMPARE(std::vector<Index>(chains.shape().begin(), chains.shape().end()),
                 (std::vector<Index>{draws, 4, 2}));
        // The numbers of the report are those of the file.
        const auto values = chains.values<double>();
        std::vector<double> x(static_cast<std::size_t>(draws) * 4);
        double rhat = 0;
        for (std::size_t d = 0; d < 2; ++d) {
            for (std::size_t c = 0; c < 4; ++c) {
                for (std::size_t n = 0; n < static_cast<std::size_t>(draws); ++n) {
                    x[c * static_cast<std::size_t>(draws) + n] = values[(n * 4 + c) * 2 + d];
                }
            }
            diagnostics::ScalarDiagnostics scalar({x, 4, draws});
            rhat = std::max(rhat, scalar.rhat().value());
        }
        const double reported = report["metrics"].toObject()["rhat_max"].toDouble();
        QVERIFY2(rhat <= reported + 1e-9 && rhat > 1 - 0.01,
                 qPrintable(QStringLiteral("%1 %2").arg(rhat).arg(reported)));
        for (const char* array : {"diagnostics", "trace", "trace.step", "verdict", "energy",
                                  "energy.extent", "marginals", "mechanism.path"}) {
            QVERIFY2(QFileInfo::exists(out + "/arrays/" + array + ".npy"), array);
        }
        QVERIFY(contentOf(out + "/series.csv").contains(",rhat_max,"));
        // The same chains open as those of anyone.
        const Outcome tables = run(
            {"diagnose", out + "/cmdstan/chains_1.csv", out + "/cmdstan/chains_2.csv", "--json"});
        QVERIFY2(tables.status == 0, tables.err);
        QCOMPARE(tables.json().object()["draws"].toInt(), draws);
        QCOMPARE(QDir(out + "/cmdstan").entryList(QDir::Files).size(), 4);
        const Outcome arviz = run({"diagnose", out + "/chains.nc", "--json"});
        QVERIFY2(arviz.status == 0, arviz.err);
        for (const auto& [found, chainsRead] : {std::pair(&tables, 2), std::pair(&arviz, 4)}) {
            const QJsonObject read = found->json().object();
            QCOMPARE(read["chains"].toInt(), chainsRead);
            QJsonObject first = read["variables"].toArray()[0].toObject();
            if (first["name"].toString() == "lp__") {
                first = read["variables"].toArray()[1].toObject();
            }
            double mean = 0;
            for (int n = 0; n < draws; ++n) {
                for (int c = 0; c < chainsRead; ++c) {
                    mean += values[static_cast<std::size_t>((n * 4 + c) * 2)] / draws / chainsRead;
                }
            }
            QVERIFY(std::abs(first["mean"].toDouble() - mean) < 1e-9);
            QVERIFY(read["sampler"].toObject()["divergences"].isDouble());
        }
        const Outcome judged = run({"diagnose", out, "--json"});
        QVERIFY2(judged.status == 0, judged.err);
        QCOMPARE(judged.json().object()["chains"].toInt(), 4);
    }

    void drawsDecideTheLengthAndResumingGoesOn() {
        const QStringList set{
            "--set", "sampler.draws=150", "--set", "sampler.warmup=50", "--threads", "1", "--seed",
            "7"};
        const Outcome whole =
            run(QStringList{"run", "chains-gauss", "--json", "--out", path("whole")} + set);
        QVERIFY2(whole.status == 0, whole.err);
        QCOMPARE(whole.json().object()["steps"].toInt(), 200);
        QVERIFY(
            run(QStringList{"run", "chains-gauss", "--steps", "110", "--out", path("part")} + set)
                .status == 0);
        const Outcome rest = run({"run", "chains-gauss", "--resume", path("part"), "--out",
                                  path("rest"), "--threads", "1"});
        QVERIFY2(rest.status == 0, rest.err);
        const auto bytes = contentOf(path("whole/arrays/chains.npy"));
        QVERIFY(bytes.size() > 150 * 4 * 2 * 8);
        QVERIFY(bytes == contentOf(path("rest/arrays/chains.npy")));
        QVERIFY(bytes != contentOf(path("part/arrays/chains.npy")));
        QVERIFY(contentOf(path("whole/series.csv")) == contentOf(path("rest/series.csv")));
    }

    void theVerdictSeesWhatRhatDoesNot() {
        const QString out = path("lies");
        const Outcome outcome = run({"run", "rhat-lies", "--check", "--json", "--out", out});
        QVERIFY2(outcome.status == 0, outcome.err + outcome.out);
        const Array verdict = readNpy((out + "/arrays/verdict.npy").toStdString());
        const auto text = verdict.bytes();
        const QByteArray words(reinterpret_cast<const char*>(text.data()),
                               static_cast<qsizetype>(text.size()));
        QVERIFY2(words.startsWith("Not converged.\n"), words);
        QVERIFY2(words.contains("R-hat can be 1.00"), words);
    }

    /// The engine module and Vulkan in one process.
    void vulkanWalksTheSamePaths() {
        const auto chainsOf = [&](const QString& executor, Array& chains) {
            const QString out = path(executor);
            const Outcome outcome =
                run({"run", "rhat-lies", "--set", "sampler.executor=" + executor, "--set",
                     "sampler.chains=50", "--set", "sampler.draws=20", "--set", "sampler.warmup=0",
                     "--out", out});
            QVERIFY2(outcome.status == 0, outcome.err);
            if (contentOf(out + "/arrays/sampler.npy")
                    .contains("executor\t" + executor.toUtf8() + ", ")) {
                chains = readNpy((out + "/arrays/chains.npy").toStdString());
            } else {
                QVERIFY2(outcome.err.contains("sampler.executor=vulkan"), outcome.err);
            }
        };
        Array fused = Array({0}, std::vector<double>{}), vulkan = fused;
        chainsOf("fused", fused);
        chainsOf("vulkan", vulkan);
        if (vulkan.count() == 0) {
            QSKIP("there is no Vulkan device");
        }
        QCOMPARE(vulkan.count(), fused.count());
        double most = 0;
        for (std::size_t i = 0; i < static_cast<std::size_t>(fused.count()); ++i) {
            most = std::max(most, std::abs(vulkan.values<double>()[i] - fused.values<double>()[i]));
        }
        QVERIFY2(most < 1e-2, qPrintable(QString::number(most)));
        const auto x = fused.values<double>();
        QVERIFY(std::abs(x.front() - x[static_cast<std::size_t>(fused.count()) - 100]) > 0.1);
    }

    void withoutADeviceTheFusedExecutorTakesOver() {
        const QString out = path("without");
        QProcess process;
        auto environment = isolated(m_home.path());
        environment.insert("VK_ICD_FILENAMES", "/nonexistent");
        environment.insert("VK_DRIVER_FILES", "/nonexistent");
        process.setProcessEnvironment(environment);
        process.start(kProgram, {"run", "rhat-lies", "--set", "sampler.executor=vulkan", "--set",
                                 "sampler.draws=20", "--out", out});
        QVERIFY(process.waitForFinished(120'000));
        QCOMPARE(process.exitCode(), 0);
        const QByteArray facts = contentOf(out + "/arrays/sampler.npy");
        QVERIFY2(facts.contains("executor\tfused, "), facts);
        QVERIFY2(facts.contains("note\tsampler.executor=vulkan: "), facts);
        const QByteArray text = process.readAllStandardError();
        QVERIFY2(text.contains("sampler.executor=vulkan") && text.contains("fused"), text);
    }

    void mistakesAreNamed() {
        const Outcome unknown = run({"run", "chains-gauss", "--set", "sampler.kernal=mala"});
        QCOMPARE(unknown.status, 2);
        QVERIFY2(unknown.err.contains("sampler.kernel"), unknown.err);
        const Outcome away = run({"run", "ula-bias", "--set", "sampler.step_size=30"});
        QCOMPARE(away.status, 4);
        QVERIFY2(away.err.contains("position of chain") && away.err.contains("step"), away.err);
        const Outcome formula =
            run({"run", "chains-formula", "--set", "energy.expression=x^2 + + y)"});
        QVERIFY(formula.status == 2 || formula.status == 3);
        QVERIFY2(formula.err.contains("column") || formula.err.contains("energy.expression"),
                 formula.err);
    }
};

QTEST_GUILESS_MAIN(TestChainsRun)
#include "tst_chains_run.moc"
