// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/session/experiment.h"

#include <chrono>
#include <stop_token>

namespace lx {

/// Makes steps, at least one, until the budget is spent or a request ends it.
template <class MakeStep>
void spend(const Budget& budget, const std::stop_token& stop, MakeStep makeStep) {
    const auto start = std::chrono::steady_clock::now();
    Index made = 0;
    do {
        makeStep();
        ++made;
    } while (
        made < budget.maxSteps && !stop.stop_requested() &&
        (budget.maxTime.count() <= 0 || std::chrono::steady_clock::now() - start < budget.maxTime));
}

}  // namespace lx
