// SPDX-License-Identifier: GPL-3.0-or-later
// What all views share: the empty state, export and copy, the explanation behind "What is this?".
#pragma once

#include "ui/viewport/export.h"
#include "ui/viewport/scene_widget.h"
#include "ui/views/view.h"

#include <QLabel>
#include <QPushButton>
#include <QStackedLayout>

namespace lx::ui {

/// A view with one content widget and a sentence in its place while there is nothing to show.
class FigureView : public View, public Exportable {
    Q_OBJECT
public:
    FigureView(SessionBridge&, QWidget* parent);

    QString help() const override { return m_emptyText; }
    QImage picture(QSize size, qreal pixelRatio) override;
    void fillMenu(QMenu&) override;
    void setTheme(const Theme&) override;
    /// What its figure shows: see tablesOf().
    std::vector<DataTable> tables() const override;
    /// The layer list and the link of the camera; views with more of their own add to these.
    QJsonObject state() const override;
    void restore(const QJsonObject&) override;
    /// The plot that is drawn by a renderer, or null; of several the one in hand.
    virtual SceneWidget* scene() const { return findChild<SceneWidget*>(); }
    /// Whether the camera goes along with those of other views of the same span.
    bool cameraLinked() const { return m_linked; }
    void setCameraLinked(bool linked);
    /// What is this, how to read it, when to worry: three short paragraphs.
    virtual QString explanation() const = 0;
    bool showsContent() const { return m_stack->currentIndex() == 1; }

    /// Asks for a file name and writes the figure there.
    void exportDialog();
    void copyPicture();

protected:
    void setContent(QWidget*);
    /// Shows the content, or the sentence (with a Play button when the run is not running).
    void showContent(bool);
    /// The title on a line of its own, as figures with axes have it, and `body` below.
    void paintTitled(QPainter&, QSizeF size,
                     const std::function<void(QPainter&, QSizeF)>& body) const;
    /// Said instead once steps were made, while what there is to show is on its way.
    void setWaitingText(const QString& text);
    void setEmptyText(const QString&);
    /// The view's own settings, above the common entries.
    virtual void fillSettings(QMenu&) {}
    SessionBridge& bridge() const { return m_bridge; }
    const Theme& theme() const { return *m_theme; }
    SceneWidget::RendererSource rendererSource() const;

Q_SIGNALS:
    void cameraLinkChanged();

private:
    SessionBridge& m_bridge;
    const Theme* m_theme;
    QStackedLayout* m_stack;
    QLabel* m_label;
    QPushButton* m_button;
    QString m_waitingText, m_emptyText;
    bool m_linked = false;
};

/// Writes any view to a .png, .svg or .pdf file. Throws as exportFigure.
void exportView(View&, const QString& path, const ExportOptions&);

/// First two coordinates of `points` [N, d] as [N, 2] float32, chosen by axis; the array itself
/// when nothing has to be copied. One-dimensional points get a spread on the second axis. Undefined
/// for anything that is not [N, d >= 1] float32.
Array planeOf(const Array& points, Index horizontal = 0, Index vertical = 1);

/// The box that holds all but the fraction `outside` of the points on each side, with a margin;
/// nothing when there are no finite points.
std::optional<render::Rect> boundsOf(const Array& xy, double outside = 0, double margin = 0.06);

/// Colour and marker of a class. Classes beyond the eighth repeat the colours with another marker.
QColor classColor(const Theme&, Index);
render::Marker classMarker(Index);
/// The name of class `label`, or its number.
QString className(const Frame&, Index label);

/// Image `index` of a batch [N, H, W] float32 as a picture in the theme's ink, or an empty image.
QImage tileImage(const Array& images, Index index, const Theme&);

}  // namespace lx::ui
