// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/fields.h"

#include "ui/shell/numbers.h"
#include "ui/shell/theme.h"

#include <QAbstractItemView>
#include <QCheckBox>
#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QRegularExpression>
#include <QSignalBlocker>
#include <QSlider>
#include <QStyle>
#include <QStyleOptionComboBox>
#include <QStylePainter>
#include <QToolButton>
#include <QVBoxLayout>
#include <QWheelEvent>

#include <algorithm>
#include <array>
#include <cmath>

namespace lx::ui {

namespace {

constexpr int kLabelWidth = 112, kNarrowLabel = 90, kFieldHeight = 24;
constexpr int kSlidingField = 84, kLeastSlider = 48, kPlaces = 200;

void polish(QWidget* widget) {
    widget->style()->unpolish(widget);
    widget->style()->polish(widget);
}

/// The next value up or down: 1, 2, 5, 10 on a logarithmic scale, else a twentieth of the range.
double nextNumber(const ParamDecl& decl, double value, int direction) {
    double next = value;
    if (decl.scale == Scale::Log && value > 0) {
        static constexpr std::array<double, 3> kSteps{1, 2, 5};
        const double lowest = std::floor(std::log10(value)) - 1;
        std::vector<double> ladder;
        for (int decade = 0; decade < 4; ++decade) {
            for (const double step : kSteps) {
                ladder.push_back(step * std::pow(10.0, lowest + decade));
            }
        }
        constexpr double kSame = 1e-9;
        if (direction > 0) {
            next = *std::ranges::find_if(ladder, [&](double v) { return v > value * (1 + kSame); });
        } else {
            next = *std::find_if(ladder.rbegin(), ladder.rend(),
                                 [&](double v) { return v < value * (1 - kSame); });
        }
        // 5.000000000000001e-4 reads badly.
        next = formatShort(next, 6).replace(kMinus, QLatin1Char('-')).toDouble();
    } else if (std::holds_alternative<Index>(decl.initial)) {
        next = value + direction;
    } else {
        const bool ranged = decl.min && decl.max;
        const double step =
            ranged ? std::pow(10.0, std::floor(std::log10((*decl.max - *decl.min) / 20.0))) : 0.1;
        next = std::round((value + direction * step) / step) * step;
        next = formatShort(next, 10).replace(kMinus, QLatin1Char('-')).toDouble();
    }
    return std::clamp(next, decl.min.value_or(next), decl.max.value_or(next));
}

/// Scrolling the form must not move what lies under the pointer.
class RowSlider : public QSlider {
public:
    RowSlider() : QSlider(Qt::Horizontal) { setFocusPolicy(Qt::StrongFocus); }

protected:
    bool event(QEvent* event) override {
        // With the focus its own keys go before those of the time line.
        if (event->type() == QEvent::ShortcutOverride) {
            static constexpr std::array kOwn{Qt::Key_Left, Qt::Key_Right,  Qt::Key_Up,
                                             Qt::Key_Down, Qt::Key_PageUp, Qt::Key_PageDown,
                                             Qt::Key_Home, Qt::Key_End};
            const auto* key = static_cast<QKeyEvent*>(event);
            if (key->modifiers() == Qt::NoModifier && std::ranges::count(kOwn, key->key()) > 0) {
                event->accept();
                return true;
            }
        }
        return QSlider::event(event);
    }
    void wheelEvent(QWheelEvent* event) override {
        if (hasFocus()) {
            QSlider::wheelEvent(event);
        } else {
            event->ignore();
        }
    }
};

double asNumber(const ParamValue& value) {
    const Index* whole = std::get_if<Index>(&value);
    return whole ? static_cast<double>(*whole) : std::get<double>(value);
}

/// Where `value` lies on the slider of `decl`: 0 at its low end, kPlaces at its high one.
int placeOf(const ParamDecl& decl, double value) {
    const auto [low, high] = *decl.slider;
    const double clamped = std::clamp(value, low, high);
    const double share = decl.scale == Scale::Log ? std::log(clamped / low) / std::log(high / low)
                                                  : (clamped - low) / (high - low);
    return static_cast<int>(std::lround(share * kPlaces));
}

/// A round number near that place: two digits on a logarithmic scale, else whole hundredths of the
/// power of ten that the span is worth.
ParamValue valueAt(const ParamDecl& decl, int place) {
    const auto [low, high] = *decl.slider;
    const double share = static_cast<double>(place) / kPlaces;
    const bool log = decl.scale == Scale::Log;
    const double exact = log ? low * std::pow(high / low, share) : low + share * (high - low);
    if (std::holds_alternative<Index>(decl.initial)) {
        return static_cast<Index>(std::llround(exact));
    }
    const double size = log ? std::abs(exact) / 10 : (high - low) / 100;
    const double step = std::pow(10.0, std::floor(std::log10(size)));
    const double near = std::clamp(std::round(exact / step) * step, low, high);
    return formatShort(near, 10).replace(kMinus, QLatin1Char('-')).toDouble();
}

}  // namespace

QString choiceTitle(const ParamDecl& decl, const std::string& choice) {
    const QString help = QString::fromStdString(decl.help);
    const QString mark = QString::fromStdString(choice) + QStringLiteral(": ");
    const auto at = help.indexOf(mark);
    if (at < 0 || (at > 0 && help[at - 1] != QLatin1Char(' '))) {
        return QString::fromStdString(choice);
    }
    const auto from = at + mark.size();
    static const QRegularExpression kEnd(QStringLiteral("[,;]|\\.(\\s|$)"));
    const auto end = help.indexOf(kEnd, from);
    return help.mid(from, end < 0 ? -1 : end - from).trimmed();
}

UnitEdit::UnitEdit(const QString& unit, QWidget* parent)
    : QLineEdit(parent), m_unit(new QLabel(unit, this)) {
    m_unit->setProperty("quiet", true);
    m_unit->setAttribute(Qt::WA_TransparentForMouseEvents);
    connect(this, &QLineEdit::textChanged, this, &UnitEdit::placeUnit);
    placeUnit();
}

void UnitEdit::setUnit(const QString& unit) {
    m_unit->setText(unit);
    placeUnit();
}

ChoiceBox::ChoiceBox(QWidget* parent) : QComboBox(parent) {
    setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    setMinimumContentsLength(6);
    setFocusPolicy(Qt::StrongFocus);
}

QString ChoiceBox::shortText() const {
    static const QRegularExpression kShort(QStringLiteral("\\(([^()]+)\\)$"));
    const QRegularExpressionMatch match = kShort.match(currentText());
    return match.hasMatch() ? match.captured(1) : QString();
}

int ChoiceBox::wantedWidth() const {
    QStyleOptionComboBox option;
    initStyleOption(&option);
    const QRect field =
        style()->subControlRect(QStyle::CC_ComboBox, &option, QStyle::SC_ComboBoxEditField, this);
    constexpr int kMargins = 6;
    return width() - field.width() + fontMetrics().horizontalAdvance(currentText()) + kMargins;
}

void ChoiceBox::showPopup() {
    constexpr int kMargins = 28;
    view()->setMinimumWidth(view()->sizeHintForColumn(0) + kMargins);
    QComboBox::showPopup();
}

void ChoiceBox::paintEvent(QPaintEvent*) {
    QStylePainter painter(this);
    QStyleOptionComboBox option;
    initStyleOption(&option);
    const QRect field =
        style()->subControlRect(QStyle::CC_ComboBox, &option, QStyle::SC_ComboBoxEditField, this);
    const int room = field.width() - 2;
    if (fontMetrics().horizontalAdvance(option.currentText) > room && !shortText().isEmpty()) {
        option.currentText = shortText();
    }
    option.currentText = fontMetrics().elidedText(option.currentText, Qt::ElideRight, room);
    painter.drawComplexControl(QStyle::CC_ComboBox, option);
    painter.drawControl(QStyle::CE_ComboBoxLabel, option);
}

bool UnitEdit::event(QEvent* event) {
    // A field with nothing of its own to undo leaves the keys to the undo of parameters.
    if (event->type() == QEvent::ShortcutOverride) {
        const auto* key = static_cast<QKeyEvent*>(event);
        if ((key->matches(QKeySequence::Undo) && !isUndoAvailable()) ||
            (key->matches(QKeySequence::Redo) && !isRedoAvailable())) {
            event->ignore();
            return false;
        }
    }
    return QLineEdit::event(event);
}

void UnitEdit::keyPressEvent(QKeyEvent* event) {
    if (step && (event->key() == Qt::Key_Up || event->key() == Qt::Key_Down)) {
        nudge(event->key() == Qt::Key_Up ? 1 : -1);
        return;
    }
    QLineEdit::keyPressEvent(event);
}

void UnitEdit::wheelEvent(QWheelEvent* event) {
    // Only with focus: scrolling the form must not change what lies under the pointer.
    if (step && hasFocus() && event->angleDelta().y() != 0) {
        nudge(event->angleDelta().y() > 0 ? 1 : -1);
        event->accept();
        return;
    }
    event->ignore();
}

void UnitEdit::resizeEvent(QResizeEvent* event) {
    QLineEdit::resizeEvent(event);
    placeUnit();
}

void UnitEdit::changeEvent(QEvent* event) {
    QLineEdit::changeEvent(event);
    if (event->type() == QEvent::FontChange || event->type() == QEvent::StyleChange) {
        placeUnit();
    }
}

void UnitEdit::nudge(int direction) {
    setText(step(text(), direction));
    Q_EMIT stepped();
}

void UnitEdit::placeUnit() {
    const QSize size = m_unit->sizeHint();
    // The value comes first: a unit that leaves it no room is not shown.
    constexpr int kFrames = 20;
    const int taken = fontMetrics().horizontalAdvance(text()) + size.width() + kFrames;
    m_unit->setVisible(!m_unit->text().isEmpty() && taken <= width());
    m_unit->setGeometry(width() - size.width() - 8, (height() - size.height()) / 2, size.width(),
                        size.height());
    setTextMargins(0, 0, m_unit->isHidden() ? 0 : size.width() + 8, 0);
}

void ParamRow::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::FontChange && m_error) {
        applySizes();
    }
}

