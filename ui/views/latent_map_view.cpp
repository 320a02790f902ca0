// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/bridge/seen_channels.h"
#include "ui/shell/numbers.h"
#include "ui/views/chart_choice.h"
#include "ui/views/code_cloud.h"
#include "ui/views/code_layers.h"
#include "ui/views/figure_view.h"
#include "ui/views/geodesic_hand.h"
#include "ui/views/latent_marks.h"
#include "ui/views/outline.h"
#include "ui/views/probe_panel.h"

#include <QActionGroup>
#include <QApplication>
#include <QMenu>

#include <algorithm>
#include <cmath>

namespace lx::ui {
namespace {

/// Beyond this many codes single markers hide each other.
constexpr Index kDensityFrom = 20000;
constexpr double kPickRadius = 10;

enum class Mode : std::uint8_t { Auto, Points, Density };

class LatentMapView : public FigureView {
public:
    LatentMapView(SessionBridge& bridge, QWidget* parent)
        : FigureView(bridge, parent), m_scene(new SceneWidget(rendererSource())) {
        setContent(m_scene);
        setEmptyText(tr("Press play: the codes of the data appear after the first step."));
        Figure& figure = m_scene->figure();
        figure.equalAspect = true;
        figure.home = {-3, -3, 3, 3};
        ExploreState& explore = bridge.explore();
        connect(m_scene, &SceneWidget::hovered, this, &LatentMapView::hover);
        connect(m_scene, &SceneWidget::left, this, [this] { setHoverRow(-1); });
        m_hand = new GeodesicHand(
            bridge, *m_scene, [this](const auto& z) { return plane(z); },
            [this](auto z, QPointF at) { return codeAt(std::move(z), at); }, this);
        connect(m_hand, &GeodesicHand::moved, this, &LatentMapView::rebuildOverlay);
        for (auto signal : {&SceneWidget::pressed, &SceneWidget::dragged}) {
            connect(m_scene, signal, this, [this](QPointF at) {
                if (this->bridge().explore().tool() == Tool::Probe) {
                    m_pinned = true;
                    travel(at);
                } else {
                    setHoverRow(-1);
                }
            });
        }
        connect(m_scene, &SceneWidget::clicked, this, &LatentMapView::select);
        connect(m_scene, &SceneWidget::outlined, this,
                [this](const QPolygonF& outline, Qt::KeyboardModifiers keys) {
                    selectRows(rowsUnder(outline, *m_scene, m_xy, m_labels), keys);
                });
        connect(m_scene, &SceneWidget::legendClicked, this, [this](int entry) {
            ExploreState& state = this->bridge().explore();
            const int label = entry < int(m_legendClasses.size()) ? m_legendClasses[entry] : -1;
            state.setSelectedClass(label == state.selectedClass() ? -1 : label);
        });
        connect(&explore, &ExploreState::cursorMoved, this, &LatentMapView::rebuildOverlay);
        connect(&explore, &ExploreState::marksChanged, this, &LatentMapView::rebuildOverlay);
        connect(&explore, &ExploreState::bookmarksChanged, this, &LatentMapView::rebuildOverlay);
        connect(&explore, &ExploreState::selectionChanged, this, [this] {
            rebuildLayers();
            rebuildOverlay();
        });
        connect(&explore, &ExploreState::toolChanged, this, &LatentMapView::applyTool);
        applyTool();
    }

    QString title() const override {
        QString out = tr("Latent map: codes") + (m_labels.defined() ? tr(" by label") : QString());
        if (inSpace()) {
            return out + tr(", in space");
        }
        if (m_circles) {
            out += tr(", prior circles 1 and 2 sd");
        }
        if (m_ellipses) {
            out += tr(", encoder ellipses 1 sd");
        }
        return out;
    }
    QStringList channels() const override {
        auto out = QStringLiteral("codes labels geodesic straight spherical geometry")
                       .split(QLatin1Char(' '));
        return m_ellipses ? out << QStringLiteral("codes_sd") : out;
    }
    QString explanation() const override {
        return tr(
            "Each mark is one training example, placed where the encoder puts it in the "
            "latent space; colour and shape tell its class. The dashed circles hold 39 % "
            "and 86 % of a two-dimensional standard normal prior.\n\n"
            "Move the probe over the map: the decoder shows what the model imagines there. "
            "Classes that form separate islands are told apart by the code alone; gaps are "
            "places the decoder was never trained on.\n\n"
            "Worry when all codes fall on one spot (the posterior has collapsed), or when "
            "they lie far outside the circles: then draws from the prior do not look like "
            "data.");
    }

