// SPDX-License-Identifier: GPL-3.0-or-later
// A metric of the plane: where lengths are large, in which direction, and the paths through it.
#include "ui/bridge/seen_channels.h"
#include "ui/shell/numbers.h"
#include "ui/views/chain_channels.h"
#include "ui/views/code_layers.h"
#include "ui/views/energy_layers.h"
#include "ui/views/figure_view.h"
#include "ui/views/geodesic_hand.h"

#include <QMenu>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace lx::ui {
namespace {

constexpr int kIsoLines = 7;
constexpr int kEllipsePoints = 40;
/// Half a cell between the centres of ellipses: the largest of them just touch.
constexpr double kLargestEllipse = 0.46;

std::vector<double> numbersOf(const Array* array, std::size_t rank, Index last) {
    if (!array || array->shape().size() != rank || array->shape().back() != last ||
        (array->dtype() != DType::F32 && array->dtype() != DType::F64)) {
        return {};
    }
    if (array->dtype() == DType::F32) {
        const auto v = array->values<float>();
        return {v.begin(), v.end()};
    }
    const auto v = array->values<double>();
    return {v.begin(), v.end()};
}

class MetricMapView : public FigureView {
public:
    MetricMapView(SessionBridge& bridge, QWidget* parent)
        : FigureView(bridge, parent), m_scene(new SceneWidget(rendererSource())) {
        setContent(m_scene);
        setEmptyText(tr("Press play: the metric of the map appears after the first step."));
        Figure& figure = m_scene->figure();
        figure.equalAspect = true;
        figure.grid = false;
        figure.xLabel = QStringLiteral("z1");
        figure.yLabel = QStringLiteral("z2");
        m_hand = new GeodesicHand(
            bridge, *m_scene,
            [](const std::vector<float>& z) {
                return z.size() == 2 ? std::optional(QPointF(z[0], z[1])) : std::nullopt;
            },
            [](std::vector<float>, QPointF at) {
                return std::vector<float>{static_cast<float>(at.x()), static_cast<float>(at.y())};
            },
            this);
        connect(m_hand, &GeodesicHand::moved, this, &MetricMapView::rebuildOverlay);
        connect(&bridge.explore(), &ExploreState::cursorMoved, this,
                &MetricMapView::rebuildOverlay);
        connect(&bridge.explore(), &ExploreState::toolChanged, this, &MetricMapView::applyTool);
        for (auto signal : {&SceneWidget::pressed, &SceneWidget::dragged}) {
            connect(m_scene, signal, this, [this](QPointF at) {
                ExploreState& explore = this->bridge().explore();
                if (explore.tool() == Tool::Probe && explore.cursor().size() == 2) {
                    explore.setCursor({static_cast<float>(at.x()), static_cast<float>(at.y())});
                }
            });
        }
        applyTool();
    }
    QString title() const override {
        return m_metric.isEmpty() ? tr("Magnification") : tr("Magnification: %1").arg(m_metric);
    }
    QStringList channels() const override {
        return QStringLiteral(
                   "magnification indicatrix equidistance fan geodesic straight spherical geometry")
            .split(QLatin1Char(' '));
    }
    QString explanation() const override {
        const QString large = m_large.isEmpty() ? QString() : m_large + QLatin1Char(' ');
        return large +
               tr("The field is the logarithm of the magnification factor, the square root of the "
                  "metric's determinant: how much area a small piece of the map stands for. Each "
                  "ellipse holds the steps of one length: it is short where, and in the direction "
                  "in which, a step is long.\n\n"
                  "Shortest paths keep to dark ground and cross bright ridges where they are "
                  "narrow. Rings, where they are shown, are places of equal distance from the "
                  "beginning, and rays the geodesics that leave it.\n\n"
                  "Worry when the geodesic runs along an edge of the map: the way round may be "
                  "shorter beyond it.");
    }
    void present(std::span<const Frame> frames) override {
        const Frame* frame = frames.empty() ? nullptr : &frames.front();
        const Array* field = frame ? floats(*frame, "magnification", 2) : nullptr;
        const auto place = frame ? extentOf(*frame, "magnification") : std::nullopt;
        if (!field || !place || field->dim(0) < 2 || field->dim(1) < 2) {
            showContent(false);
            m_seen.forget();
            return;
        }
        showContent(true);
        const SeenChannels::News news = m_seen.look(*frame, channels());
        if (news == SeenChannels::News::Nothing) {
            return;
        }
        const bool other = news == SeenChannels::News::OtherRun;
        m_frame = *frame;
        m_place = *place;
        m_hand->present(*frame, 2);
        readFacts();
        if (const auto home = followed(m_scene->figure().home, m_place, other)) {
            m_scene->setHome(*home);
        }
        rebuildLayers();
        rebuildOverlay();
    }
    void setTheme(const Theme& theme) override {
        FigureView::setTheme(theme);
        m_scene->setTheme(theme);
        rebuildLayers();
        rebuildOverlay();
    }
    void fit() override {
        m_scene->setHome(m_place);
        m_scene->fit();
    }
    QJsonObject state() const override {
        QJsonObject out = FigureView::state();
        out[QStringLiteral("ellipses")] = m_ellipses;
        out[QStringLiteral("rings")] = m_rings;
        out[QStringLiteral("fan")] = m_fan;
        return out;
    }
    void restore(const QJsonObject& state) override {
        FigureView::restore(state);
        m_ellipses = state.value(QStringLiteral("ellipses")).toBool(m_ellipses);
        m_rings = state.value(QStringLiteral("rings")).toBool(m_rings);
        m_fan = state.value(QStringLiteral("fan")).toBool(m_fan);
        rebuildOverlay();
    }
    void paintTo(QPainter& painter, QSizeF size, double scale) override {
        m_scene->figure().title = title();
        m_scene->paintTo(painter, size, scale);
    }

protected:
    void fillSettings(QMenu& menu) override {
        const auto toggle = [&](const QString& text, const char* channelId, bool& on) {
            if (!m_frame.snapshot || !channel(m_frame, channelId)) {
                return;
            }
            QAction* action = menu.addAction(text);
            action->setCheckable(true);
            action->setChecked(on);
            connect(action, &QAction::toggled, this, [this, &on](bool chosen) {
                on = chosen;
                rebuildOverlay();
            });
        };
        toggle(tr("Indicatrix ellipses"), "indicatrix", m_ellipses);
        toggle(tr("Rings of equal distance"), "equidistance", m_rings);
        toggle(tr("Rays from the beginning"), "fan", m_fan);
    }

private:
    void readFacts() {
        QString metric;
        for (const QString& line : textOf(m_frame, "geometry").split(QLatin1Char('\n'))) {
            const QString key = line.section(QLatin1Char('\t'), 0, 0);
            if (key == QLatin1String("title")) {
                metric = line.section(QLatin1Char('\t'), 1);
            } else if (key == QLatin1String("large")) {
                m_large = line.section(QLatin1Char('\t'), 1);
            }
        }
        if (metric != m_metric) {
            m_metric = metric;
            Q_EMIT titleChanged();
        }
    }

