// SPDX-License-Identifier: GPL-3.0-or-later
// The stage of samplers: an energy, and the chains that walk on it.
#include "ui/shell/numbers.h"
#include "ui/views/chain_mechanism.h"
#include "ui/views/energy_layers.h"
#include "ui/views/figure_view.h"
#include "ui/views/scene_pick.h"

#include <QActionGroup>
#include <QApplication>
#include <QLabel>
#include <QMenu>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>
#include <utility>

namespace lx::ui {
namespace {

/// Up to here every chain has a trail; up to the second each is a point.
constexpr Index kTrailChains = 16, kPointChains = 20000;
constexpr double kGrabPixels = 14;
constexpr Index kMechanisms = 16;
/// Ratio of the sides up to which both axes have one scale.
constexpr double kEqualUpTo = 3;

enum class Mode : std::uint8_t { Auto, Trails, Points, Density, Difference };

class EnergyMapView : public FigureView {
public:
    EnergyMapView(SessionBridge& bridge, QWidget* parent)
        : FigureView(bridge, parent),
          m_scene(new SceneWidget(rendererSource())),
          m_place(bridge, "chain.place", this) {
        auto* page = new QWidget;
        auto* column = new QVBoxLayout(page);
        column->setContentsMargins(0, 0, 0, 0);
        column->setSpacing(0);
        column->addWidget(m_scene, 1);
        column->addWidget(makeCaption());
        setContent(page);
        setEmptyText(tr("Press play: the chains appear after the first step."));
        connect(m_scene, &SceneWidget::hovered, this, &EnergyMapView::hover);
        connect(m_scene, &SceneWidget::left, this, [this] { setHover({}); });
        connect(m_scene, &SceneWidget::pressed, this, &EnergyMapView::grab);
        connect(m_scene, &SceneWidget::dragged, this, &EnergyMapView::drag);
        connect(m_scene, &SceneWidget::clicked, this, [this](QPointF at) {
            if (paints()) {
                return;
            }
            const int hit = headAt(at);
            focus().setChain(hit == focus().chain() ? -1 : hit);
        });
        connect(m_scene, &SceneWidget::legendClicked, this, [this](int entry) {
            if (m_trails && entry < m_trails->count() && mode() == Mode::Trails) {
                focus().setChain(entry == focus().chain() ? -1 : entry);
            }
        });
        m_scene->installEventFilter(this);
        connect(&bridge.explore(), &ExploreState::toolChanged, this, &EnergyMapView::applyTool);
        connect(&focus(), &ChainFocus::changed, this, [this] {
            m_phase = -1;
            if (std::exchange(m_divergences, focus().divergences()) != m_divergences) {
                Q_EMIT channelsChanged();
            }
            rebuild();
        });
        connect(&m_place, &LatestProbe::answered, this, [this] { m_dragged.reset(); });
    }

    QString title() const override {
        switch (mode()) {
            case Mode::Points:
                return tr("Energy and the present states of %1 chains").arg(formatInteger(m_count));
            case Mode::Density:
                return m_count > kTrailChains
                           ? tr("Energy and the density of %1 chains").arg(formatInteger(m_count))
                           : tr("Energy and the density of all draws");
            case Mode::Difference: return tr("Density of the draws minus the true density");
            default: break;
        }
        const QString states = formatInteger(m_states > 0 ? m_states : 260);
        return m_frame.snapshot && !channel(m_frame, "energy")
                   ? tr("The last %1 states of each chain").arg(states)
                   : tr("Energy and the last %1 states of each chain").arg(states);
    }
    QStringList channels() const override {
        QStringList out{QStringLiteral("energy"), QStringLiteral("chains_now"),
                        QStringLiteral("chains_trail"), QStringLiteral("sampler")};
        if (m_marginals) {
            out << QStringLiteral("marginals");
        }
        if (focus().divergences() && mode() == Mode::Trails) {
            out << QStringLiteral("trace");
        }
        if (m_mechanism) {
            out << QStringLiteral("mechanism");
        }
        if (mode() == Mode::Density && m_count <= kTrailChains) {
            out << QStringLiteral("draws");
        }
        if (mode() == Mode::Difference) {
            out << QStringLiteral("true_density") << QStringLiteral("sample_density");
        }
        return out;
    }
    QString explanation() const override {
        return tr(
            "The colours show the energy of the target over its first two coordinates, in nats "
            "above its least value: bright places are likely, each line is the same step. Every "
            "chain draws its last states as a line that ends in its marker. On the edges stand "
            "the densities of all draws, and dashed the true ones where they are known.\n\n"
            "Good chains cross the whole bright region again and again, and the densities on the "
            "edges approach the dashed lines. Drag a marker to put a chain elsewhere, and see "
            "whether it finds back. Key 5 shows how the next step comes about: a solid arrow is "
            "an accepted proposal, a dashed one a rejected.\n\n"
            "Worry when chains stay in parts of the bright region, when a chain does not move "
            "(step too large), or creeps (step too small). With more than two coordinates the "
            "colours are a slice through the mean: chains may seem to walk in the dark.");
    }

