// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/array.h"
#include "core/base/params.h"
#include "core/data/distribution.h"
#include "core/io/spill.h"

#include <mutex>

namespace lx {

/// Rows in model units with what is needed to show them in data units again:
/// data = model * scale + offset. Immutable once loaded.
struct Dataset {
    std::string source;
    std::vector<Index> sampleShape;    ///< [H, W] of pictures, else [D]
    Array train, heldout;              ///< [N, D] float32
    Array trainLabels, heldoutLabels;  ///< [N] int64; undefined without labels
    std::vector<std::string> classNames, columnNames;
    std::vector<float> scale, offset;  ///< [D]
    Array factors;                     ///< [N, F] float32, known causes of the training rows
    std::vector<std::string> factorNames;
    DistributionPtr distribution;  ///< exact law in data units; null when unknown or changed

    bool image() const noexcept { return sampleShape.size() == 2; }
    Index dim() const { return elementCount(sampleShape); }
    Index count() const { return train.dim(0); }
};

using DatasetPtr = std::shared_ptr<const Dataset>;

/// What is known about a source before its rows are made.
struct DataShape {
    std::vector<Index> sampleShape;
    std::vector<std::string> classNames;
    Index count = 0;
    bool officialSplit = false;  ///< held-out rows come from their own file
};

/// One row of the list of built-in sources.
struct DataSource {
    std::string id, title;
    std::vector<ParamDecl> (*params)();
};

/// Sources in the order in which they are offered.
std::span<const DataSource> dataSources();

/// Finds, loads and keeps data sets: runs side by side share their rows. Thread-safe.
class DataLibrary {
public:
    /// Tables too large for memory are kept in files of `spill`.
    explicit DataLibrary(std::vector<std::string> folders = {},
                         SpillPolicy spill = SpillPolicy::ofSystem());

    /// "data.source", the parameters of the source that `given` names, and the transforms.
    /// Throws UsageError on an unknown source, InputError on an unreadable file.
    std::vector<ParamDecl> params(const ParamSet& given) const;
    DataShape shape(const ParamSet& given) const;
    /// `params` is complete. The rows depend on the parameters and `key` alone.
    DatasetPtr load(const ParamSet& params, Key key) const;
    /// The folder that holds Fashion-MNIST, or empty.
    std::string fashionFolder() const;

private:
    DataShape fileShape(const std::string& path, const ParamSet& options) const;
    DatasetPtr make(const ParamSet& params, Key key) const;

    std::vector<std::string> m_folders;
    SpillPolicy m_spill;
    mutable std::mutex m_mutex;
    mutable std::map<std::string, std::weak_ptr<const Dataset>> m_loaded;
    mutable std::map<std::string, DataShape> m_shapes;  ///< of files, by path, options and date
};

}  // namespace lx
