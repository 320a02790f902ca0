// SPDX-License-Identifier: GPL-3.0-or-later
// A field over the plane as a lit surface in space, with the points and trails of its space walking
// on it: an energy and its chains.
#include "core/render/colormap.h"
#include "core/render/palette.h"
#include "core/render/pick3.h"
#include "ui/bridge/seen_channels.h"
#include "ui/viewport/space_paint.h"
#include "ui/views/chain_channels.h"
#include "ui/views/figure_view.h"

#include <QActionGroup>
#include <QMenu>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>

namespace lx::ui {
namespace {

constexpr double kPickRadius = 8;
constexpr double kHeight = 0.5;  ///< of the box, in longer sides of its ground
constexpr double kUsualCut = 0.7, kTowering = 2.5;
constexpr double kElevation = 0.85;             ///< of the eye, radians: into the valleys
constexpr double kNarrowest = 0.25;             ///< shorter side of the ground, in longer ones
constexpr Index kFewPoints = 64;                ///< more cannot be told apart by colour
constexpr double kCuts[] = {1, 0.9, 0.7, 0.4};  ///< shares of the field below the box's lid

bool isField(const Array* a, const Array* extent) {
    if (!a || !extent || a->dtype() != DType::F32 || a->shape().size() != 2 || a->dim(0) < 2 ||
        a->dim(1) < 2 || extent->dtype() != DType::F32 || extent->count() != 4) {
        return false;
    }
    const auto e = extent->values<float>();
    return std::isfinite(e[0]) && std::isfinite(e[1]) && std::isfinite(e[2]) &&
           std::isfinite(e[3]) && e[2] > e[0] && e[3] > e[1];
}

/// [trails, states, d] as the renderer wants it, [states, trails, 2]; undefined for anything else.
Array byState(const Array* trails) {
    if (!trails || trails->dtype() != DType::F32 || trails->shape().size() != 3 ||
        trails->dim(2) < 2 || trails->dim(1) < 2 || trails->dim(0) < 1) {
        return {};
    }
    const Index count = trails->dim(0), states = trails->dim(1), d = trails->dim(2);
    const auto from = trails->values<float>();
    std::vector<float> out;
    out.reserve(static_cast<std::size_t>(2 * count * states));
    for (Index s = 0; s < states; ++s) {
        for (Index t = 0; t < count; ++t) {
            const auto at = static_cast<std::size_t>((t * states + s) * d);
            out.insert(out.end(), {from[at], from[at + 1]});
        }
    }
    return Array({states, count, 2}, out);
}

/// Opens the lid: values above `high` whose neighbours all are, too, become holes, so that one
/// looks into the valleys.
Array opened(const Array& field, double high) {
    const Index rows = field.dim(0), columns = field.dim(1);
    const auto values = field.values<float>();
    const auto above = [&](Index r, Index c) {
        return r < 0 || r >= rows || c < 0 || c >= columns ||
               !(values[static_cast<std::size_t>(r * columns + c)] <= high);
    };
    std::vector<float> out(values.begin(), values.end());
    for (Index r = 0; r < rows; ++r) {
        for (Index c = 0; c < columns; ++c) {
            bool all = above(r, c);
            for (Index k = 0; all && k < 9; ++k) {
                all = above(r + k / 3 - 1, c + k % 3 - 1);
            }
            if (all) {
                out[static_cast<std::size_t>(r * columns + c)] = NAN;
            }
        }
    }
    return Array({rows, columns}, out);
}

class SurfaceView : public FigureView {
public:
    SurfaceView(SessionBridge& bridge, QWidget* parent)
        : FigureView(bridge, parent), m_scene(new SceneWidget(rendererSource())) {
        setContent(m_scene);
        setEmptyText(tr("Press play: the surface appears after the first step."));
        connect(m_scene, &SceneWidget::hovered, this, &SurfaceView::hover);
        connect(m_scene, &SceneWidget::left, this, [this] { setMarks({}); });
        if (const Frame* frame = bridge.activeFrame()) {
            declare(*frame);  // its channels are asked for before the first frame
        }
    }

    QString title() const override {
        const QString field = m_field.isEmpty() ? tr("Surface") : nameOf(m_field);
        return !m_points.defined() ? tr("%1 as a surface").arg(field)
               : m_particles       ? tr("%1 as a surface, particles on it").arg(field)
                                   : tr("%1 as a surface, chains on it").arg(field);
    }
    QStringList channels() const override { return m_channels; }
    QString explanation() const override {
        return tr(
            "A function of the plane as a landscape: its value is the height. For an energy, low "
            "ground is probable and walls are not; the chains that sample it walk on the surface, "
            "each with a trail that fades.\n\n"
            "Drag to turn, Shift-drag to move, the wheel zooms; lines join equal values. The "
            "highest ground is cut off, or one wall would flatten all else: the gear menu says "
            "where.\n\n"
            "Worry when chains stay in one valley while others are as deep, or when they climb "
            "where no probability is: the steps are too small, or too large.");
    }

