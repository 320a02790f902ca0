// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/param_form.h"

#include "ui/panels/fields.h"
#include "ui/shell/run_book.h"
#include "ui/shell/theme.h"

#include <QButtonGroup>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QTimer>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

namespace lx::ui {

namespace {

/// Heading of a parameter: by the role that its id names first, else by what a change does.
QString headingOf(const ParamDecl& decl) {
    static const std::map<std::string, const char*, std::less<>> kHeadings{
        {"data", "Data"},          {"file", "Data"},          {"encoder", "Model"},
        {"decoder", "Model"},      {"prior", "Model"},        {"posterior", "Model"},
        {"likelihood", "Model"},   {"net", "Model"},          {"network", "Model"},
        {"latent", "Model"},       {"model", "Model"},        {"beta", "Model"},
        {"hidden", "Model"},       {"train", "Training"},     {"optimizer", "Training"},
        {"optimiser", "Training"}, {"adam", "Training"},      {"schedule", "Training"},
        {"batch", "Training"},     {"negatives", "Training"}, {"guard", "Training"},
        {"geodesic", "Geometry"},  {"metric", "Geometry"},    {"energy", "Target"},
        {"sampler", "Sampling"},   {"ema", "Training"},       {"view", "View"},
        {"guidance", "Sampling"},  {"inpaint", "Sampling"},   {"samples", "Sampling"},
        {"compose", "Model"},      {"condition", "Model"},    {"objective", "Training"},
        {"observe", "View"},       {"eval", "Evaluation"},    {"evaluation", "Evaluation"}};
    const auto it = kHeadings.find(decl.id.substr(0, decl.id.find_first_of("._")));
    if (it != kHeadings.end()) {
        return QString::fromLatin1(it->second);
    }
    return decl.live ? QStringLiteral("Training") : QStringLiteral("Model");
}

int rankOf(const QString& heading) {
    static const QStringList kOrder{QStringLiteral("Target"),   QStringLiteral("Model"),
                                    QStringLiteral("Training"), QStringLiteral("Sampling"),
                                    QStringLiteral("Geometry"), QStringLiteral("Data"),
                                    QStringLiteral("View"),     QStringLiteral("Evaluation")};
    const auto at = kOrder.indexOf(heading);
    return static_cast<int>(at < 0 ? kOrder.size() : at);
}

QToolButton* flatButton(const QString& text) {
    auto* button = new QToolButton;
    button->setText(text);
    button->setProperty("flat", true);
    button->setCheckable(true);
    return button;
}

}  // namespace

Section::Section(const QString& title, QWidget* parent)
    : QWidget(parent), m_title(title), m_head(new QToolButton), m_box(new QWidget) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 8);
    column->setSpacing(2);
    m_head->setProperty("section", true);
    m_head->setText(QStringLiteral("▾ ") + title);
    m_head->setCheckable(true);
    m_head->setChecked(true);
    m_head->setAccessibleName(title);
    column->addWidget(m_head, 0, Qt::AlignLeft);
    column->addWidget(m_box);
    m_body = new QVBoxLayout(m_box);
    m_body->setContentsMargins(0, 0, 0, 0);
    m_body->setSpacing(0);
    connect(m_head, &QToolButton::toggled, this, [this](bool open) {
        m_box->setVisible(open);
        m_head->setText((open ? QStringLiteral("▾ ") : QStringLiteral("▸ ")) + m_title);
    });
}

