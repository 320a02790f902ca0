// SPDX-License-Identifier: GPL-3.0-or-later
// The field under the particles, against the rule for a mixture written out once more and against
// the steps that particles make; the levels and evaluations that pictures are labelled with.
#include "core/experiments/diffusion/guidance.h"
#include "tests/unit/experiments/family_run.h"

#include <ATen/Parallel.h>
#include <QtTest>

#include <cmath>

using namespace lx;
using namespace lx::diffusion;
using namespace lx::test;

namespace {

constexpr Index kSide = 9;
constexpr std::array<float, 4> kBox{-3, -2, 2.5F, 4};

const ExperimentSpec& family() {
    static const ExperimentSpec spec =
        diffusion::spec(std::make_shared<DataLibrary>(std::vector<std::string>{}));
    return spec;
}
ParamSet whole(const ParamSet& given) {
    return resolve(family().describe(given).params, given);
}
std::unique_ptr<Experiment> make(const ParamSet& given) {
    return family().make(whole(given), Key{1, 0});
}
ParamSet exact(const std::string& schedule) {
    return {{"model", std::string("exact")},
            {"energy", std::string("ring8")},
            {"schedule", schedule},
            {"sampler.steps", Index{12}},
            {"sampler.particles", Index{16}}};
}
/// Not trained, of rows that are divided by their spread.
ParamSet scaled() {
    return {{"data.source", std::string("data.ring8")},
            {"data.scale", std::string("standardise")},
            {"data.count", Index{500}},
            {"network.hidden", std::vector<double>{16}},
            {"sampler.steps", Index{12}},
            {"sampler.particles", Index{16}}};
}

Array box(std::array<float, 4> corners) {
    return {{4}, std::vector<float>(corners.begin(), corners.end())};
}
std::map<std::string, Array> ask(Experiment& run, const ParamSet& args,
                                 std::array<float, 4> corners = kBox) {
    const auto task = run.probe({1, "field", args, {{"box", box(corners)}}});
    Collected out;
    while (!task->advance({1, std::chrono::microseconds(1)}, {}, out)) {
    }
    return out.channels;
}
double value(const Array& array, Index i = 0) {
    return static_cast<double>(array.values<float>()[static_cast<std::size_t>(i)]);
}

/// What is asked of the rule, and mistakes that it must not forgive.
struct Rule {
    bool score = false;
    double flow = 0.5;      ///< share of g^2 times the score; 1: the drift of the reversed noise
    double otherLevel = 0;  ///< nats beside the level that is asked for
};

/// grad log p(z) of the noisy mixture, and from it -dz/dt = -(f z - g^2 score / 2) with the
/// schedule's rates by differences.
std::array<double, 2> byHand(const MixtureParts& parts, const NoiseSchedule& schedule,
                             double logSnr, std::array<double, 2> z, const Rule& rule) {
    const double t = schedule.timeOf(logSnr + rule.otherLevel);
    const NoiseLevel now = schedule.at(t);
    double total = 0;
    std::array<double, 2> score{};
    for (std::size_t k = 0; k < parts.weights.size(); ++k) {
        const double variance =
            now.alpha * now.alpha * parts.sds[k] * parts.sds[k] + now.sigma * now.sigma;
        const double dx = z[0] - now.alpha * parts.centres[2 * k],
                     dy = z[1] - now.alpha * parts.centres[2 * k + 1];
        // Divided by the largest possible, so that far rows do not vanish.
        const double p =
            parts.weights[k] / variance * std::exp(-0.5 * (dx * dx + dy * dy) / variance + 300);
        total += p;
        score[0] -= p * dx / variance;
        score[1] -= p * dy / variance;
    }
    score[0] /= total;
    score[1] /= total;
    if (rule.score) {
        return score;
    }
    constexpr double h = 1e-5;
    const double alphaRate = (schedule.at(t + h).alpha - schedule.at(t - h).alpha) / (2 * h);
    const double sigmaRate = (schedule.at(t + h).sigma - schedule.at(t - h).sigma) / (2 * h);
    const double f = alphaRate / now.alpha;
    const double squared = 2 * now.sigma * (sigmaRate - f * now.sigma);  // g^2
    return {-(f * z[0] - rule.flow * squared * score[0]),
            -(f * z[1] - rule.flow * squared * score[1])};
}

/// Largest difference over the nodes, a share of the larger of 1 and the vector's length.
double worst(const std::map<std::string, Array>& answer, const MixtureParts& parts,
             const NoiseSchedule& schedule, double logSnr, const Rule& rule) {
    const Array& field = answer.at("field");
    double out = 0;
    for (Index r = 0; r < kSide; ++r) {
        for (Index c = 0; c < kSide; ++c) {
            const auto share = [](Index i) { return static_cast<double>(i) / (kSide - 1.0); };
            const std::array z{std::lerp(double(kBox[0]), double(kBox[2]), share(c)),
                               std::lerp(double(kBox[1]), double(kBox[3]), share(r))};
            const auto wanted = byHand(parts, schedule, logSnr, z, rule);
            const double size = std::max(1.0, std::hypot(wanted[0], wanted[1]));
            for (std::size_t k = 0; k < 2; ++k) {
                const double found = value(field, 2 * (r * kSide + c) + Index(k));
                const double apart = std::abs(found - wanted[k]) / size;
                out = std::isfinite(apart) ? std::max(out, apart) : INFINITY;
            }
        }
    }
    return out;
}

}  // namespace