    void present(std::span<const Frame> frames) override {
        const Frame* frame = frames.empty() ? nullptr : &frames.front();
        if (frame) {
            declare(*frame);
        }
        const std::string id = m_field.toStdString();
        const Array* field = frame ? channel(*frame, id) : nullptr;
        const Array* extent = frame ? channel(*frame, id + ".extent") : nullptr;
        if (!isField(field, extent)) {
            forget();
            showContent(false);
            return;
        }
        showContent(true);
        if (m_seen.look(*frame, m_channels) == SeenChannels::News::Nothing) {
            return;
        }
        if (m_seenField.look(*frame, {m_field}) != SeenChannels::News::Nothing) {
            takeField(*field, *extent);
        }
        const bool had = m_points.defined();
        takePoints(*frame);
        rebuild();
        if (had != m_points.defined()) {
            Q_EMIT titleChanged();
        }
    }

    void setTheme(const Theme& theme) override {
        FigureView::setTheme(theme);
        m_scene->setTheme(theme);
        rebuild();
    }
    void fit() override { lookFrom(kElevation, {}); }
    bool setMode(int mode) override {
        if (mode != 1 && mode != 2) {
            return false;
        }
        if (mode == 1) {
            lookFrom(kElevation, {});
        } else {
            lookFrom(std::numbers::pi / 2, -std::numbers::pi / 2);
        }
        return true;
    }
    void paintTo(QPainter& painter, QSizeF size, double scale) override {
        m_scene->figure().title = title();
        m_scene->paintTo(painter, size, scale);
    }
    QJsonObject state() const override {
        QJsonObject out = FigureView::state();
        out.insert(QStringLiteral("field"), m_chosen);
        out.insert(QStringLiteral("cut"), m_cut);
        out.insert(QStringLiteral("coloured"), m_coloured);
        return out;
    }
    void restore(const QJsonObject& state) override {
        FigureView::restore(state);
        m_chosen = state.value(QStringLiteral("field")).toString();
        m_cut = std::clamp(state.value(QStringLiteral("cut")).toInt(-1), -1,
                           static_cast<int>(std::size(kCuts)) - 1);
        m_coloured = state.value(QStringLiteral("coloured")).toBool(true);
        renew();
    }

protected:
    void fillSettings(QMenu& menu) override {
        const auto choice = [&](QMenu& in, const QString& text, bool on, auto change) {
            QAction* action = in.addAction(text);
            action->setCheckable(true);
            action->setChecked(on);
            connect(action, &QAction::triggered, this, change);
        };
        if (m_fields.size() > 1) {
            QMenu* fields = menu.addMenu(tr("Show"));
            for (const QString& id : m_fields) {
                choice(*fields, nameOf(id), id == m_field, [this, id] {
                    m_chosen = id;
                    renew();
                    Q_EMIT titleChanged();
                });
            }
        }
        QMenu* cuts = menu.addMenu(tr("Cut off"));
        choice(*cuts, tr("as fits the field"), m_cut < 0, [this] { setCut(-1); });
        for (int i = 0; i < static_cast<int>(std::size(kCuts)); ++i) {
            const auto percent = static_cast<int>(std::lround(100 * (1 - kCuts[i])));
            choice(*cuts, i == 0 ? tr("nothing") : tr("the highest %1 %").arg(percent), m_cut == i,
                   [this, i] { setCut(i); });
        }
        choice(menu, tr("Heights as colours"), m_coloured, [this](bool on) {
            m_coloured = on;
            rebuild();
        });
        menu.addAction(tr("From the side (1)"), this, [this] { setMode(1); });
        menu.addAction(tr("From above (2)"), this, [this] { setMode(2); });
    }

private:
    void lookFrom(double elevation, std::optional<double> azimuth) {
        if (m_scene->figure().space) {
            m_scene->resetCamera();
            render::Camera& camera = m_scene->figure().space->camera;
            camera.elevation = elevation;
            camera.azimuth = azimuth.value_or(camera.azimuth);
            m_scene->layersChanged();
        }
    }

    /// "sample_density" as words.
    static QString nameOf(const QString& id) {
        QString name = id;
        name.replace(QLatin1Char('_'), QLatin1Char(' '));
        return name.isEmpty() ? name : name.at(0).toUpper() + name.mid(1);
    }

