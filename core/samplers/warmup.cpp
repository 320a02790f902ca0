// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/samplers/warmup.h"

#include "core/samplers/mass_matrix.h"

#include <algorithm>
#include <cmath>

namespace lx {
namespace {

double meanAcceptance(const ChainState& state, std::span<const StepInfo> info) {
    double sum = 0;
    if (const auto own = state.arrays.find(kTunedBy); own != state.arrays.end()) {
        for (const double a : own->second) {
            sum += std::isfinite(a) ? a : 0;
        }
        return sum / static_cast<double>(own->second.size());
    }
    for (const auto& i : info) {
        sum += std::isfinite(i.acceptProb) ? i.acceptProb : 0;
    }
    return info.empty() ? 0 : sum / static_cast<double>(info.size());
}

}  // namespace

void DualAveraging::restart(double stepSize) {
    m_mu = std::log(10 * stepSize);
    m_gap = m_count = 0;
    m_mean = std::log(stepSize);
}

double DualAveraging::next(double acceptance, double wanted) {
    constexpr double kGamma = 0.05, kT0 = 10, kKappa = 0.75;
    ++m_count;
    const double share = 1 / (m_count + kT0);
    m_gap = (1 - share) * m_gap + share * (wanted - acceptance);
    const double now = m_mu - m_gap * std::sqrt(m_count) / kGamma;
    const double weight = std::pow(m_count, -kKappa);
    m_mean = (1 - weight) * m_mean + weight * now;
    return std::exp(now);
}

double DualAveraging::average() const {
    return std::exp(m_mean);
}

void DualAveraging::setNumbers(std::span<const double> numbers) {
    if (numbers.size() != 4) {
        throw UsageError("the saved step size adaptation is damaged");
    }
    m_mu = numbers[0];
    m_gap = numbers[1];
    m_mean = numbers[2];
    m_count = numbers[3];
}

WarmupOptions warmupOptions(const SamplerSpec& spec, const ParamSet& params, Index iterations) {
    WarmupOptions out;
    out.iterations = iterations;
    if (spec.tuning.acceptance > 0 && flag(params, "sampler.adapt")) {
        out.acceptance = number(params, "sampler.target_accept");
        out.metric = spec.tuning.metric ? text(params, "sampler.metric") : "unit";
    }
    return out;
}

Warmup::Warmup(WarmupOptions options, Key key) : m_options(std::move(options)), m_key(key) {
    if (m_options.iterations < 0) {
        throw UsageError("warm-up cannot be shorter than 0 steps");
    }
    if (m_options.initial + m_options.window + m_options.last > m_options.iterations) {
        // Stan's shares for a short warm-up.
        const auto n = static_cast<double>(m_options.iterations);
        m_options.initial = static_cast<Index>(0.15 * n);
        m_options.last = static_cast<Index>(0.1 * n);
        m_options.window = m_options.iterations - m_options.initial - m_options.last;
    }
    m_size = m_options.window;
    m_end = m_options.initial + m_size - 1;
}

void Warmup::begin(const Kernel& kernel, const Energy& energy, ChainState& state) {
    if (m_options.metric == "dense" && state.dim > 1000) {
        throw UsageError("a dense metric is for at most 1000 dimensions: choose diagonal");
    }
    if (m_options.acceptance > 0 && !finished()) {
        seek(kernel, energy, state);
    }
}

void Warmup::seek(const Kernel& kernel, const Energy& energy, ChainState& state) {
    constexpr Index kChains = 16;
    const ChainState few = sliced(state, {0, std::min(state.chains, kChains)});
    std::vector<StepInfo> info(static_cast<std::size_t>(few.chains));
    double size = state.stepSize();
    const auto acceptance = [&](std::uint64_t attempt) {
        ChainState tried = few;
        tried.setStepSize(size);
        kernel.step(derive(derive(m_key, "seek"), static_cast<std::uint64_t>(m_done)), attempt,
                    energy, tried, info);
        return meanAcceptance(tried, info);
    };
    const bool up = acceptance(0) > m_options.acceptance;
    for (std::uint64_t attempt = 1; attempt < 60; ++attempt) {
        const double next = size * (up ? 2 : 0.5);
        if (next > 1e6 || next < 1e-12) {
            break;
        }
        size = next;
        if ((acceptance(attempt) > m_options.acceptance) != up) {
            break;
        }
    }
    state.setStepSize(size);
    m_average.restart(size);
}

void Warmup::collect(const ChainState& state) {
    constexpr Index kChains = 1024;
    const auto d = static_cast<std::size_t>(state.dim);
    const bool dense = m_options.metric == "dense";
    m_mean.resize(d);
    m_squares.resize(dense ? d * d : d);
    std::vector<double> before(d);
    const auto x = state.positions();
    const Index stride = (state.chains + kChains - 1) / kChains;
    for (Index c = 0; c < state.chains; c += stride) {
        ++m_count;
        const auto row = x.subspan(static_cast<std::size_t>(c) * d, d);
        for (std::size_t k = 0; k < d; ++k) {
            before[k] = row[k] - m_mean[k];
            m_mean[k] += before[k] / m_count;
        }
        for (std::size_t i = 0; i < d; ++i) {
            if (!dense) {
                m_squares[i] += before[i] * (row[i] - m_mean[i]);
                continue;
            }
            for (std::size_t j = 0; j < d; ++j) {
                m_squares[i * d + j] += before[i] * (row[j] - m_mean[j]);
            }
        }
    }
}

std::vector<double> Warmup::learned(std::size_t dim) const {
    const bool dense = m_options.metric == "dense";
    const double share = m_count / (m_count + 5) / (m_count - 1);
    const double ridge = 1e-3 * 5 / (m_count + 5);
    std::vector<double> out(m_squares.size());
    for (std::size_t k = 0; k < out.size(); ++k) {
        // The update of a dense sum is symmetric only up to rounding.
        const double sum =
            dense ? 0.5 * (m_squares[k] + m_squares[k % dim * dim + k / dim]) : m_squares[k];
        out[k] = share * sum + (!dense || k % (dim + 1) == 0 ? ridge : 0);
    }
    return out;
}

void Warmup::nextWindow() {
    const Index end = m_options.iterations - m_options.last - 1;
    if (m_end >= end) {
        return;
    }
    m_size *= 2;
    m_end = m_done + m_size;
    if (m_end + 2 * m_size > end) {
        m_end = end;
    }
}

void Warmup::after(const Kernel& kernel, const Energy& energy, ChainState& state,
                   std::span<const StepInfo> info) {
    if (finished()) {
        return;
    }
    const double acceptance = meanAcceptance(state, info);
    m_course.stepSize.push_back(state.shared.contains("step_size") ? state.stepSize() : 0);
    m_course.acceptance.push_back(acceptance);
    const bool tunes = m_options.acceptance > 0;
    if (tunes) {
        state.setStepSize(std::clamp(m_average.next(acceptance, m_options.acceptance), 1e-12, 1e6));
    }
    const bool learns = tunes && m_options.metric != "unit" && m_options.iterations >= 20;
    if (learns && m_done >= m_options.initial && m_done < m_options.iterations - m_options.last) {
        collect(state);
        if (m_done == m_end && m_count > 1) {
            const auto matrix = learned(static_cast<std::size_t>(state.dim));
            setInverseMass(state, matrix);
            m_course.windows.push_back({m_done, matrix});
            m_count = 0;
            m_mean.clear();
            m_squares.clear();
            nextWindow();
            seek(kernel, energy, state);
        }
    }
    ++m_done;
    if (finished() && tunes) {
        state.setStepSize(m_average.average());
    }
}

State Warmup::capture(std::string_view prefix) const {
    const std::string at(prefix);
    State out;
    const auto put = [&](const std::string& name, const std::vector<double>& values) {
        out[at + name] = Array({static_cast<Index>(values.size())}, values);
    };
    out[at + "place"] = Array({3}, std::vector<Index>{m_done, m_size, m_end});
    put("average", m_average.numbers());
    put("count", {m_count});
    put("mean", m_mean);
    put("squares", m_squares);
    put("course.step_size", m_course.stepSize);
    put("course.acceptance", m_course.acceptance);
    std::vector<Index> iterations;
    std::vector<double> matrices;
    for (const auto& window : m_course.windows) {
        iterations.push_back(window.iteration);
        matrices.insert(matrices.end(), window.inverseMass.begin(), window.inverseMass.end());
    }
    out[at + "course.windows"] = Array({static_cast<Index>(iterations.size())}, iterations);
    put("course.inverse_mass", matrices);
    return out;
}

void Warmup::restore(const State& state, std::string_view prefix) {
    const std::string at(prefix);
    const auto find = [&](const std::string& name) -> const Array& {
        const auto found = state.find(at + name);
        if (found == state.end()) {
            throw UsageError("the saved warm-up has no \"" + name + "\"");
        }
        return found->second;
    };
    const auto numbers = [&](const std::string& name) {
        const auto values = find(name).values<double>();
        return std::vector<double>(values.begin(), values.end());
    };
    const auto place = find("place").values<Index>();
    const auto windows = find("course.windows").values<Index>();
    const auto matrices = numbers("course.inverse_mass");
    const auto count = numbers("count");
    if (place.size() != 3 || count.size() != 1 ||
        (windows.empty() ? !matrices.empty() : matrices.size() % windows.size() != 0)) {
        throw UsageError("the saved warm-up is damaged: its arrays do not fit each other");
    }
    m_done = place[0];
    m_size = place[1];
    m_end = place[2];
    m_average.setNumbers(numbers("average"));
    m_count = count[0];
    m_mean = numbers("mean");
    m_squares = numbers("squares");
    m_course = {numbers("course.step_size"), numbers("course.acceptance"), {}};
    for (std::size_t w = 0; w < windows.size(); ++w) {
        const std::size_t width = matrices.size() / windows.size();
        m_course.windows.push_back(
            {windows[w],
             {matrices.begin() + static_cast<std::ptrdiff_t>(w * width),
              matrices.begin() + static_cast<std::ptrdiff_t>((w + 1) * width)}});
    }
}

}  // namespace lx
