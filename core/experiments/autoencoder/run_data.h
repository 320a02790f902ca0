// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/experiments/autoencoder/model.h"
#include "core/experiments/device.h"
#include "core/experiments/sliced_task.h"
#include "core/experiments/training.h"

#include <stop_token>

namespace lx::autoencoder {

/// What stays the same during a run: rows, keys and the fixed subsets that views show.
struct RunData {
    RunData(DatasetPtr rows, ParamSet choices, Key runKey, Placement = {});

    DatasetPtr dataset;
    ParamSet params;
    Key key;
    Context context;
    Tensor train, heldout;       ///< [N, D]; views of the data set in the processor's memory
    Tensor scale, offset;        ///< [D], model units to data units
    Tensor shown, heldoutShown;  ///< int64 rows; a smaller picture takes a prefix

    /// Codes of the map that was published last; `nearest` refers to them. Engine thread only.
    std::shared_ptr<Tensor> mapCodes = std::make_shared<Tensor>();

    static constexpr Index kExportRows = 10'000, kScreenRows = 2'000;

    /// The tensor on the device of the run; itself when it is there.
    Tensor placed(const Tensor&) const;
    /// Rows of `x` in data units as a picture batch in [0, 1] or as points.
    Array published(const Tensor& x) const;
    /// Rows in data units as model units. Throws UsageError when the shape is another.
    Tensor received(const Array&) const;
};

/// Models used to look at a moment of the run while it goes on; they are reused when free.
class ModelPool {
public:
    ModelPool(ParamSet params, Context context)
        : m_params(std::move(params)), m_context(std::move(context)) {}
    /// A model with the weights `flat`; nobody else changes it while it is held.
    std::shared_ptr<Model> take(const Tensor& flat, double sigma);

private:
    ParamSet m_params;
    Context m_context;
    std::vector<std::shared_ptr<Model>> m_models;
};

/// The model at one moment. Tasks hold it, so that slices show one state.
struct Moment {
    std::shared_ptr<const RunData> data;
    std::shared_ptr<const Model> model;
};

std::unique_ptr<SlicedTask> observeTask(Moment, std::span<const std::string> channels, Detail);
/// Null when the kind is unknown.
std::unique_ptr<Task> probeTask(Moment, const cmd::Probe&);
std::map<std::string, double> evaluate(const Moment&, Key, std::stop_token);
/// Mean loss terms over the first `rows` held-out rows, with fixed noise.
struct HeldOut {
    double reconstruction = 0, divergence = 0;
};
HeldOut heldOut(const RunData&, const Model&, Index rows, Key, std::stop_token = {});

/// The family's entry in the registry. `place` says where a new run lives.
ExperimentSpec spec(std::shared_ptr<const DataLibrary>, Placement (*place)() = currentPlacement);

}  // namespace lx::autoencoder
