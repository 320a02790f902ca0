// SPDX-License-Identifier: GPL-3.0-or-later
// The channels of our own chains.
#include "core/experiments/chains/arrays.h"
#include "core/experiments/chains/chain_experiment.h"
#include "core/experiments/chains/list_task.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lx::chains {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr Index kManyChains = 10'000;

Array extentOf(const Box& box) {
    return floats({4}, std::vector{box.lower[0], box.lower[1], box.upper[0], box.upper[1]});
}

/// Values of E at the middles of the cells of the plane; other coordinates at the mean, else 0.
std::vector<double> energyOnPlane(const Energy& energy, const Box& extent) {
    constexpr auto side = static_cast<std::size_t>(Tally::kSide);
    const auto dim = static_cast<std::size_t>(energy.dim());
    const std::vector<double> rest = energy.mean().value_or(std::vector<double>(dim, 0.0));
    std::vector<double> out(side * side), row(side * dim);
    const double across = (extent.upper[0] - extent.lower[0]) / static_cast<double>(side);
    const double up = (extent.upper[1] - extent.lower[1]) / static_cast<double>(side);
    for (std::size_t r = 0; r < side; ++r) {
        for (std::size_t c = 0; c < side; ++c) {
            std::ranges::copy(rest, row.begin() + static_cast<std::ptrdiff_t>(c * dim));
            row[c * dim] = extent.lower[0] + (static_cast<double>(c) + 0.5) * across;
            row[c * dim + 1] = extent.lower[1] + (static_cast<double>(r) + 0.5) * up;
        }
        energy.evaluate(std::span<const double>(row), std::span(out).subspan(r * side, side));
    }
    return out;
}

/// What lies around the frame: a stage that is wider than the frame shows that too.
Box around(const Box& frame) {
    constexpr double kReach = 2, kAspect = 2.5;  // times the frame; of a wide or a tall stage
    const double w = frame.upper[0] - frame.lower[0], h = frame.upper[1] - frame.lower[1];
    const double side[] = {std::max(kReach * w, kAspect * h), std::max(kReach * h, kAspect * w)};
    Box out = frame;
    for (std::size_t k = 0; k < 2; ++k) {
        const double middle = 0.5 * (frame.lower[k] + frame.upper[k]);
        out.lower[k] = middle - 0.5 * side[k];
        out.upper[k] = middle + 0.5 * side[k];
    }
    return out;
}

/// The first `width` of each `dim` numbers of unequally many, [n, longest, width]; NaN after the
/// end.
Array padded(const std::vector<std::span<const double>>& rows, std::size_t dim, std::size_t width) {
    std::size_t longest = 0;
    for (const auto& row : rows) {
        longest = std::max(longest, row.size() / dim);
    }
    std::vector<float> out;
    for (const auto& row : rows) {
        for (std::size_t i = 0; i < longest; ++i) {
            for (std::size_t k = 0; k < width; ++k) {
                out.push_back(
                    static_cast<float>(i * dim + k < row.size() ? row[i * dim + k] : kNone));
            }
        }
    }
    return {{std::ssize(rows), static_cast<Index>(longest), static_cast<Index>(width)}, out};
}

Array flattened(const Array& array) {  // [n, m, 1] -> [n, m]
    return {array.dtype(), {array.dim(0), array.dim(1)}, array.bytes()};
}

}  // namespace

std::unique_ptr<Task> ChainExperiment::observe(std::span<const std::string> channels,
                                               Detail detail) const {
    auto task = std::make_unique<ListTask>();
    Result result = newest();
    if (detail == Detail::Export &&
        std::ranges::any_of(channels, [](const auto& c) { return isStatistics(c); })) {
        result = std::make_shared<const DiagnosticsResult>(exact());
    }
    for (const std::string& channel : channels) {
        task->add([this, channel, detail, result](SnapshotBuilder& out) {
            publish(channel, detail, result, out);
        });
    }
    return task;
}

