// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/probe_panel.h"

#include "ui/shell/numbers.h"
#include "ui/views/figure_view.h"

#include <QHBoxLayout>
#include <QPainter>
#include <QTimer>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace lx::ui {

QString formatPoint(const std::vector<float>& z) {
    QStringList parts;
    for (std::size_t i = 0; i < z.size() && i < 4; ++i) {
        parts << formatFixed(z[i], 2);
    }
    return QLatin1Char('(') + parts.join(QStringLiteral(", ")) +
           (z.size() > 4 ? QStringLiteral(", …)") : QStringLiteral(")"));
}

void PixelImage::setImage(const QImage& image) {
    m_image = image;
    update();
}

void PixelImage::setTheme(const Theme& theme) {
    m_theme = &theme;
    update();
}

void PixelImage::paintTo(QPainter& painter, const QRectF& area) const {
    const Theme& theme = m_theme ? *m_theme : currentTheme();
    if (m_image.isNull()) {
        painter.setPen(QPen(theme.border, 1, Qt::DashLine));
        painter.setBrush(Qt::NoBrush);
        painter.drawRect(area.adjusted(0.5, 0.5, -0.5, -0.5));
        painter.setPen(theme.secondary);
        painter.setFont(theme.font(12));
        painter.drawText(area.adjusted(6, 6, -6, -6), Qt::AlignCenter | Qt::TextWordWrap,
                         tr("Point at the map"));
        return;
    }
    double scale =
        std::min((area.width() - 2) / m_image.width(), (area.height() - 2) / m_image.height());
    scale = scale >= 1 ? std::floor(scale * 2) / 2 : scale;
    QRectF place(QPointF(), QSizeF(m_image.size()) * scale);
    place.moveTopLeft(area.topLeft() + QPointF(std::floor((area.width() - place.width()) / 2),
                                               std::floor((area.height() - place.height()) / 2)));
    painter.setRenderHint(QPainter::SmoothPixmapTransform, false);
    painter.drawImage(place, m_image);
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(theme.border, 1));
    painter.drawRect(place.adjusted(-0.5, -0.5, 0.5, 0.5));
}

void PixelImage::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    paintTo(painter, QRectF(rect()));
}

ProbePanel::ProbePanel(SessionBridge& bridge, QWidget* parent, bool large)
    : QWidget(parent),
      m_bridge(bridge),
      m_theme(&currentTheme()),
      m_picture(new PixelImage),
      m_z(new QLabel),
      m_logp(new QLabel),
      m_nearest(new QLabel),
      m_button(new QPushButton(tr("Bookmark"))) {
    auto* box = large ? static_cast<QBoxLayout*>(new QVBoxLayout(this)) : new QHBoxLayout(this);
    box->setContentsMargins(large ? 8 : 0, large ? 8 : 4, large ? 8 : 0, large ? 8 : 4);
    box->setSpacing(10);
    if (!large) {
        m_picture->setFixedSize(130, 130);
    }
    box->addWidget(m_picture, large ? 1 : 0);
    auto* words = new QVBoxLayout;
    words->setSpacing(4);
    for (QLabel* label : {m_z, m_logp, m_nearest}) {
        label->setTextInteractionFlags(Qt::TextSelectableByMouse);
        label->setMinimumWidth(10);
        words->addWidget(label);
    }
    m_nearest->setWordWrap(true);
    m_button->setToolTip(tr("Keep this place in the latent space (M)"));
    m_button->setEnabled(false);
    words->addSpacing(2);
    words->addWidget(m_button, 0, Qt::AlignLeft);
    words->addStretch();
    box->addLayout(words, large ? 0 : 1);
    connect(m_button, &QPushButton::clicked, this, &ProbePanel::bookmark);
    connect(&bridge, &SessionBridge::cursorDecoded, this, &ProbePanel::showAnswer);
    connect(&bridge, &SessionBridge::activeChanged, this, &ProbePanel::showAnswer);
    connect(&bridge.explore(), &ExploreState::cursorMoved, this, &ProbePanel::showCursor);
    showAnswer();
}

void ProbePanel::setTheme(const Theme& theme) {
    m_theme = &theme;
    m_picture->setTheme(theme);
    showAnswer();
}

void ProbePanel::bookmark() {
    const std::vector<float>& z = m_bridge.explore().cursor();
    if (!z.empty()) {
        const auto number = m_bridge.explore().bookmarks().size() + 1;
        m_bridge.explore().addBookmark({tr("place %1").arg(number), z});
    }
}

QStringList ProbePanel::lines() const {
    return {m_z->text(), m_logp->text(), m_nearest->text()};
}

void ProbePanel::showCursor() {
    const std::vector<float>& z = m_bridge.explore().cursor();
    m_z->setText(QStringLiteral("z = ") + (z.empty() ? QStringLiteral("…") : formatPoint(z)));
    m_button->setEnabled(!z.empty());
    // Words that do not fit beside the picture stand below it; the width is known after the layout.
    if (auto* row = qobject_cast<QHBoxLayout*>(layout())) {
        QTimer::singleShot(0, this, [this, row] {
            const int words = std::max(m_z->sizeHint().width(), m_logp->sizeHint().width());
            const bool beside = m_picture->width() + row->spacing() + words <= width();
            row->setDirection(beside ? QBoxLayout::LeftToRight : QBoxLayout::TopToBottom);
        });
    }
}

void ProbePanel::showAnswer() {
    showCursor();
    const State& answer = m_bridge.cursorAnswer();
    const auto array = [&](std::string_view name) -> const Array* {
        const auto it = answer.find(name);
        return it == answer.end() || !it->second.defined() || it->second.count() < 1 ? nullptr
                                                                                     : &it->second;
    };
    const Array* x = array("x");
    m_picture->setImage(x ? tileImage(*x, 0, *m_theme) : QImage());
    const Array* logp = array("logp");
    m_logp->setText(logp && logp->dtype() == DType::F32
                        ? QStringLiteral("log p(z) = ") + formatFixed(logp->values<float>()[0], 2)
                        : QString());
    // Rows of a table have no picture: their values stand in words.
    m_picture->setVisible(!x || x->shape().size() == 3);
    QString nearest, values;
    const Array* index = array("nearest");
    const Frame* frame = m_bridge.activeFrame();
    if (x && x->shape().size() == 2 && x->dtype() == DType::F32) {
        const auto row = x->values<float>();
        values = QStringLiteral("x = ") +
                 formatPoint({row.begin(), row.begin() + std::min<Index>(x->dim(1), x->count())});
    }
    if (index && index->dtype() == DType::I64 && frame) {
        const Array* labels = channel(*frame, "labels");
        const Index row = index->values<Index>()[0];
        if (labels && labels->dtype() == DType::I64 && row >= 0 && row < labels->count()) {
            nearest = tr("nearest code: ") +
                      className(*frame, labels->values<Index>()[static_cast<std::size_t>(row)]);
        }
    }
    if (!values.isEmpty()) {
        nearest = nearest.isEmpty() ? values : values + QLatin1Char('\n') + nearest;
    }
    m_nearest->setText(nearest);
    m_nearest->setToolTip(nearest);
}

}  // namespace lx::ui
