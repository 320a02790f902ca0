// SPDX-License-Identifier: GPL-3.0-or-later
// Energies of one plane side by side: parts and their sum, what is learned, what is true, and the
// difference.
#include "ui/bridge/seen_channels.h"
#include "ui/views/energy_layers.h"
#include "ui/views/figure_view.h"
#include "ui/views/linked_panes.h"

#include <QCoreApplication>

#include <algorithm>
#include <array>

namespace lx::ui {
namespace {

constexpr double kWindow = 10, kMostDifference = 3;  // nats

struct Field {
    const char *id, *name;
    bool difference = false;
};
constexpr std::array kFields{
    Field{"first_energy", QT_TRANSLATE_NOOP("Energies", "first")},
    Field{"second_energy", QT_TRANSLATE_NOOP("Energies", "second")},
    Field{"energy", QT_TRANSLATE_NOOP("Energies", "learned")},
    Field{"true_energy", QT_TRANSLATE_NOOP("Energies", "true")},
    Field{"energy_difference", QT_TRANSLATE_NOOP("Energies", "learned − true"), true}};

constexpr std::size_t kChainsAt = 2;  ///< the energy that the chains walk on

class EnergiesView : public FigureView {
public:
    EnergiesView(SessionBridge& bridge, QWidget* parent) : FigureView(bridge, parent) {
        setEmptyText(tr("Press play: the energies appear after the first step."));
        QStringList names;
        for (const Field& field : kFields) {
            names << QCoreApplication::translate("Energies", field.name);
        }
        m_panes = new LinkedPanes(rendererSource(), names);
        m_panes->setAutoFillBackground(true);
        m_panes->setBackgroundRole(QPalette::Base);
        setContent(m_panes);
    }

    QString title() const override { return tr("Energies side by side"); }
    QStringList channels() const override {
        QStringList out{QStringLiteral("chains_now")};
        for (const Field& field : kFields) {
            out << QString::fromLatin1(field.id);
        }
        return out;
    }
    QString explanation() const override {
        return tr(
            "Each energy on one plane and one range of colours, bright where it is low. Of a sum: "
            "its parts, then the sum with the chains that walk on it. Where the law of the data "
            "is known: the true energy, and learned minus true after both densities were made to "
            "sum to 1, red where the model holds too little mass and blue where too much.\n\n"
            "Differences matter where there is mass; far from it the network has seen nothing.\n\n"
            "Worry when the difference follows one mode: its weight is wrong. Energies that differ "
            "by one nat make densities that differ by a factor of 2.7.");
    }
    SceneWidget* scene() const override { return (*m_panes)[kChainsAt]; }

    void present(std::span<const Frame> frames) override {
        const bool same =
            frames.empty() ? !m_seen.forget()
                           : m_seen.look(frames.front(), channels()) == SeenChannels::News::Nothing;
        if (same) {
            return;
        }
        m_frame = frames.empty() ? Frame() : frames.front();
        rebuild();
    }
    void setTheme(const Theme& theme) override {
        FigureView::setTheme(theme);
        m_panes->setTheme(theme);
        rebuild();
    }
    void fit() override { m_panes->fit(); }
    void paintTo(QPainter& painter, QSizeF size, double scale) override {
        paintTitled(painter, size, [&](QPainter& p, QSizeF room) {
            m_panes->paintTo(p, room, scale, columnsFor(room));
        });
    }

protected:
    void resizeEvent(QResizeEvent* event) override {
        FigureView::resizeEvent(event);
        arrange();
    }

private:
    /// So that panes come nearest to squares.
    int columnsFor(QSizeF room) const {
        int best = 1;
        double most = 0;
        const auto count = static_cast<int>(m_shown.size());
        for (int columns = 1; columns <= count; ++columns) {
            const int rows = (count + columns - 1) / columns;
            const double side = std::min(room.width() / columns, room.height() / rows);
            if (side > most) {
                most = side;
                best = columns;
            }
        }
        return best;
    }
    void arrange() {
        const int columns = columnsFor(QSizeF(size()));
        std::vector<LinkedPanes::Place> places;
        for (const std::size_t i : m_shown) {
            const auto k = static_cast<int>(places.size());
            places.push_back({i, k / columns, k % columns});
        }
        const auto rows = (m_shown.size() + static_cast<std::size_t>(columns) - 1) /
                          static_cast<std::size_t>(columns);
        m_panes->arrange(places, std::vector<int>(rows, 1));
    }
    void rebuild() {
        std::vector<std::size_t> shown;
        const bool sum = m_frame.snapshot && floats(m_frame, "first_energy", 2) != nullptr;
        for (std::size_t i = 0; m_frame.snapshot && i < kFields.size(); ++i) {
            const Field& field = kFields[i];
            auto layer = field.difference ? signedLayer(m_frame, field.id, theme(), kMostDifference)
                                          : fieldLayer(m_frame, field.id, theme(), kWindow);
            if (!layer) {
                continue;
            }
            shown.push_back(i);
            if (i == kChainsAt) {
                m_panes->setHeading(i, sum ? tr("sum") : tr("learned"));
            }
            SceneWidget& pane = *(*m_panes)[i];
            Figure& figure = pane.figure();
            figure.layers.clear();
            figure.overlay.clear();
            figure.bar = barOf(*layer, tr("nats"));
            figure.legend.clear();
            addLevel(figure, m_frame, field.id, theme());
            pane.setHome(layer->place);
            figure.layers.emplace_back(std::move(*layer));
            if (const Array* now = floats(m_frame, "chains_now", 2);
                i == kChainsAt && now && now->dim(1) >= 2) {
                render::PointsLayer points = statesLayer(*now, theme());
                points.size = 2.5F;
                figure.layers.emplace_back(std::move(points));
            }
            pane.layersChanged();
        }
        const bool changed = shown != m_shown;
        m_shown = std::move(shown);
        if (changed) {
            arrange();
        }
        showContent(!m_shown.empty());
    }

    LinkedPanes* m_panes = nullptr;
    std::vector<std::size_t> m_shown;  ///< rows of kFields
    SeenChannels m_seen;
    Frame m_frame;
};

}  // namespace

View* makeEnergiesView(SessionBridge& bridge, QWidget* parent) {
    return new EnergiesView(bridge, parent);
}

}  // namespace lx::ui
