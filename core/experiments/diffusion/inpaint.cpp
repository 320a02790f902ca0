// SPDX-License-Identifier: GPL-3.0-or-later
// Held-out pictures of which a part is hidden, and what the model makes of that part.
#include "core/diffusion/inpaint.h"

#include "core/experiments/diffusion/record.h"
#include "core/experiments/picture_mask.h"

#include <algorithm>
#include <cmath>

namespace lx::diffusion {
namespace {

constexpr Index kRows = 6, kColumns = 5;

/// The first held-out rows in model units.
std::vector<double> heldOutRows(const Dataset& data, Index most) {
    const auto all = data.heldout.values<float>();
    const auto count = static_cast<std::size_t>(std::min(most, data.heldout.dim(0)) * data.dim());
    return {all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count)};
}

Inpainting inpaintingOf(const Moment& m, Key key, Index rows) {
    const Dataset& data = *m.data->dataset;
    auto x = heldOutRows(data, rows);
    const auto one = hiddenPixels(m.data->params, data.sampleShape[0], data.sampleShape[1]);
    std::vector<std::uint8_t> hidden(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
        hidden[i] = one[i % one.size()];
    }
    return {m.cloud->process(), key,         std::move(x),
            std::move(hidden),  m.data->dim, integer(m.data->params, "inpaint.rounds"),
            m.data->spread};
}

}  // namespace

void addInpainting(SlicedTask& task, const Moment& m) {
    struct Work {
        std::optional<Inpainting> fill;
        std::vector<std::vector<double>> columns;
        std::string titles = "data\ngiven";
    };
    const auto work = std::make_shared<Work>();
    const auto data = m.data;
    const auto one =
        hiddenPixels(data->params, data->dataset->sampleShape[0], data->dataset->sampleShape[1]);
    task.add([=](SnapshotBuilder&) {
        work->fill.emplace(inpaintingOf(m, derive(data->key, "view.inpaint"), kRows));
        const auto truth = heldOutRows(*data->dataset, kRows);
        work->columns = {truth, truth};
    });
    const Index steps = m.cloud->process().steps();
    for (Index i = 0; i < steps; ++i) {
        task.add([=](SnapshotBuilder&) {
            work->fill->step(*m.denoiser);
            const Index column = (i + 1) * kColumns / steps;
            if (column > i * kColumns / steps) {
                const auto z = work->fill->rows();
                work->columns.emplace_back(z.begin(), z.end());
                work->titles.append("\n").append(std::to_string(i + 1)).append(" steps");
            }
        });
    }
    task.add([=](SnapshotBuilder& out) {
        const Index d = data->dim, rows = std::ssize(work->columns.front()) / d,
                    columns = std::ssize(work->columns);
        std::vector<double> frames;
        for (Index r = 0; r < rows; ++r) {
            for (const auto& column : work->columns) {
                const auto from = column.begin() + r * d;
                frames.insert(frames.end(), from, from + d);
            }
        }
        const Array shown = data->published(frames);
        std::vector<float> pixels(shown.values<float>().begin(), shown.values<float>().end());
        for (std::size_t i = 0; i < pixels.size(); ++i) {
            const auto width = static_cast<std::size_t>(d);
            if (i / width % work->columns.size() == 1 && one[i % width] != 0) {
                pixels[i] = 0.5F;  // grey where nothing is known
            }
        }
        out.set("inpainting", Array({rows, columns, shown.dim(1), shown.dim(2)}, pixels));
        out.set("inpainting.titles", textArray(work->titles));
        addMask(out, "inpainting", data->params);
    });
}

std::map<std::string, double> inpaintMetrics(const Moment& m, Key key, std::stop_token stop) {
    constexpr Index kMeasured = 64;
    Moment bottom = m;
    auto data = std::make_shared<RunData>(*m.data);
    data->params["inpaint.mask"] = std::string("bottom");
    bottom.data = data;
    Inpainting fill = inpaintingOf(bottom, key, kMeasured);
    while (fill.done() < fill.steps()) {
        if (stop.stop_requested()) {
            return {};
        }
        fill.step(*m.denoiser);
    }
    // Against what another held-out garment has there: the same rows, moved on by one.
    const auto truth = heldOutRows(*m.data->dataset, kMeasured);
    const auto d = static_cast<std::size_t>(m.data->dim);
    const auto one =
        hiddenPixels(data->params, data->dataset->sampleShape[0], data->dataset->sampleShape[1]);
    double own = 0, other = 0;
    std::size_t count = 0;
    for (std::size_t i = 0; i < truth.size(); ++i) {
        if (one[i % d] != 0) {
            own += std::pow(fill.rows()[i] - truth[i], 2);
            other += std::pow(truth[(i + d) % truth.size()] - truth[i], 2);
            ++count;
        }
    }
    return {{"inpaint_error", own / static_cast<double>(count)}, {"inpaint_ratio", own / other}};
}

}  // namespace lx::diffusion
