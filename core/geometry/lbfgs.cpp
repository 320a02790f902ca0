// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/geometry/lbfgs.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

namespace lx {
namespace {

constexpr double kArmijo = 1e-4, kWolfe = 0.9;
constexpr int kTrials = 30;

double dot(std::span<const double> a, std::span<const double> b) {
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

}  // namespace

Lbfgs::Lbfgs(Objective& objective, std::vector<double> start, const LbfgsOptions& options)
    : m_objective(objective),
      m_options(options),
      m_x(std::move(start)),
      m_gradient(m_x.size()),
      m_direction(m_x.size()),
      m_nextX(m_x.size()),
      m_nextGradient(m_x.size()),
      m_scratch(m_x.size()) {
    m_value = objective.evaluate(m_x, m_gradient);
    ++m_evaluations;
    if (!std::isfinite(m_value)) {
        throw UsageError("a minimisation cannot begin where its value is not finite");
    }
    objective.settle(m_x, 0);
    measure();
}

bool Lbfgs::measure() {
    m_scratch = m_gradient;
    m_objective.precondition(m_scratch);
    const double decrement = dot(m_gradient, m_scratch);
    const double scale = std::max(std::abs(m_value), std::numeric_limits<double>::min());
    m_excess = decrement / scale;
    return m_excess <= m_options.tolerance;
}

LbfgsEnd Lbfgs::advance(Index iterations, const std::stop_token& stop) {
    for (Index i = 0; i < iterations; ++i) {
        if (measure()) {
            return LbfgsEnd::Converged;
        }
        if (stop.stop_requested()) {
            return LbfgsEnd::Stopped;
        }
        direction();
        double slope = dot(m_gradient, m_direction);
        bool moved = slope < 0 && lineSearch(slope, stop);
        if (!moved && !m_pairs.empty() && !stop.stop_requested()) {
            m_pairs.clear();
            direction();
            slope = dot(m_gradient, m_direction);
            moved = slope < 0 && lineSearch(slope, stop);
        }
        if (!moved) {
            return stop.stop_requested() ? LbfgsEnd::Stopped : LbfgsEnd::Stalled;
        }
        ++m_iterations;
        m_objective.settle(m_x, m_iterations);
    }
    return measure() ? LbfgsEnd::Converged : LbfgsEnd::Running;
}

void Lbfgs::direction() {
    std::ranges::transform(m_gradient, m_direction.begin(), std::negate<>());
    std::vector<double> alpha(m_pairs.size());
    for (std::size_t i = m_pairs.size(); i-- > 0;) {
        const Pair& p = m_pairs[i];
        alpha[i] = p.rho * dot(p.s, m_direction);
        for (std::size_t k = 0; k < m_direction.size(); ++k) {
            m_direction[k] -= alpha[i] * p.y[k];
        }
    }
    double gamma = 1;
    if (!m_pairs.empty()) {
        m_scratch = m_pairs.back().y;
        m_objective.precondition(m_scratch);
        const double yHy = dot(m_pairs.back().y, m_scratch);
        gamma = yHy > 0 ? 1 / (m_pairs.back().rho * yHy) : 1;
    }
    m_objective.precondition(m_direction);
    for (double& d : m_direction) {
        d *= gamma;
    }
    for (std::size_t i = 0; i < m_pairs.size(); ++i) {
        const Pair& p = m_pairs[i];
        const double beta = p.rho * dot(p.y, m_direction);
        for (std::size_t k = 0; k < m_direction.size(); ++k) {
            m_direction[k] += (alpha[i] - beta) * p.s[k];
        }
    }
}

Lbfgs::Trial Lbfgs::probe(double step) {
    for (std::size_t k = 0; k < m_x.size(); ++k) {
        m_nextX[k] = m_x[k] + step * m_direction[k];
    }
    const double value = m_objective.evaluate(m_nextX, m_nextGradient);
    ++m_evaluations;
    return {step, std::isnan(value) ? std::numeric_limits<double>::infinity() : value,
            dot(m_nextGradient, m_direction)};
}

bool Lbfgs::lineSearch(double slope, const std::stop_token& stop) {
    Trial before{0, m_value, slope};
    double step = 1;
    for (int i = 0; i < kTrials && !stop.stop_requested(); ++i, step *= 2) {
        const Trial now = probe(step);
        if (!(now.value <= m_value + kArmijo * step * slope) ||
            (i > 0 && now.value >= before.value)) {
            return zoom(before, now, slope, stop);
        }
        if (std::abs(now.slope) <= -kWolfe * slope || i + 1 == kTrials) {
            take(now.value);
            return true;
        }
        if (now.slope >= 0) {
            return zoom(now, before, slope, stop);
        }
        before = now;
    }
    return false;
}

bool Lbfgs::zoom(Trial low, Trial high, double slope, const std::stop_token& stop) {
    for (int i = 0; i < kTrials && !stop.stop_requested(); ++i) {
        const double width = high.step - low.step;
        if (std::abs(width) < 1e-14 * std::max(low.step, high.step)) {
            break;
        }
        double step = low.step + 0.5 * width;
        if (std::isfinite(high.value)) {
            // The parabola through low's value and slope and high's value.
            const double bend = high.value - low.value - low.slope * width;
            const double guess = low.step - 0.5 * low.slope * width * width / bend;
            const double near = std::min(low.step, high.step) + 0.1 * std::abs(width);
            const double far = std::max(low.step, high.step) - 0.1 * std::abs(width);
            step = bend > 0 ? std::clamp(guess, near, far) : step;
        }
        const Trial now = probe(step);
        if (!(now.value <= m_value + kArmijo * step * slope) || now.value >= low.value) {
            high = now;
            continue;
        }
        if (std::abs(now.slope) <= -kWolfe * slope) {
            take(now.value);
            return true;
        }
        if (now.slope * width >= 0) {
            high = low;
        }
        low = now;
    }
    if (!(low.step > 0) || stop.stop_requested()) {
        return false;
    }
    // Rounding hides the minimum of the bracket: what has fallen is progress all the same.
    const Trial last = probe(low.step);
    if (!(last.value < m_value)) {
        return false;
    }
    take(last.value);
    return true;
}

void Lbfgs::take(double value) {
    Pair pair{std::vector<double>(m_x.size()), std::vector<double>(m_x.size()), 0};
    for (std::size_t k = 0; k < m_x.size(); ++k) {
        pair.s[k] = m_nextX[k] - m_x[k];
        pair.y[k] = m_nextGradient[k] - m_gradient[k];
    }
    const double curvature = dot(pair.s, pair.y);
    if (curvature > 1e-14 * std::sqrt(dot(pair.s, pair.s) * dot(pair.y, pair.y))) {
        pair.rho = 1 / curvature;
        m_pairs.push_back(std::move(pair));
        if (static_cast<Index>(m_pairs.size()) > m_options.memory) {
            m_pairs.pop_front();
        }
    }
    std::swap(m_x, m_nextX);
    std::swap(m_gradient, m_nextGradient);
    m_value = value;
}

}  // namespace lx
