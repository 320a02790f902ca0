// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/bridge/session_bridge.h"
#include "ui/shell/theme.h"

#include <QDialog>
#include <QPointer>
#include <QWidget>

#include <vector>

class QLabel;
class QPushButton;

namespace lx::ui {

class SelectionGrid;
class TileGrid;

/// One line for the status strip: "214 of 2 000 codes selected: 198 Bag, 16 Coat"; at most three
/// classes, the most frequent first. Empty when nothing is selected.
QString selectionText(const Selection&, const Frame*);
/// The rows as "3, 17, 21".
QString selectionIndices(const Selection&);

/// What is selected: how many codes, of which classes, and what can be done with them. Part of the
/// inspector.
class SelectionPanel : public QWidget {
    Q_OBJECT
public:
    explicit SelectionPanel(SessionBridge&, QWidget* parent = nullptr);
    void setTheme(const Theme&);
    void copyIndices() const;
    /// A window with the selected data as images and, below each, what the model makes of it.
    void showImages();
    SelectionGrid* images() const;
    QString text() const;

private:
    void refresh();

    SessionBridge& m_bridge;
    const Theme* m_theme;
    QLabel* m_count;
    QWidget* m_bars;
    QPushButton *m_copy, *m_show, *m_clear;
    QPointer<SelectionGrid> m_images;
};

/// The selected rows of `data` as pairs of originals and reconstructions; follows the selection and
/// the training.
class SelectionGrid : public QDialog {
    Q_OBJECT
public:
    explicit SelectionGrid(SessionBridge&, QWidget* parent = nullptr);
    void setTheme(const Theme&);
    TileGrid& tiles() const { return *m_tiles; }
    /// Rows shown, in order.
    const std::vector<Index>& rows() const { return m_rows; }

private:
    void refresh();
    void take(const State& answer);
    void rebuild();

    SessionBridge& m_bridge;
    const Theme* m_theme;
    TileGrid* m_tiles;
    QLabel* m_note;
    LatestProbe* m_probe;
    std::vector<Index> m_rows, m_asked;
    Array m_data, m_back;
    std::vector<Index> m_backRows;
    Index m_step = -1;
};

}  // namespace lx::ui