void ParamRow::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    placeLabel();
    placeSlider();
}

void ParamRow::applySizes() {
    m_field->setMinimumHeight(currentTheme().px(kFieldHeight));
    placeLabel();
    placeSlider();
}

/// Fields begin in one column, but a long choice may take the room that a short name leaves, and
/// texts stand below their names.
void ParamRow::placeLabel() {
    const Theme& theme = currentTheme();
    // Large type leaves the fields their room: the longest word needs 86 of these pixels.
    const int column = theme.px(fontScale() < 1.75 ? kLabelWidth : kNarrowLabel);
    m_error->setContentsMargins(m_stacked ? 0 : column, 0, 0, 0);
    if (m_stacked) {
        m_label->setText(m_name);
        return;
    }
    const QFontMetrics metrics = m_label->fontMetrics();
    const int gap = theme.px(8);
    QString name = m_name;
    int label = column;
    const auto* choice = dynamic_cast<const ChoiceBox*>(m_field);
    const int wanted = choice ? choice->wantedWidth() : 0;
    const int needed = metrics.horizontalAdvance(name) + gap;
    if (wanted > width() - column &&
        (needed + wanted <= width() || choice->shortText().isEmpty())) {
        label = std::clamp(width() - wanted, std::min(needed, column), column);
    } else if (needed > column) {
        const auto space = name.lastIndexOf(QLatin1Char(' '));
        name = space > 0 ? name.replace(space, 1, QLatin1Char('\n')) : name;
    }
    m_label->setText(name);
    m_label->setFixedWidth(label);
}

