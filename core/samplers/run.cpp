// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/samplers/run.h"

#include <algorithm>
#include <exception>
#include <thread>

namespace lx {

void runChains(const Kernel& kernel, Key key, std::uint64_t first, Index steps,
               const Energy& energy, ChainState& state, Index threads, std::span<StepInfo> info,
               StepTrace* trace) {
    const auto run = [&](ChainRange range) {
        for (Index s = 0; s < steps; ++s) {
            kernel.step(key, first + static_cast<std::uint64_t>(s), energy, state, range, info,
                        s + 1 == steps ? trace : nullptr);
        }
    };
    // Below this many chains a thread costs more than it brings.
    constexpr Index kLeast = 256;
    const Index parts = kernel.ensemble() ? 1
                                          : std::clamp<Index>(state.chains / kLeast, 1,
                                                              std::max<Index>(1, threads));
    if (parts == 1) {
        run({0, state.chains});
        return;
    }
    std::vector<std::exception_ptr> failures(static_cast<std::size_t>(parts));
    {
        std::vector<std::jthread> workers;
        for (Index p = 0; p < parts; ++p) {
            workers.emplace_back([&, p] {
                try {
                    run({state.chains * p / parts, state.chains * (p + 1) / parts});
                } catch (...) {
                    failures[static_cast<std::size_t>(p)] = std::current_exception();
                }
            });
        }
    }
    for (const auto& failure : failures) {
        if (failure) {
            std::rethrow_exception(failure);
        }
    }
}

}  // namespace lx
