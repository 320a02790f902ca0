// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/geometry/mlp_map.h"

#include "core/geometry/dense/table.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace lx {
namespace {

/// Rows whose layers stay in the cache together.
constexpr Index kBlock = 64;

template <class T>
const dense::Kernels<T>& kernels() {
    if constexpr (sizeof(T) == sizeof(float)) {
        return dense::table().single;
    } else {
        return dense::table().whole;
    }
}

std::size_t padded(std::size_t n, std::size_t panel) {
    return (n + panel - 1) / panel * panel;
}

/// matrix(i, j) of k x n in panels, zeros beyond n.
template <class T, class Matrix>
std::vector<T> packed(std::size_t k, std::size_t n, std::size_t rows, std::size_t panel,
                      const Matrix& matrix) {
    std::vector<T> out;
    for (std::size_t first = 0; first < padded(n, panel); first += panel) {
        for (std::size_t i = 0; i < rows; ++i) {
            for (std::size_t j = first; j < first + panel; ++j) {
                out.push_back(i < k && j < n ? static_cast<T>(matrix(i, j)) : T{0});
            }
        }
    }
    return out;
}

void requireLayers(Index inputs, const std::vector<DenseLayer>& layers) {
    if (inputs < 1 || layers.empty()) {
        throw UsageError("a decoder needs an input and a layer");
    }
    auto in = static_cast<std::size_t>(inputs);
    for (std::size_t l = 0; l < layers.size(); ++l) {
        const auto& [weight, bias, unit] = layers[l];
        const std::string name = "layer " + std::to_string(l + 1) + " of a decoder";
        if (bias.empty() || weight.size() != bias.size() * in) {
            throw UsageError(name + " has " + std::to_string(weight.size()) + " weights for " +
                             std::to_string(in) + " inputs and " + std::to_string(bias.size()) +
                             " outputs");
        }
        const auto bad = [](float w) { return !std::isfinite(w); };
        if (std::ranges::any_of(weight, bad) || std::ranges::any_of(bias, bad)) {
            throw UsageError(name + " holds a weight that is not a finite number");
        }
        in = bias.size();
    }
}

template <class T>
class Mlp final : public SmoothMap {
public:
    Mlp(Index inputs, std::vector<DenseLayer> layers)
        : m_inputs(inputs), m_given(std::move(layers)) {
        const auto panel = static_cast<std::size_t>(kernels<T>().panel);
        auto in = static_cast<std::size_t>(inputs), wide = in;
        for (const DenseLayer& given : m_given) {
            Layer layer;
            const std::size_t out = given.bias.size();
            layer.in = wide;
            layer.out = padded(out, panel);
            layer.act = static_cast<dense::Act>(given.unit);
            layer.bias.assign(given.bias.begin(), given.bias.end());
            layer.bias.resize(layer.out);
            layer.weight = packed<T>(in, out, wide, panel, [&](std::size_t i, std::size_t j) {
                return given.weight[j * in + i];
            });
            layer.back = packed<T>(out, in, layer.out, panel, [&](std::size_t i, std::size_t j) {
                return given.weight[i * in + j];
            });
            in = out;
            wide = layer.out;
            m_widest = std::max(m_widest, wide);
            m_layers.push_back(std::move(layer));
        }
    }
    Index inputs() const override { return m_inputs; }
    Index outputs() const override { return static_cast<Index>(m_given.back().bias.size()); }

    SmoothMapPtr isometric() const override {
        const DenseLayer& last = m_given.back();
        const std::size_t out = last.bias.size(), in = last.weight.size() / out;
        if (last.unit != Unit::Linear || out <= in) {
            return nullptr;
        }
        auto layers = m_given;
        layers.back() = {rootOfGram(last.weight, out, in), std::vector<float>(in), Unit::Linear};
        return std::make_shared<Mlp>(m_inputs, std::move(layers));
    }

protected:
    void forward(const double* z, const double* v, Index count, Index tangents, double* y,
                 double* t) const override {
        const Index out = outputs(), rows = std::max<Index>(1, kBlock / (1 + tangents / 2));
        Room room(*this, rows * (1 + tangents), false);
        for (Index first = 0; first < count; first += rows) {
            const Index n = std::min(rows, count - first);
            run(z + first * m_inputs, v == nullptr ? nullptr : v + first * tangents * m_inputs, n,
                tangents, room);
            for (Index i = 0; i < n; ++i) {
                copyOut(room.last(), i, y + (first + i) * out);
                for (Index k = 0; k < tangents; ++k) {
                    copyOut(room.last(), n * (k + 1) + i, t + ((first + i) * tangents + k) * out);
                }
            }
        }
    }