    void present(std::span<const Frame> frames) override {
        const Frame* frame = frames.empty() ? nullptr : &frames.front();
        if (!frame || !(floats(*frame, "chains_now", 2) || floats(*frame, "chains_trail", 3))) {
            showContent(false);
            m_versions.clear();
            return;
        }
        showContent(true);
        std::vector<std::uint64_t> versions{frame->source, frame->snapshot->epoch};
        for (const QString& id : channels()) {
            versions.push_back(channelVersion(*frame, id.toStdString()));
        }
        if (versions == m_versions) {
            return;
        }
        const bool otherRun = m_versions.size() < 2 || versions[0] != m_versions[0];
        m_versions = std::move(versions);
        m_frame = *frame;
        m_phase = -1;
        if (otherRun) {
            m_homeKnown = false;
            focus().setChain(-1);
        }
        const Mode before = mode();
        const Array* now = floats(m_frame, "chains_now", 2);
        m_trails = trailsOf(m_frame);
        m_count = now ? now->dim(0) : m_trails ? m_trails->count() : 0;
        m_states = m_trails ? m_trails->xy.dim(0) : 0;
        rebuild();
        if (mode() != before || otherRun) {
            Q_EMIT titleChanged();
            Q_EMIT channelsChanged();
        }
    }

    void setTheme(const Theme& theme) override {
        FigureView::setTheme(theme);
        m_scene->setTheme(theme);
        m_caption->setFont(theme.font(12));
        for (QToolButton* button : {m_back, m_on}) {
            button->setFixedSize(theme.px(22), theme.px(22));
        }
        rebuild();
    }
    void fit() override {
        m_homeKnown = false;
        updateHome();
        m_scene->fit();
    }
    bool setMode(int key) override {
        switch (key) {
            case 1:
            case 2:
            case 3:
            case 4: choose(static_cast<Mode>(key)); return true;
            case 5: setMechanism(!m_mechanism); return true;
            case 6: setMarginals(!m_marginals); return true;
            default: return false;
        }
    }
    QJsonObject state() const override {
        QJsonObject out = FigureView::state();
        out[QStringLiteral("mode")] = static_cast<int>(m_mode);
        out[QStringLiteral("mechanism")] = m_mechanism;
        out[QStringLiteral("marginals")] = m_marginals;
        out[QStringLiteral("window")] = m_window;
        return out;
    }
    void restore(const QJsonObject& state) override {
        FigureView::restore(state);
        m_mode = static_cast<Mode>(std::clamp(state.value(QStringLiteral("mode")).toInt(), 0, 4));
        m_window = std::clamp(state.value(QStringLiteral("window")).toDouble(m_window), 0.0, 1e6);
        m_marginals = state.value(QStringLiteral("marginals")).toBool(m_marginals);
        setMechanism(state.value(QStringLiteral("mechanism")).toBool(m_mechanism));
        choose(m_mode);
    }
    void cancelGesture() override {
        m_dragged.reset();
        m_stroke.clear();
        focus().setChain(-1);
        rebuildOverlay();
    }
    bool eventFilter(QObject* object, QEvent* event) override {
        if (object == m_scene && event->type() == QEvent::MouseButtonRelease && !m_stroke.empty()) {
            finishStroke();
        }
        return FigureView::eventFilter(object, event);
    }
    void paintTo(QPainter& painter, QSizeF size, double scale) override {
        m_scene->figure().title = title();
        m_scene->paintTo(painter, size, scale);
    }

protected:
    void fillSettings(QMenu& menu) override {
        const std::pair<Mode, QString> modes[] = {
            {Mode::Auto, tr("By the number of chains")},
            {Mode::Trails, tr("Trails (1)")},
            {Mode::Points, tr("Present states (2)")},
            {Mode::Density, tr("Density (3)")},
            {Mode::Difference, tr("Sampled minus true density (4)")}};
        auto* group = new QActionGroup(&menu);
        for (const auto& [mode, text] : modes) {
            QAction* action = menu.addAction(text);
            action->setCheckable(true);
            action->setChecked(mode == m_mode);
            group->addAction(action);
            connect(action, &QAction::triggered, this, [this, chosen = mode] { choose(chosen); });
        }
        menu.addSeparator();
        const auto toggle = [&](const QString& text, bool on, auto change) {
            QAction* action = menu.addAction(text);
            action->setCheckable(true);
            action->setChecked(on);
            connect(action, &QAction::toggled, this, change);
        };
        toggle(tr("How the next step comes about (5)"), m_mechanism,
               [this](bool on) { setMechanism(on); });
        toggle(tr("Densities on the edges (6)"), m_marginals,
               [this](bool on) { setMarginals(on); });
        QMenu* window = menu.addMenu(tr("Range of the colours"));
        for (const double nats : {5.0, 10.0, 20.0, 50.0, 0.0}) {
            QAction* action =
                window->addAction(nats > 0 ? tr("%1 nats").arg(formatShort(nats)) : tr("all"));
            action->setCheckable(true);
            action->setChecked(nats == m_window);
            connect(action, &QAction::triggered, this, [this, nats] {
                m_window = nats;
                rebuild();
            });
        }
        menu.addSeparator();
        if (canPaint()) {
            QMenu* brush = menu.addMenu(tr("Brush"));
            for (const double radius : {0.1, 0.2, 0.4, 0.8, 1.6}) {
                QAction* action = brush->addAction(tr("radius %1").arg(formatShort(radius)));
                action->setCheckable(true);
                action->setChecked(radius == m_radius);
                connect(action, &QAction::triggered, this, [this, radius] { m_radius = radius; });
            }
            QAction* eraser = brush->addAction(tr("Eraser (or hold Ctrl)"));
            eraser->setCheckable(true);
            eraser->setChecked(m_eraser);
            connect(eraser, &QAction::toggled, this, [this](bool on) { m_eraser = on; });
            menu.addSeparator();
        }
        if (!hasMoves()) {
            return;
        }
        const int chosen = focus().chain();
        if (chosen >= 0 && m_trails && chosen < m_trails->count()) {
            const Index number = m_trails->numbers[static_cast<std::size_t>(chosen)];
            menu.addAction(tr("Kick %1").arg(chainName(number)), this,
                           [this, number] { ask("kick", number); });
            menu.addAction(tr("Restart %1").arg(chainName(number)), this,
                           [this, number] { ask("restart", number); });
        }
        menu.addAction(tr("Kick all chains"), this, [this] { ask("kick", -1); });
        menu.addAction(tr("Restart all chains"), this, [this] { ask("restart", -1); });
    }

private:
    ChainFocus& focus() const { return bridge().chains(); }
    Mode mode() const {
        return m_mode != Mode::Auto      ? m_mode
               : m_count <= kTrailChains ? Mode::Trails
               : m_count <= kPointChains ? Mode::Points
                                         : Mode::Density;
    }
    /// A file's chains cannot be moved.
    bool hasMoves() const {
        return m_frame.snapshot &&
               factOf(m_frame, QStringLiteral("family")) != QLatin1String("file");
    }

