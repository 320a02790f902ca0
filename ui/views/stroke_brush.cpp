// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/stroke_brush.h"

#include "ui/shell/numbers.h"

#include <QCoreApplication>
#include <QMenu>

#include <cmath>
#include <utility>

namespace lx::ui {
namespace {

QString tr(const char* text) {
    return QCoreApplication::translate("Chains", text);
}

}  // namespace

void StrokeBrush::begin(QPointF at, bool erases) {
    m_erasing = m_eraser || erases;
    m_points = {at};
}

bool StrokeBrush::extend(QPointF at) {
    const QPointF way = at - m_points.back();
    if (std::hypot(way.x(), way.y()) <= m_radius / 6) {
        return false;
    }
    m_points.push_back(at);
    return true;
}

Array StrokeBrush::finish() {
    const std::vector<QPointF> points = std::exchange(m_points, {});
    std::vector<double> numbers{m_erasing ? 1.0 : 0.0, 1.0, m_radius,
                                static_cast<double>(points.size())};
    for (const QPointF& p : points) {
        numbers.insert(numbers.end(), {p.x(), p.y()});
    }
    return {{std::ssize(numbers)}, numbers};
}

void StrokeBrush::draw(std::vector<OverlayItem>& out, const QColor& ink, double unit,
                       const Theme& theme) const {
    QColor paint = m_erasing ? QColor(Qt::black) : QColor(Qt::white);
    paint.setAlphaF(0.4F);
    out.push_back(CurveItem{m_points, paint, 2 * m_radius * unit / theme.lineScale});
    out.push_back(EllipseItem{m_points.back().x(), m_points.back().y(), m_radius, m_radius, ink,
                              1.2, Qt::DashLine});
}

void StrokeBrush::fillMenu(QMenu& menu, QObject* owner) {
    QMenu* brush = menu.addMenu(tr("Brush"));
    for (const double radius : m_radii) {
        QAction* action = brush->addAction(tr("radius %1").arg(formatShort(radius)));
        action->setCheckable(true);
        action->setChecked(radius == m_radius);
        QObject::connect(action, &QAction::triggered, owner, [this, radius] { m_radius = radius; });
    }
    QAction* eraser = brush->addAction(tr("Eraser (or hold Ctrl)"));
    eraser->setCheckable(true);
    eraser->setChecked(m_eraser);
    QObject::connect(eraser, &QAction::toggled, owner, [this](bool on) { m_eraser = on; });
    menu.addSeparator();
}

}  // namespace lx::ui
