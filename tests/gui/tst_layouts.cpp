// SPDX-License-Identifier: GPL-3.0-or-later
// The layouts Energy and Diffuse on the runs that they were made for, with the real engine.
#include "tests/gui/real_window.h"
#include "tests/gui/window_harness.h"
#include "ui/panels/timeline_dock.h"
#include "ui/shell/actions.h"
#include "ui/shell/view_host.h"

#include <QDockWidget>
#include <QLabel>
#include <QTabBar>
#include <QToolButton>

using namespace lx;
using namespace lx::test;

namespace {

/// Ids of the views that stand on the stage, sorted.
QStringList onStage(const ui::MainWindow& window) {
    QStringList out;
    auto* dock = window.findChild<ui::TimelineDock*>();
    for (ui::ViewHost* host : window.findChildren<ui::ViewHost*>()) {
        if (host->isVisible() && !dock->isAncestorOf(host)) {
            out << host->id();
        }
    }
    out.sort();
    return out;
}

QString tabOf(const ui::MainWindow& window) {
    const QTabBar* tabs = window.findChild<ui::TimelineDock*>()->tabs();
    return tabs->tabText(tabs->currentIndex());
}

QString layoutOf(const ui::MainWindow& window) {
    return window.findChild<QToolButton*>(QStringLiteral("layout"))->text();
}

void trigger(const ui::MainWindow& window, const char* action) {
    window.findChild<ui::Actions*>()->at(QLatin1String(action))->trigger();
}

}  // namespace