    /// The target is a painted energy.
    bool canPaint() const {
        return m_frame.description &&
               lx::find(m_frame.description->params, "energy.strokes") != nullptr;
    }
    bool paints() const { return bridge().explore().tool() == Tool::Brush && canPaint(); }
    void applyTool() {
        m_stroke.clear();
        m_scene->setLeftDragPans(!paints());
        m_scene->setCursor(paints() ? Qt::CrossCursor : Qt::ArrowCursor);
    }
    void finishStroke() {
        const std::vector<QPointF> points = std::exchange(m_stroke, {});
        std::vector<double> numbers{m_erasing ? 1.0 : 0.0, 1.0, m_radius,
                                    static_cast<double>(points.size())};
        for (const QPointF& p : points) {
            numbers.insert(numbers.end(), {p.x(), p.y()});
        }
        bridge().probe("paint", {}, {{"stroke", Array({std::ssize(numbers)}, numbers)}});
        rebuildOverlay();
    }

    QWidget* makeCaption() {
        m_captionBar = new QWidget;
        m_captionBar->setAutoFillBackground(true);
        m_captionBar->setBackgroundRole(QPalette::Base);
        auto* row = new QHBoxLayout(m_captionBar);
        row->setContentsMargins(8, 2, 8, 4);
        m_back = new QToolButton;
        m_back->setText(QStringLiteral("◂"));
        m_back->setAccessibleName(tr("Previous sub-step"));
        m_on = new QToolButton;
        m_on->setText(QStringLiteral("▸"));
        m_on->setAccessibleName(tr("Next sub-step"));
        for (QToolButton* button : {m_back, m_on}) {
            button->setToolTip(button->accessibleName());
            row->addWidget(button);
        }
        m_caption = new QLabel;
        m_caption->setWordWrap(true);
        m_caption->setTextInteractionFlags(Qt::TextSelectableByMouse);
        row->addWidget(m_caption, 1);
        connect(m_back, &QToolButton::clicked, this, [this] { movePhase(-1); });
        connect(m_on, &QToolButton::clicked, this, [this] { movePhase(1); });
        m_captionBar->hide();
        return m_captionBar;
    }

