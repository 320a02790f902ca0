// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/plot/chart.h"

#include <QObject>

#include <optional>
#include <vector>

namespace lx::ui {

/// Points of a chart that a hand moves up and down. Whoever makes the chart draws them, and holds
/// the range of y while one is held.
class ChartHandles : public QObject {
    Q_OBJECT
public:
    struct Handle {
        int id = 0;
        std::size_t panel = 0;
        double x = 0, y = 0;
    };

    explicit ChartHandles(ChartPlot&);

    void set(std::vector<Handle> handles) { m_handles = std::move(handles); }
    const std::vector<Handle>& all() const { return m_handles; }
    std::optional<int> held() const;
    /// Ends a drag without a release.
    void cancel();

    bool eventFilter(QObject*, QEvent*) override;

Q_SIGNALS:
    void moved(int id, double y);
    void released(int id);

private:
    const Handle* under(QPointF) const;

    struct Grip {
        int id = 0;
        double y = 0, pixel = 0;  ///< where it was taken
        double perPixel = 0;      ///< of y, downwards
        bool moved = false;
    };
    ChartPlot& m_plot;
    QWidget* m_canvas;
    std::vector<Handle> m_handles;
    std::optional<Grip> m_grip;
};

}  // namespace lx::ui
