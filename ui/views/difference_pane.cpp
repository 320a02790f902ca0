// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/difference_pane.h"

#include "core/render/layer_maker.h"
#include "core/render/palette.h"
#include "core/render/pick.h"
#include "ui/shell/numbers.h"
#include "ui/views/figure_view.h"
#include "ui/views/probe_panel.h"

#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace lx::ui {
namespace {

constexpr double kCell = 40;  ///< logical pixels
constexpr Index kMostCells = 20;
constexpr qint64 kRestFactor = 3, kLeastRestMs = 160;

QColor colorOf(const render::Color& c) {
    return QColor::fromRgbF(c.r, c.g, c.b);
}

}  // namespace

std::optional<render::GridLayer> decodedField(const Array& x, Index rows, Index columns,
                                              const render::Rect& place, Index axis) {
    if (!x.defined() || x.dtype() != DType::F32 || x.shape().empty() || rows < 1 || columns < 1 ||
        x.dim(0) != rows * columns) {
        return {};
    }
    const bool images = x.shape().size() == 3;
    if (!images && (x.shape().size() != 2 || axis < 0 || axis >= x.dim(1))) {
        return {};
    }
    const Index h = images ? x.dim(1) : 1, w = images ? x.dim(2) : 1;
    const auto values = x.values<float>();
    std::vector<float> out(static_cast<std::size_t>(rows * columns * h * w));
    for (Index r = 0; r < rows; ++r) {
        for (Index c = 0; c < columns; ++c) {
            const Index cell = r * columns + c;
            for (Index i = 0; i < h * w; ++i) {
                // Row 0 of an image is its upper edge, row 0 of a field its lower one.
                const Index y = r * h + (h - 1 - i / w);
                out[static_cast<std::size_t>(y * columns * w + c * w + i % w)] =
                    values[static_cast<std::size_t>(images ? cell * h * w + i
                                                           : cell * x.dim(1) + axis)];
            }
        }
    }
    render::GridLayer layer;
    layer.values = Array({rows * h, columns * w}, out);
    // Values belong to the middles of pixels, the layer's place to its outermost values.
    const double px = (place.x1 - place.x0) / static_cast<double>(2 * columns * w);
    const double py = (place.y1 - place.y0) / static_cast<double>(2 * rows * h);
    layer.place = {place.x0 + px, place.y0 + py, place.x1 - px, place.y1 - py};
    layer.map = render::sequentialMap();
    return layer;
}

DifferencePane::DifferencePane(SessionBridge& bridge, QWidget* parent)
    : QWidget(parent),
      m_bridge(bridge),
      m_scene(new SceneWidget([&bridge]() -> render::Renderer& { return bridge.renderer(); })),
      m_theme(&currentTheme()) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(m_scene);
    Figure& figure = m_scene->figure();
    figure.home = {-2.5, -2.5, 2.5, 2.5};
    figure.grid = false;
    m_scene->setAccessibleName(tr("Difference of the decodes"));
    m_scene->fit();
    m_since.start();
    m_a.probe = new LatestProbe(bridge, "probe.difference.a", this);
    m_b.probe = new LatestProbe(bridge, "probe.difference.b", this);
    for (Side* side : {&m_a, &m_b}) {
        connect(side->probe, &LatestProbe::answered, this,
                [this, side](const State& answer) { take(*side, answer); });
    }
    connect(m_scene, &SceneWidget::viewChanged, this, [this] {
        m_stale = true;
        askSoon();
    });
    connect(m_scene, &SceneWidget::hovered, this, [this](QPointF at) {
        m_hover = at;
        rebuildOverlay();
    });
    connect(m_scene, &SceneWidget::left, this, [this] {
        m_hover.reset();
        rebuildOverlay();
    });
    connect(m_scene, &SceneWidget::clicked, this, [this](QPointF at) {
        std::vector<float> z = m_bridge.explore().cursor();
        z.resize(static_cast<std::size_t>(std::max<Index>(m_dim, 1)), 0.0F);
        z[0] = static_cast<float>(at.x());
        if (m_dim > 1) {
            z[1] = static_cast<float>(at.y());
        }
        m_bridge.explore().setCursor(std::move(z));
    });
    connect(&bridge.explore(), &ExploreState::cursorMoved, this, [this] {
        if (m_dim > 2) {  // the other coordinates are the probe's
            m_stale = true;
            askSoon();
        }
        rebuildOverlay();
    });
}

