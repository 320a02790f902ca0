// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/render/renderer.h"
#include "ui/viewport/figure.h"

#include <QElapsedTimer>
#include <QPolygonF>
#include <QTimer>
#include <QWidget>

#include <functional>
#include <memory>

namespace lx::ui {

/// Shows a Figure: asks the renderer for its data layers without ever waiting, paints the newest
/// picture and the overlay, pans, zooms and reports the mouse in data coordinates. Draws only when
/// something changed.
class SceneWidget : public QWidget {
    Q_OBJECT
public:
    using RendererSource = std::function<render::Renderer&()>;
    explicit SceneWidget(RendererSource, QWidget* parent = nullptr);
    ~SceneWidget() override;

    /// Change the figure, then call one of the two below.
    Figure& figure() { return m_figure; }
    const Figure& figure() const { return m_figure; }
    void layersChanged();   ///< new data: a new picture is asked for
    void overlayChanged();  ///< painted at the next frame, the data picture stays
    void setTheme(const Theme&);
    const Theme& theme() const { return *m_theme; }

    /// What fit() shows. Until the user pans or zooms, the widget follows it.
    void setHome(const render::Rect&);
    void fit();
    bool followsHome() const { return m_follows; }
    /// Turns the three-dimensional mode on or off: drag orbits, Shift or the middle button pans,
    /// the wheel zooms at the cursor, a double click resets, arrow keys turn and + and - zoom. The
    /// camera of a space shown before stays. Signals then report positions of the plot in pixels, y
    /// upwards: see plotPixel().
    void setSpace(std::optional<SpaceFigure>);
    void setCamera(const render::Camera&);
    void resetCamera();
    /// Position in the renderer's pixels, logical ones, of what a signal reported in this mode.
    QPointF plotPixel(QPointF at) const;
    render::Size plotPixels() const;
    void setShown(const render::Rect&);
    render::Rect shown() const { return m_shown; }
    QRectF plotRect() const { return m_layout.plot; }
    QPointF toData(QPointF pixel) const { return transform().unmap(pixel); }
    QPointF toPixel(double x, double y) const { return transform().map(x, y); }
    PlotTransform transform() const { return {m_shown, m_layout.plot}; }

    // The layer list. Choices live in figure().choices.
    std::vector<PartRow> parts() const { return partsOf(m_figure); }
    void setPart(const PartStyle&);
    bool movePart(const QString& id, int by);
    void setChoices(const PartChoices&);

    // The camera's own history: one entry a gesture.
    bool undoCamera();
    bool redoCamera();
    bool canUndoCamera() const { return !m_undo.empty(); }
    bool canRedoCamera() const { return !m_redo.empty(); }
    /// What the axes span ("z1|z2"): pictures of the same span can share a camera; empty: none can.
    QString cameraSpan() const;
    /// Shows what `other` shows, without an entry in the history.
    void followCamera(const SceneWidget& other);

    /// The value of the uppermost field shown there, which the mouse reads out; empty without one.
    QString readoutAt(QPointF data) const;

    /// Left drag reports `dragged` instead of panning; the middle button, or Shift, always pans.
    void setLeftDragPans(bool on) { m_leftPans = on; }
    void setZoomable(bool on) { m_zoomable = on; }
    /// Off where the values of a field are no numbers that a person would ask for.
    void setReadsOut(bool on) { m_readsOut = on; }

    /// Left drag draws a shape and reports it as `outlined`, also in space, where the right button
    /// then orbits. The middle button pans as ever.
    enum class DragShape : std::uint8_t { None, Rectangle, Lasso };
    void setDragShape(DragShape);
    bool outlining() const { return m_gesture == Gesture::Outline; }
    void cancelOutline();

    /// Draws the figure at `size` logical pixels; waits for the renderer. `rasterScale`: pixels of
    /// the data picture per logical pixel.
    void paintTo(QPainter&, QSizeF size, double rasterScale, bool withTitle = true);

