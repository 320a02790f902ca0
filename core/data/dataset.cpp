// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/dataset.h"

#include "core/base/decls.h"
#include "core/base/philox.h"
#include "core/data/sources.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>

namespace lx {
namespace {

using namespace decl;

/// Details of a source: under All.
ParamDecl ranged(std::string id, std::string label, ParamValue initial, double min, double max,
                 std::string help) {
    return advanced(within(
        make(std::move(id), std::move(label), std::move(initial), std::move(help)), min, max));
}

ParamDecl radius(double initial, const char* help) {
    return ranged("data.radius", "Radius", initial, 1e-3, 1e3, help);
}
ParamDecl sd(double initial) {
    return ranged("data.sd", "Noise", initial, 1e-4, 1e3,
                  "Standard deviation of the normal noise around the shape.");
}
using Decls = std::vector<ParamDecl>;

const DataSource kSources[] = {
    {"data.fashion28", "Fashion-MNIST, 28 x 28", [] { return Decls{}; }},
    {"data.fashion14", "Fashion-MNIST, 14 x 14", [] { return Decls{}; }},
    {"data.fashion8", "Fashion-MNIST, 8 x 8", [] { return Decls{}; }},
    {"data.shapes16", "Discs and rings, 16 x 16", [] { return Decls{}; }},
    {"data.ring8", "Eight Gaussians on a ring",
     [] { return Decls{radius(2, "Distance of the modes from the origin."), sd(0.2)}; }},
    {"data.grid25", "Twenty-five Gaussians on a grid",
     [] {
         return Decls{
             ranged("data.spacing", "Spacing", 1.0, 1e-3, 1e3, "Distance of neighbouring modes."),
             sd(0.1)};
     }},
    {"data.bars", "Two bars",
     [] {
         return Decls{
             oneOf(make("data.axis", "Axis", std::string("x"),
                        "Along which the bars lie apart; they are long on the other."),
                   {"x", "y"}),
             ranged("data.separation", "Separation", 1.5, 1e-3, 1e3,
                    "Distance of the bars from the origin."),
             sd(0.3),
             ranged("data.length", "Length", 1.5, 1e-3, 1e3, "Standard deviation along a bar.")};
     }},
    {"data.moons", "Two moons", [] { return Decls{radius(1, "Radius of a moon."), sd(0.1)}; }},
    {"data.swiss-roll", "Swiss roll",
     [] { return Decls{radius(2, "Outer end of the roll."), sd(0.08)}; }},
    {"data.pinwheel", "Pinwheel",
     [] {
         return Decls{radius(1.5, "Mean distance along an arm."),
                      ranged("data.radial_sd", "Arm length", 0.45, 1e-3, 1e2,
                             "Standard deviation along an arm."),
                      sd(0.12),
                      ranged("data.rate", "Twist", 0.25, -5, 5, "How much the arms bend.")};
     }},
    {"data.checkerboard", "Checkerboard",
     [] { return Decls{radius(2, "Half the side of the board.")}; }},
    {"data.spirals", "Two spirals",
     [] { return Decls{radius(2, "Outer end of the arms."), sd(0.06)}; }},
    {"data.rings", "Three rings",
     [] { return Decls{radius(2, "Radius of the outer ring."), sd(0.08)}; }},
    {"data.banana", "Banana",
     [] {
         return Decls{radius(1, "Standard deviation of the first coordinate."),
                      ranged("data.bend", "Bend", 0.7, -10, 10, "Curvature of the ridge."),
                      sd(0.4)};
     }},
    {"data.funnel", "Neal's funnel",
     [] {
         Decls decls{
             ranged("data.dim", "Dimension", Index{2}, 2, 100, "Coordinates, neck included."),
             sd(3)};
         decls[1].help = "Standard deviation of the neck, a log-variance.";
         return decls;
     }},
    {"data.circle-vm", "Von Mises on a circle",
     [] {
         return Decls{radius(1, "Radius of the circle."),
                      ranged("data.kappa", "Concentration", 2.0, 1e-3, 1e3,
                             "Concentration about angle 0; small is uniform."),
                      sd(0.05)};
     }},
    {"data.lingauss", "Linear-Gaussian model",
     [] {
         Decls decls{ranged("data.dim", "Dimension", Index{8}, 1, 200, "Observed coordinates."),
                     ranged("data.latent", "Latent dimension", Index{2}, 1, 100,
                            "Causes behind the observed coordinates."),
                     sd(0.5)};
         return decls;
     }},
};

/// The row that `word` names, with or without the group prefix; null for a path.
const DataSource* sourceRow(std::string_view word) {
    for (const auto& row : kSources) {
        if (row.id == word || std::string_view(row.id).substr(5) == word) {
            return &row;
        }
    }
    return nullptr;
}

std::string sourceOf(const ParamSet& given) {
    const auto found = given.find("data.source");
    if (found == given.end()) {
        return "data.shapes16";
    }
    const auto* word = std::get_if<std::string>(&found->second);
    if (word == nullptr || word->empty()) {
        throw UsageError("parameter 'data.source' takes the name of a data set or a path");
    }
    const DataSource* row = sourceRow(*word);
    return row != nullptr ? row->id : *word;
}

bool isFashion(const std::string& source) {
    return source.starts_with("data.fashion");
}
Index fashionSide(const std::string& source) {
    return std::stoll(source.substr(12));
}

[[noreturn]] void refuseUnknown(const std::string& source) {
    std::vector<std::string> ids;
    for (const auto& row : kSources) {
        ids.push_back(row.id);
    }
    const std::string near = nearest(source, ids);
    throw InputError(source, "",
                     "is neither a file nor a known data set" +
                         (near.empty() ? "; 'list datasets' shows the known ones"
                                       : "; the nearest known one is '" + near + "'"));
}

bool exists(const std::string& path) {
    std::error_code ignored;
    return std::filesystem::exists(path, ignored);
}

/// Source parameters with their defaults, so that a law can be built from incomplete choices.
ParamSet overlaid(const std::vector<ParamDecl>& decls, const ParamSet& given) {
    ParamSet full;
    for (const auto& decl : decls) {
        full[decl.id] = chosen(decl, given);
    }
    return full;
}

template <class Vector>
Vector gathered(const Vector& rows, std::span<const std::int64_t> order, std::size_t width) {
    Vector out(rows.get_allocator());
    if (rows.empty()) {
        return out;
    }
    out.reserve(order.size() * width);
    for (const auto row : order) {
        const auto first =
            rows.begin() + static_cast<std::ptrdiff_t>(row) * static_cast<std::ptrdiff_t>(width);
        out.insert(out.end(), first, first + static_cast<std::ptrdiff_t>(width));
    }
    return out;
}

__extension__ using Wide = unsigned __int128;

/// Keyed Fisher-Yates.
detail::RowLabels shuffled(Key key, std::size_t count, const SpillAllocator<float>& memory) {
    detail::RowLabels order(count, memory);
    std::iota(order.begin(), order.end(), std::int64_t{0});
    const std::uint64_t philox = philoxKey(key);
    for (std::size_t i = count; i > 1; --i) {
        const Words w = philox4x32(
            {static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(i >> 32), 2U, 0U}, philox);
        const std::uint64_t word = (std::uint64_t{w[1]} << 32) | w[0];
        std::swap(order[i - 1], order[static_cast<std::size_t>((Wide{word} * i) >> 64)]);
    }
    return order;
}

void split(detail::RawData& raw, double share, Key key, Index limit) {
    const auto width = static_cast<std::size_t>(elementCount(raw.sampleShape));
    std::size_t count = raw.train.size() / width;
    auto order = shuffled(key, count, raw.train.get_allocator());
    if (limit > 0) {
        count = std::min(count, static_cast<std::size_t>(limit));
        order.resize(count);
    }
    if (count < 2) {
        throw InputError("data set", "", "needs at least two rows, one of them held out");
    }
    const auto cut = std::clamp<std::size_t>(
        static_cast<std::size_t>(std::llround(share * static_cast<double>(count))), 1, count - 1);
    const auto first = std::span(order).first(cut), rest = std::span(order).subspan(cut);
    raw.heldout = gathered(raw.train, rest, width);
    raw.train = gathered(raw.train, first, width);
    raw.heldoutLabels = gathered(raw.trainLabels, rest, 1);
    raw.trainLabels = gathered(raw.trainLabels, first, 1);
    raw.factors = gathered(raw.factors, first, raw.factorNames.size());
}

void pool(detail::RawData& raw, Index factor) {
    if (factor <= 1) {
        return;
    }
    if (raw.sampleShape.size() != 2) {
        throw UsageError("data.pool needs pictures");
    }
    const Index h = raw.sampleShape[0], w = raw.sampleShape[1];
    const Index nh = std::max<Index>(1, h / factor), nw = std::max<Index>(1, w / factor);
    raw.train = detail::areaPooled(raw.train, h, w, nh, nw);
    raw.heldout = detail::areaPooled(raw.heldout, h, w, nh, nw);
    raw.sampleShape = {nh, nw};
    raw.distribution = nullptr;
}

void addNoise(detail::Rows& rows, double sdNoise, Key key) {
    detail::Rows noise(rows.size(), rows.get_allocator());
    fillNormal(key, noise);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        rows[i] += static_cast<float>(sdNoise) * noise[i];
    }
}

/// Offset and scale of the columns, from the training rows alone.
void rescale(Dataset& data, detail::RawData& raw, const std::string& how) {
    const auto width = static_cast<std::size_t>(data.dim());
    data.scale.assign(width, 1.0F);
    data.offset.assign(width, 0.0F);
    if (how == "none") {
        return;
    }
    // Row by row, since the rows may lie on disk.
    const std::size_t rows = raw.train.size() / width;
    std::vector<double> mean(width, 0), low(width, INFINITY), high(width, -INFINITY),
        squares(width, 0);
    for (std::size_t i = 0; i < raw.train.size(); ++i) {
        const std::size_t k = i % width;
        const double x = static_cast<double>(raw.train[i]);
        mean[k] += x;
        low[k] = std::min(low[k], x);
        high[k] = std::max(high[k], x);
    }
    for (double& sum : mean) {
        sum /= static_cast<double>(rows);
    }
    for (std::size_t i = 0; i < raw.train.size(); ++i) {
        const double u = static_cast<double>(raw.train[i]) - mean[i % width];
        squares[i % width] += u * u;
    }
    for (std::size_t k = 0; k < width; ++k) {
        const double spread =
            how == "unit" ? high[k] - low[k] : std::sqrt(squares[k] / static_cast<double>(rows));
        // A constant column stays as it is, shifted to zero.
        data.scale[k] = spread > 0 ? static_cast<float>(spread) : 1.0F;
        data.offset[k] = static_cast<float>(how == "unit" ? low[k] : mean[k]);
    }
    for (auto* part : {&raw.train, &raw.heldout}) {
        for (std::size_t i = 0; i < part->size(); ++i) {
            (*part)[i] = ((*part)[i] - data.offset[i % width]) / data.scale[i % width];
        }
    }
}

Array rowsOf(detail::Rows values, Index width) {
    const Index count = static_cast<Index>(values.size()) / width;
    return arrayOf({count, width}, std::move(values));
}

Array labelsOf(detail::RowLabels labels) {
    const auto count = static_cast<Index>(labels.size());
    return count == 0 ? Array() : arrayOf({count}, std::move(labels));
}

}  // namespace

