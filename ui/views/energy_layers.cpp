// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/energy_layers.h"

#include "ui/shell/numbers.h"
#include "ui/views/figure_view.h"

#include <algorithm>
#include <cmath>

namespace lx::ui {
namespace {

/// On light panels the field is washed, so that coloured lines stand out from its dark end.
constexpr float kWashed = 0.8F;
constexpr int kIsoLines = 9;
constexpr double kMarginalHeight = 54;
/// Beyond these many chains single trails tell little.
constexpr Index kFewTrails = 16;

Array grid(const Frame& frame, const char* id) {
    const Array* found = floats(frame, id, 2);
    return found && found->dim(0) > 1 && found->dim(1) > 1 ? *found : Array();
}

}  // namespace

std::optional<render::Rect> extentOf(const Frame& frame, const char* id) {
    const Array* found = floats(frame, std::string(id) + ".extent", 1);
    if (!found || found->dim(0) != 4) {
        return {};
    }
    const auto v = found->values<float>();
    const render::Rect out{v[0], v[1], v[2], v[3]};
    return out.x1 > out.x0 && out.y1 > out.y0 ? std::optional(out) : std::nullopt;
}

std::optional<render::GridLayer> energyLayer(const Frame& frame, const Theme& theme,
                                             double window) {
    return fieldLayer(frame, "energy", theme, window);
}

std::optional<render::GridLayer> signedLayer(const Frame& frame, const char* id, const Theme& theme,
                                             double most) {
    const Array values = grid(frame, id);
    const auto place = extentOf(frame, id);
    if (!values.defined() || !place) {
        return {};
    }
    render::GridLayer out;
    out.values = values;
    out.place = *place;
    out.low = -most;
    out.high = most;
    out.map = theme.divergingMap();
    return out;
}

std::optional<render::GridLayer> fieldLayer(const Frame& frame, const char* id, const Theme& theme,
                                            double window) {
    const Array values = grid(frame, id);
    const auto place = extentOf(frame, id);
    if (!values.defined() || !place) {
        return {};
    }
    double low = INFINITY, high = -INFINITY;
    for (const float v : values.values<float>()) {
        if (std::isfinite(v)) {
            low = std::min<double>(low, v);
            high = std::max<double>(high, v);
        }
    }
    if (!(low <= high)) {
        return {};
    }
    render::GridLayer out;
    // Infinite energy is outside of the support: the dark end, not a hole.
    out.values = values;
    out.place = *place;
    out.low = low;
    out.high = window > 0 ? low + window : std::max(high, low + 1e-6);
    out.map = theme.sequentialMap();
    std::ranges::reverse(out.map.stops);
    if (!theme.dark()) {
        const render::Color panel = toRender(theme.panel);
        for (render::Color& stop : out.map.stops) {
            stop.r = kWashed * stop.r + (1 - kWashed) * panel.r;
            stop.g = kWashed * stop.g + (1 - kWashed) * panel.g;
            stop.b = kWashed * stop.b + (1 - kWashed) * panel.b;
        }
    }
    out.isoLines = kIsoLines;
    out.isoColor = theme.dark() ? render::Color{0, 0, 0, 0.75F} : render::Color{1, 1, 1, 0.75F};
    out.isoWidth = 0.9F;
    return out;
}

namespace {

std::optional<render::GridLayer> darkBeyond(const render::GridLayer& field) {
    const Index rows = field.values.dim(0), columns = field.values.dim(1);
    const auto v = field.values.values<float>();
    for (Index r = 0; r < rows; ++r) {
        const bool edge = r == 0 || r + 1 == rows;
        for (Index c = 0; c < columns; c += edge ? 1 : columns - 1) {
            if (!(static_cast<double>(v[static_cast<std::size_t>(r * columns + c)]) >=
                  field.high)) {
                return {};
            }
        }
    }
    render::GridLayer out = field;
    out.values = Array({2, 2}, std::vector<float>(4, static_cast<float>(field.high) + 1));
    const double w = field.place.x1 - field.place.x0, h = field.place.y1 - field.place.y0;
    constexpr double kReach = 20;
    out.place = {field.place.x0 - kReach * w, field.place.y0 - kReach * h,
                 field.place.x1 + kReach * w, field.place.y1 + kReach * h};
    out.isoLines = 0;
    return out;
}

}  // namespace

std::vector<render::GridLayer> surroundings(const Frame& frame, const render::GridLayer& field) {
    std::vector<render::GridLayer> out;
    const Array values = grid(frame, "energy.around");
    const auto place = extentOf(frame, "energy.around");
    if (values.defined() && place) {
        out.push_back(field);
        out.back().values = values;
        out.back().place = *place;
    }
    if (auto beyond = darkBeyond(out.empty() ? field : out.back())) {
        out.insert(out.begin(), std::move(*beyond));
    }
    return out;
}

std::optional<render::GridLayer> differenceLayer(const Frame& frame, const Theme& theme) {
    const Array drawn = grid(frame, "sample_density"), exact = grid(frame, "true_density");
    const auto place = extentOf(frame, "energy");
    if (!drawn.defined() || !exact.defined() || !place ||
        !std::ranges::equal(drawn.shape(), exact.shape())) {
        return {};
    }
    const auto a = drawn.values<float>(), b = exact.values<float>();
    std::vector<float> difference(a.size());
    float largest = 0, peak = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        difference[i] = a[i] - b[i];
        if (std::isfinite(difference[i])) {
            largest = std::max(largest, std::abs(difference[i]));
        }
        peak = std::isfinite(b[i]) ? std::max(peak, b[i]) : peak;
    }
    render::GridLayer out;
    out.values = Array({drawn.dim(0), drawn.dim(1)}, difference);
    out.place = *place;
    // Never more sensitive than a hundredth of the peak: noise is not blown up to full colour.
    const double reach = std::max<double>({largest, 0.01 * peak, 1e-12});
    out.low = -reach;
    out.high = reach;
    out.map = theme.divergingMap();
    return out;
}

