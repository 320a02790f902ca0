// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/iso_lines.h"

#include "core/base/error.h"
#include "core/render/projection.h"
#include "core/render/value_scale.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace lx::render {
namespace {

/// The lines of one level. A crossing is named by the grid edge it lies on: edge 2 n goes right
/// from node n, edge 2 n + 1 up.
class Tracer {
public:
    Tracer(std::span<const float> values, Index rows, Index columns, const Rect& place)
        : m_values(values),
          m_rows(rows),
          m_columns(columns),
          m_place(place),
          m_next(values.size() * 2, -1),
          m_before(values.size() * 2, -1) {}

    void trace(double level, std::vector<IsoLine>& lines) {
        m_level = level;
        m_used.clear();
        for (Index r = 0; r + 1 < m_rows; ++r) {
            for (Index c = 0; c + 1 < m_columns; ++c) {
                cell(r, c);
            }
        }
        for (const Index edge : m_used) {  // open lines begin where nothing leads to
            if (m_before[at(edge)] < 0 && m_next[at(edge)] >= 0) {
                lines.push_back(follow(edge, false));
            }
        }
        for (const Index edge : m_used) {
            if (m_next[at(edge)] >= 0) {
                lines.push_back(follow(edge, true));
            }
        }
        for (const Index edge : m_used) {
            m_next[at(edge)] = m_before[at(edge)] = -1;
        }
    }

private:
    static std::size_t at(Index i) { return static_cast<std::size_t>(i); }
    double value(Index node) const { return m_values[at(node)]; }

    void cell(Index r, Index c) {
        const Index n = r * m_columns + c;
        // Corners counter-clockwise from the lower left, and the edges that follow them.
        const std::array<Index, 4> corner{n, n + 1, n + m_columns + 1, n + m_columns};
        const std::array<Index, 4> edge{2 * n, 2 * (n + 1) + 1, 2 * (n + m_columns), 2 * n + 1};
        std::array<bool, 4> high{};
        for (std::size_t k = 0; k < 4; ++k) {
            const double v = value(corner[k]);
            if (!std::isfinite(v)) {
                return;
            }
            high[k] = v >= m_level;
        }
        // Walking round, the line enters where low turns high and leaves where high turns low.
        std::array<Index, 2> rises{}, falls{};
        std::size_t count = 0, fallCount = 0;
        for (std::size_t k = 0; k < 4; ++k) {
            const bool from = high[k], to = high[(k + 1) % 4];
            if (!from && to) {
                rises[count++] = edge[k];
            } else if (from && !to) {
                falls[fallCount++] = edge[k];
            }
        }
        if (count == 0) {
            return;
        }
        if (count == 1) {
            connect(rises[0], falls[0]);
            return;
        }
        const double a = value(corner[0]), b = value(corner[1]), d = value(corner[3]),
                     e = value(corner[2]);
        const double saddle = (a * e - b * d) / (a + e - b - d);
        // Joined high ground in the middle cuts off the low corners, and the other way round. The
        // edges alternate; the fall after a rise closes the high corner between them.
        const bool firstIsRise = !high[0];
        const bool cutHigh = saddle < m_level;
        const std::size_t shift = (firstIsRise ? 0U : 1U) ^ (cutHigh ? 0U : 1U);
        connect(rises[0], falls[shift]);
        connect(rises[1], falls[1 - shift]);
    }

    void connect(Index from, Index to) {
        for (const Index edge : {from, to}) {
            if (m_next[at(edge)] < 0 && m_before[at(edge)] < 0) {
                m_used.push_back(edge);
            }
        }
        m_next[at(from)] = to;
        m_before[at(to)] = from;
    }

    IsoLine follow(Index start, bool closed) {
        IsoLine line{m_level, {}, closed};
        for (Index edge = start; edge >= 0;) {
            const Point2 p = crossing(edge);
            if (line.points.empty() || !(line.points.back() == p)) {
                line.points.push_back(p);
            }
            edge = std::exchange(m_next[at(edge)], -1);
            if (edge == start) {
                break;
            }
        }
        if (closed && line.points.size() > 1 && line.points.front() == line.points.back()) {
            line.points.pop_back();
        }
        return line;
    }

