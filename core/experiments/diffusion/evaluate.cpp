// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/diffusion/bound.h"
#include "core/evaluation/two_sample.h"
#include "core/experiments/diffusion/guidance.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace lx::diffusion {
namespace {

constexpr Index kPictures = 256, kNeighbours = 10'000;
constexpr Index kSamples = 4000, kLikelihoodRows = 300, kIdentityRows = 1000, kBoundRows = 20'000;

/// All data by the plan from new noise; empty when stopped.
std::vector<double> samples(const Moment& m, ReverseProcess process, Key key, Index count,
                            std::stop_token stop) {
    Cloud cloud(std::move(process), key, count, m.data->dim, m.data->noise());
    for (Index i = 0; i < cloud.process().steps(); ++i) {
        if (stop.stop_requested()) {
            return {};
        }
        cloud.step(*m.denoisers.data);
    }
    return {cloud.rows().begin(), cloud.rows().end()};
}

/// How samples lie among the modes of the mixture. Weights are of all rows, each counted for the
/// nearest mode; a mode is found by rows within three sd of it.
void addModes(std::map<std::string, double>& out, std::span<const double> z,
              const MixtureParts& parts, const std::string& prefix) {
    const auto d = static_cast<std::size_t>(parts.dim);
    const auto n = static_cast<double>(z.size() / d);
    const auto energy = mixtureEnergy(parts);
    std::vector<double> share(parts.weights.size()), close(share.size());
    for (std::size_t r = 0; r * d < z.size(); ++r) {
        const auto row = z.subspan(r * d, d);
        const auto mode = static_cast<std::size_t>(energy->modeOf(row));
        double square = 0;
        for (std::size_t i = 0; i < d; ++i) {
            square += std::pow((row[i] - parts.centres[mode * d + i]) / parts.sds[mode], 2);
        }
        share[mode] += 1 / n;
        close[mode] += square < 9 ? 1 / n : 0;
    }
    double divergence = 0, found = 0;
    for (std::size_t k = 0; k < share.size(); ++k) {
        divergence += share[k] > 0 ? share[k] * std::log(share[k] / parts.weights[k]) : 0;
        found += close[k] > 0.2 * parts.weights[k] ? 1 : 0;
        if (share.size() <= 8) {
            out[prefix + "mode_weight_" + std::to_string(k)] = share[k];
        }
    }
    out[prefix + "near_modes"] = std::accumulate(close.begin(), close.end(), 0.0);
    out[prefix + "mode_divergence"] = divergence;
    out[prefix + "mode_weight_min"] = *std::ranges::min_element(close);
    out[prefix + "mode_weight_max"] = *std::ranges::max_element(close);
    out[prefix + "modes_found"] = found;
}

/// Mean and variance of samples against those of the mixture, in standard errors of its draws.
void addMoments(std::map<std::string, double>& out, std::span<const double> z,
                const MixtureParts& parts) {
    const auto d = static_cast<std::size_t>(parts.dim);
    const auto n = static_cast<double>(z.size() / d);
    const auto energy = mixtureEnergy(parts);
    const auto mean = *energy->mean(), covariance = *energy->covariance();
    double worst = 0, ratio = 0;
    for (std::size_t i = 0; i < d; ++i) {
        double sum = 0, square = 0;
        for (std::size_t r = i; r < z.size(); r += d) {
            sum += z[r] / n;
            square += z[r] * z[r] / n;
        }
        const double variance = covariance[i * d + i];
        worst = std::max(worst, std::abs(sum - mean[i]) / std::sqrt(variance / n));
        ratio = std::max(ratio, std::abs(std::log((square - sum * sum) / variance)));
    }
    out["mean_error"] = worst;
    out["variance_log_ratio"] = ratio;
}

/// Samples against as many exact draws, and their histogram in the plane against exact masses.
void addTwoSample(std::map<std::string, double>& out, std::span<const double> z,
                  const MixtureParts& parts, const Box& frame, Key key) {
    constexpr Index kRows = 2000, kSide = 32;
    constexpr std::array kBandwidths{0.1, 0.2, 0.5, 1.0, 2.0};
    const auto law = mixtureEnergy(parts);
    const auto exact = law->sample(key, kRows);
    out["mmd2"] =
        squaredMmd(z.first(std::min(z.size(), exact.size())), exact, parts.dim, kBandwidths);
    if (parts.dim == 2) {
        out["histogram_kl"] = histogramKl(*law, frame, z, kSide);
    }
}

/// Model and data on rows whose law is known: both in nats a row, and their difference.
void addLikelihood(std::map<std::string, double>& out, const Moment& m, std::span<const double> x,
                   const std::function<double(std::span<const double>)>& truth,
                   std::stop_token stop) {
    const auto d = static_cast<std::size_t>(m.data->dim);
    const NoiseSchedule& schedule = m.cloud->process().schedule();
    const NoiseLevel clean = schedule.at(schedule.first()), end = schedule.at(schedule.last());
    std::vector<double> z(x.begin(), x.end());
    for (double& v : z) {
        v *= clean.alpha;
    }
    const double variance =
        schedule.variancePreserving() ? 1 : end.sigma * end.sigma + m.data->spread * m.data->spread;
    if (stop.stop_requested()) {
        return;
    }
    const auto model = logLikelihood(*m.denoisers.data, schedule, z, variance, 1e-4);
    const auto n = static_cast<double>(model.size());
    double sum = 0, exact = 0;
    for (std::size_t r = 0; r < model.size(); ++r) {
        sum += (model[r] + static_cast<double>(d) * std::log(clean.alpha)) / n;
        exact += truth(x.subspan(r * d, d)) / n;
    }
    out["model_loglik"] = sum;
    out["data_loglik"] = exact;
    out["density_gap"] = exact - sum;
}

/// Identities that hold to rounding for an exact denoiser.
void addIdentities(std::map<std::string, double>& out, const Moment& m, Key key) {
    const MixtureParts& parts = *m.data->mixture;
    const NoiseSchedule& schedule = m.cloud->process().schedule();
    const auto x = mixtureEnergy(parts)->sample(derive(key, "rows"), kIdentityRows);
    double tweedie = 0, conversion = 0;
    for (const double t : timeGrid(schedule, 9, Spacing::LogSnr)) {
        const NoiseLevel level = schedule.at(t);
        const auto z = noised(derive(key, "noise"), level, x, parts.dim);
        std::vector<double> clean(z.size()), value(z.size() / static_cast<std::size_t>(parts.dim)),
            slope(z.size());
        m.denoisers.data->clean(level, z, clean);
        mixtureEnergy(noisy(parts, level))->evaluate(std::span(z), value, slope);
        for (std::size_t i = 0; i < z.size(); ++i) {
            tweedie = std::max(tweedie, std::abs(level.alpha * clean[i] -
                                                 (z[i] - level.sigma * level.sigma * slope[i])));
        }
        auto round = clean;
        for (const auto& [from, to] : {std::pair{Prediction::Clean, Prediction::Velocity},
                                       {Prediction::Velocity, Prediction::Epsilon},
                                       {Prediction::Epsilon, Prediction::Score},
                                       {Prediction::Score, Prediction::Clean}}) {
            convert(from, to, level, z, round);
        }
        for (std::size_t i = 0; i < round.size(); ++i) {
            // Rounding of z reaches x divided by alpha.
            conversion = std::max(conversion, level.alpha * std::abs(round[i] - clean[i]));
        }
    }
    out["tweedie_error"] = tweedie;
    out["conversion_error"] = conversion;
}

/// Mean of log p(x) minus the variational bound of 250 and 1000 levels on the mixture of two
/// normals on a line that the published figures are of. Ref: kingma2021.
void addBoundGaps(std::map<std::string, double>& out, Key key, std::stop_token stop) {
    const MixtureParts parts{1, {-1.5, 1.0}, {0.3, 0.7}, {0.3, 0.4}};
    const auto exact = mixtureDenoiser(parts);
    const auto wide = logSnrSchedule(10, -10);
    const auto levels = [&](Index count) {
        std::vector<NoiseLevel> at;
        for (Index l = 0; l <= count; ++l) {
            at.push_back(wide->at(static_cast<double>(l) / static_cast<double>(count)));
        }
        return at;
    };
    const auto energy = mixtureEnergy(parts);
    const auto x = energy->sample(derive(key, "rows"), kBoundRows);
    std::vector<double> value(x.size());
    energy->evaluate(std::span(x), value);
    for (const Index count : {Index{250}, Index{1000}}) {
        if (stop.stop_requested()) {
            return;
        }
        const auto bound = variationalBound(*exact, levels(count), x, key).total();
        double gap = 0;
        for (std::size_t r = 0; r < bound.size(); ++r) {
            gap += (-value[r] - *energy->logNormaliser() - bound[r]) / kBoundRows;
        }
        out["bound_gap_" + std::to_string(count)] = gap;
    }
}

/// Mean distance of each row to the nearest of `others`, both [N, dim].
double nearest(std::span<const double> rows, std::span<const double> others, Index dim) {
    const auto d = static_cast<std::size_t>(dim);
    double sum = 0;
    for (std::size_t r = 0; r < rows.size(); r += d) {
        double least = 1e300;
        for (std::size_t o = 0; o < others.size(); o += d) {
            double square = 0;
            for (std::size_t i = 0; i < d && square < least; ++i) {
                square += (rows[r + i] - others[o + i]) * (rows[r + i] - others[o + i]);
            }
            least = std::min(least, square);
        }
        sum += std::sqrt(least);
    }
    return sum / static_cast<double>(rows.size() / d);
}

/// Pictures have no law to compare with: the squared error of the noise of held-out ones, and how
/// far samples and held-out ones are from each other's nearest, against the same between held-out
/// and training pictures. 1: as new ones of the data; noise lies above, copies lie below.
void addPictures(std::map<std::string, double>& out, const Moment& m, Key key,
                 std::stop_token stop) {
    const Index dim = m.data->dim;
    const auto held = m.data->dataset->heldout.values<float>();
    const auto few = static_cast<std::size_t>(kPictures * dim);
    const std::vector<double> rows(
        held.begin(),
        held.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(held.size(), few)));
    const NoiseSchedule& schedule = m.cloud->process().schedule();
    std::vector<double> eps(rows.size());
    constexpr int kTimes = 10;
    double loss = 0;
    for (int i = 0; i < kTimes && !stop.stop_requested(); ++i) {
        const NoiseLevel level =
            schedule.at(std::lerp(schedule.first(), schedule.last(), (i + 0.5) / kTimes));
        const Key noise = derive(derive(key, "noise"), static_cast<std::uint64_t>(i));
        const auto z = noised(noise, level, rows, dim);
        m.denoisers.data->epsilon(level, z, eps);
        for (std::size_t k = 0; k < eps.size(); ++k) {
            const double truth = (z[k] - level.alpha * rows[k]) / level.sigma;
            loss +=
                (eps[k] - truth) * (eps[k] - truth) / (kTimes * static_cast<double>(eps.size()));
        }
    }
    out["heldout_loss"] = loss;
    const auto z = samples(m, m.cloud->process(), derive(key, "samples"), kPictures, stop);
    if (z.empty()) {
        return;
    }
    const auto train = trainingRows(*m.data->dataset, kNeighbours);
    const double usual = nearest(rows, train, dim);
    out["fidelity"] = nearest(z, train, dim) / usual;
    const std::vector<double> same(
        train.begin(),
        train.begin() + static_cast<std::ptrdiff_t>(std::min(train.size(), z.size())));
    out["coverage"] = nearest(rows, z, dim) / nearest(rows, same, dim);
}

}  // namespace

