// SPDX-License-Identifier: GPL-3.0-or-later
// A page of the diagnostics: channels of one run in, one Chart out.
#pragma once

#include "ui/bridge/seen_channels.h"
#include "ui/plot/chart.h"
#include "ui/views/chain_channels.h"
#include "ui/views/figure_view.h"

#include <QComboBox>

namespace lx::ui {

class ChartView : public FigureView {
    Q_OBJECT
public:
    /// `choosesVariable`: with a list of the variables at the upper left.
    ChartView(SessionBridge&, QWidget* parent, bool choosesVariable);

    void present(std::span<const Frame>) override;
    void setTheme(const Theme&) override;
    void fit() override { m_plot->fit(); }
    void paintTo(QPainter& painter, QSizeF size, double) override {
        paintTitled(painter, size, [this](QPainter& p, QSizeF room) { m_plot->paintTo(p, room); });
    }
    std::vector<DataTable> tables() const override { return tablesOf(m_plot->chart()); }
    ChartPlot& plot() { return *m_plot; }

protected:
    /// Nothing while the channels are not there; `variables` is filled by those that choose one.
    virtual std::optional<Chart> build(const Frame&, QStringList& variables) = 0;
    /// Something other than the channels changed.
    void rebuild();
    void resizeEvent(QResizeEvent*) override;

    ChainFocus& chains() const { return bridge().chains(); }

private:
    void placeChoice();

    ChartPlot* m_plot;
    QComboBox* m_choice = nullptr;
    Frame m_frame;  ///< snapshot null: none
    SeenChannels m_seen;
};

}  // namespace lx::ui
