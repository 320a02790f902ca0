// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/flow.h"

#include "core/base/philox.h"
#include "core/render/projection.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace lx::render {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

/// The field as it looks on the picture: positions and directions in pixels, y downwards.
class Seen {
public:
    Seen(const FlowField& field, const FlowView& view)
        : m_field(field), m_projection(view.view, view.pixels) {}

    bool valid() const { return m_projection.valid() && m_field.problem().empty(); }
    /// Unit direction; nothing where there is no field or it vanishes.
    std::optional<Point2> direction(Point2 pixel) const {
        const auto v = m_field.at(toData(pixel));
        if (!v) {
            return {};
        }
        const double x = v->x * m_projection.scaleX(), y = -v->y * m_projection.scaleY();
        const double length = std::hypot(x, y);
        if (!(length > 1e-12 * (m_projection.scaleX() + m_projection.scaleY()))) {
            return {};
        }
        return Point2{x / length, y / length};
    }
    /// One step of the classical Runge-Kutta method along the unit directions.
    std::optional<Point2> step(Point2 p, double h) const {
        const auto a = direction(p);
        const auto b = a ? direction({p.x + h / 2 * a->x, p.y + h / 2 * a->y}) : a;
        const auto c = b ? direction({p.x + h / 2 * b->x, p.y + h / 2 * b->y}) : b;
        const auto d = c ? direction({p.x + h * c->x, p.y + h * c->y}) : c;
        if (!d || a->x * d->x + a->y * d->y < 0) {  // turned round: a source or sink was crossed
            return {};
        }
        return Point2{p.x + h / 6 * (a->x + 2 * b->x + 2 * c->x + d->x),
                      p.y + h / 6 * (a->y + 2 * b->y + 2 * c->y + d->y)};
    }
    Point2 toData(Point2 p) const { return {m_projection.dataX(p.x), m_projection.dataY(p.y)}; }

private:
    const FlowField& m_field;
    const Projection m_projection;
};

double squaredDistance(Point2 a, Point2 b) {
    return (a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y);
}

/// Points of the lines so far, in square cells of the separation distance.
class Crowd {
public:
    Crowd(Size pixels, double cell)
        : m_cell(cell),
          m_columns(static_cast<int>(pixels.width / cell) + 1),
          m_rows(static_cast<int>(pixels.height / cell) + 1),
          m_cells(static_cast<std::size_t>(m_columns) * static_cast<std::size_t>(m_rows)) {}

    void add(Point2 p) { m_cells[index(column(p), row(p))].push_back(p); }
    /// False when a point lies nearer than `distance`, at most a cell's side.
    bool isFree(Point2 p, double distance) const {
        for (int r = std::max(row(p) - 1, 0); r <= std::min(row(p) + 1, m_rows - 1); ++r) {
            for (int c = std::max(column(p) - 1, 0); c <= std::min(column(p) + 1, m_columns - 1);
                 ++c) {
                for (const Point2 q : m_cells[index(c, r)]) {
                    if (squaredDistance(p, q) < distance * distance) {
                        return false;
                    }
                }
            }
        }
        return true;
    }

private:
    int column(Point2 p) const {
        return std::clamp(static_cast<int>(p.x / m_cell), 0, m_columns - 1);
    }
    int row(Point2 p) const { return std::clamp(static_cast<int>(p.y / m_cell), 0, m_rows - 1); }
    std::size_t index(int c, int r) const {
        return static_cast<std::size_t>(r) * static_cast<std::size_t>(m_columns) +
               static_cast<std::size_t>(c);
    }
    double m_cell;
    int m_columns, m_rows;
    std::vector<std::vector<Point2>> m_cells;
};

bool inside(Point2 p, Size pixels) {
    return p.x >= 0 && p.x < pixels.width && p.y >= 0 && p.y < pixels.height;
}

