// SPDX-License-Identifier: GPL-3.0-or-later
// The design tokens of resources/themes as values: colours, type sizes, markers.
#pragma once

#include "core/render/scene.h"

#include <QColor>
#include <QFont>
#include <QPalette>
#include <QString>

#include <array>
#include <vector>

class QIcon;

namespace lx::ui {

enum class ThemeKind : std::uint8_t { Light, Dark, Projector };

struct Theme {
    ThemeKind kind{};
    QString id;
    QColor window, panel, bar, border, grid, text, secondary, accent, onAccent, hover;
    QColor warning, error, good, data, model;
    std::array<QColor, 8> categories;
    std::vector<QColor> sequential, diverging;  ///< low to high
    double lineScale = 1, typeScale = 1;

    bool dark() const { return kind == ThemeKind::Dark; }
    int px(double pixels) const { return static_cast<int>(pixels * typeScale + 0.5); }
    /// Colour and marker of class `i`; the shape is the second code.
    QColor category(Index i) const;
    static render::Marker marker(Index i);
    /// Bundled DejaVu Sans with tabular numerals; `pixels` before scaling.
    QFont font(double pixels = 13, bool bold = false) const;
    /// Ink for one-channel images: background at 0, text at 1 on light; black to white on dark.
    render::ColorMap ink() const;
    render::ColorMap sequentialMap() const;
    render::ColorMap divergingMap() const;
    QPalette palette() const;
    QString styleSheet() const;
    /// resources/icons/<name>.svg tinted with the text colour.
    QIcon icon(const QString& name) const;
    QIcon icon(const QString& name, const QColor&) const;
};

/// Read once from the resource themes/<id>.json; its type has the size that setFontScale asks for.
const Theme& themeOf(ThemeKind);
/// Size of all type against the themes' own, from 0.8 to 2.5. GUI thread; apply the theme again
/// afterwards.
void setFontScale(double);
double fontScale();
/// What the desktop asks for; Light when it does not say.
ThemeKind systemTheme();
/// Fusion, palette, font and style sheet for the whole program.
void applyTheme(const Theme&);
/// The one in force; views take it in View::setTheme.
const Theme& currentTheme();

render::Color toRender(const QColor&);

}  // namespace lx::ui
