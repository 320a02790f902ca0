// SPDX-License-Identifier: GPL-3.0-or-later
// Energies of one plane side by side: parts and their sum, what is learned, what is true, and the
// difference.
#include "ui/views/energy_layers.h"
#include "ui/views/figure_view.h"

#include <QGridLayout>
#include <QVBoxLayout>

#include <algorithm>
#include <array>

namespace lx::ui {
namespace {

constexpr double kWindow = 10, kMostDifference = 3;  // nats

struct Field {
    const char *id, *name;
    bool difference = false, chains = false;
};
constexpr std::array kFields{
    Field{"first_energy", QT_TRANSLATE_NOOP("Energies", "first")},
    Field{"second_energy", QT_TRANSLATE_NOOP("Energies", "second")},
    Field{"energy", QT_TRANSLATE_NOOP("Energies", "learned"), false, true},
    Field{"true_energy", QT_TRANSLATE_NOOP("Energies", "true")},
    Field{"energy_difference", QT_TRANSLATE_NOOP("Energies", "learned − true"), true}};

class EnergiesView : public FigureView {
public:
    EnergiesView(SessionBridge& bridge, QWidget* parent) : FigureView(bridge, parent) {
        setEmptyText(tr("Press play: the energies appear after the first step."));
        auto* content = new QWidget;
        content->setAutoFillBackground(true);
        content->setBackgroundRole(QPalette::Base);
        m_grid = new QGridLayout(content);
        m_grid->setContentsMargins(0, 0, 0, 0);
        m_grid->setSpacing(4);
        for (std::size_t i = 0; i < kFields.size(); ++i) {
            m_boxes[i] = new QWidget;
            auto* pane = new QVBoxLayout(m_boxes[i]);
            pane->setContentsMargins(0, 0, 0, 0);
            pane->setSpacing(0);
            m_headings[i] = new QLabel;
            m_headings[i]->setAlignment(Qt::AlignCenter);
            m_headings[i]->setProperty("quiet", true);
            pane->addWidget(m_headings[i]);
            m_panes[i] = new SceneWidget(rendererSource());
            m_panes[i]->figure().equalAspect = true;
            pane->addWidget(m_panes[i], 1);
            connect(m_panes[i], &SceneWidget::viewChanged, this, [this, i] { follow(i); });
            m_boxes[i]->hide();
        }
        setContent(content);
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
    SceneWidget* scene() const override { return m_panes[2]; }

    void present(std::span<const Frame> frames) override {
        std::vector<std::uint64_t> versions;
        if (!frames.empty()) {
            const Frame& frame = frames.front();
            versions = {frame.source, frame.snapshot->epoch};
            for (const QString& id : channels()) {
                versions.push_back(channelVersion(frame, id.toStdString()));
            }
        }
        if (versions == m_versions) {
            return;
        }
        m_versions = std::move(versions);
        m_frame = frames.empty() ? Frame() : frames.front();
        rebuild();
    }
    void setTheme(const Theme& theme) override {
        FigureView::setTheme(theme);
        for (std::size_t i = 0; i < m_panes.size(); ++i) {
            m_panes[i]->setTheme(theme);
            m_headings[i]->setFont(theme.font(11));
        }
        rebuild();
    }
    void fit() override {
        for (SceneWidget* pane : m_panes) {
            pane->fit();
        }
    }
    void paintTo(QPainter& painter, QSizeF size, double scale) override {
        paintTitled(painter, size, [&](QPainter& p, QSizeF room) {
            const auto columns = static_cast<double>(columnsFor(room));
            const double rows = std::ceil(static_cast<double>(m_shown.size()) / columns);
            const QSizeF part(room.width() / columns, room.height() / std::max(rows, 1.0));
            for (std::size_t k = 0; k < m_shown.size(); ++k) {
                const std::size_t i = m_shown[k];
                p.save();
                p.translate(std::fmod(static_cast<double>(k), columns) * part.width(),
                            std::floor(static_cast<double>(k) / columns) * part.height());
                m_panes[i]->figure().title = m_headings[i]->text();
                m_panes[i]->paintTo(p, part, scale, true);
                m_panes[i]->figure().title.clear();
                p.restore();
            }
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
        if (columns == m_columns && m_arranged == m_shown) {
            return;
        }
        m_columns = columns;
        m_arranged = m_shown;
        for (QWidget* box : m_boxes) {
            m_grid->removeWidget(box);
            box->hide();
        }
        for (std::size_t k = 0; k < m_shown.size(); ++k) {
            QWidget* box = m_boxes[m_shown[k]];
            m_grid->addWidget(box, static_cast<int>(k) / columns, static_cast<int>(k) % columns);
            box->show();
        }
        const auto count = static_cast<int>(m_shown.size());
        for (int c = 0; c < static_cast<int>(kFields.size()); ++c) {
            m_grid->setColumnStretch(c, c < columns ? 1 : 0);
            m_grid->setRowStretch(c, c * columns < count ? 1 : 0);
        }
    }
    /// One camera for all.
    void follow(std::size_t from) {
        if (!m_following) {
            m_following = true;
            for (const std::size_t i : m_shown) {
                if (i != from && !m_panes[from]->followsHome()) {
                    m_panes[i]->followCamera(*m_panes[from]);
                }
            }
            m_following = false;
        }
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
            const QString name = QCoreApplication::translate("Energies", field.name);
            m_headings[i]->setText(sum && field.chains ? tr("sum") : name);
            m_panes[i]->setAccessibleName(m_headings[i]->text());
            Figure& figure = m_panes[i]->figure();
            figure.layers.clear();
            figure.overlay.clear();
            figure.bar = barOf(*layer, tr("nats"));
            m_panes[i]->setHome(layer->place);
            figure.layers.emplace_back(std::move(*layer));
            if (const Array* now = floats(m_frame, "chains_now", 2);
                field.chains && now && now->dim(1) >= 2) {
                render::PointsLayer points = statesLayer(*now, theme());
                points.size = 2.5F;
                figure.layers.emplace_back(std::move(points));
            }
            m_panes[i]->layersChanged();
        }
        const bool changed = shown != m_shown;
        m_shown = std::move(shown);
        if (changed) {
            arrange();
        }
        showContent(!m_shown.empty());
    }

    QGridLayout* m_grid = nullptr;
    std::array<QWidget*, kFields.size()> m_boxes{};
    std::array<QLabel*, kFields.size()> m_headings{};
    std::array<SceneWidget*, kFields.size()> m_panes{};
    std::vector<std::size_t> m_shown, m_arranged;  ///< rows of kFields
    std::vector<std::uint64_t> m_versions;
    Frame m_frame;
    int m_columns = 0;
    bool m_following = false;
};

}  // namespace

View* makeEnergiesView(SessionBridge& bridge, QWidget* parent) {
    return new EnergiesView(bridge, parent);
}

}  // namespace lx::ui