    void reverse(const double* z, const double* v, Index count, const Adjoint& adjoint,
                 double* slope) const override {
        const Index tangents = v != nullptr ? 1 : 0, out = outputs();
        Room room(*this, count * (1 + tangents), true);
        run(z, v, count, tangents, room);
        const auto total = static_cast<std::size_t>(count * out);
        std::vector<double> y(total), t(tangents > 0 ? total : 0), yBar(total), tBar(t.size());
        for (Index i = 0; i < count; ++i) {
            copyOut(room.last(), i, y.data() + i * out);
            if (tangents > 0) {
                copyOut(room.last(), count + i, t.data() + i * out);
            }
        }
        adjoint(y, t, yBar, tBar);
        std::vector<T> bar(room.last().size()), below;
        const auto wide = static_cast<Index>(m_layers.back().out);
        for (Index i = 0; i < count; ++i) {
            std::copy_n(yBar.data() + i * out, out, bar.data() + i * wide);
            if (tangents > 0) {
                std::copy_n(tBar.data() + i * out, out, bar.data() + (count + i) * wide);
            }
        }
        for (std::size_t l = m_layers.size(); l-- > 0;) {
            throughUnit(room, l, count, tangents > 0, bar);
            const Layer& layer = m_layers[l];
            const std::size_t narrow =
                padded(layer.in, static_cast<std::size_t>(kernels<T>().panel));
            const Index rows = count * (l > 0 ? 1 + tangents : 1);
            below.assign(static_cast<std::size_t>(rows) * narrow, T{0});
            kernels<T>().product(rows, static_cast<Index>(narrow), static_cast<Index>(layer.out),
                                 bar.data(), layer.back.data(), below.data());
            std::swap(bar, below);
        }
        const Index narrow = static_cast<Index>(bar.size()) / std::max<Index>(1, count);
        for (Index i = 0; i < count; ++i) {
            std::copy_n(bar.data() + i * narrow, m_inputs, slope + i * m_inputs);
        }
    }

private:
    struct Layer {
        std::size_t in = 0, out = 0;  ///< padded widths
        std::vector<T> weight, back;  ///< panels of W' and of W
        std::vector<T> bias;
        dense::Act act{};
    };

    /// What one pass keeps. Rows of a layer: the values, then the tangents.
    struct Room {
        Room(const Mlp& map, Index rows, bool forReverse) : keep(forReverse) {
            const auto n = static_cast<std::size_t>(rows);
            in.resize(n * static_cast<std::size_t>(map.m_inputs));
            const std::size_t layers = map.m_layers.size();
            h.resize(keep ? layers : 2);
            first.resize(keep ? layers : 1);
            second.resize(keep ? layers : 0);
            for (std::size_t l = 0; l < h.size(); ++l) {
                h[l].resize(n * (keep ? map.m_layers[l].out : map.m_widest));
            }
            for (std::size_t l = 0; l < first.size(); ++l) {
                first[l].resize(n * (keep ? map.m_layers[l].out : map.m_widest));
            }
            for (std::size_t l = 0; l < second.size(); ++l) {
                second[l].resize(first[l].size());
            }
            lastSlot = keep ? layers - 1 : (layers - 1) % 2;
        }
        std::size_t slot(std::size_t l) const { return keep ? l : l % 2; }
        const std::vector<T>& last() const { return h[lastSlot]; }

        bool keep;
        std::size_t lastSlot = 0;
        std::vector<T> in;
        /// h: outputs, and tangents before the derivative of the unit where they are kept, which
        /// the last layer's reader does not want: `run` scales those of the last layer.
        std::vector<std::vector<T>> h, first, second;
    };

    void copyOut(const std::vector<T>& from, Index row, double* to) const {
        const T* p = from.data() + row * static_cast<Index>(m_layers.back().out);
        std::copy_n(p, outputs(), to);
    }