    void present(std::span<const Frame> frames) override {
        const Frame* frame = frames.empty() ? nullptr : &frames.front();
        const Array* codes = frame ? channel(*frame, "codes") : nullptr;
        if (!codes || codes->shape().size() != 2 || codes->count() == 0) {
            showContent(false);
            m_seen.forget();
            return;
        }
        showContent(true);
        const SeenChannels::News news =
            m_seen.look(*frame, {QStringLiteral("codes"), QStringLiteral("labels"),
                                 QStringLiteral("codes_sd"), QStringLiteral("geodesic")});
        if (news == SeenChannels::News::Nothing) {
            return;
        }
        const bool otherRun = news >= SeenChannels::News::Restarted;
        m_frame = *frame;
        m_dim = codes->dim(1);
        m_codes = *codes;
        const bool named = m_labels.defined();
        const Array* labels = channel(*frame, "labels");
        m_labels = labels && labels->dtype() == DType::I64 && labels->count() == codes->dim(0)
                       ? *labels
                       : Array();
        if (named != m_labels.defined()) {
            Q_EMIT titleChanged();
        }
        const Array* sds = channel(*frame, "codes_sd");
        m_sds =
            sds && sds->count() == codes->count() && sds->dtype() == DType::F32 ? *sds : Array();
        m_hand->present(*frame, m_dim);
        rechart(otherRun);
        updateHome(otherRun);
        rebuildLegend();
        rebuildLayers();
        ExploreState& explore = bridge().explore();
        // Beside a run of another dimension the active one says where the probe is.
        if (frame->source == bridge().active() &&
            static_cast<Index>(explore.cursor().size()) != m_dim) {
            explore.setCursor(std::vector<float>(static_cast<std::size_t>(m_dim), 0.0F));
        }
        rebuildOverlay();
    }

    void setTheme(const Theme& theme) override {
        FigureView::setTheme(theme);
        m_scene->setTheme(theme);
        rebuildLegend();
        rebuildLayers();
        rebuildOverlay();
    }

    void fit() override {
        updateHome(true);
        m_scene->fit();
    }
    bool setMode(int mode) override {
        if (mode == 4 && m_dim > 2) {
            ChartChoice next = m_choice;
            next.kind = inSpace() ? ChartChoice::Kind::Axes : ChartChoice::Kind::Space;
            choose(next);
            return true;
        }
        if (mode < 1 || mode > 3) {
            return false;
        }
        m_mode = mode == 2 ? Mode::Density : Mode::Points;
        setEllipses(mode == 3);
        rebuildLayers();
        return true;
    }
    QJsonObject state() const override {
        QJsonObject out = FigureView::state();
        const QJsonObject chart = toJson(m_choice);
        for (auto it = chart.begin(); it != chart.end(); ++it) {
            out[it.key()] = it.value();
        }
        return out;
    }
    void restore(const QJsonObject& state) override {
        FigureView::restore(state);
        choose(chartFromJson(state));
    }
    std::vector<DataTable> tables() const override {
        std::vector<DataTable> out = FigureView::tables();
        out.insert(out.begin(), codeTable(m_codes, m_labels, m_ellipses ? m_sds : Array()));
        return out;
    }
    void cancelGesture() override {
        m_pinned = false;
        if (m_scene->outlining()) {
            m_scene->cancelOutline();
            return;
        }
        bridge().explore().setSelectedPoint(-1);
        bridge().explore().clearSelection();
        rebuildOverlay();
    }
    void paintTo(QPainter& painter, QSizeF size, double scale) override {
        m_scene->figure().title = title();
        m_scene->paintTo(painter, size, scale);
    }

protected:
    void fillSettings(QMenu& menu) override {
        const auto toggle = [&](const QString& text, bool on, auto change) {
            QAction* action = menu.addAction(text);
            action->setCheckable(true);
            action->setChecked(on);
            connect(action, &QAction::toggled, this, change);
        };
        toggle(tr("Encoder ellipses (3)"), m_ellipses, [this](bool on) { setEllipses(on); });
        toggle(tr("Prior circles"), m_circles, [this](bool on) {
            m_circles = on;
            rebuildOverlay();
            Q_EMIT titleChanged();
        });
        QMenu* draw = menu.addMenu(tr("Draw codes as"));
        const std::pair<Mode, QString> modes[] = {{Mode::Auto, tr("points, density beyond 20 000")},
                                                  {Mode::Points, tr("points (1)")},
                                                  {Mode::Density, tr("density (2)")}};
        auto* group = new QActionGroup(draw);
        for (const auto& [mode, text] : modes) {
            QAction* action = draw->addAction(text);
            action->setCheckable(true);
            action->setChecked(mode == m_mode);
            group->addAction(action);
            connect(action, &QAction::triggered, this, [this, chosen = mode] {
                m_mode = chosen;
                rebuildLayers();
            });
        }
        if (m_dim > 2) {
            fillChartMenu(*menu.addMenu(tr("Chart")), m_choice, m_dim,
                          [this](const ChartChoice& next) { choose(next); });
        }
    }

private:
    bool inSpace() const { return m_chart.axes() == 3; }

