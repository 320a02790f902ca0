// SPDX-License-Identifier: GPL-3.0-or-later
// Channels and metrics of an energy of pictures: outliers told apart, holes filled, damage mended.
#include "core/base/philox.h"
#include "core/evaluation/ranking.h"
#include "core/experiments/energy/moment.h"
#include "core/experiments/energy/negatives.h"
#include "core/experiments/picture_mask.h"
#include "core/experiments/sliced_task.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

namespace lx::learned {
namespace {

using Rows = std::vector<float>;

constexpr double kSalt = 0.1;  ///< share of the pixels that salt makes white
constexpr Index kFillSteps = 120, kMendSteps = 20;

struct Sides {
    std::size_t height, width;
    std::size_t pixels() const { return height * width; }
};
Sides sidesOf(const Dataset& data) {
    return {static_cast<std::size_t>(data.sampleShape[0]),
            static_cast<std::size_t>(data.sampleShape[1])};
}

Rows firstRows(const Array& from, Index most) {
    const auto all = from.values<float>();
    const auto count = static_cast<std::size_t>(std::min(most, from.dim(0)) * from.dim(1));
    return {all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count)};
}

Rows salted(const Rows& rows, Key key) {
    Rows out = rows, chance(rows.size());
    fillUniform(key, chance);
    for (std::size_t i = 0; i < out.size(); ++i) {
        if (static_cast<double>(chance[i]) < kSalt) {
            out[i] = 1;
        }
    }
    return out;
}

/// What a detector should find strange, least strange last. Ref: du2019.
struct Outliers {
    const char *id, *name;
    Rows (*make)(const Rows& data, Sides, Key);
};
const Outliers kOutliers[] = {
    {"noise", "uniform noise",
     [](const Rows& data, Sides, Key key) {
         Rows out(data.size());
         fillUniform(key, out);
         return out;
     }},
    {"shuffle", "shuffled rows and columns",
     [](const Rows& data, Sides s, Key key) {
         Rows out(data.size());
         for (std::size_t r = 0; r < data.size(); r += s.pixels()) {
             const Key own = derive(key, r);
             const auto order = [&](const char* axis, std::size_t n) {
                 Rows rank(n);
                 fillUniform(derive(own, axis), rank);
                 std::vector<std::size_t> index(n);
                 for (std::size_t i = 0; i < n; ++i) {
                     index[i] = i;
                 }
                 std::ranges::sort(index, {}, [&](std::size_t i) { return rank[i]; });
                 return index;
             };
             const auto rows = order("rows", s.height), columns = order("columns", s.width);
             for (std::size_t i = 0; i < s.height; ++i) {
                 for (std::size_t j = 0; j < s.width; ++j) {
                     out[r + i * s.width + j] = data[r + rows[i] * s.width + columns[j]];
                 }
             }
         }
         return out;
     }},
    {"constant", "constant",
     [](const Rows& data, Sides s, Key key) {
         Rows level(data.size() / s.pixels()), out(data.size());
         fillUniform(key, level);
         for (std::size_t i = 0; i < out.size(); ++i) {
             out[i] = level[i / s.pixels()];
         }
         return out;
     }},
    {"salt", "a tenth of the pixels white",
     [](const Rows& data, Sides, Key key) { return salted(data, key); }},
    {"blend", "two pictures, half each",
     [](const Rows& data, Sides s, Key) {
         Rows out(data.size());
         for (std::size_t i = 0; i < out.size(); ++i) {
             out[i] = 0.5F * (data[i] + data[(i + s.pixels()) % data.size()]);
         }
         return out;
     }},
    {"flip", "upside down",
     [](const Rows& data, Sides s, Key) {
         Rows out(data.size());
         for (std::size_t i = 0; i < out.size(); ++i) {
             const std::size_t r = i / s.pixels() * s.pixels(), row = (i - r) / s.width,
                               column = (i - r) % s.width;
             out[i] = data[r + (s.height - 1 - row) * s.width + column];
         }
         return out;
     }},
};

std::vector<double> energies(const Energy& energy, const Rows& rows) {
    const auto d = static_cast<std::size_t>(energy.dim());
    std::vector<double> out;
    Rows value;
    constexpr std::size_t kPart = 256;
    for (std::size_t r = 0; r < rows.size() / d; r += kPart) {
        const std::size_t count = std::min(kPart, rows.size() / d - r);
        value.resize(count);
        energy.evaluate(std::span<const float>(rows).subspan(r * d, count * d), value);
        out.insert(out.end(), value.begin(), value.end());
    }
    return out;
}

struct Filled {
    Rows given, now;                 ///< hidden pixels hold noise
    std::vector<std::uint8_t> free;  ///< [N, D]
};
/// `one` [D]: 1 where chains may move, what the mask hides.
Filled holes(const Rows& data, Sides s, const std::vector<std::uint8_t>& one, Key key) {
    Filled out{data, {}, {}};
    Rows noise(data.size());
    fillUniform(key, noise);
    out.free.resize(data.size());
    for (std::size_t i = 0; i < data.size(); ++i) {
        out.free[i] = one[i % s.pixels()];
        if (out.free[i] != 0) {
            out.given[i] = noise[i];
        }
    }
    out.now = out.given;
    return out;
}

/// Classes of the first held-out pictures where the network is told any: their chains know them.
std::vector<std::int64_t> toldLabels(const Moment& m, std::size_t count) {
    if (m.data->choices.classes == 0) {
        return {};
    }
    const auto all = m.data->dataset->heldoutLabels.values<std::int64_t>().first(count);
    return {all.begin(), all.end()};
}

double meanSquare(const Rows& a, const Rows& b, std::span<const std::uint8_t> where = {}) {
    double sum = 0, count = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (where.empty() || where[i] != 0) {
            const auto u = static_cast<double>(a[i] - b[i]);
            sum += u * u;
            ++count;
        }
    }
    return count > 0 ? sum / count : 0;
}

