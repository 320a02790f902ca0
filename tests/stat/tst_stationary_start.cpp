// SPDX-License-Identifier: GPL-3.0-or-later
// RELIABILITY B1: exact kernels leave their target invariant.
#include "core/samplers/mass_matrix.h"
#include "core/samplers/selftest.h"

#include <QElapsedTimer>
#include <QtTest>

using namespace lx;

namespace {

/// On every commit the slow kernels get fewer chains.
Index chainsFor(const std::string& id) {
    const bool large = qEnvironmentVariableIsSet("LX_LONG");
    return large ? 20000 : id == "nuts" || id == "gibbs" ? 2000 : id == "slice" ? 5000 : 20000;
}

}  // namespace

class TestStationaryStart : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everyExactKernel_data() {
        QTest::addColumn<int>("index");
        const auto all = samplerSpecs();
        for (int i = 0; i < static_cast<int>(all.size()); ++i) {
            if (all[static_cast<std::size_t>(i)].exact) {
                QTest::newRow(all[static_cast<std::size_t>(i)].id.c_str()) << i;
            }
        }
    }
    void everyExactKernel() {
        QFETCH(int, index);
        const auto spec = samplerSpecs()[static_cast<std::size_t>(index)];
        for (const auto& target : knownTargets()) {
            QElapsedTimer clock;
            clock.start();
            const auto kernel = spec.make(resolve(spec.params, scaledTo(spec, target.scale)));
            const auto z = invarianceScores(*kernel, *target.energy, Key{41, 1},
                                            invarianceOptions(spec, target, chainsFor(spec.id)));
            qInfo("%s on %s: largest z %.2f, %lld ms", spec.id.c_str(), target.name.c_str(),
                  largest(z), static_cast<long long>(clock.elapsed()));
            QVERIFY(largest(z) < kScoreLimit);
        }
    }
    /// With an inverse mass matrix, right or wrong for the target, too.
    void withAMetric_data() {
        QTest::addColumn<QString>("id");
        for (const auto& spec : samplerSpecs()) {
            if (spec.tuning.metric) {
                QTest::newRow(spec.id.c_str()) << QString::fromStdString(spec.id);
            }
        }
    }
    void withAMetric() {
        QFETCH(QString, id);
        const auto spec = samplerSpec(id.toStdString());
        const auto kernel = spec.make(resolve(spec.params, {{"sampler.step_size", 0.5}}));
        const auto all = knownTargets();
        const auto& target = all[1];
        const std::vector<double> dense = *target.energy->covariance(), diagonal{0.1, 0.4};
        const auto worst = [&](const std::vector<double>& inverse, double mistake) {
            InvarianceOptions options = invarianceOptions(spec, target, chainsFor(spec.id));
            options.complete = [&, mistake](ChainState& state, Key) {
                setInverseMass(state, inverse);
                for (double& v : state.shared.at("mass_factor")) {
                    v *= mistake;
                }
            };
            return largest(invarianceScores(*kernel, *target.energy, Key{42, 1}, options));
        };
        QVERIFY(worst(dense, 1) < kScoreLimit);
        QVERIFY(worst(diagonal, 1) < kScoreLimit);
        // Broken twin: momenta of another mass than the kinetic energy's. A random walk draws its
        // steps alone, and any symmetric law of them is right.
        QCOMPARE(worst(dense, 1.3) > kScoreLimit, spec.needs.gradient);
    }
    void selftest() {
        QElapsedTimer clock;
        clock.start();
        for (const auto& row : samplerSelftest()) {
            qInfo("%s: z %.2f of %.1f", row.name.c_str(), row.z, row.limit);
            QVERIFY2(row.pass, row.name.c_str());
        }
        qInfo("%lld ms", static_cast<long long>(clock.elapsed()));
    }
};

QTEST_GUILESS_MAIN(TestStationaryStart)
#include "tst_stationary_start.moc"