    /// Counts for tests: pictures asked for and paints.
    int submitted() const { return m_submitted; }
    int painted() const { return m_painted; }
    bool busy() const { return m_inFlight || m_dirty; }
    /// Why pictures are drawn otherwise than before, shown for a while over the plot; else empty.
    QString trouble() const { return m_trouble; }

Q_SIGNALS:
    void hovered(QPointF at);  ///< mouse over the plot, no button
    void left();               ///< mouse left the plot
    void pressed(QPointF at);  ///< left button, when it does not pan
    void dragged(QPointF at);
    void released();           ///< of the left button, after `pressed`
    void clicked(QPointF at);  ///< left press and release without a drag
    void legendClicked(int entry);
    /// A closed shape in pixels of this widget, and the keys held at its end.
    void outlined(const QPolygonF& outline, Qt::KeyboardModifiers keys);
    void viewChanged();             ///< pan, zoom, fit, new size
    void partsChanged();            ///< of the layer list, by a person
    void menuAsked(QPoint global);  ///< right click; a right drag zooms into its box

protected:
    void paintEvent(QPaintEvent*) override;
    void resizeEvent(QResizeEvent*) override;
    void mousePressEvent(QMouseEvent*) override;
    void mouseMoveEvent(QMouseEvent*) override;
    void mouseReleaseEvent(QMouseEvent*) override;
    void mouseDoubleClickEvent(QMouseEvent*) override;
    void keyPressEvent(QKeyEvent*) override;
    bool event(QEvent*) override;
    void wheelEvent(QWheelEvent*) override;
    void leaveEvent(QEvent*) override;
    void showEvent(QShowEvent*) override;

private:
    void relayout();
    void fitSpace(Figure&, const QRectF& plot) const;
    void moveCamera(QPointF from, QPointF to, bool pans);
    void zoomCamera(QPointF pixel, double notches);
    void cameraMoved();
    void settled();
    bool isCameraKey(const QKeyEvent&) const;
    void extendOutline(QPointF at);
    void finishOutline(Qt::KeyboardModifiers);
    void paintOutline(QPainter&) const;
    void submitIfNeeded();
    void takePicture();
    /// Shows what befell the renderer since the picture before.
    void noticeTrouble();

    struct CameraState {
        bool follows = true, spaceFollows = true;
        render::Rect wanted;
        std::optional<render::Camera> camera = {};
    };
    /// Keeps the state before a move; moves of one `kind` shortly after each other are one.
    void rememberCamera(const char* kind);
    CameraState cameraState() const;
    void restoreCamera(const CameraState&);
    void finishBox();
    void updateReadout(std::optional<QPointF> pixel);
    void paintReadout(QPainter&) const;

    render::Scene sceneFor(const Figure&, const render::Rect&, float pixelRatio, int samples) const;

    RendererSource m_source;
    std::unique_ptr<render::Renderer::Target> m_target;
    const Theme* m_theme;
    Figure m_figure;
    FigureLayout m_layout;
    render::Rect m_wanted, m_shown;  ///< before and after widening for equal axes
    bool m_follows = true, m_leftPans = true, m_zoomable = true, m_readsOut = true;

    QImage m_picture;
    render::Rect m_pictureRect, m_flightRect;
    bool m_dirty = true, m_inFlight = false;
    int m_submitted = 0, m_painted = 0;
    QTimer m_poll, m_settle, m_troubleEnds;
    QString m_trouble;
    quint64 m_troubles = 0;
    bool m_moving = false;  ///< the camera: smooth edges wait until it rests

    enum class Gesture : std::uint8_t {
        None,
        Pan,
        Drag,
        Orbit,
        Outline,
        Box
    } m_gesture = Gesture::None;
    QPointF m_pressAt, m_lastAt;
    DragShape m_dragShape = DragShape::None;
    QPolygonF m_outline;
    render::Rect m_pressRect;
    bool m_moved = false, m_inside = false;

    std::vector<CameraState> m_undo, m_redo;
    const char* m_lastMove = "";
    QElapsedTimer m_sinceMove;
    std::optional<QPointF> m_readAt;  ///< data coordinates
    QString m_read;
};

}  // namespace lx::ui
