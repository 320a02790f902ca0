// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/autoencoder/run_data.h"

#include "core/experiments/training.h"
#include "core/nn/random.h"

#include <ATen/ATen.h>

namespace lx::autoencoder {
namespace {

Context placedContext(const ParamSet& params, std::span<const Index> shape, Placement placement) {
    Context context = contextOf(params, shape);
    context.placement = placement;
    return context;
}

}  // namespace

RunData::RunData(DatasetPtr rows, ParamSet choices, Key runKey, Placement placement)
    : dataset(std::move(rows)),
      params(std::move(choices)),
      key(runKey),
      context(placedContext(params, dataset->sampleShape, placement)),
      train(placed(viewOf(dataset->train))),
      heldout(placed(viewOf(dataset->heldout))),
      scale(placed(at::tensor(at::ArrayRef<float>(dataset->scale)))),
      offset(placed(at::tensor(at::ArrayRef<float>(dataset->offset)))),
      shown(placed(subset(derive(key, "view.codes"), train.size(0), kExportRows))),
      heldoutShown(placed(subset(derive(key, "view.heldout"), heldout.size(0), kExportRows))) {
    if (const Index anchors = valueOr(params, "posterior.anchors", Index{0}); anchors > 0) {
        context.anchors =
            train.index_select(0, placed(subset(derive(key, "anchors"), train.size(0), anchors)));
    }
}

Tensor RunData::placed(const Tensor& tensor) const {
    return tensor.to(context.placement.device);
}

Array RunData::published(const Tensor& x) const {
    Tensor rows = x * scale + offset;
    if (context.image) {
        rows = rows.clamp(0, 1).view({rows.size(0), context.height, context.width});
    }
    return toArray(rows);
}

Tensor RunData::received(const Array& array) const {
    return (placed(toTensor(array, context.dim, "array 'x'")) - offset) / scale;
}

std::shared_ptr<Model> ModelPool::take(const Tensor& flat, double sigma) {
    std::shared_ptr<Model> free;
    for (const auto& model : m_models) {
        if (model.use_count() == 1) {
            free = model;
            break;
        }
    }
    if (!free) {
        free = std::make_shared<Model>(m_params, m_context);
        m_models.push_back(free);
    }
    free->copyFrom(flat);
    if (sigma > 0) {
        free->likelihood().setSigma(sigma);
    }
    return free;
}

}  // namespace lx::autoencoder
