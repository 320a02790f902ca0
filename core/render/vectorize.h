// SPDX-License-Identifier: GPL-3.0-or-later
// Loops over pixels and points compiled twice, for AVX2 and for the baseline, chosen at run time.
// No fused multiply-add in either, so both give the same bits. Sanitizers start too late for the
// choice, and clang's runtime lacks it here: there the baseline stands alone.
#pragma once

#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define LX_VECTOR __attribute__((target_clones("avx2", "default")))
#else
#define LX_VECTOR
#endif
