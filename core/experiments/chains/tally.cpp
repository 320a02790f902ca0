// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/chains/tally.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lx::chains {
namespace {

constexpr auto kCells = static_cast<std::size_t>(Tally::kSide * Tally::kSide);
constexpr auto kBinCount = static_cast<std::size_t>(Tally::kBins);

/// Largest distance from the mean worth showing; 0: not known.
double reachOf(const Energy& energy) {
    const auto covariance = energy.covariance();
    if (!covariance) {
        return 0;
    }
    const auto d = static_cast<std::size_t>(energy.dim());
    double trace = 0, squares = 0;
    for (std::size_t i = 0; i < d; ++i) {
        trace += (*covariance)[i * d + i];
        for (std::size_t j = 0; j < d; ++j) {
            squares += (*covariance)[i * d + j] * (*covariance)[i * d + j];
        }
    }
    // E r^2 is the trace, and Var r^2 = 2 tr(C^2) for a normal law.
    const double radius = std::sqrt(trace), spread = std::sqrt(2 * squares) / (2 * radius);
    return radius + 6 * spread;
}

std::size_t binOf(double x, double lower, double upper, Index bins) {
    const double at = (x - lower) / (upper - lower) * static_cast<double>(bins);
    return at >= 0 && at < static_cast<double>(bins) ? static_cast<std::size_t>(at)
                                                     : static_cast<std::size_t>(bins);
}

Array bytesOf(std::span<const std::uint32_t> counts) {
    return {DType::U8, {static_cast<Index>(counts.size_bytes())}, std::as_bytes(counts)};
}

}  // namespace

Tally::Tally(const Energy& energy, bool radius) : m_dim(energy.dim()) {
    const Box frame = energy.frame();
    const auto names = energy.names();
    const auto shown = static_cast<std::size_t>(std::min<Index>(m_dim, 2));
    m_mean = energy.mean().value_or(std::vector<double>(static_cast<std::size_t>(m_dim), 0.0));
    for (std::size_t k = 0; k < shown; ++k) {
        m_extent.lower.push_back(frame.lower[k]);
        m_extent.upper.push_back(frame.upper[k]);
        m_axes.push_back({names[k], frame.lower[k], frame.upper[k], {}});
    }
    if (const double reach = radius ? reachOf(energy) : 0; reach > 0) {
        m_radius = true;
        m_axes.push_back({"radius", 0, reach, {}});
    }
    clear();
}

Tally::Tally(std::vector<std::string> names, std::span<const double> seen)
    : m_dim(std::ssize(names)) {
    const auto d = static_cast<std::size_t>(m_dim);
    for (std::size_t k = 0; k < std::min<std::size_t>(d, 2); ++k) {
        double lower = std::numeric_limits<double>::infinity(), upper = -lower;
        for (std::size_t i = k; i < seen.size(); i += d) {
            if (std::isfinite(seen[i])) {
                lower = std::min(lower, seen[i]);
                upper = std::max(upper, seen[i]);
            }
        }
        if (!(lower < upper)) {
            lower = std::isfinite(lower) ? lower - 1 : -1;
            upper = lower + 2;
        }
        const double margin = 0.15 * (upper - lower);
        m_extent.lower.push_back(lower - margin);
        m_extent.upper.push_back(upper + margin);
        m_axes.push_back({names[k], lower - margin, upper + margin, {}});
    }
    clear();
}

void Tally::clear() {
    m_total = 0;
    m_plane.assign(plane() ? kCells : 0, 0);
    for (Axis& axis : m_axes) {
        axis.counts.assign(kBinCount, 0);
    }
}

double Tally::radius(const double* x) const {
    double sum = 0;
    for (std::size_t k = 0; k < m_mean.size(); ++k) {
        sum += (x[k] - m_mean[k]) * (x[k] - m_mean[k]);
    }
    return std::sqrt(sum);
}

