// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/energies/mixture.h"

#include "core/base/error.h"
#include "core/energies/draws.h"
#include "core/energies/tiled.h"

#include <numeric>

namespace lx {
namespace {

double normalBelow(double z) {
    return 0.5 * std::erfc(-z / std::numbers::sqrt2);
}

/// What the inner loop reads, in its own precision.
template <class T>
struct Constants {
    std::vector<T> centres, scale, offset;  ///< 1 / (2 sd^2); log w - D log sd
    explicit Constants(const MixtureParts& parts) {
        centres.assign(parts.centres.begin(), parts.centres.end());
        for (std::size_t k = 0; k < parts.weights.size(); ++k) {
            scale.push_back(static_cast<T>(0.5 / (parts.sds[k] * parts.sds[k])));
            offset.push_back(
                static_cast<T>(std::log(parts.weights[k]) -
                               static_cast<double>(parts.dim) * std::log(parts.sds[k])));
        }
    }
};

MixtureParts sane(MixtureParts parts) {
    const std::size_t count = parts.weights.size();
    if (parts.dim < 1 || count == 0 || parts.sds.size() != count ||
        parts.centres.size() != count * static_cast<std::size_t>(parts.dim)) {
        throw UsageError("a mixture needs a centre, a weight and an sd for each component");
    }
    for (std::size_t k = 0; k < count; ++k) {
        if (!(parts.weights[k] > 0) || !(parts.sds[k] > 0) || !std::isfinite(parts.weights[k])) {
            throw UsageError("component " + std::to_string(k + 1) +
                             " of a mixture needs a positive weight and sd");
        }
    }
    const double total = std::accumulate(parts.weights.begin(), parts.weights.end(), 0.0);
    for (double& weight : parts.weights) {
        weight /= total;
    }
    return parts;
}

class Mixture final : public MixtureEnergy {
public:
    explicit Mixture(MixtureParts given)
        : m_parts(sane(std::move(given))), m_single(m_parts), m_double(m_parts) {}
    Index dim() const override { return m_parts.dim; }
    const MixtureParts& parts() const override { return m_parts; }

    std::optional<double> logNormaliser() const override {
        return 0.5 * static_cast<double>(dim()) * std::log(2 * std::numbers::pi);
    }
    std::optional<std::vector<double>> mean() const override {
        std::vector<double> out(width());
        for (std::size_t k = 0; k < count(); ++k) {
            for (std::size_t i = 0; i < width(); ++i) {
                out[i] += m_parts.weights[k] * m_parts.centres[k * width() + i];
            }
        }
        return out;
    }
    std::optional<std::vector<double>> covariance() const override {
        const std::size_t d = width();
        const auto centre = *mean();
        std::vector<double> out(d * d);
        for (std::size_t k = 0; k < count(); ++k) {
            const double* c = &m_parts.centres[k * d];
            for (std::size_t i = 0; i < d; ++i) {
                for (std::size_t j = 0; j < d; ++j) {
                    out[i * d + j] += m_parts.weights[k] * (c[i] - centre[i]) * (c[j] - centre[j]);
                }
                out[i * d + i] += m_parts.weights[k] * m_parts.sds[k] * m_parts.sds[k];
            }
        }
        return out;
    }
    std::vector<Mode> modes() const override {
        std::call_once(m_once, [this] { m_modes = findModes(); });
        return m_modes;
    }
    Index modeOf(std::span<const double> x) const override {
        std::size_t best = 0;
        double least = std::numeric_limits<double>::infinity();
        for (std::size_t k = 0; k < count(); ++k) {
            double sum = 0;
            for (std::size_t i = 0; i < width(); ++i) {
                const double u = x[i] - m_parts.centres[k * width() + i];
                sum += u * u;
            }
            if (sum < least) {
                least = sum;
                best = k;
            }
        }
        return static_cast<Index>(best);
    }
    std::optional<std::vector<double>> marginal(Index axis,
                                                std::span<const double> at) const override {
        std::vector<double> out;
        for (const double x : at) {
            double sum = 0;
            for (std::size_t k = 0; k < count(); ++k) {
                const double sd = m_parts.sds[k];
                const double u =
                    (x - m_parts.centres[k * width() + static_cast<std::size_t>(axis)]) / sd;
                sum += m_parts.weights[k] * std::exp(-0.5 * u * u) / sd;
            }
            out.push_back(sum / std::sqrt(2 * std::numbers::pi));
        }
        return out;
    }
    bool canSample() const override { return true; }
    std::vector<double> sample(Key key, Index rows) const override {
        std::vector<double> out;
        out.reserve(static_cast<std::size_t>(rows) * width());
        for (Index row = 0; row < rows; ++row) {
            RowDraws draws(key, row);
            double u = draws.uniform();
            std::size_t k = 0;
            while (k + 1 < count() && u > m_parts.weights[k]) {
                u -= m_parts.weights[k++];
            }
            for (std::size_t i = 0; i < width(); ++i) {
                out.push_back(m_parts.centres[k * width() + i] + m_parts.sds[k] * draws.normal());
            }
        }
        return out;
    }
    Box box() const override {
        Box out{std::vector<double>(width(), INFINITY), std::vector<double>(width(), -INFINITY)};
        for (std::size_t k = 0; k < count(); ++k) {
            for (std::size_t i = 0; i < width(); ++i) {
                const double c = m_parts.centres[k * width() + i], reach = 8 * m_parts.sds[k];
                out.lower[i] = std::min(out.lower[i], c - reach);
                out.upper[i] = std::max(out.upper[i], c + reach);
            }
        }
        return out;
    }

protected:
    void compute(const double* x, Index rows, double* value, double* grad) const override {
        run(m_double, x, rows, value, grad);
    }
    void compute(const float* x, Index rows, float* value, float* grad) const override {
        run(m_single, x, rows, value, grad);
    }

private:
    std::size_t count() const { return m_parts.weights.size(); }
    std::size_t width() const { return static_cast<std::size_t>(m_parts.dim); }

