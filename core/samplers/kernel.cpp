// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/samplers/kernel.h"

#include <algorithm>
#include <cmath>

namespace lx {
namespace {

std::size_t size(Index n) {
    return static_cast<std::size_t>(n);
}

[[noreturn]] void missing(std::string_view name) {
    throw UsageError("the chains keep no array \"" + std::string(name) +
                     "\": they were made by another kernel");
}

}  // namespace

std::span<double> ChainState::array(std::string_view name) {
    const auto at = arrays.find(name);
    if (at == arrays.end()) {
        missing(name);
    }
    return at->second;
}

std::span<const double> ChainState::array(std::string_view name) const {
    const auto at = arrays.find(name);
    if (at == arrays.end()) {
        missing(name);
    }
    return at->second;
}

std::span<double> ChainState::row(std::string_view name, Index chain) {
    const auto all = array(name);
    const std::size_t width = all.size() / size(chains);
    return all.subspan(size(chain) * width, width);
}

double ChainState::stepSize() const {
    const auto at = shared.find("step_size");
    if (at == shared.end()) {
        missing("step_size");
    }
    return at->second.at(0);
}

void ChainState::setStepSize(double value) {
    if (!(value > 0) || !std::isfinite(value)) {
        throw UsageError("a step size must be a positive number");
    }
    shared["step_size"] = {value};
}

ChainState sliced(const ChainState& state, ChainRange range) {
    if (range.first < 0 || range.last > state.chains || range.size() < 1) {
        throw UsageError("there are no such chains");
    }
    ChainState out;
    out.chains = range.size();
    out.dim = state.dim;
    out.offset = state.offset + range.first;
    out.shared = state.shared;
    for (const auto& [name, values] : state.arrays) {
        const std::size_t width = values.size() / size(state.chains);
        out.arrays[name].assign(
            values.begin() + static_cast<std::ptrdiff_t>(size(range.first) * width),
            values.begin() + static_cast<std::ptrdiff_t>(size(range.last) * width));
    }
    return out;
}

State capture(const ChainState& state, std::string_view prefix) {
    const std::string at(prefix);
    State out;
    out[at + "size"] = Array({3}, std::vector<Index>{state.chains, state.dim, state.offset});
    for (const auto& [name, values] : state.arrays) {
        const Index width = state.chains > 0 ? static_cast<Index>(values.size()) / state.chains : 0;
        out[at + "chain." + name] = Array({state.chains, width}, values);
    }
    for (const auto& [name, values] : state.shared) {
        out[at + "shared." + name] = Array({static_cast<Index>(values.size())}, values);
    }
    return out;
}

ChainState restoreChains(const State& state, std::string_view prefix) {
    const std::string at(prefix);
    const auto numbers = state.find(at + "size");
    if (numbers == state.end() || numbers->second.count() != 3) {
        throw UsageError("the saved state holds no chains under \"" + at + "\"");
    }
    const auto header = numbers->second.values<Index>();
    ChainState out;
    out.chains = header[0];
    out.dim = header[1];
    out.offset = header[2];
    if (out.chains < 1 || out.dim < 1 || out.offset < 0) {
        throw UsageError("the saved chains have impossible sizes");
    }
    for (const auto& [name, array] : state) {
        const auto begins = [&](const std::string& head) { return name.rfind(head, 0) == 0; };
        const auto copy = [&] {
            const auto values = array.values<double>();
            return std::vector<double>(values.begin(), values.end());
        };
        if (const std::string head = at + "chain."; begins(head)) {
            if (array.count() % out.chains != 0) {
                throw UsageError("the saved array \"" + name + "\" does not fit " +
                                 std::to_string(out.chains) + " chains");
            }
            out.arrays[name.substr(head.size())] = copy();
        } else if (const std::string shared = at + "shared."; begins(shared)) {
            out.shared[name.substr(shared.size())] = copy();
        }
    }
    if (elementCount(std::vector{out.chains, out.dim}) !=
        static_cast<Index>(out.array("position").size())) {
        throw UsageError("the saved positions do not fit their chains");
    }
    return out;
}

StepTrace::StepTrace(std::span<const Index> wanted) {
    for (const Index chain : wanted) {
        chains.emplace_back().chain = chain;
    }
}

void StepTrace::forget(ChainRange range) {
    for (auto& t : chains) {
        if (t.chain < range.first || t.chain >= range.last) {
            continue;
        }
        // Other threads read `chain` of every entry meanwhile: it is not written.
        for (auto* values :
             {&t.from, &t.proposal, &t.path, &t.momenta, &t.drift, &t.noise, &t.stepsOfPoints}) {
            values->clear();
        }
        t.edges.clear();
        t.accepted = false;
    }
}

ChainTrace* StepTrace::of(Index chain) {
    const auto at = std::ranges::find(chains, chain, &ChainTrace::chain);
    return at != chains.end() ? &*at : nullptr;
}

ChainState Kernel::init(Key key, const Energy& energy, std::span<const double> positions,
                        Index offset) const {
    const Index dim = energy.dim();
    const auto count = static_cast<Index>(positions.size());
    if (count < dim || count % dim != 0) {
        throw UsageError(std::to_string(count) + " start coordinates do not make chains in " +
                         std::to_string(dim) + " dimensions");
    }
    ChainState state;
    state.chains = count / dim;
    state.dim = dim;
    state.offset = offset;
    state.arrays["position"].assign(positions.begin(), positions.end());
    prepare(key, energy, state);
    refresh(energy, state, {0, state.chains});
    return state;
}

void Kernel::refresh(const Energy& energy, ChainState& state, ChainRange range) const {
    if (range.first < 0 || range.last > state.chains || range.first > range.last ||
        energy.dim() != state.dim) {
        throw UsageError("the chains and the energy do not fit each other");
    }
    if (range.size() > 0) {
        renew(energy, state, range);
    }
}

void Kernel::renew(const Energy& energy, ChainState& state, ChainRange range) const {
    const std::size_t n = size(state.chains), d = size(state.dim);
    auto& values = state.arrays["energy"];
    auto& slopes = state.arrays["gradient"];
    values.resize(n);
    slopes.resize(n * d);
    const std::size_t first = size(range.first), count = size(range.size());
    energy.evaluate(state.positions().subspan(first * d, count * d),
                    std::span(values).subspan(first, count),
                    std::span(slopes).subspan(first * d, count * d));
}

Index Kernel::tile(Index dim) const {
    return std::max<Index>(8, 2048 / dim / 8 * 8);
}

void Kernel::step(Key key, std::uint64_t step, const Energy& energy, ChainState& state,
                  ChainRange range, std::span<StepInfo> info, StepTrace* trace) const {
    const bool whole = range.first == 0 && range.last == state.chains;
    if (range.first < 0 || range.last > state.chains || range.first > range.last ||
        energy.dim() != state.dim || (!info.empty() && info.size() != size(state.chains))) {
        throw UsageError("the chains, their energy and their report do not fit each other");
    }
    if (ensemble() && !whole) {
        throw UsageError("an ensemble moves as a whole: give all chains");
    }
    if (trace != nullptr) {
        trace->forget(range);
    }
    const Call call{key, step, energy, state.offset, trace};
    const Index block = ensemble() ? std::max<Index>(1, range.size()) : tile(state.dim);
    std::vector<StepInfo> unused(info.empty() ? size(std::min(block, range.size())) : 0);
    for (Index first = range.first; first < range.last; first += block) {
        const ChainRange part{first, std::min(first + block, range.last)};
        const auto report = info.empty() ? std::span(unused).first(size(part.size()))
                                         : info.subspan(size(first), size(part.size()));
        std::ranges::fill(report, StepInfo{});
        advance(call, state, part, report);
    }
}

void Kernel::step(Key key, std::uint64_t step, const Energy& energy, ChainState& state,
                  std::span<StepInfo> info, StepTrace* trace) const {
    this->step(key, step, energy, state, {0, state.chains}, info, trace);
}

}  // namespace lx
