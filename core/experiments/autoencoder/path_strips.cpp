// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/autoencoder/path_strips.h"

#include "core/experiments/geometry/curve.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

namespace lx::autoencoder {
namespace {

using Vector = std::vector<double>;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

}  // namespace

PathTriple pathsOf(const Geodesic& g, Index dim) {
    const auto d = static_cast<std::size_t>(dim);
    const std::span<const double> path(g.path);
    return {g.path, geometry::straightBetweenEnds(g, dim),
            sphericalPath(path.first(d), path.last(d), std::ssize(g.path) / dim)};
}

void addStrip(SnapshotBuilder& out, const std::string& channel, const Moment& m,
              const Metric& metric, const Vector& path) {
    const Index d = metric.dim();
    const Vector z =
        path.empty() ? Vector(static_cast<std::size_t>(d)) : resampled(metric, path, kFrames);
    const Tensor codes = at::tensor(at::ArrayRef<double>(z), at::kDouble).view({-1, d});
    const Tensor x = m.model->decode(m.data->placed(codes.to(at::kFloat)));
    out.set(channel, m.data->published(path.empty() ? x.narrow(0, 0, 0) : x));
}

Array speedRows(const Metric& metric, const PathTriple& paths) {
    const auto d = static_cast<std::size_t>(metric.dim());
    const std::size_t steps = paths.front().size() / d - 1;
    Vector rows;
    for (const Vector& path : paths) {
        std::ranges::copy(path.empty() ? Vector(steps, kNaN) : pathSpeed(metric, path),
                          std::back_inserter(rows));
    }
    return geometry::doubles({std::ssize(paths), static_cast<Index>(steps)}, rows);
}

Array uncertaintyRows(const MetricInputs& in, Index dim, const PathTriple& paths) {
    const Index knots = std::ssize(paths.front()) / dim;
    Vector rows;
    for (const Vector& path : paths) {
        std::ranges::copy(path.empty() ? Vector(static_cast<std::size_t>(knots), kNaN)
                                       : decoderDeviation(in, path),
                          std::back_inserter(rows));
    }
    return geometry::doubles({std::ssize(paths), knots}, rows);
}

}  // namespace lx::autoencoder
