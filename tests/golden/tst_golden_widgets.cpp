// SPDX-License-Identifier: GPL-3.0-or-later
// Plots, views and widgets do not drift, in the light and in the dark theme. Exact: the fonts are
// bundled and unhinted, the style is Fusion, the data layers come from our own rasteriser. After a
// wanted change, look at the pictures and run approve.
#include "core/render/geometry2d.h"
#include "core/render/iso_lines.h"
#include "core/render/palette.h"
#include "tests/gui/path_bench.h"
#include "tests/gui/stage_bench.h"
#include "tests/support/golden.h"
#include "tests/support/space_support.h"
#include "ui/panels/layer_list.h"
#include "ui/plot/time_plot.h"
#include "ui/viewport/scene_widget.h"

#include <QCheckBox>
#include <QComboBox>
#include <QGridLayout>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QProgressBar>
#include <QPushButton>
#include <QRadioButton>
#include <QSlider>
#include <QSpinBox>
#include <QTabBar>
#include <QtTest>

#include <cmath>
#include <numbers>

using namespace lx;
using namespace lx::ui;
namespace rt = lx::render::test;

namespace {

constexpr QSize kSize{420, 320};

render::Theme paletteOf(const Theme& theme) {
    return theme.dark() ? render::Theme::Dark : render::Theme::Light;
}

render::Renderer& renderer() {
    static const auto made = render::Renderer::create({.forceCpu = true});
    return *made;
}

QImage paint(const Figure& figure, const Theme& theme, qreal ratio = 1) {
    SceneWidget scene(renderer);
    scene.setTheme(theme);
    scene.figure() = figure;
    scene.resize(kSize);
    scene.setSpace(figure.space);
    scene.fit();
    QImage image(kSize * ratio, QImage::Format_RGB32);
    QPainter painter(&image);
    painter.scale(ratio, ratio);
    scene.paintTo(painter, kSize, ratio);
    return image;
}

Figure plane(const char* title) {
    Figure figure;
    figure.title = QString::fromUtf8(title);
    figure.xLabel = QStringLiteral("z1");
    figure.yLabel = QStringLiteral("z2 (nats)");
    figure.home = {-2, -1.5, 2, 1.5};
    return figure;
}

/// The layers of the renderer's own golden picture of that name.
void layersOf(Figure& figure, const char* name, const Theme& theme) {
    for (const auto& named : rt::gallery(paletteOf(theme))) {
        if (named.name == name) {
            figure.layers = named.scene.layers;
        }
    }
}

QImage axes(const Theme& theme) {
    Figure figure = plane("Axes, ticks and points");
    figure.nameLayers(QStringLiteral("points"), QStringLiteral("Points"));
    layersOf(figure, "points_cloud", theme);
    return paint(figure, theme);
}

QImage fineAxes(const Theme& theme) {
    Figure figure = plane("Two device pixels per pixel");
    layersOf(figure, "points_markers", theme);
    return paint(figure, theme, 2);
}

QImage fixedTicks(const Theme& theme) {
    Figure figure = plane("Ticks of one's own, large numbers");
    figure.home = {0, -2.5e7, 5, 1e6};
    figure.xTicks = {{0.5, QStringLiteral("shirt")},
                     {2.5, QStringLiteral("coat")},
                     {4.5, QStringLiteral("bag")}};
    figure.overlay.push_back(RectItem{{1, -2e7, 2, 0}, theme.model, theme.text, 1});
    return paint(figure, theme);
}

QImage legend(const Theme& theme) {
    Figure figure = plane("Legend");
    for (Index i = 0; i < 8; ++i) {
        figure.legend.push_back({QStringLiteral("class %1").arg(i), theme.category(i),
                                 Theme::marker(i), Qt::SolidLine, i == 3});
    }
    figure.legend.push_back({QStringLiteral("prior"), theme.accent, {}, Qt::DashLine});
    figure.note = QStringLiteral("a note");
    return paint(figure, theme);
}

QImage overlay(const Theme& theme) {
    Figure figure = plane("Curves, segments, ellipses, markers");
    CurveItem curve{{}, theme.accent, 1.6}, head = curve;
    SegmentsItem ticks{{}, theme.secondary, 0.8};
    std::vector<render::Point2> way;
    for (int i = 0; i <= 60; ++i) {
        const double x = -1.8 + 0.06 * i;
        way.push_back({x, std::sin(2 * x)});
        curve.points.emplace_back(x, std::sin(2 * x));
    }
    for (const render::CurvePlace& p : render::equalTicks(way, 11)) {
        const double u = -0.08 * p.direction.y, v = 0.08 * p.direction.x;
        ticks.lines.emplace_back(p.at.x - u, p.at.y - v, p.at.x + u, p.at.y + v);
    }
    if (const auto corners = render::arrowHead(way, 0.16, 0.12)) {
        for (const render::Point2& p : *corners) {
            head.points.emplace_back(p.x, p.y);
        }
    }
    figure.overlay = {curve, ticks, head,
                      EllipseItem{0.4, 0.2, 1.1, 0.6, theme.data, 1.2, Qt::DashLine},
                      CrosshairItem{-1, 0.6, theme.text}};
    for (int i = 0; i < 8; ++i) {
        figure.overlay.push_back(MarkerItem{-1.75 + 0.5 * i, -1.2, static_cast<render::Marker>(i),
                                            12, theme.category(i), theme.text});
    }
    return paint(figure, theme);
}

QImage texts(const Theme& theme) {
    Figure figure = plane("Texts turn where they would leave the plot");
    const QString value = QStringLiteral("E = −3.25 nats");
    for (const double x : {-1.9, 0.0, 1.9}) {
        for (const double y : {-1.4, 0.1, 1.4}) {
            figure.overlay.push_back(MarkerItem{x, y, render::Marker::Circle, 6, theme.data, {}});
            figure.overlay.push_back(
                TextItem{x, y, value, theme.text, QPointF(10, -12), 11, y > 0});
        }
    }
    return paint(figure, theme);
}

QImage equalAxes(const Theme& theme) {
    Figure figure = plane("Density, equal axes");
    figure.equalAspect = true;
    layersOf(figure, "density_categories", theme);
    return paint(figure, theme);
}

QImage field(const Theme& theme) {
    Figure figure = plane("Field with levels");
    layersOf(figure, "field_symlog_levels", theme);
    const auto& grid = std::get<render::GridLayer>(figure.layers[0]);
    const auto labels =
        render::isoLabels(render::isoLines(grid), figure.home, {kSize.width(), kSize.height()}, 40);
    for (const render::IsoLabel& label : labels) {
        figure.overlay.push_back(TextItem{label.at.x, label.at.y, tickLabel(label.level, 0),
                                          theme.text, QPointF(), 10, true, true});
    }
    return paint(figure, theme);
}

QImage flow(const Theme& theme) {
    Figure figure = plane("Streamlines over a field");
    layersOf(figure, "field_lines", theme);
    const auto ground = figure.layers;
    layersOf(figure, "streamlines", theme);
    figure.layers.insert(figure.layers.begin(), ground.begin(), ground.end());
    figure.grid = false;
    return paint(figure, theme);
}

QImage space(const char* name, const Theme& theme) {
    Figure figure = plane("A space with its axes and marks");
    for (const auto& named : rt::spaceGallery(paletteOf(theme))) {
        if (named.name == name) {
            SpaceFigure made;
            made.solids = named.scene.space->solids;
            made.box = named.scene.space->box;
            made.labels = {QStringLiteral("x1"), QStringLiteral("x2"),
                           QStringLiteral("energy (nats)")};
            made.marks = {{.at = {0.4, -0.6, 0.5},
                           .marker = render::Marker::Diamond,
                           .fill = theme.accent,
                           .edge = theme.panel,
                           .text = QStringLiteral("a mark"),
                           .boxed = true}};
            figure.space = made;
        }
    }
    return paint(figure, theme);
}

/// Two losses and a bound over 400 steps.
QImage timePlot(const Theme& theme, const std::function<void(TimePlot&)>& change) {
    TimePlot plot;
    plot.resize(kSize);
    plot.setTheme(theme);
    SeriesTable table;
    plot.showTable(table);
    for (Index step = 1; step <= 400; ++step) {
        const double t = static_cast<double>(step);
        const double wobble = std::sin(0.7 * t) + std::cos(1.3 * t);
        table.add({0, 0, Clock::Train, step, 90 + 400 / (1 + 0.05 * t) + 6 * wobble});
        table.add({0, 1, Clock::Train, step, 2 + 8 * (1 - std::exp(-t / 90))});
        table.add({0, 2, Clock::Train, step, 1e-3 * std::exp(-t / 120)});
    }
    plot.setSeries(
        {{{0, 0, Clock::Train}, QStringLiteral("loss"), QStringLiteral("nats"), theme.accent},
         {{0, 1, Clock::Train},
          QStringLiteral("KL"),
          QStringLiteral("nats"),
          theme.model,
          Qt::DashLine}});
    plot.setAxes(QStringLiteral("step"), QStringLiteral("nats"), QString());
    change(plot);
    plot.dataChanged();
    plot.fit();
    plot.replotNow();
    QImage image(kSize, QImage::Format_RGB32);
    image.fill(theme.panel);
    QPainter painter(&image);
    plot.paintTo(painter, kSize);
    return image;
}

QImage view(const char* id, const Theme& theme, const QJsonObject& state = {}) {
    test::StageBench bench;
    auto told = std::make_shared<Description>(*test::describeStage(3, {8, 8}));
    told->channels.push_back({"kl_units", "bars", "latent", "[d]", "nats", Clock::Train});
    told->channels.push_back({"samples", "image_batch", "data", "[N, H, W]", "", Clock::Train});
    told->spaces.push_back({"target", 2, {2}});
    told->channels.push_back({"energy", "grid2", "target", "[r, c]", "nats", Clock::Sample});
    told->channels.push_back({"chains_now", "points2", "target", "[C, D]", "", Clock::Sample});
    told->channels.push_back({"chains_trail", "trails", "target", "[C, K, D]", "", Clock::Sample});
    auto& session = bench.add(1, test::normals(600, 3, 4), test::labelsOf(600), told);
    session.publish([&](Snapshot& s) {
        std::vector<float> ink, trail, now;
        for (int i = 0; i < 24 * 64; ++i) {
            ink.push_back(static_cast<float>(0.5 + 0.5 * std::sin(0.11 * i * (1 + i / 64 % 5))));
        }
        for (int chain = 0; chain < 4; ++chain) {
            for (int i = 0; i < 60; ++i) {
                const double r = 2.4 - 0.03 * i, angle = 0.09 * i + 1.57 * chain;
                trail.push_back(static_cast<float>(r * std::cos(angle)));
                trail.push_back(static_cast<float>(r * std::sin(angle)));
            }
            now.insert(now.end(), trail.end() - 2, trail.end());
        }
        session.set(s, "data", Array({24, 8, 8}, ink));
        session.set(s, "samples", Array({24, 8, 8}, ink));
        session.set(s, "kl_units",
                    Array({6}, std::vector<float>{3.1F, 2.2F, 1.4F, 0.3F, 0.004F, 0}));
        session.set(s, "energy", rt::field(64, {-3, -3, 3, 3}, rt::peaks));
        session.set(s, "energy.extent", Array({4}, std::vector<float>{-3, -3, 3, 3}));
        session.set(s, "chains_trail", Array({4, 60, 2}, trail));
        session.set(s, "chains_now", Array({4, 2}, now));
    });
    bench.bridge.poll();
    std::unique_ptr<View> shown(findView(QString::fromLatin1(id))->make(bench.bridge, nullptr));
    shown->setTheme(theme);
    shown->resize(kSize);
    shown->show();
    if (!QTest::qWaitForWindowExposed(shown.get())) {
        return {};
    }
    shown->present(bench.bridge.frames());
    shown->restore(state);
    return shown->picture(kSize, 1);
}

/// A view of the paths between two codes; `warned`: the geodesic is not resolved.
QImage pathView(const char* id, const Theme& theme, QSize size, bool warned = false) {
    test::StageBench bench;
    auto& session =
        bench.add(1, test::normals(300, 2, 4), test::labelsOf(300), test::describePaths());
    test::publishPaths(session, test::pathArrays({-1, -0.4}, {0.6, 1},
                                                 warned ? "Not resolved: speed "
                                                          "varies 8.1-fold, so it leaps."
                                                        : ""));
    bench.bridge.poll();
    std::unique_ptr<View> shown(findView(QString::fromLatin1(id))->make(bench.bridge, nullptr));
    shown->setTheme(theme);
    shown->resize(size);
    shown->show();
    if (!QTest::qWaitForWindowExposed(shown.get())) {
        return {};
    }
    shown->present(bench.bridge.frames());
    return shown->picture(size, 1);
}

QImage grabbed(QWidget& widget) {
    widget.setAttribute(Qt::WA_DontShowOnScreen);
    widget.show();
    widget.ensurePolished();
    return widget.grab().toImage().convertToFormat(QImage::Format_RGB32);
}

QImage controls(const Theme& theme, bool enabled) {
    QWidget widget;
    widget.setPalette(theme.palette());
    widget.resize(360, 260);
    auto* grid = new QGridLayout(&widget);
    auto* chosen = new QCheckBox(QStringLiteral("chosen"));
    chosen->setChecked(true);
    auto* radio = new QRadioButton(QStringLiteral("one of two"));
    radio->setChecked(true);
    auto* box = new QComboBox;
    box->addItems({QStringLiteral("Gaussian"), QStringLiteral("Bernoulli")});
    auto* spin = new QSpinBox;
    spin->setValue(42);
    auto* number = new QDoubleSpinBox;
    number->setDecimals(4);
    number->setValue(0.0015);
    auto* slider = new QSlider(Qt::Horizontal);
    slider->setValue(35);
    auto* progress = new QProgressBar;
    progress->setValue(60);
    auto* wrong = new QLineEdit(QStringLiteral("1e-3 or so"));
    wrong->setProperty("wrong", true);
    auto* tabs = new QTabBar;
    tabs->addTab(QStringLiteral("Map"));
    tabs->addTab(QStringLiteral("Surface"));
    auto* quiet = new QLabel(QStringLiteral("A quiet explanation."));
    quiet->setProperty("quiet", true);
    const std::vector<QWidget*> all{new QPushButton(QStringLiteral("Apply")),
                                    chosen,
                                    radio,
                                    box,
                                    spin,
                                    number,
                                    slider,
                                    progress,
                                    wrong,
                                    tabs,
                                    quiet};
    for (std::size_t i = 0; i < all.size(); ++i) {
        grid->addWidget(all[i], static_cast<int>(i / 2), static_cast<int>(i % 2));
        all[i]->setEnabled(enabled);
    }
    return grabbed(widget);
}

QImage layerList(const Theme& theme) {
    SceneWidget scene(renderer);
    scene.setTheme(theme);
    Figure& figure = scene.figure();
    for (const char* name : {"Field", "Codes", "Chains"}) {
        figure.nameLayers(QString::fromLatin1(name).toLower(), QString::fromLatin1(name));
        figure.layers.push_back(render::PointsLayer{});
    }
    figure.nameOverlay(QStringLiteral("prior"), QStringLiteral("Prior circles"));
    figure.overlay.push_back(EllipseItem{0, 0, 1, 1, theme.accent});
    scene.setPart({QStringLiteral("codes"), false, 0.5});
    LayerList list(&scene, QStringLiteral("Latent map"), nullptr);
    list.resize(280, 240);
    list.list()->setCurrentRow(1);
    return grabbed(list);
}

struct Subject {
    const char* name;
    std::function<QImage(const Theme&)> draw;
};

const std::vector<Subject>& subjects() {
    static const std::vector<Subject> all{
        {"figure_axes", axes},
        {"figure_fine", fineAxes},
        {"figure_ticks", fixedTicks},
        {"figure_legend", legend},
        {"figure_overlay", overlay},
        {"figure_texts", texts},
        {"figure_density", equalAxes},
        {"figure_field", field},
        {"figure_flow", flow},
        {"figure_surface", [](const Theme& t) { return space("space_walkers", t); }},
        {"figure_cloud", [](const Theme& t) { return space("space_cloud", t); }},
        {"plot_time", [](const Theme& t) { return timePlot(t, [](TimePlot&) {}); }},
        {"plot_logarithmic",
         [](const Theme& t) {
             return timePlot(t, [](TimePlot& plot) { plot.setLogarithmic(true, false); });
         }},
        {"plot_two_axes",
         [](const Theme& t) {
             return timePlot(t, [&](TimePlot& plot) {
                 auto series = plot.series();
                 series.push_back({{0, 2, Clock::Train},
                                   QStringLiteral("rate"),
                                   QString(),
                                   t.data,
                                   Qt::SolidLine,
                                   true,
                                   false});
                 plot.setSeries(series);
                 plot.setAxes(QStringLiteral("step"), QStringLiteral("nats"),
                              QStringLiteral("learning rate"));
                 plot.setRightColor(t.data);
             });
         }},
        {"plot_events",
         [](const Theme& t) {
             return timePlot(t, [](TimePlot& plot) {
                 plot.setSmoothing(0.9);
                 plot.setEvents({{120, QStringLiteral("learning rate 1e-3 to 3e-4")},
                                 {300, QStringLiteral("beta 1 to 4")}});
             });
         }},
        {"view_latent_map", [](const Theme& t) { return view("latent-map", t); }},
        {"view_latent_space",
         [](const Theme& t) {
             return view("latent-map", t, {{QStringLiteral("chart"), QStringLiteral("space")}});
         }},
        {"view_surface", [](const Theme& t) { return view("surface", t); }},
        {"view_paths", [](const Theme& t) { return pathView("latent-map", t, kSize); }},
        {"view_metric_map", [](const Theme& t) { return pathView("metric-map", t, kSize); }},
        {"view_path_strips", [](const Theme& t) { return pathView("path-strips", t, {640, 230}); }},
        {"view_path_chart",
         [](const Theme& t) { return pathView("path-chart", t, {640, 200}, true); }},
        {"view_kl_units", [](const Theme& t) { return view("kl-units", t); }},
        {"view_samples", [](const Theme& t) { return view("samples", t); }},
        {"widget_layers", layerList},
        {"widget_controls", [](const Theme& t) { return controls(t, true); }},
        {"widget_controls_off", [](const Theme& t) { return controls(t, false); }},
    };
    return all;
}

}  // namespace

