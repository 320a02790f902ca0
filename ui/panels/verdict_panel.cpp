// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/verdict_panel.h"

#include "ui/panels/fields.h"
#include "ui/shell/numbers.h"
#include "ui/shell/run_book.h"
#include "ui/shell/theme.h"
#include "ui/views/chain_channels.h"

#include <QGridLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace lx::ui {
namespace {

constexpr qsizetype kFirstFindings = 3;
constexpr int kLabelWidth = 112;

/// Versions of the channels, for finding out whether anything is new.
std::vector<std::uint64_t> versionsOf(const Frame& frame, std::initializer_list<const char*> ids) {
    std::vector<std::uint64_t> out{frame.source, frame.snapshot->epoch};
    for (const char* id : ids) {
        out.push_back(channelVersion(frame, id));
    }
    return out;
}

/// 1/8 for 0.125, else two digits.
QString shareText(double share) {
    const double inverse = 1 / share;
    const double whole = std::round(inverse);
    return whole > 1 && whole <= 100 && std::abs(inverse - whole) < 1e-3 * whole
               ? QStringLiteral("1/%1").arg(whole)
               : formatFixed(share, 2);
}

}  // namespace

VerdictPanel::VerdictPanel(RunBook& book, SessionBridge& bridge, QWidget* parent)
    : QWidget(parent), m_book(book), m_bridge(bridge), m_label(new QLabel), m_note(new QLabel) {
    setAccessibleName(tr("Verdict on the chains"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(6);
    m_label->setWordWrap(true);
    m_label->setTextFormat(Qt::RichText);
    m_label->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::LinksAccessibleByMouse |
                                     Qt::LinksAccessibleByKeyboard);
    connect(m_label, &QLabel::linkActivated, this, [this] {
        m_all = !m_all;
        m_versions.clear();
        refresh();
    });
    m_label->setObjectName(QStringLiteral("verdictText"));
    column->addWidget(m_label);
    m_row = new QGridLayout;
    m_row->setSpacing(6);
    m_row->setColumnStretch(2, 1);
    column->addLayout(m_row);
    m_note->setObjectName(QStringLiteral("samplerNote"));
    m_note->setWordWrap(true);
    m_note->setProperty("quiet", true);
    m_note->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_note->hide();
    column->addWidget(m_note);
    connect(&bridge, &SessionBridge::snapshotChanged, this, [this] {
        if (isVisible()) {
            refresh();
        }
    });
}

void VerdictPanel::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    m_bridge.observe(this, {QStringLiteral("verdict"), QStringLiteral("sampler")});
    refresh();
}

void VerdictPanel::hideEvent(QHideEvent* event) {
    QWidget::hideEvent(event);
    m_bridge.observe(this, {});
}

void VerdictPanel::setTheme(const Theme&) {
    m_versions.clear();
    refresh();
}

QString VerdictPanel::text() const {
    return m_label->text();
}

void VerdictPanel::refresh() {
    const Frame* frame = m_bridge.activeFrame();
    if (!frame) {
        return;
    }
    const QString note = factOf(*frame, QStringLiteral("note"));
    m_note->setText(note);
    m_note->setVisible(!note.isEmpty());
    auto versions = versionsOf(*frame, {"verdict"});
    if (versions == m_versions) {
        return;
    }
    m_versions = std::move(versions);
    for (QPushButton* button : m_buttons) {
        button->deleteLater();
    }
    m_buttons.clear();
    const RunInfo* run = m_book.find(frame->source);
    const QString fixed = run ? QString::fromStdString(run->description.fixed) : QString();
    const VerdictText verdict = verdictOf(*frame);
    const Theme& theme = currentTheme();
    if (verdict.headline.isEmpty()) {
        m_label->setText(tr("A verdict comes with the first draws."));
        return;
    }
    const bool few = verdict.headline.startsWith(QLatin1String("Too few"));
    const QColor ink = verdict.good() ? theme.good : few ? theme.warning : theme.error;
    QString html = QStringLiteral("<b style=\"color:%1\">%2</b>")
                       .arg(ink.name(), verdict.headline.toHtmlEscaped());
    qsizetype shown = 0;
    const QString again = verdict.headline.chopped(1) + QStringLiteral(": ");
    for (VerdictText::Finding finding : verdict.findings) {
        if (finding.text.startsWith(again)) {  // the headline said so
            finding.text = finding.text.mid(again.size());
            finding.text[0] = finding.text[0].toUpper();
        }
        if (shown < kFirstFindings || m_all) {
            html += (shown == 0 ? QStringLiteral(" %1")
                                : QStringLiteral("<p style=\"margin-top:"
                                                 "6px\">%1</p>"))
                        .arg(finding.text.toHtmlEscaped());
        }
        ++shown;
        const bool known = std::ranges::any_of(m_buttons, [&](const QPushButton* b) {
            return b->property("action").toString() == finding.action;
        });
        if (finding.action.isEmpty() || known) {
            continue;
        }
        auto* button = new QPushButton(finding.label);
        button->setProperty("action", finding.action);
        const QString tip = fixed.isEmpty() ? finding.text : fixed;
        button->setEnabled(fixed.isEmpty());
        button->setToolTip(tip);
        button->setAccessibleDescription(tip);
        connect(button, &QPushButton::clicked, this,
                [this, action = finding.action] { act(action); });
        const auto at = static_cast<int>(m_buttons.size());
        m_row->addWidget(button, at / 2, at % 2);
        m_buttons.push_back(button);
    }
    if (shown > kFirstFindings) {
        html += QStringLiteral(
                    "<p style=\"margin-top:6px\"><a href=\"more\" "
                    "style=\"color:%1\">%2</a></p>")
                    .arg(theme.accent.name(),
                         m_all ? tr("show less") : tr("show %1 more").arg(shown - kFirstFindings));
    }
    m_label->setText(html);
}