    Point2 crossing(Index edge) const {
        const Index node = edge / 2, other = edge % 2 == 0 ? node + 1 : node + m_columns;
        const double a = value(node), b = value(other);
        const double share = std::clamp((m_level - a) / (b - a), 0.0, 1.0);
        const double column = static_cast<double>(node % m_columns) + (edge % 2 == 0 ? share : 0);
        const double row = static_cast<double>(node / m_columns) + (edge % 2 == 0 ? 0 : share);
        return {
            m_place.x0 + (m_place.x1 - m_place.x0) * column / static_cast<double>(m_columns - 1),
            m_place.y0 + (m_place.y1 - m_place.y0) * row / static_cast<double>(m_rows - 1)};
    }

    std::span<const float> m_values;
    Index m_rows, m_columns;
    Rect m_place;
    double m_level = 0;
    std::vector<Index> m_next, m_before;  ///< crossings by edge; -1: none
    std::vector<Index> m_used;
};

}  // namespace

std::vector<IsoLine> isoLines(const Array& values, const Rect& place,
                              std::span<const double> levels) {
    if (!values.defined() || values.dtype() != DType::F32 || values.shape().size() != 2) {
        throw UsageError("iso-lines need float32 values [rows, columns]");
    }
    std::vector<IsoLine> lines;
    if (values.dim(0) > 1 && values.dim(1) > 1) {
        Tracer tracer(values.values<float>(), values.dim(0), values.dim(1), place);
        for (const double level : levels) {
            if (std::isfinite(level)) {
                tracer.trace(level, lines);
            }
        }
    }
    return lines;
}

std::vector<IsoLine> isoLines(const GridLayer& layer) {
    return isoLines(layer.values, layer.place, isoValues(layer));
}

std::vector<IsoLabel> isoLabels(std::span<const IsoLine> lines, const Rect& view, Size pixels,
                                double room) {
    const Projection projection(view, pixels);
    std::vector<IsoLabel> labels;
    if (!projection.valid() || !(room > 0)) {
        return labels;
    }
    struct Candidate {
        double length;
        std::vector<Point2> points;
        double level;
    };
    std::vector<Candidate> candidates;
    for (const IsoLine& line : lines) {
        Candidate candidate{0, {}, line.level};
        for (const Point2& p : line.points) {
            candidate.points.push_back({projection.x(p.x), projection.y(p.y)});
        }
        if (line.closed && !candidate.points.empty()) {
            candidate.points.push_back(candidate.points.front());
        }
        candidate.length = lengthOf(candidate.points);
        if (candidate.length >= 2 * room) {
            candidates.push_back(std::move(candidate));
        }
    }
    std::ranges::stable_sort(candidates, std::greater<>(), &Candidate::length);
    std::vector<Point2> taken;
    for (const Candidate& candidate : candidates) {
        double best = 0.9;  // chord over arc: below, the text would leave the line
        std::optional<IsoLabel> label;
        Point2 where;
        const int steps = std::clamp(static_cast<int>(candidate.length / room), 2, 64);
        for (int k = 0; k < steps; ++k) {
            const double middle = candidate.length * (k + 0.5) / steps;
            const auto from = placeAlong(candidate.points, middle - room / 2);
            const auto at = placeAlong(candidate.points, middle);
            const auto to = placeAlong(candidate.points, middle + room / 2);
            if (!from || !at || !to) {
                continue;
            }
            const double chord = std::hypot(to->at.x - from->at.x, to->at.y - from->at.y);
            const bool inside = at->at.x > room / 2 && at->at.x < pixels.width - room / 2 &&
                                at->at.y > room / 4 && at->at.y < pixels.height - room / 4;
            const bool free = std::ranges::none_of(taken, [&](Point2 other) {
                return std::hypot(other.x - at->at.x, other.y - at->at.y) < room;
            });
            if (inside && free && chord / room > best) {
                best = chord / room;
                double angle = std::atan2(from->at.y - to->at.y, to->at.x - from->at.x);
                angle -= angle > std::numbers::pi / 2 ? std::numbers::pi : 0;
                angle += angle <= -std::numbers::pi / 2 ? std::numbers::pi : 0;
                where = at->at;
                label = IsoLabel{
                    {projection.dataX(where.x), projection.dataY(where.y)}, angle, candidate.level};
            }
        }
        if (label) {
            labels.push_back(*label);
            taken.push_back(where);
        }
    }
    return labels;
}

}  // namespace lx::render
