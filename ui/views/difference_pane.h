// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/bridge/session_bridge.h"
#include "ui/viewport/scene_widget.h"

#include <QElapsedTimer>
#include <QWidget>

#include <optional>

namespace lx::ui {

/// Decodes of the same latent points in cells of a plane as one field: images [rows * columns, H,
/// W] as a mosaic, of points [rows * columns, D] the coordinate `axis`. `place` is the rectangle of
/// all cells, row 0 of them at its lower edge. Nothing for other shapes.
std::optional<render::GridLayer> decodedField(const Array& x, Index rows, Index columns,
                                              const render::Rect& place, Index axis);

/// What two runs decode from the same latent points, one minus the other, on the diverging map with
/// zero in its middle. Follows training and the window that is shown.
class DifferencePane : public QWidget {
    Q_OBJECT
public:
    explicit DifferencePane(SessionBridge&, QWidget* parent = nullptr);
    void present(const Frame& a, const Frame& b);
    void setTheme(const Theme&);
    SceneWidget& scene() const { return *m_scene; }
    /// Why nothing can be subtracted; empty when it can.
    QString problem() const { return m_problem; }
    /// Largest absolute difference shown; none before both answers came.
    std::optional<double> largest() const { return m_largest; }
    /// Of data that are points: which coordinate is subtracted.
    void setAxis(Index axis);
    Index axis() const { return m_axis; }

protected:
    void showEvent(QShowEvent*) override;

private:
    struct Question {
        render::Rect place;
        Index rows = 0, columns = 0;
        std::vector<float> z;  ///< [rows * columns, d]
    };
    struct Side {
        LatestProbe* probe = nullptr;
        std::uint32_t source = kNoRun;
        QString name;
        Index step = -1, asked = -1;
        Array x, z;
    };
    void askSoon();
    void ask();
    void take(Side&, const State& answer);
    void rebuild();
    void rebuildOverlay();

    SessionBridge& m_bridge;
    SceneWidget* m_scene;
    const Theme* m_theme;
    Side m_a, m_b;
    Question m_question;
    QString m_problem;
    std::optional<double> m_largest;
    std::optional<QPointF> m_hover;
    QElapsedTimer m_since;
    qint64 m_took = 0;
    Index m_dim = 0, m_axis = 0;
    bool m_stale = true;
};

}  // namespace lx::ui
