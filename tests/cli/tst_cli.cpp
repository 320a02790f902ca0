// SPDX-License-Identifier: GPL-3.0-or-later
// The command line end to end, with the real engine.
#include "core/io/npy.h"
#include "core/recipes/session_code.h"
#include "tests/cli/program.h"

#include <QElapsedTimer>
#include <QImage>
#include <QJsonArray>
#include <QJsonObject>
#include <QTemporaryDir>
#include <QTest>

#include <csignal>

using namespace lx;
using namespace lx::test;

namespace {

/// A slider moves a live number, within its range, from low to high.
void checkSlider(const QJsonObject& param) {
    const QByteArray id = param["id"].toString().toUtf8();
    if (param["slider"].isNull()) {
        return;
    }
    const QJsonArray span = param["slider"].toArray();
    QVERIFY2(span.size() == 2 && span[0].toDouble() < span[1].toDouble(), id);
    QVERIFY2(param["live"].toBool() && param["type"].toString() != "text", id);
    QVERIFY2(param["min"].toDouble() <= span[0].toDouble(), id);
    QVERIFY2(span[1].toDouble() <= param["max"].toDouble(), id);
}

}  // namespace

class TestCli : public QObject {
    Q_OBJECT

    QTemporaryDir m_home;
    QString path(const QString& name) const { return m_home.filePath(name); }
    Outcome run(const QStringList& arguments) const { return runProgram(m_home.path(), arguments); }

private Q_SLOTS:
    void initTestCase() {
        QVERIFY2(QFileInfo::exists(kProgram), qPrintable(kProgram));
        QVERIFY2(QFileInfo::exists(kModule), qPrintable(kModule));
    }

    void listIsValidJson() {
        const Outcome all = run({"list", "recipes", "--json"});
        QVERIFY2(all.status == 0, all.err);
        const QJsonArray recipes = all.json().array();
        QVERIFY(recipes.size() >= 7);
        for (const auto& entry : recipes) {
            const QJsonObject recipe = entry.toObject();
            for (const char* key :
                 {"id", "family", "title", "reference", "params", "views", "checks"}) {
                QVERIFY2(recipe.contains(QLatin1String(key)), key);
            }
            QVERIFY(!recipe["params"].toArray().isEmpty());
            QVERIFY(!recipe["views"].toArray().isEmpty());
            for (const auto& param : recipe["params"].toArray()) {
                checkSlider(param.toObject());
            }
        }
        for (const char* what : {"datasets", "samplers", "energies", "views"}) {
            const Outcome list = run({"list", what, "--json"});
            QVERIFY2(list.status == 0 && list.json().isArray(), what);
        }
    }

