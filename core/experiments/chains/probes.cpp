// SPDX-License-Identifier: GPL-3.0-or-later
// What a hand may do to running chains.
#include "core/experiments/chains/arrays.h"
#include "core/experiments/chains/chain_experiment.h"
#include "core/experiments/chains/list_task.h"

#include "core/chains/chain_export.h"
#include "core/energies/draws.h"
#include "core/energies/painting.h"
#include "core/session/samples.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace lx::chains {
namespace {

std::unique_ptr<Task> answer(ListTask::Part part) {
    auto task = std::make_unique<ListTask>();
    task->add(std::move(part));
    return task;
}

Index chainOf(const cmd::Probe& probe, Index chains, Index otherwise) {
    const Index chain = probe.args.contains("chain") ? integer(probe.args, "chain") : otherwise;
    if (chain < -1 || chain >= chains) {
        throw UsageError("there is no chain " + std::to_string(chain) + ", only 0 to " +
                         std::to_string(chains - 1));
    }
    return chain;
}

std::vector<double> numbersOf(const Array& array) {
    std::vector<double> out;
    if (array.dtype() == DType::F32) {
        out.assign(array.values<float>().begin(), array.values<float>().end());
    } else {
        out.assign(array.values<double>().begin(), array.values<double>().end());
    }
    if (std::ranges::any_of(out, [](double x) { return !std::isfinite(x); })) {
        throw UsageError("a place must be made of finite numbers");
    }
    return out;
}

}  // namespace

std::unique_ptr<Task> ChainExperiment::probe(const cmd::Probe& probe) {
    if (probe.kind == "kick" || probe.kind == "place") {
        const Index chain = chainOf(probe, m_run.chains(), probe.kind == "kick" ? -1 : 0);
        return answer([this, probe, chain](SnapshotBuilder& out) {
            std::vector<double> last;
            for (Index c = std::max<Index>(chain, 0); c < (chain < 0 ? m_run.chains() : chain + 1);
                 ++c) {
                last = placeOf(probe, c);
                m_run.place(c, last);
            }
            ++m_news;
            out.set("x", floats({std::ssize(last)}, last));
        });
    }
    if (probe.kind == "restart") {
        const Index chain = chainOf(probe, m_run.chains(), -1);
        return answer([this, chain](SnapshotBuilder& out) {
            m_run.restart(chain);
            if (chain < 0) {
                startOver();
            }
            ++m_news;
            const auto d = static_cast<std::size_t>(m_run.dim());
            const auto x = m_run.state().positions().subspan(
                static_cast<std::size_t>(std::max<Index>(chain, 0)) * d, d);
            out.set("x", floats({m_run.dim()}, x));
        });
    }
    if (probe.kind == "variables") {
        const auto names = probe.arrays.find("names");
        if (names == probe.arrays.end()) {
            throw UsageError("probe 'variables' needs the text 'names'");
        }
        return answer([this, wanted = textOf(names->second)](SnapshotBuilder& out) {
            m_focus = focusOf(m_store->layout(), wanted);
            m_worker.setFocus(m_focus);
            out.set("names", textArray(namesOfFocus(m_store->layout(), m_focus)));
        });
    }
    if (probe.kind == "variable_list") {
        return answer([this](SnapshotBuilder& out) {
            out.set("names", textArray(joined(variableNames(m_store->layout()))));
        });
    }
    if (probe.kind == "paint") {
        return paint(probe);
    }
    if (probe.kind == "record") {
        return recordTo(probe);
    }
    if (probe.kind == "generate") {
        return draws(probe);
    }
    return nullptr;
}

/// Where a kick or a hand puts chain `chain`.
std::vector<double> ChainExperiment::placeOf(const cmd::Probe& probe, Index chain) const {
    const auto dim = static_cast<std::size_t>(m_run.dim());
    const auto now = m_run.state().positions().subspan(static_cast<std::size_t>(chain) * dim, dim);
    std::vector<double> x(now.begin(), now.end());
    const auto given = probe.arrays.find("x");
    if (probe.kind == "kick" && given == probe.arrays.end()) {
        const double scale = probe.args.contains("scale") ? number(probe.args, "scale") : 1.0;
        const Box frame = m_run.energy()->frame();
        RowDraws draws(derive(derive(m_key, "kick"), probe.ticket), chain);
        for (std::size_t k = 0; k < dim; ++k) {
            // A frame is about eight standard deviations wide.
            x[k] += scale * (frame.upper[k] - frame.lower[k]) / 8 * draws.normal();
        }
        return x;
    }
    if (given == probe.arrays.end()) {
        throw UsageError("probe 'place' needs the array 'x' of coordinates");
    }
    const auto by = numbersOf(given->second);
    if (by.size() != dim && !(by.size() == 2 && dim > 2)) {
        throw UsageError("array 'x' has " + std::to_string(by.size()) +
                         " coordinates, the target " + std::to_string(dim));
    }
    for (std::size_t k = 0; k < by.size(); ++k) {
        x[k] = probe.kind == "kick" ? x[k] + by[k] : by[k];
    }
    return x;
}

