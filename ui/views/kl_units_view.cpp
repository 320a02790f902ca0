// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/bridge/seen_channels.h"
#include "ui/views/figure_view.h"

#include <QMenu>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace lx::ui {
namespace {

/// A unit counts as active above this KL. Ref: burda2016, section 5, in nats.
constexpr double kActiveNats = 0.01;

class KlUnitsView : public FigureView {
public:
    KlUnitsView(SessionBridge& bridge, QWidget* parent)
        : FigureView(bridge, parent), m_scene(new SceneWidget(rendererSource())) {
        setContent(m_scene);
        m_scene->setZoomable(false);
        setEmptyText(
            tr("Press play: the information in each latent unit appears after the first "
               "step."));
        m_scene->figure().xLabel = tr("latent unit");
        m_scene->figure().yLabel = tr("KL (nats)");
        connect(m_scene, &SceneWidget::hovered, this, [this](QPointF at) {
            m_hover = static_cast<int>(std::lround(at.x())) - 1;
            rebuild();
        });
        connect(m_scene, &SceneWidget::left, this, [this] {
            m_hover = -1;
            rebuild();
        });
    }
    QString title() const override { return tr("KL per latent unit"); }
    QStringList channels() const override { return {QStringLiteral("kl_units")}; }
    QString explanation() const override {
        return tr(
            "How much information each latent unit carries about the data, averaged over "
            "examples, in nats.\n\n"
            "A unit above the dotted line of 0.01 nats is active. A stronger beta or more "
            "warm-up changes how many are.\n\n"
            "Worry when none is active (posterior collapse), or when a unit carries far more "
            "than the others and grows without end.");
    }
    void present(std::span<const Frame> frames) override {
        const Frame* frame = frames.empty() ? nullptr : &frames.front();
        const Array* bars = frame ? channel(*frame, "kl_units") : nullptr;
        if (!bars || bars->dtype() != DType::F32 || bars->count() < 1) {
            showContent(false);
            m_seen.forget();
            return;
        }
        showContent(true);
        if (m_seen.look(*frame, {QStringLiteral("kl_units")}) != SeenChannels::News::Nothing) {
            const auto values = bars->values<float>();
            m_values.assign(values.begin(), values.end());
            rebuild();
        }
    }
    void setTheme(const Theme& theme) override {
        FigureView::setTheme(theme);
        m_scene->setTheme(theme);
        rebuild();
    }
    void paintTo(QPainter& painter, QSizeF size, double scale) override {
        m_scene->figure().title = title();
        m_scene->paintTo(painter, size, scale);
    }

    std::vector<DataTable> tables() const override {
        const auto count = static_cast<Index>(m_values.size());
        if (count == 0) {
            return {};
        }
        DataTable table(title(), count);
        table.add(
            {tr("unit")}, {}, [](Index row, Index) { return QStringLiteral("z%1").arg(row + 1); },
            0);
        table.add(Array({count}, m_values), {tr("KL")}, tr("nats"));
        return {std::move(table)};
    }

protected:
    void fillSettings(QMenu& menu) override {
        QAction* action = menu.addAction(tr("Largest first"));
        action->setCheckable(true);
        action->setChecked(m_sorted);
        connect(action, &QAction::toggled, this, [this](bool on) {
            m_sorted = on;
            rebuild();
        });
    }

private:
    void rebuild() {
        if (m_values.empty()) {
            return;
        }
        Figure& figure = m_scene->figure();
        figure.overlay.clear();
        figure.xTicks.clear();
        figure.nameOverlay(QStringLiteral("bars"), tr("Bars"));
        std::vector<std::size_t> order(m_values.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        if (m_sorted) {
            std::ranges::stable_sort(
                order, [&](std::size_t a, std::size_t b) { return m_values[a] > m_values[b]; });
        }
        double high = 4 * kActiveNats;
        int active = 0;
        for (const float v : m_values) {
            high = std::isfinite(v) ? std::max(high, static_cast<double>(v)) : high;
            active += v > kActiveNats ? 1 : 0;
        }
        const auto count = static_cast<double>(m_values.size());
        const double half = count <= 3 ? 0.15 : 0.36;
        const std::size_t stride = std::max<std::size_t>(1, m_values.size() / 16);
        for (std::size_t i = 0; i < order.size(); ++i) {
            const double at = static_cast<double>(i) + 1;
            const float value = m_values[order[i]];
            const bool on = value > kActiveNats;
            QColor fill = on ? theme().model : theme().border;
            figure.overlay.push_back(
                RectItem{{at - half, 0, at + half, std::isfinite(value) ? value : 0.0},
                         static_cast<int>(i) == m_hover ? fill.lighter(115) : fill,
                         {},
                         1});
            if (i % stride == 0) {
                figure.xTicks.push_back({at, QStringLiteral("z%1").arg(order[i] + 1)});
            }
            if (order.size() <= 12 || static_cast<int>(i) == m_hover) {
                figure.overlay.push_back(TextItem{at, std::max(0.0F, value),
                                                  tickLabel(value, value < 0.1F ? 3 : 2),
                                                  theme().text, QPointF(0, -9), 11, false, true});
            }
        }
        figure.nameOverlay(QStringLiteral("threshold"), tr("Threshold of 0.01 nats"));
        figure.overlay.push_back(CurveItem{
            {{0.4, kActiveNats}, {count + 0.6, kActiveNats}}, theme().secondary, 1, Qt::DotLine});
        figure.note =
            tr("%1 of %2 units active (above 0.01 nats)").arg(active).arg(m_values.size());
        // The scale follows in steps, so that the bars move and not the axis.
        const double top = m_scene->figure().home.y1;
        const double want = 1.4 * high;  // room above the bars for the note
        const double keep = top >= want && top < 2 * want && m_home ? top : want;
        m_home = true;
        m_scene->setHome({0.4, 0, count + 0.6, keep});
        m_scene->overlayChanged();
    }

    SceneWidget* m_scene;
    std::vector<float> m_values;
    SeenChannels m_seen;
    int m_hover = -1;
    bool m_sorted = false, m_home = false;
};

}  // namespace

View* makeKlUnitsView(SessionBridge& bridge, QWidget* parent) {
    return new KlUnitsView(bridge, parent);
}

}  // namespace lx::ui
