// SPDX-License-Identifier: GPL-3.0-or-later
// All views in menu order. A new view is its file, a factory declared here, and a row.
#include "ui/views/view.h"

#include <QCoreApplication>

#include <vector>

namespace lx::ui {

View* makeLatentMapView(SessionBridge&, QWidget*);
View* makeManifoldSheetView(SessionBridge&, QWidget*);
View* makeSurfaceView(SessionBridge&, QWidget*);
View* makeDecodeView(SessionBridge&, QWidget*);
View* makeDataView(SessionBridge&, QWidget*);
View* makeComparisonView(SessionBridge&, QWidget*);
View* makeLossesView(SessionBridge&, QWidget*);
View* makeKlUnitsView(SessionBridge&, QWidget*);
View* makeReconstructionsView(SessionBridge&, QWidget*);
View* makeSamplesView(SessionBridge&, QWidget*);

std::span<const ViewSpec> viewSpecs() {
    const auto tr = [](const char* text) { return QCoreApplication::translate("Views", text); };
    static const std::vector<ViewSpec> specs{
        {"latent-map", tr("Latent map"), {"points2"}, Area::Stage, makeLatentMapView},
        {"manifold-sheet",
         tr("Manifold sheet"),
         {"points2"},
         Area::Stage,
         makeManifoldSheetView,
         true},
        {"decode", tr("Decode"), {"points2"}, Area::Stage, makeDecodeView, true},
        {"surface", tr("Surface"), {"grid2"}, Area::Stage, makeSurfaceView},
        {"data", tr("Data"), {}, Area::Stage, makeDataView},
        {"comparison", tr("Comparison"), {}, Area::Stage, makeComparisonView, false, true},
        {"losses", tr("Losses"), {}, Area::Timeline, makeLossesView},
        {"kl-units", tr("KL per unit"), {"bars"}, Area::Timeline, makeKlUnitsView},
        {"reconstructions",
         tr("Reconstructions"),
         {"bars"},
         Area::Timeline,
         makeReconstructionsView},
        {"samples", tr("Samples"), {}, Area::Timeline, makeSamplesView},
    };
    return specs;
}

}  // namespace lx::ui