void addLevel(Figure& figure, const Frame& frame, const char* id, const Theme& theme) {
    const Array* found = floats(frame, std::string(id) + ".log_snr", 1);
    if (!found || found->dim(0) != 2) {
        return;
    }
    const auto text = [found](std::size_t i) {
        return formatShort(static_cast<double>(found->values<float>()[i]), 2);
    };
    LegendEntry entry{QObject::tr("energy at log SNR %1").arg(text(0)),
                      theme.sequential[theme.sequential.size() / 2], render::Marker::Square};
    if (text(0) != text(1)) {
        entry.text += QObject::tr(", particles at %1").arg(text(1));
    }
    entry.part = QString::fromLatin1(id);
    figure.legend.push_back(std::move(entry));
}

bool addEnergy(Figure& figure, const Frame& frame, const Theme& theme, double window) {
    auto layer = energyLayer(frame, theme, window);
    if (!layer) {
        return false;
    }
    const auto part = QStringLiteral("energy");
    figure.nameLayers(part, QObject::tr("Energy (nats)"));
    figure.bar = barOf(*layer, QObject::tr("energy (nats)"), part);
    for (render::GridLayer& around : surroundings(frame, *layer)) {
        figure.layers.emplace_back(std::move(around));
    }
    figure.layers.emplace_back(std::move(*layer));
    return true;
}

bool addDifference(Figure& figure, const Frame& frame, const Theme& theme) {
    auto layer = differenceLayer(frame, theme);
    if (!layer) {
        return false;
    }
    const auto part = QStringLiteral("difference");
    figure.nameLayers(part, QObject::tr("Sampled minus true density"));
    figure.bar = barOf(*layer, QObject::tr("sampled − true density"), part);
    figure.layers.emplace_back(std::move(*layer));
    return true;
}