void Tally::add(std::span<const double> positions) {
    const auto d = static_cast<std::size_t>(m_dim);
    const std::size_t coordinates = std::min<std::size_t>(d, 2);
    for (std::size_t i = 0; i + d <= positions.size(); i += d) {
        const double* x = positions.data() + i;
        ++m_total;
        std::size_t cell = 0;
        for (std::size_t k = coordinates; k-- > 0;) {
            Axis& axis = m_axes[k];
            if (const auto bin = binOf(x[k], axis.lower, axis.upper, kBins); bin < kBinCount) {
                ++axis.counts[bin];
            }
            const auto at = binOf(x[k], m_extent.lower[k], m_extent.upper[k], kSide);
            cell = at < static_cast<std::size_t>(kSide) && cell < kCells
                       ? cell * static_cast<std::size_t>(kSide) + at
                       : kCells;
        }
        if (plane() && cell < kCells) {
            ++m_plane[cell];
        }
        if (m_radius) {
            Axis& axis = m_axes.back();
            if (const auto bin = binOf(radius(x), axis.lower, axis.upper, kBins); bin < kBinCount) {
                ++axis.counts[bin];
            }
        }
    }
}

Array Tally::planeDensity() const {
    if (!plane() || m_total == 0) {
        return {};
    }
    const double area = (m_extent.upper[0] - m_extent.lower[0]) *
                        (m_extent.upper[1] - m_extent.lower[1]) / static_cast<double>(kCells);
    const double scale = 1 / (area * static_cast<double>(m_total));
    std::vector<float> out(kCells);
    for (std::size_t i = 0; i < kCells; ++i) {
        out[i] = static_cast<float>(scale * m_plane[i]);
    }
    return {{kSide, kSide}, out};
}

Array Tally::axisDensity() const {
    std::vector<float> out;
    for (const Axis& axis : m_axes) {
        const double scale = 1 / (axis.width() * static_cast<double>(std::max<Index>(m_total, 1)));
        for (const std::uint32_t count : axis.counts) {
            out.push_back(static_cast<float>(scale * count));
        }
    }
    return {{std::ssize(m_axes), kBins}, out};
}

Array Tally::axisEdges() const {
    std::vector<float> out;
    for (const Axis& axis : m_axes) {
        for (Index i = 0; i <= kBins; ++i) {
            out.push_back(static_cast<float>(axis.lower + axis.width() * static_cast<double>(i)));
        }
    }
    return {{std::ssize(m_axes), kBins + 1}, out};
}

std::string Tally::axisNames() const {
    std::string out;
    for (const Axis& axis : m_axes) {
        out += (out.empty() ? "" : "\n") + axis.name;
    }
    return out;
}

State Tally::capture(std::string_view prefix) const {
    const std::string at(prefix);
    State out;
    out[at + "total"] = Array({1}, std::vector<Index>{m_total});
    out[at + "plane"] = bytesOf(m_plane);
    std::vector<std::uint32_t> all;
    for (const Axis& axis : m_axes) {
        all.insert(all.end(), axis.counts.begin(), axis.counts.end());
    }
    out[at + "axes"] = bytesOf(all);
    return out;
}

void Tally::restore(const State& state, std::string_view prefix) {
    const std::string at(prefix);
    const auto counts = [&](const std::string& name, std::size_t size) {
        const auto found = state.find(at + name);
        if (found == state.end() || found->second.bytes().size() != size * 4) {
            throw UsageError("the saved histograms of the chains do not fit this run");
        }
        std::vector<std::uint32_t> out(size);
        if (size > 0) {
            std::memcpy(out.data(), found->second.bytes().data(), size * 4);
        }
        return out;
    };
    const auto total = state.find(at + "total");
    if (total == state.end() || total->second.dtype() != DType::I64 || total->second.count() != 1 ||
        total->second.values<Index>()[0] < 0) {
        throw UsageError("the saved histograms of the chains have no total");
    }
    auto plane = counts("plane", m_plane.size());
    const auto all = counts("axes", m_axes.size() * kBinCount);
    m_plane = std::move(plane);
    for (std::size_t k = 0; k < m_axes.size(); ++k) {
        std::copy_n(all.begin() + static_cast<std::ptrdiff_t>(k * kBinCount), kBinCount,
                    m_axes[k].counts.begin());
    }
    m_total = total->second.values<Index>()[0];
}

}  // namespace lx::chains
