// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/step_caption.h"

#include <QHBoxLayout>

#include <algorithm>

namespace lx::ui {

StepCaption::StepCaption(QWidget* parent)
    : QWidget(parent), m_text(new QLabel), m_back(new QToolButton), m_on(new QToolButton) {
    setAutoFillBackground(true);
    setBackgroundRole(QPalette::Base);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(8, 2, 8, 4);
    m_back->setText(QStringLiteral("◂"));
    m_back->setAccessibleName(tr("Previous sub-step"));
    m_on->setText(QStringLiteral("▸"));
    m_on->setAccessibleName(tr("Next sub-step"));
    for (QToolButton* button : {m_back, m_on}) {
        button->setToolTip(button->accessibleName());
        row->addWidget(button);
    }
    m_text->setWordWrap(true);
    m_text->setTextInteractionFlags(Qt::TextSelectableByMouse);
    row->addWidget(m_text, 1);
    connect(m_back, &QToolButton::clicked, this, [this] { move(-1); });
    connect(m_on, &QToolButton::clicked, this, [this] { move(1); });
}

void StepCaption::setTheme(const Theme& theme) {
    m_text->setFont(theme.font(12));
    for (QToolButton* button : {m_back, m_on}) {
        button->setFixedSize(theme.px(22), theme.px(22));
    }
}

int StepCaption::phase() const {
    const int last = static_cast<int>(m_captions.size()) - 1;
    return m_phase < 0 ? last : std::min(m_phase, last);
}

void StepCaption::setCaptions(const QString& chain, const QStringList& captions) {
    m_captions = captions;
    m_back->setEnabled(captions.size() > 1);
    m_on->setEnabled(captions.size() > 1);
    m_text->setText(captions.isEmpty()
                        ? tr("No step to show: this kernel does not tell, or its step is under "
                             "way.")
                        : tr("%1, sub-step %2 of %3: %4")
                              .arg(chain)
                              .arg(phase() + 1)
                              .arg(captions.size())
                              .arg(captions[phase()]));
}

void StepCaption::move(int by) {
    const int last = static_cast<int>(m_captions.size()) - 1, now = phase();
    m_phase = by > 0 && now >= last ? 0 : std::clamp(now + by, 0, std::max(0, last));
    Q_EMIT phaseChanged();
}

}  // namespace lx::ui