std::optional<ChainTrails> trailsOf(const Frame& frame) {
    const Array* states = floats(frame, "chains_trail", 3);
    if (!states) {
        return {};
    }
    const Index chains = states->dim(0), count = states->dim(1), d = states->dim(2);
    const auto from = states->values<float>();
    std::vector<float> xy(static_cast<std::size_t>(2 * chains * count));
    ChainTrails out;
    for (Index c = 0; c < chains; ++c) {
        for (Index k = 0; k < count; ++k) {
            const auto at = static_cast<std::size_t>((c * count + k) * d);
            const auto to = static_cast<std::size_t>(2 * (k * chains + c));
            xy[to] = from[at];
            xy[to + 1] = d > 1 ? from[at + 1] : 0.0F;
        }
        const auto last = static_cast<std::size_t>(2 * ((count - 1) * chains + c));
        out.heads.emplace_back(xy[last], xy[last + 1]);
    }
    out.xy = Array({count, chains, 2}, xy);
    out.numbers = chainNumbers(frame, "chains_trail", chains);
    // A chain that was kicked or dragged stands where no draw of it is yet.
    const Array* now = floats(frame, "chains_now", 2);
    if (now && now->dim(1) >= 2 && channel(frame, "chains_trail.chains")) {
        const auto rows = now->values<float>();
        for (Index c = 0; c < chains; ++c) {
            const Index row = out.numbers[static_cast<std::size_t>(c)];
            if (row < now->dim(0)) {
                const auto at = static_cast<std::size_t>(row * now->dim(1));
                out.heads[static_cast<std::size_t>(c)] = QPointF(rows[at], rows[at + 1]);
            }
        }
    }
    return out;
}

render::TrailsLayer trailsLayer(const ChainTrails& trails, const Theme& theme, int chosen) {
    render::TrailsLayer out;
    out.xy = trails.xy;
    std::vector<Index> category;
    for (Index c = 0; c < trails.count(); ++c) {
        category.push_back(c);
        QColor ink = chainInk(theme, c, trails.count(), chosen);
        ink.setAlphaF(ink.alphaF() * (trails.count() > kFewTrails ? 0.6F : 0.85F));
        out.colors.push_back(toRender(ink));
    }
    out.category = Array({trails.count()}, category);
    out.width = trails.count() > kFewTrails ? 0.8F : 1.2F;
    return out;
}

render::PointsLayer statesLayer(const Array& states, const Theme& theme) {
    render::PointsLayer out;
    out.xy = planeOf(states);
    out.colors = {toRender(chainColor(theme, 1))};
    out.markers = {render::Marker::Circle};
    out.size = states.dim(0) > 2000 ? 3.2F : 4.5F;
    out.opacity = 0.85F;
    return out;
}

QColor densityColor(const Theme& theme, bool onField) {
    return onField ? QColor(255, 92, 51) : chainColor(theme, 0);
}

render::DensityLayer densityLayer(const Array& states, const Theme& theme, bool onField) {
    render::DensityLayer out;
    out.xy = planeOf(states);
    out.colors = {toRender(densityColor(theme, onField))};
    return out;
}

std::vector<OverlayItem> headMarkers(const ChainTrails& trails, const Theme& theme, int chosen) {
    std::vector<OverlayItem> out;
    const QColor edge = theme.dark() ? QColor(10, 11, 13) : QColor(Qt::white);
    const auto add = [&](Index c, double size) {
        const QPointF& at = trails.heads[static_cast<std::size_t>(c)];
        if (std::isfinite(at.x()) && std::isfinite(at.y())) {
            QColor fill = chainInk(theme, c, trails.count(), chosen);
            QColor line = edge;
            line.setAlphaF(fill.alphaF());
            out.push_back(MarkerItem{at.x(), at.y(), chainMarker(c), size, fill, line});
        }
    };
    for (Index c = 0; c < trails.count(); ++c) {
        if (c != chosen) {
            add(c, trails.count() > kFewTrails ? 7 : 10);
        }
    }
    if (chosen >= 0 && chosen < trails.count()) {
        add(chosen, 13);
    }
    return out;
}

