// SPDX-License-Identifier: GPL-3.0-or-later
// Channels and probes, computed in short slices.
#include "core/evaluation/importance.h"
#include "core/experiments/autoencoder/run_data.h"
#include "core/experiments/sliced_task.h"
#include "core/nn/random.h"
#include "core/session/samples.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace lx::autoencoder {
namespace {

using Parts = std::shared_ptr<std::vector<Tensor>>;

Parts parts() {
    return std::make_shared<std::vector<Tensor>>();
}

Tensor rowsAt(const Tensor& table, const Tensor& rows, Index first, Index count) {
    return table.index_select(0, rows.narrow(0, first, count));
}

void observeCodes(SlicedTask& task, const Moment& m, Index rows, bool codes, bool sds, bool units) {
    rows = std::min(rows, m.data->shown.size(0));
    const Parts means = parts(), logVariances = parts();
    task.addSlices(rows, [=](Index first, Index count) {
        const Tensor x = m.model->prepared(rowsAt(m.data->train, m.data->shown, first, count));
        const Posterior q = m.model->encode(x);
        means->push_back(q.mean);
        if (q.logVariance.defined()) {
            logVariances->push_back(q.logVariance);
        }
    });
    task.add([=](SnapshotBuilder& out) {
        const Tensor mean = at::cat(*means);
        if (codes) {
            out.set("codes", toArray(mean));
            *m.data->mapCodes = mean;
        }
        if (logVariances->empty()) {
            return;
        }
        const Tensor logVariance = at::cat(*logVariances);
        if (sds) {
            out.set("codes_sd", toArray((0.5 * logVariance).exp()));
        }
        if (units) {
            const Posterior q{mean, logVariance};
            out.set("kl_units", toArray(m.model->prior().divergence(q).mean(0)));
        }
    });
}

/// Every code is decoded several times over, so a held-out row costs about three rows of codes.
void observeReconstructions(SlicedTask& task, const Moment& m, Index rows,
                            const std::function<bool(const char*)>& wants) {
    rows = std::min(rows, m.data->heldoutShown.size(0));
    const bool originals = wants("originals"), images = wants("reconstructions"),
               errors = wants("reconstruction_error");
    const Parts xs = parts(), decoded = parts(), nats = parts();
    task.addSlices(rows, [=](Index first, Index count) {
        const Tensor x =
            m.model->prepared(rowsAt(m.data->heldout, m.data->heldoutShown, first, count));
        const Posterior q = m.model->encode(x);
        const Tensor noise = at::zeros({count, m.model->noiseUnits()}, q.mean.options());
        nats->push_back(m.model->evaluate(x, noise).reconstruction);
        decoded->push_back(m.model->decode(q.mean));
        xs->push_back(x);
    });
    task.add([=](SnapshotBuilder& out) {
        const Tensor error = at::cat(*nats);
        const Tensor order = error.argsort(0, /*descending=*/true);
        if (originals) {
            out.set("originals", m.data->published(at::cat(*xs).index_select(0, order)));
        }
        if (images) {
            out.set("reconstructions", m.data->published(at::cat(*decoded).index_select(0, order)));
        }
        if (errors) {
            out.set("reconstruction_error", toArray(error.index_select(0, order)));
        }
    });
}

Tensor nearestCode(const Tensor& z, const Tensor& codes) {
    return at::cdist(z, codes).argmin(1);
}

/// A copy that does not share the mutable workspace of the array it came from.
Tensor codesOf(const Moment& m, Index first, Index count) {
    const Tensor x = m.model->prepared(rowsAt(m.data->train, m.data->shown, first, count));
    return m.model->encode(x).mean;
}

const Array& arrayOf(const cmd::Probe& probe, const std::string& name) {
    const auto found = probe.arrays.find(name);
    if (found == probe.arrays.end()) {
        throw UsageError("probe '" + probe.kind + "' needs the array '" + name + "'");
    }
    return found->second;
}

std::unique_ptr<Task> decodeProbe(const Moment& m, const cmd::Probe& probe) {
    const Tensor z =
        m.data->placed(toTensor(arrayOf(probe, "z"), m.data->context.latent, "array 'z'"));
    auto task = std::make_unique<SlicedTask>();
    const Parts decoded = parts();
    task->addSlices(z.size(0), [=](Index first, Index count) {
        decoded->push_back(m.model->decode(z.narrow(0, first, count)));
    });
    // While a map is observed its codes serve; encoding them anew at every move costs a frame.
    if (!m.data->mapCodes->defined()) {
        const Parts codes = parts();
        const Index rows = std::min(RunData::kScreenRows, m.data->shown.size(0));
        task->addSlices(
            rows, [=](Index first, Index count) { codes->push_back(codesOf(m, first, count)); });
        task->add([=](SnapshotBuilder&) { *m.data->mapCodes = at::cat(*codes); });
    }
    task->add([=](SnapshotBuilder& out) {
        out.set("z", toArray(z));
        out.set("x", m.data->published(at::cat(*decoded)));
        out.set("logp", toArray(m.model->prior().logDensity(z)));
        out.set("nearest", toArray(nearestCode(z, *m.data->mapCodes)));
    });
    return task;
}

Tensor sheetCodes(const ParamSet& args, Index columns, Index rows, const Tensor& rest) {
    const Tensor xs = at::linspace(number(args, "x0"), number(args, "x1"), columns, at::kFloat);
    const Tensor ys = at::linspace(number(args, "y0"), number(args, "y1"), rows, at::kFloat);
    Tensor z = rest.unsqueeze(0).repeat({rows * columns, 1});
    z.select(1, 0).copy_(xs.repeat({rows}));
    if (z.size(1) > 1) {
        z.select(1, 1).copy_(ys.repeat_interleave(columns));
    }
    return z;
}

std::unique_ptr<Task> sheetProbe(const Moment& m, const cmd::Probe& probe) {
    const Index columns = integer(probe.args, "columns"), rows = integer(probe.args, "rows");
    if (columns < 1 || rows < 1 || columns > 512 || rows > 512) {
        throw UsageError("probe 'sheet': columns and rows must lie between 1 and 512");
    }
    Tensor rest = at::zeros({m.data->context.latent});
    if (const auto given = probe.arrays.find("rest"); given != probe.arrays.end()) {
        const Array& values = given->second;
        const Array row(values.dtype(), {1, values.count()}, values.bytes());
        rest = toTensor(row, m.data->context.latent, "array 'rest'").squeeze(0);
    }
    const ParamSet args = probe.args;
    auto task = std::make_unique<SlicedTask>();
    const auto sheet = [&](Index across, Index down) {
        const Tensor z = m.data->placed(sheetCodes(args, across, down, rest));
        const Parts decoded = parts();
        task->addSlices(z.size(0), [=](Index first, Index count) {
            decoded->push_back(m.model->decode(z.narrow(0, first, count)));
        });
        task->add([=](SnapshotBuilder& out) {
            out.set("x", m.data->published(at::cat(*decoded)));
            const std::vector<float> extent{
                static_cast<float>(number(args, "x0")), static_cast<float>(number(args, "y0")),
                static_cast<float>(number(args, "x1")), static_cast<float>(number(args, "y1"))};
            out.set("extent", Array({4}, extent));
        });
    };
    if (columns * rows > kSlice) {
        sheet(std::min<Index>(8, columns), std::min<Index>(8, rows));
    }
    sheet(columns, rows);
    return task;
}

std::unique_ptr<Task> encodeProbe(const Moment& m, const cmd::Probe& probe) {
    const Tensor x = m.model->prepared(m.data->received(arrayOf(probe, "x")));
    if (x.size(0) < 1 || !x.isfinite().all().item<bool>()) {
        throw UsageError("probe 'encode' needs at least one row of finite numbers");
    }
    const Key key = derive(m.data->key, "view.encode");
    auto task = std::make_unique<SlicedTask>();
    const Parts means = parts(), sds = parts(), decoded = parts(), bounds = parts();
    task->addSlices(x.size(0), [=](Index first, Index count) {
        const Tensor rows = x.narrow(0, first, count);
        const Posterior q = m.model->encode(rows);
        means->push_back(q.mean);
        sds->push_back(q.logVariance.defined() ? (0.5 * q.logVariance).exp()
                                               : at::zeros_like(q.mean));
        decoded->push_back(m.model->decode(q.mean));
        constexpr Index draws = 16;
        Tensor bound = at::zeros({count}, rows.options());
        for (Index k = 0; k < draws; ++k) {
            const Tensor noise =
                m.data->placed(normal(derive(derive(key, static_cast<std::uint64_t>(first)),
                                             static_cast<std::uint64_t>(k)),
                                      {count, m.model->noiseUnits()}));
            const Losses losses = m.model->evaluate(rows, noise);
            bound -= losses.reconstruction / static_cast<double>(draws);
            if (losses.divergence.defined()) {
                bound -= losses.divergence / static_cast<double>(draws);
            }
        }
        bounds->push_back(bound);
    });
    task->add([=](SnapshotBuilder& out) {
        out.set("mean", toArray(at::cat(*means)));
        out.set("sd", toArray(at::cat(*sds)));
        out.set("x", m.data->published(at::cat(*decoded)));
        out.set("elbo", toArray(at::cat(*bounds)));
    });
    return task;
}

/// Of the draws of the prior that views show.
Key samplesKey(Key run) {
    return derive(run, "view.samples");
}

/// The decoder's mean at draws of the prior; of a deterministic code at standard normal ones, as
/// views show it.
std::unique_ptr<Task> generateProbe(const Moment& m, const cmd::Probe& probe) {
    const SampleQuestion question = sampleQuestion(probe);
    const Key key =
        question.key.value_or(samplesKey(question.seed ? Key{*question.seed, 0} : m.data->key));
    const SampleTile tile = tileOf(question, m.data->context.image ? kSlice : 4 * kSlice);
    auto task = std::make_unique<SlicedTask>();
    const Parts codes = parts(), decoded = parts();
    task->addSlices(tile.skip + tile.count, [=](Index first, Index) {
        // Whole slices, whatever is asked for: samples.h says why.
        const Tensor z = m.data->placed(
            m.model->prior().sample(key, kSlice, m.data->context.latent, tile.start + first));
        codes->push_back(z);
        decoded->push_back(m.model->decode(z));
    });
    task->add([=](SnapshotBuilder& out) {
        const auto rows = [&](const Parts& all) {
            return at::cat(*all).narrow(0, tile.skip, tile.count);
        };
        out.set("samples", m.data->published(rows(decoded)));
        out.set("codes", toArray(rows(codes)));
        out.set("keys", sampleKeys(key, tile.first(), tile.count));
    });
    return task;
}

}  // namespace

