// SPDX-License-Identifier: GPL-3.0-or-later
// The family `geometry` without a session around it.
#include "core/experiments/geometry/spec.h"
#include "core/geometry/analytic.h"

#include <QtTest>
#include <cmath>
#include <limits>

using namespace lx;

namespace {

using Arrays = std::map<std::string, Array>;

class MapBuilder final : public SnapshotBuilder {
public:
    void set(const std::string& name, Array array) override { arrays[name] = std::move(array); }
    Arrays arrays;
};
class PointSink final : public SeriesSink {
public:
    void add(std::uint32_t series, Clock, Index, double value) override {
        if (series == 1) {
            energies.push_back(value);
        }
    }
    std::vector<double> energies;
};

struct Run {
    explicit Run(const ParamSet& given)
        : description(geometry::spec().describe(given)),
          experiment(geometry::spec().make(resolve(description.params, given), Key{1, 0})) {}
    void advance(Index steps) { experiment->advance(Clock::Sample, {steps, {}}, {}, sink); }
    Arrays look() const {
        std::vector<std::string> ids;
        for (const auto& channel : description.channels) {
            ids.push_back(channel.id);
        }
        return finish(*experiment->observe(ids, Detail::Screen));
    }
    static Arrays finish(Task& task) {
        MapBuilder out;
        while (!task.advance({1, {}}, {}, out)) {
        }
        return std::move(out.arrays);
    }
    Description description;
    std::unique_ptr<Experiment> experiment;
    PointSink sink;
};

std::vector<double> values(const Array& array) {
    const auto v = array.values<double>();
    return {v.begin(), v.end()};
}

}  // namespace