/// From `seed` one way until the line leaves, crowds others or itself, or the field vanishes.
/// `closed` becomes true when it came back to the seed.
std::vector<Point2> follow(const Seen& seen, const Crowd& crowd, Size pixels, Point2 seed, double h,
                           const StreamlineOptions& options, bool& closed) {
    std::vector<Point2> points;
    const double near = options.spacing * options.testRatio;
    const auto longest =
        static_cast<std::size_t>(8 * (pixels.width + pixels.height) / std::max(std::abs(h), 0.1));
    // Own points count once they lie farther back along the line than a turn of that radius.
    const auto lag = static_cast<std::size_t>(std::numbers::pi * near / std::abs(h)) + 1;
    Crowd own(pixels, std::max(near, 1.0));
    for (Point2 p = seed; points.size() < longest;) {
        const auto next = seen.step(p, h);
        if (!next || !inside(*next, pixels) || !crowd.isFree(*next, near)) {
            break;
        }
        p = *next;
        points.push_back(p);
        if (points.size() > lag) {
            if (squaredDistance(p, seed) < h * h) {
                closed = true;
                break;
            }
            if (!own.isFree(p, near * 0.5)) {
                break;
            }
            own.add(points[points.size() - 1 - lag]);
        }
    }
    return points;
}

}  // namespace

std::string FlowField::problem() const {
    if (!vectors.defined() || vectors.dtype() != DType::F32 || vectors.shape().size() != 3 ||
        vectors.dim(2) != 2 || vectors.dim(0) < 2 || vectors.dim(1) < 2) {
        return "a vector field must be float32 [rows, columns, 2] with at least two of each";
    }
    return place.x1 > place.x0 && place.y1 > place.y0 && std::isfinite(place.x1 - place.x0) &&
                   std::isfinite(place.y1 - place.y0)
               ? ""
               : "the place of a vector field must have a positive, finite size";
}

std::optional<Point2> FlowField::at(Point2 p) const {
    if (!(p.x >= place.x0 && p.x <= place.x1 && p.y >= place.y0 && p.y <= place.y1)) {
        return {};
    }
    const Index rows = vectors.dim(0), columns = vectors.dim(1);
    const double u = (p.x - place.x0) / (place.x1 - place.x0) * static_cast<double>(columns - 1);
    const double v = (p.y - place.y0) / (place.y1 - place.y0) * static_cast<double>(rows - 1);
    const Index c = std::min(static_cast<Index>(u), columns - 2);
    const Index r = std::min(static_cast<Index>(v), rows - 2);
    const double fu = u - static_cast<double>(c), fv = v - static_cast<double>(r);
    const float* a = vectors.values<float>().data() + 2 * (r * columns + c);
    const float* b = a + 2 * columns;
    const auto mix = [&](int k) {
        const double low = a[k] + fu * (static_cast<double>(a[2 + k]) - a[k]);
        const double high = b[k] + fu * (static_cast<double>(b[2 + k]) - b[k]);
        return low + fv * (high - low);
    };
    const Point2 found{mix(0), mix(1)};
    return std::isfinite(found.x) && std::isfinite(found.y) ? std::optional(found) : std::nullopt;
}

std::vector<Arrow> arrows(const FlowField& field, const FlowView& view,
                          const ArrowOptions& options) {
    std::vector<Arrow> found;
    const Seen seen(field, view);
    if (!seen.valid() || !(options.spacing > 0)) {
        return found;
    }
    struct Node {
        Point2 at, direction;
        double magnitude;
    };
    std::vector<Node> nodes;
    double largest = 0;
    for (double y = options.spacing / 2; y < view.pixels.height; y += options.spacing) {
        for (double x = options.spacing / 2; x < view.pixels.width; x += options.spacing) {
            if (const auto direction = seen.direction({x, y})) {
                const Point2 v = *field.at(seen.toData({x, y}));
                nodes.push_back({{x, y}, *direction, std::hypot(v.x, v.y)});
                largest = std::max(largest, nodes.back().magnitude);
            }
        }
    }
    for (const auto& [at, direction, magnitude] : nodes) {
        const double half =
            options.spacing * options.filled / 2 * std::pow(magnitude / largest, options.gamma);
        found.push_back({seen.toData({at.x - half * direction.x, at.y - half * direction.y}),
                         seen.toData({at.x + half * direction.x, at.y + half * direction.y}),
                         magnitude});
    }
    return found;
}

