// SPDX-License-Identifier: GPL-3.0-or-later
// The views of a reverse process: the record from noise to data under its slider, and the schedule.
#include "tests/gui/chain_bench.h"
#include "ui/viewport/scene_widget.h"

#include <QLabel>
#include <QSlider>
#include <QToolButton>

using namespace lx;
using namespace lx::ui;
using test::ChainBench;
using test::floatsOf;
using test::text;

namespace {

/// Two particles at four times: one goes from (1, 0) to (4, 3), the other from (-1, 0) to (-4, -3).
std::map<std::string, Array> record() {
    std::vector<float> path;
    for (int t = 0; t < 4; ++t) {
        for (const float side : {1.0F, -1.0F}) {
            path.insert(path.end(),
                        {side * static_cast<float>(1 + t), side * static_cast<float>(t)});
        }
    }
    return {{"trajectory", floatsOf({4, 2, 2}, path)},
            {"trajectory.time", floatsOf({4}, {1, 0.5F, 0.25F, 0})},
            {"trajectory.log_snr", floatsOf({4}, {-6, 0, 2, 8})},
            {"data", floatsOf({3, 2}, {0, 1, 2, 3, 4, 5})}};
}

SceneWidget* pane(const View& view, const char* name) {
    for (SceneWidget* scene : view.findChildren<SceneWidget*>()) {
        if (scene->accessibleName() == QLatin1String(name)) {
            return scene;
        }
    }
    return nullptr;
}

/// The points of a pane: its last layer.
std::vector<float> pointsOf(const SceneWidget* scene) {
    const auto& layer = std::get<render::PointsLayer>(scene->figure().layers.back());
    const auto values = layer.xy.values<float>();
    return {values.begin(), values.end()};
}

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
};

QTEST_MAIN(TestNoiseViews)
#include "tst_noise_views.moc"