void VerdictPanel::act(const QString& action) {
    const RunInfo* run = m_book.active();
    if (!run) {
        return;
    }
    const auto scale = [&](double factor) {
        const auto found = run->params.find("sampler.step_size");
        const ParamDecl* decl = lx::find(run->description.params, "sampler.step_size");
        if (!decl || found == run->params.end() || !std::holds_alternative<double>(found->second)) {
            return;
        }
        const double next = std::clamp(factor * std::get<double>(found->second),
                                       decl->min.value_or(0), decl->max.value_or(INFINITY));
        if (decl->live) {
            m_book.editLive("sampler.step_size", next);
        } else {
            m_book.applyCold({{"sampler.step_size", next}});
        }
    };
    if (action == QLatin1String("larger-step")) {
        scale(2);
    } else if (action == QLatin1String("smaller-step")) {
        scale(0.5);
    } else if (action == QLatin1String("more-draws")) {
        const Frame* frame = m_bridge.frame(run->source);
        const Index made =
            frame ? frame->snapshot->step[static_cast<std::size_t>(Clock::Sample)] : 0;
        const Index more = std::max<Index>(made, 1000);
        m_bridge.probe("continue", {{"draws", more}}, {}, "chain.continue");
        m_book.setUntil(run->source, made + more);
        m_book.play(Clock::Sample);
    } else if (action == QLatin1String("more-chains")) {
        const auto found = run->params.find("sampler.chains");
        if (found != run->params.end() && std::holds_alternative<Index>(found->second)) {
            m_book.applyCold(
                {{"sampler.chains", std::max<Index>(4, 4 * std::get<Index>(found->second))}});
        }
    } else if (action == QLatin1String("try-tempering")) {
        Q_EMIT recipeAsked(QStringLiteral("tempering-rescue"));
    } else if (action == QLatin1String("non-centred")) {
        Q_EMIT recipeAsked(QStringLiteral("funnel-noncentred"));
    }
}

TruthPanel::TruthPanel(SessionBridge& bridge, QWidget* parent) : QWidget(parent), m_bridge(bridge) {
    setAccessibleName(tr("Truth about the target"));
    auto* grid = new QGridLayout(this);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setVerticalSpacing(4);
    grid->setHorizontalSpacing(0);
    grid->setColumnMinimumWidth(0, currentTheme().px(kLabelWidth));
    grid->setColumnStretch(1, 1);
    const auto add = [&](Row& row, const QString& name, const QString& tip) {
        row.name = new QLabel(name);
        row.field = new UnitEdit(QString());
        row.field->setReadOnly(true);
        row.field->setAccessibleName(name);
        row.field->setToolTip(tip);
        row.name->setToolTip(tip);
        const int at = grid->rowCount();
        grid->addWidget(row.name, at, 0);
        grid->addWidget(row.field, at, 1);
    };
    m_nothing = new QLabel;
    m_nothing->setWordWrap(true);
    m_nothing->setProperty("quiet", true);
    grid->addWidget(m_nothing, 0, 0, 1, 2);
    add(m_weights, tr("Mode weights"),
        tr("The mode that holds the most draws, and its true share."));
    add(m_hops, tr("Hops"), tr("How often the chains changed from one mode to another."));
    add(m_mean, tr("Mean"),
        tr("The largest error of a mean, in Monte-Carlo standard errors: beyond 4 it is no "
           "accident."));
    add(m_stein, tr("Stein"),
        tr("Kernel Stein discrepancy between the draws and the target; it also sees the bias of "
           "unadjusted samplers. A small p-value means the draws do not fit."));
    connect(&bridge, &SessionBridge::snapshotChanged, this, [this] {
        if (isVisible()) {
            refresh();
        }
    });
}

