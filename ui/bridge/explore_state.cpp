// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/bridge/explore_state.h"

#include <utility>

namespace lx::ui {

void ExploreState::setCursor(std::vector<float> z) {
    if (z != m_cursor) {
        m_cursor = std::move(z);
        Q_EMIT cursorMoved();
    }
}

void ExploreState::setSelectedClass(int value) {
    if (value != m_class) {
        m_class = value;
        Q_EMIT selectionChanged();
    }
}

void ExploreState::setSelectedPoint(Index row) {
    if (row != m_point) {
        m_point = row;
        Q_EMIT selectionChanged();
    }
}

void ExploreState::setSelection(Selection selection) {
    if (selection.empty() && m_selection->empty()) {
        return;
    }
    m_selection = std::make_shared<const Selection>(std::move(selection));
    Q_EMIT selectionChanged();
}

void ExploreState::clearSelection() {
    setSelection({});
}

void ExploreState::setOutline(Outline outline) {
    if (outline != m_outline) {
        m_outline = outline;
        Q_EMIT toolChanged();
    }
}

void ExploreState::setTool(Tool tool) {
    if (tool != m_tool) {
        m_tool = tool;
        Q_EMIT toolChanged();
    }
}

void ExploreState::setMarks(std::vector<Bookmark> marks) {
    m_marks = std::move(marks);
    Q_EMIT marksChanged();
}

void ExploreState::addBookmark(Bookmark bookmark) {
    m_bookmarks.push_back(std::move(bookmark));
    Q_EMIT bookmarksChanged();
}

void ExploreState::setBookmarks(std::vector<Bookmark> bookmarks) {
    m_bookmarks = std::move(bookmarks);
    Q_EMIT bookmarksChanged();
}

void ExploreState::removeBookmark(std::size_t index) {
    if (index < m_bookmarks.size()) {
        m_bookmarks.erase(m_bookmarks.begin() + static_cast<std::ptrdiff_t>(index));
        Q_EMIT bookmarksChanged();
    }
}

void ExploreState::setDraggedPath(State answer) {
    if (!answer.empty() || !m_draggedPath.empty()) {
        m_draggedPath = std::move(answer);
        Q_EMIT pathDragged();
    }
}

void ExploreState::clear() {
    setCursor({});
    setSelectedClass(-1);
    setSelectedPoint(-1);
    clearSelection();
    setMarks({});
    setDraggedPath({});
}

}  // namespace lx::ui
