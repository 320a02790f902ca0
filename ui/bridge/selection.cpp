// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/bridge/selection.h"

#include "ui/bridge/session_bridge.h"

#include <algorithm>
#include <iterator>

namespace lx::ui {
namespace {

constexpr Index kMaxClasses = 4096;

const Array* labelsOf(const Frame& frame, Index count) {
    const Array* labels = channel(frame, "labels");
    return labels && labels->dtype() == DType::I64 && labels->count() == count ? labels : nullptr;
}

Index codeCount(const Frame& frame) {
    const Array* codes = channel(frame, "codes");
    return codes && codes->shape().size() == 2 ? codes->dim(0) : 0;
}

}  // namespace

bool Selection::contains(Index row) const {
    return std::ranges::binary_search(rows, row);
}

std::vector<Index> combined(const std::vector<Index>& before, std::vector<Index> picked,
                            Combine how, Index count) {
    const auto tidy = [count](std::vector<Index>& rows) {
        std::erase_if(rows, [count](Index row) { return row < 0 || row >= count; });
        std::ranges::sort(rows);
        rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
    };
    tidy(picked);
    if (how == Combine::Replace) {
        return picked;
    }
    std::vector<Index> old = before, out;
    tidy(old);
    if (how == Combine::Add) {
        std::ranges::set_union(old, picked, std::back_inserter(out));
    } else {
        std::ranges::set_difference(old, picked, std::back_inserter(out));
    }
    return out;
}

Selection nothingSelected(const Frame& frame) {
    Selection out;
    out.source = frame.source;
    out.count = codeCount(frame);
    if (const Array* labels = labelsOf(frame, out.count)) {
        out.labels = *labels;
    }
    return out;
}

bool appliesTo(const Selection& selection, const Frame& frame) {
    if (selection.count != codeCount(frame)) {
        return false;
    }
    const Array* labels = labelsOf(frame, selection.count);
    if (!labels || !selection.labels.defined()) {
        return !labels && !selection.labels.defined() && selection.source == frame.source;
    }
    return std::ranges::equal(labels->values<Index>(), selection.labels.values<Index>());
}

std::vector<Index> composition(const Selection& selection) {
    std::vector<Index> out;
    if (!selection.labels.defined()) {
        return out;
    }
    const auto labels = selection.labels.values<Index>();
    for (const Index row : selection.rows) {
        const Index label = labels[static_cast<std::size_t>(row)];
        if (label < 0 || label >= kMaxClasses) {
            continue;
        }
        if (label >= static_cast<Index>(out.size())) {
            out.resize(static_cast<std::size_t>(label) + 1);
        }
        ++out[static_cast<std::size_t>(label)];
    }
    return out;
}

}  // namespace lx::ui
