// SPDX-License-Identifier: GPL-3.0-or-later
// Ticks of QCustomPlot axes as everywhere in the window.
#pragma once

#include "ui/plot/qcp.h"
#include "ui/viewport/ticks.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace lx::ui {

/// True minus signs, thin spaces.
class Ticker : public QCPAxisTicker {
public:
    QVector<double> createTickVector(double, const QCPRange& range) override {
        QVector<double> at;
        m_labels.clear();
        for (const Tick& tick : niceTicks(range.lower, range.upper, tickCount())) {
            at.append(tick.at);
            m_labels.push_back(tick);
        }
        return at;
    }
    QString getTickLabel(double tick, const QLocale&, QChar, int) override {
        for (const Tick& known : m_labels) {
            if (known.at == tick) {
                return known.label;
            }
        }
        return tickLabel(tick, 0);
    }
    int getSubTickCount(double) override { return 0; }

private:
    std::vector<Tick> m_labels;
};

/// Decades, and 2 and 5 between them where there is room.
class LogTicker : public QCPAxisTicker {
public:
    QVector<double> createTickVector(double, const QCPRange& range) override {
        QVector<double> at;
        const double low = std::max(range.lower, 1e-300);
        const int first = int(std::floor(std::log10(low)));
        const int last = int(std::ceil(std::log10(std::max(range.upper, low))));
        const int stride = std::max(1, (last - first) / std::max(1, tickCount()));
        for (int power = first; power <= last; power += stride) {
            for (const double factor : {1.0, 2.0, 5.0}) {
                if (factor == 1.0 || last - first <= 2) {
                    at.append(factor * std::pow(10.0, power));
                }
            }
        }
        return at;
    }
    QString getTickLabel(double tick, const QLocale&, QChar, int) override {
        return tickLabel(tick, std::max(0, int(std::ceil(-std::log10(tick) - 1e-9))));
    }
    int getSubTickCount(double) override { return 0; }
};

}  // namespace lx::ui