ScoreErrors scoreErrors(const Denoiser& denoiser, const NoiseSchedule& schedule,
                        const MixtureParts& parts, Key key, Index rows) {
    const auto exact = mixtureDenoiser(parts);
    const auto x = mixtureEnergy(parts)->sample(derive(key, "rows"), rows);
    ScoreErrors out;
    std::vector<double> eps(x.size()), truth(x.size());
    const auto compare = [&](const NoiseLevel& level) {
        const auto z = noised(derive(key, "noise"), level, x, parts.dim);
        denoiser.epsilon(level, z, eps);
        exact->epsilon(level, z, truth);
        double off = 0, all = 0;
        for (std::size_t i = 0; i < eps.size(); ++i) {
            off += (eps[i] - truth[i]) * (eps[i] - truth[i]);
            all += truth[i] * truth[i];
        }
        return std::pair{off, all};
    };
    for (const double t : timeGrid(schedule, 9, Spacing::LogSnr)) {
        const NoiseLevel level = schedule.at(t);
        const auto [off, all] = compare(level);
        out.logSnr.push_back(level.logSnr());
        out.error.push_back(std::sqrt(off / all));
    }
    constexpr int kTimes = 20;
    for (int i = 0; i < kTimes; ++i) {
        const double t = std::lerp(schedule.first(), schedule.last(), (i + 0.5) / kTimes);
        out.excess += compare(schedule.at(t)).first / static_cast<double>(x.size()) / kTimes;
    }
    return out;
}

