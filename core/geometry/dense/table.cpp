// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/geometry/dense/table.h"

namespace lx::dense {

int usableTables(const Table* (&out)[3]) {
    int count = 0;
#if defined(LX_DENSE_X86)
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")) {
        out[count++] = &kAvx512;
    }
    if (avx2) {
        out[count++] = &kAvx2;
    }
#endif
    out[count++] = &kBaseline;
    return count;
}

const Table& table() {
    static const Table* const best = [] {
        const Table* all[3];
        usableTables(all);
        return all[0];
    }();
    return *best;
}

}  // namespace lx::dense
