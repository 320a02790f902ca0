// SPDX-License-Identifier: GPL-3.0-or-later
// The recipes meet their own checks. Those that need no training at each commit; with LX_LONG all:
// toys on three seeds at full length, pictures on one and on two more at a third of the steps.
#include "tests/cli/program.h"

#include <QElapsedTimer>
#include <QJsonArray>
#include <QJsonObject>
#include <QTemporaryDir>
#include <QTest>

using namespace lx::test;

namespace {

/// A run of a recipe of pictures must end within this on two cores, so no other may take longer.
constexpr int kMost = 600'000;
const QStringList kQuick{"annealed-vs-plain", "geodesic-poincare", "geodesic-sphere", "tweedie"};

struct Verdict {
    int status = -1;
    QString text;  ///< the lines that pass or fail
};

Verdict checked(const QString& recipe, qint64 steps, int seed, bool horizon) {
    const QTemporaryDir folder;
    QStringList arguments{"run",
                          recipe,
                          "--steps",
                          QString::number(steps),
                          "--seed",
                          QString::number(seed),
                          "--check",
                          "--out",
                          folder.filePath("o")};
    if (horizon) {
        arguments << "--set" << QStringLiteral("train.horizon=%1").arg(steps);
    }
    const Outcome outcome = runProgram(folder.path(), arguments, kMost);
    QStringList lines;
    for (const QString& line : QString::fromUtf8(outcome.out + outcome.err).split('\n')) {
        if (line.startsWith("pass") || line.startsWith("FAIL")) {
            lines << line.simplified();
        }
    }
    return {outcome.status, lines.join(", ")};
}

}  // namespace

class TestRecipeChecks : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void holds_data() {
        QTest::addColumn<QString>("recipe");
        QTest::addColumn<qint64>("steps");
        QTest::addColumn<int>("seed");
        QTest::addColumn<bool>("horizon");
        const bool all = qEnvironmentVariableIsSet("LX_LONG");
        const QTemporaryDir home;
        for (const auto& entry :
             runProgram(home.path(), {"list", "recipes", "--json"}).json().array()) {
            const QJsonObject recipe = entry.toObject();
            const QString id = recipe["id"].toString();
            if (recipe["checks"].toArray().isEmpty() || !(all || kQuick.contains(id))) {
                continue;
            }
            const qint64 steps = recipe["steps"].toInteger();
            bool pictures = false, horizon = false;
            for (const auto& declared : recipe["params"].toArray()) {
                const QJsonObject param = declared.toObject();
                const QString name = param["id"].toString();
                horizon = horizon || name == "train.horizon";
                pictures = pictures || (name == "data.source" &&
                                        param["default"].toString().contains("fashion"));
            }
            for (int seed = 1; seed <= (all ? 3 : 1); ++seed) {
                const bool third = pictures && seed > 1;
                QTest::addRow("%s, seed %d", qPrintable(id), seed)
                    << id << (third ? steps / 3 : steps) << seed << (third && horizon);
            }
        }
    }
    void holds() {
        QFETCH(QString, recipe);
        QFETCH(qint64, steps);
        QFETCH(int, seed);
        QFETCH(bool, horizon);
        QElapsedTimer clock;
        clock.start();
        const Verdict verdict = checked(recipe, steps, seed, horizon);
        qInfo("%s, %lld steps, seed %d, %lld s: %s", qPrintable(recipe), steps, seed,
              clock.elapsed() / 1000, qPrintable(verdict.text));
        QVERIFY2(verdict.status == 0, qPrintable(verdict.text));
        QVERIFY(verdict.text.contains("pass"));
    }
    /// Twin: who has learned nothing fails, and says which number it was.
    void anUntrainedRunFails_data() {
        QTest::addColumn<QString>("recipe");
        for (const char* id : {"ddpm-moons", "ddpm-ring8", "igebm-compose", "igebm-moons",
                               "igebm-ring8", "ncsn-ring8", "ppca", "vae-ring8"}) {
            QTest::addRow("%s", id) << QString::fromLatin1(id);
        }
    }
    void anUntrainedRunFails() {
        QFETCH(QString, recipe);
        const Verdict verdict = checked(recipe, 20, 1, false);
        QVERIFY2(verdict.status == 1, qPrintable(verdict.text));
        QVERIFY(verdict.text.contains("FAIL"));
    }
};

QTEST_GUILESS_MAIN(TestRecipeChecks)
#include "tst_recipe_checks.moc"