TrailsLayer arrowTrails(const std::vector<Arrow>& all, const FlowView& view, double head) {
    const Projection projection(view.view, view.pixels);
    constexpr std::size_t kStates = 5;  // tail, tip, barb, tip, other barb
    const std::size_t count = all.size();
    std::vector<float> xy(kStates * count * 2, kNan), values(kStates * count);
    double largest = 0;
    for (std::size_t i = 0; i < count && projection.valid(); ++i) {
        const std::array<Point2, 2> shaft{
            Point2{projection.x(all[i].tail.x), projection.y(all[i].tail.y)},
            Point2{projection.x(all[i].tip.x), projection.y(all[i].tip.y)}};
        const double size = std::min(head, 0.6 * lengthOf(shaft));
        const auto corners = arrowHead(shaft, size, size);
        if (!corners) {
            continue;
        }
        const std::array<Point2, kStates> path{shaft[0], (*corners)[1], (*corners)[0],
                                               (*corners)[1], (*corners)[2]};
        for (std::size_t s = 0; s < kStates; ++s) {
            const std::size_t at = s * count + i;
            xy[2 * at] = static_cast<float>(projection.dataX(path[s].x));
            xy[2 * at + 1] = static_cast<float>(projection.dataY(path[s].y));
            values[at] = static_cast<float>(all[i].magnitude);
        }
        largest = std::max(largest, all[i].magnitude);
    }
    TrailsLayer layer;
    layer.xy = Array({kStates, static_cast<Index>(count), 2}, xy);
    layer.values = Array({kStates, static_cast<Index>(count)}, values);
    layer.range = {0, largest > 0 ? largest : 1};
    return layer;
}

std::vector<Streamline> streamlines(const FlowField& field, const FlowView& view,
                                    const StreamlineOptions& options) {
    std::vector<Streamline> lines;
    const Seen seen(field, view);
    if (!seen.valid() || !(options.spacing >= 1) || !(options.step > 0)) {
        return lines;
    }
    const Size pixels = view.pixels;
    Crowd crowd(pixels, options.spacing);
    std::vector<std::vector<Point2>> drawn;  // in pixels, whose sides seed further lines
    const auto tryFrom = [&](Point2 seed) {
        if (lines.size() >= options.limit || !inside(seed, pixels) || !seen.direction(seed) ||
            !crowd.isFree(seed, options.spacing)) {
            return;
        }
        bool closed = false;
        std::vector<Point2> ahead =
            follow(seen, crowd, pixels, seed, options.step, options, closed);
        std::vector<Point2> points;
        if (!closed) {
            bool unused = false;
            points = follow(seen, crowd, pixels, seed, -options.step, options, unused);
            std::reverse(points.begin(), points.end());
        }
        points.push_back(seed);
        points.insert(points.end(), ahead.begin(), ahead.end());
        if (lengthOf(points) < options.shortest) {
            return;
        }
        Streamline line;
        line.closed = closed;
        for (const Point2 p : points) {
            crowd.add(p);
            line.points.push_back(seen.toData(p));
        }
        drawn.push_back(std::move(points));
        lines.push_back(std::move(line));
    };
    const auto grow = [&](std::size_t from) {
        for (std::size_t i = from; i < drawn.size(); ++i) {
            for (std::size_t k = 0; k < drawn[i].size(); ++k) {
                const Point2 p = drawn[i][k];
                if (const auto d = seen.direction(p)) {
                    const double s = options.spacing * 1.0001;
                    tryFrom({p.x - s * d->y, p.y + s * d->x});
                    tryFrom({p.x + s * d->y, p.y - s * d->x});
                }
            }
        }
    };
    tryFrom({pixels.width / 2.0, pixels.height / 2.0});
    grow(0);
    // Parts that no line reached, such as islands of the field.
    for (double y = options.spacing / 2; y < pixels.height; y += options.spacing) {
        for (double x = options.spacing / 2; x < pixels.width; x += options.spacing) {
            const std::size_t before = drawn.size();
            tryFrom({x, y});
            grow(before);
        }
    }
    return lines;
}

