// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/render/renderer.h"
#include "ui/plot/decimate.h"
#include "ui/plot/time_plot.h"
#include "ui/viewport/export.h"
#include "ui/viewport/scene_widget.h"
#include "ui/viewport/ticks.h"

#include <QElapsedTimer>
#include <QImageReader>
#include <QTemporaryDir>
#include <QTest>
#include <QWheelEvent>
#include <QXmlStreamReader>

#include <cmath>
#include <random>

using namespace lx;
using namespace lx::ui;

namespace {

render::Renderer& renderer() {
    static const auto instance = render::Renderer::create({.forceCpu = true});
    return *instance;
}

void settle(SceneWidget& widget) {
    QVERIFY(QTest::qWaitForWindowExposed(&widget));
    QTRY_VERIFY(!widget.busy());
    QTest::qWait(20);
}

/// Centre of the pixels that are far from `background`, in logical pixels; nothing found: NaN.
QPointF inkCentre(const QImage& image, const QRectF& area, const QColor& background) {
    const double ratio = image.devicePixelRatio();
    double sx = 0, sy = 0, sum = 0;
    for (int y = int(area.top() * ratio); y < int(area.bottom() * ratio); ++y) {
        for (int x = int(area.left() * ratio); x < int(area.right() * ratio); ++x) {
            const QColor c = image.pixelColor(x, y);
            const double w = std::abs(c.red() - background.red()) +
                             std::abs(c.green() - background.green()) +
                             std::abs(c.blue() - background.blue());
            if (w > 90) {
                sx += w * (x + 0.5);
                sy += w * (y + 0.5);
                sum += w;
            }
        }
    }
    return QPointF(sx, sy) / (sum * ratio);
}

bool agrees(QPointF a, QPointF b) {
    return std::hypot(a.x() - b.x(), a.y() - b.y()) <= 1.0;
}

/// Whether some point of each column's extremes survived.
bool keepsExtremes(const std::vector<PlotPoint>& drawn, const std::vector<double>& x,
                   const std::vector<double>& y, std::size_t columns) {
    const double x0 = x.front(), x1 = x.back();
    std::vector<double> low(columns + 1, INFINITY), high(columns + 1, -INFINITY);
    auto drawnLow = low, drawnHigh = high;
    const auto column = [&](double at) {
        return static_cast<std::size_t>((at - x0) / (x1 - x0) * double(columns));
    };
    for (std::size_t i = 0; i < x.size(); ++i) {
        low[column(x[i])] = std::min(low[column(x[i])], y[i]);
        high[column(x[i])] = std::max(high[column(x[i])], y[i]);
    }
    for (const PlotPoint& p : drawn) {
        drawnLow[column(p.x)] = std::min(drawnLow[column(p.x)], p.y);
        drawnHigh[column(p.x)] = std::max(drawnHigh[column(p.x)], p.y);
    }
    return low == drawnLow && high == drawnHigh;
}

}  // namespace