class TestLayouts : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() {
        if (const std::string why = whyNoEngine(); !why.empty()) {
            QSKIP(why.c_str());
        }
    }

    /// A recipe brings its layout: the stage, the page of the timeline, room for each view.
    void recipesBringTheirLayout() {
        struct Case {
            const char *recipe, *layout;
            QStringList stage;
            const char* tab;
        };
        const Case cases[] = {
            {"igebm-ring8", "Energy", {"energy-histograms", "energy-map", "surface"}, "Losses"},
            {"ddpm-ring8", "Diffuse", {"noise-to-data", "samples"}, "Noise levels"},
            {"vae-ring8", "Explore", {}, ""},
            {"tweedie", "Diffuse", {"noise-to-data", "samples"}, "Noise levels"},
            {"chains-ring8", "Sample", {}, ""},
            {"igebm-fashion", "Energy", {"energy-histograms", "samples", "strips"}, "Losses"},
            {"igebm-compose", "Energy", {"energies", "energy-map", "surface"}, "Losses"},
            {"ddpm-fashion", "Diffuse", {"samples", "strips"}, "Noise levels"}};
        for (const QSize size : {QSize(1440, 900), QSize(1920, 1080)}) {
            RealWindow real;
            ui::MainWindow& window = *real.window;
            window.resize(size);
            for (const Case& c : cases) {
                const auto& all = window.services().recipes;
                const auto info =
                    std::ranges::find(all, std::string(c.recipe), &ui::RecipeInfo::id);
                QVERIFY2(info != all.end(), c.recipe);
                if (!info->available) {
                    continue;
                }
                window.openRecipe(c.recipe, {}, 1, false);
                QTRY_VERIFY2(layoutOf(window).contains(QLatin1String(c.layout)), c.recipe);
                if (c.stage.isEmpty()) {
                    continue;
                }
                QTRY_COMPARE(onStage(window), c.stage);
                QTRY_COMPARE(tabOf(window), QLatin1String(c.tab));
                for (ui::ViewHost* host : window.findChildren<ui::ViewHost*>()) {
                    const int least = host->id() == "energy-histograms" ? 120
                                      : host->id() == "energies"        ? 200
                                                                        : 240;
                    if (host->isVisible() && c.stage.contains(host->id())) {
                        QVERIFY2(host->height() >= least && host->width() >= 240,
                                 qPrintable(QStringLiteral("%1: %2 x %3")
                                                .arg(host->id())
                                                .arg(host->width())
                                                .arg(host->height())));
                    }
                }
            }
        }
    }

    /// What the views need arrives: no view of these layouts stays empty.
    void viewsAreFed() {
        const std::pair<const char*, std::vector<const char*>> cases[] = {
            {"igebm-ring8", {"energy", "chains_trail", "energies"}},
            {"ddpm-ring8", {"trajectory", "samples", "snr"}}};
        RealWindow real;
        for (const auto& [recipe, channels] : cases) {
            real.window->openRecipe(recipe, {}, 1, false);
            QTRY_VERIFY(real.bridge().activeFrame()->description);
            real.bridge().post(cmd::Step{Clock::Train, 3, {}});
            for (const char* id : channels) {
                QTRY_VERIFY2_WITH_TIMEOUT(ui::channel(*real.bridge().activeFrame(), id), id,
                                          30'000);
            }
        }
    }

    /// Chosen by hand it changes the stage, and leaving it gives back the old one; for a run that
    /// it was not made for it is Explore.
    void chosenByHand() {
        RealWindow real;
        ui::MainWindow& window = *real.window;
        window.openRecipe("igebm-ring8", {}, 1, false);
        const QStringList energy{"energy-histograms", "energy-map", "surface"};
        QTRY_COMPARE(onStage(window), energy);
        trigger(window, "layout.explore");
        QTRY_VERIFY(onStage(window) != energy && !onStage(window).contains("energy-histograms"));
        const QStringList plain = onStage(window);
        trigger(window, "layout.diffuse");
        QTRY_COMPARE(onStage(window), plain);
        trigger(window, "layout.energy");
        QTRY_COMPARE(onStage(window), energy);
        // A view can go, and come back; the menu shows what is there when it opens.
        window.findChild<ui::Actions*>()
            ->at(QStringLiteral("view.show.energy-histograms"))
            ->setChecked(true);
        trigger(window, "view.show.energy-histograms");
        QTRY_VERIFY(!onStage(window).contains("energy-histograms"));
        trigger(window, "view.show.energy-histograms");
        QTRY_COMPARE(onStage(window), energy);
        trigger(window, "layout.reset");
        QTRY_COMPARE(onStage(window), energy);
        // Whoever has another purpose keeps it.
        trigger(window, "layout.train");
        window.openRecipe("ddpm-ring8", {}, 1, false);
        QVERIFY(layoutOf(window).contains("Train"));
    }

    void everyRecipeNamesALayoutThatExists() {
        RealWindow real;
        const auto* actions = real.window->findChild<ui::Actions*>();
        for (const ui::RecipeInfo& recipe : real.window->services().recipes) {
            QVERIFY2(recipe.id == "chain-files" ||
                         actions->at("layout." + QString::fromStdString(recipe.layout)),
                     recipe.id.c_str());
        }
    }

    void survivesARestart() {
        WindowHarness h;
        h.recipes = {WindowHarness::recipe("vae-fake", "fake-vae", "VAE")};  // opened by hand alone
        for (const char* name : {"energy", "diffuse"}) {
            auto* inspector = [](const ui::MainWindow& window) {
                return window.findChild<QDockWidget*>(QStringLiteral("dock.inspector"));
            }(h.open({false, true, ui::ThemeKind::Light}));
            h.window->setLayoutNamed(QLatin1String(name));
            const QString label = layoutOf(*h.window);
            QVERIFY2(label.contains(QLatin1String(name), Qt::CaseInsensitive), qPrintable(label));
            inspector->hide();
            h.window->close();
            h.window.reset();
            const ui::MainWindow& again = h.open({false, true, ui::ThemeKind::Light});
            QCOMPARE(layoutOf(again), label);
            QVERIFY(!again.findChild<QDockWidget*>(QStringLiteral("dock.inspector"))->isVisible());
            h.window->close();
            h.window.reset();
        }
    }

    void unknownLayoutNamesThoseThereAre() {
        WindowHarness h;
        ui::MainWindow& window = h.open();
        const QString before = layoutOf(window);
        window.setLayoutNamed(QStringLiteral("enrgy"));
        QCOMPARE(layoutOf(window), before);
        QString said;
        for (const QLabel* label : window.findChildren<QLabel*>()) {
            said += label->text();
        }
        for (const char* name :
             {"enrgy", "explore", "sample", "diffuse", "train", "energy", "geometry", "present"}) {
            QVERIFY2(said.contains(QLatin1String(name)), name);
        }
    }
};

int main(int argc, char** argv) {
    return runRealWindowTest<TestLayouts>(argc, argv);
}
#include "tst_layouts.moc"
