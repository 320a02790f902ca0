// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/figure_view.h"
#include "ui/views/probe_panel.h"

#include <QActionGroup>
#include <QElapsedTimer>
#include <QMenu>

#include <algorithm>
#include <cmath>
#include <deque>

namespace lx::ui {
namespace {

constexpr int kMaxCells = 64;
/// The sheet follows training in at most this share of the time: it waits three times as long as
/// the last answer took.
constexpr qint64 kRestFactor = 3, kLeastRestMs = 120;

class ManifoldSheetView : public FigureView {
public:
    ManifoldSheetView(SessionBridge& bridge, QWidget* parent)
        : FigureView(bridge, parent),
          m_scene(new SceneWidget(rendererSource())),
          m_probe(new LatestProbe(bridge, "probe.sheet", this)) {
        setContent(m_scene);
        setEmptyText(tr("Press play: the decoded plane appears after the first step."));
        setWaitingText(tr("The plane is being decoded …"));
        Figure& figure = m_scene->figure();
        figure.axes = false;
        figure.xLabel = QStringLiteral("z1");  // not printed: the camera of the map may be shared
        figure.yLabel = QStringLiteral("z2");
        figure.home = {-2.5, -2.5, 2.5, 2.5};
        m_scene->fit();
        m_since.start();
        connect(m_probe, &LatestProbe::answered, this, &ManifoldSheetView::take);
        connect(m_scene, &SceneWidget::viewChanged, this, [this] {
            m_stale = true;
            askSoon();
        });
        connect(m_scene, &SceneWidget::hovered, this, [this](QPointF at) {
            m_hover = at;
            m_inside = true;
            if (this->bridge().explore().tool() == Tool::Probe) {
                point(at);
            } else {
                rebuildOverlay();
            }
        });
        connect(m_scene, &SceneWidget::clicked, this, &ManifoldSheetView::point);
        connect(m_scene, &SceneWidget::left, this, [this] {
            m_inside = false;
            rebuildOverlay();
        });
        connect(&bridge.explore(), &ExploreState::cursorMoved, this, [this] {
            if (m_dim > 2 && restOf() != m_askedRest) {
                m_stale = true;
                askSoon();
            }
            rebuildOverlay();
        });
    }

    QString title() const override { return tr("Manifold sheet"); }
    QStringList channels() const override { return {QStringLiteral("codes")}; }
    QString explanation() const override {
        return tr(
            "A grid of points of the latent plane, each decoded to a picture: the map of "
            "everything the decoder can draw.\n\n"
            "Neighbours should change smoothly. Zoom with the wheel and the grid is decoded "
            "anew, finer; point at a cell and the probe goes there.\n\n"
            "Worry when large parts look the same (the decoder ignores the code), or when "
            "pictures between two classes are mixtures of both: there is a gap in the "
            "codes.");
    }

    void present(std::span<const Frame> frames) override {
        const Frame* frame = frames.empty() ? nullptr : &frames.front();
        const Index dim = frame ? spaceDim(*frame, "latent") : 0;
        if (dim < 1) {
            showContent(false);
            return;
        }
        if (frame->source != m_source || frame->snapshot->epoch != m_epoch) {
            m_source = frame->source;
            m_epoch = frame->snapshot->epoch;
            m_probe->drop();
            m_probe->setSource(m_source);
            m_asked.clear();
            m_homeStep = -1;
            m_step = -1;
            m_stale = true;
        }
        m_dim = dim;
        if (const Array* codes = channel(*frame, "codes")) {
            updateHome(*codes, frame->snapshot->step[0]);
        }
        m_currentStep = frame->snapshot->step[0];
        askSoon();
    }

    void setTheme(const Theme& theme) override {
        FigureView::setTheme(theme);
        for (render::Layer& layer : m_scene->figure().layers) {
            std::get<render::AtlasLayer>(layer).map = theme.ink();
        }
        m_scene->setTheme(theme);
        rebuildOverlay();
    }
    void fit() override {
        m_homeStep = -1;
        m_scene->fit();
    }
    void paintTo(QPainter& painter, QSizeF size, double scale) override {
        paintTitled(painter, size,
                    [&](QPainter& p, QSizeF room) { m_scene->paintTo(p, room, scale, false); });
    }

protected:
    void fillSettings(QMenu& menu) override {
        auto* group = new QActionGroup(&menu);
        for (const int pixels : {20, 32, 48, 72}) {
            QAction* action = menu.addAction(tr("Cells of %1 pixels").arg(pixels));
            action->setCheckable(true);
            action->setChecked(pixels == m_cell);
            group->addAction(action);
            connect(action, &QAction::triggered, this, [this, pixels] {
                m_cell = pixels;
                m_stale = true;
                askSoon();
            });
        }
    }

