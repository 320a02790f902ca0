// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/bridge/session_bridge.h"
#include "ui/shell/theme.h"

#include <QImage>
#include <QLabel>
#include <QPushButton>
#include <QWidget>

namespace lx::ui {

/// One picture drawn with square pixels as large as fits; a sentence while there is none.
class PixelImage : public QWidget {
    Q_OBJECT
public:
    using QWidget::QWidget;
    void setImage(const QImage&);
    const QImage& image() const { return m_image; }
    void setTheme(const Theme&);
    void paintTo(QPainter&, const QRectF& area) const;
    QSize sizeHint() const override { return {128, 128}; }

protected:
    void paintEvent(QPaintEvent*) override;

private:
    QImage m_image;
    const Theme* m_theme = nullptr;
};

/// The decode under the probe with its numbers and the Bookmark button: part of the inspector, and
/// with `large` the whole of the decode view.
class ProbePanel : public QWidget {
    Q_OBJECT
public:
    explicit ProbePanel(SessionBridge&, QWidget* parent = nullptr, bool large = false);
    void setTheme(const Theme&);
    /// Adds a bookmark at the probe (key M).
    void bookmark();
    const PixelImage& picture() const { return *m_picture; }
    QStringList lines() const;

private:
    void showAnswer();
    void showCursor();

    SessionBridge& m_bridge;
    const Theme* m_theme;
    PixelImage* m_picture;
    QLabel *m_z, *m_logp, *m_nearest;
    QPushButton* m_button;
};

/// "(0.55, -1.15)" with true minus signs; more than four coordinates are cut.
QString formatPoint(const std::vector<float>& z);

}  // namespace lx::ui
