// SPDX-License-Identifier: GPL-3.0-or-later
// Commands on the focused view (layers, data, camera, full screen) and the size of the type.
#include "ui/shell/main_window_impl.h"
#include "ui/shell/motion.h"

#include <QActionGroup>
#include <QMenu>

#include <algorithm>
#include <array>
#include <cmath>

namespace lx::ui {

namespace {

const QString kFontScale = QStringLiteral("fontScale");
const QString kReducedMotion = QStringLiteral("reducedMotion");
constexpr std::array kPercents{80, 90, 100, 110, 125, 150, 175, 200, 225, 250};

QString s(const char* text) {
    return QString::fromUtf8(text);
}

int percentNow() {
    return static_cast<int>(std::lround(100 * fontScale()));
}

}  // namespace

void MainWindow::Impl::makeStageActions() {
    const QString group = s("View");
    const auto onView = [&](const char* id, const char* text, const char* keys, auto run) {
        actions->add(s(id), group, s(text), s(keys), [this, run] {
            if (ViewHost* shown = focusedHost()) {
                run(*shown);
            }
        });
    };
    onView("view.layers", "Layers of the view…", "Ctrl+L", [](ViewHost& h) { h.showLayers(); });
    onView("view.table", "Data table of the view…", "Ctrl+T", [](ViewHost& h) { h.showTable(); });
    onView("view.alone", "Full screen of the view", "Shift+F11",
           [](ViewHost& h) { h.setFullScreen(!h.isViewFullScreen()); });
    onView("view.camera-undo", "Undo camera move", "Alt+Left", [this](ViewHost& h) {
        if (!h.undoCamera()) {
            status->say(s("No camera move to undo in this view."));
        }
    });
    onView("view.camera-redo", "Redo camera move", "Alt+Right", [this](ViewHost& h) {
        if (!h.redoCamera()) {
            status->say(s("No camera move to redo in this view."));
        }
    });
    const auto step = [this](int by) {
        const auto at = std::ranges::lower_bound(kPercents, percentNow()) - kPercents.begin();
        const auto last = std::ssize(kPercents) - 1;
        setFontPercent(kPercents[static_cast<std::size_t>(std::clamp(at + by, 0L, long(last)))]);
    };
    actions->add(s("type.larger"), group, s("Larger type"), s("Ctrl++ Ctrl+="),
                 [step] { step(1); });
    actions->add(s("type.smaller"), group, s("Smaller type"), s("Ctrl+-"), [step] { step(-1); });
    for (const int percent : kPercents) {
        actions->addToggle(s("type.%1").arg(percent), group, s("Type at %1 %").arg(percent), {},
                           [this, percent](bool) { setFontPercent(percent); });
    }
    actions
        ->addToggle(s("view.still"), group, s("Reduced motion"), {},
                    [this](bool on) {
                        setReducedMotion(on);
                        settings->setValue(kReducedMotion, on);
                        applyThemeNow();
                    })
        ->setChecked(reducedMotion());
}

void MainWindow::Impl::fillStageMenu(QMenu& menu) {
    menu.addSeparator();
    for (const char* id :
         {"view.alone", "view.layers", "view.table", "view.camera-undo", "view.camera-redo"}) {
        menu.addAction(actions->at(s(id)));
    }
    menu.addSeparator();
    QMenu* type = menu.addMenu(s("Type size"));
    type->addAction(actions->at(s("type.larger")));
    type->addAction(actions->at(s("type.smaller")));
    type->addSeparator();
    auto* one = new QActionGroup(type);
    for (const int percent : kPercents) {
        QAction* action = actions->at(s("type.%1").arg(percent));
        one->addAction(action);
        type->addAction(action);
    }
    menu.addAction(actions->at(s("view.still")));
    QObject::connect(type, &QMenu::aboutToShow, type, [this] {
        for (const int percent : kPercents) {
            actions->at(s("type.%1").arg(percent))->setChecked(percent == percentNow());
        }
    });
}

void MainWindow::Impl::setFontPercent(int percent) {
    setFontScale(percent / 100.0);
    settings->setValue(kFontScale, fontScale());
    applyThemeNow();
    status->say(s("Type at %1 %").arg(percentNow()));
}

void MainWindow::Impl::restoreFontScale() {
    bool number = false;
    const double saved = settings->value(kFontScale, 1.0).toDouble(&number);
    setFontScale(number ? saved : 1);
    setReducedMotion(settings->value(kReducedMotion, false).toBool());
}

}  // namespace lx::ui
