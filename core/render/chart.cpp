// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/chart.h"

#include <Eigen/Dense>

#include <algorithm>
#include <cmath>

namespace lx::render {
namespace {

using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
constexpr double kFaintest = 0.1;

void require(const Array& points, Index dim) {
    if (!points.defined() || points.dtype() != DType::F32 || points.shape().size() != 2 ||
        points.dim(1) < 1 || (dim > 0 && points.dim(1) != dim)) {
        throw UsageError("a chart needs float32 points [N, " +
                         (dim > 0 ? std::to_string(dim) : std::string("D")) + "]");
    }
}

/// Rows of finite numbers.
RowMatrix finiteRows(const Array& points) {
    require(points, 0);
    const auto values = points.values<float>();
    const Index d = points.dim(1);
    RowMatrix out(points.dim(0), d);
    Index kept = 0;
    for (Index n = 0; n < points.dim(0); ++n) {
        for (Index j = 0; j < d; ++j) {
            out(kept, j) = values[static_cast<std::size_t>(n * d + j)];
        }
        kept += out.row(kept).allFinite() ? 1 : 0;
    }
    out.conservativeResize(kept, d);
    return out;
}

/// x - origin in chart coordinates.
double coordinate(const Chart& chart, Index axis, const float* x) {
    double sum = 0;
    const double* row = chart.basis.data() + axis * chart.dim();
    for (Index j = 0; j < chart.dim(); ++j) {
        sum += row[j] * (x[j] - chart.origin[static_cast<std::size_t>(j)]);
    }
    return sum;
}

}  // namespace

Chart axesChart(const Array& points, std::span<const Index> axes) {
    const RowMatrix x = finiteRows(points);
    const Index d = x.cols();
    Chart chart;
    chart.origin.assign(static_cast<std::size_t>(d), 0);
    for (Index j = 0; j < d && x.rows() > 0; ++j) {
        chart.origin[static_cast<std::size_t>(j)] = x.col(j).mean();
    }
    std::vector<bool> taken(static_cast<std::size_t>(d), false);
    for (const Index wanted : axes.first(std::min(axes.size(), static_cast<std::size_t>(d)))) {
        Index axis = std::clamp(wanted, Index{0}, d - 1);
        for (Index tried = 0; tried < d && taken[static_cast<std::size_t>(axis)]; ++tried) {
            axis = axis == 0 ? d - 1 : axis - 1;
        }
        taken[static_cast<std::size_t>(axis)] = true;
        chart.origin[static_cast<std::size_t>(axis)] = 0;
        chart.basis.resize(chart.basis.size() + static_cast<std::size_t>(d), 0);
        chart.basis[chart.basis.size() - static_cast<std::size_t>(d - axis)] = 1;
    }
    return chart;
}

Chart pcaChart(const Array& points, Index axes, const Chart* previous) {
    RowMatrix x = finiteRows(points);
    const Index d = x.cols();
    Eigen::RowVectorXd mean = Eigen::RowVectorXd::Zero(d);
    if (x.rows() > 0) {
        mean = x.colwise().mean();
        x.rowwise() -= mean;
    }
    const Eigen::MatrixXd covariance =
        x.transpose() * x / static_cast<double>(std::max<Index>(x.rows(), 1));
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(covariance);
    const double total = std::max(covariance.trace(), 1e-300);
    Chart chart;
    chart.origin.assign(mean.data(), mean.data() + d);
    for (Index k = 0; k < std::min(axes, d); ++k) {
        Eigen::VectorXd axis = solver.eigenvectors().col(d - 1 - k);
        Index largest = 0;
        axis.cwiseAbs().maxCoeff(&largest);
        double sign = axis(largest);
        if (previous && previous->dim() == d && k < previous->axes()) {
            const double same =
                axis.dot(Eigen::Map<const Eigen::VectorXd>(previous->basis.data() + k * d, d));
            sign = std::abs(same) > 1e-3 ? same : sign;
        }
        if (sign < 0) {
            axis = -axis;
        }
        chart.basis.insert(chart.basis.end(), axis.data(), axis.data() + d);
        chart.shares.push_back(std::max(0.0, solver.eigenvalues()(d - 1 - k)) / total);
    }
    return chart;
}

std::optional<Chart> planeChart(std::span<const double> a, std::span<const double> b,
                                std::span<const double> c) {
    if (a.size() < 2 || b.size() != a.size() || c.size() != a.size()) {
        return {};
    }
    const auto vector = [](std::span<const double> v) {
        return Eigen::Map<const Eigen::VectorXd>(v.data(), static_cast<Index>(v.size()));
    };
    const Eigen::VectorXd u = vector(b) - vector(a), v = vector(c) - vector(a);
    const double length = u.norm();
    if (!(length > 0) || !std::isfinite(length)) {
        return {};
    }
    const Eigen::VectorXd first = u / length;
    const Eigen::VectorXd rest = v - v.dot(first) * first;
    if (!(rest.norm() > 1e-9 * std::max(length, v.norm()))) {
        return {};
    }
    const Eigen::VectorXd second = rest / rest.norm();
    Chart chart;
    chart.origin.assign(a.begin(), a.end());
    chart.basis.assign(first.data(), first.data() + first.size());
    chart.basis.insert(chart.basis.end(), second.data(), second.data() + second.size());
    return chart;
}

Array project(const Chart& chart, const Array& points) {
    require(points, chart.dim());
    const float* x = points.values<float>().data();
    std::vector<float> out;
    out.reserve(static_cast<std::size_t>(points.dim(0) * chart.axes()));
    for (Index n = 0; n < points.dim(0); ++n) {
        for (Index k = 0; k < chart.axes(); ++k) {
            out.push_back(static_cast<float>(coordinate(chart, k, x + n * chart.dim())));
        }
    }
    return {{points.dim(0), chart.axes()}, out};
}

Array offChart(const Chart& chart, const Array& points) {
    require(points, chart.dim());
    const float* x = points.values<float>().data();
    std::vector<float> out;
    std::vector<double> rest(static_cast<std::size_t>(chart.dim()));
    for (Index n = 0; n < points.dim(0); ++n) {
        const float* row = x + n * chart.dim();
        // Subtracting the parts within the chart keeps small distances exact.
        for (std::size_t j = 0; j < rest.size(); ++j) {
            rest[j] = row[j] - chart.origin[j];
        }
        for (Index k = 0; k < chart.axes(); ++k) {
            const double c = coordinate(chart, k, row);
            for (std::size_t j = 0; j < rest.size(); ++j) {
                rest[j] -= c * chart.basis[static_cast<std::size_t>(k) * rest.size() + j];
            }
        }
        double sum = 0;
        for (const double r : rest) {
            sum += r * r;
        }
        out.push_back(static_cast<float>(std::sqrt(sum)));
    }
    return {{points.dim(0)}, out};
}

std::vector<float> moved(const Chart& chart, std::span<const float> z, std::span<const double> at) {
    std::vector<float> out(z.begin(), z.end());
    if (static_cast<Index>(z.size()) != chart.dim()) {
        return out;
    }
    for (Index k = 0; k < std::min(chart.axes(), static_cast<Index>(at.size())); ++k) {
        const double step = at[static_cast<std::size_t>(k)] - coordinate(chart, k, z.data());
        for (std::size_t j = 0; j < out.size(); ++j) {
            out[j] += static_cast<float>(step *
                                         chart.basis[static_cast<std::size_t>(k) * out.size() + j]);
        }
    }
    return out;
}

Array closeness(const Array& distances) {
    const auto values = distances.values<float>();
    double sum = 0, count = 0;
    for (const float v : values) {
        if (std::isfinite(v)) {
            sum += double{v} * v;
            count += 1;
        }
    }
    const double variance = count > 0 ? sum / count : 0;
    std::vector<float> out;
    for (const float v : values) {
        const double near = variance > 0 ? std::exp(-0.5 * double{v} * v / variance) : 1;
        out.push_back(static_cast<float>(kFaintest + (1 - kFaintest) * near));
    }
    return {{static_cast<Index>(values.size())}, out};
}

}  // namespace lx::render