class TestDiffusionField : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { at::set_num_threads(1); }
    void isThatOfTheMixture_data() {
        QTest::addColumn<QString>("schedule");
        for (const ScheduleSpec& spec : scheduleSpecs()) {
            QTest::newRow(spec.id.c_str()) << QString::fromStdString(spec.id);
        }
    }
    /// Velocity and score at several times; twins: the drift of the reversed noise process, and
    /// the field of another level.
    void isThatOfTheMixture() {
        QFETCH(QString, schedule);
        const ParamSet params = whole(exact(schedule.toStdString()));
        const auto run = make(params);
        const SchedulePtr levels = scheduleOf(params);
        const MixtureParts parts = *mixtureOf(params);
        const double least = levels->at(levels->last()).logSnr(),
                     most = levels->at(levels->first()).logSnr();
        for (const double asked : {-5.0, -2.0, 0.0, 2.0, 5.0}) {
            const double level = std::clamp(asked, least, most);
            for (const bool score : {false, true}) {
                const auto answer =
                    ask(*run, {{"log_snr", asked},
                               {"side", kSide},
                               {"kind", std::string(score ? "score" : "velocity")}});
                QCOMPARE(std::vector(answer.at("field").shape().begin(),
                                     answer.at("field").shape().end()),
                         (std::vector<Index>{kSide, kSide, 2}));
                QVERIFY(std::ranges::equal(answer.at("extent").values<float>(), kBox));
                QVERIFY(std::abs(value(answer.at("log_snr")) - level) < 1e-5);
                const auto against = [&](const Rule& rule) {
                    return worst(answer, parts, *levels, level, rule);
                };
                const double error = against({.score = score});
                QVERIFY2(error < 1e-6, qPrintable(QString::number(error)));
                QVERIFY(against({.score = score, .otherLevel = level > 0 ? -0.5 : 0.5}) > 1e-3);
                QVERIFY(score || against({.flow = 1}) > 1e-3);
                QVERIFY(against({.score = !score}) > 1e-3);
            }
        }
    }
    /// A particle makes an Euler step along the field where it stands, in units of the data; twin:
    /// the field a step later.
    void isWhereParticlesGo() {
        for (ParamSet given : {exact("log-snr"), exact("ve"), scaled()}) {
            given["sampler.method"] = std::string("euler");
            const auto run = make(given);
            Collected out;
            test::look(*run, {"trajectory"}, out);
            const Array& path = out.channels.at("trajectory");
            const Array &time = out.channels.at("trajectory.time"),
                        &snr = out.channels.at("trajectory.log_snr");
            const Index n = path.dim(1);
            double error = 0, planted = 0;
            for (const Index t : {0, 4, 8}) {
                for (const Index i : {0, 3, 7}) {
                    const auto at = [&](Index when, Index k) {
                        return value(path, 2 * (when * n + i) + k);
                    };
                    const auto x = static_cast<float>(at(t, 0)), y = static_cast<float>(at(t, 1));
                    const auto fieldAtLevel = [&](Index when) {
                        return ask(*run, {{"log_snr", value(snr, when)}, {"side", Index{2}}},
                                   {x, y, x + 1, y + 1})
                            .at("field");
                    };
                    const Array own = fieldAtLevel(t), later = fieldAtLevel(t + 1);
                    const double span = value(time, t) - value(time, t + 1);
                    for (const Index k : {0, 1}) {
                        const double made = (at(t + 1, k) - at(t, k)) / span;
                        const double size = std::max(1.0, std::abs(made));
                        error = std::max(error, std::abs(made - value(own, k)) / size);
                        planted = std::max(planted, std::abs(made - value(later, k)) / size);
                    }
                }
            }
            QVERIFY2(error < 1e-3, qPrintable(QString::number(error)));
            QVERIFY2(planted > 1e-2, qPrintable(QString::number(planted)));
        }
    }
    /// Guided particles follow the guided field, and a change of guidance reaches the next answer.
    void isGuided() {
        ParamSet given = exact("log-snr");
        given["condition"] = std::string("class");
        given["guidance.class"] = Index{2};
        given["guidance.weight"] = 0.0;
        const auto run = make(given);
        const ParamSet params = whole(given);
        const auto asked = [&] {
            return ask(*run, {{"log_snr", 0.0}, {"side", kSide}, {"kind", std::string("score")}});
        };
        const MixtureParts all = *mixtureOf(params), one = partOf(all, 2);
        const SchedulePtr levels = scheduleOf(params);
        QVERIFY(worst(asked(), one, *levels, 0, {.score = true}) < 1e-6);
        QVERIFY(worst(asked(), all, *levels, 0, {.score = true}) > 1e-2);
        run->set({"guidance.class", Index{-1}});
        QVERIFY(worst(asked(), all, *levels, 0, {.score = true}) < 1e-6);
    }
    void refuses() {
        const auto run = make(exact("log-snr"));
        const auto refused = [](Experiment& of, const ParamSet& args, const State& arrays) {
            try {
                (void)of.probe({1, "field", args, arrays});
            } catch (const UsageError& error) {
                return QString::fromUtf8(error.what());
            }
            return QString();
        };
        QVERIFY(refused(*run, {{"log_snr", 0.0}}, {}).isEmpty());
        const State square{{"box", box(kBox)}};
        QVERIFY(refused(*run, {}, square).contains("log_snr"));
        QVERIFY(refused(*run, {{"log_snr", NAN}}, square).contains("finite"));
        QVERIFY(refused(*run, {{"log_snr", 0.0}, {"side", Index{1}}}, square).contains("128"));
        QVERIFY(refused(*run, {{"log_snr", 0.0}, {"kind", std::string("drift")}}, square)
                    .contains("velocity or score"));
        QVERIFY(refused(*run, {{"log_snr", 0.0}}, {{"box", box({1, 0, 1, 2})}}).contains("width"));
        const auto images = make({{"model", std::string("net.unet")},
                                  {"data.source", std::string("data.shapes16")},
                                  {"data.count", Index{60}},
                                  {"network.channels", std::vector<double>{8, 8}},
                                  {"sampler.steps", Index{3}},
                                  {"sampler.particles", Index{2}}});
        QVERIFY(refused(*images, {{"log_snr", 0.0}}, square).contains("256 coordinates"));
    }
    /// Fields of learned scores are held at log SNR 3 and say so; those of a mixture never are.
    void fieldsTellTheirLevel() {
        for (const bool learned : {true, false}) {
            const auto run = make(learned ? scaled() : exact("log-snr"));
            Collected out;
            test::look(*run, {"energy", "field"}, out);
            for (const char* id : {"energy.log_snr", "field.log_snr"}) {
                const Array& told = out.channels.at(id);
                QCOMPARE(told.count(), Index{2});
                QVERIFY(std::abs(value(told, 0) - (learned ? 3 : 8)) < 1e-5);
                QVERIFY(std::abs(value(told, 1) - 8) < 1e-5);  // where particles end
            }
            // Before that level both are that of the particles.
            Collected sink, early;
            steps(*run, Clock::Diffuse, 3, sink);
            test::look(*run, {"energy", "trajectory"}, early);
            const Array& told = early.channels.at("energy.log_snr");
            const Array& snr = early.channels.at("trajectory.log_snr");
            QCOMPARE(value(told, 0), value(told, 1));
            QVERIFY(std::abs(value(told, 0) - value(snr, snr.dim(0) - 1)) < 1e-5);
        }
    }
    /// The curve of other parameters, and the parameter that brings an end of it to a level.
    void schedulesOnDemand() {
        const auto asked = [](const std::string& schedule, const ParamSet& args) {
            const auto run = make(exact(schedule));
            const auto task = run->probe({1, "schedule", args, {}});
            Collected out;
            while (!task->advance({1, {}}, {}, out)) {
            }
            return out.channels;
        };
        const auto words = [](const Array& text) {
            const auto bytes = text.bytes();
            return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        };
        const auto ends = [](const std::map<std::string, Array>& answer) {
            const Array& snr = answer.at("snr");
            return std::array{value(snr, 0), value(snr, snr.dim(0) - 1)};
        };
        // Of other parameters: lines whose ends are told.
        const auto other = asked("log-snr", {{"schedule.most", 5.0}});
        for (Index i = 0; i <= 100; ++i) {
            const double t = static_cast<double>(i) / 100;
            QVERIFY(std::abs(value(other.at("snr"), i) - std::lerp(5.0, -6.0, t)) < 1e-5);
            QVERIFY(std::abs(value(other.at("snr.at"), i) - t) < 1e-6);
        }
        QCOMPARE(words(other.at("ends")), std::string("schedule.most\nschedule.least"));
        QVERIFY(!other.contains("value"));
        // Of another schedule: log SNR of sigma is -2 log sigma, between 0.05 and 3.
        const auto exploding = ends(asked("log-snr", {{"schedule", std::string("ve")}}));
        QVERIFY(std::abs(exploding[0] + 2 * std::log(0.05)) < 1e-5);
        QVERIFY(std::abs(exploding[1] + 2 * std::log(3.0)) < 1e-5);
        // To a level: the value by its formula to three digits.
        const auto moved = asked("ve", {{"end", Index{1}}, {"log_snr", -4.0}});
        QCOMPARE(words(moved.at("id")), std::string("schedule.sigma_max"));
        QCOMPARE(moved.at("value").values<double>()[0], 7.39);  // e^2
        QCOMPARE(
            asked("log-snr", {{"end", Index{0}}, {"log_snr", 6.5}}).at("value").values<double>()[0],
            6.5);
        // Every end of every schedule comes to where it is asked, the other one stays about there.
        for (const ScheduleSpec& spec : scheduleSpecs()) {
            const auto before = ends(asked(spec.id, {}));
            const auto ids = scheduleEnds(whole(exact(spec.id)));
            QVERIFY(!ids[0].empty());
            for (const std::size_t end : {0, 1}) {
                if (ids[end].empty()) {
                    continue;
                }
                for (const double by : {-0.7, 0.7}) {
                    const auto after = ends(asked(spec.id, {{"end", static_cast<Index>(end)},
                                                            {"log_snr", before[end] + by}}));
                    // Three digits of a rate are half a percent of it.
                    QVERIFY2(std::abs(after[end] - before[end] - by) < 0.06, spec.id.c_str());
                    QVERIFY2(std::abs(after[1 - end] - before[1 - end]) < 0.5 * std::abs(by),
                             spec.id.c_str());
                }
            }
        }
        // A hand that goes too far gets the last schedule that is one, within the limits.
        const auto crossed = asked("log-snr", {{"end", Index{0}}, {"log_snr", -15.0}});
        const double most = crossed.at("value").values<double>()[0];
        QVERIFY(most > -6 && most < -5.5);
        QCOMPARE(asked("log-snr", {{"end", Index{0}}, {"log_snr", 99.0}})
                     .at("value")
                     .values<double>()[0],
                 20.0);
        const auto refused = [&](const std::string& schedule, const ParamSet& args) {
            try {
                (void)make(exact(schedule))->probe({1, "schedule", args, {}});
            } catch (const UsageError& error) {
                return QString::fromUtf8(error.what());
            }
            return QString();
        };
        QVERIFY(refused("cosine", {{"end", Index{1}}, {"log_snr", 0.0}}).contains("no parameter"));
        QVERIFY(refused("ve", {{"end", Index{2}}, {"log_snr", 0.0}}).contains("no parameter"));
        QVERIFY(refused("ve", {{"end", Index{0}}, {"log_snr", NAN}}).contains("finite"));
        QVERIFY(refused("log-snr", {{"schedule.most", -8.0}}).contains("must fall"));
        QVERIFY(refused("log-snr", {{"schedule.most", 80.0}}).contains("20"));
    }
    /// Evaluations at every recorded time: of these methods 1, 2 and 1 + 3 a step.
    void evaluationsSoFar() {
        const std::vector<std::pair<std::string, Index>> methods{
            {"ddpm", 1}, {"heun", 2}, {"corrected", 4}};
        for (const auto& [method, each] : methods) {
            ParamSet given = exact("log-snr");
            given["sampler.method"] = method;
            if (method == "corrected") {
                given["sampler.corrections"] = Index{3};
            }
            const auto run = make(given);
            Collected sink, out;
            steps(*run, Clock::Diffuse, 5, sink);
            test::look(*run, {"trajectory"}, out);
            const auto told = out.channels.at("trajectory.evaluations").values<Index>();
            QCOMPARE(std::ssize(told), out.channels.at("trajectory").dim(0));
            for (std::size_t t = 0; t < told.size(); ++t) {
                QCOMPARE(told[t], static_cast<Index>(t) * each);
            }
            // The series counts the same.
            QCOMPARE(static_cast<double>(told.back()), sink.series.at(1).back());
            // A run that is restored goes on counting.
            const auto other = make(given);
            other->restore(run->capture());
            Collected after;
            steps(*other, Clock::Diffuse, 1, sink);
            test::look(*other, {"trajectory"}, after);
            const auto more = after.channels.at("trajectory.evaluations").values<Index>();
            QCOMPARE(std::vector(more.begin(), more.end()),
                     (std::vector<Index>{5 * each, 6 * each}));
        }
    }
};

QTEST_GUILESS_MAIN(TestDiffusionField)
#include "tst_diffusion_field.moc"