    void showEvent(QShowEvent*) override { askSoon(); }

private:
    struct Question {
        std::array<float, 4> extent{};
        Index columns = 0, rows = 0;
    };

    /// The window follows the codes when they have moved by a tenth of it, so that the sheet does
    /// not tremble with every step.
    void updateHome(const Array& codes, Index step) {
        const auto bounds = boundsOf(planeOf(codes), 0.01, 0.04);
        if (!bounds) {
            return;
        }
        const render::Rect& home = m_scene->figure().home;
        const double width = home.x1 - home.x0, height = home.y1 - home.y0;
        const double moved = std::max(
            {std::abs(bounds->x0 - home.x0) / width, std::abs(bounds->x1 - home.x1) / width,
             std::abs(bounds->y0 - home.y0) / height, std::abs(bounds->y1 - home.y1) / height});
        if (m_homeStep < 0 || moved > 0.1) {
            m_homeStep = step;
            m_scene->setHome(*bounds);
        }
    }

    std::vector<float> restOf() const {
        const std::vector<float>& cursor = bridge().explore().cursor();
        std::vector<float> rest = static_cast<Index>(cursor.size()) == m_dim
                                      ? cursor
                                      : std::vector<float>(static_cast<std::size_t>(m_dim), 0.0F);
        std::fill_n(rest.begin(), std::min<std::size_t>(2, rest.size()), 0.0F);
        return rest;
    }

    /// Asks when the window changed, or when training went on and enough time has passed.
    void askSoon() {
        if (!isVisible() || m_dim < 1) {
            return;
        }
        const bool rested = bridge().unhurried() ||
                            m_since.elapsed() >= std::max(kLeastRestMs, kRestFactor * m_took);
        const bool later = m_currentStep != m_step && !m_probe->busy() && rested;
        if (m_stale || later) {
            ask();
        }
    }

    void ask() {
        const render::Rect shown = m_scene->shown();
        const QRectF plot = m_scene->plotRect();
        const double cell = theme().px(m_cell);
        const Index columns = std::clamp<Index>(std::lround(plot.width() / cell), 2, kMaxCells);
        const Index rows =
            m_dim > 1 ? std::clamp<Index>(std::lround(plot.height() / cell), 2, kMaxCells) : 1;
        const double px = (shown.x1 - shown.x0) / double(columns);
        const double py = (shown.y1 - shown.y0) / double(rows);
        // The probe takes the places of the outermost decodes: the middles of the outer cells.
        const Question question{{float(shown.x0 + px / 2), float(shown.y0 + py / 2),
                                 float(shown.x1 - px / 2), float(shown.y1 - py / 2)},
                                columns,
                                rows};
        ParamSet args{{"x0", double(question.extent[0])},
                      {"y0", double(question.extent[1])},
                      {"x1", double(question.extent[2])},
                      {"y1", double(question.extent[3])},
                      {"columns", columns},
                      {"rows", rows}};
        State arrays;
        m_askedRest = restOf();
        if (m_dim > 2) {
            arrays.emplace("rest", Array({m_dim}, m_askedRest));
        }
        m_asked.push_back(question);
        if (m_asked.size() > 16) {
            m_asked.pop_front();
        }
        m_stale = false;
        m_step = m_currentStep;
        m_since.restart();
        m_probe->ask("sheet", std::move(args), std::move(arrays));
    }