    /// The fields, points and trails that the run declares.
    void declare(const Frame& frame) {
        m_fields.clear();
        std::string space = "target";
        for (const ChannelDecl* decl : channelsOfKind(frame, "grid2")) {
            m_fields.push_back(QString::fromStdString(decl->id));
        }
        m_field = m_fields.contains(m_chosen) ? m_chosen : m_fields.value(0);
        m_unit.clear();
        for (const ChannelDecl* decl : channelsOfKind(frame, "grid2")) {
            if (decl->id == m_field.toStdString()) {
                m_unit = QString::fromStdString(decl->unit);
                space = decl->space.empty() ? space : decl->space;
            }
        }
        const auto firstOf = [&](const char* kind) {
            for (const ChannelDecl* decl : channelsOfKind(frame, kind)) {
                if (decl->space == space) {
                    return QString::fromStdString(decl->id);
                }
            }
            return QString();
        };
        m_pointsId = firstOf("points2");
        m_trailsId = firstOf("trails");
        QStringList wanted{m_field, m_pointsId, m_trailsId};
        wanted.removeAll(QString());
        if (wanted != m_channels) {
            m_channels = wanted;
            forget();
            Q_EMIT channelsChanged();
        }
    }

    void takeField(const Array& field, const Array& extent) {
        m_values = field;
        const auto e = extent.values<float>();
        m_place = {e[0], e[1], e[2], e[3]};
        m_sorted.clear();
        std::ranges::copy_if(field.values<float>(), std::back_inserter(m_sorted),
                             [](float v) { return std::isfinite(v); });
        std::ranges::sort(m_sorted);
        cut();
    }
    void cut() { m_opened = m_values.defined() ? opened(m_values, heights().second) : Array(); }

    void takePoints(const Frame& frame) {
        const Array* points = channel(frame, m_pointsId.toStdString());
        const bool drawn = points && points->dtype() == DType::F32 && points->shape().size() == 2 &&
                           points->dim(1) >= 2 && points->dim(0) > 0;
        m_points = drawn ? *points : Array();
        m_particles = frame.description && areParticles(*frame.description);
        m_trails = byState(channel(frame, m_trailsId.toStdString()));
    }

    /// The field's lowest value and the box's lid. Where walls tower over the rest, three tenths of
    /// the field are cut off unless somebody wants more or less.
    std::pair<double, double> heights() const {
        if (m_sorted.empty()) {
            return {0, 1};
        }
        const double low = m_sorted.front(), top = m_sorted.back();
        const auto last = static_cast<double>(m_sorted.size() - 1);
        const auto below = [&](double share) {
            return static_cast<double>(
                m_sorted[static_cast<std::size_t>(std::lround(share * last))]);
        };
        const double usual = below(kUsualCut);
        const double high = m_cut >= 0                              ? below(kCuts[m_cut])
                            : top - low > kTowering * (usual - low) ? usual
                                                                    : top;
        return {low, high > low ? high : low + std::max(1.0, std::abs(low) * 1e-3)};
    }

    render::Surface3 surface() const {
        const bool dark = theme().dark();
        const auto [low, high] = heights();
        render::Surface3 out;
        out.values = m_opened;
        out.place = m_place;
        out.low = low;
        out.high = high;
        out.map = theme().sequentialMap();
        if (!m_coloured) {
            out.map.stops = {render::fromHex(dark ? 0x3A404A : 0xC9CED6),
                             render::fromHex(dark ? 0x6A7382 : 0xF4F5F7)};
        }
        out.isoLines = 14;
        const bool light = m_coloured ? !dark : dark;
        out.isoColor = light ? render::Color{1, 1, 1, m_coloured ? 0.45F : 0.3F}
                             : render::Color{0, 0, 0, m_coloured ? 0.4F : 0.25F};
        return out;
    }

    /// One each while they can be told apart by it; else `many` for all.
    std::vector<render::Color> chainColors(Index count, render::Color many) const {
        if (count > kFewPoints) {
            return {many};
        }
        const auto colors =
            render::chainColors(theme().dark() ? render::Theme::Dark : render::Theme::Light);
        return {colors.begin(), colors.end()};
    }

