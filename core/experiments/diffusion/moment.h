// SPDX-License-Identifier: GPL-3.0-or-later
// A run of the family at one moment, for those who only look.
#pragma once

#include "core/experiments/device.h"
#include "core/experiments/diffusion/cloud.h"
#include "core/experiments/diffusion/net.h"
#include "core/experiments/diffusion/plan.h"
#include "core/experiments/plane_grid.h"
#include "core/experiments/sliced_task.h"

#include <array>
#include <stop_token>

namespace lx::diffusion {

/// What stays the same during a run.
struct RunData {
    ParamSet params;
    Key key;
    DatasetPtr dataset;                   ///< null for the exact denoiser
    std::optional<MixtureParts> mixture;  ///< the law of the data where it is one
    Index dim = 0;
    DataUnits units;
    Box frame;          ///< of the data, in model units
    double spread = 1;  ///< root mean square of the data, in model units

    /// What particles begin as: normal, or uniform in the frame.
    NoiseLaw noise() const;
    /// Of the particles of a run with that key.
    static Key particles(Key run) { return derive(run, "diffuse"); }
    bool image() const { return dataset && dataset->image(); }
    /// Rows [N, dim] in data units: pictures in [0, 1], or points.
    Array published(std::span<const double> rows) const;
};

/// Of all data, and of each class where the run knows classes.
struct Denoisers {
    DenoiserPtr data;
    std::vector<DenoiserPtr> classes;
};

struct Moment {
    std::shared_ptr<const RunData> data;
    Denoisers denoisers;
    Guidance guidance;
    DenoiserPtr denoiser;  ///< that the particles follow
    std::shared_ptr<const Cloud>
        cloud;            ///< a copy; before its first step views make one of their own
    bool resting = true;  ///< no clock runs: there is time to look at more particles
};

/// The probe "generate": particles of a round of their own, with the weights of now.
std::unique_ptr<Task> generateTask(Moment, const cmd::Probe&);
std::unique_ptr<Task> observeTask(Moment, std::span<const std::string> channels, Detail);

/// What particles follow at one time.
enum class FieldKind : std::uint8_t {
    Velocity,  ///< of the probability flow towards the data, -dz/dt
    Score      ///< grad log p
};
/// At rows z [N, D] in model units, [N, D]. Ref: song2021.
void fieldAt(const Denoiser&, const NoiseSchedule&, double time, FieldKind,
             std::span<const double> z, std::span<double> out);
/// Those vectors in data units, in place.
void publishField(FieldKind, const DataUnits&, std::span<double> rows);
/// The probe "field": arguments `log_snr`, `kind` ("velocity", the default, or "score"), `side`
/// (nodes each way, 32), array `box` (x0, y0, x1, y1 in data units; else the frame of the data).
/// Answers `field` [side, side, 2] of the guided denoiser at the nodes of a grid whose outermost
/// lie on the edges of `extent`, row 0 at y0, in data units a unit of time or per data unit; and
/// `log_snr`, `time`, the nearest that the schedule has. Throws UsageError outside the plane.
std::unique_ptr<Task> fieldTask(Moment, const cmd::Probe&);

/// Channel `snr` and its companions.
void addSnr(SnapshotBuilder&, const NoiseSchedule&);
/// The parameter that moves the end of the curve of log SNR at the data, and that at the noise:
/// the real ones of the schedule in their order; empty where there is none.
std::array<std::string, 2> scheduleEnds(const ParamSet& params);
/// The probe "schedule": arguments `schedule` and `schedule.*`, else as they are in the run.
/// Answers `snr` and its companions, and `ends`, a parameter a line. With `end` (0: data, 1: noise)
/// and `log_snr` its parameter first takes the value of three digits that brings that end there,
/// or as near as it can, told as `id` and `value` [1]. Throws UsageError as the schedule does.
std::unique_ptr<Task> scheduleTask(Moment, const cmd::Probe&);

/// Relative error of the score against the exact one, sqrt(E|s - s*|^2 / E|s*|^2), at each of ten
/// levels from noise to data. Needs the mixture.
struct ScoreErrors {
    std::vector<double> logSnr, error;
    double excess = 0;  ///< mean of |eps - eps*|^2 / D over all levels alike
};
ScoreErrors scoreErrors(const Denoiser&, const NoiseSchedule&, const MixtureParts&, Key,
                        Index rows);
std::map<std::string, double> evaluate(const Moment&, Key, std::stop_token);

/// Pictures alone: channel `inpainting`, a column for every fifth of the steps.
void addInpainting(SlicedTask&, const Moment&);
/// inpaint_error, the mean squared error of 64 held-out pictures whose lower half is filled, and
/// inpaint_ratio, that over the error of another picture's lower half.
std::map<std::string, double> inpaintMetrics(const Moment&, Key, std::stop_token);

/// -log p of a denoiser on a grid in the plane, up to a constant: the score summed along rows and
/// columns by trapezoids, the mean of both orders; its least value is 0. Row 0 at the lower edge.
std::vector<double> gridEnergy(const Denoiser&, const NoiseLevel&, const Box&, Index side);

/// The law of the noisy data of a saved run of these parameters at the level of its schedule
/// nearest to `logSnr`; that of a mixture where the denoiser is exact. Throws UsageError when the
/// parameters or arrays do not fit.
EnergyPtr savedEnergy(const DataLibrary&, const ParamSet& params, Key, const State&, double logSnr);

ExperimentSpec spec(std::shared_ptr<const DataLibrary>, Placement (*place)() = currentPlacement);

}  // namespace lx::diffusion
