// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/chart_view.h"

#include <QSignalBlocker>

namespace lx::ui {

ChartView::ChartView(SessionBridge& bridge, QWidget* parent, bool choosesVariable)
    : FigureView(bridge, parent), m_plot(new ChartPlot) {
    setContent(m_plot);
    if (choosesVariable) {
        m_choice = new QComboBox(m_plot);
        m_choice->setAccessibleName(tr("Variable"));
        m_choice->setToolTip(tr("The variable that is shown"));
        m_choice->setSizeAdjustPolicy(QComboBox::AdjustToContents);
        m_choice->setMaxVisibleItems(20);
        connect(m_choice, &QComboBox::textActivated, this,
                [this](const QString& name) { chains().setVariable(name); });
    }
    connect(&chains(), &ChainFocus::changed, this, &ChartView::rebuild);
    connect(m_plot, &ChartPlot::clicked, this, [this](int chain, const QString& variable) {
        if (chain >= 0) {
            chains().setChain(chain == chains().chain() ? -1 : chain);
        }
        if (!variable.isEmpty()) {
            chains().setVariable(variable);
        }
    });
}

void ChartView::present(std::span<const Frame> frames) {
    if (frames.empty()) {
        m_seen.forget();
        m_frame = {};
        showContent(false);
        return;
    }
    const Frame& frame = frames.front();
    if (m_seen.look(frame, channels()) != SeenChannels::News::Nothing) {
        m_frame = frame;
        rebuild();
    }
}

void ChartView::rebuild() {
    if (!m_frame.snapshot) {
        return;
    }
    QStringList variables;
    std::optional<Chart> chart = build(m_frame, variables);
    showContent(chart.has_value());
    if (!chart) {
        return;
    }
    if (m_choice) {
        const QSignalBlocker quiet(m_choice);
        QStringList present;
        for (int i = 0; i < m_choice->count(); ++i) {
            present << m_choice->itemText(i);
        }
        if (present != variables) {
            m_choice->clear();
            m_choice->addItems(variables);
        }
        m_choice->setCurrentIndex(static_cast<int>(chosenVariable(chains(), variables)));
        m_choice->setVisible(variables.size() > 1);
        placeChoice();
    }
    m_plot->setChart(std::move(*chart));
}

void ChartView::setTheme(const Theme& theme) {
    FigureView::setTheme(theme);
    if (m_choice) {
        m_choice->setFont(theme.font(11));
        m_choice->setFixedHeight(theme.px(20));
    }
    m_plot->setTheme(theme);
    rebuild();
}

void ChartView::resizeEvent(QResizeEvent* event) {
    FigureView::resizeEvent(event);
    placeChoice();
}

void ChartView::placeChoice() {
    if (m_choice) {
        m_choice->adjustSize();
        m_choice->move(theme().px(8), 1);
        m_choice->raise();
    }
}

}  // namespace lx::ui