void ChainExperiment::publish(const std::string& channel, Detail detail, const Result& result,
                              SnapshotBuilder& out) const {
    const bool whole = detail == Detail::Export;
    const std::uint64_t sequence = result ? result->sequence + 1 : 0;
    if (isStatistics(channel)) {
        if (!result) {
            return;
        }
        const auto make = [&](SnapshotBuilder& to) {
            const std::vector<Divergence> diverged(m_diverged.begin(), m_diverged.end());
            publishStatistics(channel, *result,
                              {.divergences = diverged,
                               .whole = whole,
                               .funnel = funnel(),
                               .tempered = m_run.spec().id == "tempering",
                               .warmingUntil = sampling() ? 0 : m_run.warmup().iterations()},
                              to);
            if (channel == "occupancy" && result->modes) {
                std::vector<float> centres;
                const auto modes = m_run.energy()->modes();
                const auto width = static_cast<std::size_t>(std::min<Index>(m_run.dim(), 3));
                for (const Mode& mode : modes) {
                    for (std::size_t d = 0; d < width; ++d) {
                        centres.push_back(static_cast<float>(mode.centre[d]));
                    }
                }
                to.set("occupancy.centres",
                       Array({std::ssize(modes), static_cast<Index>(width)}, centres));
            }
        };
        if (whole) {
            make(out);
        } else {
            m_cache.publish(channel, sequence, out, make);
        }
    } else if (channel == "chains_trail" || whole) {
        if (isDraws(channel)) {
            publishDraws(channel, m_chains->view(), detail, out);
            return;
        }
    } else if (isDraws(channel)) {
        m_cache.publish(channel, sequence, out, [&](SnapshotBuilder& to) {
            publishDraws(channel, m_chains->view(), detail, to);
        });
        return;
    }
    if (channel == "sampler") {
        publishFacts(out);
    } else if (channel == "energy") {
        m_cache.publish(channel, m_target, out, [&](auto& to) { publishEnergy(to); });
    } else if (channel == "true_density") {
        m_cache.publish(channel, m_target, out, [&](auto& to) { publishTrueDensity(to); });
    } else if (channel == "sample_density") {
        if (const Array density = m_tally.planeDensity(); density.defined()) {
            out.set("sample_density", density);
            out.set("sample_density.extent", extentOf(m_tally.extent()));
        }
    } else if (channel == "chains_now") {
        publishNow(out);
    } else if (channel == "marginals") {
        publishMarginals(out);
    } else if (channel == "mechanism") {
        publishMechanism(out);
    } else if (channel == "adaptation") {
        publishAdaptation(out);
    }
}

void ChainExperiment::publishFacts(SnapshotBuilder& out) const {
    const ChainView view = m_chains->view();
    const auto& spec = m_run.spec();
    std::vector<std::string> lines;
    const auto add = [&](const char* key, const std::string& value) {
        lines.push_back(std::string(key) + "\t" + value);
    };
    const Index planned = integer(m_run.params(), "sampler.draws");
    const Index draws = std::max<Index>(m_run.steps() - m_run.warmup().iterations(), 0);
    add("kernel", spec.id);
    add("title", spec.title);
    add("family", kernelFamily(spec.id));
    add("executor", m_run.executorName());
    add("dim", std::to_string(m_run.dim()));
    add("chains", std::to_string(m_run.chains()));
    add("warmup", std::to_string(m_run.warmup().iterations()));
    add("draws", std::to_string(draws));
    add("phase", m_run.warming() ? "warm-up" : draws >= planned ? "done" : "sampling");
    if (const auto wanted = m_run.params().find("sampler.target_accept");
        wanted != m_run.params().end()) {
        add("accept_target", format(wanted->second));
    }
    add("divergences", std::to_string(m_sums.divergences));
    const std::string note = view.note();
    add("kept", note.empty() ? "all" : note);
    if (!m_run.executorNote().empty()) {
        add("note", m_run.executorNote());
    } else if (spec.countsAsOneChain) {
        add("note", "These chains move together: R-hat between them says less than usual.");
    }
    out.set("sampler", textArray(joined(lines)));
}

void ChainExperiment::publishEnergy(SnapshotBuilder& out) const {
    if (!m_tally.plane()) {
        return;
    }
    out.set("energy",
            floats({Tally::kSide, Tally::kSide}, energyOnPlane(*m_run.energy(), m_tally.extent())));
    out.set("energy.extent", extentOf(m_tally.extent()));
    const Box wide = around(m_tally.extent());
    out.set("energy.around",
            floats({Tally::kSide, Tally::kSide}, energyOnPlane(*m_run.energy(), wide)));
    out.set("energy.around.extent", extentOf(wide));
}

