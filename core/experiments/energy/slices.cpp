// SPDX-License-Identifier: GPL-3.0-or-later
// The energy of pictures on the plane through three of them: a datum, the mode below it, a chain.
#include "core/base/philox.h"
#include "core/experiments/energy/moment.h"
#include "core/experiments/energy/negatives.h"
#include "core/experiments/sliced_task.h"

#include <algorithm>
#include <cmath>

namespace lx::learned {
namespace {

using Rows = std::vector<float>;

constexpr Index kSide = 48, kAlong = 64, kPiece = 64;
constexpr Index kDescent = 200, kDescentPart = 20;
constexpr double kMargin = 0.25;  ///< of the larger side, around the three

double dot(std::span<const double> a, std::span<const double> b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        sum += a[i] * b[i];
    }
    return sum;
}

struct Plane {
    std::array<Rows, 3> anchors;
    std::array<std::array<double, 2>, 3> places{};  ///< in distances of pixels
    std::array<std::vector<double>, 2> axes;        ///< orthonormal
    std::array<float, 4> extent{};                  ///< x0, y0, x1, y1
    Rows values, along;

    Rows at(double s, double t) const {
        Rows out = anchors[0];
        for (std::size_t i = 0; i < out.size(); ++i) {
            out[i] += static_cast<float>(s * axes[0][i] + t * axes[1][i]);
        }
        return out;
    }
};

/// A unit vector along `wanted` less its part along `other`; a random one where nothing is left, as
/// between equal pictures.
std::vector<double> axisAlong(std::vector<double> wanted, const std::vector<double>& other,
                              Key key) {
    constexpr double kLeast = 1e-3;
    for (int attempt = 0;; ++attempt) {
        const double along = other.empty() ? 0 : dot(wanted, other);
        for (std::size_t i = 0; i < wanted.size() && !other.empty(); ++i) {
            wanted[i] -= along * other[i];
        }
        const double length = std::sqrt(dot(wanted, wanted));
        if (length > kLeast || attempt > 0) {
            for (double& v : wanted) {
                v /= std::max(length, 1e-12);
            }
            return wanted;
        }
        Rows noise(wanted.size());
        fillNormal(key, noise);
        wanted.assign(noise.begin(), noise.end());
    }
}

void layOut(Plane& plane, Key key) {
    const auto from = [&](std::size_t k) {
        std::vector<double> out;
        for (std::size_t i = 0; i < plane.anchors[0].size(); ++i) {
            out.push_back(static_cast<double>(plane.anchors[k][i] - plane.anchors[0][i]));
        }
        return out;
    };
    plane.axes[0] = axisAlong(from(1), {}, derive(key, "first"));
    plane.axes[1] = axisAlong(from(2), plane.axes[0], derive(key, "second"));
    std::array<double, 2> low{}, high{};
    for (std::size_t k = 0; k < 3; ++k) {
        for (std::size_t a = 0; a < 2; ++a) {
            plane.places[k][a] = dot(from(k), plane.axes[a]);
            low[a] = std::min(low[a], plane.places[k][a]);
            high[a] = std::max(high[a], plane.places[k][a]);
        }
    }
    const double side = std::max({high[0] - low[0], high[1] - low[1], 1e-2}) * (1 + 2 * kMargin);
    for (std::size_t a = 0; a < 2; ++a) {
        const double middle = 0.5 * (low[a] + high[a]);
        plane.extent[a] = static_cast<float>(middle - 0.5 * side);
        plane.extent[a + 2] = static_cast<float>(middle + 0.5 * side);
    }
}

/// Evaluates row(i) for i in [0, total) in pieces that leave the engine free in between.
void addRows(SlicedTask& task, EnergyPtr energy, Index total, const std::function<Rows(Index)>& row,
             const std::function<Rows&()>& out) {
    for (Index first = 0; first < total; first += kPiece) {
        task.add([=](SnapshotBuilder&) {
            Rows x, value(static_cast<std::size_t>(std::min(kPiece, total - first)));
            for (Index i = first; i < first + std::ssize(value); ++i) {
                std::ranges::copy(row(i), std::back_inserter(x));
            }
            energy->evaluate(std::span<const float>(x), value);
            std::ranges::copy(value, std::back_inserter(out()));
        });
    }
}

}  // namespace

