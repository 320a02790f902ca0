// SPDX-License-Identifier: GPL-3.0-or-later
// Eight small recipes learn as well as they once did: nats a held-out row costs after a short run,
// against the median of seeds 1 to 3 as recorded here. RELIABILITY B13; three seeds each with
// LX_LONG, one of the quickest otherwise.
#include "tests/cli/program.h"

#include <QJsonObject>
#include <QTemporaryDir>
#include <QTest>

#include <cmath>

using namespace lx::test;

namespace {

struct Learner {
    const char* recipe;
    int steps;
    const char* cost;  ///< metrics that add up to nats a row: "heldout_energy+log_normaliser"
    double recorded;   ///< median of seeds 1 to 3
    bool quick;        ///< seconds
};

constexpr Learner kLearners[] = {
    {"vae-ring8", 1500, "-heldout_elbo", 2.6351, true},
    {"vae-shapes", 600, "-heldout_elbo", 53.1885, true},
    {"ppca", 1500, "-heldout_elbo", 9.1224, true},
    {"ddpm-moons", 2000, "-model_loglik", 1.3100, true},
    {"ddpm-ring8", 4500, "-model_loglik", 1.2216, false},
    {"ncsn-ring8", 2000, "-model_loglik", 1.8081, false},
    {"igebm-ring8", 600, "+heldout_energy+log_normaliser", 2.5764, false},
    {"igebm-moons", 600, "+heldout_energy+log_normaliser", 1.6481, false},
};
constexpr double kWorst = 1.1;

/// Nats a held-out row after `steps`; not-a-number with a message when the run failed.
double costOf(const Learner& learner, int steps, int seed) {
    const QTemporaryDir folder;
    const auto out = runProgram(
        folder.path(), {"run", learner.recipe, "--steps", QString::number(steps), "--seed",
                        QString::number(seed), "--threads", "1", "--out", folder.filePath("o")});
    const auto metrics = QJsonDocument::fromJson(contentOf(folder.filePath("o/report.json")))
                             .object()["metrics"]
                             .toObject();
    double sum = 0;
    const QString terms = QString::fromLatin1(learner.cost);
    for (const QString& name : terms.split(QRegularExpression("[+-]"), Qt::SkipEmptyParts)) {
        if (!metrics[name].isDouble()) {
            qWarning("%s: no %s, exit status %d: %s", learner.recipe, qPrintable(name), out.status,
                     out.err.constData());
        }
        const double sign = terms.startsWith('-') ? -1 : 1;
        sum += sign * metrics[name].toDouble(NAN);
    }
    return sum;
}

}  // namespace

class TestTrainingLearns : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void learns_data() {
        QTest::addColumn<int>("index");
        QTest::addColumn<int>("seed");
        const bool all = qEnvironmentVariableIsSet("LX_LONG");
        for (int i = 0; i < static_cast<int>(std::size(kLearners)); ++i) {
            for (int seed = 1; seed <= (all ? 3 : kLearners[i].quick ? 1 : 0); ++seed) {
                QTest::addRow("%s, seed %d", kLearners[i].recipe, seed) << i << seed;
            }
        }
    }
    void learns() {
        QFETCH(int, index);
        QFETCH(int, seed);
        const Learner& learner = kLearners[index];
        const double cost = costOf(learner, learner.steps, seed);
        qInfo("%s: %.4f nats a row, recorded %.4f", learner.recipe, cost, learner.recorded);
        QVERIFY(cost < kWorst * learner.recorded);
        QVERIFY2(cost > learner.recorded / 1.5, "too good to be true");
    }
    /// Twin: who hardly trains does not pass.
    void aShortRunDoesNotPass() {
        for (const Learner& learner : kLearners) {
            if (learner.quick) {
                const double cost = costOf(learner, 10, 1);
                QVERIFY2(cost > kWorst * learner.recorded, learner.recipe);
            }
        }
    }
};

QTEST_GUILESS_MAIN(TestTrainingLearns)
#include "tst_training_learns.moc"
