// SPDX-License-Identifier: GPL-3.0-or-later
// Which layout a run brings, which views stand on its stage, and how they share it.
#include "ui/shell/main_window_impl.h"

#include <QTabBar>

#include <algorithm>

namespace lx::ui {

namespace {

QString s(const char* text) {
    return QString::fromUtf8(text);
}

bool publishesGeodesic(const Description& run) {
    return std::ranges::find(run.channels, "geodesic", &ChannelDecl::id) != run.channels.end();
}

}  // namespace

void MainWindow::Impl::layoutFor(Clock clock, const Description* run) {
    // A run brings the layout that was made for it, unless a person has another purpose.
    const bool made = layout == s("explore") || layout == s("sample") || layout == s("geometry");
    if (!made) {
        return;
    }
    const QString wanted = run && publishesGeodesic(*run) ? s("geometry")
                           : clock == Clock::Sample       ? s("sample")
                           : clock == Clock::Train        ? s("explore")
                           : layout == s("geometry")      ? s("explore")
                                                          : layout;
    if (wanted != layout) {
        setLayoutNamed(wanted);
    }
}

QStringList MainWindow::Impl::stageViews() const {
    const Frame* frame = bridge.activeFrame();
    if (layout != s("geometry") || !frame || !frame->description ||
        !publishesGeodesic(*frame->description)) {
        return {};
    }
    const bool codes = canShow(*findView(s("latent-map")));
    return {codes ? s("latent-map") : s("surface"), s("metric-map"), s("path-strips")};
}

void MainWindow::Impl::fillStage(QSplitter& row, const QStringList& wanted) {
    QStringList present;
    for (int i = 0; i < row.count(); ++i) {
        present << static_cast<ViewHost*>(row.widget(i))->id();
    }
    if (present == wanted) {
        return;
    }
    for (const QString& id : present) {
        host(id)->hide();
        host(id)->setParent(nullptr);
        host(id)->showTitle(findView(id)->area == Area::Stage);
    }
    for (qsizetype i = 0; i < wanted.size(); ++i) {
        ViewHost* shown = host(wanted[i]);
        row.addWidget(shown);
        shown->showTitle(true);
        shown->show();
        // The first view is the map: a little wider than what follows.
        row.setStretchFactor(static_cast<int>(i), i == 0 ? 4 : 3);
    }
    if (wanted.size() == 2) {
        row.setSizes({570, 430});
    }
}

int MainWindow::Impl::pathChartTab() const {
    const QTabBar* tabs = timeline->tabs();
    for (int i = 0; i < tabs->count(); ++i) {
        if (tabs->tabText(i) == findView(s("path-chart"))->title) {
            return i;
        }
    }
    return -1;
}

void MainWindow::Impl::showPathChart() {
    if (const int tab = pathChartTab(); tab >= 0 && layout == s("geometry")) {
        timeline->tabs()->setCurrentIndex(tab);
    }
}

}  // namespace lx::ui
