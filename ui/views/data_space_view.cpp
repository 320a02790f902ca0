// SPDX-License-Identifier: GPL-3.0-or-later
// Views of data space: pictures as tiles, two-dimensional data as points.
#include "core/session/samples.h"
#include "ui/bridge/seen_channels.h"
#include "ui/shell/numbers.h"
#include "ui/viewport/ticks.h"
#include "ui/views/code_layers.h"
#include "ui/views/figure_view.h"
#include "ui/views/outline.h"
#include "ui/views/scene_pick.h"
#include "ui/views/tile_grid.h"

#include <QActionGroup>
#include <QMenu>
#include <QStackedWidget>

#include <algorithm>

namespace lx::ui {
namespace {

constexpr Index kMaxTiles = 400, kMaxPairs = 200;
constexpr Index kMaxSprites = 20000;

bool isImages(const Array* a) {
    return a && a->dtype() == DType::F32 && a->shape().size() == 3 && a->count() > 0;
}
bool isPoints(const Array* a) {
    return a && a->dtype() == DType::F32 && a->shape().size() == 2 && a->count() > 0;
}

/// Tiles or a scatter, whatever the channel holds.
class DataSpaceView : public FigureView {
public:
    DataSpaceView(SessionBridge& bridge, QWidget* parent, int wanted)
        : FigureView(bridge, parent),
          m_pages(new QStackedWidget),
          m_tiles(new TileGrid),
          m_scene(new SceneWidget(rendererSource())) {
        m_tiles->setWanted(wanted);
        m_pages->addWidget(m_tiles);
        m_pages->addWidget(m_scene);
        setContent(m_pages);
        m_scene->figure().equalAspect = true;
        m_scene->figure().xLabel = QStringLiteral("x1");
        m_scene->figure().yLabel = QStringLiteral("x2");
        connect(m_scene, &SceneWidget::hovered, this, [this](QPointF at) {
            const QPointF pixel = m_scene->toPixel(at.x(), at.y());
            showPick(pickScene(m_scene->figure(), m_scene->shown(), m_scene->plotRect(), pixel));
        });
        connect(m_scene, &SceneWidget::left, this, [this] { showPick({}); });
    }

    /// Those that are drawn; `channels` may need more.
    virtual QStringList content() const = 0;
    QStringList channels() const override { return content(); }

    void present(std::span<const Frame> frames) override {
        const Frame* frame = frames.empty() ? nullptr : &frames.front();
        if (!frame || !hasContent(*frame)) {
            m_seen.forget();
            showContent(false);
            return;
        }
        showContent(true);
        const SeenChannels::News news = m_seen.look(*frame, content());
        if (news == SeenChannels::News::Nothing) {
            return;
        }
        m_frame = *frame;
        m_pages->setCurrentWidget(drawsImages(m_frame) ? static_cast<QWidget*>(m_tiles) : m_scene);
        refresh();
        if (news == SeenChannels::News::OtherRun) {
            m_scene->fit();
            Q_EMIT titleChanged();
        }
    }
    void setTheme(const Theme& theme) override {
        FigureView::setTheme(theme);
        m_tiles->setTheme(theme);
        m_scene->setTheme(theme);
        refresh();
    }
    void fit() override { m_scene->fit(); }
    std::vector<DataTable> tables() const override {
        if (!m_frame.snapshot || !drawsImages(m_frame)) {
            return FigureView::tables();
        }
        std::vector<DataTable> out;
        for (const QString& id : content()) {
            if (const Array* shown = channel(m_frame, id.toStdString());
                shown && shown->shape().size() > 0) {
                const bool pixels = shown->shape().size() == 3;
                DataTable table(id, shown->dim(0));
                table.add(*shown, {pixels ? tr("pixel") : id}, unitOf(id));
                out.push_back(std::move(table));
            }
        }
        return out;
    }
    void paintTo(QPainter& painter, QSizeF size, double scale) override {
        if (m_frame.snapshot && drawsImages(m_frame)) {
            paintTitled(painter, size,
                        [this](QPainter& p, QSizeF room) { m_tiles->paintTo(p, room); });
        } else {
            m_scene->figure().title = title();
            m_scene->paintTo(painter, size, scale);
        }
    }

protected:
    virtual bool hasContent(const Frame&) const = 0;
    virtual bool drawsImages(const Frame&) const = 0;
    virtual void fillTiles(const Frame&, std::vector<TileGrid::Tile>&) = 0;
    /// Of the tiles, where they come from several laws.
    virtual std::vector<TileGrid::Section> sections(const Frame&) const { return {}; }
    virtual void fillFigure(const Frame&, Figure&) = 0;

