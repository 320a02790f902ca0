// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/geometry/dense/table.h"

namespace lx::dense {

const Table& table() {
#if defined(LX_DENSE_X86)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")) {
        return kAvx512;
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        return kAvx2;
    }
#endif
    return kBaseline;
}

}  // namespace lx::dense