ParamForm::ParamForm(RunBook& book, QWidget* parent) : QWidget(parent), m_book(book) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(4);

    m_applyBar = new QWidget;
    auto* applyRow = new QHBoxLayout(m_applyBar);
    applyRow->setContentsMargins(0, 0, 0, 4);
    m_applyText = new QLabel;
    m_applyText->setProperty("small", true);
    m_applyText->setWordWrap(true);
    m_apply = new QPushButton(QStringLiteral("Apply"));
    m_apply->setObjectName(QStringLiteral("applyParameters"));
    m_apply->setProperty("primary", true);
    m_apply->setAccessibleName(QStringLiteral("Apply: start a new run with these parameters"));
    auto* discard = new QPushButton(QStringLiteral("Discard"));
    discard->setObjectName(QStringLiteral("discardParameters"));
    applyRow->addWidget(m_applyText, 1);
    applyRow->addWidget(m_apply);
    applyRow->addWidget(discard);
    m_applyBar->hide();
    column->addWidget(m_applyBar);

    m_sections = new QVBoxLayout;
    m_sections->setContentsMargins(0, 0, 0, 0);
    m_sections->setSpacing(0);
    column->addLayout(m_sections);
    m_nothing = new QLabel;
    m_nothing->setProperty("quiet", true);
    m_nothing->setWordWrap(true);
    m_nothing->hide();
    column->addWidget(m_nothing);

    auto* foot = new QHBoxLayout;
    foot->setSpacing(4);
    m_basic = flatButton(QStringLiteral("Basic"));
    m_all = flatButton(QStringLiteral("All"));
    m_basic->setObjectName(QStringLiteral("paramsBasic"));
    m_all->setObjectName(QStringLiteral("paramsAll"));
    auto* group = new QButtonGroup(this);
    group->addButton(m_basic);
    group->addButton(m_all);
    m_basic->setChecked(true);
    m_note = new QLabel(QStringLiteral("|"));
    m_note->setProperty("quiet", true);
    m_search = new QLineEdit;
    m_search->setObjectName(QStringLiteral("paramSearch"));
    m_search->setPlaceholderText(QStringLiteral("Search parameters"));
    m_search->setAccessibleName(QStringLiteral("Search parameters"));
    m_search->setClearButtonEnabled(true);
    foot->addWidget(m_basic);
    foot->addWidget(m_note);
    foot->addWidget(m_all);
    foot->addSpacing(8);
    foot->addWidget(m_search, 1);
    column->addLayout(foot);
    column->addStretch(1);

    connect(m_all, &QToolButton::toggled, this, &ParamForm::filter);
    connect(m_search, &QLineEdit::textChanged, this, &ParamForm::filter);
    connect(m_apply, &QPushButton::clicked, this, &ParamForm::apply);
    connect(discard, &QPushButton::clicked, this, &ParamForm::discard);
    connect(&m_book, &RunBook::paramsChanged, this, &ParamForm::refresh);
    connect(&m_book, &RunBook::runsChanged, this, &ParamForm::refresh);
    connect(&m_book, &RunBook::activeChanged, this, &ParamForm::refresh);
    rebuild();
}

void ParamForm::rebuild() {
    for (Section* section : m_groups) {
        m_sections->removeWidget(section);
        section->hide();
        section->deleteLater();
    }
    m_groups.clear();
    m_rows.clear();
    const RunInfo* run = m_book.active();
    m_source = run ? run->source : kNoRun;
    if (!run) {
        m_nothing->setText(QStringLiteral("Start a model to see its parameters."));
        m_nothing->show();
        return;
    }
    Description description = run->description;
    ParamSet values = run->params;
    if (!m_pending.empty()) {
        try {
            // A chosen part brings its own parameters along.
            ParamSet asked;
            for (const ParamDecl& decl : run->description.params) {
                if (!decl.choices.empty()) {
                    asked[decl.id] = values[decl.id];
                }
            }
            for (const auto& [id, value] : m_pending) {
                if (const ParamDecl* decl = lx::find(run->description.params, id);
                    decl && !decl->choices.empty()) {
                    asked[id] = value;
                }
            }
            description = m_book.describe(asked);
        } catch (const Error&) {
            description = run->description;
        }
        for (const auto& [id, value] : m_pending) {
            values[id] = value;
        }
    }
    std::map<QString, Section*> byHeading;
    std::vector<const ParamDecl*> ordered;
    for (const ParamDecl& decl : description.params) {
        ordered.push_back(&decl);
    }
    std::ranges::stable_sort(ordered, {}, [](const ParamDecl* d) { return rankOf(headingOf(*d)); });
    for (const ParamDecl* decl : ordered) {
        const QString heading = headingOf(*decl);
        Section*& section = byHeading[heading];
        if (!section) {
            section = new Section(heading);
            m_groups.push_back(section);
            m_sections->addWidget(section);
        }
        const auto it = values.find(decl->id);
        auto* row = new ParamRow(*decl, it == values.end() ? decl->initial : it->second);
        row->setPending(m_pending.contains(decl->id));
        section->body()->addWidget(row);
        m_rows[decl->id] = row;
        connect(row, &ParamRow::edited, this,
                [this, row](const ParamValue& value) { onEdited(row->decl(), value); });
        connect(row, &ParamRow::dragged, this,
                [this, row](const ParamValue& value) { m_book.dragLive(row->decl().id, value); });
    }
    ParamRow* formula = row(QStringLiteral("energy.expression"));
    ParamRow* constants = row(QStringLiteral("energy.constants"));
    if (formula) {
        formula->setCheck([constants](const QString& text) {
            const auto* edit = constants ? qobject_cast<QLineEdit*>(constants->field()) : nullptr;
            return formulaFault(text, edit ? edit->text() : QString());
        });
    }
    if (formula && constants) {
        constants->setCheck(constantsFault);
        if (const auto* edit = qobject_cast<QLineEdit*>(constants->field())) {
            connect(edit, &QLineEdit::textEdited, formula, &ParamRow::recheck);
        }
    }
    filter();
}