void DifferencePane::present(const Frame& a, const Frame& b) {
    const bool others = a.source != m_a.source || b.source != m_b.source;
    const auto follow = [](Side& side, const Frame& frame) {
        side.source = frame.source;
        side.name = frame.name;
        side.step = frame.snapshot->step[0];
        side.probe->setSource(frame.source);
    };
    follow(m_a, a);
    follow(m_b, b);
    const Index dim = spaceDim(a, "latent");
    m_problem.clear();
    if (dim < 1 || spaceDim(b, "latent") != dim) {
        m_problem =
            tr("The two runs have latent spaces of different dimensions: there is nothing "
               "to subtract.");
    } else if (spaceDim(a, "data") != spaceDim(b, "data")) {
        m_problem =
            tr("The two runs decode different kinds of data: there is nothing to "
               "subtract.");
    }
    m_dim = dim;
    m_scene->figure().xLabel = QStringLiteral("z1");
    m_scene->figure().yLabel = dim > 1 ? QStringLiteral("z2") : QString();
    if (others || !m_problem.isEmpty()) {
        m_a.x = m_b.x = Array();
        m_largest.reset();
        m_stale = true;
        m_scene->figure().layers.clear();
        m_scene->figure().legend.clear();
        m_scene->figure().note = m_problem;
        m_scene->layersChanged();
    }
    askSoon();
}

void DifferencePane::setTheme(const Theme& theme) {
    m_theme = &theme;
    m_scene->setTheme(theme);
    rebuild();
    rebuildOverlay();
}

void DifferencePane::setAxis(Index axis) {
    m_axis = std::max<Index>(0, axis);
    rebuild();
}

void DifferencePane::showEvent(QShowEvent*) {
    askSoon();
}

void DifferencePane::askSoon() {
    if (!isVisible() || m_dim < 1 || !m_problem.isEmpty()) {
        return;
    }
    const bool moved = m_a.step != m_a.asked || m_b.step != m_b.asked;
    const bool rested =
        m_bridge.unhurried() || m_since.elapsed() >= std::max(kLeastRestMs, kRestFactor * m_took);
    if (m_stale || (moved && rested && !m_a.probe->busy() && !m_b.probe->busy())) {
        ask();
    }
}

void DifferencePane::ask() {
    const render::Rect shown = m_scene->shown();
    const QRectF plot = m_scene->plotRect();
    const double cell = m_theme->px(kCell);
    Question q;
    q.place = shown;
    q.columns = std::clamp<Index>(std::lround(plot.width() / cell), 2, kMostCells);
    q.rows = m_dim > 1 ? std::clamp<Index>(std::lround(plot.height() / cell), 2, kMostCells) : 1;
    std::vector<float> rest = m_bridge.explore().cursor();
    rest.resize(static_cast<std::size_t>(m_dim), 0.0F);
    for (Index r = 0; r < q.rows; ++r) {
        for (Index c = 0; c < q.columns; ++c) {
            rest[0] = static_cast<float>(shown.x0 + (shown.x1 - shown.x0) *
                                                        (static_cast<double>(c) + 0.5) /
                                                        static_cast<double>(q.columns));
            if (m_dim > 1) {
                rest[1] = static_cast<float>(shown.y0 + (shown.y1 - shown.y0) *
                                                            (static_cast<double>(r) + 0.5) /
                                                            static_cast<double>(q.rows));
            }
            q.z.insert(q.z.end(), rest.begin(), rest.end());
        }
    }
    m_question = std::move(q);
    const Array z({m_question.rows * m_question.columns, m_dim}, m_question.z);
    m_stale = false;
    m_since.restart();
    for (Side* side : {&m_a, &m_b}) {
        side->asked = side->step;
        side->probe->ask("decode", {}, {{"z", z}});
    }
}

