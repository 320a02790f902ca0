// SPDX-License-Identifier: GPL-3.0-or-later
// Data sets from files, by what the file is, not by its suffix.
#include "core/data/sources.h"
#include "core/io/csv.h"
#include "core/io/idx.h"
#include "core/io/image_folder.h"
#include "core/io/npy.h"
#include "core/io/npz.h"
#include "core/io/probe.h"

#include <algorithm>
#include <cmath>

namespace lx::detail {
namespace {

Rows toFloats(const Array& array, const SpillPolicy& spill) {
    Rows values(static_cast<std::size_t>(array.count()), SpillAllocator<float>(spill));
    const auto copy = [&](auto span, double scale) {
        std::ranges::transform(span, values.begin(), [scale](auto v) {
            return static_cast<float>(static_cast<double>(v) * scale);
        });
    };
    switch (array.dtype()) {
        case DType::F32: copy(array.values<float>(), 1); break;
        case DType::F64: copy(array.values<double>(), 1); break;
        case DType::I64: copy(array.values<Index>(), 1); break;
        // Bytes are pixels: 255 becomes 1.
        case DType::U8: copy(array.values<std::uint8_t>(), 1 / 255.0); break;
    }
    return values;
}

/// Rows are the first axis; two further axes are a picture, more are flattened.
void takeRows(RawData& raw, const Array& array, const std::string& path, const SpillPolicy& spill) {
    const auto shape = array.shape();
    if (shape.empty() || array.count() == 0) {
        throw InputError(path, "header", "holds no rows");
    }
    if (shape.size() == 1) {
        raw.sampleShape = {1};
    } else if (shape.size() == 4 && (shape[1] == 1 || shape[3] == 1)) {
        raw.sampleShape = shape[1] == 1 ? std::vector<Index>{shape[2], shape[3]}
                                        : std::vector<Index>{shape[1], shape[2]};
    } else if (shape.size() <= 3) {
        raw.sampleShape.assign(shape.begin() + 1, shape.end());
    } else {
        raw.sampleShape = {array.count() / shape[0]};
    }
    raw.train = toFloats(array, spill);
}

void takeLabels(RawData& raw, const Array& labels, const std::string& path) {
    const auto rows = raw.train.size() / static_cast<std::size_t>(elementCount(raw.sampleShape));
    if (static_cast<std::size_t>(labels.count()) != rows) {
        throw InputError(
            path, "labels",
            std::to_string(labels.count()) + " labels for " + std::to_string(rows) + " rows");
    }
    RowLabels values(rows);
    if (labels.dtype() == DType::U8) {
        std::ranges::copy(labels.values<std::uint8_t>(), values.begin());
    } else if (labels.dtype() == DType::I64) {
        std::ranges::copy(labels.values<Index>(), values.begin());
    } else {
        throw InputError(path, "labels", "labels must be whole numbers");
    }
    // Whatever the numbers are, classes count from 0.
    std::vector<std::int64_t> distinct(values.begin(), values.end());
    std::ranges::sort(distinct);
    distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
    if (distinct.size() > 1000) {
        throw InputError(path, "labels", "more than 1000 classes");
    }
    for (auto& value : values) {
        value = std::ranges::lower_bound(distinct, value) - distinct.begin();
    }
    for (const auto value : distinct) {
        raw.classNames.push_back(std::to_string(value));
    }
    raw.trainLabels = std::move(values);
}

std::vector<std::string> splitList(const std::string& text) {
    std::vector<std::string> parts;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t comma = std::min(text.find(',', at), text.size());
        parts.push_back(text.substr(at, comma - at));
        at = comma + 1;
    }
    return parts;
}

/// train-images-idx3-ubyte.gz has its labels in train-labels-idx1-ubyte.gz beside it.
std::string labelFileOf(const std::string& path) {
    std::string twin = path;
    const auto at = twin.rfind("images-idx3");
    if (at == std::string::npos) {
        return {};
    }
    twin.replace(at, 11, "labels-idx1");
    std::error_code ignored;
    return std::filesystem::is_regular_file(twin, ignored) ? twin : std::string();
}

const Array* member(const State& state, std::initializer_list<const char*> names) {
    for (const char* name : names) {
        if (const auto found = state.find(name); found != state.end()) {
            return &found->second;
        }
    }
    return nullptr;
}

void readTableInto(RawData& raw, const std::string& path, const ParamSet& params,
                   const SpillPolicy& spill) {
    TableOptions options;
    options.spill = spill;
    options.columns = splitList(text(params, "data.columns"));
    options.labelColumn = text(params, "data.label_column");
    const std::string& missing = text(params, "data.missing");
    options.missing = missing == "mean"    ? MissingPolicy::Mean
                      : missing == "error" ? MissingPolicy::Error
                                           : MissingPolicy::Drop;
    const Table table = readTable(std::filesystem::path(path), options);
    takeRows(raw, table.values, path, spill);
    raw.columnNames = table.columnNames;
    if (table.labels.defined()) {
        const auto labels = table.labels.values<Index>();
        raw.trainLabels = RowLabels(labels.begin(), labels.end(), SpillAllocator<Index>(spill));
        raw.classNames = table.classNames;
    }
}

}  // namespace

RawData readFile(const std::string& path, const ParamSet& params, const SpillPolicy& spill) {
    const FileProbe probe = probeFile(path);
    RawData raw;
    switch (probe.kind) {
        case FileKind::Csv: readTableInto(raw, path, params, spill); break;
        case FileKind::Npy: takeRows(raw, readNpy(std::filesystem::path(path)), path, spill); break;
        case FileKind::Npz: {
            const State members = readNpz(std::filesystem::path(path));
            const Array* rows = member(members, {"x", "X", "data", "images", "x_train"});
            if (rows == nullptr && members.size() == 1) {
                rows = &members.begin()->second;
            }
            if (rows == nullptr) {
                throw InputError(path, "members", "expected an array named x, data or images");
            }
            takeRows(raw, *rows, path, spill);
            if (const Array* labels = member(members, {"y", "labels", "label", "y_train"})) {
                takeLabels(raw, *labels, path);
            }
            break;
        }
        case FileKind::Idx:
            takeRows(raw, readIdx(std::filesystem::path(path)), path, spill);
            if (const std::string labels = labelFileOf(path); !labels.empty()) {
                takeLabels(raw, readIdx(std::filesystem::path(labels)), labels);
            }
            break;
        case FileKind::ImageFolder: {
            ImageFolderOptions options;
            options.side = integer(params, "data.side");
            const ImageFolder folder = readImageFolder(path, options);
            takeRows(raw, folder.images, path, spill);
            if (folder.labels.defined()) {
                const auto labels = folder.labels.values<Index>();
                raw.trainLabels.assign(labels.begin(), labels.end());
                raw.classNames = folder.classNames;
            }
            break;
        }
        default:
            throw InputError(path, "",
                             "is no data set (" + probe.sentence +
                                 "); a table, npy, npz or IDX file or a folder of "
                                 "pictures is one");
    }
    for (std::size_t i = 0; i < raw.train.size(); ++i) {
        if (!std::isfinite(raw.train[i])) {
            const Index d = elementCount(raw.sampleShape);
            throw InputError(path, "row " + std::to_string(static_cast<Index>(i) / d + 1),
                             "holds a value that is not a finite number");
        }
    }
    return raw;
}

}  // namespace lx::detail