void ParamForm::refresh() {
    const RunInfo* run = m_book.active();
    if ((run ? run->source : kNoRun) != m_source) {
        m_pending.clear();
        showPending();
        rebuild();
        return;
    }
    if (!run) {
        return;
    }
    for (const auto& [id, row] : m_rows) {
        const auto it = run->params.find(id);
        if (it != run->params.end() && !m_pending.contains(id) && it->second != row->value()) {
            row->setValue(it->second);
        }
    }
}

void ParamForm::filter() {
    const QString words = m_search->text();
    std::map<QString, int> visible;
    for (const auto& [id, row] : m_rows) {
        const bool wanted = words.trimmed().isEmpty() ? m_all->isChecked() || row->decl().basic
                                                      : row->matches(words);
        row->setVisible(wanted);
        visible[headingOf(row->decl())] += wanted ? 1 : 0;
    }
    int total = 0;
    for (Section* section : m_groups) {
        section->setVisible(visible[section->title()] > 0);
        total += visible[section->title()];
    }
    m_nothing->setText(m_rows.empty() ? QStringLiteral("Start a model to see its parameters.")
                                      : QStringLiteral("No parameter matches “%1”.").arg(words));
    m_nothing->setVisible(total == 0);
}

void ParamForm::onEdited(const ParamDecl& decl, const ParamValue& value) {
    const RunInfo* run = m_book.active();
    if (!run) {
        return;
    }
    if (decl.live) {
        m_book.editLive(decl.id, value);
        return;
    }
    const auto it = run->params.find(decl.id);
    if (it != run->params.end() && it->second == value) {
        m_pending.erase(decl.id);
    } else {
        m_pending[decl.id] = value;
    }
    showPending();
    if (!decl.choices.empty()) {
        // Not from inside the row's own signal: rebuilding deletes the row.
        QTimer::singleShot(0, this, &ParamForm::rebuild);
    } else if (ParamRow* edited = row(QString::fromStdString(decl.id))) {
        edited->setPending(m_pending.contains(decl.id));
    }
}

void ParamForm::propose(const std::string& id, const ParamValue& value) {
    ParamRow* wanted = row(QString::fromStdString(id));
    if (!wanted || wanted->decl().live) {
        return;
    }
    wanted->setValue(value);
    onEdited(wanted->decl(), value);
}

void ParamForm::showPending() {
    m_book.setPending(m_pending);
    const auto count = m_pending.size();
    m_applyText->setText(count == 1 ? QStringLiteral("1 change starts a new run.")
                                    : QStringLiteral("%1 changes start a new run.").arg(count));
    m_applyBar->setVisible(count > 0);
}

void ParamForm::apply() {
    const ParamSet changes = std::exchange(m_pending, {});
    showPending();
    if (!changes.empty()) {
        m_book.applyCold(changes);
    }
    rebuild();
}

void ParamForm::discard() {
    m_pending.clear();
    showPending();
    rebuild();
}

ParamRow* ParamForm::row(const QString& id) const {
    const auto it = m_rows.find(id.toStdString());
    return it == m_rows.end() ? nullptr : it->second;
}

void ParamForm::reveal(const QString& id) {
    ParamRow* target = row(id);
    if (!target) {
        return;
    }
    m_search->clear();
    if (!target->decl().basic) {
        m_all->setChecked(true);
    }
    filter();
    target->field()->setFocus(Qt::ShortcutFocusReason);
}

void ParamForm::focusSearch() {
    m_search->setFocus(Qt::ShortcutFocusReason);
    m_search->selectAll();
}

}  // namespace lx::ui
