// SPDX-License-Identifier: GPL-3.0-or-later
// All views in menu order. A new view is its file, a factory declared here, and a row.
#include "ui/views/view.h"

#include <QCoreApplication>

#include <vector>

namespace lx::ui {

View* makeLatentMapView(SessionBridge&, QWidget*);
View* makeManifoldSheetView(SessionBridge&, QWidget*);
View* makeMetricMapView(SessionBridge&, QWidget*);
View* makeSurfaceView(SessionBridge&, QWidget*);
View* makePathStripsView(SessionBridge&, QWidget*);
View* makeDecodeView(SessionBridge&, QWidget*);
View* makeDataView(SessionBridge&, QWidget*);
View* makeComparisonView(SessionBridge&, QWidget*);
View* makeEnergyMapView(SessionBridge&, QWidget*);
View* makeEnergiesView(SessionBridge&, QWidget*);
View* makeEnergySliceView(SessionBridge&, QWidget*);
View* makeEnergyProfilesView(SessionBridge&, QWidget*);
View* makeTraceRankView(SessionBridge&, QWidget*);
View* makeAutocorrelationView(SessionBridge&, QWidget*);
View* makeOverviewView(SessionBridge&, QWidget*);
View* makeEssView(SessionBridge&, QWidget*);
View* makeChainEnergyView(SessionBridge&, QWidget*);
View* makeOccupancyView(SessionBridge&, QWidget*);
View* makePairsView(SessionBridge&, QWidget*);
View* makeParallelView(SessionBridge&, QWidget*);
View* makeEstimatesView(SessionBridge&, QWidget*);
View* makePhaseView(SessionBridge&, QWidget*);
View* makeAdaptationView(SessionBridge&, QWidget*);
View* makePathChartView(SessionBridge&, QWidget*);
View* makeHistogramsView(SessionBridge&, QWidget*);
View* makeNoiseView(SessionBridge&, QWidget*);
View* makeNoiseToDataView(SessionBridge&, QWidget*);
View* makeStripsView(SessionBridge&, QWidget*);
View* makeLossesView(SessionBridge&, QWidget*);
View* makeKlUnitsView(SessionBridge&, QWidget*);
View* makeReconstructionsView(SessionBridge&, QWidget*);
View* makeSamplesView(SessionBridge&, QWidget*);

std::span<const ViewSpec> viewSpecs() {
    const auto tr = [](const char* text) { return QCoreApplication::translate("Views", text); };
    const QString latent = QStringLiteral("latent"), data = QStringLiteral("data");
    static const std::vector<ViewSpec> specs{
        {"energy-map", tr("Energy map"), {"trails"}, Area::Stage, makeEnergyMapView},
        {.id = "latent-map",
         .title = tr("Latent map"),
         .channelKinds = {"points2"},
         .area = Area::Stage,
         .make = makeLatentMapView,
         .space = latent},
        {.id = "manifold-sheet",
         .title = tr("Manifold sheet"),
         .channelKinds = {"points2"},
         .area = Area::Stage,
         .make = makeManifoldSheetView,
         .pictures = true,
         .space = latent},
        {.id = "decode",
         .title = tr("Decode"),
         .channelKinds = {"points2"},
         .area = Area::Stage,
         .make = makeDecodeView,
         .pictures = true,
         .space = latent},
        {.id = "metric-map",
         .title = tr("Metric"),
         .channelKinds = {"path", "grid2", "ellipses"},
         .area = Area::Stage,
         .make = makeMetricMapView,
         .asked = true},
        {.id = "surface",
         .title = tr("Surface"),
         .channelKinds = {"grid2"},
         .area = Area::Stage,
         .make = makeSurfaceView,
         .asked = true},
        {.id = "energies",
         .title = tr("Energies side by side"),
         .channelKinds = {"grid2", "trails"},
         .area = Area::Stage,
         .make = makeEnergiesView,
         .asked = true,
         .wide = true},
        {.id = "energy-slice",
         .title = tr("Slice of the energy"),
         .channelKinds = {"slice"},
         .area = Area::Stage,
         .make = makeEnergySliceView,
         .asked = true},
        {.id = "path-strips",
         .title = tr("Film strips"),
         .channelKinds = {"path", "speed"},
         .area = Area::Stage,
         .make = makePathStripsView,
         .pictures = true,
         .asked = true,
         .wide = true},
        {.id = "strips",
         .title = tr("Strips of pictures"),
         .channelKinds = {"strips"},
         .area = Area::Stage,
         .make = makeStripsView,
         .pictures = true},
        {"noise-to-data",
         tr("From noise to data"),
         {"trajectory"},
         Area::Stage,
         makeNoiseToDataView},
        {.id = "data",
         .title = tr("Data"),
         .channelKinds = {},
         .area = Area::Stage,
         .make = makeDataView,
         .space = data},
        {.id = "comparison",
         .title = tr("Comparison"),
         .channelKinds = {},
         .area = Area::Stage,
         .make = makeComparisonView,
         .compared = true},
        {"trace-rank", tr("Trace and rank"), {"trace"}, Area::Timeline, makeTraceRankView},
        {"autocorrelation",
         tr("Autocorrelation"),
         {"autocorrelation"},
         Area::Timeline,
         makeAutocorrelationView},
        {"ess", tr("ESS"), {"ess_evolution"}, Area::Timeline, makeEssView},
        {"chain-energy", tr("Energy"), {"energy_transitions"}, Area::Timeline, makeChainEnergyView},
        {"pairs", tr("Pairs"), {"chains"}, Area::Timeline, makePairsView},
        {"parallel", tr("Parallel"), {"chains"}, Area::Timeline, makeParallelView},
        {"occupancy", tr("Occupancy"), {"occupancy"}, Area::Timeline, makeOccupancyView},
        {"overview", tr("Overview"), {"diagnostics"}, Area::Timeline, makeOverviewView},
        {"estimates", tr("Table"), {"diagnostics"}, Area::Timeline, makeEstimatesView},
        {"phase", tr("Phase"), {"mechanism"}, Area::Timeline, makePhaseView},
        {"adaptation", tr("Adaptation"), {"adaptation"}, Area::Timeline, makeAdaptationView},
        {"path-chart", tr("Paths"), {"speed"}, Area::Timeline, makePathChartView},
        {.id = "energy-histograms",
         .title = tr("Energies"),
         .channelKinds = {"histograms"},
         .area = Area::Timeline,
         .make = makeHistogramsView,
         .wide = true},
        {"energy-profiles", tr("Profiles"), {"slice"}, Area::Timeline, makeEnergyProfilesView},
        {"losses", tr("Losses"), {}, Area::Timeline, makeLossesView},
        {"noise", tr("Noise levels"), {"curve"}, Area::Timeline, makeNoiseView},
        {"kl-units", tr("KL per unit"), {"bars"}, Area::Timeline, makeKlUnitsView},
        {"reconstructions",
         tr("Reconstructions"),
         {"bars"},
         Area::Timeline,
         makeReconstructionsView},
        {.id = "samples",
         .title = tr("Samples"),
         .channelKinds = {},
         .area = Area::Timeline,
         .make = makeSamplesView,
         .space = data},
    };
    return specs;
}

}  // namespace lx::ui
