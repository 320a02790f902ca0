// SPDX-License-Identifier: GPL-3.0-or-later
// The views of a reverse process: the record from noise to data under its slider, and the schedule.
#include "tests/gui/held.h"
#include "tests/gui/noise_record.h"

#include <QLabel>
#include <QMouseEvent>
#include <QSlider>
#include <QTimer>
#include <QToolButton>

#include <ctime>

using namespace lx;
using namespace lx::ui;
using test::ChainBench;
using test::floatsOf;
using test::pane;
using test::record;
using test::text;

namespace {

/// The points of a pane: its last layer.
std::vector<float> pointsOf(const SceneWidget* scene) {
    const auto& layer = std::get<render::PointsLayer>(scene->figure().layers.back());
    const auto values = layer.xy.values<float>();
    return {values.begin(), values.end()};
}

/// A large record: particles spread over a disc that shrinks with time; the last one goes by
/// itself from right to left above it.
struct Swarm {
    Index times = 200, particles;
    std::array<float, 2> placeOf(Index i, Index t) const {
        const auto past = static_cast<float>(t) / static_cast<float>(times - 1);
        if (i + 1 == particles) {
            return {1.5F - 3 * past, 1.8F};
        }
        const float turn = 2.399963F * static_cast<float>(i);
        const float radius =
            (1 - 0.8F * past) * std::sqrt(static_cast<float>(i) / static_cast<float>(particles));
        return {radius * std::cos(turn), radius * std::sin(turn)};
    }
    std::vector<float> placesAt(Index t) const {
        std::vector<float> out;
        for (Index i = 0; i < particles; ++i) {
            const auto [x, y] = placeOf(i, t);
            out.insert(out.end(), {x, y});
        }
        return out;
    }
    Array path() const {
        std::vector<float> out;
        for (Index t = 0; t < times; ++t) {
            const auto now = placesAt(t);
            out.insert(out.end(), now.begin(), now.end());
        }
        return {{times, particles, 2}, out};
    }
};

double processMs() {
    timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return 1e3 * static_cast<double>(now.tv_sec) + 1e-6 * static_cast<double>(now.tv_nsec);
}

struct Cost {
    double processor = 1e9, wall = 1e9;  ///< ms, the least
};

/// The view of a swarm and moves of its slider.
struct Scrubbed {
    ChainBench bench;
    Swarm swarm;
    Array path;
    std::unique_ptr<View> view;
    QSlider* slider = nullptr;
    SceneWidget* scene = nullptr;

    Scrubbed(bool software, Index particles) : swarm{.particles = particles}, path(swarm.path()) {
        bench.bridge.setRendererFactory([software] {
            return std::shared_ptr<render::Renderer>(
                render::Renderer::create({.software = software, .forceCpu = !software}));
        });
        bench.set({{"trajectory", path}, {"data", floatsOf({2, 2}, {-2, -2, 2, 2})}});
        view = bench.show(QStringLiteral("noise-to-data"), {900, 400});
        slider = view->findChild<QSlider*>();
        scene = pane(*view, "particles");
    }
    /// Returns once the picture of that time is painted; false when it takes a minute.
    bool moveTo(int t) {
        const int before = scene->painted();
        QElapsedTimer waited;
        waited.start();
        QTimer wake;  // so that waiting costs nothing and ends
        wake.start(5);
        slider->setValue(t);
        while (scene->busy() || scene->painted() < before + 2) {
            QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents);
            if (waited.elapsed() > 60'000) {
                return false;
            }
        }
        return true;
    }
    Cost costOfMoves() {
        Cost out;
        for (int i = 0; i < 25; ++i) {
            const double before = processMs();
            QElapsedTimer wall;
            wall.start();
            if (!moveTo(5 + 31 * i % 190)) {
                return {};
            }
            out.processor = std::min(out.processor, processMs() - before);
            out.wall = std::min(out.wall, 1e-6 * static_cast<double>(wall.nsecsElapsed()));
        }
        return out;
    }
    /// Something is drawn at a place of the plot.
    bool inked(std::array<float, 2> at) {
        const QImage picture = scene->grab().toImage();
        const QPointF pixel = scene->toPixel(at[0], at[1]) * picture.devicePixelRatio();
        const QColor found = picture.pixelColor(pixel.toPoint());
        return found.hslSaturation() > 60;  // marks are coloured, ground and axes are grey
    }
};

}  // namespace