class TestViewport : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void ticksAreNice() {
        QStringList labels;
        for (const Tick& t : niceTicks(-3.2, 3.7, 7)) {
            labels << t.label;
        }
        QCOMPARE(labels, (QStringList{"−3", "−2", "−1", "0", "1", "2", "3"}));
        const auto thousands = niceTicks(0, 30000, 3);
        QCOMPARE(thousands.back().label, QStringLiteral("30\u2009000"));
        QCOMPARE(niceTicks(0, 1, 5)[1].label, QString("0.2"));
        QVERIFY(niceTicks(1, 1, 5).empty());
        QVERIFY(niceTicks(NAN, 1, 5).empty());
        QVERIFY(niceTicks(1e15, 1e15 + 0.001, 5).size() < 20);
    }

    void numbersAreTrue() {
        QCOMPARE(tickLabel(-1234567.5, 1), QStringLiteral("−1\u2009234\u2009567.5"));
        QCOMPARE(tickLabel(-0.0001, 2), QString("0.00"));
        QCOMPARE(tickLabel(2e-6, 6), QStringLiteral("2·10⁻⁶"));
        QCOMPARE(tickLabel(1e9, 0), QStringLiteral("10⁹"));
    }

    void decimationKeepsExtremes() {
        std::vector<double> x, y;
        std::mt19937 random(3);
        std::uniform_real_distribution<double> uniform(-1, 1);
        for (int i = 0; i < 1'000'000; ++i) {
            x.push_back(i);
            y.push_back(std::sin(i * 1e-5) + 0.1 * uniform(random));
        }
        y[123'456] = 50;
        y[654'321] = -70;
        constexpr std::size_t kColumns = 640;
        const auto drawn = decimate(x, y, x.front(), x.back(), kColumns);
        QVERIFY(drawn.size() <= 4 * kColumns + 6);
        QVERIFY(std::ranges::is_sorted(drawn, {}, &PlotPoint::x));
        QVERIFY(keepsExtremes(drawn, x, y, kColumns));
        // Twin: taking every k-th point loses them, and the check notices.
        std::vector<PlotPoint> every;
        for (std::size_t i = 0; i < x.size(); i += 400) {
            every.push_back({x[i], y[i]});
        }
        QVERIFY(!keepsExtremes(every, x, y, kColumns));
    }

    void decimationOfParts() {
        const std::vector<double> x{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, y{0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
        const auto part = decimate(x, y, 3.5, 5.5, 100);
        QCOMPARE(part.size(), std::size_t{4});  // 3 and 6 lead the line to the border
        QCOMPARE(part.front().x, 3.0);
        QCOMPARE(part.back().x, 6.0);
        QVERIFY(decimate({}, {}, 0, 1, 10).empty());
        QVERIFY(decimate(x, y, 1, 1, 10).empty());
        const std::vector<double> gaps{NAN, NAN, 1, 2, NAN, 3, 4, NAN, 5, 6};
        const auto thin = decimate(x, gaps, 0, 9, 1);
        double low = INFINITY, high = -INFINITY;
        for (const PlotPoint& p : thin) {
            low = std::isnan(p.y) ? low : std::min(low, p.y);
            high = std::isnan(p.y) ? high : std::max(high, p.y);
        }
        QCOMPARE(low, 1.0);
        QCOMPARE(high, 6.0);
    }

    void smoothingOfAConstant() {
        for (const double v : smooth(std::vector<double>(50, 3.5), 0.98)) {
            QVERIFY(std::abs(v - 3.5) < 1e-9);
        }
        const auto out = smooth(std::vector<double>{1, NAN, 3}, 0.5);
        QVERIFY(std::isnan(out[1]));
        QVERIFY(out[2] > 1 && out[2] < 3);
    }

    void timePlotStaysThin() {
        TimePlot plot;
        plot.setTheme(themeOf(ThemeKind::Light));
        plot.resize(700, 260);
        plot.show();
        QVERIFY(QTest::qWaitForWindowExposed(&plot));
        SeriesTable table;
        plot.showTable(table);
        for (Index i = 0; i < 1'000'000; ++i) {
            table.add({7, 0, Clock::Train, i, i == 500'000 ? 90.0 : std::sin(i * 1e-4)});
        }
        plot.setSeries({{.key = {7, 0, Clock::Train},
                         .label = "loss",
                         .unit = "nats",
                         .color = QColor("#1157A4")}});
        QElapsedTimer clock;
        clock.start();
        plot.replotNow();
        const double ms = double(clock.nsecsElapsed()) * 1e-6;
        qInfo("replot of 10^6 points: %.1f ms", ms);
        QVERIFY(plot.drawnPoints(0) <= 4 * 700 / 3 + 6);
        // A curve has two ends in every column at least.
        QVERIFY(plot.drawnPoints(0) >= 2 * (700 / 3));
        QCOMPARE(plot.valuesAt(500'000).at(1), QString("loss  90 nats"));
        table.rewind(7, Clock::Train, 100);
        plot.replotNow();
        QVERIFY(plot.drawnPoints(0) > 0 && plot.drawnPoints(0) <= 100);
        QCOMPARE(plot.valuesAt(500'000).at(0).left(6), QString("step 9"));
    }

    void wordsOfEventsStayInside() {
        TimePlot plot;
        plot.setTheme(themeOf(ThemeKind::Light));
        plot.resize(360, 200);
        plot.show();
        QVERIFY(QTest::qWaitForWindowExposed(&plot));
        SeriesTable table;
        for (Index i = 0; i < 1000; ++i) {
            table.add({7, 0, Clock::Train, i, 1.0});
        }
        plot.showTable(table);
        plot.setSeries(
            {{.key = {7, 0, Clock::Train}, .label = "loss", .unit = "", .color = "red"}});
        plot.setEvents({{20, "step size 0.1"},
                        {500, "the number of latent units was changed to eight"},
                        {985, "step size 0.2"},
                        {5000, "not yet"}});
        plot.replotNow();
        const auto words = plot.eventWords();
        QCOMPARE(words.size(), std::size_t{3});  // the last lies outside
        for (const QRectF& word : words) {
            QVERIFY2(word.left() >= plot.inside().left() - 1 &&
                         word.right() <= plot.inside().right() + 1,
                     qPrintable(QString("%1 to %2").arg(word.left()).arg(word.right())));
            QVERIFY(word.width() > 40);
        }
    }

    void pointsLieWhereTheDataSay_data() {
        QTest::addColumn<int>("seed");
        for (int i = 0; i < 30; ++i) {
            QTest::addRow("%d", i) << i;
        }
    }
    void pointsLieWhereTheDataSay() {
        QFETCH(int, seed);
        std::mt19937 random(static_cast<unsigned>(seed));
        std::uniform_real_distribution<float> uniform(-2.5F, 2.5F);
        const float x = uniform(random), y = uniform(random);
        const Theme& theme = themeOf(seed % 2 ? ThemeKind::Dark : ThemeKind::Light);
        SceneWidget widget([]() -> render::Renderer& { return renderer(); });
        widget.setTheme(theme);
        widget.figure().grid = false;
        widget.figure().equalAspect = seed % 3 == 0;
        widget.figure().layers = {render::PointsLayer{Array({1, 2}, std::vector<float>{x, y}),
                                                      Array(),
                                                      {toRender(theme.category(seed % 8))},
                                                      {render::Marker::Circle},
                                                      9,
                                                      1}};
        widget.setHome({-3.0 - seed * 0.1, -3, 3, 3.3});
        widget.resize(300 + 7 * seed, 420 - 3 * seed);
        widget.show();
        settle(widget);
        const QImage shot = widget.grab().toImage();
        const QPointF found =
            inkCentre(shot, widget.plotRect().adjusted(2, 2, -2, -2), theme.panel);
        const QPointF expected = widget.toPixel(x, y);
        QVERIFY2(agrees(found, expected), qPrintable(QString("found %1, %2; expected %3, %4")
                                                         .arg(found.x())
                                                         .arg(found.y())
                                                         .arg(expected.x())
                                                         .arg(expected.y())));
        QVERIFY(!agrees(found + QPointF(1.5, 1.5), expected));  // twin: a shifted picture
    }

    void zoomKeepsThePlaceUnderTheMouse() {
        SceneWidget widget([]() -> render::Renderer& { return renderer(); });
        widget.setTheme(themeOf(ThemeKind::Light));
        widget.figure().equalAspect = true;
        widget.setHome({-3, -3, 3, 3});
        widget.resize(400, 300);
        widget.show();
        settle(widget);
        const QPointF mouse = widget.plotRect().center() + QPointF(60, -33);
        const QPointF before = widget.toData(mouse);
        QWheelEvent wheel(mouse, widget.mapToGlobal(mouse), {}, {0, 240}, Qt::NoButton,
                          Qt::NoModifier, Qt::NoScrollPhase, false);
        const double width = widget.shown().x1 - widget.shown().x0;
        QCoreApplication::sendEvent(&widget, &wheel);
        const QPointF after = widget.toData(mouse);
        QVERIFY(std::abs(after.x() - before.x()) < 0.02 && std::abs(after.y() - before.y()) < 0.02);
        QVERIFY(widget.shown().x1 - widget.shown().x0 < width / 1.3);
        const QRectF plot = widget.plotRect();
        const render::Rect r = widget.shown();
        const double aspect = ((r.x1 - r.x0) / plot.width()) / ((r.y1 - r.y0) / plot.height());
        QVERIFY(std::abs(aspect - 1) < 1e-9);
        QVERIFY(!widget.followsHome());
        widget.fit();
        QVERIFY(widget.followsHome());
    }

    void drawsOnlyWhenSomethingChanged() {
        SceneWidget widget([]() -> render::Renderer& { return renderer(); });
        widget.setTheme(themeOf(ThemeKind::Light));
        widget.figure().layers = {
            render::PointsLayer{Array({1, 2}, std::vector<float>{0, 0}), Array(), {}, {}, 5, 1}};
        widget.setHome({-1, -1, 1, 1});
        widget.resize(200, 200);
        widget.show();
        settle(widget);
        const int submitted = widget.submitted(), painted = widget.painted();
        QTest::qWait(120);
        QCOMPARE(widget.submitted(), submitted);
        QCOMPARE(widget.painted(), painted);
        widget.overlayChanged();
        QTest::qWait(60);
        QCOMPARE(widget.submitted(), submitted);
        QVERIFY(widget.painted() > painted);
        widget.layersChanged();
        QTRY_COMPARE(widget.submitted(), submitted + 1);
    }

    void exportsAreValid() {
        QTemporaryDir folder;
        SceneWidget widget([]() -> render::Renderer& { return renderer(); });
        const Theme& theme = themeOf(ThemeKind::Light);
        widget.setTheme(theme);
        Figure& figure = widget.figure();
        figure.title = "A figure";
        figure.xLabel = "z1";
        figure.yLabel = "z2";
        figure.layers = {render::PointsLayer{Array({1, 2}, std::vector<float>{0.5F, 0.5F}),
                                             Array(),
                                             {toRender(theme.data)},
                                             {},
                                             9,
                                             1}};
        figure.legend = {{"data", theme.data, render::Marker::Circle}};
        figure.overlay.push_back(EllipseItem{0, 0, 1, 1, theme.secondary});
        widget.setHome({-1, -1, 1, 1});
        const PaintFunction paint = [&](QPainter& painter, QSizeF size, double scale) {
            widget.paintTo(painter, size, scale);
        };
        for (const char* ending : {"png", "svg", "pdf"}) {
            exportFigure(folder.filePath(QString("a.") + ending), paint,
                         {{400, 300}, 192, "A figure"});
        }
        const QImage png(folder.filePath("a.png"));
        QCOMPARE(png.size(), QSize(800, 600));
        QFile svg(folder.filePath("a.svg")), pdf(folder.filePath("a.pdf"));
        QVERIFY(svg.open(QIODevice::ReadOnly) && pdf.open(QIODevice::ReadOnly));
        const QByteArray text = svg.readAll(), document = pdf.readAll();
        QVERIFY(text.contains("<text") && text.contains("z1") && text.contains("<image"));
        QVERIFY(document.startsWith("%PDF-") && document.trimmed().endsWith("%%EOF"));
        QCOMPARE(QDir(folder.path()).entryList(QDir::Files).size(), 3);  // no temporary stays
        QVERIFY_EXCEPTION_THROWN(exportFigure(folder.filePath("a.bmp"), paint), UsageError);
        QVERIFY_EXCEPTION_THROWN(exportFigure(folder.filePath("none/a.png"), paint), InputError);
        QVERIFY_EXCEPTION_THROWN(
            exportFigure(folder.filePath("b.png"), paint, {{40000, 300}, 192, {}}), UsageError);
    }

    void exportOfATimePlotIsVector() {
        TimePlot plot;
        plot.setTheme(themeOf(ThemeKind::Light));
        plot.resize(500, 250);
        SeriesTable table;
        plot.showTable(table);
        for (Index i = 0; i < 300; ++i) {
            table.add({7, 0, Clock::Train, i * 10, 200.0 + 100.0 * std::exp(-double(i) / 50)});
        }
        plot.setSeries({{.key = {7, 0, Clock::Train},
                         .label = "loss",
                         .unit = "nats",
                         .color = QColor("#1157A4")}});
        plot.setAxes("training step", "nats", {});
        plot.replotNow();
        const QByteArray svg =
            encodeFigure("svg", [&](QPainter& p, QSizeF size, double) { plot.paintTo(p, size); });
        QVERIFY(svg.contains("<text") && svg.contains("training step"));
        QVERIFY(!svg.contains("<image"));
    }

    /// A geodesic may run off by millions of pixels: its painting must not take longer for it, and
    /// what lies in the plot must not change.
    void whatRunsFarOffIsPaintedAsFast() {
        const Theme& theme = themeOf(ThemeKind::Light);
        const QRectF plot(0, 0, 300, 200);
        const QColor ink("#102030");
        QImage image(plot.size().toSize(), QImage::Format_RGB32);
        const auto paint = [&](double reach) {
            image.fill(Qt::white);
            QPainter painter(&image);
            CurveItem ring{{}, ink, 1.1};  // of equal distance, most of it far away
            for (int i = 0; i < 97; ++i) {
                const double angle = 0.065 * i, far = i % 9 == 4 ? 0.3 : reach * (i % 5 + 1) / 5;
                ring.points.emplace_back(far * std::cos(angle), far * std::sin(angle));
            }
            const std::vector<OverlayItem> items{
                ring, CurveItem{{{0, 0}, {-reach, 0.4 * reach}}, ink, 1.1},
                ArrowItem{0.2, 0, -reach, -reach, ink},
                SegmentsItem{{QLineF(-reach, reach, reach, -reach)}, ink, 1},
                EllipseItem{-reach, 0, reach, reach, ink, 1}};
            QElapsedTimer clock;
            clock.start();
            paintOverlay(painter, items, theme, plot, {-1, -1, 1, 1});
            return static_cast<double>(clock.nsecsElapsed());
        };
        double near = INFINITY, far = INFINITY;
        for (int i = 0; i < 5; ++i) {
            near = std::min(near, paint(3));
            far = std::min(far, paint(3e4));  // millions of pixels
        }
        QVERIFY2(far < 50 * near, qPrintable(QString("%1 times as long").arg(far / near)));

        // One long line through the plot, by two ways.
        const auto line = [&](double reach) {
            image.fill(Qt::white);
            QPainter painter(&image);
            const std::vector<OverlayItem> items{
                CurveItem{{{-reach, -0.5 * reach}, {reach, 0.5 * reach}}, ink, 2},
                CurveItem{{{0.5, 0.5}, {NAN, 0.1}, {INFINITY, 0}}, ink, 2}};
            paintOverlay(painter, items, theme, plot, {-1, -1, 1, 1});
            return image.copy();
        };
        const QImage inside = line(2), outside = line(2000);
        int dark = 0;
        for (int y = 0; y < image.height(); ++y) {
            for (int x = 0; x < image.width(); ++x) {
                const int a = qGray(inside.pixel(x, y)), b = qGray(outside.pixel(x, y));
                QVERIFY2(std::abs(a - b) <= 8, qPrintable(QString("%1, %2").arg(x).arg(y)));
                dark += a < 128 ? 1 : 0;
            }
        }
        QVERIFY(dark > 200);
    }

    /// A reader of SVG knows no clip of Qt's: nothing may be written outside the plot.
    void nothingLeavesThePlotInAnSvg() {
        SceneWidget widget([]() -> render::Renderer& { return renderer(); });
        widget.setTheme(themeOf(ThemeKind::Light));
        const QColor ink("#ff00fe");
        widget.figure().overlay = {EllipseItem{0, 0, 1.2, 1.2, ink, 1.5, Qt::DashLine},
                                   CurveItem{{{-3, 0}, {0, 0.5}, {0, 9}}, ink, 2},
                                   SegmentsItem{{QLineF(-5, -5, 5, 5)}, ink, 1},
                                   EllipseItem{9, 9, 1, 1, ink, 1}};
        widget.setHome({-1, -1, 1, 1});
        widget.resize(300, 260);
        QRectF plot;
        const QByteArray svg =
            encodeFigure("svg",
                         [&](QPainter& p, QSizeF size, double) {
                             widget.paintTo(p, size, 1, false);
                             const auto layout = layoutFigure(widget.figure(), widget.theme(), size,
                                                              {-1.1, -1.1, 1.1, 1.1}, false);
                             plot = layout.plot;
                         },
                         {.size = {300, 260}, .dpi = 96, .title = {}});
        QXmlStreamReader xml(svg);
        bool ours = false;
        int points = 0;
        while (!xml.atEnd()) {
            if (xml.readNext() != QXmlStreamReader::StartElement) {
                continue;
            }
            if (xml.name() == QLatin1String("g")) {
                ours = xml.attributes().value("stroke") == QLatin1String("#ff00fe");
            } else if (ours && xml.name() == QLatin1String("polyline")) {
                const QString all = xml.attributes().value("points").toString();
                for (const QString& pair : all.split(' ', Qt::SkipEmptyParts)) {
                    const QPointF at(pair.section(',', 0, 0).toDouble(),
                                     pair.section(',', 1, 1).toDouble());
                    QVERIFY2(plot.adjusted(-1, -1, 1, 1).contains(at), qPrintable(pair));
                    ++points;
                }
            } else {
                QVERIFY2(!ours || xml.name() == QLatin1String("g"),
                         qPrintable(xml.name().toString()));
            }
        }
        QVERIFY(!xml.hasError());
        QVERIFY(points > 20);
    }

    void bothDensitiesOfPixels() {
        SceneWidget widget([]() -> render::Renderer& { return renderer(); });
        widget.setTheme(themeOf(ThemeKind::Light));
        widget.figure().layers = {
            render::PointsLayer{Array({1, 2}, std::vector<float>{0.25F, -0.5F}),
                                Array(),
                                {toRender(QColor(0, 0, 0))},
                                {},
                                8,
                                1}};
        widget.figure().grid = false;
        widget.setHome({-1, -1, 1, 1});
        QPointF found[2];
        for (const int ratio : {1, 2}) {
            QImage image(QSize(300, 260) * ratio, QImage::Format_RGB32);
            image.setDevicePixelRatio(ratio);
            QPainter painter(&image);
            widget.paintTo(painter, {300, 260}, ratio, false);
            painter.end();
            found[ratio - 1] = inkCentre(image, QRectF(60, 20, 220, 180), Qt::white);
        }
        QVERIFY(agrees(found[0], found[1]));
    }
};

QTEST_MAIN(TestViewport)
#include "tst_viewport.moc"
