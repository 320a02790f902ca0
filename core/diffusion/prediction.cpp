// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/diffusion/prediction.h"

namespace lx::diffusion {

Prediction predictionNamed(std::string_view name) {
    if (name == "x0") {
        return Prediction::Clean;
    } else if (name == "epsilon") {
        return Prediction::Epsilon;
    } else if (name == "score") {
        return Prediction::Score;
    } else if (name == "v") {
        return Prediction::Velocity;
    }
    throw UsageError("unknown prediction '" + std::string(name) +
                     "'; x0, epsilon, score and v are known");
}

Linear conversion(Prediction from, Prediction to, const NoiseLevel& level) {
    const double a = level.alpha, s = level.sigma, power = a * a + s * s;
    if (from == to) {
        return {1, 0};
    }
    // Each form is one coordinate of the pair (x, eps); z is another, so two of them give a third.
    Linear x, eps;
    switch (from) {
        case Prediction::Clean:
            x = {1, 0};
            eps = {-a / s, 1 / s};
            break;
        case Prediction::Epsilon:
            x = {-s / a, 1 / a};
            eps = {1, 0};
            break;
        case Prediction::Score:
            x = {s * s / a, 1 / a};
            eps = {-s, 0};
            break;
        case Prediction::Velocity:
            x = {-s / power, a / power};
            eps = {a / power, s / power};
            break;
    }
    switch (to) {
        case Prediction::Clean: return x;
        case Prediction::Epsilon: return eps;
        case Prediction::Score: return {-eps.value / s, -eps.z / s};
        case Prediction::Velocity: break;
    }
    return {a * eps.value - s * x.value, a * eps.z - s * x.z};
}

void convert(Prediction from, Prediction to, const NoiseLevel& level, std::span<const double> z,
             std::span<double> values) {
    if (z.size() != values.size()) {
        throw UsageError("a prediction needs as many numbers as its noisy rows have");
    }
    const Linear map = conversion(from, to, level);
    for (std::size_t i = 0; i < values.size(); ++i) {
        values[i] = map.value * values[i] + map.z * z[i];
    }
}

}  // namespace lx::diffusion
