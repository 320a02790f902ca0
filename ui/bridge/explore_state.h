// SPDX-License-Identifier: GPL-3.0-or-later
// What all views of one run point at together: the probe ("travel" cursor), the selection, the
// bookmarks and the tool in hand.
#pragma once

#include "core/base/array.h"
#include "ui/bridge/selection.h"

#include <QObject>
#include <QString>

#include <memory>
#include <vector>

namespace lx::ui {

enum class Tool : std::uint8_t { Select, Probe, Geodesic, Brush };
/// What a drag of the Select tool draws.
enum class Outline : std::uint8_t { Rectangle, Lasso };

struct Bookmark {
    QString name;
    std::vector<float> z;  ///< [d], latent coordinates
};

class ExploreState : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;

    /// Latent position of the probe, [d]; empty: not placed.
    const std::vector<float>& cursor() const { return m_cursor; }
    void setCursor(std::vector<float> z);

    /// Class emphasised in all views; -1: all alike.
    int selectedClass() const { return m_class; }
    void setSelectedClass(int);
    /// Row of the `codes` channel; -1: none.
    Index selectedPoint() const { return m_point; }
    void setSelectedPoint(Index);

    /// Never null; empty: nothing is selected and all is shown alike.
    std::shared_ptr<const Selection> selection() const { return m_selection; }
    void setSelection(Selection);
    void clearSelection();

    Tool tool() const { return m_tool; }
    void setTool(Tool);
    Outline outline() const { return m_outline; }
    void setOutline(Outline);

    /// Points put on the map from outside (a dropped image after `encode`), [N][d].
    const std::vector<Bookmark>& marks() const { return m_marks; }
    void setMarks(std::vector<Bookmark>);

    /// The newest answer about a geodesic that a hand drags, until the run has caught up with the
    /// hand; empty: what the run publishes is the newest.
    const State& draggedPath() const { return m_draggedPath; }
    void setDraggedPath(State);

    const std::vector<Bookmark>& bookmarks() const { return m_bookmarks; }
    void addBookmark(Bookmark);
    void setBookmarks(std::vector<Bookmark>);
    void removeBookmark(std::size_t);

    void clear();

Q_SIGNALS:
    void cursorMoved();
    void selectionChanged();  ///< class, point or rows
    void toolChanged();       ///< tool or outline
    void marksChanged();
    void pathDragged();
    void bookmarksChanged();

private:
    std::vector<float> m_cursor;
    int m_class = -1;
    Index m_point = -1;
    std::shared_ptr<const Selection> m_selection = std::make_shared<const Selection>();
    Tool m_tool = Tool::Probe;
    Outline m_outline = Outline::Rectangle;
    std::vector<Bookmark> m_marks, m_bookmarks;
    State m_draggedPath;
};

}  // namespace lx::ui
