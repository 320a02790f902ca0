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

void MainWindow::Impl::layoutFor(const RecipeInfo& recipe, const Description* run) {
    // A run brings the layout that was made for it, unless a person has another purpose.
    if (layout == s("train") || layout == s("present")) {
        return;
    }
    const QString own = QString::fromStdString(recipe.layout);
    const QString wanted = run && publishesGeodesic(*run)  ? s("geometry")
                           : layoutNames().contains(own)   ? own
                           : recipe.clock == Clock::Train  ? s("explore")
                           : recipe.clock == Clock::Sample ? s("sample")
                                                           : s("diffuse");
    if (wanted != layout) {
        setLayoutNamed(wanted);
    }
}

QStringList MainWindow::Impl::stageViews() const {
    const Frame* frame = bridge.activeFrame();
    if (!frame || !frame->description) {
        return {};
    }
    const auto shown = [&](const char* id) { return canShow(*findView(s(id))); };
    if (layout == s("geometry") && publishesGeodesic(*frame->description)) {
        return {shown("latent-map") ? s("latent-map") : s("surface"), s("metric-map"),
                s("path-strips")};
    }
    if (layout == s("energy") && shown("energy-map")) {
        // Of a sum its parts are what one wants to see beside it.
        const bool sum =
            std::ranges::any_of(frame->description->channels,
                                [](const ChannelDecl& c) { return c.id == "first_energy"; });
        return {s("energy-map"), s("surface"), sum ? s("energies") : s("energy-histograms")};
    }
    if (layout == s("energy") && shown("energy-histograms")) {
        return {s("strips"), s("samples"), s("energy-histograms")};
    }
    if (layout == s("diffuse") && shown("noise-to-data")) {
        return {s("noise-to-data"), s("samples")};
    }
    if (layout == s("diffuse") && shown("strips")) {
        return {s("strips"), s("samples")};
    }
    return {};
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
    if (wanted.contains(s("energy-histograms"))) {
        // Outlines need less height than the maps above them.
        static_cast<QSplitter*>(row.parentWidget())->setSizes({680, 320});
    } else if (wanted.contains(s("energies"))) {
        static_cast<QSplitter*>(row.parentWidget())->setSizes({560, 440});
    }
}

int MainWindow::Impl::layoutTab() const {
    const char* view = layout == s("geometry")  ? "path-chart"
                       : layout == s("energy")  ? "losses"
                       : layout == s("diffuse") ? "noise"
                                                : nullptr;
    const QTabBar* tabs = timeline->tabs();
    for (int i = 0; view && i < tabs->count(); ++i) {
        if (const auto at = hosts.find(s(view));
            at != hosts.end() && timeline->page(i) == at->second) {
            return i;
        }
    }
    return -1;
}

void MainWindow::Impl::showLayoutTab() {
    if (const int tab = layoutTab(); tab >= 0) {
        timeline->tabs()->setCurrentIndex(tab);
    }
}

}  // namespace lx::ui
