// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/probe_panel.h"

#include "ui/bridge/session_bridge.h"
#include "ui/shell/numbers.h"
#include "ui/shell/theme.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QVBoxLayout>

#include <algorithm>

namespace lx::ui {

namespace {
constexpr int kPictureSide = 132;

const Array* entry(const State& state, std::string_view name) {
    const auto it = state.find(name);
    return it == state.end() ? nullptr : &it->second;
}
}  // namespace

/// [1, H, W] in [0, 1] in the ink of the theme; nearest-neighbour, so that pixels stay pixels.
class ProbePanel::Picture : public QWidget {
public:
    explicit Picture(QWidget* parent) : QWidget(parent) {
        setFixedSize(currentTheme().px(kPictureSide), currentTheme().px(kPictureSide));
        setAccessibleName(QStringLiteral("Decoded picture at the probe"));
    }
    void setValues(const Array* x) {
        if (!x || x->shape().size() != 3 || x->dtype() != DType::F32 || x->dim(0) < 1) {
            m_image = {};
        } else {
            const auto h = static_cast<int>(x->dim(1)), w = static_cast<int>(x->dim(2));
            m_image = QImage(w, h, QImage::Format_Grayscale8);
            const auto values = x->values<float>();
            const bool dark = currentTheme().dark();
            for (int row = 0; row < h; ++row) {
                uchar* line = m_image.scanLine(row);
                for (int column = 0; column < w; ++column) {
                    const float v =
                        std::clamp(values[static_cast<std::size_t>(row * w + column)], 0.0F, 1.0F);
                    line[column] = static_cast<uchar>(255 * (dark ? v : 1 - v) + 0.5F);
                }
            }
        }
        update();
    }

protected:
    void paintEvent(QPaintEvent*) override {
        QPainter painter(this);
        const Theme& theme = currentTheme();
        painter.fillRect(rect(), theme.panel);
        if (!m_image.isNull()) {
            painter.drawImage(rect().adjusted(1, 1, -1, -1), m_image);
        }
        painter.setPen(theme.border);
        painter.drawRect(rect().adjusted(0, 0, -1, -1));
    }

private:
    QImage m_image;
};

ProbePanel::ProbePanel(SessionBridge& bridge, QWidget* parent)
    : QWidget(parent), m_bridge(bridge), m_picture(new Picture(this)) {
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 4, 0, 4);
    row->setSpacing(10);
    row->addWidget(m_picture, 0, Qt::AlignTop);
    auto* column = new QVBoxLayout;
    column->setSpacing(6);
    const auto line = [&] {
        auto* label = new QLabel;
        label->setTextInteractionFlags(Qt::TextSelectableByMouse);
        label->setWordWrap(true);
        column->addWidget(label);
        return label;
    };
    m_place = line();
    m_density = line();
    m_nearest = line();
    m_hint = line();
    m_hint->setProperty("quiet", true);
    m_place->setObjectName(QStringLiteral("probePlace"));
    m_keep = new QPushButton(QStringLiteral("Bookmark"));
    m_keep->setObjectName(QStringLiteral("bookmark"));
    m_keep->setToolTip(QStringLiteral("Keep this place (M)"));
    m_keep->setFocusPolicy(Qt::TabFocus);
    column->addWidget(m_keep, 0, Qt::AlignLeft);
    column->addStretch(1);
    row->addLayout(column, 1);
    connect(m_keep, &QPushButton::clicked, this, &ProbePanel::bookmark);
    connect(&m_bridge, &SessionBridge::cursorDecoded, this, &ProbePanel::showAnswer);
    connect(&m_bridge, &SessionBridge::activeChanged, this, &ProbePanel::showAnswer);
    connect(&m_bridge.explore(), &ExploreState::cursorMoved, this, &ProbePanel::showAnswer);
    showAnswer();
}

void ProbePanel::refreshTheme() {
    m_picture->setFixedSize(currentTheme().px(kPictureSide), currentTheme().px(kPictureSide));
    showAnswer();
}

void ProbePanel::showAnswer() {
    const std::vector<float>& z = m_bridge.explore().cursor();
    const State& answer = m_bridge.cursorAnswer();
    const Frame* frame = m_bridge.activeFrame();
    const bool placed = !z.empty() && frame;
    m_keep->setEnabled(placed);
    m_hint->setVisible(!placed);
    m_hint->setText(QStringLiteral("Drag on the map to travel through the latent space."));
    m_place->setVisible(placed);
    QStringList numbers;
    for (std::size_t i = 0; i < std::min<std::size_t>(z.size(), 4); ++i) {
        numbers << formatFixed(z[i]);
    }
    if (z.size() > 4) {
        numbers << QStringLiteral("…");
    }
    m_place->setText(QStringLiteral("z = (%1)").arg(numbers.join(QStringLiteral(", "))));

    const Array* x = entry(answer, "x");
    m_picture->setValues(x);
    const Array* logp = entry(answer, "logp");
    m_density->setVisible(placed && logp);
    if (logp && logp->dtype() == DType::F32 && logp->count() > 0) {
        m_density->setText(
            QStringLiteral("log p(z) = %1").arg(formatFixed(logp->values<float>()[0])));
    }
    QString nearest;
    const Array* row = entry(answer, "nearest");
    const Array* labels = frame ? channel(*frame, "labels") : nullptr;
    if (row && labels && row->dtype() == DType::I64 && labels->dtype() == DType::I64) {
        const Index at = row->values<Index>()[0];
        if (at >= 0 && at < labels->count()) {
            const Index label = labels->values<Index>()[static_cast<std::size_t>(at)];
            const auto& names = frame->description->classNames;
            nearest = label >= 0 && label < static_cast<Index>(names.size())
                          ? QString::fromStdString(names[static_cast<std::size_t>(label)])
                          : QString::number(label);
        }
    }
    m_nearest->setVisible(placed && !nearest.isEmpty());
    m_nearest->setText(QStringLiteral("nearest code: %1").arg(nearest));
}

bool ProbePanel::bookmark() {
    ExploreState& explore = m_bridge.explore();
    if (explore.cursor().empty()) {
        return false;
    }
    QString name =
        m_nearest->isHidden() ? QString() : m_nearest->text().section(QStringLiteral(": "), 1);
    const auto& z = explore.cursor();
    name = (name.isEmpty() ? QStringLiteral("z") : name) +
           QStringLiteral(" (%1, %2)")
               .arg(formatFixed(z[0], 1), formatFixed(z.size() > 1 ? z[1] : 0.0F, 1));
    explore.addBookmark({name, z});
    return true;
}

}  // namespace lx::ui