    void choose(const ChartChoice& next) {
        m_choice = next;
        if (!m_codes.defined()) {
            return;
        }
        m_chart = {};
        rechart(true);
        fit();
        rebuildLegend();
        rebuildLayers();
        rebuildOverlay();
        Q_EMIT titleChanged();
    }

    /// Places the codes on the chart. A PCA follows the codes without turning over.
    void rechart(bool fresh) {
        m_near = {};
        m_note.clear();
        if (m_dim <= 2) {
            m_chart = {};
            m_xy = planeOf(m_codes);
            return;
        }
        m_chart = chartOf(m_choice, m_codes, fresh ? nullptr : &m_chart);
        m_xy = render::project(m_chart, m_codes);
        m_note = pickNote(m_choice, m_dim);
        if (m_choice.fade && m_chart.axes() < m_dim) {
            m_near = render::closeness(render::offChart(m_chart, m_codes));
        }
    }

    void setEllipses(bool on) {
        if (on != m_ellipses) {
            m_ellipses = on;
            rebuildOverlay();
            Q_EMIT channelsChanged();
            Q_EMIT titleChanged();
        }
    }

    /// Follows the codes, but not every tremor: the frame grows when they leave it and shrinks when
    /// they fill less than 60 % of it.
    void updateHome(bool force) {
        if (inSpace()) {
            followBox(m_box, m_xy, force);
            return;
        }
        const auto bounds = boundsOf(m_xy, 0.001, 0.06);
        if (const auto home = followed(m_scene->figure().home, bounds, force)) {
            m_scene->setHome(*home);
        }
    }

    Index classCount() const { return classesOf(m_labels); }

    void rebuildLegend() {
        Figure& figure = m_scene->figure();
        figure.xLabel = m_dim > 2 ? axisLabel(m_choice, m_chart, 0) : QStringLiteral("z1");
        figure.yLabel = m_dim > 2    ? axisLabel(m_choice, m_chart, 1)
                        : m_dim == 2 ? QStringLiteral("z2")
                                     : QString();
        figure.legend.clear();
        m_legendClasses.clear();
        const Index classes = classCount();
        const int selected = bridge().explore().selectedClass();
        for (Index i = 0; i < std::min<Index>(classes, 16); ++i) {
            figure.legend.push_back({className(m_frame, i), classColor(theme(), i), classMarker(i),
                                     Qt::SolidLine, selected >= 0 && selected != i,
                                     QStringLiteral("codes")});
            m_legendClasses.push_back(static_cast<int>(i));
        }
        if (classes > 16) {
            figure.legend.push_back({tr("and %1 more").arg(classes - 16), theme().secondary});
        }
        m_scene->overlayChanged();
    }

    void rebuildLayers() {
        Figure& figure = m_scene->figure();
        const int selected = bridge().explore().selectedClass();
        for (std::size_t i = 0; i < figure.legend.size() && i < m_legendClasses.size(); ++i) {
            figure.legend[i].faded = selected >= 0 && selected != m_legendClasses[i];
        }
        figure.layers.clear();
        figure.nameLayers(QStringLiteral("codes"), tr("Codes"));
        if (m_xy.defined()) {
            const bool density =
                m_mode == Mode::Density || (m_mode == Mode::Auto && m_xy.dim(0) > kDensityFrom);
            if (inSpace()) {
                showSpace();
                return;
            }
            m_scene->setSpace({});
            figure.layers = codeLayers(points(), emphasis(), theme(), density);
        }
        m_scene->layersChanged();
    }

    CodePoints points() const {
        const Index count = m_xy.dim(0);
        const float size = inSpace() ? (count > 6000   ? 3.5F
                                        : count > 1500 ? 5.0F
                                                       : 6.5F)
                                     : (count > 6000   ? 3.0F
                                        : count > 1500 ? 4.0F
                                                       : 5.5F);
        return {m_xy,
                m_labels,
                m_near,
                std::max<Index>(classCount(), 1),
                theme().data,
                classMarker(0),
                size * static_cast<float>(theme().lineScale)};
    }

