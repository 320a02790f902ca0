// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nn/parameters.h"

#include "core/nn/random.h"

#include <ATen/ATen.h>

#include <cmath>

namespace lx {

std::size_t Parameters::declare(ParameterOptions options) {
    if (m_flat.defined()) {
        throw UsageError("parameters can be declared only before they are allocated");
    }
    Entry entry;
    entry.count = elementCount(options.shape);
    entry.options = std::move(options);
    m_entries.push_back(std::move(entry));
    return m_entries.size() - 1;
}

void Parameters::allocate(at::ScalarType type, Placement placement) {
    constexpr Index border = 16;
    Index length = 0;
    m_total = 0;
    for (auto& entry : m_entries) {
        entry.offset = length;
        m_total += entry.count;
        length += (entry.count + border - 1) / border * border;
        if (m_total > kMaxCount) {
            throw UsageError("the model would have more than " + std::to_string(kMaxCount) +
                             " parameters; choose smaller networks");
        }
    }
    m_placement = placement;
    const auto options = at::TensorOptions().dtype(type).device(placement.device);
    m_flat = at::zeros({length}, options);
    m_flatGradient = at::zeros({length}, options);
    for (auto& entry : m_entries) {
        entry.byHand = entry.byHand && placement.loops();
        const at::IntArrayRef shape(entry.options.shape);
        entry.gradient = m_flatGradient.narrow(0, entry.offset, entry.count).view(shape);
        entry.value = m_flat.narrow(0, entry.offset, entry.count).view(shape).detach();
        entry.value.requires_grad_(true);
        entry.value.mutable_grad() = entry.gradient;
    }
}

void Parameters::initialise(Key key) {
    const at::NoGradGuard off;
    for (auto& entry : m_entries) {
        const auto& o = entry.options;
        const Tensor values = m_flat.narrow(0, entry.offset, entry.count);
        if (o.init == Init::Constant) {
            values.fill_(o.constant);
        } else {
            const double bound = 1 / std::sqrt(static_cast<double>(std::max<Index>(1, o.fanIn)));
            values.copy_(uniform(derive(key, o.name), {entry.count}).mul_(2 * bound).sub_(bound));
        }
    }
}

void Parameters::beginStep() {
    for (auto& entry : m_entries) {
        entry.claimed = false;
        if (!entry.byHand) {
            entry.gradient.zero_();
            // Autograd adds in place only to the tensor that is there.
            entry.value.mutable_grad() = entry.gradient;
        }
    }
}

bool Parameters::claim(std::size_t i) {
    Entry& entry = m_entries.at(i);
    const bool first = !entry.claimed;
    entry.claimed = true;
    return first;
}

void Parameters::endBackward() {
    for (auto& entry : m_entries) {
        if (entry.byHand && !entry.claimed) {
            entry.gradient.zero_();
        }
    }
}

const std::string& Parameters::nameAt(Index at) const {
    std::size_t i = 0;
    while (i + 1 < m_entries.size() && m_entries[i + 1].offset <= at) {
        ++i;
    }
    return m_entries.at(i).options.name;
}

}  // namespace lx
