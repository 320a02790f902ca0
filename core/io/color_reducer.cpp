// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/color_reducer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace lx::detail {
namespace {

using Lab = std::array<float, 3>;

float toLinear(Rgb byte) {
    static const auto table = [] {
        std::array<float, 256> values{};
        for (std::size_t i = 0; i < values.size(); ++i) {
            const double v = static_cast<double>(i) / 255;
            values[i] =
                static_cast<float>(v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4));
        }
        return values;
    }();
    return table[byte & 255];
}

Lab labOf(Rgb c) {
    const float r = toLinear(c >> 16), g = toLinear(c >> 8), b = toLinear(c);
    const float l = std::cbrt(0.4122214708F * r + 0.5363325363F * g + 0.0514459929F * b);
    const float m = std::cbrt(0.2119034982F * r + 0.6806995451F * g + 0.1073969566F * b);
    const float s = std::cbrt(0.0883024619F * r + 0.2817188376F * g + 0.6299787005F * b);
    return {0.2104542553F * l + 0.7936177850F * m - 0.0040720468F * s,
            1.9779984951F * l - 2.4285922050F * m + 0.4505937099F * s,
            0.0259040371F * l + 0.7827717662F * m - 0.8086757660F * s};
}

Rgb rgbOf(const Lab& lab) {
    const auto cube = [](float v) { return v * v * v; };
    const float l = cube(lab[0] + 0.3963377774F * lab[1] + 0.2158037573F * lab[2]);
    const float m = cube(lab[0] - 0.1055613458F * lab[1] - 0.0638541728F * lab[2]);
    const float s = cube(lab[0] - 0.0894841775F * lab[1] - 1.2914855480F * lab[2]);
    const auto byte = [](float v) {
        const float u = std::clamp(v, 0.0F, 1.0F);
        const float w = u <= 0.0031308F ? 12.92F * u : 1.055F * std::pow(u, 1 / 2.4F) - 0.055F;
        return static_cast<Rgb>(std::lround(255 * w));
    };
    return byte(4.0767416621F * l - 3.3077115913F * m + 0.2309699292F * s) << 16 |
           byte(-1.2684380046F * l + 2.6097574011F * m - 0.3413193965F * s) << 8 |
           byte(-0.0041960863F * l - 0.7034186147F * m + 1.7076147010F * s);
}

float distance(const Lab& a, const Lab& b) {
    float sum = 0;
    for (std::size_t i = 0; i < 3; ++i) {
        sum += (a[i] - b[i]) * (a[i] - b[i]);
    }
    return sum;
}

std::size_t nearestOf(const std::vector<Lab>& centres, const Lab& lab) {
    std::size_t best = 0;
    float least = std::numeric_limits<float>::max();
    for (std::size_t i = 0; i < centres.size(); ++i) {
        const float d = distance(centres[i], lab);
        if (d < least) {
            least = d;
            best = i;
        }
    }
    return best;
}

/// Distinct colours and how often each occurs.
std::vector<std::pair<Rgb, std::uint32_t>> histogram(std::span<const Rgb> pixels) {
    // Runs of one colour are the rule in drawings.
    std::unordered_map<Rgb, std::uint32_t> counts;
    for (std::size_t i = 0; i < pixels.size();) {
        std::size_t end = i + 1;
        while (end < pixels.size() && pixels[end] == pixels[i]) {
            ++end;
        }
        counts[pixels[i]] += static_cast<std::uint32_t>(end - i);
        i = end;
    }
    std::vector<std::pair<Rgb, std::uint32_t>> out(counts.begin(), counts.end());
    std::ranges::sort(out);  // the order of a hash table shall not decide the palette
    return out;
}

}  // namespace

