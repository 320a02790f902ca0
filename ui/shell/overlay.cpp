// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/overlay.h"

#include "ui/shell/numbers.h"
#include "ui/shell/theme.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QMouseEvent>
#include <QPainter>
#include <QStyleOptionButton>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

namespace lx::ui {

namespace {
constexpr float kDim = 0.35F;
constexpr int kCardWidth = 250, kCardHeight = 132, kGap = 16;
}  // namespace

Overlay::Overlay(QWidget* parent) : QWidget(parent) {
    parent->installEventFilter(this);
    setGeometry(parent->rect());
}

bool Overlay::eventFilter(QObject* object, QEvent* event) {
    if (object == parent() && event->type() == QEvent::Resize) {
        setGeometry(parentWidget()->rect());
        place();
    }
    return QWidget::eventFilter(object, event);
}

void Overlay::place() {}

Card::Card(const QString& icon, const QString& title, const QString& text, const QString& reason,
           QWidget* parent)
    : QPushButton(parent), m_icon(icon), m_title(title), m_text(text), m_reason(reason) {
    setObjectName(QStringLiteral("card"));
    setAccessibleName(title);
    setAccessibleDescription(reason.isEmpty() ? text : text + QLatin1Char(' ') + reason);
    setEnabled(reason.isEmpty());
    setToolTip(reason);
    setCursor(Qt::PointingHandCursor);
}

QSize Card::sizeHint() const {
    return {currentTheme().px(kCardWidth), currentTheme().px(kCardHeight)};
}

void Card::paintEvent(QPaintEvent*) {
    const Theme& theme = currentTheme();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const bool lit = isEnabled() && (underMouse() || hasFocus());
    painter.setPen(QPen(lit ? theme.accent : theme.border, hasFocus() ? 2 : 1));
    painter.setBrush(lit ? theme.hover : theme.panel);
    painter.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), 8, 8);
    const int pad = theme.px(14), icon = theme.px(24);
    theme.icon(m_icon, isEnabled() ? theme.accent : theme.secondary)
        .paint(&painter, pad, pad, icon, icon);
    painter.setPen(isEnabled() ? theme.text : theme.secondary);
    painter.setFont(theme.font(14, true));
    painter.drawText(QRect(pad + icon + 8, pad, width() - 2 * pad - icon - 8, icon),
                     Qt::AlignVCenter | Qt::AlignLeft, m_title);
    painter.setFont(theme.font(12));
    painter.setPen(theme.secondary);
    painter.drawText(QRect(pad, pad + icon + 8, width() - 2 * pad, height() - 2 * pad - icon - 8),
                     Qt::TextWordWrap | Qt::AlignLeft | Qt::AlignTop,
                     m_reason.isEmpty() ? m_text : m_text + QLatin1Char('\n') + m_reason);
}

StartCards::StartCards(const AppServices& services, QWidget* parent) : Overlay(parent) {
    setObjectName(QStringLiteral("startCards"));
    setAccessibleName(tr("Where to start"));
    setFocusPolicy(Qt::StrongFocus);
    const auto add = [&](const char* icon, const QString& title, const QString& text,
                         bool available) {
        auto* card =
            new Card(QLatin1String(icon), title, text,
                     available ? QString() : tr("No recipe of this kind is available."), this);
        m_cards.push_back(card);
        return card;
    };
    Card* explore =
        add("explore", tr("Explore a latent space"),
            tr("Train a variational autoencoder and travel through what it has learnt."),
            !services.defaultRecipe.empty());
    Card* sample =
        add("chains", tr("Watch samplers mix"),
            tr("Chains walking on an energy landscape, with a verdict on how well they mix."),
            !services.chainRecipe.empty());
    Card* denoise = add("denoise", tr("Denoise"), tr("Noise that turns into data, step by step."),
                        !services.diffusionRecipe.empty());
    Card* open =
        add("open", tr("Open data or a session"),
            tr("A table, pictures, chains, or a saved session. Or drop it anywhere."), true);
    connect(explore, &QPushButton::clicked, this, &StartCards::explore);
    connect(sample, &QPushButton::clicked, this, &StartCards::sample);
    connect(denoise, &QPushButton::clicked, this, &StartCards::denoise);
    connect(open, &QPushButton::clicked, this, &StartCards::openFiles);
    place();
    show();
    raise();
    setFocus();
}

