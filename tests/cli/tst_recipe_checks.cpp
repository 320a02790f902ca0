// SPDX-License-Identifier: GPL-3.0-or-later
// The recipes meet their own checks. Those that need no training at each commit; with LX_LONG all:
// toys on three seeds at full length, pictures on one and on two more at a third of the steps.
#include "tests/cli/program.h"

#include <QElapsedTimer>
#include <QJsonArray>
#include <QJsonObject>
#include <QTemporaryDir>
#include <QTest>

#include <cmath>

using namespace lx::test;

namespace {

/// A run of a recipe of pictures must end within this on two cores, so no other may take longer.
constexpr int kMost = 600'000;
const QStringList kQuick{"annealed-vs-plain", "geodesic-poincare", "geodesic-sphere", "tweedie"};

struct Verdict {
    int status = -1;
    QString text;  ///< the lines that pass or fail
};

/// The metrics of a whole run of the recipe with changes.
QJsonObject metricsOf(const QString& recipe, const QStringList& changes) {
    const QTemporaryDir folder;
    QStringList arguments{"run", recipe, "--seed", "1", "--out", folder.filePath("o")};
    for (const QString& change : changes) {
        arguments << "--set" << change;
    }
    const Outcome outcome = runProgram(folder.path(), arguments, kMost);
    if (outcome.status != 0) {
        qWarning("%s: %s", qPrintable(recipe), outcome.err.constData());
    }
    return QJsonDocument::fromJson(contentOf(folder.filePath("o/report.json")))
        .object()["metrics"]
        .toObject();
}

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
    /// What the published work says of its parts: the square of the energy and the store of chains
    /// each make the landscape better, and the square keeps energies near 0.
    void partsOfALearnedEnergyHelp() {
        if (!qEnvironmentVariableIsSet("LX_LONG")) {
            QSKIP("four whole trainings; with LX_LONG");
        }
        const auto kl = [](const QStringList& changes) {
            return metricsOf("igebm-ring8", changes)["grid_kl"].toDouble(NAN);
        };
        const double whole = kl({}), free = kl({"objective.square=0", "guard.gap=0"}),
                     forgetful = kl({"negatives.memory=short-run", "guard.gap=0"});
        qInfo("grid KL %.3f, without the square %.3f, without the store %.3f", whole, free,
              forgetful);
        QVERIFY(whole < 0.15);
        QVERIFY(free > whole);
        QVERIFY(forgetful > whole);
        const auto size = [](const QStringList& changes) {
            return std::abs(metricsOf("igebm-ring8", changes)["heldout_energy"].toDouble(NAN));
        };
        const double loose = size({"objective.square=0.001"}),
                     tight = size({"objective.square=0.05"});
        qInfo("held-out |E| %.3f with a small square, %.3f with a large one", loose, tight);
        QVERIFY(tight < loose);
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