void TruthPanel::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    m_bridge.observe(this, {QStringLiteral("occupancy"), QStringLiteral("truth_error"),
                            QStringLiteral("sampler")});
    refresh();
}

void TruthPanel::hideEvent(QHideEvent* event) {
    QWidget::hideEvent(event);
    m_bridge.observe(this, {});
}

void TruthPanel::show(Row& row, const QString& value, const QString& truth) {
    row.name->setVisible(!value.isEmpty());
    row.field->setVisible(!value.isEmpty());
    row.field->setText(value);
    row.field->setUnit(truth);
    row.truth = truth;
}

QStringList TruthPanel::lines() const {
    QStringList out;
    for (const Row* row : {&m_weights, &m_hops, &m_mean, &m_stein}) {
        if (!row->field->isHidden()) {
            out << QStringLiteral("%1: %2 (%3)")
                       .arg(row->name->text(), row->field->text(), row->truth);
        }
    }
    return out;
}

void TruthPanel::refresh() {
    const Frame* frame = m_bridge.activeFrame();
    if (!frame) {
        return;
    }
    auto versions = versionsOf(*frame, {"occupancy", "truth_error", "sampler"});
    if (versions == m_versions) {
        return;
    }
    m_versions = std::move(versions);
    QString weights, weightTruth, hopText, hopOf, mean, meanOf, stein, steinOf;
    const Array* shares = floats(*frame, "occupancy.all", 1);
    const Array* truth = floats(*frame, "occupancy.true", 1);
    if (shares) {
        const auto v = shares->values<float>();
        const auto largest = std::ranges::max_element(
            v, [](float a, float b) { return std::isnan(a) || (!std::isnan(b) && a < b); });
        const auto at = static_cast<std::size_t>(largest - v.begin());
        weights = tr("largest %1").arg(formatFixed(*largest, 2));
        const bool known =
            truth && truth->dim(0) == shares->dim(0) && std::isfinite(truth->values<float>()[at]);
        weightTruth = known ? tr("true %1").arg(shareText(truth->values<float>()[at])) : QString();
    }
    if (const Array* hops = floats(*frame, "occupancy.hops", 1)) {
        double sum = 0;
        for (const float h : hops->values<float>()) {
            sum += std::isfinite(h) ? h : 0;
        }
        hopText = formatInteger(static_cast<Index>(sum));
        const Index draws = factOf(*frame, QStringLiteral("draws")).toLongLong();
        hopOf = draws > 0 ? tr("in %1 draws").arg(formatInteger(draws * hops->dim(0))) : QString();
    }
    if (const Array* errors = floats(*frame, "truth_error", 2); errors && errors->dim(1) == 4) {
        Index worst = -1;
        float most = -1;
        for (Index i = 0; i < errors->dim(0); ++i) {
            const float e = std::abs(errors->values<float>()[static_cast<std::size_t>(4 * i + 2)]);
            if (std::isfinite(e) && e > most) {
                most = e;
                worst = i;
            }
        }
        if (worst >= 0) {
            const auto row =
                errors->values<float>().subspan(static_cast<std::size_t>(4 * worst), 4);
            const QString name = namesOf(*frame, "truth_error", errors->dim(0))[worst];
            mean = tr("%1: %2 MCSE").arg(name, formatFixed(most, most < 10 ? 1 : 0));
            // A mean that is 0 by symmetry comes out of quadrature as 1e-16.
            const bool zero = std::abs(row[1]) < 1e-6F * std::max(1.0F, std::abs(row[0]));
            meanOf = tr("true %1").arg(zero ? QStringLiteral("0") : formatShort(row[1], 3));
        }
    }
    if (const Array* ksd = floats(*frame, "truth_error.ksd", 1);
        ksd && std::isfinite(ksd->values<float>()[0])) {
        stein = formatShort(ksd->values<float>()[0], 2);
        const bool p = ksd->dim(0) > 1 && std::isfinite(ksd->values<float>()[1]);
        steinOf =
            p ? QStringLiteral("p = %1").arg(formatFixed(ksd->values<float>()[1], 2)) : QString();
    }
    show(m_weights, weights, weightTruth);
    show(m_hops, hopText, hopOf);
    show(m_mean, mean, meanOf);
    show(m_stein, stein, steinOf);
    m_nothing->setText(factOf(*frame, QStringLiteral("family")) == QLatin1String("file")
                           ? tr("A file of draws does not say what is true of its target.")
                           : tr("What is known of the target is compared with the draws as soon as "
                                "there are some."));
    m_nothing->setVisible(weights.isEmpty() && mean.isEmpty() && stein.isEmpty());
}

}  // namespace lx::ui