    void rebuild() {
        if (!m_values.defined()) {
            return;
        }
        Figure& figure = m_scene->figure();
        SpaceFigure space;
        const auto [low, high] = heights();
        const double width = m_place.x1 - m_place.x0, depth = m_place.y1 - m_place.y0;
        const double longer = std::max(width, depth);
        space.box = {
            {m_place.x0, m_place.y0, low},
            {m_place.x1, m_place.y1, high},
            {std::max(width / longer, kNarrowest), std::max(depth / longer, kNarrowest), kHeight}};
        space.labels = {QStringLiteral("x1"), QStringLiteral("x2"),
                        m_unit.isEmpty() ? nameOf(m_field)
                                         : QStringLiteral("%1 (%2)").arg(nameOf(m_field), m_unit)};
        space.solids.push_back(surface());
        figure.layerParts = {{QStringLiteral("surface"), nameOf(m_field), 0}};
        if (m_trails.defined()) {
            render::Trails3 trails;
            trails.points = m_trails;
            trails.colors =
                chainColors(m_trails.dim(1), toRender(m_coloured ? theme().text : theme().model));
            trails.drape = 0;
            trails.width = 2;
            figure.layerParts.push_back(
                {QStringLiteral("trails"), tr("Trails"), space.solids.size()});
            space.solids.push_back(std::move(trails));
        }
        m_cloud = {};
        if (m_points.defined()) {
            const Index count = m_points.dim(0);
            m_cloud.xyz = m_points;
            m_cloud.colors = chainColors(
                count, m_coloured ? render::Color{1, 1, 1, 1} : toRender(theme().model));
            m_cloud.markers = {render::Marker::Circle};
            if (m_cloud.colors.size() > 1) {
                std::vector<Index> chain(static_cast<std::size_t>(count));
                for (std::size_t i = 0; i < chain.size(); ++i) {
                    chain[i] = static_cast<Index>(i);
                }
                m_cloud.category = Array({count}, chain);
            }
            m_cloud.size = count > 2000 ? 3.5F : count > kFewPoints ? 5.0F : 9.0F;
            m_cloud.drape = 0;
            if (m_coloured) {
                // Light and dark together stand out on every ground, dark valley or bright ridge.
                const bool few = count <= kFewPoints;
                m_cloud.rim = few ? render::Color{1, 1, 1, 1} : render::fromHex(0x101418);
                m_cloud.rimWidth = few ? 1.5F : 1.0F;
            }
            figure.layerParts.push_back({QStringLiteral("chains"),
                                         m_particles ? tr("Particles") : tr("Chains"),
                                         space.solids.size()});
            space.solids.push_back(m_cloud);
        }
        space.camera.elevation = kElevation;
        if (figure.space) {
            space.marks = figure.space->marks;
        }
        m_scene->setSpace(std::move(space));
    }

    void setMarks(std::vector<SpaceMark> marks) {
        Figure& figure = m_scene->figure();
        if (figure.space && !(marks.empty() && figure.space->marks.empty())) {
            figure.space->marks = std::move(marks);
            m_scene->overlayChanged();
        }
    }

    /// A chain under the mouse, else the value of the surface there.
    void hover(QPointF at) {
        if (!m_scene->figure().space) {
            return;
        }
        const render::Space space = spaceOf(*m_scene->figure().space, theme(), 1);
        const QPointF cursor = m_scene->plotPixel(at);
        const auto number = [](double v) { return QString::number(v, 'g', 4); };
        if (m_points.defined()) {
            if (const auto hit = render::pickPoint(space, m_cloud, m_scene->plotPixels(), 1,
                                                   cursor.x(), cursor.y(), kPickRadius)) {
                setMarks({{.at = hit->at,
                           .marker = render::Marker::Circle,
                           .size = 13,
                           .edge = theme().text,
                           .text = tr("chain %1: x = (%2, %3), %4 %5")
                                       .arg(hit->index)
                                       .arg(number(hit->at[0]), number(hit->at[1]),
                                            number(hit->at[2]), m_unit)
                                       .trimmed(),
                           .boxed = true}});
                return;
            }
        }
        const auto hit =
            render::pickSurface(space, surface(), m_scene->plotPixels(), cursor.x(), cursor.y());
        if (!hit) {
            setMarks({});
            return;
        }
        setMarks(
            {{.at = hit->at,
              .marker = render::Marker::Plus,
              .size = 11,
              .fill = theme().text,
              .edge = theme().panel,
              .text = tr("x = (%1, %2), %3 %4")
                          .arg(number(hit->at[0]), number(hit->at[1]), number(hit->value), m_unit)
                          .trimmed(),
              .boxed = true}});
    }

    void setCut(int cut) {
        m_cut = cut;
        this->cut();
        rebuild();
    }
    void forget() {
        m_seen.forget();
        m_seenField.forget();
    }
    /// Reads everything again: another field was chosen.
    void renew() {
        forget();
        present(bridge().frames());
    }

    SceneWidget* m_scene;
    QStringList m_channels, m_fields;
    QString m_chosen, m_field, m_unit, m_pointsId, m_trailsId;
    SeenChannels m_seen, m_seenField;
    Array m_values, m_opened, m_points, m_trails;
    bool m_particles = false;     ///< the points; else chains
    std::vector<float> m_sorted;  ///< finite values of the field
    render::Rect m_place;
    render::PointCloud3 m_cloud;
    int m_cut = -1;  ///< number in kCuts; -1: by the unit
    bool m_coloured = true;
};

}  // namespace

View* makeSurfaceView(SessionBridge& bridge, QWidget* parent) {
    return new SurfaceView(bridge, parent);
}

}  // namespace lx::ui
