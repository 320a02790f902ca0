// SPDX-License-Identifier: GPL-3.0-or-later
// The field of a reverse process under its particles: which time, which kind, how drawn.
#include "tests/gui/noise_record.h"
#include "ui/shell/motion.h"

#include <QLabel>
#include <QSlider>

using namespace lx;
using namespace lx::ui;
using test::ChainBench;
using test::floatsOf;
using test::pane;
using test::record;

namespace {

/// A run that tells its field, and a hand that answers: the field (x, y) everywhere.
struct FieldBench {
    ChainBench bench;
    std::unique_ptr<View> view;
    QSlider* slider = nullptr;
    SceneWidget* scene = nullptr;

    FieldBench() {
        auto told = std::make_shared<Description>(*bench.session->told);
        told->channels.push_back({"field", "field2", "target", "", "", Clock::Diffuse});
        bench.session->told = told;
        auto arrays = record();
        arrays["trajectory.evaluations"] = Array({4}, std::vector<Index>{0, 40, 80, 1200});
        bench.set(arrays);
        view = bench.show(QStringLiteral("noise-to-data"), {900, 400});
        slider = view->findChild<QSlider*>();
        scene = pane(*view, "particles");
    }
    int asked() const { return bench.session->probes("field"); }
    cmd::Probe last() const { return *bench.session->lastProbe("field"); }
    double level() const { return std::get<double>(last().args.at("log_snr")); }
    void answer(float x, float y) { answer(last(), x, y); }
    void answer(const cmd::Probe& probe, float x, float y) {
        std::vector<float> field(32, y);
        for (std::size_t i = 0; i < field.size(); i += 2) {
            field[i] = x;
        }
        const auto level = static_cast<float>(std::get<double>(probe.args.at("log_snr")));
        const std::string prefix = "probe." + std::to_string(probe.ticket) + ".";
        bench.set({{prefix + "field", floatsOf({4, 4, 2}, field)},
                   {prefix + "extent", probe.arrays.at("box")},
                   {prefix + "log_snr", floatsOf({1}, {level})},
                   {prefix + "done", Array({1}, std::vector<Index>{1})}});
    }
    /// From tail to tip of the arrows drawn, on average; nothing when none are.
    std::optional<QPointF> arrows() const {
        const auto& layers = scene->figure().layers;
        const auto* all =
            layers.size() == 3 ? std::get_if<render::TrailsLayer>(&layers.front()) : nullptr;
        if (!all) {
            return {};
        }
        const Index count = all->xy.dim(1);
        const auto xy = all->xy.values<float>();
        QPointF sum;
        for (std::size_t i = 0; i < static_cast<std::size_t>(2 * count); i += 2) {
            const std::size_t tip = i + static_cast<std::size_t>(2 * count);
            sum += QPointF(xy[tip] - xy[i], xy[tip + 1] - xy[i + 1]);
        }
        return sum / static_cast<double>(count);
    }
    const render::GridLayer* texture() const {
        return std::get_if<render::GridLayer>(&scene->figure().layers.front());
    }
    QString legend() const {
        const auto& entries = scene->figure().legend;
        return entries.empty() ? QString() : entries.back().text;
    }
};

}  // namespace