    void choose(Mode chosen) {
        m_mode = chosen;
        Q_EMIT titleChanged();
        Q_EMIT channelsChanged();
        rebuild();
    }
    void setMechanism(bool on) {
        m_mechanism = on;
        m_phase = -1;
        Q_EMIT channelsChanged();
        rebuildOverlay();
    }
    void setMarginals(bool on) {
        m_marginals = on;
        Q_EMIT channelsChanged();
        rebuildOverlay();
    }
    void movePhase(int by) {
        const int last = static_cast<int>(m_captions.size()) - 1;
        const int now = m_phase < 0 ? last : m_phase;
        m_phase = by > 0 && now >= last ? 0 : std::clamp(now + by, 0, std::max(0, last));
        rebuildOverlay();
    }
    void ask(const char* kind, Index chain) {
        bridge().probe(kind, {{"chain", chain}}, {}, "chain.move");
    }

    void rebuild() {
        if (!m_frame.snapshot) {
            return;
        }
        Figure& figure = m_scene->figure();
        figure.layers.clear();
        figure.layerParts.clear();
        const int chosen = focus().chain();
        const Theme& colors = theme();
        m_onField = false;
        if (mode() == Mode::Difference) {
            if (auto layer = differenceLayer(m_frame, colors)) {
                figure.nameLayers(QStringLiteral("difference"), tr("Sampled minus true density"));
                figure.layers.emplace_back(std::move(*layer));
            }
        } else if (auto layer = energyLayer(m_frame, colors, m_window)) {
            figure.nameLayers(QStringLiteral("energy"), tr("Energy (nats)"));
            if (auto around = surroundings(*layer)) {
                figure.layers.emplace_back(std::move(*around));
            }
            figure.layers.emplace_back(std::move(*layer));
            m_onField = true;
        }
        figure.legend.clear();
        figure.note.clear();
        addStates(figure, chosen);
        updateHome();
        m_scene->layersChanged();
        rebuildOverlay();
    }

