// SPDX-License-Identifier: GPL-3.0-or-later
// Geodesics of a run of the family: channels, the probe of a dragged end, numbers.
#include "core/data/dataset.h"
#include "core/experiments/autoencoder/latent_geometry.h"
#include "tests/unit/experiments/family_run.h"
#include "tests/unit/experiments/small_runs.h"

#include <QtTest>
#include <cmath>

using namespace lx;
using namespace lx::test;

namespace {

struct Run {
    explicit Run(ParamSet given) {
        static const ExperimentSpec spec =
            autoencoder::spec(std::make_shared<DataLibrary>(std::vector<std::string>{}));
        given["network.activation"] = std::string("silu");
        description = spec.describe(given);
        experiment = spec.make(resolve(description.params, given), Key{1, 0});
        steps(*experiment, 60, collected);
    }
    std::map<std::string, Array> drag(const Array& from, const Array& to) {
        cmd::Probe probe;
        probe.kind = "geodesic";
        probe.arrays = {{"from", from}, {"to", to}};
        const auto task = experiment->probe(probe);
        Collected out;
        answers = 0;
        cached = 0;
        for (bool done = false; !done; ++answers) {
            done = task->advance({1, std::chrono::microseconds(1)}, {}, out);
            cached += out.channels.contains("metric") && said(out.channels["metric"]) == "cached";
        }
        return out.channels;
    }
    static std::string said(const Array& text) {
        const auto bytes = text.bytes();
        return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    }
    Description description;
    std::unique_ptr<Experiment> experiment;
    Collected collected;
    int answers = 0, cached = 0;
};

Array point(std::vector<double> z) {
    return {{std::ssize(z)}, z};
}

}  // namespace

