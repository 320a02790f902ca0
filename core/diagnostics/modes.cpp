// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/diagnostics/modes.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <numeric>

namespace lx::diagnostics {

std::vector<Index> nearestMode(std::span<const double> points, std::span<const double> centres,
                               Index dim) {
    const auto width = static_cast<std::size_t>(dim);
    if (dim < 1 || points.size() % width != 0 || centres.size() % width != 0 || centres.empty()) {
        throw UsageError("points and centres of modes must have " + std::to_string(dim) +
                         " coordinates each");
    }
    std::vector<Index> out;
    out.reserve(points.size() / width);
    for (std::size_t i = 0; i < points.size(); i += width) {
        double best = std::numeric_limits<double>::infinity();
        Index nearest = -1;
        for (std::size_t k = 0; k < centres.size(); k += width) {
            double distance = 0;
            for (std::size_t d = 0; d < width; ++d) {
                const double step = points[i + d] - centres[k + d];
                distance += step * step;
            }
            if (distance < best) {
                best = distance;
                nearest = static_cast<Index>(k / width);
            }
        }
        out.push_back(nearest);
    }
    return out;
}

ModeReport followModes(std::span<const Index> labels, Index chains, Index draws, Index modes) {
    if (chains < 0 || draws < 0 || modes < 1 ||
        static_cast<Index>(labels.size()) != chains * draws) {
        throw UsageError("labels of modes must be one for each draw of each chain");
    }
    ModeReport out;
    out.chains = chains;
    out.draws = draws;
    out.modes = modes;
    const auto count = static_cast<std::size_t>(modes);
    out.occupancy.assign(static_cast<std::size_t>(chains) * count, 0.0);
    out.transitions.assign(count * count, 0);
    std::vector<double> totals(count, 0.0);
    double all = 0;
    for (Index m = 0; m < chains; ++m) {
        Index before = -1, hops = 0, hopped = 0;
        double inside = 0;
        const auto row = out.occupancy.begin() + m * modes;
        for (Index n = 0; n < draws; ++n) {
            const Index mode = labels[static_cast<std::size_t>(m * draws + n)];
            if (mode >= modes) {
                throw UsageError("mode " + std::to_string(mode) + " of a draw is not below " +
                                 std::to_string(modes));
            }
            if (mode < 0) {
                continue;
            }
            row[mode] += 1;
            inside += 1;
            if (before >= 0 && mode != before) {
                ++out.transitions[static_cast<std::size_t>(before * modes + mode)];
                ++hops;
                hopped = n;
            }
            before = mode;
        }
        for (Index k = 0; k < modes; ++k) {
            totals[static_cast<std::size_t>(k)] += row[k];
            row[k] = inside > 0 ? row[k] / inside : 0;
        }
        all += inside;
        out.hops.push_back(hops);
        out.sinceHop.push_back(std::max<Index>(draws - 1 - hopped, 0));
    }
    std::vector<double> here(labels.size());
    ScalarDiagnostics scalar;
    for (Index k = 0; k < modes; ++k) {
        out.weights.push_back(all > 0 ? totals[static_cast<std::size_t>(k)] / all : 0);
        std::ranges::transform(labels, here.begin(),
                               [k](Index label) { return label == k ? 1.0 : 0.0; });
        scalar.reset({here, chains, draws});
        out.mcse.push_back(scalar.mcseMean());
    }
    return out;
}

std::vector<Finding> modeVerdict(const ModeReport& report, std::span<const double> truth,
                                 double maxZ) {
    std::vector<Finding> out;
    const auto percent = [](double x) {
        char text[16];
        std::snprintf(text, sizeof text, "%.0f %%", 100 * x);
        return std::string(text);
    };
    const auto still = std::ranges::count(report.hops, 0);
    if (report.modes > 1 && report.chains > 0 && still == report.chains) {
        const auto visited = std::ranges::count_if(report.weights, [](double w) { return w > 0; });
        out.push_back({"no_hops", Severity::Warning,
                       visited == 1
                           ? "All chains stay in mode " +
                                 std::to_string(std::ranges::max_element(report.weights) -
                                                report.weights.begin() + 1) +
                                 " of " + std::to_string(report.modes) +
                                 " and never leave it: R-hat can be 1.00 and still say nothing "
                                 "about the other modes."
                           : "No chain ever changes its mode: the weights of the modes are those "
                             "of the starting points, not of the target.",
                       "Use parallel tempering, larger jumps, or start chains in every mode."});
    } else if (still > 0 && report.modes > 1) {
        out.push_back({"few_hops", Severity::Note,
                       std::to_string(still) + " of " + std::to_string(report.chains) +
                           " chains never change their mode.",
                       "Run longer or use tempering before you trust the weights of the modes."});
    }
    if (truth.size() != report.weights.size()) {
        return out;
    }
    for (std::size_t k = 0; k < truth.size(); ++k) {
        const double error = std::abs(report.weights[k] - truth[k]);
        const double se = report.mcse[k];
        // Without movement there is no standard error to divide by.
        const bool wrong =
            std::isfinite(se) && se > 0 && still < report.chains ? error > maxZ * se : error > 0.02;
        if (wrong) {
            out.push_back({"mode_weight", Severity::Warning,
                           "Mode " + std::to_string(k + 1) + " holds " +
                               percent(report.weights[k]) + " of the draws but " +
                               percent(truth[k]) + " of the target.",
                           "The draws are not from the target yet: use tempering or run longer."});
        }
    }
    return out;
}

Index roundTrips(std::span<const Index> levels, Index low, Index high) {
    Index trips = 0;
    enum { Outside, Up, Down } state = Outside;
    for (const Index level : levels) {
        if (level == low) {
            trips += state == Down ? 1 : 0;
            state = Up;
        } else if (level == high && state == Up) {
            state = Down;
        }
    }
    return trips;
}

}  // namespace lx::diagnostics