std::unique_ptr<Task> ChainExperiment::paint(const cmd::Probe& probe) {
    if (!m_run.params().contains("energy.strokes")) {
        throw UsageError("only a painted energy can be painted; choose energy=painted");
    }
    return answer([this, probe](SnapshotBuilder& out) {
        const Painting now = Painting::decode(numbers(m_run.params(), "energy.strokes"));
        Painting next = now;
        if (const auto stroke = probe.arrays.find("stroke"); stroke != probe.arrays.end()) {
            const Painting added = Painting::decode(numbersOf(stroke->second));
            for (const Stroke& s : added.strokes()) {
                next = next.with(s);
            }
        } else if (const auto all = probe.arrays.find("strokes"); all != probe.arrays.end()) {
            next = Painting::decode(numbersOf(all->second));
        } else {
            next = next.undone();
        }
        const auto strokes = next.encode();
        set({"energy.strokes", strokes});
        out.set("strokes", Array({std::ssize(strokes)}, strokes));
    });
}

/// The draws after warm-up that are stored, all chains at one step, then at the next.
std::unique_ptr<Task> ChainExperiment::draws(const cmd::Probe& probe) const {
    constexpr Index kAtOnce = 4096;
    const SampleQuestion question = sampleQuestion(probe);
    const Key key = m_run.sampleKey();
    if ((question.seed && *question.seed != m_key.seed) || (question.key && *question.key != key)) {
        throw UsageError("the draws of chains come from the seed of their run, " +
                         std::to_string(m_key.seed) + "; start a run with another one");
    }
    const ChainView view = m_chains->view();
    const Index width = std::ssize(view.kept()), there = view.empty() ? 0 : view.draws() * width;
    if (question.first + question.count > there) {
        throw UsageError(
            "the run has stored " + std::to_string(there) + " draws after warm-up, not " +
            std::to_string(question.first + question.count) + "; let it make more steps");
    }
    const SampleTile tile = tileOf(question, kAtOnce);
    return answer([=, dim = m_run.dim()](SnapshotBuilder& out) {
        std::vector<float> x;
        std::vector<Index> keys;
        for (Index i = tile.first(); i < tile.first() + tile.count; ++i) {
            const Index row = view.warmup() + i / width, slot = i % width;
            for (Index d = 0; d < dim; ++d) {
                x.push_back(static_cast<float>(view.at(row, slot, d)));
            }
            const Index chain = view.kept()[static_cast<std::size_t>(slot)];
            keys.insert(keys.end(), {std::bit_cast<Index>(key.seed),
                                     std::bit_cast<Index>(key.stream), chain, row * view.stride()});
        }
        out.set("samples", Array({tile.count, dim}, x));
        out.set("keys", Array({tile.count, 4}, keys));
    });
}

/// For other programs, where the files are not too large for them: chains.nc for ArviZ, and as
/// CmdStan writes it one CSV a chain while a person could want to open so many files.
void ChainExperiment::writeFiles(const std::filesystem::path& folder) const {
    constexpr Index kMostTables = 64, kMostNumbers = 20'000'000;
    const ChainView view = m_chains->view();
    if (view.draws() == 0 ||
        view.rows() * std::ssize(view.kept()) * view.layout().dim() > kMostNumbers) {
        return;
    }
    const ChainExport about{
        .model = text(m_run.params(), "energy"), .seed = m_key.seed, .seconds = m_seconds};
    if (m_saveNetCdf) {
        m_saveNetCdf(folder / "chains.nc", view, about);
    }
    if (m_run.chains() <= kMostTables) {
        std::filesystem::create_directories(folder / "cmdstan");
        writeCmdStan(folder / "cmdstan", "chains", view, about);
    }
}

/// Streams the draws after warm-up into an npy file: what `run --out` keeps. Without a path the
/// file is finished.
std::unique_ptr<Task> ChainExperiment::recordTo(const cmd::Probe& probe) {
    const auto path = probe.arrays.find("path");
    if (path == probe.arrays.end()) {
        const auto folder = probe.arrays.find("folder");
        return answer([this, into = folder == probe.arrays.end()
                                        ? std::string()
                                        : textOf(folder->second)](SnapshotBuilder& out) {
            const Index draws = m_writer ? m_writer->draws() : 0;
            if (m_writer) {
                m_writer->commit();
                m_writer.reset();
            }
            if (!into.empty()) {
                writeFiles(into);
            }
            out.set("draws", indices({draws}));
        });
    }
    return answer([this, file = textOf(path->second)](SnapshotBuilder& out) {
        const ChainView view = m_chains->view();
        const Index made = std::max<Index>(m_run.steps() - m_run.warmup().iterations(), 0);
        const bool whole = view.draws() == made && std::ssize(view.kept()) == m_run.chains();
        if (!whole) {
            throw UsageError(
                "not all draws so far are stored any more, so the file of chains "
                "would have a gap");
        }
        m_writer = std::make_unique<ChainArrayWriter>(file, m_run.chains(), m_run.dim(),
                                                      m_store->layout().dtype);
        std::vector<double> row(static_cast<std::size_t>(m_run.chains() * m_run.dim()));
        for (Index n = view.warmup(); n < view.rows(); ++n) {
            for (Index c = 0; c < m_run.chains(); ++c) {
                for (Index d = 0; d < m_run.dim(); ++d) {
                    row[static_cast<std::size_t>(c * m_run.dim() + d)] = view.at(n, c, d);
                }
            }
            m_writer->append(std::span<const double>(row));
        }
        out.set("draws", indices({made}));
    });
}

}  // namespace lx::chains
