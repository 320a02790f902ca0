// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/array.h"
#include "core/io/file.h"

namespace lx {

/// Streams draws into an npy file [draws, chains, dim], as `run --out` keeps them. Under its name
/// the file appears only by commit(), whole and with the right shape; before, and without it, a
/// file that was there stays.
class ChainArrayWriter {
public:
    /// dtype F32 or F64. Throws WriteError, UsageError.
    ChainArrayWriter(const std::filesystem::path&, Index chains, Index dim, DType);

    /// `values` [draws, chains, dim], converted to the dtype. Throws UsageError when that does not
    /// fit, WriteError when the disk is full.
    void append(std::span<const float> values);
    void append(std::span<const double> values);
    Index draws() const noexcept { return m_draws; }
    void commit();

private:
    template <class T>
    void appendAs(std::span<const T> values);

    AtomicFile m_file;
    Index m_chains, m_dim, m_draws = 0;
    DType m_dtype;
    Bytes m_buffer;
};

}  // namespace lx
