// SPDX-License-Identifier: GPL-3.0-or-later
// How noise becomes data: where the particles began, where they are at any recorded time, and the
// data that they should become.
#include "ui/bridge/seen_channels.h"
#include "ui/shell/numbers.h"
#include "ui/views/chain_channels.h"
#include "ui/views/figure_view.h"
#include "ui/views/linked_panes.h"
#include "ui/views/process_field.h"
#include "ui/views/record_time.h"

#include <QActionGroup>
#include <QHBoxLayout>
#include <QJsonArray>
#include <QLabel>
#include <QMenu>
#include <QSlider>
#include <QTimer>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

namespace lx::ui {
namespace {

constexpr Index kSectors = 8;  ///< of the noise: a colour each
constexpr Index kTrails = 40, kManyParticles = 4000;
constexpr int kFrameMs = 33;  ///< of the replay
constexpr double kNearPixels = 14;
constexpr std::size_t kMostChosen = 6;

class NoiseToDataView : public FigureView, public RecordTime {
public:
    NoiseToDataView(SessionBridge& bridge, QWidget* parent)
        : FigureView(bridge, parent),
          m_play(new QToolButton),
          m_slider(new QSlider(Qt::Horizontal)),
          m_moment(new QLabel) {
        setEmptyText(tr("Press play: the particles appear with the first reverse steps."));
        auto* content = new QWidget;
        content->setAutoFillBackground(true);
        content->setBackgroundRole(QPalette::Base);
        auto* column = new QVBoxLayout(content);
        column->setContentsMargins(0, 0, 0, 0);
        column->setSpacing(0);
        m_panes = new LinkedPanes(rendererSource(), {tr("noise"), tr("particles"), tr("data")});
        for (std::size_t i = 0; i < m_panes->count(); ++i) {
            connect((*m_panes)[i], &SceneWidget::clicked, this,
                    [this, i](QPointF at) { choose(i, at); });
        }
        column->addWidget(m_panes, 1);
        arrange();
        m_field = new ProcessField(bridge, *plot(1), this);
        connect(m_field, &ProcessField::changed, this, &NoiseToDataView::showMoment);
        auto* row = new QHBoxLayout;
        row->setContentsMargins(8, 2, 8, 4);
        row->setSpacing(8);
        m_play->setText(tr("Replay"));
        m_play->setToolTip(tr("Run the record from noise to data"));
        m_play->setAccessibleName(tr("Replay"));
        row->addWidget(m_play);
        m_slider->setAccessibleName(tr("Recorded time, from noise to data"));
        row->addWidget(m_slider, 1);
        m_moment->setProperty("quiet", true);
        row->addWidget(m_moment);
        column->addLayout(row);
        setContent(content);
        m_clock.setInterval(kFrameMs);
        connect(&m_clock, &QTimer::timeout, this, [this] {
            m_slider->setValue(m_slider->value() + std::max(1, m_slider->maximum() / 90));
            if (m_slider->value() == m_slider->maximum()) {
                m_clock.stop();
            }
        });
        connect(m_play, &QToolButton::clicked, this, [this] {
            m_slider->setValue(0);
            m_clock.start();
        });
        connect(m_slider, &QSlider::valueChanged, this, [this] {
            showMoment();
            m_field->follow(m_frame, logSnr());
        });
    }