    void refresh() {
        if (!m_frame.snapshot) {
            return;
        }
        if (drawsImages(m_frame)) {
            std::vector<TileGrid::Tile> tiles;
            fillTiles(m_frame, tiles);
            m_tiles->setTiles(std::move(tiles), sections(m_frame));
        } else {
            Figure& figure = m_scene->figure();
            figure.layers.clear();
            figure.overlay.clear();
            figure.legend.clear();
            fillFigure(m_frame, figure);
            m_own = figure.overlay.size();
            m_scene->layersChanged();
        }
    }
    /// Data teal circles, model violet squares; density where sprites would be too many.
    void addPoints(Figure& figure, const Array& points, bool model, float opacity) {
        const Array xy = planeOf(points);
        if (!xy.defined()) {
            return;
        }
        const QColor color = model ? theme().model : theme().data;
        const QString part = model ? QStringLiteral("model") : QStringLiteral("data");
        figure.nameLayers(part, model ? tr("Model") : tr("Data"));
        const CodePoints drawn{xy,
                               Array(),
                               Array(),
                               1,
                               color,
                               model ? render::Marker::Square : render::Marker::Circle,
                               xy.dim(0) > 4000 ? 3.0F : 4.0F,
                               opacity};
        for (render::Layer& layer : codeLayers(drawn, {-1, model ? nullptr : chosen()}, theme(),
                                               xy.dim(0) > kMaxSprites)) {
            figure.layers.push_back(std::move(layer));
        }
        figure.legend.push_back({model ? tr("model") : tr("data"), color,
                                 model ? render::Marker::Square : render::Marker::Circle,
                                 Qt::SolidLine, false, part});
    }
    QString unitOf(const QString& id) const {
        if (m_frame.description) {
            for (const ChannelDecl& decl : m_frame.description->channels) {
                if (decl.id == id.toStdString()) {
                    return QString::fromStdString(decl.unit);
                }
            }
        }
        return {};
    }
    void setHomeAround(const Array& points) {
        if (const auto bounds = boundsOf(planeOf(points), 0.001, 0.1)) {
            m_scene->setHome(*bounds);
        }
    }
    void fillSettings(QMenu& menu) override {
        if (!m_frame.snapshot || !drawsImages(m_frame)) {
            return;
        }
        auto* group = new QActionGroup(&menu);
        for (const int count : {8, 16, 36, 64, 100, 196}) {
            QAction* action = menu.addAction(tr("About %1 tiles").arg(count));
            action->setCheckable(true);
            action->setChecked(count == m_tiles->wanted());
            group->addAction(action);
            connect(action, &QAction::triggered, this,
                    [this, count] { m_tiles->setWanted(count); });
        }
    }

    /// More about the point under the mouse, below its place; empty: nothing.
    virtual QString noteOf(const ScenePick&) const { return {}; }
    /// The rows selected in all views, where row i drawn here is the datum of code i.
    virtual std::shared_ptr<const Selection> chosen() const { return nullptr; }

    QStackedWidget* m_pages;
    TileGrid* m_tiles;
    SceneWidget* m_scene;
    Frame m_frame;
    SeenChannels m_seen;

private:
    void showPick(const std::optional<ScenePick>& pick) {
        Figure& figure = m_scene->figure();
        figure.overlay.resize(std::min(m_own, figure.overlay.size()), MarkerItem{});
        if (pick && pick->kind == ScenePick::Kind::Point && pick->item < figure.layers.size()) {
            figure.overlay.push_back(
                MarkerItem{pick->at[0], pick->at[1], render::Marker::Circle, 11, {}, theme().text});
            const QString note = noteOf(*pick);
            figure.overlay.push_back(
                TextItem{pick->at[0], pick->at[1],
                         pickText(*pick) + (note.isEmpty() ? note : QLatin1Char('\n') + note),
                         theme().text, QPointF(12, -14), 11, true});
        }
        m_scene->overlayChanged();
    }

