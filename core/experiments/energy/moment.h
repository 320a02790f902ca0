// SPDX-License-Identifier: GPL-3.0-or-later
// A run of the family at one moment, for those who only look.
#pragma once

#include "core/experiments/device.h"
#include "core/experiments/energy/energy_net.h"
#include "core/experiments/plane_grid.h"

#include <stop_token>

namespace lx {
class SlicedTask;
}

namespace lx::learned {

/// What stays the same during a run.
struct RunData {
    ParamSet params;
    Choices choices;
    Key key;
    DatasetPtr dataset;
    std::optional<MixtureParts> mixture;
    Index dim = 0;
    DataUnits units;
    Box frame;                ///< that the chains stay in
    bool lawKnown = false;    ///< the data's density, in model units
    std::vector<double> law;  ///< -log p on the grid of views, where known
    static constexpr Index kSide = 96;
};

struct Moment {
    std::shared_ptr<const RunData> data;
    EnergyPtr energy;
    std::vector<double> negatives;  ///< [N, dim]; empty without chains
    std::vector<float> ages;        ///< [N] training steps since each began
    std::vector<double> paths;      ///< [C, K, dim] of the last negatives
    Index pathCount = 0;
    std::vector<std::pair<std::string, EnergyPtr>> parts = {};  ///< shown beside, by channel
    Choices now = {};  ///< data->choices with the live parameters of the moment
};

/// The probe "generate": chains of their own from noise, under the energy of now, as those of
/// training walk.
std::unique_ptr<Task> generateTask(Moment, const cmd::Probe&);
std::unique_ptr<Task> observeTask(Moment, std::span<const std::string> channels, Detail);
std::map<std::string, double> evaluate(const Moment&, Key, std::stop_token);
/// Both for pictures.
std::unique_ptr<Task> observePictures(Moment, std::span<const std::string> channels, Detail);
std::map<std::string, double> evaluatePictures(const Moment&, Key, std::stop_token);
/// Channel `slice`: the energy of pictures on the plane through the first held-out one, the place
/// that plain descent finds from there, and the oldest chain; pixels are not clipped on it.
void addSlice(SlicedTask&, const std::shared_ptr<const Moment>&);
/// Share of the first held-out rows whose class has the least energy.
double accuracy(const PictureEnergy&, const Dataset&, Index most);
/// Densities of the values of each list on common bins: [K, bins], `.edges`, `.names` one a line.
/// The bins span the bulk of every list; the few values beyond count in the first and the last one.
void addHistograms(SnapshotBuilder&, const std::string& id,
                   std::span<const std::vector<double>> lists, const std::string& names);
/// Mass of a density in the plane within three sd of each mode: energies on cells whose exp(-E)
/// sums to 1, and their middles [cells, 2].
std::vector<double> modeMasses(const MixtureParts&, std::span<const double> energies,
                               std::span<const double> points);
/// -log p of the data on a grid; empty where the law is not known.
std::vector<double> trueEnergy(const Dataset&, const Box&, Index side);

/// The energy of a saved run of these parameters. Throws UsageError when they or the arrays do not
/// fit.
EnergyPtr savedEnergy(const DataLibrary&, const ParamSet& params, Key, const State&);
/// The same of a composition: the sum with the weights that it was saved with.
EnergyPtr savedSum(const DataLibrary&, const ParamSet& params, Key, const State&);

/// A run of the family, for those who use its energy as a part.
class EnergyRun : public Experiment {
public:
    /// By the averaged weights of now.
    virtual EnergyPtr energy() const = 0;
};
std::unique_ptr<EnergyRun> makeEnergyRun(const DataLibrary&, const ParamSet& params, Key,
                                         Placement);

/// Two of them, trained side by side, and the product of their densities. Ref: hinton2002, du2020.
ExperimentSpec compositionSpec(std::shared_ptr<const DataLibrary>,
                               Placement (*place)() = currentPlacement);
ExperimentSpec spec(std::shared_ptr<const DataLibrary>, Placement (*place)() = currentPlacement);

}  // namespace lx::learned