namespace detail {

DistributionPtr syntheticLaw(std::string_view id, const ParamSet& p) {
    const auto at = [&](const char* name) { return number(p, name); };
    if (id == "data.ring8") {
        return ring8(at("data.radius"), at("data.sd"));
    } else if (id == "data.grid25") {
        return grid25(at("data.spacing"), at("data.sd"));
    } else if (id == "data.bars") {
        return bars(text(p, "data.axis") == "y" ? 1 : 0, at("data.separation"), at("data.sd"),
                    at("data.length"));
    } else if (id == "data.moons") {
        return moons(at("data.radius"), at("data.sd"));
    } else if (id == "data.swiss-roll") {
        return swissRoll(at("data.radius"), at("data.sd"));
    } else if (id == "data.pinwheel") {
        return pinwheel(at("data.radius"), at("data.radial_sd"), at("data.sd"), at("data.rate"));
    } else if (id == "data.checkerboard") {
        return checkerboard(at("data.radius"));
    } else if (id == "data.spirals") {
        return spirals(at("data.radius"), at("data.sd"));
    } else if (id == "data.rings") {
        return rings(at("data.radius"), at("data.sd"));
    } else if (id == "data.banana") {
        return banana(at("data.radius"), at("data.bend"), at("data.sd"));
    } else if (id == "data.funnel") {
        return funnel(integer(p, "data.dim"), at("data.sd"));
    } else if (id == "data.circle-vm") {
        return circleVonMises(at("data.radius"), at("data.kappa"), at("data.sd"));
    } else if (id == "data.lingauss") {
        return linearGaussian(integer(p, "data.dim"), integer(p, "data.latent"), at("data.sd"));
    }
    return nullptr;
}

}  // namespace detail