int headUnder(const ChainTrails& trails, const PlotTransform& to, QPointF at, double pixels) {
    const QPointF place = to.map(at.x(), at.y());
    int best = -1;
    double nearest = pixels;
    for (std::size_t c = 0; c < trails.heads.size(); ++c) {
        const QPointF away = to.map(trails.heads[c].x(), trails.heads[c].y()) - place;
        if (const double d = std::hypot(away.x(), away.y()); d < nearest) {
            nearest = d;
            best = static_cast<int>(c);
        }
    }
    return best;
}

std::vector<OverlayItem> divergenceMarks(const Frame& frame, const ChainTrails& trails,
                                         int chosen) {
    std::vector<OverlayItem> out;
    const Array* marks = channel(frame, "trace.diverged");
    constexpr auto kSample = static_cast<std::size_t>(Clock::Sample);
    if (!marks || marks->dtype() != DType::I64 || marks->shape().size() != 2 ||
        marks->dim(1) != 2 || frame.snapshot->running[kSample]) {
        return out;
    }
    const Index states = trails.xy.dim(0), now = frame.snapshot->step[kSample];
    const auto list = marks->values<Index>();
    const auto xy = trails.xy.values<float>();
    for (std::size_t i = 0; i + 1 < list.size(); i += 2) {
        const Index state = states - 1 - (now - list[i]), chain = list[i + 1];
        if (list[i] > now || state < 0 || chain < 0 || chain >= trails.count() ||
            (chosen >= 0 && chosen != chain)) {
            continue;
        }
        const auto at = static_cast<std::size_t>(2 * (state * trails.count() + chain));
        out.push_back(MarkerItem{xy[at], xy[at + 1], render::Marker::Cross, 11, divergenceColor(),
                                 QColor(Qt::black)});
    }
    return out;
}

QColor inkOver(const Theme& theme, bool onField) {
    return onField ? QColor(Qt::white) : theme.text;
}

std::vector<OverlayItem> marginalItems(const Frame& frame, const Theme& theme, bool onField) {
    const Array *density = floats(frame, "marginals", 2),
                *edges = floats(frame, "marginals.edges", 2);
    const Array* exact = floats(frame, "marginals.true", 2);
    std::vector<OverlayItem> out;
    if (!density || !edges || density->dim(0) != edges->dim(0) ||
        density->dim(1) + 1 != edges->dim(1)) {
        return out;
    }
    const auto known = [&](Index axis) {
        return exact && exact->dim(0) > axis && exact->dim(1) == density->dim(1);
    };
    QColor ink = inkOver(theme, onField), fill = ink;
    fill.setAlphaF(0.28F);
    QColor line = ink;
    line.setAlphaF(0.7F);
    for (Index axis = 0; axis < std::min<Index>(2, density->dim(0)); ++axis) {
        const auto heights = rowOf(*density, axis), at = rowOf(*edges, axis);
        const auto truth = known(axis) ? rowOf(*exact, axis) : std::vector<double>();
        double highest = 0;
        for (const auto* values : {&heights, &truth}) {
            for (const double v : *values) {
                highest = std::isfinite(v) ? std::max(highest, v) : highest;
            }
        }
        if (highest <= 0) {
            continue;
        }
        EdgeItem drawn{axis == 0 ? EdgeItem::Side::Bottom : EdgeItem::Side::Left,
                       {},
                       kMarginalHeight,
                       line,
                       fill};
        EdgeItem real{drawn.side, {}, kMarginalHeight, ink, {}, Qt::DashLine};
        for (std::size_t i = 0; i < heights.size(); ++i) {
            const double h = std::isfinite(heights[i]) ? heights[i] / highest : 0;
            drawn.points.emplace_back(at[i], h);
            drawn.points.emplace_back(at[i + 1], h);
            if (i < truth.size() && std::isfinite(truth[i])) {
                real.points.emplace_back((at[i] + at[i + 1]) / 2, truth[i] / highest);
            }
        }
        out.emplace_back(std::move(drawn));
        if (real.points.size() > 1) {
            out.emplace_back(std::move(real));
        }
    }
    return out;
}

}  // namespace lx::ui
