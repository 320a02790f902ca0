// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/autoencoder/latent_draws.h"

#include "core/base/decls.h"
#include "core/evaluation/feature_distance.h"
#include "core/evaluation/gaussian_mixture.h"
#include "core/nn/random.h"
#include "core/samplers/published_hmc.h"
#include "core/samplers/registry.h"
#include "core/samplers/run.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace lx::autoencoder {
namespace {

using Vector = std::vector<double>;

constexpr double kStepSize = 0.05;
constexpr Index kLeapfrogs = 15;

Tensor codesOf(const MetricInputs& in) {
    return at::tensor(at::ArrayRef<double>(in.means), at::kDouble).view({-1, in.dim});
}

EnergyPtr volumeOf(const MetricInputs& in, const ParamSet& run) {
    double reach = 0;
    for (const double z : in.means) {
        reach = std::max(reach, std::abs(z));
    }
    const auto d = static_cast<std::size_t>(in.dim);
    const double edge = 1.5 * std::max(reach, 1e-3);
    const Box window{Vector(d, -edge), Vector(d, edge)};
    if (text(run, "metric.kind") == "rhvae") {
        return uniformEnergy(makeMetric("rhvae", {}, in), window, /*inverse=*/true);
    }
    const ParamSet constants{{"metric.centroids", run.at("draws.centroids")},
                             {"metric.rho", run.at("draws.rho")},
                             {"metric.lambda", run.at("draws.lambda")}};
    return uniformEnergy(makeMetric("enc-cov", constants, in), window);
}

std::shared_ptr<const Kernel> kernelOf(const ParamSet& run) {
    if (text(run, "draws.kernel") == "published") {
        return publishedHmc({.stepSize = kStepSize, .leapfrogs = kLeapfrogs});
    }
    return makeSampler("hmc", {{"sampler.step_size", kStepSize}, {"sampler.leapfrog", kLeapfrogs}});
}

}  // namespace

