// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/array.h"
#include "core/base/key.h"

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

namespace lx {

using at::Tensor;

/// Where tensors live. Hand-written loops exist for the processor's memory only; without them every
/// operation is ATen's, as on any other device.
struct Placement {
    at::Device device = at::kCPU;
    bool handWritten = true;

    bool loops() const { return handWritten && device.is_cpu(); }
};

enum class Init : std::uint8_t {
    Uniform,  ///< U(-1/sqrt(fanIn), 1/sqrt(fanIn)), what torch.nn.Linear and Conv2d use
    Constant
};

struct ParameterOptions {
    std::string name;
    std::vector<Index> shape;
    Init init = Init::Uniform;
    Index fanIn = 1;
    double constant = 0;
};

/// All parameters of a model in one flat buffer, their gradients in another. Tensors handed out are
/// views. Every tensor begins on a 64-byte border; the gaps hold zeros.
class Parameters {
public:
    /// Returns the index of the tensor. Throws UsageError after allocate().
    std::size_t declare(ParameterOptions);
    /// Throws UsageError when the model would exceed `kMaxCount` numbers.
    void allocate(at::ScalarType = at::kFloat, Placement = {});
    void initialise(Key);

    static constexpr Index kMaxCount = Index{1} << 28;

    std::size_t size() const noexcept { return m_entries.size(); }
    const ParameterOptions& options(std::size_t i) const { return m_entries.at(i).options; }
    Index offset(std::size_t i) const { return m_entries.at(i).offset; }
    Index count(std::size_t i) const { return m_entries.at(i).count; }
    /// Numbers in all tensors, gaps not counted.
    Index total() const noexcept { return m_total; }

    /// Leaf of autograd whose gradient accumulates in the flat buffer.
    const Tensor& value(std::size_t i) const { return m_entries.at(i).value; }
    const Tensor& gradient(std::size_t i) const { return m_entries.at(i).gradient; }
    const Tensor& flat() const noexcept { return m_flat; }
    const Tensor& flatGradient() const noexcept { return m_flatGradient; }

    const Placement& placement() const noexcept { return m_placement; }

    /// Gradients that autograd accumulates are set to zero; those a network writes by itself keep
    /// their old content until claim() says whether to overwrite or to add.
    void beginStep();
    void writtenByHand(std::size_t i) { m_entries.at(i).byHand = true; }
    /// True the first time in a step: overwrite; afterwards: add.
    bool claim(std::size_t i);
    /// Sets hand-written gradients that nobody claimed in this step to zero.
    void endBackward();

    /// Name of the tensor that holds flat element `at`.
    const std::string& nameAt(Index at) const;

private:
    struct Entry {
        ParameterOptions options;
        Index offset = 0, count = 0;
        Tensor value, gradient;
        bool byHand = false, claimed = false;
    };
    std::vector<Entry> m_entries;
    Placement m_placement;
    Tensor m_flat, m_flatGradient;
    Index m_total = 0;
};

}  // namespace lx