std::map<std::string, double> evaluate(const Moment& m, Key key, std::stop_token stop) {
    std::map<std::string, double> out;
    if (m.data->image()) {
        addPictures(out, m, key, stop);
        out.merge(inpaintMetrics(m, derive(key, "inpaint"), stop));
        return out;
    }
    const auto z = samples(m, m.cloud->process(), derive(key, "samples"), kSamples, stop);
    if (z.empty()) {
        return out;
    }
    const bool learned = m.data->dataset != nullptr;
    if (m.data->mixture) {
        const MixtureParts& parts = *m.data->mixture;
        addModes(out, z, parts, "");
        addMoments(out, z, parts);
        addTwoSample(out, z, parts, m.data->frame, derive(key, "exact"));
        if (text(m.data->params, "sampler.method") == "ddpm") {
            ParamSet quick = m.data->params;
            quick["sampler.method"] = std::string("ddim");
            quick["sampler.steps"] = Index{50};
            const auto other = samples(m, processOf(quick), derive(key, "ddim"), kSamples, stop);
            if (!other.empty()) {
                addModes(out, other, parts, "ddim_");
            }
        }
        const auto errors = scoreErrors(*m.denoisers.data, m.cloud->process().schedule(), parts,
                                        derive(key, "score"), 2000);
        out["score_error_max"] = *std::ranges::max_element(errors.error);
        out["excess_loss"] = errors.excess;
        const auto energy = mixtureEnergy(parts);
        addLikelihood(
            out, m, energy->sample(derive(key, "likelihood"), kLikelihoodRows),
            [&](std::span<const double> x) { return -energy->at(x) - *energy->logNormaliser(); },
            stop);
        if (!m.denoisers.classes.empty()) {
            addGuidance(out, m, derive(key, "guidance"), stop);
        }
        if (!learned) {
            addIdentities(out, m, derive(key, "identities"));
            addBoundGaps(out, derive(key, "bound"), stop);
        }
        if (text(m.data->params, "sampler.method") == "annealed-langevin") {
            ParamSet plain = m.data->params;
            plain["sampler.method"] = std::string("langevin");
            const auto other = samples(m, processOf(plain), derive(key, "samples"), kSamples, stop);
            if (!other.empty()) {
                addModes(out, other, parts, "plain_");
            }
        }
    } else if (learned && m.data->dataset->distribution &&
               text(m.data->params, "data.scale") == "none") {
        const auto rows = m.data->dataset->heldout.values<float>();
        const auto count = std::min<std::size_t>(
            rows.size(), static_cast<std::size_t>(kLikelihoodRows * m.data->dim));
        const std::vector<double> x(rows.begin(),
                                    rows.begin() + static_cast<std::ptrdiff_t>(count));
        const auto& law = *m.data->dataset->distribution;
        if (law.logDensity(std::span(x).first(static_cast<std::size_t>(m.data->dim)))) {
            addLikelihood(
                out, m, x, [&](std::span<const double> row) { return *law.logDensity(row); }, stop);
        }
    }
    return out;
}

}  // namespace lx::diffusion