class TestProcessField : public QObject {
    Q_OBJECT
private Q_SLOTS:
    /// The field under the particles is that of the slider's time, asked for one at a time.
    void theFieldFollowsTheSlider() {
        FieldBench bench;
        QVERIFY(bench.asked() > 0);
        QCOMPARE(bench.level(), 8.0);
        QCOMPARE(std::get<std::string>(bench.last().args.at("kind")), std::string("velocity"));
        const auto box = bench.last().arrays.at("box").values<float>();
        QCOMPARE(box[0], static_cast<float>(bench.scene->shown().x0));
        QCOMPARE(box[3], static_cast<float>(bench.scene->shown().y1));
        QVERIFY(!bench.arrows());  // not before it is known
        bench.answer(2, 0);
        QVERIFY(bench.arrows() && bench.arrows()->x() > 0);
        QVERIFY(std::abs(bench.arrows()->y()) < 1e-3 * bench.arrows()->x());
        QVERIFY2(bench.legend().contains(QStringLiteral("up to 2 a unit of time")),
                 qPrintable(bench.legend()));
        // While the hand moves, one question is under way and the newest one waits.
        bench.slider->setValue(1);
        QCOMPARE(bench.level(), 0.0);
        const int before = bench.asked();
        const cmd::Probe first = bench.last();
        bench.slider->setValue(2);
        bench.slider->setValue(0);
        QCOMPARE(bench.asked(), before);
        bench.answer(first, 0, 5);
        QCOMPARE(bench.asked(), before + 1);
        QCOMPARE(bench.level(), -6.0);  // never 2, which the hand only passed
        bench.answer(0, -3);
        QVERIFY(bench.arrows() && bench.arrows()->y() < 0);
        QVERIFY(bench.legend().contains(QStringLiteral("up to 3 a unit of time")));
        // New weights bring a new field of the same time.
        const int known = bench.asked();
        bench.bench.set({{"trajectory.time", floatsOf({4}, {1, 0.5F, 0.25F, 0})},
                         {"trajectory", record().at("trajectory")}});
        QCOMPARE(bench.asked(), known + 1);
        QCOMPARE(bench.level(), -6.0);
        // A run that tells no field is not asked.
        ChainBench plain;
        plain.set(record());
        const auto view = plain.show(QStringLiteral("noise-to-data"), {900, 400});
        QCOMPARE(plain.session->probes("field"), 0);
    }
    void modesOfTheField() {
        FieldBench bench;
        bench.answer(1, 0);
        // An answer of the other kind that comes late is not taken for this one.
        const cmd::Probe velocity = bench.last();
        QVERIFY(bench.view->setMode(4));
        QCOMPARE(std::get<std::string>(bench.last().args.at("kind")), std::string("score"));
        bench.answer(velocity, 7, 0);
        QVERIFY(!bench.arrows());
        bench.answer(0, 4);
        QVERIFY(bench.arrows() && bench.arrows()->y() > 0);
        QVERIFY(bench.legend().contains(QStringLiteral("score, up to 4 nats a unit")));
        const QJsonObject kept = bench.view->state();
        QVERIFY(bench.view->setMode(1));
        QCOMPARE(bench.scene->figure().layers.size(), std::size_t{2});
        QVERIFY(bench.legend().isEmpty());
        const int before = bench.asked();
        bench.slider->setValue(1);
        QCOMPARE(bench.asked(), before);  // nobody wants to know
        QVERIFY(!bench.view->setMode(5));
        bench.view->restore(kept);
        QCOMPARE(std::get<std::string>(bench.last().args.at("kind")), std::string("score"));
        QCOMPARE(bench.level(), 0.0);
    }
    /// The texture moves while it is seen, and only then; never under reduced motion.
    void theTextureMoves() {
        const auto moves = [](FieldBench& bench) {
            const Array before = bench.texture()->values;
            for (int i = 0; i < 60; ++i) {
                QTest::qWait(10);
                if (!std::ranges::equal(bench.texture()->values.values<float>(),
                                        before.values<float>())) {
                    return true;
                }
            }
            return false;
        };
        FieldBench bench;
        bench.answer(1, 0.5F);
        QVERIFY(bench.view->setMode(3));
        bench.answer(1, 0.5F);
        QVERIFY(bench.texture());
        const Array shown = bench.texture()->values;
        const auto [least, most] = std::ranges::minmax(shown.values<float>());
        QVERIFY(least >= 0 && most <= 1 && most - least > 0.5F);
        QVERIFY(bench.scene->readoutAt({0, 0}).isEmpty());  // a shade is no number to read
        QVERIFY(moves(bench));
        bench.view->hide();
        QVERIFY(!moves(bench));
        bench.view->show();
        QVERIFY(moves(bench));
        setReducedMotion(true);
        bench.view->setTheme(themeOf(ThemeKind::Dark));
        const bool still = !moves(bench);
        setReducedMotion(false);
        QVERIFY(still);
        bench.view->setTheme(themeOf(ThemeKind::Light));
        QVERIFY(moves(bench));
        // Arrows stand still.
        QVERIFY(bench.view->setMode(2));
        const int drawn = bench.scene->submitted();
        QTest::qWait(300);
        QVERIFY(bench.scene->submitted() <= drawn + 1);
    }
    void evaluationsUnderTheSlider() {
        FieldBench bench;
        const auto says = [&](const char* text) {
            return std::ranges::any_of(bench.view->findChildren<QLabel*>(), [&](QLabel* label) {
                return label->text() == QString::fromUtf8(text);
            });
        };
        QVERIFY(says("time 0, log SNR 8 nats, NFE 1\u2009200"));
        bench.slider->setValue(1);
        QVERIFY(says("time 0.5, log SNR 0 nats, NFE 40"));
        QVERIFY(!says("time 0.5, log SNR 0 nats, NFE 80"));
    }
    /// The map of an energy names the noise level it shows; energies without one name none.
    void theEnergyTellsItsLevel() {
        ChainBench bench;
        bench.set(bench.places());
        const auto view = bench.show(QStringLiteral("energy-map"), {520, 460});
        const auto says = [&](const char* text) {
            const auto& legend = view->findChild<SceneWidget*>()->figure().legend;
            return std::ranges::any_of(
                legend, [&](const LegendEntry& e) { return e.text == QLatin1String(text); });
        };
        const auto entries = view->findChild<SceneWidget*>()->figure().legend.size();
        bench.set(
            {{"energy.log_snr", floatsOf({2}, {3, 8})}, {"energy", bench.places().at("energy")}});
        QVERIFY(says("energy at log SNR 3, particles at 8"));
        QCOMPARE(view->findChild<SceneWidget*>()->figure().legend.size(), entries + 1);
        bench.set({{"energy.log_snr", floatsOf({2}, {1.5F, 1.5F})},
                   {"energy", bench.places().at("energy")}});
        QVERIFY(says("energy at log SNR 1.5"));
        QVERIFY(!says("energy at log SNR 3, particles at 8"));
        // No level without an energy.
        bench.set({{"energy", floatsOf({1}, {0})}});
        QCOMPARE(view->findChild<SceneWidget*>()->figure().legend.size(), entries);
    }
};

QTEST_MAIN(TestProcessField)
#include "tst_process_field.moc"
