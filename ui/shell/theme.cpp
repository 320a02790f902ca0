// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/theme.h"

#include <QApplication>
#include <QFile>
#include <QFontDatabase>
#include <QIcon>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QPainter>
#include <QPixmap>
#include <QRegularExpression>
#include <QStyle>
#include <QStyleFactory>
#include <QSvgRenderer>
#include <QToolTip>

#include <algorithm>
#include <cmath>
#include <iterator>

// Outside any namespace, as Q_INIT_RESOURCE demands: a static library's resources need the call.
static void initAssets() {
    Q_INIT_RESOURCE(lx_ui_assets);
}

namespace lx::ui {

namespace {

const Theme* g_current = nullptr;  // GUI thread only
double g_fontScale = 1;            // likewise

/// Type larger than this leaves no room for what it labels.
constexpr double kLargestType = 2.5;

QByteArray resource(const QString& name) {
    static const bool ready = (initAssets(), true);
    (void)ready;
    QFile file(QStringLiteral(":/lx/") + name);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

Theme readTheme(ThemeKind kind, const QString& id) {
    const QJsonObject json =
        QJsonDocument::fromJson(resource(QStringLiteral("themes/%1.json").arg(id))).object();
    const auto color = [&](const char* key) {
        return QColor(json.value(QLatin1String(key)).toString());
    };
    const auto colors = [&](const char* key) {
        std::vector<QColor> out;
        for (const auto& value : json.value(QLatin1String(key)).toArray()) {
            out.emplace_back(value.toString());
        }
        return out;
    };
    Theme t;
    t.kind = kind;
    t.id = id;
    t.window = color("window");
    t.panel = color("panel");
    t.bar = color("bar");
    t.border = color("border");
    t.grid = color("grid");
    t.text = color("text");
    t.secondary = color("secondary");
    t.accent = color("accent");
    t.onAccent = color("onAccent");
    t.hover = color("hover");
    t.warning = color("warning");
    t.error = color("error");
    t.good = color("good");
    t.data = color("data");
    t.model = color("model");
    const auto categories = colors("categories");
    std::copy_n(categories.begin(), std::min(categories.size(), t.categories.size()),
                t.categories.begin());
    t.sequential = colors("sequential");
    t.diverging = colors("diverging");
    t.lineScale = json.value(QLatin1String("lineScale")).toDouble(1);
    t.typeScale = json.value(QLatin1String("typeScale")).toDouble(1);
    return t;
}

render::ColorMap toMap(const std::vector<QColor>& colors) {
    render::ColorMap map;
    std::ranges::transform(colors, std::back_inserter(map.stops), toRender);
    return map;
}

/// Qt keeps tabular figures in DejaVu Sans by default; the family is registered once.
const QString& fontFamily() {
    static const QString family = [] {
        QString name = QStringLiteral("DejaVu Sans");
        for (const char* file : {"fonts/DejaVuSans.ttf", "fonts/DejaVuSans-Bold.ttf"}) {
            const int id = QFontDatabase::addApplicationFontFromData(resource(QLatin1String(file)));
            if (const auto families = QFontDatabase::applicationFontFamilies(id);
                !families.isEmpty()) {
                name = families.first();
            }
        }
        return name;
    }();
    return family;
}

}  // namespace

QColor Theme::category(Index i) const {
    const auto n = static_cast<Index>(categories.size());
    return categories[static_cast<std::size_t>(((i % n) + n) % n)];
}

render::Marker Theme::marker(Index i) {
    return static_cast<render::Marker>(((i % 8) + 8) % 8);
}

QFont Theme::font(double pixels, bool bold) const {
    QFont font(fontFamily());
    font.setPixelSize(px(pixels));
    font.setBold(bold);
    font.setHintingPreference(QFont::PreferNoHinting);
    return font;
}

render::ColorMap Theme::ink() const {
    return dark() ? toMap({QColor(Qt::black), QColor(Qt::white)})
                  : toMap({QColor(Qt::white), QColor(Qt::black)});
}

render::ColorMap Theme::sequentialMap() const {
    return toMap(sequential);
}

render::ColorMap Theme::divergingMap() const {
    return toMap(diverging);
}

QPalette Theme::palette() const {
    QPalette p;
    const auto faded = [&](const QColor& c) {
        QColor out = c;
        out.setAlphaF(0.45F);
        return out;
    };
    p.setColor(QPalette::Window, window);
    p.setColor(QPalette::WindowText, text);
    p.setColor(QPalette::Base, panel);
    p.setColor(QPalette::AlternateBase, window);
    p.setColor(QPalette::Text, text);
    p.setColor(QPalette::PlaceholderText, secondary);
    p.setColor(QPalette::Button, dark() ? bar : panel);
    p.setColor(QPalette::ButtonText, text);
    p.setColor(QPalette::BrightText, error);
    p.setColor(QPalette::Highlight, accent);
    p.setColor(QPalette::HighlightedText, onAccent);
    p.setColor(QPalette::ToolTipBase, panel);
    p.setColor(QPalette::ToolTipText, text);
    p.setColor(QPalette::Link, accent);
    p.setColor(QPalette::Mid, border);
    p.setColor(QPalette::Midlight, grid);
    p.setColor(QPalette::Dark, border);
    p.setColor(QPalette::Shadow, border);
    p.setColor(QPalette::Light, panel);
    for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText}) {
        p.setColor(QPalette::Disabled, role, faded(text));
    }
    p.setColor(QPalette::Disabled, QPalette::Highlight, border);
    return p;
}