void ChainExperiment::publishTrueDensity(SnapshotBuilder& out) const {
    const auto logZ = m_run.dim() == 2 ? m_run.energy()->logNormaliser() : std::nullopt;
    if (!logZ) {
        return;
    }
    auto density = energyOnPlane(*m_run.energy(), m_tally.extent());
    for (double& e : density) {
        e = std::exp(-e - *logZ);
    }
    out.set("true_density", floats({Tally::kSide, Tally::kSide}, density));
    out.set("true_density.extent", extentOf(m_tally.extent()));
}

/// A target on a line is shown over its energy.
std::vector<float> ChainExperiment::planeRow(const double* x, double energy, Index width) const {
    if (m_run.dim() == 1) {
        return {static_cast<float>(x[0]), static_cast<float>(energy)};
    }
    return {x, x + width};
}

void ChainExperiment::publishNow(SnapshotBuilder& out) const {
    const Index chains = m_run.chains(), dim = m_run.dim();
    const Index width = chains > kManyChains ? std::min<Index>(dim, 3) : dim;
    const Index shown = std::max<Index>(width, 2);
    const auto x = m_run.state().positions();
    const auto energies = m_run.state().array("energy");
    std::vector<float> values;
    values.reserve(static_cast<std::size_t>(chains * shown));
    for (Index c = 0; c < chains; ++c) {
        const auto* row = x.data() + c * dim;
        if (dim == 1) {
            const auto point = planeRow(row, energies[static_cast<std::size_t>(c)], shown);
            values.insert(values.end(), point.begin(), point.end());
        } else {
            for (Index d = 0; d < width; ++d) {
                values.push_back(static_cast<float>(row[d]));
            }
        }
    }
    out.set("chains_now", Array({chains, shown}, values));
    if (chains <= kManyChains && m_modes > 1) {
        std::vector<Index> labels;
        for (Index c = 0; c < chains; ++c) {
            labels.push_back(m_run.energy()->modeOf(
                x.subspan(static_cast<std::size_t>(c * dim), static_cast<std::size_t>(dim))));
        }
        out.set("chains_now.labels", indices(labels));
    }
}

void ChainExperiment::publishMarginals(SnapshotBuilder& out) const {
    out.set("marginals", m_tally.axisDensity());
    m_cache.publish("marginals", m_target, out, [&](SnapshotBuilder& to) {
        to.set("marginals.edges", m_tally.axisEdges());
        to.set("marginals.names", textArray(m_tally.axisNames()));
        std::vector<double> truth;
        for (std::size_t k = 0; k < m_tally.axes().size(); ++k) {
            const auto& axis = m_tally.axes()[k];
            std::vector<double> at;
            for (Index i = 0; i < Tally::kBins; ++i) {
                at.push_back(axis.lower + (static_cast<double>(i) + 0.5) * axis.width());
            }
            const auto known = axis.name == "radius"
                                   ? radiusDensity(axis)
                                   : m_run.energy()->marginal(static_cast<Index>(k), at);
            const auto values = known.value_or(std::vector<double>(at.size(), kNone));
            truth.insert(truth.end(), values.begin(), values.end());
        }
        to.set("marginals.true", floats({std::ssize(m_tally.axes()), Tally::kBins}, truth));
    });
}

/// From exact draws, as no formula is at hand.
std::optional<std::vector<double>> ChainExperiment::radiusDensity(const Tally::Axis& axis) const {
    constexpr Index kNumbers = 4'000'000, kMost = 100'000;
    const Energy& energy = *m_run.energy();
    if (!energy.canSample()) {
        return std::nullopt;
    }
    const Index count = std::clamp<Index>(kNumbers / energy.dim(), 1000, kMost);
    const auto x = energy.sample(derive(m_key, "view.radius"), count);
    std::vector<double> out(static_cast<std::size_t>(Tally::kBins), 0.0);
    for (Index i = 0; i < count; ++i) {
        const double r = m_tally.radius(x.data() + i * energy.dim());
        const auto bin = static_cast<Index>(std::floor((r - axis.lower) / axis.width()));
        if (bin >= 0 && bin < Tally::kBins) {
            out[static_cast<std::size_t>(bin)] += 1 / (axis.width() * static_cast<double>(count));
        }
    }
    return out;
}