void addSlice(SlicedTask& task, const std::shared_ptr<const Moment>& m) {
    const auto d = static_cast<std::size_t>(m->data->dim);
    if (m->negatives.size() < d || m->data->dataset->heldout.dim(0) < 1) {
        return;
    }
    const auto plane = std::make_shared<Plane>();
    const auto held = m->data->dataset->heldout.values<float>();
    const auto oldest =
        static_cast<std::size_t>(std::ranges::max_element(m->ages) - m->ages.begin());
    const auto chain = std::span(m->negatives).subspan(oldest * d, d);
    plane->anchors = {Rows(held.begin(), held.begin() + static_cast<std::ptrdiff_t>(d)),
                      Rows(held.begin(), held.begin() + static_cast<std::ptrdiff_t>(d)),
                      Rows(chain.begin(), chain.end())};
    const Key key = derive(m->data->key, "slice");
    for (Index done = 0; done < kDescent; done += kDescentPart) {
        task.add([=](SnapshotBuilder&) {
            Choices downhill = m->now;
            downhill.noise = 0;
            walk(dynamic_cast<const PictureEnergy&>(*m->energy), downhill, {}, {}, key,
                 kDescentPart, plane->anchors[1]);
        });
    }
    task.add([=](SnapshotBuilder&) { layOut(*plane, key); });
    addRows(
        task, m->energy, kSide * kSide,
        [=](Index i) {
            const auto place = [&](std::size_t axis, Index cell) {
                const auto low = static_cast<double>(plane->extent[axis]),
                           high = static_cast<double>(plane->extent[axis + 2]);
                return low + (high - low) * (static_cast<double>(cell) + 0.5) / kSide;
            };
            return plane->at(place(0, i % kSide), place(1, i / kSide));
        },
        [=]() -> Rows& { return plane->values; });
    addRows(
        task, m->energy, 3 * kAlong,
        [=](Index i) {
            const auto a = static_cast<std::size_t>(i / kAlong), b = (a + 1) % 3;
            const double share = static_cast<double>(i % kAlong) / (kAlong - 1);
            return plane->at(std::lerp(plane->places[a][0], plane->places[b][0], share),
                             std::lerp(plane->places[a][1], plane->places[b][1], share));
        },
        [=]() -> Rows& { return plane->along; });
    task.add([=](SnapshotBuilder& out) {
        const float least = std::min(*std::ranges::min_element(plane->values),
                                     *std::ranges::min_element(plane->along));
        for (Rows* list : {&plane->values, &plane->along}) {
            for (float& v : *list) {
                v -= least;
            }
        }
        const auto& shape = m->data->dataset->sampleShape;
        Rows pictures, places;
        for (std::size_t k = 0; k < 3; ++k) {
            std::ranges::copy(plane->anchors[k], std::back_inserter(pictures));
            for (const double v : plane->places[k]) {
                places.push_back(static_cast<float>(v));
            }
        }
        static constexpr std::string_view kNames = "datum\nmode\nchain";
        out.set("slice", Array({kSide, kSide}, plane->values));
        out.set("slice.extent", Array({4}, std::span<const float>(plane->extent)));
        out.set("slice.anchors", Array({3, 2}, places));
        out.set("slice.pictures", Array({3, shape.at(0), shape.at(1)}, pictures));
        out.set("slice.lines", Array({3, kAlong}, plane->along));
        out.set("slice.names", {DType::U8, {std::ssize(kNames)}, std::as_bytes(std::span(kNames))});
    });
}

}  // namespace lx::learned