    void addStates(Figure& figure, int chosen) {
        const Theme& colors = theme();
        const Array* now = floats(m_frame, "chains_now", 2);
        switch (mode()) {
            case Mode::Auto:
            case Mode::Trails:
                if (m_trails) {
                    figure.nameLayers(QStringLiteral("trails"), tr("Trails"));
                    figure.layers.emplace_back(trailsLayer(*m_trails, colors, chosen));
                    if (m_trails->count() <= kTrailChains) {
                        figure.legend = chainLegend(colors, m_trails->numbers, chosen);
                    } else {
                        figure.note =
                            tr("%1 of %2 chains")
                                .arg(formatInteger(m_trails->count()), formatInteger(m_count));
                    }
                }
                break;
            case Mode::Points:
                if (now) {
                    figure.nameLayers(QStringLiteral("states"), tr("Present states"));
                    render::PointsLayer points;
                    points.xy = planeOf(*now);
                    points.colors = {toRender(chainColor(colors, 1))};
                    points.markers = {render::Marker::Circle};
                    points.size = m_count > 2000 ? 3.2F : 4.5F;
                    points.opacity = 0.85F;
                    figure.layers.emplace_back(std::move(points));
                    figure.legend = {{tr("present states of %1 chains").arg(formatInteger(m_count)),
                                      chainColor(colors, 1), render::Marker::Circle}};
                }
                break;
            case Mode::Density: {
                const Array* draws = floats(m_frame, "draws", 2);
                const bool pooled = m_count <= kTrailChains;
                if (const Array* shown = pooled ? draws : now) {
                    figure.nameLayers(QStringLiteral("density"), tr("Density of the states"));
                    render::DensityLayer density;
                    density.xy = planeOf(*shown);
                    density.colors = {m_onField ? render::Color{1, 0.36F, 0.2F, 1}
                                                : toRender(chainColor(colors, 0))};
                    figure.layers.emplace_back(std::move(density));
                    const QString what =
                        pooled ? tr("%1 draws").arg(formatInteger(shown->dim(0)))
                               : tr("density of %1 chains").arg(formatInteger(m_count));
                    figure.legend = {
                        {what, QColor::fromRgbF(1, 0.36F, 0.2F), render::Marker::Square}};
                }
                break;
            }
            case Mode::Difference:
                if (figure.layers.empty()) {
                    figure.note =
                        tr("No difference: the true density is known only in the plane, "
                           "and only where its integral is.");
                } else {
                    figure.legend = {
                        {tr("too many draws"), colors.diverging.back(), render::Marker::Square},
                        {tr("too few draws"), colors.diverging.front(), render::Marker::Square}};
                }
                break;
        }
    }

    void updateHome() {
        if (!m_frame.snapshot) {
            return;
        }
        Figure& figure = m_scene->figure();
        const QStringList names = namesOf(m_frame, "marginals", 2);
        figure.xLabel = names[0];
        figure.yLabel = names[1];
        if (m_homeKnown) {
            return;
        }
        std::optional<render::Rect> home = extentOf(m_frame, "energy");
        if (!home && m_trails) {
            const Index states = m_trails->xy.dim(0) * m_trails->count();
            home = boundsOf(Array({states, 2}, m_trails->xy.values<float>()), 0, 0.1);
        }
        if (!home) {
            return;
        }
        m_homeKnown = extentOf(m_frame, "energy").has_value();
        const double ratio = (home->x1 - home->x0) / (home->y1 - home->y0);
        figure.equalAspect = ratio < kEqualUpTo && ratio > 1 / kEqualUpTo;
        m_scene->setHome(*home);
    }

