// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/error.h"
#include "core/base/key.h"

#include <ATen/core/Tensor.h>

#include <memory>
#include <stop_token>

namespace lx {

/// Frechet distance of the Gaussians with the moments of two sets of rows:
/// |m_a - m_b|^2 + tr(C_a + C_b - 2 (C_a C_b)^1/2). a [N, F], b [M, F], at least two rows each.
/// Throws UsageError on other shapes, NumericalError on rows that are not finite. Ref: heusel2017.
double frechetDistance(const at::Tensor& a, const at::Tensor& b);

/// What a small classifier of the data set at hand sees in a row: a yardstick for samples. Its
/// distances are comparable within one data set only and are no "FID".
class PictureFeatures {
public:
    /// Trains on x [N, D] float32 with labels [N] int64 in 0 .. classes - 1. The same rows and key
    /// give the same features. Throws UsageError on other shapes.
    PictureFeatures(const at::Tensor& x, const at::Tensor& labels, Index classes, Key,
                    std::stop_token = {});
    ~PictureFeatures();
    PictureFeatures(const PictureFeatures&) = delete;
    PictureFeatures& operator=(const PictureFeatures&) = delete;

    static constexpr Index kFeatures = 32;
    at::Tensor features(const at::Tensor& x) const;  ///< [N, D] -> [N, kFeatures] float32
    /// Share of the rows whose label is found.
    double accuracy(const at::Tensor& x, const at::Tensor& labels) const;

private:
    struct Nets;
    std::unique_ptr<Nets> m_nets;
};

}  // namespace lx
