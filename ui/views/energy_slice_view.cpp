// SPDX-License-Identifier: GPL-3.0-or-later
// The energy of pictures on the plane through three of them, and along the lines between them.
#include "ui/bridge/seen_channels.h"
#include "ui/views/chart_view.h"
#include "ui/views/energy_layers.h"
#include "ui/views/figure_view.h"

#include <algorithm>

namespace lx::ui {
namespace {

const QString kSlice = QStringLiteral("slice");

QStringList namesOfSlice(const Frame& frame) {
    return textOf(frame, "slice.names").split(QLatin1Char('\n'));
}

class EnergySliceView : public FigureView {
public:
    EnergySliceView(SessionBridge& bridge, QWidget* parent)
        : FigureView(bridge, parent), m_scene(new SceneWidget(rendererSource())) {
        setContent(m_scene);
        setEmptyText(tr("Press play: the slice appears after the first step."));
        Figure& figure = m_scene->figure();
        figure.xLabel = tr("distance, from the datum to the mode (pixels)");
        figure.yLabel = tr("across (pixels)");
    }
    QString title() const override { return tr("Slice of the energy: datum, mode, chain"); }
    QStringList channels() const override { return {kSlice}; }
    QString explanation() const override {
        return tr(
            "The energy of all pictures that mix three: a held-out datum, the mode that plain "
            "descent finds from it, and the oldest chain of training. Each stands at its place; "
            "one unit is the distance by which one pixel goes from black to white. Pixels are not "
            "clipped here, so far out there are no pictures.\n\n"
            "A good energy has its valley at the datum and the mode near it. A chain in a valley "
            "of its own shows what the model takes for data.\n\n"
            "Worry when the mode lies far from the datum and looks like nothing, or when the chain "
            "lies much lower than the datum: chains have found a hole.");
    }
    void present(std::span<const Frame> frames) override {
        const Frame* frame = frames.empty() ? nullptr : &frames.front();
        if (!frame || !floats(*frame, "slice", 2)) {
            m_seen.forget();
            showContent(false);
            return;
        }
        showContent(true);
        if (m_seen.look(*frame, channels()) != SeenChannels::News::Nothing) {
            m_frame = *frame;
            rebuild();
        }
    }
    void setTheme(const Theme& theme) override {
        FigureView::setTheme(theme);
        m_scene->setTheme(theme);
        rebuild();
    }
    void fit() override { m_scene->fit(); }
    void paintTo(QPainter& painter, QSizeF size, double scale) override {
        m_scene->figure().title = title();
        m_scene->paintTo(painter, size, scale);
    }

private:
    void rebuild() {
        const Array* values = m_frame.snapshot ? floats(m_frame, "slice", 2) : nullptr;
        if (!values) {
            return;
        }
        const double high =
            std::max(static_cast<double>(std::ranges::max(values->values<float>())), 1e-9);
        auto layer = fieldLayer(m_frame, "slice", theme(), high);
        const Array* places = layer ? floats(m_frame, "slice.anchors", 2) : nullptr;
        const Array* pictures = layer ? channel(m_frame, "slice.pictures") : nullptr;
        if (!places || places->dim(1) != 2 || !pictures || pictures->shape().size() != 3 ||
            pictures->dtype() != DType::F32 || pictures->dim(0) != places->dim(0)) {
            return;
        }
        Figure& figure = m_scene->figure();
        figure.layers.clear();
        figure.overlay.clear();
        layer->isoLines = 12;
        figure.bar = barOf(*layer, tr("energy (nats)"));
        const render::Rect extent = layer->place;
        m_scene->setHome(extent);
        figure.layers.emplace_back(std::move(*layer));
        const auto at = places->values<float>();
        const QStringList names = namesOfSlice(m_frame);
        constexpr double kTile = 0.13;  // of the side of the slice
        const double half = 0.5 * kTile * (extent.x1 - extent.x0);
        const double aspect = static_cast<double>(pictures->dim(1)) /
                              static_cast<double>(std::max<Index>(pictures->dim(2), 1));
        render::AtlasLayer tiles{*pictures, {}, theme().ink(), 1};
        for (Index k = 0; k < places->dim(0); ++k) {
            const auto x = static_cast<double>(at[static_cast<std::size_t>(2 * k)]),
                       y = static_cast<double>(at[static_cast<std::size_t>(2 * k + 1)]);
            // Beside its place, so that the place itself can be seen.
            const render::Rect place{x + 0.3 * half, y + 0.3 * half, x + 2.3 * half,
                                     y + (0.3 + 2 * aspect) * half};
            tiles.places.push_back(place);
            figure.overlay.push_back(RectItem{place, {}, theme().text, 1});
            figure.overlay.push_back(
                MarkerItem{x, y, classMarker(k), 9, theme().panel, theme().text});
            figure.overlay.push_back(TextItem{.x = x,
                                              .y = y,
                                              .text = names.value(static_cast<int>(k)),
                                              .color = theme().text,
                                              .offset = {-8, 16},
                                              .size = 12,
                                              .boxed = true});
        }
        figure.layers.emplace_back(std::move(tiles));
        m_scene->layersChanged();
    }

    SceneWidget* m_scene;
    SeenChannels m_seen;
    Frame m_frame;
};

class EnergyProfilesView : public ChartView {
public:
    EnergyProfilesView(SessionBridge& bridge, QWidget* parent) : ChartView(bridge, parent, false) {
        setEmptyText(tr("Press play: the profiles appear after the first step."));
    }
    QString title() const override { return tr("Energy between datum, mode and chain"); }
    QStringList channels() const override { return {kSlice}; }
    QString explanation() const override {
        return tr(
            "The energy along the straight lines from a held-out datum to the mode below it, "
            "from there to the oldest chain, and back.\n\n"
            "A hill between two of them is a barrier that chains must cross; a line without "
            "one joins pictures of one valley.\n\n"
            "Worry when the line from the datum falls steeply: the datum is no valley.");
    }

protected:
    std::optional<Chart> build(const Frame& frame, QStringList&) override {
        const Array* lines = floats(frame, "slice.lines", 2);
        const QStringList names = namesOfSlice(frame);
        if (!lines || lines->dim(0) < 1 || lines->dim(1) < 2 || names.size() != lines->dim(0)) {
            return {};
        }
        Chart chart;
        ChartPanel panel;
        panel.xLabel = tr("share of the way");
        panel.yLabel = tr("energy (nats)");
        for (Index k = 0; k < lines->dim(0); ++k) {
            const auto next = static_cast<int>((k + 1) % lines->dim(0));
            const QColor color = classColor(theme(), k);
            ChartLine line{tr("%1 to %2").arg(names[static_cast<int>(k)], names[next]),
                           color,
                           {},
                           rowOf(*lines, k),
                           1.4};
            for (std::size_t i = 0; i < line.y.size(); ++i) {
                line.x.push_back(static_cast<double>(i) / static_cast<double>(line.y.size() - 1));
            }
            chart.legend.push_back({.text = line.label, .color = color});
            panel.lines.push_back(std::move(line));
        }
        chart.panels.push_back(std::move(panel));
        return chart;
    }
};

}  // namespace

View* makeEnergySliceView(SessionBridge& bridge, QWidget* parent) {
    return new EnergySliceView(bridge, parent);
}
View* makeEnergyProfilesView(SessionBridge& bridge, QWidget* parent) {
    return new EnergyProfilesView(bridge, parent);
}

}  // namespace lx::ui
