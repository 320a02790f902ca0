// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/chains/chain_array.h"

#include "core/io/npy.h"

namespace lx {
namespace {

constexpr std::size_t kHeader = 128;
constexpr std::size_t kBuffer = std::size_t{1} << 20;

}  // namespace

ChainArrayWriter::ChainArrayWriter(const std::filesystem::path& path, Index chains, Index dim,
                                   DType dtype)
    : m_file(path), m_chains(chains), m_dim(dim), m_dtype(dtype) {
    if (chains < 1 || dim < 1 || (dtype != DType::F32 && dtype != DType::F64)) {
        throw UsageError("an array of chains needs chains, quantities and float32 or float64");
    }
    m_file.put(npyHeader(dtype, std::vector<Index>{0, chains, dim}, kHeader));
}

template <class T>
void ChainArrayWriter::appendAs(std::span<const T> values) {
    const auto width = static_cast<std::size_t>(m_chains * m_dim);
    if (values.size() % width != 0) {
        throw UsageError("a block of " + std::to_string(values.size()) +
                         " values is not a number of draws of " + std::to_string(m_chains) +
                         " chains of " + std::to_string(m_dim) + " quantities");
    }
    const auto add = [this](auto value) {
        const std::size_t at = m_buffer.size();
        m_buffer.resize(at + sizeof value);
        std::memcpy(m_buffer.data() + at, &value, sizeof value);
        if (m_buffer.size() >= kBuffer) {
            m_file.put(m_buffer);
            m_buffer.clear();
        }
    };
    if (m_dtype == dtypeOf<T>()) {
        m_file.put(m_buffer);
        m_buffer.clear();
        m_file.put(std::as_bytes(values));
    } else {
        for (const T value : values) {
            m_dtype == DType::F32 ? add(static_cast<float>(value))
                                  : add(static_cast<double>(value));
        }
    }
    m_draws += static_cast<Index>(values.size() / width);
}

void ChainArrayWriter::append(std::span<const float> values) {
    appendAs(values);
}

void ChainArrayWriter::append(std::span<const double> values) {
    appendAs(values);
}

void ChainArrayWriter::commit() {
    m_file.put(m_buffer);
    m_buffer.clear();
    m_file.putAt(0, npyHeader(m_dtype, std::vector<Index>{m_draws, m_chains, m_dim}, kHeader));
    m_file.commit();
}

}  // namespace lx