    /// The rows selected in any view, as far as they mean the codes shown here.
    CodeEmphasis emphasis() const {
        const ExploreState& explore = bridge().explore();
        const auto rows = explore.selection();
        const bool applies = !rows->empty() && m_frame.snapshot && appliesTo(*rows, m_frame);
        return {explore.selectedClass(), applies ? rows : nullptr};
    }

    void showSpace() {
        SpaceFigure space;
        m_cloud = codeCloud(points(), emphasis(), theme());
        space.solids = codeSolids(m_cloud, emphasis(), theme());
        space.box = m_box;
        for (std::size_t axis = 0; axis < 3; ++axis) {
            space.labels[axis] = axisLabel(m_choice, m_chart, static_cast<Index>(axis));
        }
        m_scene->setSpace(std::move(space));
    }

    /// Combines the rows inside the outline with those selected before.
    void selectRows(const std::vector<Index>& rows, Qt::KeyboardModifiers keys) {
        ExploreState& explore = bridge().explore();
        const auto before = explore.selection();
        Selection next = nothingSelected(m_frame);
        next.rows = combined(appliesTo(*before, m_frame) ? before->rows : std::vector<Index>(),
                             rows, combineOf(keys), next.count);
        explore.setSelection(std::move(next));
    }

    void rebuildOverlay() {
        Figure& figure = m_scene->figure();
        figure.overlay.clear();
        if (figure.space) {
            figure.space->marks =
                marksOf({bridge().explore(), theme(), m_chart, m_choice.points,
                         rowCode(bridge().explore().selectedPoint()), rowCode(m_hoverRow),
                         m_hoverRow >= 0 ? rowText(m_hoverRow) : QString()});
            m_scene->overlayChanged();
            return;
        }
        figure.nameOverlay(QStringLiteral("ellipses"), tr("Encoder ellipses"));
        if (m_ellipses && m_sds.defined()) {
            figure.overlay = codeEllipses(points(), m_sds, m_chart, emphasis(), theme());
        }
        if (m_circles) {
            const QPointF middle =
                plane(std::vector<float>(static_cast<std::size_t>(m_dim), 0)).value_or(QPointF());
            figure.nameOverlay(QStringLiteral("prior"), tr("Prior circles"));
            addPriorCircles(figure, theme(), middle);
        }
        addPaths(figure, theme(), m_hand->paths(), [this](const auto& z) { return plane(z); });
        figure.note =
            m_note.isEmpty() && m_frame.snapshot ? pathWarning(bridge(), m_frame) : m_note;
        const ExploreState& explore = bridge().explore();
        figure.nameOverlay(QStringLiteral("marks"), tr("Bookmarks and dropped data"));
        for (const auto* list : {&explore.bookmarks(), &explore.marks()}) {
            const bool dropped = list == &explore.marks();
            for (const Bookmark& mark : *list) {
                if (const auto at = plane(mark.z)) {
                    figure.overlay.push_back(
                        MarkerItem{at->x(), at->y(),
                                   dropped ? render::Marker::Square : render::Marker::Diamond, 10,
                                   dropped ? theme().data : theme().accent, theme().panel});
                    figure.overlay.push_back(
                        TextItem{at->x(), at->y(), mark.name, theme().text, QPointF(9, 5), 11});
                }
            }
        }
        figure.nameOverlay(QStringLiteral("pointed"), tr("Selected and pointed at"));
        ringRow(figure, explore.selectedPoint(), 2);
        if (m_hoverRow >= 0) {
            ringRow(figure, m_hoverRow, 1);
            if (const auto at = rowAt(m_hoverRow)) {
                figure.overlay.push_back(TextItem{at->x(), at->y(), rowText(m_hoverRow),
                                                  theme().text, QPointF(12, -14), 11, true});
            }
        }
        if (const auto at = plane(explore.cursor())) {
            figure.nameOverlay(QStringLiteral("probe"), tr("Probe"));
            figure.overlay.push_back(CrosshairItem{at->x(), at->y(), theme().text});
            figure.overlay.push_back(TextItem{at->x(), at->y(),
                                              tr("probe  z = ") + formatPoint(explore.cursor()),
                                              theme().text, QPointF(14, -16), 12});
        }
        m_scene->overlayChanged();
    }

    void ringRow(Figure& figure, Index row, double width) const {
        if (const auto at = rowAt(row)) {
            figure.overlay.push_back(MarkerItem{
                at->x(), at->y(), render::Marker::Circle, 9 + 2 * width, {}, theme().text});
        }
    }

    std::optional<QPointF> rowAt(Index row) const {
        if (!m_xy.defined() || row < 0 || row >= m_xy.dim(0) || inSpace()) {
            return {};
        }
        const auto xy = m_xy.values<float>().subspan(static_cast<std::size_t>(2 * row), 2);
        return QPointF(xy[0], xy[1]);
    }