QString Theme::styleSheet() const {
    QString sheet = QString::fromUtf8(resource(QStringLiteral("themes/style.qss")));
    const std::vector<std::pair<const char*, QColor>> colors{{"@window", window},
                                                             {"@panel", panel},
                                                             {"@bar", bar},
                                                             {"@border", border},
                                                             {"@grid", grid},
                                                             {"@text", text},
                                                             {"@secondary", secondary},
                                                             {"@accent", accent},
                                                             {"@onAccent", onAccent},
                                                             {"@hover", hover},
                                                             {"@warning", warning},
                                                             {"@error", error},
                                                             {"@field", dark() ? bar : panel}};
    // Longest names first, so that no token is a prefix of one still to come.
    auto ordered = colors;
    std::ranges::sort(ordered, [](const auto& a, const auto& b) {
        return std::string_view(a.first).size() > std::string_view(b.first).size();
    });
    for (const auto& [name, value] : ordered) {
        sheet.replace(QLatin1String(name), value.name());
    }
    static const QRegularExpression kPixels(QStringLiteral("(\\d+)tpx"));
    QString out;
    qsizetype last = 0;
    for (auto it = kPixels.globalMatch(sheet); it.hasNext();) {
        const auto match = it.next();
        out += sheet.mid(last, match.capturedStart() - last);
        out += QString::number(px(match.captured(1).toInt())) + QStringLiteral("px");
        last = match.capturedEnd();
    }
    return out + sheet.mid(last);
}

QIcon Theme::icon(const QString& name) const {
    return icon(name, text);
}

QIcon Theme::icon(const QString& name, const QColor& color) const {
    QByteArray svg = resource(QStringLiteral("icons/%1.svg").arg(name));
    const auto tinted = [&](const QColor& tint) {
        QByteArray drawing = svg;
        drawing.replace("#000", tint.name().toLatin1());
        QSvgRenderer renderer(drawing);
        QPixmap pixmap(px(48), px(48));
        pixmap.fill(Qt::transparent);
        QPainter painter(&pixmap);
        painter.setOpacity(tint.alphaF());
        renderer.render(&painter);
        return pixmap;
    };
    QIcon icon;
    icon.addPixmap(tinted(color));
    QColor off = color;
    off.setAlphaF(0.45F);
    icon.addPixmap(tinted(off), QIcon::Disabled);
    return icon;
}

const Theme& themeOf(ThemeKind kind) {
    struct Kept {
        Theme theme;
        double typeScale;  ///< of the file
        explicit Kept(Theme read) : theme(std::move(read)), typeScale(theme.typeScale) {}
    };
    static std::array<Kept, 3> themes{
        Kept(readTheme(ThemeKind::Light, QStringLiteral("light"))),
        Kept(readTheme(ThemeKind::Dark, QStringLiteral("dark"))),
        Kept(readTheme(ThemeKind::Projector, QStringLiteral("projector")))};
    Kept& kept = themes.at(static_cast<std::size_t>(kind));
    kept.theme.typeScale = std::min(kept.typeScale * g_fontScale, kLargestType);
    return kept.theme;
}

void setFontScale(double scale) {
    constexpr double kSmallest = 0.8;
    g_fontScale = std::isfinite(scale) ? std::clamp(scale, kSmallest, kLargestType) : 1;
}

double fontScale() {
    return g_fontScale;
}

ThemeKind systemTheme() {
    // Qt 6.4 has no colour scheme hint: the desktop's own palette, read before ours replaces it,
    // tells; GTK_THEME names the variant where the desktop gives no palette.
    static const bool dark = [] {
        if (qEnvironmentVariable("GTK_THEME").endsWith(QStringLiteral(":dark"))) {
            return true;
        }
        const QPalette palette = QApplication::palette();
        return palette.color(QPalette::Window).lightness() <
               palette.color(QPalette::WindowText).lightness();
    }();
    return dark ? ThemeKind::Dark : ThemeKind::Light;
}

void applyTheme(const Theme& theme) {
    systemTheme();
    g_current = &theme;
    if (!QApplication::style() || QApplication::style()->name() != QStringLiteral("fusion")) {
        QApplication::setStyle(QStyleFactory::create(QStringLiteral("Fusion")));
    }
    QApplication::setPalette(theme.palette());
    QApplication::setFont(theme.font());
    QToolTip::setFont(theme.font(12));
    QToolTip::setPalette(theme.palette());
    qApp->setStyleSheet(theme.styleSheet());
}

const Theme& currentTheme() {
    return g_current ? *g_current : themeOf(ThemeKind::Light);
}

render::Color toRender(const QColor& color) {
    return {color.redF(), color.greenF(), color.blueF(), color.alphaF()};
}

}  // namespace lx::ui