ColorReducer::ColorReducer(std::span<const Rgb> pixels, int limit) {
    const auto colors = histogram(pixels);
    const auto most = static_cast<std::size_t>(limit);
    if (colors.size() <= most) {
        for (const auto& [color, count] : colors) {
            m_exact[color] = static_cast<std::uint8_t>(m_palette.size());
            m_palette.push_back(color);
        }
        return;
    }
    // Flat areas: colours with at least 0.1 % of the pixels, at most half of the palette.
    auto flat = colors;
    std::erase_if(flat, [&](const auto& c) { return c.second * 1000ULL < pixels.size(); });
    std::ranges::stable_sort(flat, std::ranges::greater{}, &std::pair<Rgb, std::uint32_t>::second);
    flat.resize(std::min(flat.size(), most / 2));
    std::vector<Lab> centres;
    for (const auto& [color, count] : flat) {
        m_exact[color] = static_cast<std::uint8_t>(m_palette.size());
        m_palette.push_back(color);
        centres.push_back(labOf(color));
    }
    const std::size_t fixed = centres.size();

    constexpr std::size_t kCells = std::size_t{1} << 18;
    std::vector<Sample> sums(kCells);
    for (const auto& [color, count] : colors) {
        if (!m_exact.contains(color)) {
            Sample& cell = sums[cellOf(color)];
            const Lab lab = labOf(color);
            for (std::size_t i = 0; i < 3; ++i) {
                cell.lab[i] += lab[i] * static_cast<float>(count);
            }
            cell.weight += static_cast<float>(count);
        }
    }
    std::vector<Sample> samples;
    for (std::size_t c = 0; c < kCells; ++c) {
        if (sums[c].weight > 0) {
            Sample sample = sums[c];
            for (float& value : sample.lab) {
                value /= sample.weight;
            }
            sample.cell = static_cast<std::uint32_t>(c);
            samples.push_back(sample);
        }
    }
    divide(samples, most - fixed, centres);
    refine(samples, fixed, centres);
    for (std::size_t i = fixed; i < centres.size(); ++i) {
        m_palette.push_back(rgbOf(centres[i]));
    }
    m_cells.resize(kCells);
    for (const Sample& sample : samples) {
        m_cells[sample.cell] = static_cast<std::uint8_t>(nearestOf(centres, sample.lab));
    }
}

void ColorReducer::divide(std::vector<Sample>& samples, std::size_t count,
                          std::vector<Lab>& centres) const {
    struct Box {
        std::size_t begin = 0, end = 0, axis = 0;
        float spread = 0;
        Lab mean{};
    };
    const auto measure = [&samples](std::size_t begin, std::size_t end) {
        Box box{begin, end};
        double weight = 0;
        std::array<double, 3> sum{}, squares{};
        for (std::size_t i = begin; i < end; ++i) {
            weight += static_cast<double>(samples[i].weight);
            for (std::size_t a = 0; a < 3; ++a) {
                const auto v = static_cast<double>(samples[i].lab[a]);
                sum[a] += v * static_cast<double>(samples[i].weight);
                squares[a] += v * v * static_cast<double>(samples[i].weight);
            }
        }
        for (std::size_t a = 0; a < 3; ++a) {
            box.mean[a] = static_cast<float>(sum[a] / weight);
            const auto spread = static_cast<float>(squares[a] - sum[a] * sum[a] / weight);
            if (spread > box.spread) {
                box.spread = spread;
                box.axis = a;
            }
        }
        return box;
    };
    std::vector<Box> boxes;
    if (!samples.empty() && count > 0) {
        boxes.push_back(measure(0, samples.size()));
    }
    while (boxes.size() < count) {
        const auto widest = std::ranges::max_element(boxes, {}, &Box::spread);
        if (widest == boxes.end() || widest->spread <= 1e-9F) {
            break;
        }
        const Box box = *widest;
        const auto begin = samples.begin() + static_cast<std::ptrdiff_t>(box.begin);
        const auto end = samples.begin() + static_cast<std::ptrdiff_t>(box.end);
        const auto cut = std::partition(begin, end, [&](const Sample& sample) {
            return sample.lab[box.axis] < box.mean[box.axis];
        });
        if (cut == begin || cut == end) {
            widest->spread = 0;
            continue;
        }
        const auto middle = static_cast<std::size_t>(cut - samples.begin());
        *widest = measure(box.begin, middle);
        boxes.push_back(measure(middle, box.end));
    }
    for (const Box& box : boxes) {
        centres.push_back(box.mean);
    }
}

void ColorReducer::refine(std::span<const Sample> samples, std::size_t fixed,
                          std::vector<Lab>& centres) const {
    constexpr int kRounds = 2;
    for (int round = 0; round < kRounds; ++round) {
        std::vector<Sample> sums(centres.size());
        for (const Sample& sample : samples) {
            Sample& sum = sums[nearestOf(centres, sample.lab)];
            for (std::size_t a = 0; a < 3; ++a) {
                sum.lab[a] += sample.lab[a] * sample.weight;
            }
            sum.weight += sample.weight;
        }
        for (std::size_t i = fixed; i < centres.size(); ++i) {
            for (std::size_t a = 0; a < 3 && sums[i].weight > 0; ++a) {
                centres[i][a] = sums[i].lab[a] / sums[i].weight;
            }
        }
    }
}

}  // namespace lx::detail
