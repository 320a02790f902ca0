// SPDX-License-Identifier: GPL-3.0-or-later
// Where particles have been: pictures on their way with what the denoiser expects of them.
#include "core/experiments/diffusion/record.h"
#include "core/session/session.h"
#include "tests/unit/experiments/family_run.h"

#include <ATen/Parallel.h>
#include <QtTest>

#include <cmath>
#include <ctime>

using namespace lx;
using namespace lx::diffusion;
using namespace lx::test;

namespace {

const std::shared_ptr<DataLibrary>& library() {
    static const auto all = std::make_shared<DataLibrary>(std::vector<std::string>{});
    return all;
}
ParamSet whole(const ParamSet& given) {
    return resolve(describe(*library(), given).params, given);
}
ParamSet pictures(Index steps) {
    return {{"model", std::string("net.unet")},
            {"data.source", std::string("data.shapes16")},
            {"data.count", Index{100}},
            {"network.channels", std::vector<double>{8, 16}},
            {"schedule", std::string("log-snr")},
            {"sampler.method", std::string("ddim")},
            {"sampler.eta", 0.5},
            {"sampler.steps", steps},
            {"sampler.particles", Index{8}}};
}

ParamSet plane(Index particles, Index steps) {
    return {{"model", std::string("exact")},
            {"energy", std::string("ring8")},
            {"sampler.steps", steps},
            {"sampler.particles", particles}};
}

/// Three kinds of pictures of 16 x 16 pixels.
MixtureParts kinds() {
    MixtureParts out{256, {}, {0.5, 0.3, 0.2}, {0.1, 0.06, 0.08}};
    for (int k = 0; k < 3; ++k) {
        for (int i = 0; i < 256; ++i) {
            out.centres.push_back(0.5 + 0.25 * std::sin(0.1 * (k + 1) * i + k));
        }
    }
    return out;
}

/// E[x | z] of one row by the rule for a Gaussian, written out once more.
std::vector<double> expected(const MixtureParts& parts, const NoiseLevel& level,
                             std::span<const double> z) {
    const std::size_t d = z.size();
    const double a = level.alpha, s = level.sigma;
    std::vector<double> logs, out(d);
    for (std::size_t k = 0; k < parts.weights.size(); ++k) {
        const double variance = a * a * parts.sds[k] * parts.sds[k] + s * s;
        double log = std::log(parts.weights[k]) - 0.5 * static_cast<double>(d) * std::log(variance);
        for (std::size_t i = 0; i < d; ++i) {
            log -= std::pow(z[i] - a * parts.centres[k * d + i], 2) / (2 * variance);
        }
        logs.push_back(log);
    }
    const double top = *std::ranges::max_element(logs);
    double sum = 0;
    for (double& l : logs) {
        l = std::exp(l - top);
        sum += l;
    }
    for (std::size_t k = 0; k < logs.size(); ++k) {
        const double v = parts.sds[k] * parts.sds[k];
        for (std::size_t i = 0; i < d; ++i) {
            const double m = parts.centres[k * d + i];
            out[i] += logs[k] / sum * (m + a * v / (a * a * v + s * s) * (z[i] - a * m));
        }
    }
    return out;
}

/// A run of pictures whose denoiser is that of kinds().
Moment exactPictures(Index steps, Index made, Index particles = 8) {
    const ParamSet params = whole(pictures(steps));
    auto data = std::make_shared<RunData>();
    data->params = params;
    data->key = Key{3, 1};
    data->dataset = library()->load(params, Key{3, 2});
    data->dim = 256;
    data->units = unitsOf(*data->dataset);
    Moment out;
    out.denoisers = {mixtureDenoiser(kinds()), {}};
    out.denoiser = out.denoisers.data;
    const auto cloud = std::make_shared<Cloud>(processOf(params), derive(data->key, "diffuse"),
                                               particles, 256, NoiseLaw{data->spread, {}});
    for (Index i = 0; i < made; ++i) {
        cloud->step(*out.denoiser);
    }
    out.cloud = cloud;
    out.data = data;
    return out;
}

/// What a task tells, in the smallest slices; the longest of them in ms of processor time.
std::map<std::string, Array> told(const std::unique_ptr<Task>& task, double* longest = nullptr) {
    Collected out;
    bool done = false;
    while (!done) {
        timespec before{}, after{};
        ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
        done = task->advance({1, std::chrono::microseconds(1)}, {}, out);
        ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
        if (longest) {
            *longest =
                std::max(*longest, 1e3 * static_cast<double>(after.tv_sec - before.tv_sec) +
                                       1e-6 * static_cast<double>(after.tv_nsec - before.tv_nsec));
        }
    }
    return out.channels;
}

std::map<std::string, Array> observed(const Moment& moment, const std::vector<std::string>& ids,
                                      double* longest = nullptr) {
    return told(observeTask(moment, ids, Detail::Screen), longest);
}
std::map<std::string, Array> observed(const Experiment& run, const std::vector<std::string>& ids,
                                      double* longest = nullptr) {
    return told(run.observe(ids, Detail::Screen), longest);
}

/// Row r, column c of strips.
std::span<const float> tile(const Array& strips, Index r, Index c) {
    const auto pixels = static_cast<std::size_t>(strips.dim(2) * strips.dim(3));
    return strips.values<float>().subspan(static_cast<std::size_t>(r * strips.dim(1) + c) * pixels,
                                          pixels);
}

double largest(std::span<const float> shown, std::span<const double> truth) {
    double out = 0;
    for (std::size_t i = 0; i < shown.size(); ++i) {
        const double clipped = std::clamp(truth[i], 0.0, 1.0);
        out = std::max(out, std::abs(static_cast<double>(shown[i]) - clipped));
    }
    return out;
}

}  // namespace

