// SPDX-License-Identifier: GPL-3.0-or-later
// Samples on demand: the way from noise to data that the clock shows, for rows of any number.
#include "core/experiments/diffusion/moment.h"
#include "core/experiments/sliced_task.h"
#include "core/session/samples.h"

namespace lx::diffusion {
namespace {

/// A tile of pictures is a few seconds of a U-Net on one core.
constexpr Index kPictures = 32, kPoints = 1024;

}  // namespace

std::unique_ptr<Task> generateTask(Moment given, const cmd::Probe& probe) {
    const SampleQuestion question = sampleQuestion(probe);
    const auto m = std::make_shared<const Moment>(std::move(given));
    const RunData& data = *m->data;
    const Key run = question.seed ? Key{*question.seed, 0} : data.key;
    const Key key = question.key.value_or(roundKey(RunData::particles(run), 0));
    const Index dim = data.dim, rows = data.image() ? kPictures : kPoints;
    const SampleTile tile = tileOf(question, rows);
    const ReverseProcess& process = m->cloud->process();
    const auto z = std::make_shared<std::vector<double>>(
        noiseRows(process, data.noise(), key, rows, dim, tile.start));
    auto task = std::make_unique<SlicedTask>();
    for (Index i = 0; i < process.steps(); ++i) {
        task->add([=](SnapshotBuilder&) {
            m->cloud->process().step(*m->denoiser, key, i, *z, tile.start);
        });
    }
    task->add([=](SnapshotBuilder& out) {
        const auto all = std::span<const double>(*z);
        out.set("samples",
                m->data->published(all.subspan(static_cast<std::size_t>(tile.skip * dim),
                                               static_cast<std::size_t>(tile.count * dim))));
        out.set("keys", sampleKeys(key, tile.first(), tile.count));
        const Index label = m->guidance.label;
        if (label >= 0 && label < std::ssize(m->denoisers.classes)) {
            const std::vector<Index> told(static_cast<std::size_t>(tile.count), label);
            out.set("labels", Array({tile.count}, told));
        }
    });
    return task;
}

}  // namespace lx::diffusion