class TestLatentGeometry : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everyMetric_data() {
        QTest::addColumn<QString>("decoder");
        QTest::addColumn<QString>("kind");
        for (const char* kind : {"pullback", "conformal-volume", "enc-cov", "euclidean"}) {
            QTest::addRow("gauss %s", kind) << "dec.gauss" << kind;
        }
        QTest::addRow("bernoulli") << "dec.bernoulli" << "pullback-bernoulli";
        QTest::addRow("learned") << "dec.bernoulli" << "rhvae";
    }
    void everyMetric() {
        QFETCH(QString, decoder);
        QFETCH(QString, kind);
        ParamSet given = shapes();
        given["decoder"] = decoder.toStdString();
        given["metric.kind"] = kind.toStdString();
        if (kind == "rhvae") {
            given["posterior"] = std::string("post.rhvae");
        }
        given["geodesic.knots"] = Index{24};
        given["geodesic.from"] = std::vector<double>{-0.4, 0.1};
        given["geodesic.to"] = std::vector<double>{0.5, 0.3};
        Run run(given);
        Collected seen;
        look(*run.experiment, channelIds(run.description), seen, Detail::Export);
        const auto path = seen.channels.at("geodesic").values<double>();
        QCOMPARE(path.size(), std::size_t{48});
        QCOMPARE(path[0], -0.4);
        QCOMPARE(path[47], 0.3);
        QCOMPARE(seen.channels.at("frames").count(), Index{11 * 16 * 16});
        QCOMPARE(seen.channels.at("straight_frames").count(), Index{11 * 16 * 16});
        QCOMPARE(seen.channels.at("spherical_frames").count(), Index{11 * 16 * 16});
        const auto numbers = run.experiment->metrics(Key{1, 9}, {});
        const auto speed = seen.channels.at("speed").values<double>();
        QCOMPARE(speed.size(), std::size_t{3 * 23});
        const auto meanOf = [&](std::size_t row) {
            double sum = 0;
            for (const double v : speed.subspan(23 * row, 23)) {
                sum += v / 23;
            }
            return sum;
        };
        QVERIFY(std::abs(meanOf(0) / numbers.at("geodesic_length") - 1) < 1e-6);
        QVERIFY(std::abs(meanOf(1) / numbers.at("straight_length") - 1) < 1e-6);
        QVERIFY(meanOf(2) >= meanOf(0) * (1 - 1e-9));
        const auto spread = seen.channels.at("uncertainty").values<double>();
        QCOMPARE(spread.size(), std::size_t{3 * 24});
        for (const double v : spread) {
            QVERIFY(v > 0 && v < 1e3);
        }
        // All paths begin and end at the same codes.
        for (const std::size_t end : {0, 23}) {
            QCOMPARE(spread[24 + end], spread[end]);
            QCOMPARE(spread[48 + end], spread[end]);
        }
        const auto round = seen.channels.at("spherical").values<double>();
        QVERIFY(std::abs(round[24] - path[24]) > 1e-4 || kind == "euclidean");
        QVERIFY(numbers.at("geodesic_length") > 0);
        QVERIFY(numbers.at("geodesic_length") <= numbers.at("straight_length") * (1 + 1e-9));
        const double length = numbers.at("geodesic_length");
        QVERIFY(numbers.at("geodesic_energy") >= 0.5 * length * length * (1 - 1e-9));
        QCOMPARE(numbers.at("geodesic_converged"), 1.0);
        QCOMPARE(numbers.at("geodesic_resolved"), 1.0);
        QVERIFY(numbers.at("geodesic_speed_variation") < 0.02);

        // The innermost ring is as far from the beginning as it says, in every metric.
        const auto rings = seen.channels.at("equidistance").values<float>();
        const double near = seen.channels.at("equidistance.radius").values<double>()[0];
        QVERIFY(std::abs(near / (1.1 * length / 8) - 1) < 1e-6);
        const auto toRing =
            run.drag(point({-0.4, 0.1}), point({double(rings[20]), double(rings[21])}));
        const double measured = toRing.at("length").values<double>()[0];
        qInfo("ring at %.4f, measured %.4f", near, measured);
        QVERIFY(std::abs(measured / near - 1) < 0.02);
        const auto rays = seen.channels.at("fan");
        QCOMPARE(rays.count(), Index{24 * 49 * 2});
        QCOMPARE(rays.values<float>()[0], -0.4F);

        // Dragged to the same ends, it answers on the grid first and then with the same curve.
        const auto answer = run.drag(point({-0.4, 0.1}), point({0.5, 0.3}));
        QVERIFY(run.cached > 0);
        QCOMPARE(Run::said(answer.at("metric")), std::string("exact"));
        QVERIFY(std::abs(answer.at("length").values<double>()[0] / length - 1) < 1e-4);
        QVERIFY(answer.contains("frames") && answer.contains("straight_frames"));
        QCOMPARE(answer.at("speed").count(), Index{3 * 23});
        QCOMPARE(answer.at("warning").count(), Index{0});
        // A moved end and the grid of the same weights: no node is evaluated anew.
        const int first = run.answers;
        run.drag(point({-0.4, 0.1}), point({0.45, 0.35}));
        QVERIFY(run.answers <= first);
        QCOMPARE(run.experiment->metrics(Key{1, 9}, {}).at("geodesic_length"), length);
        // New weights: another metric, and the curve follows.
        steps(*run.experiment, 60, run.collected);
        const auto later = run.drag(point({-0.4, 0.1}), point({0.5, 0.3}));
        const double truth = run.experiment->metrics(Key{1, 9}, {}).at("geodesic_length");
        QVERIFY(std::abs(later.at("length").values<double>()[0] / truth - 1) < 1e-3);
        // Broken twin: the curve of the old weights has another length.
        QVERIFY(kind == "euclidean" || std::abs(length / truth - 1) > 1e-3);
    }
    /// Three ways between the same pairs: no path is shorter than the geodesic, and where lengths
    /// are those of the map none is shorter than the line.
    void comparedPaths() {
        for (const char* kind : {"pullback-bernoulli", "euclidean"}) {
            ParamSet given = shapes();
            given["metric.kind"] = std::string(kind);
            given["geodesic.knots"] = Index{32};
            given["eval.paths"] = Index{4};
            Run run(given);
            const auto numbers = run.experiment->metrics(Key{1, 9}, {});
            const double bent = numbers.at("path_length_ratio");
            const double arc = numbers.at("spherical_length_ratio");
            qInfo("%s: geodesic %.4f, spherical %.4f of the line", kind, bent, arc);
            const bool flat = std::string(kind) == "euclidean";
            QVERIFY(flat ? std::abs(bent - 1) < 1e-9 : bent < 1);
            QVERIFY(arc > bent && (!flat || arc > 1 + 1e-6));
            QCOMPARE(numbers.at("path_resolved"), 1.0);
            // The same path in the same metric decodes to the same frames; an arc does not.
            QVERIFY(!flat || std::abs(numbers.at("path_frame_ratio") - 1) < 1e-6);
            QVERIFY(std::abs(numbers.at("spherical_frame_ratio") - 1) > 1e-9);
            QCOMPARE(numbers.at("path_frame_ratio"),
                     run.experiment->metrics(Key{1, 9}, {}).at("path_frame_ratio"));
        }
    }
    /// Bumps far narrower than the gaps between codes: the curve leaps, and nothing calls it
    /// converged.
    void leapingIsSaid() {
        ParamSet given = shapes();
        given["metric.kind"] = std::string("conformal-volume");
        given["metric.lambda"] = 1e-3;
        given["geodesic.knots"] = Index{24};
        given["geodesic.from"] = std::vector<double>{-1.4, 0.1};
        given["geodesic.to"] = std::vector<double>{1.5, -0.1};
        given["metric.rho"] = 0.2;
        Run run(given);
        Collected seen;
        look(*run.experiment, channelIds(run.description), seen, Detail::Export);
        const QString facts = QString::fromStdString(Run::said(seen.channels.at("geometry")));
        qInfo("%s", qPrintable(facts));
        QVERIFY(facts.contains("resolved\tno") && facts.contains("warning\tNot resolved"));
        QVERIFY(!facts.contains("converged"));
        const auto numbers = run.experiment->metrics(Key{1, 9}, {});
        QCOMPARE(numbers.at("geodesic_converged"), 0.0);
        QCOMPARE(numbers.at("geodesic_resolved"), 0.0);
        QVERIFY(numbers.at("geodesic_speed_variation") > 1);
        const auto answer = run.drag(point({-1.4, 0.1}), point({1.5, 0.1}));
        QVERIFY(Run::said(answer.at("warning")).starts_with("Not resolved"));
        // Opposite ends: no angle, so no spherical path, and no rows of it anywhere.
        run.experiment->set({"geodesic.to", std::vector<double>{1.4, -0.1}});
        look(*run.experiment, channelIds(run.description), seen, Detail::Export);
        QCOMPARE(seen.channels.at("spherical").count(), Index{0});
        QCOMPARE(seen.channels.at("spherical_frames").dim(0), Index{0});
        QVERIFY(std::isnan(seen.channels.at("speed").values<double>()[2 * 23]));
        QVERIFY(std::isnan(seen.channels.at("uncertainty").values<double>()[2 * 24]));
        QCOMPARE(seen.channels.at("frames").dim(0), Index{11});
    }
    /// Three laws of codes: all decode, the same seed draws the same, and the numbers are there.
    void drawsOfThreeLaws() {
        ParamSet given = shapes();
        given["metric.kind"] = std::string("euclidean");
        given["draws.transitions"] = Index{20};
        given["eval.samples"] = Index{200};
        Run run(given);
        Collected seen, again;
        look(*run.experiment, {"mixture_samples", "riemannian_samples"}, seen);
        QVERIFY(!seen.channels.contains("geodesic"));
        for (const char* id : {"mixture_samples", "riemannian_samples"}) {
            QCOMPARE(seen.channels.at(id).count(), Index{64 * 16 * 16});
        }
        look(*run.experiment, {"riemannian_samples"}, again);
        const auto draws = [&](const Collected& c) {
            const auto x = c.channels.at("riemannian_samples").values<float>();
            return std::vector<float>(x.begin(), x.end());
        };
        QCOMPARE(draws(again), draws(seen));
        const auto numbers = run.experiment->metrics(Key{1, 9}, {});
        QVERIFY(numbers.at("samples_eye_accuracy") > 0.8);
        QVERIFY(numbers.at("samples_acceptance") > 0.6);
        for (const char* law : {"prior", "mixture", "riemannian"}) {
            const std::string name = std::string("samples_") + law;
            QVERIFY(numbers.at(name + "_nearest") > 0);
            // No law of codes decodes to what the data themselves are.
            QVERIFY(numbers.at(name + "_distance") > numbers.at("samples_data_distance"));
        }
        // The published sampler is another law, and a changed constant moves the draws.
        run.experiment->set({"draws.kernel", std::string("published")});
        look(*run.experiment, {"riemannian_samples"}, again);
        QVERIFY(draws(again) != draws(seen));
        run.experiment->set({"draws.kernel", std::string("exact")});
        run.experiment->set({"draws.lambda", 10.0});
        look(*run.experiment, {"riemannian_samples"}, again);
        QVERIFY(draws(again) != draws(seen));
    }
    void byHand() {
        ParamSet given = shapes();
        given["metric.kind"] = std::string("pullback-bernoulli");
        Run run(given);
        const auto news = run.experiment->news();
        run.experiment->set({"geodesic.to", std::vector<double>{0.2, 0.7}});
        QVERIFY(run.experiment->news() > news);
        Collected seen;
        look(*run.experiment, {"geodesic"}, seen);
        QCOMPARE(seen.channels.at("geodesic").values<double>().back(), 0.7);
        QVERIFY_EXCEPTION_THROWN(run.experiment->set({"geodesic.to", std::vector<double>{1}}),
                                 UsageError);
        QVERIFY_EXCEPTION_THROWN(run.drag(point({1}), point({1, 2})), UsageError);
        look(*run.experiment, {"geodesic"}, seen);
        QCOMPARE(seen.channels.at("geodesic").values<double>().back(), 0.7);
    }
    void otherDimensions() {
        ParamSet given = shapes();
        given["latent.dim"] = Index{3};
        given["metric.kind"] = std::string("conformal-volume");
        Run run(given);
        Collected seen;
        look(*run.experiment, channelIds(run.description), seen);
        QCOMPARE(seen.channels.at("geodesic").dim(1), Index{3});
        QVERIFY(!seen.channels.contains("magnification"));
        const auto answer = run.drag(point({-0.4, 0.1, 0}), point({0.5, 0.3, 0.2}));
        QCOMPARE(run.cached, 0);
        QCOMPARE(answer.at("path").dim(1), Index{3});
        given["latent.dim"] = Index{1};
        given.erase("metric.kind");
        Run line(given);
        QVERIFY(!line.experiment->metrics(Key{1, 9}, {}).contains("geodesic_length"));
        cmd::Probe probe;
        probe.kind = "geodesic";
        QVERIFY(line.experiment->probe(probe) == nullptr);
    }
};

QTEST_GUILESS_MAIN(TestLatentGeometry)
#include "tst_latent_geometry.moc"