    void runWritesEveryFile() {
        const QString out = path("out");
        const Outcome outcome = run({"run", "vae-ring8", "--steps", "200", "--seed", "1",
                                     "--threads", "1", "--out", out, "--json"});
        QVERIFY2(outcome.status == 0, outcome.err);
        QVERIFY2(outcome.err.isEmpty(), outcome.err);  // no progress bar into a pipe
        const QJsonObject report = outcome.json().object();
        QCOMPARE(report, QJsonDocument::fromJson(contentOf(out + "/report.json")).object());
        QCOMPARE(report["recipe"].toString(), QString("vae-ring8"));
        QCOMPARE(report["steps"].toInt(), 200);
        QCOMPARE(report["threads"].toInt(), 1);
        QVERIFY(report["steps_per_second"].toDouble() > 0);
        QVERIFY(report["metrics"].toObject().contains("heldout_elbo"));
        QVERIFY(report["versions"].toObject().contains("torch"));
        const QByteArray series = contentOf(out + "/series.csv");
        QVERIFY(series.startsWith("step,series,value\n"));
        QVERIFY(series.contains("\n200,loss,"));
        const Array codes = readNpy((out + "/arrays/codes.npy").toStdString());
        QVERIFY(codes.dtype() == DType::F32 && codes.dim(1) == 2 && codes.dim(0) <= 10'000);
        const Array samples = readNpy((out + "/arrays/samples.npy").toStdString());
        QCOMPARE(samples.dim(1), Index{2});
        const SessionFile session = loadSession(out.toStdString());
        QCOMPARE(session.document.step[0], Index{200});
        QVERIFY(!session.state->empty());
#ifdef LX_WITH_UI
        const QDir figures(out + "/figures");
        QVERIFY(figures.entryList({"*.png"}).size() >= 3);
        for (const auto& picture : figures.entryInfoList({"*.png"})) {
            QVERIFY2(picture.size() > 1000, qPrintable(picture.fileName()));
        }
#endif
        // Written last, so that its presence tells that the folder is whole.
        const auto last = QFileInfo(out + "/weights.safetensors").lastModified();
        for (const char* name : {"report.json", "series.csv", "session.json"}) {
            QVERIFY(QFileInfo(out + "/" + name).lastModified() <= last);
        }
    }

    // C1 and C2: the same run twice, and the same run in two halves, to the bit.
    void resumingIsBitIdentical_data() {
        QTest::addColumn<QString>("recipe");
        QTest::addColumn<QStringList>("more");
        QTest::addColumn<int>("split");
        QTest::newRow("ring8, early") << "vae-ring8" << QStringList{} << 1;
        QTest::newRow("ring8, late") << "vae-ring8" << QStringList{} << 73;
        QTest::newRow("shapes") << "vae-shapes" << QStringList{"--set", "data.count=2000"} << 40;
        QTest::newRow("ppca") << "ppca" << QStringList{} << 31;
        QTest::newRow("conv, cosine, ema, clip, warm-up")
            << "vae-shapes"
            << QStringList{"--set", "data.count=1000",       "--set", "network=net.conv",
                           "--set", "train.schedule=cosine", "--set", "train.horizon=100",
                           "--set", "train.ema=0.9",         "--set", "train.clip=5",
                           "--set", "objective.warmup=50",   "--set", "train.warmup=20",
                           "--set", "network.channels=8,16"}
            << 29;
    }
    void resumingIsBitIdentical() {
        QFETCH(QString, recipe);
        QFETCH(QStringList, more);
        QFETCH(int, split);
        QTemporaryDir dir;
        const auto go = [&](const QString& name, const QStringList& rest) {
            const Outcome outcome = run(
                QStringList{"run", recipe, "--threads", "1", "--out", dir.filePath(name)} + rest);
            QVERIFY2(outcome.status == 0, outcome.err);
        };
        const QString total = "90";
        go("whole", QStringList{"--seed", "5", "--steps", total} + more);
        go("again", QStringList{"--seed", "5", "--steps", total} + more);
        go("half", QStringList{"--seed", "5", "--steps", QString::number(split)} + more);
        go("rest", {"--resume", dir.filePath("half"), "--steps", total});
        go("other", QStringList{"--seed", "6", "--steps", total} + more);
        const auto weights = [&](const char* name) {
            return contentOf(dir.filePath(name) + "/weights.safetensors");
        };
        QVERIFY(weights("whole").size() > 1000);
        QVERIFY2(weights("again") == weights("whole"), "two equal runs differ");
        QVERIFY2(weights("rest") == weights("whole"), "a resumed run differs");
        QCOMPARE(contentOf(dir.filePath("rest") + "/series.csv"),
                 contentOf(dir.filePath("whole") + "/series.csv"));
        QVERIFY2(weights("other") != weights("whole"), "the seed plays no part");
    }

    void interruptIsClean() {
        const QString out = path("interrupted");
        QProcess process;
        process.setProcessEnvironment(isolated(m_home.path()));
        process.start(kProgram, {"run", "vae-ring8", "--steps", "100000000", "--threads", "1",
                                 "--check", "--out", out});
        QVERIFY(process.waitForStarted());
        QTRY_VERIFY_WITH_TIMEOUT(contentOf(out + "/series.csv").size() > 1000, 60'000);
        kill(static_cast<pid_t>(process.processId()), SIGINT);
        QVERIFY(process.waitForFinished(120'000));
        QCOMPARE(process.exitStatus(), QProcess::NormalExit);
        QCOMPARE(process.exitCode(), 130);
        const QJsonObject report =
            QJsonDocument::fromJson(contentOf(out + "/report.json")).object();
        QVERIFY(report["interrupted"].toBool());
        QVERIFY(report["checks"].toArray().isEmpty());
        QCOMPARE(loadSession(out.toStdString()).document.step[0],
                 static_cast<Index>(report["steps"].toDouble()));
    }

    void errorsHaveStatusAndRemedy_data() {
        QTest::addColumn<QStringList>("arguments");
        QTest::addColumn<int>("status");
        QTest::addColumn<QString>("says");
        QFile bad(path("bad.idx"));
        QVERIFY(bad.open(QIODevice::WriteOnly));
        bad.write(QByteArray::fromHex("00000803ffffffffffffffffffffffff"));
        bad.close();
        QFile recipe(path("bad.json"));
        QVERIFY(recipe.open(QIODevice::WriteOnly));
        recipe.write("{\"id\": \"x\",\n \"titel\": 3}");
        recipe.close();
        const QString badIdx = bad.fileName(), badJson = recipe.fileName();
        QTest::newRow("unknown key")
            << QStringList{"run", "vae-ring8", "--set", "latent.dmi=2"} << 2 << "latent.dim";
        QTest::newRow("range") << QStringList{"run", "vae-ring8", "--set", "latent.dim=0"} << 2
                               << "1 to";
        QTest::newRow("unknown recipe") << QStringList{"run", "vae-ring9"} << 2 << "vae-ring8";
        QTest::newRow("unknown command")
            << QStringList{"diagnoze"} << 2
            << "list, run, generate, shot, movie, diagnose, bench, selftest";
        QTest::newRow("option") << QStringList{"run", "vae-ring8", "--stepz", "3"} << 2
                                << "--stepz";
        QTest::newRow("film steps")
            << QStringList{"movie", "vae-ring8", "--steps", "9:3", "--out", "a.gif"} << 2
            << "FIRST:LAST:STRIDE";
        QTest::newRow("film ending")
            << QStringList{"movie", "vae-ring8", "--out", "a.avi"} << 2 << ".webm";
        QTest::newRow("film view")
            << QStringList{"movie", "vae-ring8", "--view", "latent-mop", "--out", "a.gif"} << 2
            << "latent-map";
        QTest::newRow("recipe file") << QStringList{"run", badJson} << 3 << "line 2";
        QTest::newRow("data file")
            << QStringList{"run", "vae-shapes", "--set", "data.source=" + badIdx} << 3 << badIdx;
        QTest::newRow("missing data")
            << QStringList{"run", "vae-shapes", "--set", "data.source=" + path("none.csv")} << 3
            << "none.csv";
        QTest::newRow("session") << QStringList{"run", "vae-ring8", "--resume", badIdx} << 3
                                 << badIdx;
        QTest::newRow("device") << QStringList{"run", "vae-ring8", "--device", "cuda:77"} << 5
                                << "'cuda:77' is not available";
    }
    void errorsHaveStatusAndRemedy() {
        QFETCH(QStringList, arguments);
        QFETCH(int, status);
        QFETCH(QString, says);
        const Outcome outcome = run(arguments);
        QVERIFY2(outcome.status == status, QByteArray::number(outcome.status) + ": " + outcome.err);
        QVERIFY2(outcome.err.contains(says.toUtf8()), outcome.err);
        QVERIFY(outcome.out.isEmpty());
    }

    void movieWritesAFilm() {
        const Outcome outcome =
            run({"movie", "vae-ring8", "--steps", "0:60:20", "--view", "latent-map", "--size",
                 "320x240", "--threads", "1", "--out", path("film.gif")});
        QVERIFY2(outcome.status == 0, outcome.err);
        QVERIFY2(outcome.err.isEmpty(), outcome.err);
        QCOMPARE(outcome.out.trimmed(), path("film.gif").toUtf8());
        const QByteArray bytes = contentOf(path("film.gif"));
        QVERIFY(bytes.startsWith("GIF89a") && bytes.endsWith(';'));
        QCOMPARE(bytes.count(QByteArray("\x21\xF9\x04", 3)), 4);  // a control block for each frame
        QVERIFY(bytes.contains("latent-explorer.session=LX1:"));

        const Outcome folder = run({"movie", "vae-ring8", "--steps", "0:2", "--size", "200x150",
                                    "--threads", "1", "--out", path("frames")});
        QVERIFY2(folder.status == 0, folder.err);
        QCOMPARE(QDir(path("frames")).entryList(QDir::Files).size(), 3);
        const Outcome again = run({"movie", "vae-ring8", "--out", path("frames")});
        QVERIFY2(again.status == 2 && again.err.contains("already"), again.err);
    }

    void anInterruptedFilmLeavesNothing() {
        QTemporaryDir folder;
        QProcess process;
        process.setProcessEnvironment(isolated(m_home.path()));
        process.start(kProgram, {"movie", "vae-ring8", "--steps", "0:90000:1", "--threads", "1",
                                 "--size", "200x150", "--out", folder.filePath("film.apng")});
        const auto names = [&] {
            return QDir(folder.path())
                .entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot);
        };
        QTRY_VERIFY_WITH_TIMEOUT(!names().isEmpty(), 60'000);  // it is being written
        QTest::qWait(500);
        ::kill(static_cast<pid_t>(process.processId()), SIGINT);
        QVERIFY(process.waitForFinished(60'000));
        QCOMPARE(process.exitCode(), 130);
        QVERIFY2(names().isEmpty(), qPrintable(names().join(' ')));
    }

    void shotsAsVectors() {
        const Outcome svg = run({"shot", "vae-ring8", "--steps", "50", "--view", "latent-map",
                                 "--threads", "1", "--out", path("map.svg")});
        QVERIFY2(svg.status == 0, svg.err);
        QVERIFY(contentOf(path("map.svg")).count("<text") >= 10);
        const Outcome pdf = run({"shot", "vae-ring8", "--steps", "50", "--view", "latent-map",
                                 "--threads", "1", "--out", path("map.pdf")});
        QVERIFY2(pdf.status == 0, pdf.err);
        QVERIFY(contentOf(path("map.pdf")).startsWith("%PDF"));
        const Outcome fine =
            run({"shot", "vae-ring8", "--steps", "50", "--view", "latent-map", "--size", "300x200",
                 "--dpi", "192", "--threads", "1", "--png", path("fine.png")});
        QVERIFY2(fine.status == 0, fine.err);
        const QImage picture(path("fine.png"));
        QCOMPARE(picture.size(), QSize(600, 400));
        const SessionDocument session =
            readSessionCode(picture.text(kSessionCodeKey).toStdString(), "fine.png");
        QCOMPARE(session.recipe, std::string("vae-ring8"));
        QCOMPARE(session.step[0], Index{50});
        QVERIFY(!session.load.params.empty());
    }

    void numericalFailureNamesQuantityAndStep() {
        const Outcome outcome =
            run({"run", "vae-ring8", "--set", "train.rate=1", "--set", "data.noise=10", "--set",
                 "decoder.sigma=fixed", "--set", "decoder.sigma_value=0.001", "--steps", "2000"});
        // Such a run may also survive; it must never crash or end silently wrong.
        QVERIFY2(outcome.status == 4 || outcome.status == 0, outcome.err);
        if (outcome.status == 4) {
            QVERIFY2(outcome.err.contains("step"), outcome.err);
        }
    }

    void aUsersRecipeRuns() {
        QByteArray text = contentOf(LX_SOURCE_DIR "/resources/recipes/vae-ring8.json");
        text.replace("\"vae-ring8\"", "\"mine\"");
        QFile mine(path("mine.json"));
        QVERIFY(mine.open(QIODevice::WriteOnly));
        mine.write(text);
        mine.close();
        const Outcome outcome = run({"run", mine.fileName(), "--steps", "5", "--json"});
        QVERIFY2(outcome.status == 0, outcome.err);
        QCOMPARE(outcome.json().object()["recipe"].toString(), QString("mine"));
    }

    void selfTestPasses() {
        const Outcome outcome = run({"selftest", "--json"});
        QVERIFY2(outcome.status == 0, outcome.out + outcome.err);
        QVERIFY(!outcome.json().array().isEmpty());
        QVERIFY(outcome.out.contains("hmc: leaves seven known targets invariant"));
    }

    void benchPrintsItsConditions() {
        const Outcome outcome = run({"bench", "sgemm.check", "--json"});
        QVERIFY2(outcome.status == 0, outcome.err);
        const QJsonObject result = outcome.json().object();
        QCOMPARE(result["rows"].toArray().size(), 2);  // wall clock and processor time
        QCOMPARE(result["rows"].toArray()[0].toObject()["name"].toString(), QString("sgemm.check"));
        QVERIFY(result["rows"].toArray()[0].toObject()["value"].toDouble() > 0);
        QVERIFY(!result["conditions"].toObject()["blas"].toString().isEmpty());
    }
};

QTEST_GUILESS_MAIN(TestCli)
#include "tst_cli.moc"