    void rebuildLayers() {
        Figure& figure = m_scene->figure();
        figure.layers.clear();
        figure.bar.reset();
        const Array* field = m_frame.snapshot ? floats(m_frame, "magnification", 2) : nullptr;
        if (!field) {
            return;
        }
        std::vector<float> finite;
        std::ranges::copy_if(field->values<float>(), std::back_inserter(finite),
                             [](float v) { return std::isfinite(v); });
        if (finite.empty()) {
            m_scene->layersChanged();
            return;
        }
        // A pole at the rim of a chart must not flatten all else: one value in fifty is beyond.
        std::ranges::sort(finite);
        const auto high = finite[finite.size() - 1 - finite.size() / 50];
        render::GridLayer layer;
        layer.values = *field;
        layer.place = m_place;
        layer.low = finite.front();
        layer.high = std::max<double>(high, layer.low + 1e-3);
        layer.map = theme().sequentialMap();
        layer.isoLines = kIsoLines;
        layer.isoColor = render::Color{0, 0, 0, 0.35F};
        layer.isoWidth = 0.8F;
        const auto part = QStringLiteral("magnification");
        figure.nameLayers(part, tr("Magnification"));
        figure.bar = barOf(layer, tr("log10 magnification"), part);
        figure.layers.emplace_back(std::move(layer));
        m_scene->layersChanged();
    }

    void rebuildOverlay() {
        Figure& figure = m_scene->figure();
        figure.overlay.clear();
        figure.legend.clear();
        figure.note.clear();
        if (!m_frame.snapshot) {
            return;
        }
        if (m_fan) {
            addCurves(figure, "fan", tr("Rays from the beginning"), 0.55F, 0.8);
        }
        if (m_rings) {
            addCurves(figure, "equidistance", tr("Rings of equal distance"), 0.9F, 1.1);
        }
        if (m_ellipses) {
            addEllipses(figure);
        }
        const QColor ink(Qt::white);
        const QColor halo(0, 0, 0, 190);
        addPaths(
            figure, m_hand->paths(),
            [](const std::vector<float>& z) {
                return z.size() == 2 ? std::optional(QPointF(z[0], z[1])) : std::nullopt;
            },
            ink, halo);
        figure.legend = pathLegend(m_hand->paths(), theme().text);
        figure.note = pathWarning(bridge(), m_frame);
        const auto& cursor = bridge().explore().cursor();
        if (cursor.size() == 2) {
            figure.nameOverlay(QStringLiteral("probe"), tr("Probe"));
            figure.overlay.push_back(CrosshairItem{cursor[0], cursor[1], theme().text});
        }
        m_scene->overlayChanged();
    }

