// SPDX-License-Identifier: GPL-3.0-or-later
// What the shell knows of a view. Views match channels by kind, never by experiment.
#pragma once

#include "ui/bridge/session_bridge.h"
#include "ui/plot/data_table.h"
#include "ui/shell/theme.h"

#include <QImage>
#include <QJsonObject>
#include <QString>
#include <QStringList>
#include <QWidget>

#include <functional>
#include <span>

class QMenu;

namespace lx::ui {

class View : public QWidget {
    Q_OBJECT
public:
    using QWidget::QWidget;

    /// What is drawn, in one line: "Latent map: codes by label, prior circles 1 and 2 sd".
    virtual QString title() const = 0;
    /// Channels to observe while visible; emit channelsChanged when it changes.
    virtual QStringList channels() const = 0;
    /// GUI thread; returns within 4 ms. The active run is the first frame; empty: no run.
    virtual void present(std::span<const Frame> frames) = 0;
    /// New points of the series, all runs mixed.
    virtual void append(std::span<const SeriesPoint>) {}
    /// Called once after creation and at every change of theme.
    virtual void setTheme(const Theme&) {}
    /// Adds the view's own settings (behind the gear button of its title).
    virtual void fillMenu(QMenu&) {}
    /// F: shows everything.
    virtual void fit() {}
    /// Keys 1 to 9; false when there is no such mode.
    virtual bool setMode(int) { return false; }
    /// Esc: ends a gesture without losing data.
    virtual void cancelGesture() {}
    /// What a person chose in this view, saved with the layout and the session; empty: nothing.
    virtual QJsonObject state() const { return {}; }
    virtual void restore(const QJsonObject&) {}
    /// The numbers behind what is shown, for the data table; called twice a second while it is
    /// open.
    virtual std::vector<DataTable> tables() const { return {}; }
    /// The picture for export, at `size` logical pixels.
    virtual QImage picture(QSize size, qreal pixelRatio);
    /// One sentence for an empty stage ("Press play: the map appears after the first step.").
    virtual QString help() const { return {}; }

Q_SIGNALS:
    void titleChanged();
    void channelsChanged();
};

enum class Area : std::uint8_t { Stage, Timeline };

struct ViewSpec {
    QString id, title;         ///< "latent-map", "Latent map"
    QStringList channelKinds;  ///< all must be declared by the run
    Area area = Area::Stage;
    std::function<View*(SessionBridge&, QWidget* parent)> make;
    bool pictures = false;  ///< only for runs whose data are images
    bool compared = false;  ///< only while two runs are compared; then alone on the stage
    QString space = {};     ///< only for runs that have this space
    bool asked = false;     ///< on the stage only when a person or a layout asks for it
    bool wide = false;      ///< on the stage below the others, as wide as all of them
};

/// All views in menu order (ui/views/registry.cpp).
std::span<const ViewSpec> viewSpecs();
/// The run has the channels, the space and the pictures that the view needs.
bool fits(const ViewSpec&, const Description&);
/// Null when unknown.
const ViewSpec* findView(const QString& id);

}  // namespace lx::ui