const PictureEnergy& pictures(const Moment& m) {
    return dynamic_cast<const PictureEnergy&>(*m.energy);
}
Choices choicesOf(const Moment& m) {
    return m.now;
}
std::vector<std::uint8_t> maskOf(const ParamSet& params, Sides s) {
    return hiddenPixels(params, static_cast<Index>(s.height), static_cast<Index>(s.width));
}

Array words(const std::string& text) {
    return {DType::U8, {std::ssize(text)}, std::as_bytes(std::span(text))};
}

/// Frames of pictures at growing numbers of steps, [N, columns, H, W], one piece of work a column.
void addStrip(SlicedTask& task, const std::string& id, std::shared_ptr<const Moment> m, Rows truth,
              Filled start, std::vector<Index> stops) {
    struct Work {
        Filled fill;
        std::vector<Rows> columns;
        Index done = 0;
    };
    const auto work = std::make_shared<Work>();
    const auto labels = toldLabels(*m, truth.size() / static_cast<std::size_t>(m->data->dim));
    work->columns = {std::move(truth), start.given};
    work->fill = std::move(start);
    std::string titles = "data\ngiven";
    for (const Index stop : stops) {
        titles.append("\n").append(std::to_string(stop)).append(" steps");
        task.add([=](SnapshotBuilder&) {
            walk(pictures(*m), choicesOf(*m), labels, work->fill.free,
                 derive(derive(m->data->key, id), static_cast<std::uint64_t>(stop)),
                 stop - work->done, work->fill.now);
            work->done = stop;
            work->columns.push_back(work->fill.now);
        });
    }
    task.add([=](SnapshotBuilder& out) {
        const Sides s = sidesOf(*m->data->dataset);
        const std::size_t n = work->columns.front().size() / s.pixels();
        Rows frames;
        for (std::size_t r = 0; r < n; ++r) {
            for (const Rows& column : work->columns) {
                const auto from = column.begin() + static_cast<std::ptrdiff_t>(r * s.pixels());
                frames.insert(frames.end(), from, from + static_cast<std::ptrdiff_t>(s.pixels()));
            }
        }
        out.set(id, Array({static_cast<Index>(n), std::ssize(work->columns),
                           static_cast<Index>(s.height), static_cast<Index>(s.width)},
                          frames));
        out.set(id + ".titles", words(titles));
        if (id == "inpainting") {
            addMask(out, id, m->data->params);
        }
    });
}

}  // namespace