    void take(const State& answer) {
        const auto x = answer.find("x");
        const auto extent = answer.find("extent");
        if (x == answer.end() || extent == answer.end() || x->second.shape().size() != 3 ||
            x->second.dtype() != DType::F32 || extent->second.count() != 4 ||
            extent->second.dtype() != DType::F32) {
            return;
        }
        const auto e = extent->second.values<float>();
        const auto found = std::ranges::find_if(m_asked, [&](const Question& q) {
            return q.columns * q.rows == x->second.dim(0) &&
                   std::equal(e.begin(), e.end(), q.extent.begin(), [](float a, float b) {
                       return std::abs(a - b) <= 1e-5F * (1 + std::abs(b));
                   });
        });
        if (found == m_asked.end()) {
            return;
        }
        m_took = m_since.elapsed();
        const double px = (double(e[2]) - e[0]) / double(std::max<Index>(1, found->columns - 1));
        const double py = found->rows > 1 ? (double(e[3]) - e[1]) / double(found->rows - 1)
                                          : m_scene->shown().y1 - m_scene->shown().y0;
        render::AtlasLayer atlas{x->second, {}, theme().ink(), 1};
        atlas.places.reserve(static_cast<std::size_t>(x->second.dim(0)));
        for (Index row = 0; row < found->rows; ++row) {
            for (Index column = 0; column < found->columns; ++column) {
                const double cx = e[0] + px * double(column), cy = e[1] + py * double(row);
                atlas.places.push_back({cx - px / 2, cy - py / 2, cx + px / 2, cy + py / 2});
            }
        }
        m_places = atlas.places;
        Figure& figure = m_scene->figure();
        figure.layers.clear();
        figure.nameLayers(QStringLiteral("sheet"), tr("Decoded grid"));
        figure.layers.push_back(std::move(atlas));
        m_scene->layersChanged();
        showContent(true);
        rebuildOverlay();
    }

    const render::Rect* cellAt(QPointF at) const {
        for (const render::Rect& r : m_places) {
            if (at.x() >= r.x0 && at.x() < r.x1 && at.y() >= r.y0 && at.y() < r.y1) {
                return &r;
            }
        }
        return nullptr;
    }

    void point(QPointF at) {
        m_hover = at;
        const render::Rect* cell = cellAt(at);
        std::vector<float> z = bridge().explore().cursor();
        z.resize(static_cast<std::size_t>(m_dim), 0.0F);
        z[0] = static_cast<float>(cell ? (cell->x0 + cell->x1) / 2 : at.x());
        if (m_dim > 1) {
            z[1] = static_cast<float>(cell ? (cell->y0 + cell->y1) / 2 : at.y());
        }
        bridge().explore().setCursor(std::move(z));
        rebuildOverlay();
    }

    void rebuildOverlay() {
        Figure& figure = m_scene->figure();
        figure.overlay.clear();
        const std::vector<float>& z = bridge().explore().cursor();
        const bool placed = !z.empty() && static_cast<Index>(z.size()) == m_dim;
        const QPointF at = m_inside ? m_hover
                           : placed ? QPointF(z[0], m_dim > 1 ? z[1] : 0.0)
                                    : QPointF(NAN, NAN);
        figure.nameOverlay(QStringLiteral("probe"), tr("Probe"));
        if (const render::Rect* cell = cellAt(at)) {
            figure.overlay.push_back(RectItem{*cell, {}, theme().accent, 2});
        }
        if (m_inside) {
            std::vector<float> shown{static_cast<float>(at.x())};
            if (m_dim > 1) {
                shown.push_back(static_cast<float>(at.y()));
            }
            figure.overlay.push_back(TextItem{at.x(), at.y(),
                                              QStringLiteral("z = ") + formatPoint(shown),
                                              theme().text, QPointF(24, -28), 11, true});
        }
        m_scene->overlayChanged();
    }

    SceneWidget* m_scene;
    LatestProbe* m_probe;
    std::deque<Question> m_asked;
    std::vector<render::Rect> m_places;
    std::vector<float> m_askedRest;
    QElapsedTimer m_since;
    qint64 m_took = 0;
    QPointF m_hover;
    Index m_dim = 0, m_step = -1, m_currentStep = 0, m_homeStep = -1;
    std::uint64_t m_epoch = 0;
    std::uint32_t m_source = 0;
    int m_cell = 32;
    bool m_stale = true, m_inside = false;
};

}  // namespace

View* makeManifoldSheetView(SessionBridge& bridge, QWidget* parent) {
    return new ManifoldSheetView(bridge, parent);
}

}  // namespace lx::ui