std::vector<ParamDecl> drawParams(const std::string& metricKind) {
    using namespace decl;
    std::vector<ParamDecl> out{
        advanced(live(oneOf(make("draws.kernel", "Volume sampler", std::string("exact"),
                                 "How codes are drawn from the volume of the metric: HMC that "
                                 "leaves it invariant, or as the published code does, which pulls "
                                 "draws to the codes."),
                            {"exact", "published"}))),
        advanced(live(within(make("draws.transitions", "Transitions", Index{100},
                                  "Paths of each chain, which begins at a code."),
                             1, 10'000))),
        advanced(live(within(make("draws.components", "Mixture components", Index{10},
                                  "Gaussians fitted to the codes for comparison."),
                             1, 200)))};
    if (metricKind != "rhvae") {
        out.push_back(advanced(live(within(make("draws.centroids", "Volume centroids", Index{100},
                                                "Codes that stand for all in the volume."),
                                           1, 2000, Scale::Log))));
        out.push_back(advanced(live(
            within(make("draws.rho", "Volume range", 0.0,
                        "How far a code is felt in the volume; 0: the largest distance between "
                        "neighbouring centroids."),
                   0, 100))));
        out.push_back(advanced(live(within(
            make("draws.lambda", "Volume background", 0.01, "Size of the metric off all codes."),
            1e-6, 100, Scale::Log))));
    }
    out.push_back(advanced(
        within(make("eval.samples", "Compared samples", Index{0},
                    "Draws of the prior, of the mixture and of the metric's volume that are "
                    "compared with held-out data; 0: none."),
               0, 100'000)));
    return out;
}

VolumeWalk::VolumeWalk(const MetricInputs& in, const ParamSet& run, Key key, Index chains)
    : m_energy(volumeOf(in, run)), m_kernel(kernelOf(run)), m_key(key) {
    const Tensor codes = codesOf(in);
    const Tensor start =
        codes.index_select(0, below(derive(key, "start"), codes.size(0), chains)).contiguous();
    m_state = m_kernel->init(key, *m_energy,
                             {start.data_ptr<double>(), static_cast<std::size_t>(start.numel())});
}

void VolumeWalk::advance(Index transitions) {
    std::vector<StepInfo> info(static_cast<std::size_t>(m_state.chains));
    for (Index k = 0; k < transitions; ++k, ++m_steps) {
        m_kernel->step(m_key, static_cast<std::uint64_t>(m_steps), *m_energy, m_state, info);
        for (const StepInfo& one : info) {
            m_accepted += one.acceptProb / static_cast<double>(info.size());
        }
    }
}

Tensor VolumeWalk::codes() const {
    const auto z = m_state.positions();
    return at::tensor(at::ArrayRef<double>(z.data(), z.size()), at::kDouble)
        .view({m_state.chains, m_state.dim})
        .to(at::kFloat);
}

Tensor mixtureDraws(const MetricInputs& in, const ParamSet& run, Key key, Index count) {
    return fitMixture(codesOf(in), integer(run, "draws.components")).sample(key, count);
}

std::map<std::string, double> compareDraws(const Moment& m, const MetricInputs& in,
                                           const ParamSet& run, Key key, std::stop_token stop) {
    const Array& given = m.data->dataset->trainLabels;
    const Index count = valueOr(run, "eval.samples", Index{0});
    if (count < 2 || !given.defined() || !m.model->stochastic()) {
        return {};
    }
    const auto label = given.values<Index>();
    const Tensor labels = at::tensor(at::ArrayRef<Index>(label.data(), label.size()), at::kLong);
    const Tensor train = m.model->prepared(m.data->train).cpu();
    // The yardstick is the same whatever the seed of the run draws.
    const PictureFeatures eye(train, labels, labels.max().item<Index>() + 1, Key{1, 9}, stop);
    const Tensor truth = m.model->prepared(m.data->heldout).cpu();
    const Tensor seen = eye.features(truth);

    VolumeWalk walk(in, run, derive(key, "volume"), count);
    const Index transitions = integer(run, "draws.transitions");
    for (Index k = 0; k < transitions && !stop.stop_requested(); ++k) {
        walk.advance(1);
    }
    const std::array<std::pair<const char*, Tensor>, 3> laws{
        {{"prior", m.model->prior().sample(derive(key, "prior"), count, in.dim)},
         {"mixture", mixtureDraws(in, run, derive(key, "mixture"), count)},
         {"riemannian", walk.codes()}}};
    std::map<std::string, double> out;
    const auto at = [](const char* law, const char* what) {
        return std::string("samples_").append(law).append("_").append(what);
    };
    for (const auto& [law, z] : laws) {
        if (stop.stop_requested()) {
            return {};
        }
        const Tensor x = m.model->prepared(m.model->decode(m.data->placed(z))).cpu();
        out[at(law, "distance")] = frechetDistance(eye.features(x), seen);
        out[at(law, "nearest")] =
            std::get<0>(at::cdist(x, train).min(1)).square().mean().item<double>();
    }
    for (const char* law : {"mixture", "riemannian"}) {
        for (const char* what : {"distance", "nearest"}) {
            const std::string name = at(law, what);
            out[name + "_ratio"] = out.at(name) / out.at(at("prior", what));
        }
    }
    // What could be reached: by codes of held-out data, and by training data themselves.
    const Index rows = std::min(count, truth.size(0));
    const Tensor back =
        m.model->decode(m.model->encode(m.data->placed(truth.narrow(0, 0, rows))).mean);
    out["samples_codes_distance"] = frechetDistance(eye.features(m.model->prepared(back)), seen);
    out["samples_data_distance"] =
        frechetDistance(eye.features(train.narrow(0, 0, std::min(count, train.size(0)))), seen);
    out["samples_acceptance"] = walk.acceptance();
    if (const Array& held = m.data->dataset->heldoutLabels; held.defined()) {
        const auto known = held.values<Index>();
        out["samples_eye_accuracy"] = eye.accuracy(
            truth, at::tensor(at::ArrayRef<Index>(known.data(), known.size()), at::kLong));
    }
    return out;
}

}  // namespace lx::autoencoder