    std::size_t m_own = 0;  ///< overlay items of the figure itself
};

class ReconstructionsView : public DataSpaceView {
public:
    ReconstructionsView(SessionBridge& bridge, QWidget* parent)
        : DataSpaceView(bridge, parent, 16) {
        setEmptyText(tr("Press play: reconstructions appear after the first step."));
        m_tiles->setRowNames({tr("original"), tr("decoded"), tr("nats")});
    }
    QString title() const override {
        return m_frame.snapshot && !drawsImages(m_frame)
                   ? tr("Reconstructions: data, what came back, and the way between")
                   : tr("Reconstructions: originals above, worst first, error in nats");
    }
    QStringList content() const override {
        return {QStringLiteral("originals"), QStringLiteral("reconstructions"),
                QStringLiteral("reconstruction_error")};
    }
    QString explanation() const override {
        return tr(
            "Held data and what the model makes of it after passing through the code. The "
            "worst come first; below each pair stands its error in nats.\n\n"
            "Look for what is lost: fine texture goes first, then whole parts. Blur means "
            "that one code stands for many pictures.\n\n"
            "Worry when reconstructions all look alike (the code is ignored), or when one "
            "kind of data fills the first rows: the model neglects it.");
    }

protected:
    bool hasContent(const Frame& f) const override {
        const Array *a = channel(f, "originals"), *b = channel(f, "reconstructions");
        return a && b && std::ranges::equal(a->shape(), b->shape()) &&
               (isImages(a) || isPoints(a)) && a->dtype() == b->dtype();
    }
    bool drawsImages(const Frame& f) const override { return isImages(channel(f, "originals")); }
    void fillTiles(const Frame& f, std::vector<TileGrid::Tile>& out) override {
        const Array &originals = *channel(f, "originals"), &back = *channel(f, "reconstructions");
        const Array* errors = channel(f, "reconstruction_error");
        const bool known =
            errors && errors->dtype() == DType::F32 && errors->count() == originals.dim(0);
        for (Index i = 0; i < std::min(originals.dim(0), kMaxPairs); ++i) {
            TileGrid::Tile tile{
                tileImage(originals, i, theme()), tileImage(back, i, theme()), {}, {}};
            if (known) {
                const double error = errors->values<float>()[static_cast<std::size_t>(i)];
                tile.caption = tickLabel(error, std::abs(error) < 100 ? 1 : 0);
                tile.tip = tr("reconstruction error %1 nats, rank %2 from the worst")
                               .arg(tickLabel(error, 2))
                               .arg(i + 1);
            }
            out.push_back(std::move(tile));
        }
    }
    void fillFigure(const Frame& f, Figure& figure) override {
        const Array a = planeOf(*channel(f, "originals"));
        const Array b = planeOf(*channel(f, "reconstructions"));
        SegmentsItem residuals{{}, theme().secondary, 0.7};
        const auto from = a.values<float>(), to = b.values<float>();
        const auto count = static_cast<std::size_t>(std::min<Index>(a.dim(0), 2000));
        for (std::size_t i = 0; i < count; ++i) {
            residuals.lines.emplace_back(from[2 * i], from[2 * i + 1], to[2 * i], to[2 * i + 1]);
        }
        figure.nameOverlay(QStringLiteral("residuals"), tr("Residuals"));
        figure.overlay.push_back(std::move(residuals));
        addPoints(figure, a, false, 0.9F);
        addPoints(figure, b, true, 0.9F);
        figure.legend.back().text = tr("reconstruction");
        setHomeAround(a);
    }
};

class SamplesView : public DataSpaceView {
public:
    SamplesView(SessionBridge& bridge, QWidget* parent) : DataSpaceView(bridge, parent, 64) {
        setEmptyText(tr("Press play: draws from the model appear after the first step."));
    }
    QString title() const override {
        if (m_frame.snapshot && !drawsImages(m_frame)) {
            return tr("Samples and data");
        }
        const Frame* run = bridge().activeFrame();
        const bool codes = !run || !run->description ||
                           std::ranges::find(run->description->spaces, "latent", &SpaceDecl::id) !=
                               run->description->spaces.end();
        if (m_frame.snapshot && laws(m_frame).size() > 1) {
            return tr("Samples: decoded draws of three laws of codes");
        }
        return codes ? tr("Samples: decoded draws of the prior") : tr("Samples of the model");
    }
    QStringList content() const override {
        return {QStringLiteral("samples"), QStringLiteral("mixture_samples"),
                QStringLiteral("riemannian_samples"), QStringLiteral("data")};
    }
    QString explanation() const override {
        return tr(
            "New data: codes drawn from the prior and decoded.\n\n"
            "Good samples look like the data and are as varied. Two-dimensional samples "
            "(violet squares) should cover the data (teal circles) with the same "
            "density.\n\n"
            "Worry about mixtures of two classes, about classes that never come, and about "
            "bridges between clusters: the prior puts weight where no data was encoded.\n\n"
            "Of an energy they are the chains of training, the oldest first; the number below each "
            "is the training steps since it began.\n\n"
            "Under the mouse stands the key of a sample: File, Generate samples makes it again "
            "from "
            "key and row.\n\n"
            "A run with a metric of its codes shows two more laws beside the prior: Gaussians "
            "fitted to the codes, and the uniform law of the metric's volume, which is large at "
            "codes.");
    }

protected:
    bool hasContent(const Frame& f) const override {
        return isImages(channel(f, "samples")) || isPoints(channel(f, "samples"));
    }
    bool drawsImages(const Frame& f) const override { return isImages(channel(f, "samples")); }
    void fillTiles(const Frame& f, std::vector<TileGrid::Tile>& out) override {
        const std::vector<Law> all = laws(f);
        for (const Law& law : all) {
            for (Index i = 0; i < std::min(law.rows->dim(0), kMaxTiles); ++i) {
                QStringList tip;
                if (all.size() > 1) {
                    tip << law.title;
                }
                if (law.rows == channel(f, "samples")) {
                    tip << keyText(f, i);
                }
                const std::optional<Index> age =
                    m_agesShown && law.rows == channel(f, "samples") ? ageOf(f, i) : std::nullopt;
                out.push_back({tileImage(*law.rows, i, theme()),
                               {},
                               age ? formatInteger(*age) : QString(),
                               tip.join(QLatin1Char('\n'))});
            }
        }
        const bool aged = m_agesShown && ageOf(f, 0);
        m_tiles->setRowNames(aged ? QStringList{{}, {}, tr("age")} : QStringList());
    }
    std::vector<TileGrid::Section> sections(const Frame& f) const override {
        std::vector<TileGrid::Section> out;
        for (const Law& law : laws(f)) {
            out.push_back({law.title, static_cast<int>(std::min(law.rows->dim(0), kMaxTiles))});
        }
        return out;
    }
    void fillFigure(const Frame& f, Figure& figure) override {
        const Array* shown = channel(f, "data");
        if (isPoints(shown)) {
            addPoints(figure, *shown, false, 0.55F);
        }
        m_drawn = figure.layers.size();
        addPoints(figure, *channel(f, "samples"), true, 0.75F);
        setHomeAround(isPoints(shown) ? *shown : *channel(f, "samples"));
    }
    QString noteOf(const ScenePick& pick) const override {
        return pick.item < m_drawn ? QString() : keyText(m_frame, pick.index);
    }
    void fillSettings(QMenu& menu) override {
        DataSpaceView::fillSettings(menu);
        if (m_frame.snapshot && drawsImages(m_frame) && ageOf(m_frame, 0)) {
            QAction* ages = menu.addAction(tr("Ages of the chains"));
            ages->setCheckable(true);
            ages->setChecked(m_agesShown);
            connect(ages, &QAction::toggled, this, [this](bool on) {
                m_agesShown = on;
                refresh();
            });
        }
    }

private:
    /// Where sample `row` comes from: the key that makes it again, or the age of its chain.
    static QString keyText(const Frame& f, Index row) {
        const auto at = static_cast<std::size_t>(row);
        const Array* keys = channel(f, "samples.keys");
        if (keys && keys->dtype() == DType::I64 && keys->shape().size() == 2 && keys->dim(1) == 3 &&
            row < keys->dim(0)) {
            const auto k = keys->values<Index>().subspan(3 * at, 3);
            const Key key{static_cast<std::uint64_t>(k[0]), static_cast<std::uint64_t>(k[1])};
            return tr("key %1, row %2").arg(QString::fromStdString(lx::textOf(key))).arg(k[2]);
        }
        const std::optional<Index> age = ageOf(f, row);
        return age ? tr("a chain of training, begun %1 steps ago").arg(formatInteger(*age))
                   : QString();
    }
    /// Training steps since the chain of sample `row` began, where the samples are chains.
    static std::optional<Index> ageOf(const Frame& f, Index row) {
        const Array* ages = channel(f, "samples.ages");
        if (!ages || ages->dtype() != DType::F32 || row >= ages->count()) {
            return {};
        }
        return static_cast<Index>(ages->values<float>()[static_cast<std::size_t>(row)]);
    }
    struct Law {
        QString title;
        const Array* rows = nullptr;
    };
    /// The prior, and what else the run draws codes from.
    static std::vector<Law> laws(const Frame& f) {
        std::vector<Law> out;
        for (const auto& [id, title] :
             {std::pair("samples", tr("N(0, I)")),
              std::pair("mixture_samples", tr("mixture of Gaussians")),
              std::pair("riemannian_samples", tr("volume of the metric"))}) {
            if (const Array* rows = channel(f, id); isImages(rows)) {
                out.push_back({title, rows});
            }
        }
        return out;
    }

