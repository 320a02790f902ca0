// SPDX-License-Identifier: GPL-3.0-or-later
// Two energies trained apart and added: the sum, the exact product and its draws, states.
#include "core/data/dataset.h"
#include "core/experiments/energy/moment.h"
#include "tests/unit/experiments/family_run.h"

#include <ATen/Parallel.h>
#include <QtTest>

#include <cmath>

using namespace lx;
using namespace lx::test;

namespace {

const ExperimentSpec& family() {
    static const ExperimentSpec spec = learned::compositionSpec(std::make_shared<DataLibrary>());
    return spec;
}
ParamSet small() {
    return {{"data.source", std::string("data.bars")},
            {"data.axis", std::string("x")},
            {"data.count", Index{2000}},
            {"second.data.source", std::string("data.bars")},
            {"second.data.axis", std::string("y")},
            {"second.data.count", Index{2000}},
            {"network.hidden", std::vector<double>{16, 16}},
            {"negatives.store", Index{128}},
            {"negatives.steps", Index{5}},
            {"train.batch", Index{32}},
            {"train.horizon", Index{100}}};
}
std::unique_ptr<Experiment> make(const ParamSet& given) {
    return family().make(resolve(family().describe(given).params, given), Key{2, 5});
}
std::vector<double> values(const Collected& from, const char* id) {
    const auto v = from.channels.at(id).values<float>();
    return {v.begin(), v.end()};
}
/// Largest distance of a field from w1 first + w2 second, up to a constant.
double sumError(const Experiment& run, double w1, double w2) {
    Collected out;
    look(run, {"first_energy", "second_energy", "energy"}, out);
    const auto a = values(out, "first_energy"), b = values(out, "second_energy"),
               sum = values(out, "energy");
    const double shift = sum[0] - w1 * a[0] - w2 * b[0];
    double worst = 0, size = 0;
    for (std::size_t i = 0; i < sum.size(); ++i) {
        worst = std::max(worst, std::abs(sum[i] - w1 * a[i] - w2 * b[i] - shift));
        size = std::max(size, std::abs(sum[i]));
    }
    return worst / size;
}
}  // namespace

