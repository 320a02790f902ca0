// SPDX-License-Identifier: GPL-3.0-or-later
// Loops over pixels and points compiled twice, for AVX2 and for the baseline, chosen at run time.
// LX_VECTOR_WIDE adds AVX-512, for loops without a product that is added to: without fused
// multiply-add all give the same bits. Sanitizers start too late for the
// choice, and clang's runtime lacks it here: there the baseline stands alone.
#pragma once

#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define LX_VECTOR __attribute__((target_clones("avx2", "default")))
#define LX_VECTOR_WIDE __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
#else
#define LX_VECTOR
#define LX_VECTOR_WIDE
#endif
