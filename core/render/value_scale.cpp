// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/value_scale.h"

#include <algorithm>

namespace lx::render {

std::string problem(const ValueRange& range) {
    if (!std::isfinite(range.high - range.low) || range.high == range.low) {
        return "the range of a colour map must be finite and not empty";
    }
    if (range.scaling == Scaling::Log && !(range.low > 0 && range.high > 0)) {
        return "a logarithmic colour map needs a range above 0";
    }
    if (range.scaling == Scaling::SymLog && !(range.linear > 0 && std::isfinite(range.linear))) {
        return "a symmetric-log colour map needs a linear part above 0";
    }
    const ValueScale scale(range);
    return std::isfinite(scale.extent()) && scale.extent() != 0
               ? ""
               : "the range of a colour map is too narrow for 32 bits";
}

ValueRange rangeOf(const GridLayer& layer) {
    return {layer.low, layer.high, layer.scaling, layer.linear};
}

ValueRange quantileRange(const Array& values, double lower, double upper, Scaling scaling) {
    std::vector<float> kept;
    const bool log = scaling == Scaling::Log;
    if (values.defined() && values.dtype() == DType::F32) {
        for (const float v : values.values<float>()) {
            if (std::isfinite(v) && (!log || v > 0)) {
                kept.push_back(v);
            }
        }
    }
    ValueRange range{log ? 1.0 : 0.0, log ? 2.0 : 1.0, scaling};
    if (kept.empty()) {
        return range;
    }
    const auto quantile = [&](double q) {
        const double at = std::clamp(q, 0.0, 1.0) * static_cast<double>(kept.size() - 1);
        const auto nth = kept.begin() + static_cast<std::ptrdiff_t>(std::lround(at));
        std::nth_element(kept.begin(), nth, kept.end());
        return static_cast<double>(*nth);
    };
    range.low = quantile(std::min(lower, upper));
    range.high = quantile(std::max(lower, upper));
    if (!problem(range).empty()) {  // all values alike
        const double margin = std::max(std::abs(range.low) * 1e-3, log ? 0.0 : 1e-3);
        range.low -= margin;
        range.high += margin;
    }
    const double largest = std::max(std::abs(range.low), std::abs(range.high));
    range.linear = largest > 0 ? largest / 100 : 1;
    return range;
}

std::vector<double> isoValues(const GridLayer& layer) {
    std::vector<double> values;
    if (!layer.isoLevels.empty()) {
        for (const double v : layer.isoLevels) {
            if (std::isfinite(v)) {
                values.push_back(v);
            }
        }
        std::sort(values.begin(), values.end());
        values.erase(std::unique(values.begin(), values.end()), values.end());
        values.resize(std::min<std::size_t>(values.size(), kMaxIsoLevels));
    } else if (layer.isoLines > 0 && problem(rangeOf(layer)).empty()) {
        const ValueScale scale(rangeOf(layer));
        const int count = std::min(layer.isoLines, kMaxIsoLevels);
        for (int k = 1; k <= count; ++k) {
            values.push_back(scale.value(k / (count + 1.0)));
        }
        std::sort(values.begin(), values.end());
    }
    return values;
}

}  // namespace lx::render
