// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/bridge/series_table.h"
#include "ui/shell/theme.h"

#include <QColor>
#include <QElapsedTimer>
#include <QPainter>
#include <QString>
#include <QTimer>
#include <QWidget>

#include <memory>
#include <vector>

namespace lx::ui {

/// One line of a TimePlot.
struct TimeSeries {
    SeriesKey key;
    QString label;  ///< in the legend and the read-out
    QString unit;
    QColor color;
    Qt::PenStyle style = Qt::SolidLine;
    bool right = false;    ///< on the second axis
    bool legend = true;    ///< the right axis names its series itself
    bool negated = false;  ///< a bound beside losses: drawn and read out with the other sign
};

/// Scalars over steps. What is drawn is thinned to the pixels, so a million points cost as much as
/// a thousand. Replots at most 20 times a second.
class TimePlot : public QWidget {
    Q_OBJECT
public:
    explicit TimePlot(QWidget* parent = nullptr);
    ~TimePlot() override;

    /// Shows these points, which outlive the plot.
    void showTable(const SeriesTable&);
    const SeriesTable& table() const;
    /// Points in the table changed.
    void dataChanged();
    void setSeries(std::vector<TimeSeries>);
    const std::vector<TimeSeries>& series() const;
    void setAxes(const QString& x, const QString& left, const QString& right);
    /// The right axis and its text take this colour.
    void setRightColor(const QColor&);
    struct Event {
        double at = 0;
        QString text;
    };
    void setEvents(std::vector<Event>);
    void setLogarithmic(bool left, bool right);
    bool leftLogarithmic() const;
    /// Memory of the moving average in [0, 1); 0: off. The raw line stays, faint.
    void setSmoothing(double memory);
    double smoothing() const;
    void setTheme(const Theme&);
    /// Shows everything and follows new points.
    void fit();
    void paintTo(QPainter&, QSizeF size);

    /// What is drawn of a series now (tests): thinned points.
    int drawnPoints(std::size_t series) const;
    int replots() const;
    /// Where the words of the events stand that are shown (tests).
    std::vector<QRectF> eventWords() const;
    /// The part inside the axes (tests).
    QRect inside() const;
    /// The read-out at a step, one line per series; empty without data.
    QStringList valuesAt(double step) const;
    void replotNow();

    bool eventFilter(QObject*, QEvent*) override;

private:
    struct Impl;
    std::unique_ptr<Impl> m;
};

}  // namespace lx::ui
