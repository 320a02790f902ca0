// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/autoencoder/run_data.h"

#include "core/nn/random.h"

#include <ATen/ATen.h>

namespace lx::autoencoder {
namespace {

/// A tensor on the storage of an array, which the caller keeps alive. Nobody writes to it.
Tensor viewOf(const Array& array) {
    auto* bytes = const_cast<std::byte*>(array.bytes().data());
    const std::vector<Index> shape(array.shape().begin(), array.shape().end());
    return at::from_blob(bytes, shape, array.dtype() == DType::I64 ? at::kLong : at::kFloat);
}

Context placedContext(const ParamSet& params, std::span<const Index> shape, Placement placement) {
    Context context = contextOf(params, shape);
    context.placement = placement;
    return context;
}

}  // namespace

Array toArray(const Tensor& tensor) {
    const Tensor packed = tensor.detach().cpu().contiguous();
    const std::vector<Index> shape(packed.sizes().begin(), packed.sizes().end());
    if (packed.scalar_type() == at::kLong) {
        return {shape, std::span<const Index>(packed.data_ptr<std::int64_t>(),
                                              static_cast<std::size_t>(packed.numel()))};
    }
    const Tensor floats = packed.to(at::kFloat);
    return {shape, std::span<const float>(floats.data_ptr<float>(),
                                          static_cast<std::size_t>(floats.numel()))};
}

Tensor toTensor(const Array& array, Index columns, const std::string& what) {
    const bool real =
        array.defined() && (array.dtype() == DType::F32 || array.dtype() == DType::F64);
    if (!real || array.shape().empty() || array.count() % std::max<Index>(1, columns) != 0 ||
        array.count() != array.dim(0) * columns) {
        throw UsageError(what + " must hold rows of " + std::to_string(columns) +
                         " floating-point numbers");
    }
    auto* bytes = const_cast<std::byte*>(array.bytes().data());
    return at::from_blob(bytes, {array.dim(0), columns},
                         array.dtype() == DType::F32 ? at::kFloat : at::kDouble)
        .to(at::kFloat)
        .clone();
}

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
      heldoutShown(placed(subset(derive(key, "view.heldout"), heldout.size(0), kExportRows))) {}

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
