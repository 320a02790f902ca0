// SPDX-License-Identifier: GPL-3.0-or-later
// Samples on demand: chains that begin as noise, walked in parts until each has made its steps.
#include "core/base/philox.h"
#include "core/experiments/energy/moment.h"
#include "core/experiments/energy/negatives.h"
#include "core/experiments/sliced_task.h"
#include "core/session/samples.h"

#include <algorithm>

namespace lx::learned {
namespace {

constexpr Index kPictures = 32, kPoints = 1024;

struct Chains {
    Key key;
    SampleTile tile;
    std::vector<float> x;              ///< the whole tile, [rows, dim]
    std::vector<std::int64_t> labels;  ///< that each chain keeps; empty: none are told
    std::unique_ptr<executors::ChainExecutor> executor;  ///< of points
};

/// Adds the walk in parts: points return to the border of the box after each, pictures at every
/// step.
void addWalk(SlicedTask& task, const std::shared_ptr<const Moment>& m, const Choices& choices,
             const std::shared_ptr<Chains>& chains) {
    const SampleWalk walkNow = walkOf(choices);
    for (Index done = 0; done < walkNow.steps; done += walkNow.part) {
        const Index steps = std::min(walkNow.part, walkNow.steps - done);
        task.add([=](SnapshotBuilder&) {
            const Key key = derive(chains->key, "walk");
            if (choices.pictures()) {
                const auto& energy = dynamic_cast<const PictureEnergy&>(*m->energy);
                walk(energy, choices, chains->labels, {},
                     derive(key, static_cast<std::uint64_t>(done)), steps, chains->x,
                     chains->tile.start);
                return;
            }
            if (!chains->executor) {
                chains->executor =
                    pointWalk(*m->energy, walkNow.noise, chains->x, key, chains->tile.start);
            }
            chains->executor->setPositions(chains->x);
            chains->executor->setStep(static_cast<std::uint64_t>(done));
            chains->executor->advance(steps);
            chains->executor->positions(chains->x);
            for (float& v : chains->x) {
                v = std::clamp(v, static_cast<float>(choices.low),
                               static_cast<float>(choices.high));
            }
        });
    }
}

}  // namespace

std::unique_ptr<Task> generateTask(Moment given, const cmd::Probe& probe) {
    const Choices now = given.now;
    const SampleQuestion question = sampleQuestion(probe);
    const auto m = std::make_shared<const Moment>(std::move(given));
    const Index dim = m->data->dim, rows = now.pictures() ? kPictures : kPoints;
    const auto chains = std::make_shared<Chains>();
    const Key run = question.seed ? Key{*question.seed, 0} : m->data->key;
    chains->key = question.key.value_or(derive(run, "samples"));
    chains->tile = tileOf(question, rows);
    const auto first = static_cast<std::uint64_t>(chains->tile.start);
    chains->x.resize(static_cast<std::size_t>(rows * dim));
    fillBox(now, derive(chains->key, "start"), chains->x, first * static_cast<std::uint64_t>(dim));
    if (now.classes > 0) {
        chains->labels.resize(static_cast<std::size_t>(rows));
        fillBelow(derive(chains->key, "labels"), static_cast<std::uint64_t>(now.classes),
                  chains->labels, first);
    }
    auto task = std::make_unique<SlicedTask>();
    addWalk(*task, m, now, chains);
    task->add([=](SnapshotBuilder& out) {
        const Index n = chains->tile.count;
        const auto part = [&](const auto& all, Index width) {
            return std::span(all).subspan(static_cast<std::size_t>(chains->tile.skip * width),
                                          static_cast<std::size_t>(n * width));
        };
        const std::span<const float> x = part(chains->x, dim);
        if (now.pictures()) {
            out.set("samples", Array({n, now.height, now.width}, x));
        } else {
            const std::vector<double> points(x.begin(), x.end());
            out.set("samples", m->data->units.published({n, dim}, points));
        }
        out.set("keys", sampleKeys(chains->key, chains->tile.first(), n));
        if (!chains->labels.empty()) {
            out.set("labels", Array({n}, std::span<const Index>(part(chains->labels, 1))));
        }
    });
    return task;
}

}  // namespace lx::learned