TrailsLayer streamlineTrails(const std::vector<Streamline>& lines) {
    std::size_t states = 1;
    for (const Streamline& line : lines) {
        states = std::max(states, line.points.size() + (line.closed ? 1 : 0));
    }
    const std::size_t count = lines.size();
    std::vector<float> xy(states * count * 2, kNan), values(states * count, kNan);
    for (std::size_t i = 0; i < count; ++i) {
        const auto& points = lines[i].points;
        const std::size_t length = points.size() + (lines[i].closed ? 1 : 0);
        for (std::size_t s = 0; s < length; ++s) {
            const Point2 p = points[s % points.size()];
            xy[2 * (s * count + i)] = static_cast<float>(p.x);
            xy[2 * (s * count + i) + 1] = static_cast<float>(p.y);
            values[s * count + i] = static_cast<float>(s) / static_cast<float>(length);
        }
    }
    TrailsLayer layer;
    layer.xy = Array({static_cast<Index>(states), static_cast<Index>(count), 2}, xy);
    layer.values = Array({static_cast<Index>(states), static_cast<Index>(count)}, values);
    return layer;
}

Array lineIntegralTexture(const FlowField& field, const FlowView& view,
                          const TextureOptions& options) {
    const Seen seen(field, view);
    const int width = std::max(view.pixels.width, 1), height = std::max(view.pixels.height, 1);
    const auto count = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
    std::vector<float> texture(count, kNan);
    if (!seen.valid()) {
        return Array({height, width}, texture);
    }
    const auto index = [&](Point2 p) {  // row 0 at the lower edge, as a grid layer wants it
        return static_cast<std::size_t>(height - 1 - static_cast<int>(p.y)) *
                   static_cast<std::size_t>(width) +
               static_cast<std::size_t>(p.x);
    };
    // One direction a node: looking it up is ten times as fast as the field itself.
    struct Direction {
        float x = kNan, y = kNan;
    };
    std::vector<float> noise(count);
    std::vector<Direction> directions(count);
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
            const Point2 p{x + 0.5, y + 0.5};
            const std::size_t at = index(p);
            noise[at] = toUnit(randomWords(options.key, static_cast<std::uint32_t>(at), 0, 0)[0]);
            if (const auto d = seen.direction(p)) {
                directions[at] = {static_cast<float>(d->x), static_cast<float>(d->y)};
            }
        }
    }
    const int reach = std::clamp(static_cast<int>(options.length), 1, 400);
    // A Hanning window, with a Hanning ripple that moves downstream as the phase grows.
    const auto weight = [&](int s) {
        const double window = 1 + std::cos(std::numbers::pi * s / (reach + 1));
        const double ripple =
            options.period > 0
                ? 1 + std::cos(2 * std::numbers::pi * (s / options.period + options.phase))
                : 1;
        return static_cast<float>(window * ripple);
    };
    std::vector<float> weights;
    float squares = 0, sum = 0;
    for (int s = -reach; s <= reach; ++s) {
        weights.push_back(weight(s));
        sum += weights.back();
        squares += weights.back() * weights.back();
    }
    // Averaging narrows the noise by the root of the squared weights; this widens it again, to a
    // standard deviation of 0.22.
    const float gain = 0.22F * std::sqrt(12.0F) * sum / std::sqrt(squares);
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
            const Point2 start{x + 0.5, y + 0.5};
            if (!field.at(seen.toData(start))) {
                continue;
            }
            float total = noise[index(start)] * weights[static_cast<std::size_t>(reach)];
            float used = weights[static_cast<std::size_t>(reach)];
            for (const int way : {1, -1}) {
                Point2 p = start;
                for (int s = 1; s <= reach; ++s) {
                    // The midpoint rule is exact enough for steps of one node.
                    const Direction first = directions[index(p)];
                    const Point2 middle{p.x + way * 0.5F * first.x, p.y + way * 0.5F * first.y};
                    if (!inside(middle, {width, height})) {  // also where there is no direction
                        break;
                    }
                    const Direction d = directions[index(middle)];
                    p = {p.x + way * d.x, p.y + way * d.y};
                    if (!inside(p, {width, height})) {
                        break;
                    }
                    const float w = weights[static_cast<std::size_t>(reach + way * s)];
                    total += w * noise[index(p)];
                    used += w;
                }
            }
            const float mean = used > 0 ? total / used : 0.5F;
            texture[static_cast<std::size_t>(height - 1 - y) * static_cast<std::size_t>(width) +
                    static_cast<std::size_t>(x)] =
                std::clamp(0.5F + gain * (mean - 0.5F), 0.0F, 1.0F);
        }
    }
    return Array({height, width}, texture);
}

}  // namespace lx::render
