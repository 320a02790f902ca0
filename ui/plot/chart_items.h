// SPDX-License-Identifier: GPL-3.0-or-later
// What a ChartPlot draws besides graphs: shading, rules, ticks, notes, the legend, the read-out.
#pragma once

#include "ui/plot/chart.h"
#include "ui/plot/qcp.h"

namespace lx::ui {

/// Shaded spans, behind everything.
class PanelBack : public QCPAbstractItem {
public:
    PanelBack(QCustomPlot*, QCPAxisRect*, const ChartPanel&, const Theme&);
    double selectTest(const QPointF&, bool, QVariant*) const override { return -1; }

protected:
    void draw(QCPPainter*) override;

private:
    QCPAxisRect* m_rect;
    std::vector<ChartSpan> m_spans;
    const Theme& m_theme;
};

/// Rules, the rug, the title and the note, over everything.
class PanelFront : public QCPAbstractItem {
public:
    PanelFront(QCustomPlot*, QCPAxisRect*, const ChartPanel&, const Theme&);
    double selectTest(const QPointF&, bool, QVariant*) const override { return -1; }

protected:
    void draw(QCPPainter*) override;

private:
    QCPAxisRect* m_rect;
    std::vector<ChartRule> m_rules;
    std::vector<ChartTick> m_rug;
    std::vector<ChartSpan> m_spans;
    QString m_title, m_note;
    const Theme& m_theme;
};

/// The point under the mouse and its text.
class HoverMark : public QCPAbstractItem {
public:
    HoverMark(QCustomPlot*, const Theme&);
    void show(QPointF at, const QString& text, const QColor&);
    void hide() { m_text.clear(); }
    bool shown() const { return !m_text.isEmpty(); }
    double selectTest(const QPointF&, bool, QVariant*) const override { return -1; }

protected:
    void draw(QCPPainter*) override;

private:
    QPointF m_at;
    QString m_text;
    QColor m_color;
    const Theme& m_theme;
};

/// One row of entries above the panels, from the right; what does not fit is counted.
class LegendRow : public QCPLayoutElement {
public:
    explicit LegendRow(QCustomPlot*);
    void setEntries(std::vector<LegendEntry>, const Theme&);

protected:
    void draw(QCPPainter*) override;
    void applyDefaultAntialiasingHint(QCPPainter* painter) const override {
        painter->setAntialiasing(true);
    }

private:
    std::vector<LegendEntry> m_entries;
    const Theme* m_theme = nullptr;
};

}  // namespace lx::ui