class TestGeometryFamily : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void oneStepAtLeast() {
        Run run({});
        std::stop_source stopped;
        stopped.request_stop();
        run.experiment->advance(Clock::Sample, {8, {}}, stopped.get_token(), run.sink);
        QCOMPARE(run.experiment->step(Clock::Sample), Index{1});
    }
    void settles_data() {
        QTest::addColumn<QString>("kind");
        for (const char* kind :
             {"sphere", "poincare", "half-plane", "ellipse", "euclidean", "paraboloid"}) {
            QTest::newRow(kind) << kind;
        }
    }
    void settles() {
        QFETCH(QString, kind);
        Run run({{"metric.kind", kind.toStdString()},
                 {"geodesic.from", std::vector<double>{-0.4, 0.3}},
                 {"geodesic.to", std::vector<double>{0.6, 0.5}}});
        run.advance(80);
        QCOMPARE(run.experiment->step(Clock::Sample), Index{80});
        QVERIFY(std::ranges::is_sorted(run.sink.energies, std::greater<>()));
        const auto metrics = run.experiment->metrics({}, {});
        QCOMPARE(metrics.at("converged"), 1.0);
        QCOMPARE(metrics.contains("length_error"), kind != "paraboloid");
        if (metrics.contains("length_error")) {
            QVERIFY(metrics.at("length_error") < 2e-4);
        }
        const Arrays seen = run.look();
        for (const auto& channel : run.description.channels) {
            QVERIFY2(seen.contains(channel.id), channel.id.c_str());
        }
        const auto path = values(seen.at("geodesic"));
        QCOMPARE(path.size(), std::size_t{128});
        QVERIFY(path[0] == -0.4 && path[127] == 0.5);
        QVERIFY(std::abs(values(seen.at("speed"))[5] / metrics.at("geodesic_length") - 1) < 1e-3);
        QCOMPARE(seen.at("magnification").shape()[0], Index{97});
        // Each ring is as far from its centre as it says.
        if (kind == "poincare") {
            const auto rings = seen.at("equidistance").values<float>();
            const std::vector<double> from{-0.4, 0.3}, point{rings[0], rings[1]};
            QVERIFY(std::abs(poincareDistance(from, point) - 0.125) < 1e-4);
            const auto curvature = seen.at("curvature").values<float>();
            const auto side = static_cast<std::size_t>(seen.at("curvature").shape()[0]);
            for (std::size_t i = 0; i < curvature.size(); ++i) {
                const double x =
                    2.0 * static_cast<double>(i % side) / static_cast<double>(side - 1) - 1;
                const double y =
                    2.0 * static_cast<double>(i / side) / static_cast<double>(side - 1) - 1;
                QVERIFY(std::hypot(x, y) < 1 || std::isnan(curvature[i]));
                QVERIFY(std::hypot(x, y) > 0.9 || std::abs(curvature[i] + 1) < 1e-3F);
            }
        }
        if (kind == "ellipse") {
            // An axis of the indicatrix is as long as it says.
            const auto e = seen.at("indicatrix").values<float>();
            QVERIFY(std::abs(std::hypot(e[4], e[5]) - 0.05F) < 1e-5F);
            QVERIFY(std::abs(std::hypot(e[2], e[3]) - 0.1F) < 1e-5F);
        }
    }
    /// A ray that has left the box twice as wide as the map ends there; what is inside stays.
    void raysEndOutsideTheMap() {
        Run near({{"metric.kind", std::string("euclidean")}, {"view.radius", 1.5}});
        Run far({{"metric.kind", std::string("euclidean")}, {"view.radius", 10.0}});
        for (const char* channel : {"fan", "equidistance"}) {
            const auto seen = near.look().at(channel), cut = far.look().at(channel);
            const auto all = seen.values<float>(), some = cut.values<float>();
            QVERIFY(std::ranges::all_of(all, [](float v) { return std::isfinite(v); }));
            Index inside = 0, ended = 0;
            for (const float v : some) {
                ended += std::isnan(v) ? 1 : 0;
                inside += std::abs(v) <= 4 ? 1 : 0;
            }
            QCOMPARE(inside + ended, std::ssize(some));
            QVERIFY(inside > std::ssize(some) / 5 && ended > std::ssize(some) / 5);
        }
        // Along a ray: numbers, then none.
        const auto fan = far.look().at("fan");
        const auto v = fan.values<float>();
        const auto points = static_cast<std::size_t>(fan.dim(1));
        for (std::size_t i = 0; i < v.size() / 2; ++i) {
            QVERIFY(i % points == 0 || !std::isnan(v[2 * i - 2]) || std::isnan(v[2 * i]));
        }
    }
    void dragging() {
        Run run({{"metric.kind", std::string("poincare")},
                 {"geodesic.from", std::vector<double>{-0.5, 0}},
                 {"geodesic.to", std::vector<double>{0.5, 0.2}}});
        run.advance(40);
        const double before = run.experiment->metrics({}, {}).at("geodesic_length");
        cmd::Probe probe;
        probe.kind = "geodesic";
        probe.arrays["from"] = Array({2}, std::vector<float>{-0.5F, 0});
        for (const float y : {0.25F, 0.3F, 0.35F}) {
            probe.arrays["to"] = Array({2}, std::vector<float>{0.5F, y});
            const auto task = run.experiment->probe(probe);
            const Arrays answer = Run::finish(*task);
            const double truth = poincareDistance(std::vector<double>{-0.5, 0},
                                                  std::vector<double>{0.5, static_cast<double>(y)});
            QVERIFY(std::abs(values(answer.at("length"))[0] / truth - 1) < 2e-4);
            QVERIFY(values(answer.at("length"))[2] > truth);
        }
        QCOMPARE(run.experiment->metrics({}, {}).at("geodesic_length"), before);
        probe.arrays["to"] = Array({2}, std::vector<float>{2, 0});
        QVERIFY_EXCEPTION_THROWN(run.experiment->probe(probe), UsageError);
        probe.arrays.erase("to");
        QVERIFY_EXCEPTION_THROWN(run.experiment->probe(probe), UsageError);
        probe.kind = "unheard-of";
        QVERIFY(run.experiment->probe(probe) == nullptr);
    }
    void movedByHand() {
        Run run({{"metric.kind", std::string("sphere")}});
        run.advance(30);
        const auto news = run.experiment->news();
        run.experiment->set({"geodesic.to", std::vector<double>{0.9, 0.1}});
        QVERIFY(run.experiment->news() > news);
        run.advance(60);
        QVERIFY(run.experiment->metrics({}, {}).at("length_error") < 2e-4);
        run.experiment->set({"metric.radius", 3.0});
        run.advance(60);
        QVERIFY(run.experiment->metrics({}, {}).at("length_error") < 2e-4);
        QVERIFY(run.experiment->metrics({}, {}).at("distance") > 3);
        QVERIFY_EXCEPTION_THROWN(run.experiment->set({"geodesic.to", std::vector<double>{0.9}}),
                                 UsageError);
        Run disc({{"metric.kind", std::string("poincare")},
                  {"geodesic.from", std::vector<double>{0, 0}},
                  {"geodesic.to", std::vector<double>{0.2, 0}}});
        QVERIFY_EXCEPTION_THROWN(disc.experiment->set({"geodesic.to", std::vector<double>{3, 0}}),
                                 UsageError);
        disc.advance(5);
        QCOMPARE(disc.experiment->metrics({}, {}).at("converged"), 1.0);
    }
    /// Saved in the middle of a search and gone on, it walks to the same bits.
    void savedInTheMiddle() {
        const ParamSet given{{"geodesic.from", std::vector<double>{-0.9, -0.8}},
                             {"geodesic.to", std::vector<double>{0.9, 0.7}}};
        for (const Index split : {0, 1, 7, 20, 70}) {
            Run whole(given), first(given), second(given);
            whole.advance(80);
            if (split > 0) {
                first.advance(split);
            }
            second.experiment->restore(first.experiment->capture());
            QCOMPARE(second.experiment->step(Clock::Sample), split);
            second.advance(80 - split);
            QCOMPARE(values(second.look().at("geodesic")), values(whole.look().at("geodesic")));
        }
        Run run(given);
        QVERIFY_EXCEPTION_THROWN(run.experiment->restore({}), UsageError);
        // Broken twin: a search begun anew at the same place takes another way.
        Run whole(given), fresh(given);
        whole.advance(27);
        fresh.advance(7);
        State state = fresh.experiment->capture();
        state["start"] = Array({64, 2}, values(fresh.look().at("geodesic")));
        state["clock"] = Array({3}, std::vector<Index>{7, 0, 0});
        fresh.experiment->restore(state);
        fresh.advance(20);
        QVERIFY(values(fresh.look().at("geodesic")) != values(whole.look().at("geodesic")));
    }
    void badStarts() {
        const auto make = [](ParamSet given) { Run run(given); };
        QVERIFY_EXCEPTION_THROWN(make({{"geodesic.from", std::vector<double>{1, 2, 3}}}),
                                 UsageError);
        QVERIFY_EXCEPTION_THROWN(make({{"metric.kind", std::string("poincare")}}), UsageError);
        QVERIFY_EXCEPTION_THROWN(make({{"metric.kind", std::string("pullback")}}), UsageError);
        Run graph({{"geodesic.start", std::string("graph")}});
        graph.advance(80);
        QVERIFY(graph.experiment->metrics({}, {}).at("length_error") < 2e-4);
    }
};

QTEST_GUILESS_MAIN(TestGeometryFamily)
#include "tst_geometry_family.moc"