class TestDiffusionRecord : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { at::set_num_threads(1); }
    /// With the exact denoiser the lower rows are the exact posterior means of the upper ones.
    void predictionsAreThePosteriorMeans() {
        constexpr Index kSteps = 32;  // every fourth of 33 times is shown
        const Moment m = exactPictures(kSteps, kSteps);
        const auto channels = observed(m, {"denoising"});
        const Array& strips = channels.at("denoising");
        QCOMPARE(std::vector<Index>(strips.shape().begin(), strips.shape().end()),
                 (std::vector<Index>{12, 9, 16, 16}));
        QCOMPARE(channels.at("denoising.group").values<Index>()[0], Index{2});
        const Array record = m.cloud->record(6);
        const auto places = record.values<float>();
        double worst = 0, state = 0, late = 0, other = 0;
        for (Index c = 0; c < 9; ++c) {
            const auto level = [&](Index step) { return m.cloud->process().levelBefore(step); };
            for (Index r = 0; r < 6; ++r) {
                const auto from =
                    places.subspan(static_cast<std::size_t>((4 * c * 6 + r) * 256), 256);
                const std::vector<double> z(from.begin(), from.end());
                const auto truth = expected(kinds(), level(4 * c), z);
                worst = std::max(worst, largest(tile(strips, 2 * r + 1, c), truth));
                state = std::max(state, largest(tile(strips, 2 * r, c), z));
                // Twins: the level of the time before, the picture of another row.
                late = std::max(
                    late, largest(tile(strips, 2 * r + 1, c),
                                  expected(kinds(), level(std::max<Index>(4 * c - 1, 0)), z)));
                other = std::max(other, largest(tile(strips, (2 * r + 3) % 12, c), truth));
            }
        }
        qInfo(
            "largest error of an expected pixel %.1e; at the level before %.1e, of another "
            "particle %.1e",
            worst, late, other);
        QVERIFY(worst < 1e-5);
        QVERIFY(state < 1e-6);
        QVERIFY(late > 1e-3 && other > 1e-3);
    }
    /// What the sampler ends with is what is expected of it, up to the noise of the last level.
    void bothRowsMeetAtTheEnd() {
        const Moment m = exactPictures(40, 40);
        const Array strips = observed(m, {"denoising"}).at("denoising");
        const double noise = m.cloud->process().levelBefore(40).ratio();
        const auto apart = [&](Index column) {
            double square = 0;
            for (Index r = 0; r < 6; ++r) {
                const auto a = tile(strips, 2 * r, column), b = tile(strips, 2 * r + 1, column);
                for (std::size_t i = 0; i < a.size(); ++i) {
                    square += std::pow(static_cast<double>(a[i] - b[i]), 2) / (6 * 256);
                }
            }
            return std::sqrt(square);
        };
        qInfo(
            "root mean square between state and expectation: %.4f at the end, noise there %.4f, "
            "a column earlier %.4f, at the beginning %.3f",
            apart(8), noise, apart(7), apart(0));
        QVERIFY(apart(8) < noise);
        QVERIFY(apart(7) > noise);
        QVERIFY(apart(0) > 0.2);
    }
    /// On the way there are as many columns as times so far, headed by their log SNR.
    void columnsAreTheTimesSoFar() {
        const auto channels = observed(exactPictures(14, 3), {"denoising"});
        QCOMPARE(channels.at("denoising").dim(1), Index{4});
        const auto words = channels.at("denoising.titles").values<std::uint8_t>();
        QCOMPARE(std::string(words.begin(), words.end()), std::string("-6\n-5\n-4\n-3"));
        // Before the first step the whole way is shown, and it is the one that then is made.
        const auto before = observed(exactPictures(14, 0), {"denoising", "samples"}),
                   after = observed(exactPictures(14, 14), {"denoising", "samples"});
        QVERIFY(std::ranges::equal(before.at("denoising").bytes(), after.at("denoising").bytes()));
        QVERIFY(
            !std::ranges::equal(channels.at("denoising").bytes(), after.at("denoising").bytes()));
    }
    /// Before the clock moves each picture costs a whole run: of long ones fewer are shown while
    /// the network trains.
    void fewerPicturesOfLongRuns() {
        const auto shown = [](Index steps, bool resting) {
            Moment m = exactPictures(steps, 0, 50);
            m.resting = resting;
            return observed(m, {"samples"}).at("samples").dim(0);
        };
        // What costs nothing does not wait for it.
        Collected out;
        const auto task = observeTask(exactPictures(200, 0),
                                      std::vector<std::string>{"samples", "data"}, Detail::Screen);
        QVERIFY(!task->advance({1, std::chrono::microseconds(1)}, {}, out));
        QVERIFY(out.channels.contains("data"));
        QCOMPARE(shown(200, false), Index{36});
        QCOMPARE(shown(201, false), Index{12});
        QCOMPARE(shown(201, true), Index{36});
    }
    /// Of the U-Net of the recipe no piece of work holds the engine for long. Processor time, not
    /// wall time, and three times what is wanted.
    void shortSlices() {
        ParamSet given = pictures(20);
        given["network.channels"] = std::vector<double>{24, 48};
        given["sampler.particles"] = Index{64};
        const ParamSet params = whole(given);
        Moment m = exactPictures(20, 0);
        auto net = std::make_shared<Net>(netOptions(params, {{16, 16}}, 0), Placement{});
        net->parameters().initialise(Key{1, 1});
        m.denoisers = {netDenoiser(net), {}};
        m.denoiser = m.denoisers.data;
        double longest = 0;
        observed(m, {"denoising", "samples"}, &longest);
        qInfo("longest piece of work: %.1f ms of processor time (goal 30)", longest);
        QVERIFY(longest < 90);
    }
    /// Of the first particles: the way that noises what they became into what they were, and the
    /// posterior means on the way back.
    void waysOfTheFollowed() {
        const ParamSet params = whole(plane(100, 20));
        const ExperimentSpec family = diffusion::spec(library());
        const auto run = family.make(params, Key{4, 1});
        Collected sink;
        steps(*run, Clock::Diffuse, 12, sink);
        // On the way it is not known yet what they become.
        QCOMPARE(observed(*run, {"trajectory"}).at("trajectory.forward").count(), Index{0});
        steps(*run, Clock::Diffuse, 8, sink);
        const auto channels = observed(*run, {"trajectory"});
        const Array &path = channels.at("trajectory"), &out = channels.at("trajectory.forward"),
                    &clean = channels.at("trajectory.clean");
        QCOMPARE(std::vector<Index>(out.shape().begin(), out.shape().end()),
                 (std::vector<Index>{21, 40, 2}));
        QCOMPARE(clean.count(), out.count());
        const auto parts = *mixtureOf(params);
        const ReverseProcess process = processOf(params);
        const auto at = [](const Array& from, Index t, Index i, Index k) {
            return static_cast<double>(
                from.values<float>()[static_cast<std::size_t>((t * from.dim(1) + i) * 2 + k)]);
        };
        double mean = 0, wrongMean = 0, end = 0, middle = 0, noising = 0, planted = 0;
        const NoiseLevel first = process.levelBefore(0), last = process.levelBefore(20);
        for (Index i = 0; i < 40; ++i) {
            for (Index t = 0; t <= 20; ++t) {
                const NoiseLevel level = process.levelBefore(t);
                const double z[] = {at(path, t, i, 0), at(path, t, i, 1)};
                const auto truth = expected(parts, level, z),
                           late =
                               expected(parts, process.levelBefore(std::max<Index>(t - 1, 0)), z);
                for (Index k = 0; k < 2; ++k) {
                    const auto own = static_cast<std::size_t>(k);
                    mean = std::max(mean, std::abs(at(clean, t, i, k) - truth[own]));
                    wrongMean = std::max(wrongMean, std::abs(at(clean, t, i, k) - late[own]));
                    // Elimination: at two times with one x and one eps.
                    const double x = at(path, 20, i, k), z0 = at(path, 0, i, k);
                    const double ratio = level.sigma / first.sigma;
                    const double way = ratio * z0 + (level.alpha - ratio * first.alpha) * x;
                    noising = std::max(noising, std::abs(at(out, t, i, k) - way));
                    planted = std::max(planted,
                                       std::abs(at(out, std::min<Index>(t + 1, 20), i, k) - way));
                    middle = std::max(middle, std::abs(at(out, t, i, k) - at(path, t, i, k)));
                }
            }
            for (Index k = 0; k < 2; ++k) {
                QVERIFY(std::abs(at(out, 0, i, k) - at(path, 0, i, k)) < 1e-5);
                end = std::max(end, std::abs(at(out, 20, i, k) - at(path, 20, i, k)));
            }
        }
        qInfo(
            "posterior means %.1e (level before: %.2f); way out %.1e (time after: %.2f), from the "
            "way back %.2f, at the data %.3f of noise %.3f",
            mean, wrongMean, noising, planted, middle, end, last.sigma);
        QVERIFY(mean < 1e-5 && wrongMean > 0.1);
        QVERIFY(noising < 1e-5 && planted > 0.1);
        QVERIFY(middle > 0.1);
        QVERIFY(end < 5 * last.sigma);
        // Under way there is no time for what is expected at all times.
        run->rest(false);
        const auto moving = observed(*run, {"trajectory"});
        QCOMPARE(moving.at("trajectory.clean").count(), Index{0});
        QCOMPARE(moving.at("trajectory.forward").count(), out.count());
    }
    /// While the clock runs a part of the particles is recorded on screen, at rest all of them.
    void atRestTheWholeRecord() {
        const ExperimentSpec family = diffusion::spec(library());
        const auto run = family.make(whole(plane(3000, 12)), Key{4, 1});
        Collected sink;
        run->rest(false);
        steps(*run, Clock::Diffuse, 12, sink);
        const Array moving = observed(*run, {"trajectory"}).at("trajectory");
        QCOMPARE(moving.dim(1), kMovingParticles);
        const std::uint64_t before = run->news();
        run->rest(true);
        QVERIFY(run->news() > before);
        const auto still = observed(*run, {"trajectory", "chains_now"});
        const Array& record = still.at("trajectory");
        QCOMPARE(std::vector<Index>(record.shape().begin(), record.shape().end()),
                 (std::vector<Index>{13, 3000, 2}));
        // The first particles are the same ones, and the last time is where all are now.
        const auto all = record.values<float>(), part = moving.values<float>(),
                   now = still.at("chains_now").values<float>();
        for (std::size_t t = 0; t < 13; ++t) {
            QVERIFY(std::ranges::equal(all.subspan(t * 6000, 2048), part.subspan(t * 2048, 2048)));
        }
        QVERIFY(std::ranges::equal(all.subspan(12 * 6000), now));
        QVERIFY(!std::ranges::equal(all.subspan(11 * 6000, 6000), now));
        const std::uint64_t silent = run->news();
        run->rest(false);
        QCOMPARE(run->news(), silent);
    }
    /// The same through the engine: a pause brings the whole record without another step.
    void aPauseBringsIt() {
        const std::vector<ExperimentSpec> specs{diffusion::spec(library())};
        Engine engine(specs);
        const auto session = engine.open();
        const auto particles = [&] {
            const auto shown = session->latest();
            const auto found = shown->channels.find("trajectory");
            return found == shown->channels.end() ? 0 : found->second.array.dim(1);
        };
        session->post(cmd::Load{"diffusion", plane(3000, 200), 1});
        session->post(cmd::Observe{{"trajectory"}});
        session->post(cmd::Speed{Clock::Diffuse, 40});
        session->post(cmd::Run{Clock::Diffuse, 0});
        QTRY_VERIFY_WITH_TIMEOUT(session->latest()->step[2] > 3 && particles() == kMovingParticles,
                                 60'000);
        session->post(cmd::Pause{Clock::Diffuse});
        QTRY_COMPARE_WITH_TIMEOUT(particles(), Index{3000}, 60'000);
        session->post(cmd::Run{Clock::Diffuse, 0});
        QTRY_COMPARE_WITH_TIMEOUT(particles(), kMovingParticles, 60'000);
    }
    /// 10 000 particles at 201 times take 16 MiB and no long piece of work; nothing takes more than
    /// 64 MiB.
    void largeRecords() {
        const ExperimentSpec family = diffusion::spec(library());
        const auto run = family.make(whole(plane(10'000, 200)), Key{4, 1});
        Collected sink;
        steps(*run, Clock::Diffuse, 200, sink);
        double longest = 0;
        const auto channels = observed(*run, {"trajectory"}, &longest);
        const Array& record = channels.at("trajectory");
        QCOMPARE(std::vector<Index>(record.shape().begin(), record.shape().end()),
                 (std::vector<Index>{201, 10'000, 2}));
        qInfo("%.1f MiB; longest piece of work %.1f ms of processor time (goal 30)",
              static_cast<double>(record.bytes().size()) / (1 << 20), longest);
        QVERIFY(longest < 90);
        // Of very many numbers fewer times are kept, then fewer particles, down to so many.
        const auto process = processOf(whole(plane(1, 100)));
        const Cloud wide(process, Key{1, 1}, 5000, 400, NoiseLaw{1, {}});
        QVERIFY(wide.recorded() < 5000);
        QVERIFY(wide.recorded() * 400 * Cloud::kLeastTimes <= Cloud::kRecordNumbers);
        QVERIFY((wide.recorded() + 1) * 400 * Cloud::kLeastTimes > Cloud::kRecordNumbers);
        QCOMPARE(wide.record(5000).dim(1), wide.recorded());
        const Cloud many(process, Key{1, 1}, 100'000, 2, NoiseLaw{1, {}});
        QCOMPARE(many.recorded(), Index{100'000});
    }
};

QTEST_GUILESS_MAIN(TestDiffusionRecord)
#include "tst_diffusion_record.moc"
