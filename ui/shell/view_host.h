// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/views/view.h"

#include <QFrame>
#include <QPointer>

namespace lx::ui {

class DataTableWindow;
class FigureView;
class LayerList;
class PanelTitle;
class SceneWidget;

/// Holds one view: title bar with settings and menu, polling while visible, an empty state; its
/// layer list, its data table, the link of its camera, and the full screen.
class ViewHost : public QFrame {
    Q_OBJECT
public:
    /// `titled`: with its own title bar (stage); without one inside tabs, where the tab is the
    /// title.
    ViewHost(const ViewSpec&, SessionBridge&, bool titled, QWidget* parent = nullptr);
    /// Only of a host that was made with a title.
    void showTitle(bool shown);
    ~ViewHost() override;

    View* view() const { return m_view; }
    const QString& id() const { return m_id; }
    void setTheme(const Theme&);
    /// The view's own settings and the export entries.
    void fillMenu(QMenu&);

    /// Null where the view has no layers of its own.
    LayerList* showLayers();
    DataTableWindow* showTable();
    /// The view alone on the whole screen; Esc and F11 bring it back.
    void setFullScreen(bool);
    bool isViewFullScreen() const { return m_screen != nullptr; }
    /// One step of the camera's own history; false when there is none.
    bool undoCamera();
    bool redoCamera();

Q_SIGNALS:
    void exportAsked();
    void hideAsked();

protected:
    void showEvent(QShowEvent*) override;
    void hideEvent(QHideEvent*) override;
    void contextMenuEvent(QContextMenuEvent*) override;
    bool eventFilter(QObject*, QEvent*) override;

private:
    void present();
    void placeOver(QWidget& opened) const;
    void observe();
    void openMenu(QPoint global);
    void fillSettings(QMenu&);
    FigureView* figureView() const;
    SceneWidget* scene() const;
    /// Shows in the linked views of the same window what this one shows.
    void passCameraOn();

    QString m_id, m_name;
    SessionBridge& m_bridge;
    PanelTitle* m_title = nullptr;
    View* m_view;
    QLayout* m_place = nullptr;  ///< of the view, when it is not full screen
    QPointer<QWidget> m_screen;
    QPointer<LayerList> m_layers;
    QPointer<DataTableWindow> m_table;
    bool m_passing = false;
};

}  // namespace lx::ui
