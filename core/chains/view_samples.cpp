// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/chains/view_samples.h"

#include <algorithm>

namespace lx::detail {
namespace {

constexpr Index kLeast = 16;

template <class Copy>
Sample collect(std::span<const Index> slots, Index from, Index step, Index draws,
               const Copy& copy) {
    Sample out;
    out.chains = std::ssize(slots);
    out.draws = draws;
    out.from = from;
    out.step = step;
    out.values.resize(static_cast<std::size_t>(out.chains * draws));
    for (std::size_t m = 0; m < slots.size(); ++m) {
        copy(slots[m], from, step,
             std::span(out.values)
                 .subspan(m * static_cast<std::size_t>(draws), static_cast<std::size_t>(draws)));
    }
    return out;
}

Index budget(std::span<const Index> slots, Index most, Index draws) {
    return most == 0 || slots.empty() ? draws : std::max(most / std::ssize(slots), kLeast);
}

}  // namespace

Index variableCount(const ChainLayout& layout) {
    const bool own =
        layout.scalar("lp__") && std::ranges::find(layout.names, "lp__") == layout.names.end();
    return layout.dim() + (own ? 1 : 0);
}

std::string variableName(const ChainLayout& layout, Index variable) {
    return variable < layout.dim() ? layout.names[static_cast<std::size_t>(variable)] : "lp__";
}

void copyVariable(const ChainView& view, Index variable, Index slot, Index from, Index step,
                  std::span<double> out) {
    if (variable < view.layout().dim()) {
        view.copy(variable, slot, from, step, out);
    } else {
        view.copyScalar(view.layout().scalar("lp__").value_or(0), slot, from, step, out);
    }
}

std::vector<Index> evenSlots(const ChainView& view, Index most) {
    const Index count = std::ssize(view.kept());
    std::vector<Index> out;
    for (Index i = 0; i < std::min(count, most); ++i) {
        out.push_back(count <= most ? i : i * count / most);
    }
    return out;
}

Sample thinned(const ChainView& view, Index variable, std::span<const Index> slots, Index most) {
    const Index draws = view.draws(), room = budget(slots, most, draws);
    const Index step = std::max<Index>(1, (draws + room - 1) / std::max<Index>(room, 1));
    const Index count = draws > 0 ? (draws - 1) / step + 1 : 0;
    const Index from = view.warmup() + (draws > 0 ? (draws - 1) % step : 0);
    return collect(slots, from, step, count,
                   [&](Index slot, Index first, Index by, std::span<double> out) {
                       copyVariable(view, variable, slot, first, by, out);
                   });
}

Sample recent(const ChainView& view, Index variable, std::span<const Index> slots, Index most) {
    const Index count = std::min(view.draws(), budget(slots, most, view.draws()));
    return collect(slots, view.rows() - count, 1, count,
                   [&](Index slot, Index first, Index by, std::span<double> out) {
                       copyVariable(view, variable, slot, first, by, out);
                   });
}

Sample recentScalar(const ChainView& view, std::size_t scalar, std::span<const Index> slots,
                    Index most) {
    const Index count = std::min(view.draws(), budget(slots, most, view.draws()));
    return collect(slots, view.rows() - count, 1, count,
                   [&](Index slot, Index first, Index by, std::span<double> out) {
                       view.copyScalar(scalar, slot, first, by, out);
                   });
}

}  // namespace lx::detail
