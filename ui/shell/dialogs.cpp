// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/dialogs.h"

#include "ui/shell/actions.h"
#include "ui/shell/theme.h"

#include <QDialogButtonBox>
#include <QHeaderView>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPushButton>
#include <QTableWidget>
#include <QVBoxLayout>

#include <algorithm>
#include <map>

namespace lx::ui {

namespace {

/// How well `words` fit: all must occur; starting a word counts more. -1: no match.
int score(const QString& text, const QString& words) {
    int total = 0;
    for (const QString& word : words.split(QLatin1Char(' '), Qt::SkipEmptyParts)) {
        const auto at = text.indexOf(word, 0, Qt::CaseInsensitive);
        if (at < 0) {
            return -1;
        }
        total += at == 0 || text[at - 1] == QLatin1Char(' ') ? 10 : 1;
    }
    return total;
}

}  // namespace

CommandPalette::CommandPalette(QWidget* parent)
    : QFrame(parent), m_input(new QLineEdit), m_list(new QListWidget) {
    setObjectName(QStringLiteral("palette"));
    setAccessibleName(tr("Command palette"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(8, 8, 8, 8);
    m_input->setObjectName(QStringLiteral("paletteInput"));
    m_input->setPlaceholderText(tr("Type a command or a parameter"));
    m_input->setAccessibleName(tr("Command or parameter"));
    m_list->setFocusPolicy(Qt::NoFocus);
    m_list->setAccessibleName(tr("Matches"));
    column->addWidget(m_input);
    column->addWidget(m_list);
    m_input->installEventFilter(this);
    connect(m_input, &QLineEdit::textChanged, this, &CommandPalette::filter);
    connect(m_list, &QListWidget::itemClicked, this, &CommandPalette::accept);
    hide();
}

void CommandPalette::open(std::vector<PaletteEntry> entries) {
    m_entries = std::move(entries);
    const int width = std::min(560, parentWidget()->width() - 40);
    const int height = std::min(380, parentWidget()->height() - 120);
    setGeometry((parentWidget()->width() - width) / 2, 80, width, height);
    m_input->clear();
    filter();
    show();
    raise();
    m_input->setFocus();
}

void CommandPalette::filter() {
    const QString words = m_input->text();
    std::vector<std::pair<int, std::size_t>> ranked;
    for (std::size_t i = 0; i < m_entries.size(); ++i) {
        const int value = score(m_entries[i].text + QLatin1Char(' ') + m_entries[i].group, words);
        if (value >= 0) {
            ranked.emplace_back(-value, i);
        }
    }
    std::ranges::stable_sort(ranked, {}, &std::pair<int, std::size_t>::first);
    m_shown.clear();
    m_list->clear();
    for (const auto& [value, i] : ranked) {
        const PaletteEntry& entry = m_entries[i];
        m_shown.push_back(i);
        auto* item = new QListWidgetItem(
            entry.text + (entry.keys.isEmpty() ? QString() : QStringLiteral("    ") + entry.keys) +
                (entry.reason.isEmpty() ? QString() : QStringLiteral("    ") + entry.reason),
            m_list);
        item->setToolTip(entry.reason.isEmpty() ? entry.group : entry.reason);
        if (!entry.reason.isEmpty()) {
            item->setForeground(currentTheme().secondary);
        }
    }
    m_list->setCurrentRow(0);
}

QStringList CommandPalette::matches() const {
    QStringList out;
    for (const std::size_t i : m_shown) {
        out << m_entries[i].text;
    }
    return out;
}

void CommandPalette::accept() {
    const int row = m_list->currentRow();
    if (row < 0 || !m_entries[m_shown[static_cast<std::size_t>(row)]].reason.isEmpty()) {
        return;
    }
    const auto run = m_entries[m_shown[static_cast<std::size_t>(row)]].run;
    hide();
    run();
}

bool CommandPalette::eventFilter(QObject* object, QEvent* event) {
    if (event->type() == QEvent::FocusOut) {
        hide();
    } else if (event->type() == QEvent::KeyPress) {
        const int key = static_cast<QKeyEvent*>(event)->key();
        if (key == Qt::Key_Down || key == Qt::Key_Up) {
            const int next = m_list->currentRow() + (key == Qt::Key_Down ? 1 : -1);
            m_list->setCurrentRow(std::clamp(next, 0, std::max(0, m_list->count() - 1)));
            return true;
        }
        if (key == Qt::Key_Return || key == Qt::Key_Enter) {
            accept();
            return true;
        }
        if (key == Qt::Key_Escape) {
            hide();
            return true;
        }
    }
    return QFrame::eventFilter(object, event);
}

ShortcutSheet::ShortcutSheet(const Actions& actions, QWidget* parent) : QDialog(parent) {
    setWindowTitle(tr("Shortcuts"));
    setObjectName(QStringLiteral("shortcutSheet"));
    QStringList order;
    std::map<QString, QString> rows;
    for (const QAction* action : actions.all()) {
        if (action->shortcuts().isEmpty()) {
            continue;
        }
        const QString group = Actions::groupOf(action);
        if (!order.contains(group)) {
            order << group;
        }
        QStringList keys;
        for (const QKeySequence& key : action->shortcuts()) {
            keys << key.toString(QKeySequence::NativeText).toHtmlEscaped();
        }
        rows[group] += QStringLiteral("<tr><td width='110'><b>%1</b></td><td>%2</td></tr>")
                           .arg(keys.join(QStringLiteral(", ")),
                                action->text().remove(QLatin1Char('&')).toHtmlEscaped());
    }
    auto* columns = new QHBoxLayout;
    columns->setSpacing(32);
    const qsizetype half = (order.size() + 1) / 2;
    for (qsizetype side = 0; side < 2; ++side) {
        QString html;
        for (qsizetype i = side * half; i < std::min(order.size(), (side + 1) * half); ++i) {
            html += QStringLiteral("<p><b>%1</b></p><table cellpadding='3'>%2</table>")
                        .arg(order[i].toHtmlEscaped(), rows[order[i]]);
        }
        auto* label = new QLabel(html);
        label->setTextFormat(Qt::RichText);
        label->setAlignment(Qt::AlignTop);
        columns->addWidget(label);
    }
    auto* column = new QVBoxLayout(this);
    column->addLayout(columns);
    auto* note = new QLabel(tr("Single letters act while no text field has the focus."));
    note->setProperty("quiet", true);
    column->addWidget(note);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    column->addWidget(buttons);
}

RecoveryDialog::RecoveryDialog(std::vector<Recovery> items, QWidget* parent)
    : QDialog(parent), m_items(std::move(items)), m_list(new QListWidget) {
    setWindowTitle(tr("Unsaved work was found"));
    setObjectName(QStringLiteral("recovery"));
    auto* column = new QVBoxLayout(this);
    auto* text =
        new QLabel(tr("The program ended before these runs were saved. Nothing is deleted "
                      "unless you say so."));
    text->setWordWrap(true);
    column->addWidget(text);
    for (const Recovery& item : m_items) {
        new QListWidgetItem(tr("%1, step %2, %3")
                                .arg(QString::fromStdString(item.title))
                                .arg(item.step)
                                .arg(QString::fromStdString(item.when)),
                            m_list);
    }
    m_list->setCurrentRow(0);
    m_list->setMinimumSize(currentTheme().px(460), currentTheme().px(120));
    m_list->setAccessibleName(tr("Leftover runs"));
    column->addWidget(m_list);
    auto* buttons = new QDialogButtonBox;
    auto* open = buttons->addButton(tr("Open"), QDialogButtonBox::ActionRole);
    auto* discard = buttons->addButton(tr("Delete"), QDialogButtonBox::ActionRole);
    auto* later = buttons->addButton(tr("Keep for later"), QDialogButtonBox::RejectRole);
    open->setProperty("primary", true);
    open->setObjectName(QStringLiteral("recoveryOpen"));
    discard->setObjectName(QStringLiteral("recoveryDelete"));
    column->addWidget(buttons);
    const auto take = [this](const std::function<void(const Recovery&)>& what) {
        const int row = m_list->currentRow();
        if (row < 0) {
            return;
        }
        const Recovery item = m_items[static_cast<std::size_t>(row)];
        m_items.erase(m_items.begin() + row);
        delete m_list->takeItem(row);
        if (what) {
            what(item);
        }
        if (m_items.empty()) {
            accept();
        }
    };
    connect(open, &QPushButton::clicked, this, [this, take] { take(onOpen); });
    connect(discard, &QPushButton::clicked, this, [this, take] { take(onDiscard); });
    connect(later, &QPushButton::clicked, this, &QDialog::reject);
}

}  // namespace lx::ui