    /// Polygons [curves, points, 2]; rows that are not numbers part them.
    void addCurves(Figure& figure, const char* id, const QString& name, float alpha,
                   double width) const {
        const Array* curves = channel(m_frame, id);
        const std::vector<double> z = numbersOf(curves, 3, 2);
        if (z.empty()) {
            return;
        }
        figure.nameOverlay(QLatin1String(id), name);
        QColor ink(Qt::white);
        ink.setAlphaF(alpha);
        const auto points = static_cast<std::size_t>(curves->dim(1));
        CurveItem curve{{}, ink, width};
        const auto flush = [&] {
            if (curve.points.size() > 1) {
                figure.overlay.push_back(curve);
            }
            curve.points.clear();
        };
        for (std::size_t i = 0; i + 1 < z.size(); i += 2) {
            if ((i / 2) % points == 0) {
                flush();
            }
            if (std::isfinite(z[i]) && std::isfinite(z[i + 1])) {
                curve.points.emplace_back(z[i], z[i + 1]);
            } else {
                flush();
            }
        }
        flush();
    }

    /// Rows x, y, long semi-axis, short semi-axis, all drawn at one scale that leaves room between.
    void addEllipses(Figure& figure) const {
        const Array* all = channel(m_frame, "indicatrix");
        const std::vector<double> e = numbersOf(all, 2, 6);
        std::vector<double> sizes;
        for (std::size_t i = 0; i + 6 <= e.size(); i += 6) {
            if (const double r = std::hypot(e[i + 2], e[i + 3]); std::isfinite(r) && r > 0) {
                sizes.push_back(r);
            }
        }
        if (sizes.empty()) {
            return;
        }
        std::ranges::sort(sizes);
        double cell = std::max(m_place.x1 - m_place.x0, m_place.y1 - m_place.y0);
        for (std::size_t i = 6; i + 6 <= e.size(); i += 6) {
            const double gap = std::hypot(e[i] - e[i - 6], e[i + 1] - e[i - 5]);
            cell = gap > 0 ? std::min(cell, gap) : cell;
        }
        const double most = kLargestEllipse * cell;
        const double scale = most / sizes[sizes.size() - 1 - sizes.size() / 10];
        figure.nameOverlay(QStringLiteral("indicatrix"), tr("Indicatrix ellipses"));
        QColor ink(Qt::white);
        ink.setAlphaF(0.75F);
        for (std::size_t i = 0; i + 6 <= e.size(); i += 6) {
            const double longest = std::hypot(e[i + 2], e[i + 3]);
            if (!std::isfinite(longest) || !(longest > 0)) {
                continue;
            }
            // Those beyond the room are cut to it: their shape stays, their size is said to be
            // open.
            const double by = std::min(scale, most / longest);
            CurveItem curve{{}, ink, 1.0, scale > by ? Qt::DotLine : Qt::SolidLine};
            for (int k = 0; k <= kEllipsePoints; ++k) {
                const double t = 2 * std::numbers::pi * k / kEllipsePoints;
                const double c = by * std::cos(t), s = by * std::sin(t);
                curve.points.emplace_back(e[i] + c * e[i + 2] + s * e[i + 4],
                                          e[i + 1] + c * e[i + 3] + s * e[i + 5]);
            }
            figure.overlay.push_back(std::move(curve));
        }
    }

    void applyTool() {
        const Tool tool = bridge().explore().tool();
        m_scene->setLeftDragPans(tool != Tool::Probe && tool != Tool::Geodesic);
    }

    SceneWidget* m_scene;
    GeodesicHand* m_hand;
    Frame m_frame;
    render::Rect m_place{-1, -1, 1, 1};
    QString m_metric, m_large;
    SeenChannels m_seen;
    bool m_ellipses = true, m_rings = true, m_fan = false;
};

}  // namespace

View* makeMetricMapView(SessionBridge& bridge, QWidget* parent) {
    return new MetricMapView(bridge, parent);
}

}  // namespace lx::ui
