// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/diagnostics/autocovariance.h"

#include "core/diagnostics/scalar.h"

#include <unsupported/Eigen/FFT>

#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>

namespace lx::diagnostics {
namespace {

/// The smallest product of 2, 3 and 5 that is at least n.
std::size_t smooth(std::size_t n) {
    for (n = std::max<std::size_t>(n, 1);; ++n) {
        std::size_t rest = n;
        for (const std::size_t prime : {2, 3, 5}) {
            while (rest % prime == 0) {
                rest /= prime;
            }
        }
        if (rest == 1) {
            return n;
        }
    }
}

}  // namespace

struct Autocovariance::Plan {
    Eigen::FFT<double> fft;
    std::size_t size = 0;
    std::vector<double> padded, power, result;
    std::vector<std::complex<double>> spectrum;
};

Autocovariance::Autocovariance() : m_plan(std::make_unique<Plan>()) {
    m_plan->fft.SetFlag(Eigen::FFT<double>::HalfSpectrum);
}
Autocovariance::~Autocovariance() = default;
Autocovariance::Autocovariance(Autocovariance&&) noexcept = default;
Autocovariance& Autocovariance::operator=(Autocovariance&&) noexcept = default;

std::span<const double> Autocovariance::mean(Draws draws) {
    Plan& p = *m_plan;
    const auto count = static_cast<std::size_t>(draws.draws);
    const std::size_t size =
        4 * smooth((count + 1) / 2);  // the real transform wants a multiple of 4
    if (size != p.size) {
        // Every length leaves a plan behind; a growing chain must not collect them.
        p.fft = Eigen::FFT<double>();
        p.fft.SetFlag(Eigen::FFT<double>::HalfSpectrum);
        p.size = size;
    }
    p.padded.resize(size);
    p.spectrum.resize(size / 2 + 1);
    p.power.assign(size / 2 + 1, 0.0);
    // The mean of the autocovariances is the transform of the mean power: one way back for all.
    for (Index m = 0; m < draws.chains; ++m) {
        const auto chain = draws.chain(m);
        const double mean = meanOf(chain);
        std::ranges::transform(chain, p.padded.begin(), [mean](double x) { return x - mean; });
        std::fill(p.padded.begin() + draws.draws, p.padded.end(), 0.0);
        p.fft.fwd(p.spectrum.data(), p.padded.data(), static_cast<Eigen::Index>(size));
        for (std::size_t k = 0; k < p.power.size(); ++k) {
            p.power[k] += std::norm(p.spectrum[k]);
        }
    }
    std::ranges::copy(p.power, p.spectrum.begin());
    p.fft.inv(p.padded.data(), p.spectrum.data(), static_cast<Eigen::Index>(size));
    p.result.resize(count);
    const double scale = 1 / static_cast<double>(draws.size());
    std::transform(p.padded.begin(), p.padded.begin() + draws.draws, p.result.begin(),
                   [scale](double x) { return x * scale; });
    return p.result;
}

Autocorrelation autocorrelation(Draws draws, Index maxLag) {
    constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
    Autocorrelation out;
    out.lags = std::clamp<Index>(maxLag + 1, 0, draws.draws);
    const auto lags = static_cast<std::size_t>(out.lags);
    out.perChain.assign(static_cast<std::size_t>(draws.chains) * lags, kNaN);
    out.combined.assign(lags, kNaN);
    out.time = kNaN;
    if (draws.draws < 2 || undefinedFor(draws.values)) {
        return out;
    }
    Autocovariance engine;
    std::vector<double> means;
    for (Index m = 0; m < draws.chains; ++m) {
        const auto chain = draws.chain(m);
        means.push_back(meanOf(chain));
        if (varianceOf(chain) > 0) {
            const auto row = engine.mean({chain, 1, draws.draws});
            std::transform(row.begin(), row.begin() + out.lags, out.perChain.begin() + m * out.lags,
                           [&](double c) { return c / row[0]; });
        }
    }
    const auto all = engine.mean(draws);
    const double count = static_cast<double>(draws.draws);
    const double within = all[0] * count / (count - 1);
    const double plus = all[0] + (draws.chains > 1 ? varianceOf(means) : 0);
    for (std::size_t t = 0; t < lags; ++t) {
        out.combined[t] = t == 0 ? 1 : 1 - (within - all[t]) / plus;
    }
    out.time = static_cast<double>(draws.size()) / ScalarDiagnostics(draws).essMean();
    return out;
}

}  // namespace lx::diagnostics
