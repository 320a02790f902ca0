// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/error.h"

#include <deque>
#include <span>
#include <stop_token>
#include <vector>

namespace lx {

/// A function to minimise.
class Objective {
public:
    virtual ~Objective() = default;
    /// The value at x [n] and its gradient [n]. +infinity is allowed anywhere but at the start.
    virtual double evaluate(std::span<const double> x, std::span<double> gradient) = 0;
    /// v <- H v for a positive definite H near the inverse Hessian; the identity unless overridden.
    virtual void precondition(std::span<double> v) { static_cast<void>(v); }
    /// Called between iterations with the current point: the moment to renew the preconditioner.
    virtual void settle(std::span<const double> x, Index iteration) {
        static_cast<void>(x);
        static_cast<void>(iteration);
    }
};

struct LbfgsOptions {
    Index memory = 12;
    /// Converged when g' H g, which near the minimum is twice the excess, is below this share of
    /// the value.
    double tolerance = 1e-9;
};

enum class LbfgsEnd : std::uint8_t { Running, Converged, Stalled, Stopped };

/// Limited-memory BFGS with a strong-Wolfe line search, resumable between iterations. Debian's
/// liblbfgs knows neither a preconditioner nor a pause. The value never rises.
/// Ref: nocedal2006, algorithms 7.4, 3.5 and 3.6.
class Lbfgs {
public:
    /// Throws UsageError when the value at `start` is not finite. The objective must outlive this.
    Lbfgs(Objective&, std::vector<double> start, const LbfgsOptions& = {});

    /// Up to `iterations` more; a stop request ends it between two evaluations with the best point
    /// so far.
    LbfgsEnd advance(Index iterations, const std::stop_token& = {});

    std::span<const double> x() const noexcept { return m_x; }
    double value() const noexcept { return m_value; }
    /// g' H g over the value.
    double excess() const noexcept { return m_excess; }
    Index iterations() const noexcept { return m_iterations; }
    Index evaluations() const noexcept { return m_evaluations; }

private:
    struct Pair {
        std::vector<double> s, y;
        double rho = 0;
    };
    struct Trial {
        double step = 0, value = 0, slope = 0;
    };
    Trial probe(double step);
    bool lineSearch(double slope, const std::stop_token&);
    /// Shrinks the bracket until a trial satisfies both conditions, and takes it.
    bool zoom(Trial low, Trial high, double slope, const std::stop_token&);
    void take(double value);  ///< the last trial becomes the current point
    void direction();
    bool measure();

    Objective& m_objective;
    LbfgsOptions m_options;
    std::vector<double> m_x, m_gradient, m_direction, m_nextX, m_nextGradient, m_scratch;
    std::deque<Pair> m_pairs;
    double m_value = 0, m_excess = 0;
    Index m_iterations = 0, m_evaluations = 0;
};

}  // namespace lx
