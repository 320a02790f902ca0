// SPDX-License-Identifier: GPL-3.0-or-later
// The stage of samplers: an energy, and the chains that walk on it.
#include "ui/bridge/seen_channels.h"
#include "ui/shell/numbers.h"
#include "ui/views/chain_mechanism.h"
#include "ui/views/energy_layers.h"
#include "ui/views/figure_view.h"
#include "ui/views/scene_pick.h"
#include "ui/views/step_caption.h"
#include "ui/views/stroke_brush.h"

#include <QActionGroup>
#include <QApplication>
#include <QMenu>
#include <QVBoxLayout>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
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
          m_caption(new StepCaption),
          m_place(bridge, "chain.place", this) {
        auto* page = new QWidget;
        auto* column = new QVBoxLayout(page);
        column->setContentsMargins(0, 0, 0, 0);
        column->setSpacing(0);
        column->addWidget(m_scene, 1);
        column->addWidget(m_caption);
        m_caption->hide();
        connect(m_caption, &StepCaption::phaseChanged, this, &EnergyMapView::rebuildOverlay);
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
            m_caption->rewind();
            if (std::exchange(m_divergences, focus().divergences()) != m_divergences) {
                Q_EMIT channelsChanged();
            }
            rebuild();
        });
        connect(&m_place, &LatestProbe::answered, this, [this] { m_dragged.reset(); });
    }

    QString title() const override {
        switch (mode()) {
            case Mode::Points: return tr("Energy and the present states of %1").arg(counted());
            case Mode::Density:
                return m_count > kTrailChains ? tr("Energy and the density of %1").arg(counted())
                                              : tr("Energy and the density of all draws");
            case Mode::Difference: return tr("Density of the draws minus the true density");
            default: break;
        }
        const QString states = formatInteger(m_states > 0 ? m_states : 260);
        return particles() ? tr("Energy and the last %1 states of each particle").arg(states)
               : m_frame.snapshot && !channel(m_frame, "energy")
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
            m_seen.forget();
            return;
        }
        showContent(true);
        const SeenChannels::News news = m_seen.look(*frame, channels());
        if (news == SeenChannels::News::Nothing) {
            return;
        }
        const bool otherRun = news == SeenChannels::News::OtherRun;
        m_frame = *frame;
        m_caption->rewind();
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
        m_caption->setTheme(theme);
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
        m_brush.cancel();
        focus().setChain(-1);
        rebuildOverlay();
    }
    bool eventFilter(QObject* object, QEvent* event) override {
        if (object == m_scene && event->type() == QEvent::MouseButtonRelease && m_brush.active()) {
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
            m_brush.fillMenu(menu, this);
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
    bool particles() const { return m_frame.description && areParticles(*m_frame.description); }
    QString counted() const {
        return (particles() ? tr("%1 particles") : tr("%1 chains")).arg(formatInteger(m_count));
    }
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
        m_brush.cancel();
        m_scene->setLeftDragPans(!paints());
        m_scene->setCursor(paints() ? Qt::CrossCursor : Qt::ArrowCursor);
    }
    void finishStroke() {
        bridge().probe("paint", {}, {{"stroke", m_brush.finish()}});
        rebuildOverlay();
    }

    void choose(Mode chosen) {
        m_mode = chosen;
        Q_EMIT titleChanged();
        Q_EMIT channelsChanged();
        rebuild();
    }
    void setMechanism(bool on) {
        m_mechanism = on;
        m_caption->rewind();
        Q_EMIT channelsChanged();
        rebuildOverlay();
    }
    void setMarginals(bool on) {
        m_marginals = on;
        Q_EMIT channelsChanged();
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
        figure.bar.reset();
        if (mode() == Mode::Difference) {
            addDifference(figure, m_frame, colors);
        } else {
            m_onField = addEnergy(figure, m_frame, colors, m_window);
        }
        figure.legend.clear();
        figure.note.clear();
        addStates(figure, chosen);
        if (m_onField) {
            addLevel(figure, m_frame, "energy", colors);
        }
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
                            tr("%1 of %2").arg(formatInteger(m_trails->count()), counted());
                    }
                }
                break;
            case Mode::Points:
                if (now) {
                    figure.nameLayers(QStringLiteral("states"), tr("Present states"));
                    figure.layers.emplace_back(statesLayer(*now, colors));
                    figure.legend = {{tr("present states of %1").arg(counted()),
                                      chainColor(colors, 1), render::Marker::Circle}};
                }
                break;
            case Mode::Density: {
                const Array* draws = floats(m_frame, "draws", 2);
                const bool pooled = m_count <= kTrailChains;
                if (const Array* shown = pooled ? draws : now) {
                    figure.nameLayers(QStringLiteral("density"), tr("Density of the states"));
                    figure.layers.emplace_back(densityLayer(*shown, colors, m_onField));
                    const QString what = pooled ? tr("%1 draws").arg(formatInteger(shown->dim(0)))
                                                : tr("density of %1").arg(counted());
                    figure.legend = {
                        {what, densityColor(colors, m_onField), render::Marker::Square}};
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
        // Another target: where the last one was looked at means nothing.
        const std::array<double, 4> place{home->x0, home->y0, home->x1, home->y1};
        if (m_homeKnown && std::exchange(m_home, place).value_or(place) != place) {
            m_scene->fit();
        }
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
        if (m_mechanism) {
            figure.nameOverlay(QStringLiteral("mechanism"), tr("How the next step comes about"));
            addSteps(figure, chosen, ink, halo);
        }
        m_caption->setVisible(m_mechanism);
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
        if (m_brush.active()) {
            figure.nameOverlay(QStringLiteral("stroke"), tr("Stroke"));
            m_brush.draw(figure.overlay, ink, m_scene->transform().scaleX(), theme());
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
        const auto step = mechanismOf(m_frame, shown);
        m_caption->setCaptions(chainName(shown), step ? mechanismCaptions(*step) : QStringList());
        if (step) {
            addMechanism(figure.overlay, *step, m_caption->phase(), ink, halo);
        }
    }

    /// The chain whose newest state is under the place; -1: none.
    int headAt(QPointF at) const {
        if (!m_trails || mode() != Mode::Trails) {
            return -1;
        }
        return headUnder(*m_trails, m_scene->transform(), at, kGrabPixels);
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
            m_brush.begin(at, QApplication::keyboardModifiers() & Qt::ControlModifier);
            rebuildOverlay();
            return;
        }
        m_grabbed = headAt(at);
        setHover({});
    }
    void drag(QPointF at) {
        if (m_brush.active()) {
            if (m_brush.extend(at)) {
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
    StepCaption* m_caption;
    LatestProbe m_place;
    Frame m_frame;
    SeenChannels m_seen;
    std::optional<ChainTrails> m_trails;
    Index m_count = 0, m_states = 0;
    Mode m_mode = Mode::Auto;
    bool m_mechanism = false, m_marginals = true, m_homeKnown = false, m_onField = false;
    std::optional<std::array<double, 4>> m_home;  ///< the last that was known
    double m_window = 10;
    int m_grabbed = -1;
    std::optional<QPointF> m_dragged;
    StrokeBrush m_brush;
    bool m_divergences = true;
    QString m_hoverText;
    QPointF m_hoverAt;
};

}  // namespace

View* makeEnergyMapView(SessionBridge& bridge, QWidget* parent) {
    return new EnergyMapView(bridge, parent);
}

}  // namespace lx::ui
