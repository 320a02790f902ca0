// SPDX-License-Identifier: GPL-3.0-or-later
// Yardsticks that know nothing of how an energy is written.
#pragma once

#include "core/base/philox.h"
#include "core/energies/registry.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace lx::checks {

/// About 1000 checks at a level of 1e-6 each would pass a right program 999 times of 1000.
inline constexpr double kLimit = 5.5;

struct Case {
    const char* name;
    const char* id;
    ParamSet params;
    bool light = true;  ///< tails light enough for z-scores of second moments
    bool plane = true;  ///< two coordinates and a box that holds the mass
};

inline std::vector<Case> cases() {
    const auto word = [](const char* text) { return ParamValue(std::string(text)); };
    return {
        {"gauss", "gauss", {}},
        {"gauss 1-D", "gauss", {{"energy.dim", Index{1}}}, true, false},
        {"gauss 30-D",
         "gauss",
         {{"energy.dim", Index{30}}, {"energy.condition", 100.0}},
         true,
         false},
        {"gauss straight", "gauss", {{"energy.rotated", false}}},
        {"ring8", "ring8", {}},
        {"grid25", "grid25", {}},
        {"grid25 close", "grid25", {{"energy.sd", 0.3}}},
        {"two-modes", "two-modes", {}},
        {"two-modes 5-D", "two-modes", {{"energy.dim", Index{5}}}, true, false},
        {"banana", "banana", {}},
        {"funnel", "funnel", {}, false, false},
        {"funnel 2-D", "funnel", {{"energy.dim", Index{2}}, {"energy.sd", 0.5}}, true, false},
        {"funnel 100-D", "funnel", {{"energy.dim", Index{100}}, {"energy.sd", 0.5}}, true, false},
        {"funnel noncentred", "funnel", {{"energy.form", word("noncentred")}}, true, false},
        {"donut", "donut", {}},
        {"donut wide", "donut", {{"energy.radius", 0.5}, {"energy.sd", 1.0}}},
        {"squiggle", "squiggle", {}},
        {"squiggle slow", "squiggle", {{"energy.frequency", 0.7}, {"energy.amplitude", 1.5}}},
        {"muller-brown", "muller-brown", {}},
        {"himmelblau", "himmelblau", {}},
        {"double-well", "double-well", {}},
        {"double-well 1-D", "double-well", {{"energy.dim", Index{1}}}, true, false},
        {"student-t", "student-t", {}, false, false},
        {"student-t 20-D",
         "student-t",
         {{"energy.dim", Index{20}}, {"energy.dof", 30.0}, {"energy.scale", 2.0}},
         true,
         false},
        {"eight-schools", "eight-schools", {}, true, false},
        {"eight-schools centred", "eight-schools", {{"energy.form", word("centred")}}, true, false},
        {"logistic", "logistic", {}},
        {"logistic 6-D", "logistic", {{"energy.features", Index{5}}}, true, false},
        {"mixture", "mixture", {}},
        {"mixture pair", "mixture", {{"energy.components", Index{2}}, {"energy.separation", 1.5}}},
        {"mixture 1-D", "mixture", {{"energy.dim", Index{1}}}, true, false},
        {"mixture close", "mixture", {{"energy.separation", 1.0}}},
        {"formula", "formula", {}},
        {"painted", "painted", {}}};
}

/// Exact draws where there are any, else points all over the frame.
inline std::vector<double> points(const Energy& energy, Key key, Index count) {
    if (energy.canSample()) {
        return energy.sample(key, count);
    }
    const auto d = static_cast<std::size_t>(energy.dim());
    const Box frame = energy.frame();
    std::vector<float> uniform(static_cast<std::size_t>(count) * d);
    fillUniform(key, uniform);
    std::vector<double> out;
    for (std::size_t i = 0; i < uniform.size(); ++i) {
        const double low = frame.lower[i % d], high = frame.upper[i % d];
        out.push_back(low + (high - low) * static_cast<double>(uniform[i]));
    }
    return out;
}

/// Largest difference of the gradient, stretched by `stretch`, from central differences of fourth
/// order, over 1 + the largest derivative of that point.
inline double worstGradient(const Energy& energy, const std::vector<double>& x,
                            double stretch = 1) {
    const auto d = static_cast<std::size_t>(energy.dim());
    std::vector<double> value(x.size() / d), grad(x.size());
    energy.evaluate(x, value, grad);
    double worst = 0;
    for (std::size_t i = 0; i < value.size(); ++i) {
        double scale = 1;
        for (std::size_t k = 0; k < d; ++k) {
            scale = std::max(scale, 1 + std::abs(grad[i * d + k]));
        }
        std::vector<double> at(x.begin() + static_cast<std::ptrdiff_t>(i * d),
                               x.begin() + static_cast<std::ptrdiff_t>((i + 1) * d));
        for (std::size_t k = 0; k < d; ++k) {
            const double centre = at[k], h = 2e-4;
            const auto moved = [&](double by) {
                at[k] = centre + by;
                return energy.at(at);
            };
            const double slope =
                (8 * (moved(h) - moved(-h)) - (moved(2 * h) - moved(-2 * h))) / (12 * h);
            at[k] = centre;
            worst = std::max(worst, std::abs(slope - stretch * grad[i * d + k]) / scale);
        }
    }
    return worst;
}

/// Sample mean of `term(i)` over n draws against `expected`, in standard errors.
template <class Term>
double score(std::size_t n, const Term& term, double expected) {
    double sum = 0, squares = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const double x = term(i) - expected;
        sum += x;
        squares += x * x;
    }
    const auto count = static_cast<double>(n);
    const double mean = sum / count, variance = squares / count - mean * mean;
    return std::abs(mean) / (std::sqrt(std::max(variance, 0.0) / count) + 1e-12);
}

struct Plane {
    double logZ = 0, energy = 0;  ///< log of the mass; mean of E
};

/// Midpoint rule on cells x cells over the box.
inline Plane integrate(const Energy& energy, int cells) {
    const Box box = energy.box();
    const double dx = (box.upper[0] - box.lower[0]) / cells;
    const double dy = (box.upper[1] - box.lower[1]) / cells;
    std::vector<double> x(static_cast<std::size_t>(2 * cells)),
        value(static_cast<std::size_t>(cells));
    double mass = 0, weighted = 0;
    for (int i = 0; i < cells; ++i) {
        for (std::size_t j = 0; j < value.size(); ++j) {
            x[2 * j] = box.lower[0] + dx * (i + 0.5);
            x[2 * j + 1] = box.lower[1] + dy * (static_cast<double>(j) + 0.5);
        }
        energy.evaluate(x, value);
        for (const double e : value) {
            if (std::isfinite(e)) {
                mass += std::exp(-e);
                weighted += e * std::exp(-e);
            }
        }
    }
    return {std::log(mass * dx * dy), weighted / mass};
}

}  // namespace lx::checks