class TestComposition : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { at::set_num_threads(1); }

    void energyIsTheWeightedSum() {
        const auto run = make(small());
        Collected sink;
        steps(*run, 30, sink);
        QVERIFY(sumError(*run, 1, 1) < 1e-5);
        const auto news = run->news();
        run->set({"compose.first", 2.0});
        run->set({"compose.second", 0.5});
        QVERIFY(run->news() > news);
        QVERIFY(sumError(*run, 2, 0.5) < 1e-5);
        QVERIFY(sumError(*run, 1, 1) > 1e-2);  // broken twin: the old weights
        run->set({"compose.second", 0.0});
        QVERIFY(sumError(*run, 2, 0) < 1e-5);
    }
    /// The narrow bar times the long one at each corner: mean 1.4423, sd 0.29417, a quarter each.
    void exactProduct() {
        const auto run = make(small());
        const auto numbers = run->metrics(Key{1, 9}, {});
        const double precision = 1 / 0.09 + 1 / 2.25;
        QVERIFY(std::abs(numbers.at("law_corner_mean") - 1.5 / 0.09 / precision) < 1e-4);
        QVERIFY(std::abs(numbers.at("law_corner_sd") - std::sqrt(1 / precision)) < 1e-3);
        QVERIFY(std::abs(numbers.at("law_corner_share_min") - 0.25) < 1e-3);
        // Draws of the law that the views show.
        Collected out;
        look(*run, {"data"}, out, Detail::Export);
        const auto rows = out.channels.at("data").values<float>();
        double mean = 0, square = 0;
        std::array<double, 4> share{};
        const auto n = static_cast<double>(rows.size());
        for (std::size_t i = 0; i < rows.size(); ++i) {
            mean += std::abs(rows[i]) / n;
            square += rows[i] * rows[i] / n;
            share[(rows[i / 2 * 2] > 0 ? 1U : 0U) + (rows[i / 2 * 2 + 1] > 0 ? 2U : 0U)] += 1 / n;
        }
        QVERIFY(rows.size() >= 10'000);
        QVERIFY(std::abs(mean - 1.5 / 0.09 / precision) < 0.012);
        QVERIFY(std::abs(std::sqrt(square - mean * mean) - 0.294) < 0.01);
        for (const double s : share) {
            QVERIFY(std::abs(s - 0.25) < 0.02);
        }
        // Broken twin: the first law alone has no corners.
        run->set({"compose.second", 0.0});
        const auto alone = run->metrics(Key{1, 9}, {});
        QVERIFY(std::abs(alone.at("law_corner_mean") - 1.5 / 0.09 / precision) > 0.05);
    }
    /// The same by chains on the sum of the exact energies, which all begin in one corner and
    /// cross. Broken twin: twice the sum.
    void exactSumByChains() {
        const auto run = make(small());
        auto right = run->metrics(Key{5, 0}, {});
        run->set({"compose.first", 2.0});
        run->set({"compose.second", 2.0});
        auto wrong = run->metrics(Key{5, 0}, {});
        qInfo("corners %.4f to %.4f, mean %.4f, sd %.4f; twice: %.4f",
              right["exact_corner_share_min"], right["exact_corner_share_max"],
              right["exact_corner_mean"], right["exact_corner_sd"], wrong["exact_corner_sd"]);
        QVERIFY(right["exact_corner_share_min"] > 0.23);
        QVERIFY(right["exact_corner_share_max"] < 0.27);
        QVERIFY(std::abs(right["exact_corner_mean"] - 1.4423) < 0.006);
        QVERIFY(std::abs(right["exact_corner_sd"] - 0.2942) < 0.006);
        QVERIFY(wrong["exact_corner_sd"] < 0.25);
    }
    void bothLearn() {
        ParamSet given = small();
        given["network.hidden"] = std::vector<double>{64, 64};
        given["negatives.store"] = Index{512};
        given["negatives.steps"] = Index{10};
        given["train.batch"] = Index{64};
        given["train.horizon"] = Index{1500};
        given["train.rate"] = 3e-3;
        const auto run = make(given);
        Collected sink;
        const double before = run->metrics(Key{1, 9}, {}).at("grid_kl");
        steps(*run, 1500, sink);
        const double after = run->metrics(Key{1, 9}, {}).at("grid_kl");
        qInfo("KL %.3f -> %.3f", before, after);
        QVERIFY(after < 0.3 * before);
        const auto ids = channelIds(family().describe(small()));
        look(*run, ids, sink);
        for (const std::string& id : ids) {
            QVERIFY2(sink.channels.contains(id), id.c_str());
        }
        QCOMPARE(sink.channels.at("chains_now").dim(0), Index{1000});
    }
    void statesGoOn() {
        const auto straight = make(small()), other = make(small());
        Collected sink;
        steps(*straight, 8, sink);
        const State half = straight->capture();
        steps(*straight, 7, sink);
        other->restore(half);
        steps(*other, 7, sink);
        QVERIFY(same(straight->capture(), other->capture()));
        QVERIFY(!same(half, other->capture()));
        State wrong = half;
        wrong.erase(std::ranges::find_if(wrong, [](const auto& e) {
                        return e.first.starts_with("second.model");
                    })->first);
        const State before = other->capture();
        QVERIFY_EXCEPTION_THROWN(other->restore(wrong), UsageError);
        QVERIFY(same(before, other->capture()));
    }
    /// At rest the chains follow the weights: without the second energy they leave its bars.
    void chainsFollowTheWeightsAtRest() {
        ParamSet given = small();
        given["network.hidden"] = std::vector<double>{64, 64};
        given["negatives.noise"] = 0.2;
        given["train.horizon"] = Index{1000};
        given["train.rate"] = 3e-3;
        const auto run = make(given);
        Collected sink;
        steps(*run, 1000, sink);
        const auto meanHeight = [&] {
            look(*run, {"chains_now"}, sink);
            const auto x = values(sink, "chains_now");
            double sum = 0;
            for (std::size_t i = 1; i < x.size(); i += 2) {
                sum += std::abs(x[i]) / static_cast<double>(x.size() / 2);
            }
            return sum;
        };
        const State before = run->capture();
        steps(*run, Clock::Sample, 400, sink);
        const double together = meanHeight();
        run->set({"compose.second", 0.0});
        steps(*run, Clock::Sample, 400, sink);
        const double alone = meanHeight();
        qInfo("mean |y| %.3f with the second energy, %.3f without", together, alone);
        QVERIFY(alone > 1.1 * together || alone < 0.9 * together);
        QCOMPARE(run->step(Clock::Train), Index{1000});
        QCOMPARE(run->step(Clock::Sample), Index{800});
        for (const auto& [id, array] : run->capture()) {
            const bool chains = id.starts_with("negatives");
            QVERIFY2(chains || std::ranges::equal(array.bytes(), before.at(id).bytes()),
                     id.c_str());
        }
    }
    void refusesWhatHasNoDensity() {
        for (const char* id : {"data.source", "second.data.source"}) {
            ParamSet given = small();
            given.erase("data.axis");
            given.erase("second.data.axis");
            given[id] = std::string("data.shapes16");
            QVERIFY_EXCEPTION_THROWN(family().describe(given), UsageError);
        }
        ParamSet wide = small();
        wide["network.hidden"] = std::vector<double>{64, 129};
        QVERIFY_EXCEPTION_THROWN(family().describe(wide), UsageError);
        ParamSet scaled = small();
        scaled["second.data.scale"] = std::string("standardise");
        QVERIFY_EXCEPTION_THROWN(family().describe(scaled), UsageError);
        QVERIFY_EXCEPTION_THROWN(make(small())->set({"train.batch", Index{3}}), UsageError);
    }
};

QTEST_GUILESS_MAIN(TestComposition)
#include "tst_composition.moc"