    void run(const double* z, const double* v, Index n, Index tangents, Room& room) const {
        const Index d = m_inputs, rows = n * (1 + tangents);
        std::copy_n(z, n * d, room.in.data());
        for (Index i = 0; i < n; ++i) {
            for (Index k = 0; k < tangents; ++k) {
                std::copy_n(v + (i * tangents + k) * d, d, room.in.data() + (n * (k + 1) + i) * d);
            }
        }
        const T* from = room.in.data();
        std::vector<T> scaled;
        for (std::size_t l = 0; l < m_layers.size(); ++l) {
            const Layer& layer = m_layers[l];
            const auto out = static_cast<Index>(layer.out);
            T* h = room.h[room.slot(l)].data();
            kernels<T>().product(rows, out, static_cast<Index>(layer.in), from, layer.weight.data(),
                                 h);
            const bool linear = layer.act == dense::Act::Linear;
            T* first = tangents > 0 || room.keep ? room.first[room.keep ? l : 0].data() : nullptr;
            kernels<T>().activate(layer.act, n, out, layer.bias.data(), h, first,
                                  room.keep ? room.second[l].data() : nullptr);
            if (tangents == 0 || linear) {
                from = h;
                continue;
            }
            // The reverse pass needs the tangents before the unit's derivative.
            if (room.keep) {
                room.second[l].resize(static_cast<std::size_t>(rows * out));
                std::copy_n(h + n * out, n * tangents * out, room.second[l].data() + n * out);
            }
            for (Index k = 0; k < tangents; ++k) {
                T* block = h + n * (k + 1) * out;
                for (Index i = 0; i < n * out; ++i) {
                    block[i] *= first[i];
                }
            }
            from = h;
        }
    }

    /// bar [rows, out] of the outputs becomes that of the sums before the unit.
    void throughUnit(const Room& room, std::size_t l, Index n, bool tangent,
                     std::vector<T>& bar) const {
        const Layer& layer = m_layers[l];
        if (layer.act == dense::Act::Linear) {
            return;
        }
        const std::size_t total = static_cast<std::size_t>(n) * layer.out;
        const T *first = room.first[l].data(), *second = room.second[l].data();
        for (std::size_t i = 0; i < total; ++i) {
            bar[i] *= first[i];
            if (tangent) {
                T& tBar = bar[total + i];
                bar[i] += tBar * second[total + i] * second[i];
                tBar *= first[i];
            }
        }
    }

    /// R [in, in], upper triangular with R'R = W'W, of W [out, in]; rows of a deficient rank are 0.
    static std::vector<float> rootOfGram(const std::vector<float>& w, std::size_t out,
                                         std::size_t in) {
        const auto& math = dense::table().whole;
        const auto panel = static_cast<std::size_t>(math.panel), wide = padded(in, panel);
        std::vector<double> transposed(in * out), gram(in * wide);
        for (std::size_t i = 0; i < in; ++i) {
            for (std::size_t o = 0; o < out; ++o) {
                transposed[i * out + o] = w[o * in + i];
            }
        }
        const auto right = packed<double>(
            out, in, out, panel, [&](std::size_t o, std::size_t i) { return w[o * in + i]; });
        math.product(static_cast<Index>(in), static_cast<Index>(wide), static_cast<Index>(out),
                     transposed.data(), right.data(), gram.data());
        double largest = 0;
        for (std::size_t i = 0; i < in; ++i) {
            largest = std::max(largest, gram[i * wide + i]);
        }
        // Right-looking: row i of R, then what it explains leaves the rows below.
        for (std::size_t i = 0; i < in; ++i) {
            double* row = &gram[i * wide];
            const double pivot = row[i];
            const double scale = pivot > 1e-13 * largest ? 1 / std::sqrt(pivot) : 0;
            for (std::size_t j = i; j < in; ++j) {
                row[j] *= scale;
            }
            for (std::size_t k = i + 1; scale > 0 && k < in; ++k) {
                const double share = row[k];
                double* below = &gram[k * wide];
                for (std::size_t j = k; j < in; ++j) {
                    below[j] -= share * row[j];
                }
            }
        }
        std::vector<float> root(in * in);
        for (std::size_t i = 0; i < in; ++i) {
            for (std::size_t j = i; j < in; ++j) {
                root[i * in + j] = static_cast<float>(gram[i * wide + j]);
            }
        }
        return root;
    }

    Index m_inputs;
    std::vector<DenseLayer> m_given;
    std::vector<Layer> m_layers;
    std::size_t m_widest = 0;
};

}  // namespace

SmoothMapPtr mlpMap(Index inputs, std::vector<DenseLayer> layers, Precision precision) {
    requireLayers(inputs, layers);
    if (precision == Precision::Single) {
        return std::make_shared<Mlp<float>>(inputs, std::move(layers));
    }
    return std::make_shared<Mlp<double>>(inputs, std::move(layers));
}

}  // namespace lx