ParamRow::ParamRow(const ParamDecl& decl, const ParamValue& value, QWidget* parent)
    : QWidget(parent), m_decl(decl), m_value(value) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 2, 0, 2);
    column->setSpacing(0);
    auto* row = new QHBoxLayout;
    row->setSpacing(0);
    m_name = QString::fromStdString(decl.label);
    m_label = new QLabel(m_name);
    makeField();
    m_stacked = dynamic_cast<UnitEdit*>(m_field) && std::holds_alternative<std::string>(m_value);
    QBoxLayout* head = row;
    if (m_stacked) {
        head = column;
    }
    head->addWidget(m_label);
    m_field->setObjectName(QStringLiteral("param.") + QString::fromStdString(decl.id));
    m_field->setAccessibleName(QString::fromStdString(decl.label));
    m_field->setAccessibleDescription(QString::fromStdString(decl.help));
    m_label->setBuddy(m_field);
    if (decl.slider && decl.live) {
        makeSlider();
        row->addWidget(m_slider, 1);
        row->addSpacing(currentTheme().px(6));
    }
    row->addWidget(m_field, 1);
    if (decl.path != PathKind::None) {
        auto* choose = new QToolButton;
        choose->setText(QStringLiteral("…"));
        choose->setObjectName(QStringLiteral("choose.") + QString::fromStdString(decl.id));
        choose->setAccessibleName(tr("Choose a file: %1").arg(QString::fromStdString(decl.label)));
        choose->setToolTip(decl.path == PathKind::Files ? tr("Choose files") : tr("Choose a file"));
        connect(choose, &QToolButton::clicked, this, &ParamRow::choosePath);
        row->addWidget(choose);
    }
    column->addLayout(row);
    m_error = new QLabel;
    m_error->setProperty("fault", true);
    m_error->setWordWrap(true);
    m_error->hide();
    column->addWidget(m_error);
    applySizes();

    QString tip = QString::fromStdString(decl.help);
    if (decl.min && decl.max) {
        tip += QStringLiteral("\n%1 to %2").arg(formatShort(*decl.min), formatShort(*decl.max));
    }
    tip +=
        QStringLiteral("\n%1, %2")
            .arg(QString::fromStdString(decl.id), decl.live ? QStringLiteral("applied at once")
                                                            : QStringLiteral("starts a new run"));
    setToolTip(tip.trimmed());
}