std::unique_ptr<SlicedTask> observeTask(Moment m, std::span<const std::string> channels,
                                        Detail detail) {
    const at::NoGradGuard off;
    const std::vector<std::string> names(channels.begin(), channels.end());
    const auto wants = [names](const char* name) {
        return std::ranges::find(names, name) != names.end();
    };
    const bool whole = detail == Detail::Export;
    const bool image = m.data->context.image;
    const Index rows =
        std::min(whole ? RunData::kExportRows : RunData::kScreenRows, m.data->shown.size(0));
    auto task = std::make_unique<SlicedTask>();
    if (wants("data")) {
        task->add([=](SnapshotBuilder& out) {
            const Tensor x = rowsAt(m.data->train, m.data->shown, 0, rows);
            out.set("data", m.data->published(m.model->prepared(x)));
        });
    }
    if (wants("labels") && m.data->dataset->trainLabels.defined()) {
        task->add([=](SnapshotBuilder& out) {
            const auto labels = m.data->dataset->trainLabels.values<Index>();
            const Tensor shown = m.data->shown.cpu();
            const auto* at = shown.data_ptr<std::int64_t>();
            std::vector<Index> chosen;
            for (Index i = 0; i < rows; ++i) {
                chosen.push_back(labels[static_cast<std::size_t>(at[i])]);
            }
            out.set("labels", Array({rows}, chosen));
        });
    }
    if (wants("samples")) {
        const Index count = image ? (whole ? 1024 : 64) : rows;
        const Key key = samplesKey(m.data->key);
        const Tensor z =
            m.data->placed(m.model->prior().sample(key, count, m.data->context.latent));
        const Parts decoded = parts();
        task->addSlices(count, [=](Index first, Index size) {
            decoded->push_back(m.model->decode(z.narrow(0, first, size)));
        });
        task->add([=](SnapshotBuilder& out) {
            out.set("samples", m.data->published(at::cat(*decoded)));
            out.set("samples.keys", sampleKeys(key, 0, count));
        });
    }
    if (wants("originals") || wants("reconstructions") || wants("reconstruction_error")) {
        observeReconstructions(*task, m, image ? (whole ? 1024 : 128) : rows, wants);
    }
    if (wants("codes") || wants("codes_sd") || wants("kl_units")) {
        observeCodes(*task, m, rows, wants("codes"), wants("codes_sd"), wants("kl_units"));
    }
    return task;
}

std::unique_ptr<Task> probeTask(Moment m, const cmd::Probe& probe) {
    const at::NoGradGuard off;
    if (probe.kind == "decode") {
        return decodeProbe(m, probe);
    } else if (probe.kind == "sheet") {
        return sheetProbe(m, probe);
    } else if (probe.kind == "encode") {
        return encodeProbe(m, probe);
    } else if (probe.kind == "generate") {
        return generateProbe(m, probe);
    }
    return nullptr;
}

}  // namespace lx::autoencoder
