// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nn/trainer.h"

#include <ATen/ATen.h>

#include <cmath>

namespace lx {
namespace {

/// A float loss beyond this comes from a parameter that has run away.
constexpr double kLargestLoss = 1e30;

bool inGroup(const std::string& name, const std::string& group) {
    return group.empty() || name == group ||
           (name.starts_with(group) && name.size() > group.size() && name[group.size()] == '.');
}

/// Neighbouring tensors merge into one range, gaps included.
std::vector<std::pair<Index, Index>> rangesOf(const Parameters& parameters, const Phase& phase) {
    std::vector<std::pair<Index, Index>> ranges;
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        const std::string& name = parameters.options(i).name;
        bool moves = inGroup(name, phase.group);
        for (const auto& frozen : phase.frozen) {
            moves = moves && !inGroup(name, frozen);
        }
        if (!moves) {
            continue;
        }
        const Index begin = parameters.offset(i);
        const Index end =
            i + 1 < parameters.size() ? parameters.offset(i + 1) : parameters.flat().numel();
        if (!ranges.empty() && ranges.back().second == begin) {
            ranges.back().second = end;
        } else {
            ranges.emplace_back(begin, end);
        }
    }
    if (ranges.empty()) {
        throw UsageError("phase '" + phase.name + "' has no parameters to train");
    }
    return ranges;
}

}  // namespace

Trainer::Trainer(Parameters& parameters, OptimiserOptions options, std::vector<Stage> stages,
                 GradientFunction gradient)
    : m_parameters(parameters),
      m_adam(parameters, options),
      m_stages(std::move(stages)),
      m_gradient(std::move(gradient)) {
    if (m_stages.empty()) {
        throw UsageError("a training plan needs at least one stage");
    }
    for (const auto& stage : m_stages) {
        auto& work = m_work.emplace_back();
        for (const auto& phase : stage.phases) {
            work.push_back({phase, rangesOf(parameters, phase)});
        }
    }
}

std::size_t Trainer::stageIndex() const {
    Index left = m_steps;
    for (std::size_t s = 0; s + 1 < m_stages.size(); ++s) {
        if (m_stages[s].steps <= 0 || left < m_stages[s].steps) {
            return s;
        }
        left -= m_stages[s].steps;
    }
    return m_stages.size() - 1;
}

const Stage& Trainer::stage() const {
    return m_stages[stageIndex()];
}

bool Trainer::hasPhase(const std::string& name) const {
    for (const auto& phase : stage().phases) {
        if (phase.name == name) {
            return true;
        }
    }
    return false;
}

StepResult Trainer::runPhase(const Work& work) {
    // A rectifier can hide a weight of minus infinity from loss and gradient.
    checkedNorm(m_parameters, m_parameters.flat(), "parameter", m_steps);
    m_parameters.beginStep();
    StepResult result = m_gradient(work.phase, m_steps);
    m_parameters.endBackward();
    if (!(std::abs(result.loss) <= kLargestLoss)) {
        throw NumericalError(
            result.lossName, m_steps,
            std::isfinite(result.loss) ? "is too large to continue" : "is not a finite number");
    }
    result.gradientNorm =
        checkedNorm(m_parameters, m_parameters.flatGradient(), "gradient of", m_steps);
    result.rate = rateAt(m_adam.options(), m_steps);
    m_adam.update(m_steps, result.gradientNorm, work.ranges);
    return result;
}

StepResult Trainer::step(const std::string& phase) {
    StepResult last;
    bool ran = false;
    for (const auto& work : m_work[stageIndex()]) {
        const bool due = phase.empty() ? m_steps % std::max<Index>(1, work.phase.every) == 0
                                       : work.phase.name == phase;
        if (due) {
            last = runPhase(work);
            ran = true;
        }
    }
    if (!ran && !phase.empty()) {
        throw UsageError("this run has no phase '" + phase + "' to step");
    }
    ++m_steps;
    return last;
}

}  // namespace lx