    QString rowText(Index row) const {
        QString out = tr("example %1").arg(formatInteger(row));
        if (m_labels.defined()) {
            out = className(m_frame, m_labels.values<Index>()[static_cast<std::size_t>(row)]) +
                  QStringLiteral(", ") + out;
        }
        return out + QStringLiteral("\nz = ") + formatPoint(rowCode(row));
    }

    std::vector<float> rowCode(Index row) const {
        if (row < 0 || !m_codes.defined() || row >= m_codes.dim(0)) {
            return {};
        }
        const auto z = m_codes.values<float>().subspan(static_cast<std::size_t>(row * m_dim),
                                                       static_cast<std::size_t>(m_dim));
        return {z.begin(), z.end()};
    }

    std::optional<QPointF> plane(const std::vector<float>& z) const {
        if (static_cast<Index>(z.size()) != m_dim || z.empty()) {
            return {};
        }
        if (m_chart.axes() > 0) {
            const Array at = render::project(m_chart, Array({1, m_dim}, z));
            return QPointF(at.values<float>()[0], at.values<float>()[1]);
        }
        return QPointF(z[0], m_dim > 1 ? z[1] : 0.0F);
    }

    void travel(QPointF at) {
        if (inSpace()) {
            return;  // a position of the mouse is a line there
        }
        bridge().explore().setCursor(codeAt(bridge().explore().cursor(), at));
    }

    std::vector<float> codeAt(std::vector<float> z, QPointF at) const {
        z.resize(static_cast<std::size_t>(m_dim), 0.0F);
        if (m_chart.axes() > 0) {
            return render::moved(m_chart, z, std::array{at.x(), at.y()});
        }
        z[0] = static_cast<float>(at.x());
        if (m_dim > 1) {
            z[1] = static_cast<float>(at.y());
        }
        return z;
    }

    Index rowUnder(QPointF at) const {
        return rowUnderMouse(at, *m_scene, m_xy, m_labels, m_cloud, kPickRadius);
    }

    void hover(QPointF at) {
        if (bridge().explore().tool() == Tool::Probe && !inSpace()) {
            if (!m_pinned) {
                travel(at);
            }
        } else {
            setHoverRow(rowUnder(at));
        }
    }

    void setHoverRow(Index row) {
        if (row != m_hoverRow) {
            m_hoverRow = row;
            rebuildOverlay();
        }
    }

    void select(QPointF at) {
        const Index row = rowUnder(at);
        if (row >= 0 && m_dim > 2 && m_choice.kind == ChartChoice::Kind::Plane &&
            m_choice.points.size() < 3) {
            ChartChoice next = m_choice;
            next.points.push_back(rowCode(row));
            choose(next);
            return;
        }
        if (bridge().explore().tool() != Tool::Select && !inSpace()) {
            return;
        }
        const Qt::KeyboardModifiers keys = QApplication::keyboardModifiers();
        if (combineOf(keys) != Combine::Replace) {
            if (row >= 0) {
                selectRows({row}, keys);
            }
            return;
        }
        bridge().explore().setSelectedPoint(row);
        if (row >= 0) {
            bridge().explore().setCursor(rowCode(row));
        } else {
            bridge().explore().clearSelection();  // a click beside all codes
        }
    }

    void applyTool() {
        const Tool tool = bridge().explore().tool();
        m_pinned = false;
        m_scene->setLeftDragPans(tool != Tool::Probe && tool != Tool::Geodesic);
        m_scene->setDragShape(dragShapeOf(bridge().explore()));
        m_scene->setToolTip(QString());
        setHoverRow(-1);
    }

    SceneWidget* m_scene;
    Frame m_frame;
    Array m_codes, m_xy, m_labels, m_sds;
    GeodesicHand* m_hand;
    Array m_near;  ///< opacities by the distance from the chart
    ChartChoice m_choice;
    render::Chart m_chart;  ///< without axes while the space has at most two
    render::Box3 m_box;
    render::PointCloud3 m_cloud;
    QString m_note;
    Index m_dim = 2, m_hoverRow = -1;
    SeenChannels m_seen;
    std::vector<int> m_legendClasses;
    Mode m_mode = Mode::Auto;
    bool m_ellipses = false, m_circles = true;
    bool m_pinned = false;  ///< after a press the probe stays; Esc lets it follow the mouse again
};

}  // namespace

View* makeLatentMapView(SessionBridge& bridge, QWidget* parent) {
    return new LatentMapView(bridge, parent);
}

}  // namespace lx::ui
