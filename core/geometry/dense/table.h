// SPDX-License-Identifier: GPL-3.0-or-later
// What dense/level.cpp offers, once for each instruction set. No standard header but <cstdint> may
// come in: an inline function of one, compiled here for a newer machine, could be linked into code
// that runs on an older one.
#pragma once

#include <cstdint>

namespace lx::dense {

/// As in mlp_map.h.
enum class Act : std::uint8_t { Linear, Tanh, Silu, Relu, Softplus, Sigmoid, Exp, LeakyRelu };

template <class T>
struct Kernels {
    std::int64_t panel;  ///< columns of C that are computed together
    /// C [m, n] = A [m, k] B, B in panels [n / panel, k, panel], n a multiple of panel.
    void (*product)(std::int64_t m, std::int64_t n, std::int64_t k, const T* a, const T* b, T* c);
    /// a [rows, n] <- h(a + bias); first and second [rows, n] derivatives where not null.
    void (*activate)(Act act, std::int64_t rows, std::int64_t n, const T* bias, T* a, T* first,
                     T* second);
};

struct Table {
    const char* name;
    Kernels<float> single;
    Kernels<double> whole;
};

extern const Table kBaseline, kAvx2, kAvx512;

/// The tables that this machine can run, best first; their number.
int usableTables(const Table* (&out)[3]);
/// The best one.
const Table& table();

}  // namespace lx::dense
