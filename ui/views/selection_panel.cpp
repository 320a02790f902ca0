// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/selection_panel.h"

#include "ui/shell/numbers.h"
#include "ui/views/figure_view.h"

#include <QApplication>
#include <QClipboard>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QVBoxLayout>

#include <algorithm>

namespace lx::ui {
namespace {

constexpr std::size_t kNamedClasses = 3, kBarClasses = 10;
constexpr double kRowHeight = 18;

struct Share {
    Index label = 0, count = 0;
};

/// Classes by their number of selected rows, the most frequent first.
std::vector<Share> shares(const Selection& selection) {
    std::vector<Share> out;
    const std::vector<Index> counts = composition(selection);
    for (std::size_t i = 0; i < counts.size(); ++i) {
        if (counts[i] > 0) {
            out.push_back({static_cast<Index>(i), counts[i]});
        }
    }
    std::ranges::stable_sort(out, std::greater{}, &Share::count);
    return out;
}

QString nameOf(const Frame* frame, Index label) {
    return frame ? className(*frame, label) : QString::number(label);
}

/// Counts by class as bars in the classes' colours.
class CompositionBars : public QWidget {
public:
    explicit CompositionBars(SessionBridge& bridge) : m_bridge(bridge) {}
    const Theme* theme = &currentTheme();

    QSize sizeHint() const override { return {160, tall(shares(*selection()))}; }
    QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent*) override {
        const auto list = shares(*selection());
        if (list.empty()) {
            return;
        }
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setFont(theme->font(11));
        const double row = theme->px(kRowHeight), name = 0.42 * width();
        const double room = width() - name - theme->px(48);
        const auto total = static_cast<double>(selection()->rows.size());
        for (std::size_t i = 0; i < std::min(list.size(), kBarClasses); ++i) {
            const double y = row * static_cast<double>(i);
            painter.setPen(Qt::NoPen);
            painter.setBrush(classColor(*theme, list[i].label));
            paintMarker(painter, classMarker(list[i].label), {row / 2, y + row / 2}, 8);
            painter.drawRect(QRectF(name, y + 4,
                                    std::max(1.0, room * static_cast<double>(list[i].count) /
                                                      static_cast<double>(list[0].count)),
                                    row - 8));
            painter.setPen(theme->text);
            const QString text = nameOf(m_bridge.activeFrame(), list[i].label);
            const QRectF place(row, y, name - row - 4, row);
            painter.drawText(
                place, Qt::AlignVCenter,
                painter.fontMetrics().elidedText(text, Qt::ElideRight, int(place.width())));
            painter.setPen(theme->secondary);
            const double percent = 100 * static_cast<double>(list[i].count) / total;
            painter.drawText(QRectF(width() - theme->px(46), y, theme->px(46), row),
                             Qt::AlignVCenter | Qt::AlignRight,
                             QStringLiteral("%1 %").arg(formatFixed(percent, 0)));
        }
    }

private:
    std::shared_ptr<const Selection> selection() const { return m_bridge.explore().selection(); }
    int tall(const std::vector<Share>& list) const {
        return theme->px(kRowHeight) * static_cast<int>(std::min(list.size(), kBarClasses));
    }

    SessionBridge& m_bridge;
};

bool hasPictures(const Frame* frame) {
    return frame && frame->description &&
           std::ranges::any_of(frame->description->spaces, [](const SpaceDecl& space) {
               return space.id == "data" && space.sampleShape.size() == 2;
           });
}

}  // namespace

QString selectionText(const Selection& selection, const Frame* frame) {
    if (selection.empty()) {
        return {};
    }
    QString out = QObject::tr("%1 of %2 codes selected")
                      .arg(formatInteger(static_cast<Index>(selection.rows.size())),
                           formatInteger(selection.count));
    const auto list = shares(selection);
    QStringList words;
    for (std::size_t i = 0; i < std::min(list.size(), kNamedClasses); ++i) {
        words << formatInteger(list[i].count) + QLatin1Char(' ') + nameOf(frame, list[i].label);
    }
    if (list.size() > kNamedClasses) {
        words << QObject::tr("%1 classes more").arg(list.size() - kNamedClasses);
    }
    return words.isEmpty() ? out : out + QStringLiteral(": ") + words.join(QStringLiteral(", "));
}

QString selectionIndices(const Selection& selection) {
    QStringList out;
    for (const Index row : selection.rows) {
        out << QString::number(row);
    }
    return out.join(QStringLiteral(", "));
}

SelectionPanel::SelectionPanel(SessionBridge& bridge, QWidget* parent)
    : QWidget(parent),
      m_bridge(bridge),
      m_theme(&currentTheme()),
      m_count(new QLabel),
      m_bars(new CompositionBars(bridge)),
      m_copy(new QPushButton(tr("Copy indices"))),
      m_show(new QPushButton(tr("Images"))),
      m_clear(new QPushButton(tr("Clear"))) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 4, 0, 4);
    column->setSpacing(6);
    m_count->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_count->setWordWrap(true);
    column->addWidget(m_count);
    column->addWidget(m_bars);
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(4);
    for (QPushButton* button : {m_copy, m_show, m_clear}) {
        buttons->addWidget(button);
    }
    buttons->addStretch();
    column->addLayout(buttons);
    m_bars->setAccessibleName(tr("Classes of the selected codes"));
    m_copy->setToolTip(tr("Copies the rows of the selected codes as text"));
    m_clear->setToolTip(tr("Selects nothing (Esc)"));
    connect(m_copy, &QPushButton::clicked, this, &SelectionPanel::copyIndices);
    connect(m_show, &QPushButton::clicked, this, &SelectionPanel::showImages);
    connect(m_clear, &QPushButton::clicked, this, [this] { m_bridge.explore().clearSelection(); });
    connect(&bridge.explore(), &ExploreState::selectionChanged, this, &SelectionPanel::refresh);
    connect(&bridge, &SessionBridge::activeChanged, this, &SelectionPanel::refresh);
    refresh();
}

void SelectionPanel::setTheme(const Theme& theme) {
    m_theme = &theme;
    static_cast<CompositionBars*>(m_bars)->theme = &theme;
    if (m_images) {
        m_images->setTheme(theme);
    }
    refresh();
}

QString SelectionPanel::text() const {
    return m_count->text();
}

SelectionGrid* SelectionPanel::images() const {
    return m_images;
}

void SelectionPanel::refresh() {
    const Selection& selection = *m_bridge.explore().selection();
    const Frame* frame = m_bridge.activeFrame();
    m_count->setText(selection.empty()
                         ? tr("Nothing is selected.")
                         : tr("%1 of %2 codes")
                               .arg(formatInteger(static_cast<Index>(selection.rows.size())),
                                    formatInteger(selection.count)));
    m_bars->setVisible(!composition(selection).empty());
    m_bars->updateGeometry();
    m_bars->update();
    for (QPushButton* button : {m_copy, m_clear}) {
        button->setEnabled(!selection.empty());
    }
    const bool pictures = hasPictures(frame);
    m_show->setEnabled(!selection.empty() && pictures);
    m_show->setToolTip(pictures ? tr("Shows the selected data as images")
                                : tr("The data of this run are no images."));
}

void SelectionPanel::copyIndices() const {
    QApplication::clipboard()->setText(selectionIndices(*m_bridge.explore().selection()));
}

void SelectionPanel::showImages() {
    if (!m_images) {
        m_images = new SelectionGrid(m_bridge, window());
        m_images->setAttribute(Qt::WA_DeleteOnClose);
        m_images->setTheme(*m_theme);
    }
    m_images->show();
    m_images->raise();
}

}  // namespace lx::ui