    template <class T>
    void run(const Constants<T>& c, const T* x, Index rows, T* value, T* grad) const {
        // Two coordinates are what the stage shows: there the inner loops unroll.
        if (m_parts.dim == 2) {
            grad == nullptr ? tiles<2, false>(c, x, rows, value, grad)
                            : tiles<2, true>(c, x, rows, value, grad);
        } else {
            grad == nullptr ? tiles<0, false>(c, x, rows, value, grad)
                            : tiles<0, true>(c, x, rows, value, grad);
        }
    }

    template <int Fixed, bool WithGrad, class T>
    void tiles(const Constants<T>& c, const T* x, Index rows, T* value, T* grad) const {
        using V = Pack<T>;
        const std::size_t d = Fixed > 0 ? static_cast<std::size_t>(Fixed) : width();
        const std::size_t components = count();
        std::array<V, Fixed> fixedLanes{}, fixedSlopes{};
        std::vector<V> heap(Fixed > 0 ? 0 : 2 * d);
        V* lanes = Fixed > 0 ? fixedLanes.data() : heap.data();
        V* slopes = Fixed > 0 ? fixedSlopes.data() : heap.data() + d;
        for (Index first = 0; first < rows; first += kLanes) {
            gatherRows(x, rows, static_cast<Index>(d), first, lanes);
            const auto term = [&](std::size_t k) {
                V square{};
                for (std::size_t i = 0; i < d; ++i) {
                    const V u = lanes[i] - c.centres[k * d + i];
                    square = square + u * u;
                }
                return square * c.scale[k] - c.offset[k];
            };
            V least = term(0);
            for (std::size_t k = 1; k < components; ++k) {
                least = packMin<V>(least, term(k));
            }
            V sum{};
            for (std::size_t i = 0; i < d; ++i) {
                slopes[i] = V{};
            }
            for (std::size_t k = 0; k < components; ++k) {
                const V p = packExp<V>(least - term(k));
                sum = sum + p;
                if constexpr (WithGrad) {
                    const V pull = p * (2 * c.scale[k]);
                    for (std::size_t i = 0; i < d; ++i) {
                        slopes[i] = slopes[i] + pull * (lanes[i] - c.centres[k * d + i]);
                    }
                }
            }
            V e = least - packLog<V>(sum);
            const Index have = std::min<Index>(kLanes, rows - first);
            if constexpr (WithGrad) {
                for (std::size_t i = 0; i < d; ++i) {
                    slopes[i] = slopes[i] / sum;
                }
                settle<V>(e, slopes, static_cast<Index>(d));
                for (Index i = 0; i < have; ++i) {
                    for (std::size_t k = 0; k < d; ++k) {
                        grad[static_cast<std::size_t>(first + i) * d + k] = slopes[k][i];
                    }
                }
            } else {
                settle<V>(e, nullptr, static_cast<Index>(d));
            }
            for (Index i = 0; i < have; ++i) {
                value[first + i] = e[i];
            }
        }
    }

    /// Masses of the points nearest to each centre.
    std::vector<Mode> findModes() const {
        std::vector<Mode> out;
        double closest = INFINITY, widest = 0;
        for (std::size_t k = 0; k < count(); ++k) {
            const auto begin = m_parts.centres.begin() + static_cast<std::ptrdiff_t>(k * width());
            out.push_back({{begin, begin + m_parts.dim}, m_parts.weights[k]});
            widest = std::max(widest, m_parts.sds[k]);
            for (std::size_t j = 0; j < k; ++j) {
                double sum = 0;
                for (std::size_t i = 0; i < width(); ++i) {
                    const double u = out[k].centre[i] - out[j].centre[i];
                    sum += u * u;
                }
                closest = std::min(closest, std::sqrt(sum));
            }
        }
        if (count() == 2) {
            const double half = closest / 2;
            out[0].weight = m_parts.weights[0] * normalBelow(half / m_parts.sds[0]) +
                            m_parts.weights[1] * normalBelow(-half / m_parts.sds[1]);
            out[1].weight = 1 - out[0].weight;
        } else if (count() > 2 && dim() == 2 && closest < 12 * widest) {
            if (const auto table = PlaneTable::make(*this, box())) {
                const auto masses =
                    table->masses([this](std::span<const double> x) { return modeOf(x); }, count());
                for (std::size_t k = 0; k < count(); ++k) {
                    out[k].weight = masses[k];
                }
            }
        }
        return out;
    }

    MixtureParts m_parts;
    Constants<float> m_single;
    Constants<double> m_double;
    mutable std::once_flag m_once;
    mutable std::vector<Mode> m_modes;
};

}  // namespace

std::shared_ptr<const MixtureEnergy> mixtureEnergy(MixtureParts parts) {
    return std::make_shared<Mixture>(std::move(parts));
}

}  // namespace lx