    void rebuildOverlay() {
        if (!m_frame.snapshot) {
            return;
        }
        Figure& figure = m_scene->figure();
        figure.overlay.clear();
        figure.overlayParts.clear();
        const int chosen = focus().chain();
        const QColor ink = inkOver(theme(), m_onField);
        const QColor halo = m_onField ? QColor(20, 20, 30, 170) : theme().panel;
        if (m_marginals && mode() != Mode::Difference) {
            figure.nameOverlay(QStringLiteral("marginals"), tr("Densities on the edges"));
            for (OverlayItem& item : marginalItems(m_frame, theme(), m_onField)) {
                figure.overlay.push_back(std::move(item));
            }
        }
        m_captions.clear();
        if (m_mechanism) {
            figure.nameOverlay(QStringLiteral("mechanism"), tr("How the next step comes about"));
            addSteps(figure, chosen, ink, halo);
        }
        if (mode() == Mode::Trails && m_trails) {
            figure.nameOverlay(QStringLiteral("heads"), tr("Present states"));
            for (OverlayItem& item : headMarkers(*m_trails, theme(), chosen)) {
                figure.overlay.push_back(std::move(item));
            }
        }
        if (focus().divergences() && mode() == Mode::Trails && m_trails) {
            figure.nameOverlay(QStringLiteral("divergences"), tr("Divergences"));
            for (OverlayItem& item : divergenceMarks(m_frame, *m_trails, chosen)) {
                figure.overlay.push_back(std::move(item));
            }
        }
        if (!m_stroke.empty()) {
            figure.nameOverlay(QStringLiteral("stroke"), tr("Stroke"));
            QColor paint = m_erasing ? QColor(Qt::black) : QColor(Qt::white);
            paint.setAlphaF(0.4F);
            const double width = 2 * m_radius * m_scene->transform().scaleX() / theme().lineScale;
            figure.overlay.push_back(CurveItem{m_stroke, paint, width});
            figure.overlay.push_back(EllipseItem{m_stroke.back().x(), m_stroke.back().y(), m_radius,
                                                 m_radius, ink, 1.2, Qt::DashLine});
        }
        if (m_dragged) {
            figure.overlay.push_back(MarkerItem{m_dragged->x(), m_dragged->y(),
                                                chainMarker(m_grabbed), 14,
                                                chainColor(theme(), m_grabbed), theme().text});
        }
        if (!m_hoverText.isEmpty()) {
            figure.nameOverlay(QStringLiteral("readout"), tr("Read-out"));
            figure.overlay.push_back(TextItem{
                m_hoverAt.x(), m_hoverAt.y(), m_hoverText, theme().text, {14, -14}, 12, true});
        }
        showCaption();
        m_scene->overlayChanged();
    }

    void addSteps(Figure& figure, int chosen, const QColor& ink, const QColor& halo) {
        const Index shown = std::max(0, chosen);
        for (Index c = 0; c < kMechanisms && chosen < 0; ++c) {
            const auto step = mechanismOf(m_frame, c);
            if (!step) {
                break;
            }
            if (c != shown) {
                figure.overlay.push_back(proposalArrow(*step, chainColor(theme(), c)));
            }
        }
        if (const auto step = mechanismOf(m_frame, shown)) {
            m_captions = mechanismCaptions(*step);
            const int last = static_cast<int>(m_captions.size()) - 1;
            addMechanism(figure.overlay, *step, m_phase < 0 ? last : std::min(m_phase, last), ink,
                         halo);
        }
    }

    void showCaption() {
        m_captionBar->setVisible(m_mechanism);
        if (!m_mechanism) {
            return;
        }
        const auto count = static_cast<int>(m_captions.size());
        m_back->setEnabled(count > 1);
        m_on->setEnabled(count > 1);
        if (count == 0) {
            m_caption->setText(
                tr("No step to show: this kernel does not tell, or its step is under way."));
            return;
        }
        const int at = m_phase < 0 ? count - 1 : std::min(m_phase, count - 1);
        m_caption->setText(tr("%1, sub-step %2 of %3: %4")
                               .arg(chainName(std::max(0, focus().chain())))
                               .arg(at + 1)
                               .arg(count)
                               .arg(m_captions[at]));
    }

