// SPDX-License-Identifier: GPL-3.0-or-later
// Where the samples of a model go: one npz archive, or a folder of pictures or tables.
#pragma once

#include "core/base/array.h"
#include "core/io/file.h"

namespace lx {

/// Samples as they are made, some rows at a time. A file or folder appears by finish() alone,
/// whole; without it nothing remains. Equal samples give equal bytes.
class SampleWriter {
public:
    virtual ~SampleWriter() = default;
    /// The next rows: "samples" [n, H, W] in [0, 1] or [n, D], "keys" int64 [n, 3] of seed, stream
    /// and row, or [n, 4] with the step of a draw; "codes" [n, d] and "labels" int64 [n] where
    /// there are any. Every call has the same arrays. Throws WriteError; UsageError when rows do
    /// not fit those before, or are more than were announced.
    virtual void put(const State& rows) = 0;
    /// Throws UsageError while rows are missing, WriteError.
    virtual void finish() = 0;
};

/// An .npz archive, or a name without an ending: a new folder of sample-000000.png, ... of
/// pictures, or samples.csv of points; and keys.csv with seed, stream and row of each, its class
/// where one was asked for; codes.csv of models with codes. Throws UsageError on another ending, or
/// when something is at a folder already.
void checkSampleFile(const std::filesystem::path&);

/// For `count` samples. Checks as above; throws WriteError when nothing can be written there.
std::unique_ptr<SampleWriter> makeSampleWriter(const std::filesystem::path&, Index count);

}  // namespace lx