void DifferencePane::take(Side& side, const State& answer) {
    const auto x = answer.find("x"), z = answer.find("z");
    if (x == answer.end() || z == answer.end() || z->second.dtype() != DType::F32 ||
        x->second.dtype() != DType::F32) {
        return;
    }
    side.x = x->second;
    side.z = z->second;
    m_took = m_since.elapsed();
    rebuild();
}

void DifferencePane::rebuild() {
    // Only decodes of the same points can be subtracted: the answer of one run may be older.
    const auto answers = [this](const Side& side) {
        return side.x.defined() && side.z.defined() &&
               std::ranges::equal(side.z.values<float>(), m_question.z);
    };
    if (!answers(m_a) || !answers(m_b) || !m_problem.isEmpty()) {
        return;
    }
    const auto field = [this](const Side& side) {
        return decodedField(side.x, m_question.rows, m_question.columns, m_question.place, m_axis);
    };
    const auto a = field(m_a), b = field(m_b);
    Figure& figure = m_scene->figure();
    figure.layers.clear();
    figure.legend.clear();
    figure.bar.reset();
    m_largest.reset();
    if (a && b && a->values.shape().size() == b->values.shape().size() &&
        std::ranges::equal(a->values.shape(), b->values.shape()) && a->values.dim(0) > 1 &&
        a->values.dim(1) > 1) {
        render::GridLayer difference = render::differenceOf(*a, *b);
        double largest = 0;
        for (const float v : difference.values.values<float>()) {
            largest = std::isfinite(v) ? std::max(largest, std::abs(double(v))) : largest;
        }
        m_largest = largest;
        difference.map = m_theme->divergingMap();
        const auto& stops = difference.map.stops;
        if (largest > 0 && !stops.empty()) {
            figure.legend = {{tr("A larger, up to %1").arg(formatShort(largest, 2)),
                              colorOf(stops.back()), render::Marker::Square},
                             {tr("B larger, down to %1").arg(formatShort(-largest, 2)),
                              colorOf(stops.front()), render::Marker::Square}};
        }
        figure.note = largest > 0 ? QString() : tr("A and B decode alike");
        if (largest > 0) {
            figure.bar = barOf(difference, tr("A − B"));
            figure.layers.push_back(std::move(difference));
        }
    }
    m_scene->layersChanged();
    rebuildOverlay();
}

void DifferencePane::rebuildOverlay() {
    Figure& figure = m_scene->figure();
    figure.overlay.clear();
    const std::vector<float>& z = m_bridge.explore().cursor();
    if (!z.empty() && static_cast<Index>(z.size()) == m_dim) {
        figure.overlay.push_back(
            CrosshairItem{z[0], m_dim > 1 ? double(z[1]) : 0.0, m_theme->text});
    }
    if (m_hover && !figure.layers.empty()) {
        const QRectF plot = m_scene->plotRect();
        const QPointF pixel = m_scene->toPixel(m_hover->x(), m_hover->y()) - plot.topLeft();
        const auto* layer = std::get_if<render::GridLayer>(&figure.layers.front());
        const auto value =
            layer ? render::pickValue(*layer, m_scene->shown(),
                                      {int(plot.width()), int(plot.height())}, pixel.x(), pixel.y())
                  : std::nullopt;
        if (value) {
            figure.overlay.push_back(
                TextItem{m_hover->x(), m_hover->y(),
                         QStringLiteral("A − B = %1\nz = %2")
                             .arg(formatFixed(*value, 3),
                                  formatPoint({float(m_hover->x()), float(m_hover->y())})),
                         m_theme->text, QPointF(14, -16), 11, true});
        }
    }
    m_scene->overlayChanged();
}

}  // namespace lx::ui
