// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/error.h"
#include "core/base/key.h"

#include <ATen/core/Tensor.h>

#include <span>
#include <vector>

namespace lx {

/// Keyed draws as float32 tensors in the processor's memory, so that every device is given the same
/// numbers: elements first, first + 1, ... of the key. Element i depends only on (key, i).
at::Tensor normal(Key, std::vector<Index> shape, Index first = 0);
at::Tensor uniform(Key, std::vector<Index> shape);
/// [count] int64, uniform on 0 .. bound - 1, with replacement.
at::Tensor below(Key, Index bound, Index count);
/// The first `count` of a keyed permutation of 0 .. bound - 1, int64; a smaller count is a prefix.
at::Tensor subset(Key, Index bound, Index count);

}  // namespace lx