class TestNoiseViews : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void theSliderMovesTheParticles() {
        ChainBench bench;
        bench.set(record());
        const auto view = bench.show(QStringLiteral("noise-to-data"), {900, 400});
        auto* slider = view->findChild<QSlider*>();
        QVERIFY(slider);
        QCOMPARE(slider->maximum(), 3);
        QCOMPARE(slider->value(), 3);  // the present
        const SceneWidget *noise = pane(*view, "noise"), *now = pane(*view, "particles"),
                          *data = pane(*view, "data");
        QVERIFY(noise && now && data);
        QCOMPARE(pointsOf(noise), (std::vector<float>{1, 0, -1, -0.0F}));
        QCOMPARE(pointsOf(now), (std::vector<float>{4, 3, -4, -3}));
        QCOMPARE(pointsOf(data), (std::vector<float>{0, 1, 2, 3, 4, 5}));
        slider->setValue(1);
        QCOMPARE(pointsOf(now), (std::vector<float>{2, 1, -2, -1}));
        QCOMPARE(std::get<render::TrailsLayer>(now->figure().layers.front()).head, Index{1});
        QVERIFY(std::ranges::any_of(view->findChildren<QLabel*>(), [](const QLabel* label) {
            return label->text() == QStringLiteral("time 0.5, log SNR 0 nats");
        }));
        // Opposite directions have different colours, in all panes the same.
        const auto& left = std::get<render::PointsLayer>(noise->figure().layers.back());
        const auto& middle = std::get<render::PointsLayer>(now->figure().layers.back());
        QVERIFY(left.category.values<Index>()[0] != left.category.values<Index>()[1]);
        QVERIFY(std::ranges::equal(left.category.values<Index>(), middle.category.values<Index>()));
    }
    /// A click chooses a particle: its way back so far, the way out that belongs to it, what is
    /// expected of it at this time, and where it begins and ends.
    void chosenParticles() {
        ChainBench bench;
        auto arrays = record();
        std::vector<float> out, clean;
        for (int t = 0; t < 4; ++t) {
            const auto past = static_cast<float>(t);
            out.insert(out.end(), {1 + past, 2 * past, -1 - past, -2 * past});
            clean.insert(clean.end(), {4 - past, 2 + past, -4 + past, -2 - past});
        }
        arrays["trajectory.forward"] = floatsOf({4, 2, 2}, out);
        arrays["trajectory.clean"] = floatsOf({4, 2, 2}, clean);
        bench.set(arrays);
        const auto view = bench.show(QStringLiteral("noise-to-data"), {900, 400});
        view->findChild<QSlider*>()->setValue(2);
        SceneWidget *noise = pane(*view, "noise"), *now = pane(*view, "particles"),
                    *data = pane(*view, "data");
        const auto click = [](SceneWidget* scene, double x, double y) {
            QTest::mouseClick(scene, Qt::LeftButton, {}, scene->toPixel(x, y).toPoint());
        };
        const auto curves = [&] {
            std::vector<CurveItem> found;
            for (const OverlayItem& item : now->figure().overlay) {
                if (const auto* curve = std::get_if<CurveItem>(&item)) {
                    found.push_back(*curve);
                }
            }
            return found;
        };
        const auto marks = [](const SceneWidget* scene) {
            std::vector<QPointF> found;
            for (const OverlayItem& item : scene->figure().overlay) {
                if (const auto* mark = std::get_if<MarkerItem>(&item)) {
                    found.emplace_back(mark->x, mark->y);
                }
            }
            return found;
        };
        QVERIFY(now->figure().overlay.empty());
        click(now, 3, 2);  // the first one at that time
        auto lines = curves();
        QCOMPARE(lines.size(), std::size_t{3});
        QCOMPARE(lines[0].points, (std::vector<QPointF>{{1, 0}, {2, 2}, {3, 4}, {4, 6}}));
        QCOMPARE(lines[0].style, Qt::DashLine);
        QCOMPARE(lines[1].points, (std::vector<QPointF>{{1, 0}, {2, 1}, {3, 2}}));
        QCOMPARE(lines[2].points, (std::vector<QPointF>{{3, 2}, {2, 4}}));
        QCOMPARE(marks(now), (std::vector<QPointF>{{2, 4}, {3, 2}}));
        QCOMPARE(marks(noise), (std::vector<QPointF>{{1, 0}}));
        QCOMPARE(marks(data), (std::vector<QPointF>{{4, 3}}));
        QCOMPARE(now->figure().legend.size(), std::size_t{3});
        // Another time: a longer way, another expectation.
        view->findChild<QSlider*>()->setValue(3);
        QCOMPARE(marks(now), (std::vector<QPointF>{{1, 5}, {4, 3}}));
        QCOMPARE(curves()[1].points.size(), std::size_t{4});
        // The other one by where it begins; both are kept with the layout.
        click(noise, -1, 0);
        QCOMPARE(marks(noise), (std::vector<QPointF>{{1, 0}, {-1, 0}}));
        const QJsonObject kept = view->state();
        click(data, 4, 3);  // the first one, by where it ends: no longer chosen
        QCOMPARE(marks(noise), (std::vector<QPointF>{{-1, 0}}));
        click(now, 0, 2.9);  // nobody is there
        QVERIFY(now->figure().overlay.empty() && noise->figure().overlay.empty());
        QVERIFY(now->figure().legend.empty());
        view->restore(kept);
        QCOMPARE(marks(noise), (std::vector<QPointF>{{1, 0}, {-1, 0}}));
        // Where nobody tells of the way out there is the way back alone.
        arrays["trajectory.forward"] = floatsOf({0, 2, 2}, {});
        arrays["trajectory.clean"] = floatsOf({3, 2, 2}, std::vector<float>(12));
        bench.set(arrays);
        QCOMPARE(curves().size(), std::size_t{2});
        QCOMPARE(now->figure().legend.size(), std::size_t{1});
    }
    /// Two runs that differ in their number of steps show the same amount of noise side by side.
    void comparedRunsShareTheTime() {
        ChainBench bench;
        auto told = std::make_shared<Description>();
        told->spaces = {{"data", 2, {2}}, {"target", 2, {2}}};
        told->channels = {{"trajectory", "trajectory", "target", "", "", Clock::Diffuse}};
        told->clocks = {Clock::Diffuse};
        bench.session->told = told;
        const auto other = std::make_shared<test::NumberedSession>(4);
        other->told = told;
        other->publish([&](Snapshot& s) {
            s.epoch = 1;
            for (const auto& [id, array] : record()) {
                other->set(s, id, array);
            }
        });
        // Seven times, log SNR -6, -4, ... 6: none of the others' but the first.
        std::vector<float> path, snr;
        for (int t = 0; t < 7; ++t) {
            path.insert(path.end(), {static_cast<float>(t), 0, 0, static_cast<float>(t)});
            snr.push_back(static_cast<float>(2 * t - 6));
        }
        bench.set({{"trajectory", floatsOf({7, 2, 2}, path)},
                   {"trajectory.time", floatsOf({7}, std::vector<float>(7))},
                   {"trajectory.log_snr", floatsOf({7}, snr)}});
        bench.bridge.addRun(other, QStringLiteral("other"));
        bench.bridge.setCompared(3);
        bench.bridge.poll();
        const auto view = bench.show(QStringLiteral("comparison"), {1200, 500});
        const bool offered = view->setMode(6);
        QVERIFY(offered);
        std::vector<QSlider*> sliders;
        QTRY_COMPARE((sliders =
                          [&] {
                              std::vector<QSlider*> found;
                              for (QSlider* slider : view->findChildren<QSlider*>()) {
                                  if (slider->isVisible()) {
                                      found.push_back(slider);
                                  }
                              }
                              std::ranges::sort(found, {}, &QSlider::maximum);
                              return found;
                          }())
                         .size(),
                     std::size_t{2});
        QSlider *few = sliders[0], *many = sliders[1];  // 4 and 7 times
        QCOMPARE(few->maximum(), 3);
        QCOMPARE(many->maximum(), 6);
        many->setValue(4);  // log SNR 2, which the other has as its third
        QCOMPARE(few->value(), 2);
        few->setValue(1);  // 0
        QCOMPARE(many->value(), 3);
        few->setValue(0);
        QCOMPARE(many->value(), 0);
        few->setValue(3);  // 8: beyond the other's end
        QCOMPARE(many->value(), 6);
    }
    /// A slider that was left in the past stays there when the record grows; at the end it follows.
    void theEndFollowsThePresent() {
        ChainBench bench;
        auto arrays = record();
        bench.set(arrays);
        const auto view = bench.show(QStringLiteral("noise-to-data"), {400, 600});
        auto* slider = view->findChild<QSlider*>();
        std::vector<float> longer(24, 7);
        arrays["trajectory"] = floatsOf({6, 2, 2}, longer);
        bench.set(arrays);
        QCOMPARE(slider->maximum(), 5);
        QCOMPARE(slider->value(), 5);
        slider->setValue(2);
        bench.set(record());
        QCOMPARE(slider->maximum(), 3);
        QCOMPARE(slider->value(), 2);
        view->findChild<QToolButton*>()->click();
        QCOMPARE(slider->value(), 0);
        QTRY_COMPARE(slider->value(), 3);  // the replay has come to its end
        // Nothing that is no record of the plane is drawn.
        bench.set({{"trajectory", floatsOf({4, 2, 1}, std::vector<float>(8))}});
        QVERIFY(!static_cast<FigureView*>(view.get())->showsContent());
    }
    void scrubbingShowsTheTimeChosen_data() {
        QTest::addColumn<bool>("software");
        QTest::newRow("our rasteriser") << false;
        QTest::newRow("software Vulkan") << true;
    }
    /// 10 000 particles at 200 times: the positions of the time chosen, as numbers and as pixels.
    void scrubbingShowsTheTimeChosen() {
        QFETCH(bool, software);
        Scrubbed many(software, 10'000);
        if (many.bench.bridge.renderer().info().vulkan != software) {
            QSKIP("no software Vulkan here");
        }
        QCOMPARE(many.slider->maximum(), 199);
        for (const int t : {0, 57, 120, 199}) {
            QVERIFY(many.moveTo(t));
            QCOMPARE(pointsOf(many.scene), many.swarm.placesAt(t));
            QVERIFY(pointsOf(many.scene) != many.swarm.placesAt(t == 0 ? 1 : t - 1));
            const Index alone = many.swarm.particles - 1;
            QVERIFY(many.inked(many.swarm.placeOf(alone, t)));
            for (const int other : {20, 90, 160}) {
                QVERIFY(!many.inked(many.swarm.placeOf(alone, other)));
            }
        }
    }
    void scrubbingIsCheap_data() { scrubbingShowsTheTimeChosen_data(); }
    /// A move of the slider is redrawn within a frame: processor time of all threads, beside a
    /// thousand particles.
    void scrubbingIsCheap() {
        QFETCH(bool, software);
        Scrubbed many(software, 10'000), few(software, 1000);
        if (many.bench.bridge.renderer().info().vulkan != software) {
            QSKIP("no software Vulkan here");
        }
        constexpr double kFrameMs = 16.7;
        const QString failed = test::missed([&](test::Held& held) {
            const Cost large = many.costOfMoves(), small = few.costOfMoves();
            qInfo(
                "a move of the slider: 10 000 x 200 %.1f ms of processor time, %.1f ms until "
                "painted; 1 000 x 200 %.1f and %.1f ms (goal %.1f)",
                large.processor, large.wall, small.processor, small.wall, kFrameMs);
            held.below("processor time of a move", large.processor, kFrameMs);
            // Ten times as many particles; what else a picture needs stays the same.
            held.below("times that of 1 000 particles", large.processor / small.processor,
                       10.0 / 3);
        });
        QVERIFY2(failed.isEmpty(), qPrintable(failed));
        // Twin: ways of all particles, though hidden, are paid for.
        render::TrailsLayer all;
        all.xy = many.path;
        all.category = Array({many.swarm.particles}, std::vector<Index>(10'000, -1));
        auto& renderer = many.bench.bridge.renderer();
        const auto drawn = [&](const std::vector<render::Layer>& layers) {
            double least = 1e9;
            for (int i = 0; i < 5; ++i) {
                const double before = processMs();
                (void)renderer.draw({{-2, -2, 2, 2}, {1, 1, 1, 1}, 1, layers}, {400, 360});
                least = std::min(least, processMs() - before);
            }
            return least;
        };
        const auto& shown = many.scene->figure().layers;
        const double own = drawn(shown), planted = drawn({all, shown.back()});
        qInfo("its picture alone %.1f ms; with the ways of all %.1f ms", own, planted);
        QVERIFY(planted > 2 * own);
    }
    void theScheduleAndItsErrors() {
        ChainBench bench;
        bench.set({{"snr", floatsOf({3}, {8, 0, -6})},
                   {"snr.at", floatsOf({3}, {0, 0.5F, 1})},
                   {"snr.alpha", floatsOf({3}, {1, 0.7F, 0})},
                   {"snr.sigma", floatsOf({3}, {0, 0.7F, 1})},
                   {"process", text("method\tddim\ntime\t0.25\nlog_snr\t3.5\n")},
                   {"score_error", floatsOf({2}, {0.1F, 0.75F})},
                   {"score_error.at", floatsOf({2}, {-6, 8})}});
        const auto view = bench.show(QStringLiteral("noise"), {900, 260});
        const Chart& chart = ChainBench::chartOf(*view);
        QCOMPARE(chart.panels.size(), std::size_t{3});
        QCOMPARE(chart.panels[0].lines[0].y, (std::vector<double>{8, 0, -6}));
        QCOMPARE(chart.panels[0].rules[0].at, 0.25);
        QVERIFY(chart.panels[0].rules[0].vertical);
        QCOMPARE(chart.panels[0].note, QStringLiteral("now 3.5 nats"));
        QCOMPARE(chart.panels[1].lines.size(), std::size_t{2});
        QCOMPARE(chart.panels[2].note, QStringLiteral("largest 0.75"));
        QCOMPARE(chart.panels[2].lines[0].x, (std::vector<double>{-6, 8}));
        QCOMPARE(chart.panels[2].rules.size(), std::size_t{1});  // 1 is of no use
        // A curve of another length is left out.
        bench.set({{"score_error", floatsOf({2}, {0.1F, 0.2F})},
                   {"score_error.at", floatsOf({3}, {-6, 1, 8})}});
        QCOMPARE(ChainBench::chartOf(*view).panels.size(), std::size_t{2});
    }
    /// The ends of the curve follow the hand; the form gets the parameter when it lets go.
    void theEndsOfTheSchedule() {
        ChainBench bench;
        auto told = std::make_shared<Description>(*bench.session->told);
        ParamDecl most;
        most.id = "schedule.most";
        most.label = "Largest log SNR";
        most.initial = 8.0;
        told->params = {most};
        bench.session->told = told;
        bench.set({{"snr", floatsOf({3}, {8, 1, -6})},
                   {"snr.at", floatsOf({3}, {0, 0.5F, 1})},
                   {"process", text("time\t0.25\nlog_snr\t3.5\ndata_end\tschedule.most\n"
                                    "noise_end\t\n")}});
        const auto view = bench.show(QStringLiteral("noise"), {900, 260});
        auto* plot = view->findChild<ChartPlot*>();
        QWidget* canvas = plot->findChildren<QWidget*>().front();
        std::vector<std::pair<std::string, double>> wishes;
        connect(&bench.bridge, &SessionBridge::wished, this,
                [&](const std::string& id, const ParamValue& value) {
                    wishes.emplace_back(id, std::get<double>(value));
                });
        const auto mouse = [&](QEvent::Type type, double x, double y) {
            const QPointF at = plot->pixelOf(0, x, y);
            QMouseEvent event(type, at, canvas->mapToGlobal(at),
                              type == QEvent::MouseMove ? Qt::NoButton : Qt::LeftButton,
                              type == QEvent::MouseButtonRelease ? Qt::NoButton : Qt::LeftButton,
                              {});
            QCoreApplication::sendEvent(canvas, &event);
        };
        const auto lines = [&] { return ChainBench::chartOf(*view).panels[0].lines; };
        const auto asked = [&] { return bench.session->probes("schedule"); };
        const auto answer = [&](const cmd::Probe& probe, float level, bool held) {
            const std::string prefix = "probe." + std::to_string(probe.ticket) + ".";
            std::map<std::string, Array> arrays{
                {prefix + "snr", floatsOf({2}, {level, -6})},
                {prefix + "snr.at", floatsOf({2}, {0, 1})},
                {prefix + "snr.alpha", floatsOf({2}, {1, 0})},
                {prefix + "snr.sigma", floatsOf({2}, {0, 1})},
                {prefix + "ends", text("schedule.most\n")},
                {prefix + "done", Array({1}, std::vector<Index>{1})}};
            if (held) {
                arrays[prefix + "id"] = text("schedule.most");
                arrays[prefix + "value"] =
                    Array({1}, std::vector<double>{static_cast<double>(level)});
            }
            bench.set(arrays);
        };
        QCOMPARE(lines().size(), std::size_t{2});  // one mark: the other end has no parameter
        QCOMPARE(lines()[1].x, std::vector<double>{0});
        QCOMPARE(lines()[1].y, std::vector<double>{8});
        // Elsewhere the mouse does what it ever did.
        mouse(QEvent::MouseButtonPress, 1, -6);
        mouse(QEvent::MouseMove, 1, -5);
        mouse(QEvent::MouseButtonRelease, 1, -5);
        QCOMPARE(asked(), 0);
        plot->fit();
        // Taken a little beside, the end moves by as much as the hand.
        mouse(QEvent::MouseButtonPress, 0, 7.9);
        mouse(QEvent::MouseMove, 0.2, 5.9);
        QCOMPARE(asked(), 1);
        const cmd::Probe first = *bench.session->lastProbe("schedule");
        QCOMPARE(std::get<Index>(first.args.at("end")), Index{0});
        QVERIFY(std::abs(std::get<double>(first.args.at("log_snr")) - 6) < 0.2);
        mouse(QEvent::MouseMove, 0.2, 5.4);
        mouse(QEvent::MouseMove, 0.2, 4.9);
        QCOMPARE(asked(), 1);
        answer(first, 6, true);
        QCOMPARE(lines()[1].y, (std::vector<double>{6, -6}));  // seen at once
        QCOMPARE(lines()[1].style, Qt::DashLine);
        QCOMPARE(ChainBench::chartOf(*view).panels[0].note, QStringLiteral("Largest log SNR 6"));
        QCOMPARE(asked(), 2);
        mouse(QEvent::MouseButtonRelease, 0.2, 4.9);
        QVERIFY(wishes.empty());  // not before the last answer
        answer(*bench.session->lastProbe("schedule"), 5, true);
        QCOMPARE(wishes.size(), std::size_t{1});
        QCOMPARE(wishes[0].first, std::string("schedule.most"));
        QCOMPARE(wishes[0].second, 5.0);
        // What waits in the form is shown, whoever put it there; discarded it goes.
        bench.bridge.setPending({{"schedule.most", 5.0}, {"sampler.steps", Index{9}}});
        const cmd::Probe shown = *bench.session->lastProbe("schedule");
        QCOMPARE(shown.args, (ParamSet{{"schedule.most", 5.0}}));
        answer(shown, 5, false);
        QCOMPARE(lines()[1].y, (std::vector<double>{5, -6}));
        QCOMPARE(lines()[2].y, std::vector<double>{5});  // the mark goes with it
        QCOMPARE(ChainBench::chartOf(*view).panels[0].note, QStringLiteral("now 3.5 nats"));
        bench.bridge.setPending({});
        QCOMPARE(lines().size(), std::size_t{2});
        QCOMPARE(lines()[1].y, std::vector<double>{8});
        // A press without a move wishes nothing, nor does Esc.
        mouse(QEvent::MouseButtonPress, 0, 8);
        mouse(QEvent::MouseButtonRelease, 0, 8);
        mouse(QEvent::MouseButtonPress, 0, 8);
        mouse(QEvent::MouseMove, 0, 7);
        view->cancelGesture();
        answer(*bench.session->lastProbe("schedule"), 7, true);
        mouse(QEvent::MouseButtonRelease, 0, 7);
        QCOMPARE(wishes.size(), std::size_t{1});
        QCOMPARE(lines().size(), std::size_t{2});
    }
};

QTEST_MAIN(TestNoiseViews)
#include "tst_noise_views.moc"