void ParamRow::makeField() {
    if (const bool* flag = std::get_if<bool>(&m_value)) {
        auto* box = new QCheckBox;
        box->setChecked(*flag);
        connect(box, &QCheckBox::clicked, this, [this](bool on) { commit(on); });
        m_field = box;
        return;
    }
    if (!m_decl.choices.empty()) {
        auto* combo = new ChoiceBox;
        for (const std::string& choice : m_decl.choices) {
            combo->addItem(choiceTitle(m_decl, choice), QString::fromStdString(choice));
            combo->setItemData(combo->count() - 1, QString::fromStdString(choice), Qt::ToolTipRole);
        }
        combo->setCurrentIndex(combo->findData(QString::fromStdString(format(m_value))));
        connect(combo, &QComboBox::currentIndexChanged, this, &ParamRow::placeLabel);
        connect(combo, &QComboBox::activated, this, [this, combo](int index) {
            commit(parse(m_decl, combo->itemData(index).toString().toStdString()));
        });
        m_field = combo;
        return;
    }
    auto* edit = new UnitEdit(QString::fromStdString(m_decl.unit));
    edit->setText(shown(m_value));
    edit->setCursorPosition(0);
    if (!std::holds_alternative<std::string>(m_value) &&
        !std::holds_alternative<std::vector<double>>(m_value)) {
        edit->step = [this](const QString& text, int direction) {
            bool ok = false;
            const double current = plainNumber(text).toDouble(&ok);
            const double next = ok ? nextNumber(m_decl, current, direction) : current;
            if (std::holds_alternative<Index>(m_decl.initial)) {
                return QString::number(static_cast<Index>(std::llround(ok ? next : 0)));
            }
            return ok ? shown(ParamValue(next)) : text;
        };
    }
    connect(edit, &QLineEdit::editingFinished, this, &ParamRow::commitText);
    connect(edit, &UnitEdit::stepped, this, &ParamRow::commitText);
    m_field = edit;
}

void ParamRow::makeSlider() {
    m_slider = new RowSlider;
    m_slider->setRange(0, kPlaces);
    m_slider->setPageStep(kPlaces / 10);
    m_slider->setValue(placeOf(m_decl, asNumber(m_value)));
    m_slider->setObjectName(QStringLiteral("slider.") + QString::fromStdString(m_decl.id));
    m_slider->setAccessibleName(tr("Slider: %1").arg(QString::fromStdString(m_decl.label)));
    connect(m_slider, &QSlider::valueChanged, this, &ParamRow::onSlider);
    connect(m_slider, &QSlider::sliderReleased, this, [this] {
        if (std::exchange(m_dragged, false)) {
            Q_EMIT edited(m_value);
        }
    });
}

void ParamRow::onSlider(int place) {
    const ParamValue value = valueAt(m_decl, place);
    if (!m_slider->isSliderDown()) {
        commit(value);
    } else if (value != m_value) {
        m_dragged = true;
        setValue(value);
        Q_EMIT dragged(m_value);
    }
}

/// A narrow panel keeps the field and does without the slider.
void ParamRow::placeSlider() {
    if (!m_slider) {
        return;
    }
    const Theme& theme = currentTheme();
    const int room = width() - m_label->width() - theme.px(kSlidingField);
    const bool fits = room >= theme.px(kLeastSlider);
    m_slider->setVisible(fits);
    m_field->setMaximumWidth(fits ? theme.px(kSlidingField) : QWIDGETSIZE_MAX);
}

