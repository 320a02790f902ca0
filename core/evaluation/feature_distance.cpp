// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/feature_distance.h"

#include "core/nn/network.h"
#include "core/nn/random.h"
#include "core/nn/trainer.h"

#include <ATen/ATen.h>

#include <array>
#include <utility>

namespace lx {
namespace {

constexpr Index kSteps = 1000, kBatch = 128;
constexpr double kRate = 2e-3;

std::pair<at::Tensor, at::Tensor> moments(const at::Tensor& rows) {
    if (rows.dim() != 2 || rows.size(0) < 2) {
        throw UsageError("a Frechet distance needs at least two rows on each side");
    }
    const at::Tensor x = rows.to(at::kCPU, at::kDouble);
    if (!x.isfinite().all().item<bool>()) {
        throw NumericalError("Frechet distance", 0, "the features are not finite");
    }
    const at::Tensor mean = x.mean(0), centred = x - mean;
    return {mean, centred.t().matmul(centred) / static_cast<double>(x.size(0) - 1)};
}

/// Symmetric square root; eigenvalues below zero are rounding.
at::Tensor root(const at::Tensor& covariance) {
    const auto [values, vectors] = at::linalg_eigh(covariance);
    return (vectors * values.clamp_min(0).sqrt()).matmul(vectors.t());
}

}  // namespace

double frechetDistance(const at::Tensor& a, const at::Tensor& b) {
    const at::NoGradGuard off;
    const auto [meanA, a2] = moments(a);
    const auto [meanB, b2] = moments(b);
    if (meanA.size(0) != meanB.size(0)) {
        throw UsageError("a Frechet distance needs equally many features on both sides");
    }
    // tr (C_a C_b)^1/2 = tr (C_a^1/2 C_b C_a^1/2)^1/2, whose argument is symmetric.
    const at::Tensor half = root(a2);
    const at::Tensor inner = half.matmul(b2).matmul(half);
    const at::Tensor values = at::linalg_eigvalsh(0.5 * (inner + inner.t()));
    const double shared = values.clamp_min(0).sqrt().sum().item<double>();
    const double traces = (a2.diagonal().sum() + b2.diagonal().sum()).item<double>();
    return (meanA - meanB).square().sum().item<double>() + traces - 2 * shared;
}

struct PictureFeatures::Nets {
    Parameters parameters;
    std::unique_ptr<Network> body, head;
    at::Tensor logits(const at::Tensor& x) const {
        return head->forward(activate(body->forward(x), Activation::Silu));
    }
};

PictureFeatures::PictureFeatures(const at::Tensor& x, const at::Tensor& labels, Index classes,
                                 Key key, std::stop_token stop)
    : m_nets(std::make_unique<Nets>()) {
    if (x.dim() != 2 || x.size(0) < 1 || labels.dim() != 1 || labels.size(0) != x.size(0) ||
        classes < 2 || labels.min().item<std::int64_t>() < 0 ||
        labels.max().item<std::int64_t>() >= classes) {
        throw UsageError("a classifier needs a label in range for every row");
    }
    Parameters& p = m_nets->parameters;
    m_nets->body = makeMlp(p, {"body", {x.size(1), 128, kFeatures}, Activation::Silu});
    m_nets->head = makeMlp(p, {"head", {kFeatures, classes}, Activation::Silu});
    p.allocate();
    p.initialise(derive(key, "init"));
    OptimiserOptions options;
    options.rate = kRate;
    options.schedule = Schedule::Cosine;
    options.horizon = kSteps;
    const at::Tensor rows = x.to(at::kCPU, at::kFloat).contiguous();
    Trainer trainer(
        p, options, {{"train", 0, {{"classifier", "", 1, {}}}}}, [&](const Phase&, Index step) {
            const at::Tensor batch =
                below(derive(derive(key, "batch"), static_cast<std::uint64_t>(step)), rows.size(0),
                      kBatch);
            const at::AutoGradMode on(true);
            const at::Tensor hidden = m_nets->body->train(rows.index_select(0, batch));
            const at::Tensor logits = m_nets->head->train(activate(hidden, Activation::Silu));
            const at::Tensor loss = at::cross_entropy_loss(logits, labels.index_select(0, batch));
            StepResult result;
            result.loss = loss.item<double>();
            loss.backward();
            return result;
        });
    for (Index k = 0; k < kSteps && !stop.stop_requested(); ++k) {
        trainer.step();
    }
}

PictureFeatures::~PictureFeatures() = default;

at::Tensor PictureFeatures::features(const at::Tensor& x) const {
    const at::NoGradGuard off;
    return m_nets->body->forward(x.to(at::kCPU, at::kFloat));
}

double PictureFeatures::accuracy(const at::Tensor& x, const at::Tensor& labels) const {
    const at::NoGradGuard off;
    const at::Tensor found = m_nets->logits(x.to(at::kCPU, at::kFloat)).argmax(1);
    return found.eq(labels).to(at::kDouble).mean().item<double>();
}

}  // namespace lx