    QString title() const override { return tr("From noise to data"); }
    QStringList channels() const override {
        return {QStringLiteral("trajectory"), QStringLiteral("data")};
    }
    QString explanation() const override {
        return tr(
            "Left: the noise that particles begin as, coloured by the direction they begin in. "
            "Middle: the same particles at the time of the slider, with the ways of some of them. "
            "Right: data. The faint arrows are the velocity that carries particles to the data "
            "without any noise, the probability flow, at the time of the slider; keys 1 to 3 show "
            "no field, arrows or a moving texture, key 4 the score in its place, the direction in "
            "which the density grows.\n\n"
            "Click a particle that has a way, in any of the three, to choose it; click beside to "
            "choose none. The solid line is its way back from noise, the dashed one the way on "
            "which noising leads from what it becomes to what it was, the diamond the clean datum "
            "that the denoiser expects of it at the time of the slider.\n\n"
            "At the slider's right end the middle looks like the right. A deterministic sampler "
            "keeps neighbours together, so colours arrive in order; a stochastic one mixes "
            "them.\n\n"
            "Worry when modes of the data stay empty, when particles end between modes, or when "
            "all the movement happens in the last few steps: then there are too few steps.");
    }
    SceneWidget* scene() const override { return plot(1); }
    QSlider* slider() const override { return m_slider; }
    double logSnr() const override {
        const Array* snr = m_frame.snapshot ? floats(m_frame, "trajectory.log_snr", 1) : nullptr;
        const auto at = static_cast<Index>(m_slider->value());
        return snr && at < snr->dim(0)
                   ? static_cast<double>(snr->values<float>()[static_cast<std::size_t>(at)])
                   : std::numeric_limits<double>::quiet_NaN();
    }
    void showLogSnr(double wanted) override {
        const Array* snr = m_frame.snapshot ? floats(m_frame, "trajectory.log_snr", 1) : nullptr;
        if (!snr || !std::isfinite(wanted)) {
            return;
        }
        const auto apart = [wanted](float v) { return std::abs(static_cast<double>(v) - wanted); };
        const auto all = snr->values<float>();
        m_slider->setValue(
            static_cast<int>(std::ranges::min_element(all, {}, apart) - all.begin()));
    }
    void cancelGesture() override { chooseNone(); }
    bool setMode(int key) override {
        if (key >= 1 && key <= 3) {
            m_field->choose(static_cast<ProcessField::Look>(key - 1), m_field->score());
        } else if (key == 4) {
            m_field->choose(m_field->look(), !m_field->score());
        }
        return key >= 1 && key <= 4;
    }
    QJsonObject state() const override {
        QJsonObject out = FigureView::state();
        QJsonArray chosen;
        for (const Index i : m_chosen) {
            chosen.append(static_cast<qint64>(i));
        }
        out[QStringLiteral("chosen")] = chosen;
        out[QStringLiteral("field")] = m_field->state();
        return out;
    }
    void restore(const QJsonObject& state) override {
        FigureView::restore(state);
        m_field->restore(state.value(QStringLiteral("field")).toObject());
        m_chosen.clear();
        for (const QJsonValue& value : state.value(QStringLiteral("chosen")).toArray()) {
            if (value.toInt(-1) >= 0 && value.toInt() < kTrails && m_chosen.size() < kMostChosen) {
                m_chosen.push_back(value.toInt());
            }
        }
        showMoment();
    }