    /// The chain whose newest state is under the place; -1: none.
    int headAt(QPointF at) const {
        if (!m_trails || mode() != Mode::Trails) {
            return -1;
        }
        const QPointF pixel = m_scene->toPixel(at.x(), at.y());
        int best = -1;
        double nearest = kGrabPixels;
        for (std::size_t c = 0; c < m_trails->heads.size(); ++c) {
            const QPointF head = m_scene->toPixel(m_trails->heads[c].x(), m_trails->heads[c].y());
            const double d = std::hypot(head.x() - pixel.x(), head.y() - pixel.y());
            if (d < nearest) {
                nearest = d;
                best = static_cast<int>(c);
            }
        }
        return best;
    }

    void hover(QPointF at) {
        if (paints()) {
            m_scene->setLeftDragPans(false);
            m_scene->setCursor(Qt::CrossCursor);
            setHover({});
            return;
        }
        const int head = headAt(at);
        // A drag moves the map, except where it takes hold of a chain.
        m_scene->setLeftDragPans(head < 0 || !hasMoves());
        m_scene->setCursor(head >= 0 && hasMoves() ? Qt::OpenHandCursor : Qt::ArrowCursor);
        const auto found = pickScene(m_scene->figure(), m_scene->shown(), m_scene->plotRect(),
                                     m_scene->toPixel(at.x(), at.y()), 6);
        if (!found || found->kind != ScenePick::Kind::Chain || !m_trails) {
            setHover({});
            return;
        }
        const Index ago = m_trails->xy.dim(0) - 1 - found->state;
        QString text = chainName(m_trails->numbers[static_cast<std::size_t>(found->index)]);
        text += ago == 0   ? tr(", now")
                : ago == 1 ? tr(", 1 state ago")
                           : tr(", %1 states ago").arg(ago);
        text += QStringLiteral("\n(%1, %2)")
                    .arg(formatFixed(found->at[0], 2), formatFixed(found->at[1], 2));
        m_hoverAt = {found->at[0], found->at[1]};
        setHover(text);
    }
    void setHover(const QString& text) {
        if (text != m_hoverText) {
            m_hoverText = text;
            rebuildOverlay();
        }
    }

    void grab(QPointF at) {
        if (paints()) {
            m_erasing = m_eraser || QApplication::keyboardModifiers() & Qt::ControlModifier;
            m_stroke = {at};
            rebuildOverlay();
            return;
        }
        m_grabbed = headAt(at);
        setHover({});
    }
    void drag(QPointF at) {
        if (!m_stroke.empty()) {
            const QPointF way = at - m_stroke.back();
            if (std::hypot(way.x(), way.y()) > m_radius / 6) {
                m_stroke.push_back(at);
                rebuildOverlay();
            }
            return;
        }
        if (m_grabbed < 0 || !m_trails || m_grabbed >= m_trails->count()) {
            return;
        }
        m_dragged = at;
        const Index number = m_trails->numbers[static_cast<std::size_t>(m_grabbed)];
        m_place.ask("place", {{"chain", number}},
                    {{"x", Array({2}, std::vector<float>{static_cast<float>(at.x()),
                                                         static_cast<float>(at.y())})}});
        rebuildOverlay();
    }

    SceneWidget* m_scene;
    QWidget* m_captionBar = nullptr;
    QLabel* m_caption = nullptr;
    QToolButton *m_back = nullptr, *m_on = nullptr;
    LatestProbe m_place;
    Frame m_frame;
    std::vector<std::uint64_t> m_versions;
    std::optional<ChainTrails> m_trails;
    Index m_count = 0, m_states = 0;
    Mode m_mode = Mode::Auto;
    bool m_mechanism = false, m_marginals = true, m_homeKnown = false, m_onField = false;
    double m_window = 10;
    QStringList m_captions;
    int m_phase = -1;  ///< of the mechanism; -1: all of the step
    int m_grabbed = -1;
    std::optional<QPointF> m_dragged;
    std::vector<QPointF> m_stroke;  ///< under the hand
    double m_radius = 0.4;          ///< of the brush, in the units of the plane
    bool m_eraser = false, m_erasing = false, m_divergences = true;
    QString m_hoverText;
    QPointF m_hoverAt;
};

}  // namespace

View* makeEnergyMapView(SessionBridge& bridge, QWidget* parent) {
    return new EnergyMapView(bridge, parent);
}

}  // namespace lx::ui