void ChainExperiment::publishMechanism(SnapshotBuilder& out) const {
    std::vector<Index> wanted;
    const Index most = std::min(kMechanismChains, m_run.chains());
    const ChainView view = m_chains->view();
    for (const Index slot : shownSlots(view)) {
        if (std::ssize(wanted) < most) {
            wanted.push_back(view.kept()[static_cast<std::size_t>(slot)]);
        }
    }
    const NextStep next = m_run.nextStep(wanted);
    const auto& traces = next.trace.chains;
    if (traces.empty()) {
        return;
    }
    const Index n = std::ssize(traces);
    const auto dim = static_cast<std::size_t>(m_run.dim());
    const std::size_t width = dim > 8 ? 3 : dim;
    std::vector<double> logAlpha, accepted, diverged;
    std::vector<Index> chains, edges;
    for (std::size_t i = 0; i < traces.size(); ++i) {
        const ChainTrace& t = traces[i];
        chains.push_back(t.chain);
        logAlpha.push_back(std::log(next.info[i].acceptProb));
        accepted.push_back(t.accepted ? 1 : 0);
        diverged.push_back(next.info[i].diverged ? 1 : 0);
        for (const TreeEdge& e : t.edges) {
            edges.insert(edges.end(), {static_cast<Index>(i), e.from, e.to, e.doubling});
        }
    }
    out.set("mechanism", floats({n}, logAlpha));
    out.set("mechanism.chains", indices(chains));
    out.set("mechanism.step", indices({m_run.steps() + 1}));
    out.set("mechanism.accepted", floats({n}, accepted));
    out.set("mechanism.diverged", floats({n}, diverged));
    const auto rowsOf = [&](const auto& get) {
        std::vector<std::span<const double>> rows;
        for (std::size_t i = 0; i < traces.size(); ++i) {
            rows.emplace_back(get(i));
        }
        return rows;
    };
    const auto set = [&](const char* name, std::vector<double> ChainTrace::* member, bool path) {
        const auto rows = rowsOf([&](std::size_t i) { return std::span(traces[i].*member); });
        if (std::ranges::all_of(rows, [](const auto& row) { return row.empty(); })) {
            return;
        }
        Array values = padded(rows, dim, width);
        if (!path) {
            values = Array(DType::F32, {n, static_cast<Index>(width)}, values.bytes());
        }
        out.set(std::string("mechanism.") + name, values);
    };
    set("from", &ChainTrace::from, false);
    set("proposal", &ChainTrace::proposal, false);
    set("drift", &ChainTrace::drift, false);
    set("noise", &ChainTrace::noise, false);
    set("path", &ChainTrace::path, true);
    set("momenta", &ChainTrace::momenta, true);
    const auto setNumbers = [&](const char* name, const auto& get) {
        const auto rows = rowsOf(get);
        if (std::ranges::any_of(rows, [](const auto& row) { return !row.empty(); })) {
            out.set(std::string("mechanism.") + name, flattened(padded(rows, 1, 1)));
        }
    };
    setNumbers("energy_error", [&](std::size_t i) { return std::span(next.energyErrors[i]); });
    setNumbers("order", [&](std::size_t i) { return std::span(traces[i].stepsOfPoints); });
    if (!edges.empty()) {
        out.set("mechanism.tree", Array({static_cast<Index>(edges.size() / 4), 4}, edges));
    }
}

void ChainExperiment::publishAdaptation(SnapshotBuilder& out) const {
    const auto& course = m_run.warmup().course();
    if (course.stepSize.empty()) {
        return;
    }
    constexpr std::size_t kMost = 2000;
    const std::size_t n = course.stepSize.size(), stride = (n + kMost - 1) / kMost;
    std::vector<float> values;
    for (std::size_t i = (n - 1) % stride; i < n; i += stride) {
        values.push_back(static_cast<float>(i + 1));
        values.push_back(static_cast<float>(course.stepSize[i]));
    }
    out.set("adaptation", Array({static_cast<Index>(values.size() / 2), 2}, values));
    if (!course.windows.empty()) {
        const auto& mass = course.windows.back().inverseMass;
        const auto dim = static_cast<std::size_t>(m_run.dim());
        const std::size_t step = mass.size() > dim ? dim + 1 : 1;
        std::vector<double> diagonal;
        for (std::size_t k = 0; k < std::min<std::size_t>(dim, 64); ++k) {
            diagonal.push_back(mass[k * step]);
        }
        out.set("adaptation.mass", floats({std::ssize(diagonal)}, diagonal));
    }
}

}  // namespace lx::chains