/// Starts in the folder of the present file; a data set's name has none.
void ParamRow::choosePath() {
    const QString now = QString::fromStdString(std::get<std::string>(m_value));
    const QString first = now.section(QLatin1Char('\n'), 0, 0);
    const QString folder = QFileInfo(first).isAbsolute() ? QFileInfo(first).path() : QString();
    const QString title = QString::fromStdString(m_decl.label);
    const QStringList chosen = m_decl.path == PathKind::Files
                                   ? QFileDialog::getOpenFileNames(this, title, folder)
                                   : QStringList(QFileDialog::getOpenFileName(this, title, folder));
    if (const QString text = chosen.join(QLatin1Char('\n')); !text.isEmpty()) {
        commit(text.toStdString());
    }
}

QString ParamRow::shown(const ParamValue& value) const {
    QString text = QString::fromStdString(format(value));
    if (!std::holds_alternative<std::string>(value)) {
        text.replace(QStringLiteral("e-0"), QStringLiteral("e-"));
        // The sign of a negative number is a true minus; the one of an exponent stays plain.
        if (text.startsWith(QLatin1Char('-'))) {
            text.replace(0, 1, kMinus);
        }
    }
    return text;
}

void ParamRow::setValue(const ParamValue& value) {
    m_value = value;
    setError({});
    if (m_slider && !m_slider->isSliderDown()) {
        const QSignalBlocker quiet(m_slider);
        m_slider->setValue(placeOf(m_decl, asNumber(value)));
    }
    if (auto* box = qobject_cast<QCheckBox*>(m_field)) {
        box->setChecked(std::get<bool>(value));
    } else if (auto* combo = qobject_cast<QComboBox*>(m_field)) {
        combo->setCurrentIndex(combo->findData(QString::fromStdString(format(value))));
    } else if (auto* edit = qobject_cast<QLineEdit*>(m_field)) {
        edit->setText(shown(value));
        edit->setCursorPosition(0);
    }
}

void ParamRow::setCheck(TextCheck check) {
    m_check = std::move(check);
    if (auto* edit = qobject_cast<QLineEdit*>(m_field)) {
        connect(edit, &QLineEdit::textEdited, this, &ParamRow::recheck);
    }
}

std::optional<TextFault> ParamRow::fault() const {
    const auto* edit = qobject_cast<QLineEdit*>(m_field);
    return m_check && edit ? m_check(edit->text()) : std::nullopt;
}

void ParamRow::recheck() {
    const std::optional<TextFault> found = fault();
    setError(found ? found->message : QString());
    if (auto* edit = qobject_cast<QLineEdit*>(m_field)) {
        markFault(*edit, found, currentTheme().error);
    }
}

void ParamRow::commitText() {
    const auto* edit = qobject_cast<QLineEdit*>(m_field);
    if (fault()) {
        recheck();
        return;
    }
    const bool isText = std::holds_alternative<std::string>(m_decl.initial);
    const QString text = isText ? edit->text() : plainNumber(edit->text());
    try {
        commit(parse(m_decl, text.toStdString()));
    } catch (const Error& error) {
        setError(QString::fromUtf8(error.what()));
    }
}

void ParamRow::commit(ParamValue value) {
    setError({});
    if (value != m_value) {
        setValue(value);
        Q_EMIT edited(m_value);
    }
}

void ParamRow::setError(const QString& message) {
    m_error->setText(message);
    m_error->setVisible(!message.isEmpty());
    if (m_field->property("invalid").toBool() == message.isEmpty()) {
        m_field->setProperty("invalid", !message.isEmpty());
        polish(m_field);
    }
}

QString ParamRow::error() const {
    return m_error->text();
}

void ParamRow::setPending(bool pending) {
    const QString label = QString::fromStdString(m_decl.label);
    m_name = pending ? QStringLiteral("● ") + label : label;
    placeLabel();
}

bool ParamRow::matches(const QString& words) const {
    const QString all = QString::fromStdString(m_decl.label + " " + m_decl.id + " " + m_decl.help);
    const auto parts = words.split(QLatin1Char(' '), Qt::SkipEmptyParts);
    return std::ranges::all_of(
        parts, [&](const QString& part) { return all.contains(part, Qt::CaseInsensitive); });
}

}  // namespace lx::ui