std::span<const DataSource> dataSources() {
    return kSources;
}

DataLibrary::DataLibrary(std::vector<std::string> folders, SpillPolicy spill)
    : m_folders(std::move(folders)), m_spill(std::move(spill)) {}

std::string DataLibrary::fashionFolder() const {
    for (const auto& folder : m_folders) {
        for (const std::string& candidate : {folder, folder + "/fashion-mnist"}) {
            if (exists(candidate + "/train-images-idx3-ubyte.gz") &&
                exists(candidate + "/t10k-images-idx3-ubyte.gz")) {
                return candidate;
            }
        }
    }
    return {};
}

std::vector<ParamDecl> DataLibrary::params(const ParamSet& given) const {
    const std::string source = sourceOf(given);
    std::vector<ParamDecl> decls;
    decls.push_back(
        decl::path(decl::make("data.source", "Data", source,
                              "A data set by name, or the path of a table, npy, npz or IDX file "
                              "or of a folder of pictures."),
                   PathKind::File));
    if (const DataSource* row = sourceRow(source)) {
        std::ranges::copy(row->params(), std::back_inserter(decls));
        if (isFashion(source)) {
            decls.push_back(ranged("data.count", "Rows", Index{0}, 0, 60'000,
                                   "Training pictures used; 0 is all of them."));
        } else {
            decls.push_back(ranged("data.count", "Rows", Index{10'000}, 2, 1e6,
                                   "Rows generated, held-out ones included."));
        }
    } else {
        if (!exists(source)) {
            refuseUnknown(source);
        }
        decls.push_back(
            decl::make("data.columns", "Columns", std::string(),
                       "Columns of a table, separated by commas; empty is every numeric "
                       "column but the label."));
        decls.push_back(decl::make("data.label_column", "Label column", std::string(),
                                   "Column of a table that holds the class; empty is none."));
        decls.push_back(
            oneOf(decl::make("data.missing", "Missing values", std::string("drop"),
                             "Leave the row out, put the column's mean, or refuse the table."),
                  {"drop", "mean", "error"}));
        decls.push_back(ranged("data.side", "Side", Index{28}, 4, 256,
                               "Side in pixels to which pictures of a folder are scaled."));
        decls.push_back(ranged("data.count", "Rows", Index{0}, 0, 1e7,
                               "Rows used, held-out ones included; 0 is all of them."));
    }
    if (!isFashion(source)) {
        decls.push_back(ranged("data.train_share", "Training share", 0.8, 0.01, 0.99,
                               "Share of the rows used for training; the others are held out."));
    }
    const bool table = sourceRow(source) == nullptr && shape(given).sampleShape.size() == 1;
    decls.push_back(
        oneOf(decl::make("data.scale", "Scaling", std::string(table ? "standardise" : "none"),
                         "Columns as they are, with mean 0 and standard deviation 1, or between 0 "
                         "and 1; measured on the training rows."),
              {"none", "standardise", "unit"}));
    if (shape(given).sampleShape.size() == 2 || given.contains("data.pool")) {
        decls.push_back(ranged("data.pool", "Pooling", Index{1}, 1, 16,
                               "Pictures shrink by this factor, by area averages."));
    }
    decls.push_back(ranged("data.noise", "Added noise", 0.0, 0, 10,
                           "Standard deviation of normal noise added to the training rows, in "
                           "the units after scaling."));
    return decls;
}

DataShape DataLibrary::shape(const ParamSet& given) const {
    const std::string source = sourceOf(given);
    DataShape shape;
    if (isFashion(source)) {
        const Index side = fashionSide(source);
        shape = {{side, side}, detail::fashionClasses(), 60'000, true};
    } else if (source == "data.shapes16") {
        shape = {{16, 16}, {"disc", "ring"}, 10'000, false};
    } else if (const DataSource* row = sourceRow(source)) {
        const auto law = detail::syntheticLaw(source, overlaid(row->params(), given));
        shape = {{law->dim()}, law->classNames(), 10'000, false};
    } else if (exists(source)) {
        ParamSet options{{"data.source", source},
                         {"data.columns", std::string()},
                         {"data.label_column", std::string()},
                         {"data.missing", std::string("drop")},
                         {"data.side", Index{28}},
                         {"data.count", Index{0}},
                         {"data.train_share", 0.8},
                         {"data.scale", std::string("none")},
                         {"data.noise", 0.0}};
        for (auto& [id, value] : options) {
            if (const auto found = given.find(id); found != given.end()) {
                if (found->second.index() != value.index()) {
                    throw UsageError("parameter '" + id + "' takes " +
                                     std::string(typeName(value)));
                }
                value = found->second;
            }
        }
        shape = fileShape(source, options);
    } else {
        refuseUnknown(source);
    }
    if (const auto found = given.find("data.pool"); found != given.end()) {
        if (const auto* factor = std::get_if<Index>(&found->second);
            factor != nullptr && *factor > 1 && shape.sampleShape.size() == 2) {
            for (auto& side : shape.sampleShape) {
                side = std::max<Index>(1, side / *factor);
            }
        }
    }
    return shape;
}

DataShape DataLibrary::fileShape(const std::string& path, const ParamSet& options) const {
    std::error_code ignored;
    const auto written = std::filesystem::last_write_time(path, ignored).time_since_epoch();
    std::string name = std::to_string(written.count());
    for (const auto& [id, value] : options) {
        name += "|" + id + "=" + format(value);
    }
    {
        const std::scoped_lock lock(m_mutex);
        if (const auto known = m_shapes.find(name); known != m_shapes.end()) {
            return known->second;
        }
    }
    const DatasetPtr data = load(options, Key{});
    DataShape shape{data->sampleShape, data->classNames, data->count(), false};
    const std::scoped_lock lock(m_mutex);
    m_shapes[name] = shape;
    return shape;
}

DatasetPtr DataLibrary::load(const ParamSet& params, Key key) const {
    std::string name = std::to_string(key.seed) + "/" + std::to_string(key.stream);
    for (const auto& [id, value] : params) {
        if (id.starts_with("data.")) {
            name += "|" + id + "=" + format(value);
        }
    }
    const std::scoped_lock lock(m_mutex);
    if (auto known = m_loaded[name].lock()) {
        return known;
    }
    std::erase_if(m_loaded, [](const auto& entry) { return entry.second.expired(); });
    DatasetPtr data = make(params, key);
    m_loaded[name] = data;
    return data;
}

DatasetPtr DataLibrary::make(const ParamSet& params, Key key) const {
    const std::string source = sourceOf(params);
    const Index count = integer(params, "data.count");
    detail::RawData raw;
    if (isFashion(source)) {
        const std::string folder = fashionFolder();
        if (folder.empty()) {
            throw InputError(source, "",
                             "Fashion-MNIST is not installed; install the package "
                             "dataset-fashion-mnist or choose data.source=data.shapes16");
        }
        raw = detail::fashion(folder, fashionSide(source), count);
    } else if (source == "data.shapes16") {
        raw = detail::shapes16(derive(key, "draw"), count);
    } else if (auto law = detail::syntheticLaw(source, params)) {
        Draws draws = law->sample(derive(key, "draw"), count);
        raw.sampleShape = {law->dim()};
        raw.classNames = law->classNames();
        raw.train.assign(draws.values.begin(), draws.values.end());
        raw.trainLabels.assign(draws.labels.begin(), draws.labels.end());
        raw.distribution = std::move(law);
    } else if (exists(source)) {
        raw = detail::readFile(source, params, m_spill);
    } else {
        refuseUnknown(source);
    }
    if (raw.heldout.empty()) {
        split(raw, number(params, "data.train_share"), derive(key, "split"), count);
    }
    if (const auto found = params.find("data.pool"); found != params.end()) {
        pool(raw, integer(params, "data.pool"));
    }
    auto data = std::make_shared<Dataset>();
    data->source = source;
    data->sampleShape = raw.sampleShape;
    rescale(*data, raw, text(params, "data.scale"));
    if (const double noise = number(params, "data.noise"); noise > 0) {
        addNoise(raw.train, noise, derive(key, "noise"));
        raw.distribution = nullptr;
    }
    const Index width = data->dim();
    data->train = rowsOf(std::move(raw.train), width);
    data->heldout = rowsOf(std::move(raw.heldout), width);
    data->trainLabels = labelsOf(std::move(raw.trainLabels));
    data->heldoutLabels = labelsOf(std::move(raw.heldoutLabels));
    data->classNames = std::move(raw.classNames);
    data->columnNames = std::move(raw.columnNames);
    data->factorNames = std::move(raw.factorNames);
    if (!data->factorNames.empty()) {
        data->factors = Array(
            {static_cast<Index>(raw.factors.size()) / static_cast<Index>(data->factorNames.size()),
             static_cast<Index>(data->factorNames.size())},
            raw.factors);
    }
    data->distribution = std::move(raw.distribution);
    return data;
}

}  // namespace lx
