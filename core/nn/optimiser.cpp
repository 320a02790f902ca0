// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nn/optimiser.h"

#include <ATen/ATen.h>

#include <cmath>
#include <numbers>

namespace lx {
namespace {

/// Beyond this the second moment of Adam leaves the range of a float.
constexpr double kLargestNorm = 1e18;

template <class Call>
void byType(const Tensor& t, Call call) {
    if (t.scalar_type() == at::kFloat) {
        call(float{});
    } else {
        call(double{});
    }
}

}  // namespace

Schedule scheduleOf(const std::string& name) {
    if (name == "constant") {
        return Schedule::Constant;
    } else if (name == "cosine") {
        return Schedule::Cosine;
    }
    throw UsageError("unknown schedule '" + name + "'; constant and cosine are known");
}

double rateAt(const OptimiserOptions& o, Index step) {
    double rate = o.rate;
    if (o.warmup > 0 && step < o.warmup) {
        rate *= static_cast<double>(step + 1) / static_cast<double>(o.warmup);
    }
    if (o.schedule == Schedule::Cosine && o.horizon > 0) {
        const double part =
            std::min(1.0, static_cast<double>(step) / static_cast<double>(o.horizon));
        rate *= 0.5 * (1 + std::cos(std::numbers::pi * part));
    }
    return rate;
}

double checkedNorm(const Parameters& parameters, const Tensor& flat, const std::string& what,
                   Index step) {
    double norm = 0;
    if (parameters.placement().loops()) {
        byType(flat, [&]<class T>(T) {
            norm = std::sqrt(kernels::sumOfSquares(flat.data_ptr<T>(), flat.numel()));
        });
    } else {
        norm = at::norm(flat.detach(), 2, at::kDouble).item<double>();
    }
    if (norm <= kLargestNorm) {
        return norm;
    }
    const Tensor host = flat.detach().cpu();
    byType(host, [&]<class T>(T) {
        const T* values = host.data_ptr<T>();
        for (Index i = 0; i < host.numel(); ++i) {
            if (!(std::abs(static_cast<double>(values[i])) <= kLargestNorm)) {
                throw NumericalError(what + " " + parameters.nameAt(i), step,
                                     std::isfinite(values[i]) ? "is too large to continue"
                                                              : "is not a finite number");
            }
        }
    });
    throw NumericalError(what, step, "is too large to continue");
}

Adam::Adam(Parameters& parameters, OptimiserOptions options)
    : m_parameters(parameters),
      m_options(options),
      m_first(at::zeros_like(parameters.flat())),
      m_second(at::zeros_like(parameters.flat())) {}

const Tensor& Adam::averaged() const noexcept {
    return m_average.defined() ? m_average : m_parameters.flat();
}

void Adam::updateTensors(const Tensor& w, const Tensor& g, const Tensor& m, const Tensor& v,
                         const AdamStep& o) {
    const double correction1 = 1 - std::pow(o.beta1, static_cast<double>(o.step));
    const double correction2 = 1 - std::pow(o.beta2, static_cast<double>(o.step));
    m.mul_(o.beta1).add_(g, (1 - o.beta1) * o.gradientScale);
    v.mul_(o.beta2).addcmul_(g, g, (1 - o.beta2) * o.gradientScale * o.gradientScale);
    w.addcdiv_(m, (v / correction2).sqrt_().add_(o.epsilon), -o.rate / correction1);
}

void Adam::update(Index step, double norm, std::span<const std::pair<Index, Index>> ranges) {
    const at::NoGradGuard off;
    if (m_options.ema <= 0) {
        m_average = Tensor();
    } else if (!m_average.defined()) {
        m_average = m_parameters.flat().clone();
    }
    AdamStep o;
    o.rate = rateAt(m_options, step);
    o.beta1 = m_options.beta1;
    o.step = ++m_updates;
    o.gradientScale = m_options.clip > 0 && norm > m_options.clip ? m_options.clip / norm : 1.0;
    // The first weights are random and must not weigh in the average for long.
    const auto n = static_cast<double>(m_updates);
    const double decay = std::min(m_options.ema, (1 + n) / (10 + n));
    const Tensor& w = m_parameters.flat();
    if (!m_parameters.placement().loops()) {
        for (const auto& [begin, end] : ranges) {
            const auto part = [first = begin, count = end - begin](const Tensor& flat) {
                return flat.narrow(0, first, count);
            };
            updateTensors(part(w), part(m_parameters.flatGradient()), part(m_first), part(m_second),
                          o);
        }
        if (m_average.defined()) {
            m_average.lerp_(w, 1 - decay);
        }
        return;
    }
    byType(w, [&]<class T>(T) {
        for (const auto& [begin, end] : ranges) {
            kernels::adam(
                w.data_ptr<T>() + begin, m_parameters.flatGradient().data_ptr<T>() + begin,
                m_first.data_ptr<T>() + begin, m_second.data_ptr<T>() + begin, end - begin, o);
        }
        if (m_average.defined()) {
            kernels::average(m_average.data_ptr<T>(), w.data_ptr<T>(), w.numel(), decay);
        }
    });
}

}  // namespace lx