class TestGoldenWidgets : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void picturesDoNotDrift_data() {
        QTest::addColumn<bool>("dark");
        QTest::addColumn<int>("index");
        for (const bool dark : {false, true}) {
            for (std::size_t i = 0; i < subjects().size(); ++i) {
                QTest::addRow("%s_%s", subjects()[i].name, dark ? "dark" : "light")
                    << dark << static_cast<int>(i);
            }
        }
    }
    void picturesDoNotDrift() {
        QFETCH(bool, dark);
        QFETCH(int, index);
        const Theme& theme = themeOf(dark ? ThemeKind::Dark : ThemeKind::Light);
        applyTheme(theme);
        const Subject& subject = subjects()[static_cast<std::size_t>(index)];
        const QImage picture = subject.draw(theme);
        QVERIFY(!picture.isNull());
        const QString problem = rt::judge(rt::fromQImage(picture), QTest::currentDataTag(), true);
        QVERIFY2(problem.isEmpty(), qPrintable(problem));
        // Once more: a picture that depends on the time, or on what was drawn before, drifts.
        QCOMPARE(
            rt::largestDifference(rt::fromQImage(subject.draw(theme)), rt::fromQImage(picture)), 0);
    }

    /// The guard's twin: a line half a pixel wider, one text, one colour of the theme.
    void smallChangesAreDrifts() {
        const Theme& theme = themeOf(ThemeKind::Light);
        applyTheme(theme);
        const QString name = QStringLiteral("figure_overlay_light");
        QVERIFY(rt::compare(rt::fromQImage(overlay(theme)), name, true).isEmpty());
        Theme other = theme;
        other.secondary = theme.secondary.lighter(101);
        QVERIFY(rt::compare(rt::fromQImage(overlay(other)), name, true).contains("drifted"));
        QVERIFY(rt::compare(rt::fromQImage(texts(theme)), name, true).contains("drifted"));
        QVERIFY(rt::compare(rt::fromQImage(view("surface", theme)),
                            QStringLiteral("view_surface_dark"), true)
                    .contains("drifted"));
    }
};

QTEST_MAIN(TestGoldenWidgets)
#include "tst_golden_widgets.moc"