    void present(std::span<const Frame> frames) override {
        const Frame* frame = frames.empty() ? nullptr : &frames.front();
        const Array* path = frame ? floats(*frame, "trajectory", 3) : nullptr;
        if (!path || path->dim(2) < 2) {
            m_seen.forget();
            m_field->forget();
            m_frame = {};
            showContent(false);
            return;
        }
        showContent(true);
        const SeenChannels::News news =
            m_seen.look(*frame, {QStringLiteral("trajectory"), QStringLiteral("data")});
        if (news == SeenChannels::News::Nothing) {
            return;
        }
        const bool other = news >= SeenChannels::News::Restarted;
        m_frame = *frame;
        // A slider at the end goes with the present.
        const bool follows = other || m_slider->value() == m_slider->maximum();
        {
            const QSignalBlocker quiet(m_slider);
            m_slider->setRange(0, static_cast<int>(path->dim(0)) - 1);
            if (follows && !m_clock.isActive()) {
                m_slider->setValue(m_slider->maximum());
            }
        }
        colour(*path);
        showEnds(*path);
        m_field->follow(m_frame, logSnr());
        showMoment();
    }
    void setTheme(const Theme& theme) override {
        FigureView::setTheme(theme);
        m_panes->setTheme(theme);
        m_moment->setFont(theme.font(11));
        m_moment->setMinimumWidth(theme.px(270));
        m_moment->setToolTip(tr("NFE: function evaluations so far, of the denoiser, a particle"));
        if (const Array* path = m_frame.snapshot ? floats(m_frame, "trajectory", 3) : nullptr) {
            showEnds(*path);
            showMoment();
        }
    }
    void fit() override { m_panes->fit(); }
    void paintTo(QPainter& painter, QSizeF size, double scale) override {
        paintTitled(painter, size, [&](QPainter& p, QSizeF room) {
            m_panes->paintTo(p, room, scale, static_cast<int>(m_panes->count()));
        });
    }

protected:
    void resizeEvent(QResizeEvent* event) override {
        FigureView::resizeEvent(event);
        arrange();
    }
    void showEvent(QShowEvent* event) override {
        FigureView::showEvent(event);
        showMoment();  // a texture that rested while hidden goes on
    }
    void fillSettings(QMenu& menu) override {
        auto* group = new QActionGroup(&menu);
        const QString looks[] = {tr("No field (1)"), tr("Field as arrows (2)"),
                                 tr("Field as a moving texture (3)")};
        for (int key = 1; key <= 3; ++key) {
            QAction* action = menu.addAction(looks[key - 1], this, [this, key] { setMode(key); });
            action->setCheckable(true);
            action->setChecked(static_cast<int>(m_field->look()) == key - 1);
            group->addAction(action);
        }
        QAction* score =
            menu.addAction(tr("Score in place of the velocity (4)"), this, [this] { setMode(4); });
        score->setCheckable(true);
        score->setChecked(m_field->score());
        menu.addSeparator();
    }

private:
    /// Side by side where there is room; else the ends above and the particles below.
    void arrange() {
        if (width() > 1.5 * height()) {
            m_panes->arrange({{0, 0, 0}, {1, 0, 1}, {2, 0, 2}}, {1});
        } else {
            m_panes->arrange({{0, 0, 0}, {1, 1, 0, 2}, {2, 0, 1}}, {2, 3});
        }
    }
    SceneWidget* plot(std::size_t i) const { return (*m_panes)[i]; }
    /// Where the first `count` particles are at the recorded times from .. to - 1, [to - from,
    /// count, 2].
    static std::vector<float> placesAt(const Array& path, Index from, Index to, Index count) {
        const Index n = path.dim(1), d = path.dim(2);
        const float* const all = path.values<float>().data();
        std::vector<float> out(static_cast<std::size_t>(2 * (to - from) * count));
        float* next = out.data();
        for (Index t = from; t < to; ++t) {
            const float* row = all + t * n * d;
            for (Index i = 0; i < count; ++i, row += d, next += 2) {
                next[0] = row[0];
                next[1] = row[1];
            }
        }
        return out;
    }
    /// Of all particles at one time, [N, 2].
    static Array placesAt(const Array& path, Index t) {
        return {{path.dim(1), 2}, placesAt(path, t, t + 1, path.dim(1))};
    }
    /// By the direction of the noise. Only the first have ways that are drawn, so that a move of
    /// the slider costs what the points cost.
    void colour(const Array& path) {
        const Array start = placesAt(path, 0);
        const auto xy = start.values<float>();
        std::vector<Index> sector;
        for (Index i = 0; i < start.dim(0); ++i) {
            const auto at = static_cast<std::size_t>(2 * i);
            const double turn = std::atan2(xy[at + 1], xy[at]) / (2 * std::numbers::pi) + 0.5;
            sector.push_back(std::clamp<Index>(
                std::isfinite(turn) ? static_cast<Index>(turn * kSectors) : 0, 0, kSectors - 1));
        }
        const Index ways = std::min(kTrails, path.dim(1));
        m_sector = Array({start.dim(0)}, sector);
        m_ways = Array({path.dim(0), ways, 2}, placesAt(path, 0, path.dim(0), ways));
        sector.resize(static_cast<std::size_t>(ways));
        m_waySector = Array({ways}, sector);
    }
    std::vector<render::Color> inks() const {
        std::vector<render::Color> out;
        for (int k = 0; k < kSectors; ++k) {
            out.push_back(toRender(theme().category(k)));
        }
        return out;
    }
    render::PointsLayer points(Array xy, Array category) const {
        render::PointsLayer layer{std::move(xy), std::move(category), inks(), {}};
        layer.size = layer.xy.dim(0) > kManyParticles ? 3 : 4;
        layer.opacity = 0.8F;
        return layer;
    }
    void showEnds(const Array& path) {
        const Array noise = placesAt(path, 0);
        plot(0)->figure().layers = {points(noise, m_sector)};
        const Array* rows = floats(m_frame, "data", 2);
        std::optional<render::Rect> home = boundsOf(noise, 0.005);
        plot(2)->figure().layers.clear();
        if (rows && rows->dim(1) >= 2) {
            render::PointsLayer layer{*rows, {}, {toRender(theme().secondary)}, {}};
            layer.size = 3;
            layer.opacity = 0.6F;
            plot(2)->figure().layers = {layer};
            if (const auto there = boundsOf(planeOf(*rows), 0.005); there && home) {
                home = render::Rect{std::min(home->x0, there->x0), std::min(home->y0, there->y0),
                                    std::max(home->x1, there->x1), std::max(home->y1, there->y1)};
            }
        }
        for (SceneWidget* each : m_panes->panes()) {
            if (home) {
                each->setHome(*home);
            }
            each->layersChanged();
        }
    }
    /// The particle with a way nearest to a click becomes a chosen one, or no longer is one.
    void choose(std::size_t pane, QPointF at) {
        const Array* path = m_frame.snapshot ? floats(m_frame, "trajectory", 3) : nullptr;
        if (!path) {
            return;
        }
        const QPointF click = plot(pane)->transform().map(at.x(), at.y());
        const Index t = pane == 0 ? 0 : pane == 1 ? shownTime(*path) : path->dim(0) - 1;
        double least = kNearPixels;
        Index nearest = -1;
        for (Index i = 0; i < m_ways.dim(1); ++i) {
            const QPointF place = placeIn(m_ways, t, i);
            const QPointF pixel = plot(pane)->transform().map(place.x(), place.y());
            const double apart = std::hypot(pixel.x() - click.x(), pixel.y() - click.y());
            if (apart < least) {
                least = apart;
                nearest = i;
            }
        }
        if (nearest < 0) {
            chooseNone();
            return;
        }
        const auto found = std::ranges::find(m_chosen, nearest);
        if (found != m_chosen.end()) {
            m_chosen.erase(found);
        } else {
            m_chosen.push_back(nearest);
            if (m_chosen.size() > kMostChosen) {
                m_chosen.erase(m_chosen.begin());  // the oldest
            }
        }
        showMoment();
    }
    void chooseNone() {
        if (!m_chosen.empty()) {
            m_chosen.clear();
            showMoment();
        }
    }
    /// Row i at time t of [T, N, d >= 2].
    static QPointF placeIn(const Array& path, Index t, Index i) {
        const auto at = static_cast<std::size_t>((t * path.dim(1) + i) * path.dim(2));
        const auto values = path.values<float>();
        return {static_cast<double>(values[at]), static_cast<double>(values[at + 1])};
    }
    /// Ways of as many times as the record; null where the run does not tell them.
    const Array* waysOf(const char* id) const {
        const Array* ways = floats(m_frame, id, 3);
        return ways && ways->dim(0) == m_ways.dim(0) && ways->dim(1) >= m_ways.dim(1) &&
                       ways->dim(2) >= 2
                   ? ways
                   : nullptr;
    }
    static std::vector<QPointF> lineOf(const Array& ways, Index last, Index i) {
        std::vector<QPointF> out;
        for (Index t = 0; t <= last; ++t) {
            out.push_back(placeIn(ways, t, i));
        }
        return out;
    }
    Index shownTime(const Array& path) const {
        return std::clamp<Index>(m_slider->value(), 0, path.dim(0) - 1);
    }
    /// What is said of the chosen particles, over the points of all.
    void showChosen(Index t) {
        const Index last = m_ways.dim(0) - 1;
        const Array *out = waysOf("trajectory.forward"), *clean = waysOf("trajectory.clean");
        for (SceneWidget* each : m_panes->panes()) {
            each->figure().overlay.clear();
            each->figure().legend.clear();
        }
        for (const Index i : m_chosen) {
            if (i >= m_ways.dim(1)) {
                continue;
            }
            const QColor ink = theme().category(
                static_cast<int>(m_waySector.values<Index>()[static_cast<std::size_t>(i)]));
            auto& now = plot(1)->figure().overlay;
            if (out) {
                now.emplace_back(CurveItem{lineOf(*out, last, i), ink, 1.4, Qt::DashLine});
            }
            now.emplace_back(CurveItem{lineOf(m_ways, t, i), ink, 2.4});
            const QPointF here = placeIn(m_ways, t, i);
            if (clean) {
                const QPointF there = placeIn(*clean, t, i);
                now.emplace_back(CurveItem{{here, there}, theme().secondary, 0.8});
                now.emplace_back(MarkerItem{there.x(), there.y(), render::Marker::Diamond, 10,
                                            theme().panel, ink});
            }
            const auto mark = [&](std::size_t pane, QPointF at) {
                plot(pane)->figure().overlay.emplace_back(
                    MarkerItem{at.x(), at.y(), render::Marker::Circle, 10, ink, theme().text});
            };
            mark(0, placeIn(m_ways, 0, i));
            mark(1, here);
            mark(2, placeIn(m_ways, last, i));
        }
        if (!m_chosen.empty()) {
            auto& legend = plot(1)->figure().legend;
            legend.push_back({tr("from noise"), theme().secondary});
            if (out) {
                legend.push_back({tr("to noise"), theme().secondary, {}, Qt::DashLine});
            }
            if (clean) {
                legend.push_back({tr("expected"), theme().secondary, render::Marker::Diamond});
            }
        }
        plot(0)->overlayChanged();
        plot(2)->overlayChanged();
    }
    void showMoment() {
        const Array* path = m_frame.snapshot ? floats(m_frame, "trajectory", 3) : nullptr;
        if (!path) {
            return;
        }
        const Index t = shownTime(*path);
        render::TrailsLayer trails;
        trails.xy = m_ways;
        trails.category = m_waySector;
        trails.colors = inks();
        trails.head = t;
        trails.opacity = m_chosen.empty() ? 0.45F : 0.15F;
        Figure& now = plot(1)->figure();
        now.layers.clear();
        now.layerParts.clear();
        m_field->addLayers(now, theme());
        now.nameLayers(QStringLiteral("ways"), tr("Ways"));
        now.layers.emplace_back(std::move(trails));
        now.nameLayers(QStringLiteral("particles"), tr("Particles"));
        now.layers.emplace_back(points(placesAt(*path, t), m_sector));
        showChosen(t);
        m_field->addLegend(now, theme());
        plot(1)->layersChanged();
        QString text = tr("record %1 of %2").arg(t + 1).arg(path->dim(0));
        const Array* at = floats(m_frame, "trajectory.time", 1);
        const Array* snr = floats(m_frame, "trajectory.log_snr", 1);
        if (at && snr && t < at->dim(0) && t < snr->dim(0)) {
            const auto row = static_cast<std::size_t>(t);
            text = tr("time %1, log SNR %2 nats")
                       .arg(formatShort(at->values<float>()[row], 3),
                            formatShort(snr->values<float>()[row], 3));
        }
        const Array* made = channel(m_frame, "trajectory.evaluations");
        if (made && made->dtype() == DType::I64 && made->count() == path->dim(0)) {
            text += tr(", NFE %1")
                        .arg(formatInteger(made->values<Index>()[static_cast<std::size_t>(t)]));
        }
        m_moment->setText(text);
    }

    LinkedPanes* m_panes = nullptr;
    ProcessField* m_field = nullptr;
    QToolButton* m_play;
    QSlider* m_slider;
    QLabel* m_moment;
    QTimer m_clock;
    Frame m_frame;
    Array m_sector, m_ways, m_waySector;
    std::vector<Index> m_chosen;  ///< of those with a way, in the order of choosing
    SeenChannels m_seen;
};

}  // namespace

View* makeNoiseToDataView(SessionBridge& bridge, QWidget* parent) {
    return new NoiseToDataView(bridge, parent);
}

}  // namespace lx::ui