    std::size_t m_drawn = 0;  ///< layers below those of the samples
    bool m_agesShown = true;
};

class DataView : public DataSpaceView {
public:
    DataView(SessionBridge& bridge, QWidget* parent) : DataSpaceView(bridge, parent, 100) {
        setEmptyText(tr("The data appears when a run has been opened."));
        ExploreState& explore = bridge.explore();
        connect(&explore, &ExploreState::selectionChanged, this, [this] {
            Q_EMIT channelsChanged();
            refresh();
        });
        connect(&explore, &ExploreState::toolChanged, this, [this] {
            m_scene->setDragShape(dragShapeOf(this->bridge().explore()));
            Q_EMIT channelsChanged();
        });
        m_scene->setDragShape(dragShapeOf(explore));
        connect(m_scene, &SceneWidget::outlined, this,
                [this](const QPolygonF& outline, Qt::KeyboardModifiers keys) {
                    const Array* shown = channel(m_frame, "data");
                    if (isPoints(shown)) {
                        select(rowsUnder(outline, *m_scene, planeOf(*shown), Array()), keys);
                    }
                });
        connect(m_tiles, &TileGrid::tileClicked, this,
                [this](int tile, Qt::KeyboardModifiers keys) {
                    if (this->bridge().explore().tool() == Tool::Select) {
                        select({tile}, keys);
                    }
                });
    }
    QString title() const override { return tr("Data: training examples"); }
    QStringList content() const override { return {QStringLiteral("data")}; }
    /// The codes tell whether rows selected elsewhere are rows of this data.
    void present(std::span<const Frame> frames) override {
        const Description* run = frames.empty() ? nullptr : frames.front().description.get();
        const bool none = run && std::ranges::none_of(run->channels, [](const ChannelDecl& c) {
                              return c.id == "data";
                          });
        setEmptyText(!run   ? tr("The data appears when a run has been opened.")
                     : none ? tr("This run has no data: it works on a function that is given.")
                            : tr("The data appears in a moment."));
        DataSpaceView::present(frames);
    }
    QStringList channels() const override {
        const ExploreState& explore = bridge().explore();
        return explore.tool() != Tool::Select && explore.selection()->empty()
                   ? content()
                   : content() << QStringLiteral("codes") << QStringLiteral("labels");
    }
    void cancelGesture() override {
        if (m_scene->outlining()) {
            m_scene->cancelOutline();
        } else {
            bridge().explore().clearSelection();
        }
    }
    QString explanation() const override {
        return tr(
            "The training examples themselves, as the model receives them.\n\n"
            "Compare them with the reconstructions and the samples.\n\n"
            "Worry when they do not look as you expect: inverted, cut or scaled data "
            "explains many strange models.");
    }

protected:
    bool hasContent(const Frame& f) const override {
        return isImages(channel(f, "data")) || isPoints(channel(f, "data"));
    }
    bool drawsImages(const Frame& f) const override { return isImages(channel(f, "data")); }
    void fillTiles(const Frame& f, std::vector<TileGrid::Tile>& out) override {
        const Array& shown = *channel(f, "data");
        const auto rows = chosen();
        for (Index i = 0; i < std::min(shown.dim(0), kMaxTiles); ++i) {
            const bool in = rows && rows->contains(i);
            out.push_back({tileImage(shown, i, theme()), {}, {}, {}, rows && !in, in});
        }
    }
    void fillFigure(const Frame& f, Figure& figure) override {
        addPoints(figure, *channel(f, "data"), false, 0.8F);
        setHomeAround(*channel(f, "data"));
    }
    std::shared_ptr<const Selection> chosen() const override {
        const auto rows = bridge().explore().selection();
        const Frame* now = bridge().frame(m_frame.source);
        return !rows->empty() && now && appliesTo(*rows, *now) ? rows : nullptr;
    }

private:
    void select(const std::vector<Index>& rows, Qt::KeyboardModifiers keys) {
        const Frame* now = bridge().frame(m_frame.source);
        if (!now) {
            return;
        }
        const auto before = chosen();
        Selection next = nothingSelected(*now);
        next.rows = combined(before ? before->rows : std::vector<Index>(), rows, combineOf(keys),
                             next.count);
        bridge().explore().setSelection(std::move(next));
    }
};

}  // namespace

View* makeReconstructionsView(SessionBridge& bridge, QWidget* parent) {
    return new ReconstructionsView(bridge, parent);
}
View* makeSamplesView(SessionBridge& bridge, QWidget* parent) {
    return new SamplesView(bridge, parent);
}
View* makeDataView(SessionBridge& bridge, QWidget* parent) {
    return new DataView(bridge, parent);
}

}  // namespace lx::ui