void StartCards::place() {
    const QSize size = m_cards.front()->sizeHint();
    const int columns = width() >= 2 * size.width() + 3 * kGap ? 2 : 1;
    const int rows = static_cast<int>(m_cards.size()) / columns;
    // A low stage shows lower cards rather than cut ones.
    const int cardHeight =
        std::min(size.height(), std::max(56, (height() - (rows + 1) * kGap) / rows));
    const int cardWidth = std::min(size.width(), width() - 2 * kGap);
    const int left = (width() - columns * cardWidth - (columns - 1) * kGap) / 2;
    const int top = (height() - rows * cardHeight - (rows - 1) * kGap) / 2;
    for (std::size_t i = 0; i < m_cards.size(); ++i) {
        const int column = static_cast<int>(i) % columns, row = static_cast<int>(i) / columns;
        m_cards[i]->setGeometry(left + column * (cardWidth + kGap), top + row * (cardHeight + kGap),
                                cardWidth, cardHeight);
    }
}

void StartCards::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    QColor veil = currentTheme().dark() ? QColor(Qt::black) : currentTheme().text;
    veil.setAlphaF(kDim);
    painter.fillRect(rect(), veil);
}

void StartCards::mousePressEvent(QMouseEvent*) {
    Q_EMIT closed();
}

void StartCards::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Escape) {
        Q_EMIT closed();
        return;
    }
    Overlay::keyPressEvent(event);
}

DropNote::DropNote(QWidget* parent)
    : Overlay(parent), m_what(new QLabel(this)), m_action(new QLabel(this)) {
    setAttribute(Qt::WA_TransparentForMouseEvents);
    auto* column = new QVBoxLayout(this);
    column->addStretch(1);
    auto* box = new QFrame;
    box->setObjectName(QStringLiteral("dropNote"));
    auto* lines = new QVBoxLayout(box);
    lines->setContentsMargins(24, 20, 24, 20);
    lines->addWidget(m_what);
    lines->addWidget(m_action);
    m_what->setWordWrap(true);
    m_what->setAlignment(Qt::AlignCenter);
    m_action->setWordWrap(true);
    m_action->setAlignment(Qt::AlignCenter);
    m_what->setProperty("quiet", true);
    m_action->setFont(currentTheme().font(16, true));
    box->setMinimumWidth(420);
    column->addWidget(box, 0, Qt::AlignCenter);
    column->addStretch(1);
    hide();
}

void DropNote::say(const QString& what, const QString& action) {
    m_what->setText(what);
    m_action->setText(action);
    setGeometry(parentWidget()->rect());
    raise();
    show();
}

QString DropNote::text() const {
    return m_what->text() + QLatin1Char('\n') + m_action->text();
}

void DropNote::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    QColor veil = currentTheme().window;
    veil.setAlphaF(0.8F);
    painter.fillRect(rect(), veil);
}

FailureBanner::FailureBanner(QWidget* parent)
    : QFrame(parent),
      m_icon(new QLabel),
      m_text(new QLabel),
      m_restart(new QPushButton(tr("Restart"))),
      m_back(new QPushButton(tr("Roll back"))) {
    setObjectName(QStringLiteral("banner"));
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(12, 6, 8, 6);
    row->setSpacing(8);
    row->addWidget(m_icon);
    m_text->setWordWrap(true);
    m_text->setObjectName(QStringLiteral("bannerText"));
    m_text->setTextInteractionFlags(Qt::TextSelectableByMouse);
    row->addWidget(m_text, 1);
    m_restart->setObjectName(QStringLiteral("bannerRestart"));
    m_back->setObjectName(QStringLiteral("bannerRollBack"));
    m_restart->setToolTip(tr("Start again from step 0 with the same seed"));
    m_back->setToolTip(tr("Return to the last good state that is kept"));
    row->addWidget(m_back);
    row->addWidget(m_restart);
    auto* close = new QToolButton;
    close->setProperty("flat", true);
    close->setAccessibleName(tr("Dismiss"));
    close->setText(QStringLiteral("✕"));
    row->addWidget(close);
    connect(m_restart, &QPushButton::clicked, this, &FailureBanner::restart);
    connect(m_back, &QPushButton::clicked, this, &FailureBanner::rollBack);
    connect(close, &QToolButton::clicked, this, [this] {
        hide();
        Q_EMIT dismissed();
    });
    hide();
}

void FailureBanner::show(const QString& run, const Failure& failure, bool canRollBack) {
    tell(tr("<b>%1 stopped at step %2</b> (%3): %4")
             .arg(run.toHtmlEscaped(), formatInteger(failure.step),
                  QString::fromStdString(failure.where).toHtmlEscaped(),
                  QString::fromStdString(failure.message).toHtmlEscaped()));
    m_restart->setVisible(true);
    m_back->setVisible(true);
    m_back->setEnabled(canRollBack);
}

void FailureBanner::tell(const QString& message) {
    const Theme& theme = currentTheme();
    m_icon->setPixmap(theme.icon(QStringLiteral("warning"), theme.error).pixmap(20, 20));
    m_text->setText(message);
    m_restart->setVisible(false);
    m_back->setVisible(false);
    QFrame::show();
}

QString FailureBanner::text() const {
    return m_text->text();
}

}  // namespace lx::ui
