// SPDX-License-Identifier: GPL-3.0-or-later
// What all views of one run point at together: the probe ("travel" cursor), the selection, the
// bookmarks and the tool in hand.
#pragma once

#include "core/base/array.h"

#include <QObject>
#include <QString>

#include <vector>

namespace lx::ui {

enum class Tool : std::uint8_t { Select, Probe };

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

    Tool tool() const { return m_tool; }
    void setTool(Tool);

    /// Points put on the map from outside (a dropped image after `encode`), [N][d].
    const std::vector<Bookmark>& marks() const { return m_marks; }
    void setMarks(std::vector<Bookmark>);

    const std::vector<Bookmark>& bookmarks() const { return m_bookmarks; }
    void addBookmark(Bookmark);
    void setBookmarks(std::vector<Bookmark>);
    void removeBookmark(std::size_t);

    void clear();

Q_SIGNALS:
    void cursorMoved();
    void selectionChanged();
    void toolChanged();
    void marksChanged();
    void bookmarksChanged();

private:
    std::vector<float> m_cursor;
    int m_class = -1;
    Index m_point = -1;
    Tool m_tool = Tool::Probe;
    std::vector<Bookmark> m_marks, m_bookmarks;
};

}  // namespace lx::ui