std::unique_ptr<Task> observePictures(Moment given, std::span<const std::string> channels,
                                      Detail detail) {
    const std::vector<std::string> names(channels.begin(), channels.end());
    const auto wants = [&](const char* name) {
        return std::ranges::find(names, name) != names.end();
    };
    const auto m = std::make_shared<const Moment>(std::move(given));
    const Dataset& data = *m->data->dataset;
    const Sides s = sidesOf(data);
    const bool whole = detail == Detail::Export;
    auto task = std::make_unique<SlicedTask>();
    const auto tiles = [&](const char* id, Rows rows) {
        task->add([=](SnapshotBuilder& out) {
            out.set(id, Array({static_cast<Index>(rows.size() / s.pixels()),
                               static_cast<Index>(s.height), static_cast<Index>(s.width)},
                              rows));
        });
    };
    if (wants("data")) {
        tiles("data", firstRows(data.train, whole ? 10'000 : 400));
    }
    if (wants("samples")) {
        // The oldest first: a chain that has just begun is noise still.
        std::vector<std::size_t> order(m->ages.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::ranges::stable_sort(order, std::greater(), [&](std::size_t i) { return m->ages[i]; });
        order.resize(std::min<std::size_t>(order.size(), whole ? 10'000 : 400));
        Rows rows, ages;
        for (const std::size_t i : order) {
            for (std::size_t k = 0; k < s.pixels(); ++k) {
                rows.push_back(static_cast<float>(m->negatives[i * s.pixels() + k]));
            }
            ages.push_back(m->ages[i]);
        }
        tiles("samples", std::move(rows));
        task->add([ages](SnapshotBuilder& out) {
            out.set("samples.ages", Array({std::ssize(ages)}, ages));
        });
    }
    constexpr Index kShown = 6;
    const Key key = derive(m->data->key, "looks");
    const Rows some = firstRows(data.heldout, kShown);
    if (wants("inpainting")) {
        addStrip(*task, "inpainting", m, some,
                 holes(some, s, maskOf(m->data->params, s), derive(key, "holes")),
                 {15, 30, 60, kFillSteps});
    }
    if (wants("mending")) {
        const Rows damaged = salted(some, derive(key, "salt"));
        addStrip(*task, "mending", m, some, {damaged, damaged, {}}, {2, 5, 10, kMendSteps});
    }
    const Index most = whole ? 2000 : 300;
    if (wants("energies")) {
        task->add([=](SnapshotBuilder& out) {
            Rows chains;
            for (const double v :
                 std::span(m->negatives)
                     .first(std::min(m->negatives.size(),
                                     static_cast<std::size_t>(most) * s.pixels()))) {
                chains.push_back(static_cast<float>(v));
            }
            const Dataset& set = *m->data->dataset;
            addHistograms(out, "energies",
                          std::vector{energies(*m->energy, firstRows(set.train, most)),
                                      energies(*m->energy, firstRows(set.heldout, most)),
                                      energies(*m->energy, chains)},
                          "training data\nheld-out data\nchains");
        });
    }
    if (wants("slice")) {
        addSlice(*task, m);
    }
    if (wants("outliers")) {
        const auto lists = std::make_shared<std::vector<std::vector<double>>>();
        const auto titles = std::make_shared<std::string>("held-out data");
        const auto held = std::make_shared<const Rows>(firstRows(data.heldout, most));
        task->add([=](SnapshotBuilder&) { lists->push_back(energies(*m->energy, *held)); });
        for (const Outliers& row : kOutliers) {
            task->add([=, &row](SnapshotBuilder&) {
                lists->push_back(energies(*m->energy, row.make(*held, s, derive(key, row.id))));
                titles->append("\n").append(row.name);
            });
        }
        task->add([=](SnapshotBuilder& out) { addHistograms(out, "outliers", *lists, *titles); });
    }
    return task;
}

double accuracy(const PictureEnergy& energy, const Dataset& data, Index most) {
    const Rows rows = firstRows(data.heldout, most);
    const auto labels = data.heldoutLabels.values<std::int64_t>();
    const auto count = rows.size() / static_cast<std::size_t>(energy.dim());
    std::vector<float> least(count, std::numeric_limits<float>::infinity()), value(count);
    std::vector<std::int64_t> best(count, -1), told(count);
    for (Index c = 0; c < energy.classes(); ++c) {
        std::ranges::fill(told, c);
        energy.evaluateAt(rows, told, value, {});
        for (std::size_t r = 0; r < count; ++r) {
            if (value[r] < least[r]) {
                least[r] = value[r];
                best[r] = c;
            }
        }
    }
    std::size_t right = 0;
    for (std::size_t r = 0; r < count; ++r) {
        right += best[r] == labels[r] ? 1 : 0;
    }
    return static_cast<double>(right) / static_cast<double>(std::max<std::size_t>(count, 1));
}

std::map<std::string, double> evaluatePictures(const Moment& m, Key key, std::stop_token stop) {
    constexpr Index kRows = 1000, kFilled = 64;
    std::map<std::string, double> out;
    const Dataset& data = *m.data->dataset;
    const Sides s = sidesOf(data);
    const Rows held = firstRows(data.heldout, kRows);
    const auto own = energies(*m.energy, held);
    const auto train = energies(*m.energy, firstRows(data.train, kRows));
    const auto mean = [](const std::vector<double>& e) {
        double sum = 0;
        for (const double v : e) {
            sum += v / static_cast<double>(e.size());
        }
        return sum;
    };
    out["heldout_energy"] = mean(own);
    out["energy_gap"] =
        mean(own) - mean(energies(*m.energy, Rows(m.negatives.begin(), m.negatives.end())));
    out["auroc_train"] = auroc(own, train);
    for (const Outliers& row : kOutliers) {
        if (stop.stop_requested()) {
            return out;
        }
        const Rows strange = row.make(held, s, derive(key, row.id));
        out[std::string("auroc_") + row.id] = auroc(energies(*m.energy, strange), own);
    }
    const Rows some = firstRows(data.heldout, kFilled);
    const Choices choices = choicesOf(m);
    Filled fill =
        holes(some, s, maskOf({{"inpaint.mask", std::string("bottom")}}, s), derive(key, "holes"));
    const auto labels = toldLabels(m, some.size() / s.pixels());
    walk(pictures(m), choices, labels, fill.free, derive(key, "fill"), kFillSteps, fill.now);
    out["inpaint_error"] = meanSquare(fill.now, some, fill.free);
    out["inpaint_ratio"] = out["inpaint_error"] / meanSquare(fill.given, some, fill.free);
    if (stop.stop_requested()) {
        return out;
    }
    const Rows damaged = salted(some, derive(key, "damage"));
    Rows mended = damaged;
    walk(pictures(m), choices, labels, {}, derive(key, "mend"), kMendSteps, mended);
    out["salt_ratio"] = meanSquare(mended, some) / meanSquare(damaged, some);
    const auto norms = pictures(m).spectralNorms();
    if (!norms.empty()) {
        double worst = 0;
        for (const double v : norms) {
            worst = std::max(worst, std::abs(v - 1));
        }
        out["spectral_error"] = worst;
    }
    if (pictures(m).classes() > 0) {
        out["accuracy"] = accuracy(pictures(m), data, 1000);
    }
    return out;
}

}  // namespace lx::learned
