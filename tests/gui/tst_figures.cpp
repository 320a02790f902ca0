// SPDX-License-Identifier: GPL-3.0-or-later
// What figures in files have to show: whole plots at any dots per inch, tables with every column,
// and bars that say what colours mean.
#include "core/render/colormap.h"
#include "ui/plot/chart.h"
#include "ui/plot/time_plot.h"
#include "ui/viewport/export.h"
#include "ui/viewport/figure.h"
#include "ui/views/estimates_view.h"

#include <QTest>

#include <cmath>
#include <map>

using namespace lx;
using namespace lx::ui;

namespace {

constexpr QSize kSize(480, 300);

QImage png(const PaintFunction& paint, double dpi) {
    return QImage::fromData(
               encodeFigure("png", paint, {.size = QSizeF(kSize), .dpi = dpi, .title = {}}), "PNG")
        .convertToFormat(QImage::Format_RGB32);
}

/// Mean difference of two pictures of one size, in levels of 255.
double apart(const QImage& a, const QImage& b) {
    double sum = 0;
    for (int y = 0; y < a.height(); ++y) {
        for (int x = 0; x < a.width(); ++x) {
            const QRgb p = a.pixel(x, y), q = b.pixel(x, y);
            sum += std::abs(qRed(p) - qRed(q)) + std::abs(qGreen(p) - qGreen(q)) +
                   std::abs(qBlue(p) - qBlue(q));
        }
    }
    return sum / (3.0 * a.width() * a.height());
}

Chart chart() {
    Chart out;
    out.panels.resize(2);
    out.columns = 2;
    for (ChartPanel& panel : out.panels) {
        panel.xLabel = "x";
        panel.yLabel = "density";
        ChartLine line{"all chains", QColor(20, 60, 160), {}, {}};
        for (int k = 0; k <= 100; ++k) {
            line.x.push_back(k);
            line.y.push_back(std::sin(0.1 * k));
        }
        panel.lines.push_back(line);
    }
    return out;
}

bool isInk(QRgb word, const QColor& panel) {
    return std::abs(qRed(word) - panel.red()) + std::abs(qGreen(word) - panel.green()) +
               std::abs(qBlue(word) - panel.blue()) >
           60;
}

/// First and last column with ink.
std::pair<int, int> inkSpan(const QImage& image, const QColor& panel) {
    int first = image.width(), last = -1;
    for (int x = 0; x < image.width(); ++x) {
        for (int y = 0; y < image.height(); ++y) {
            if (isInk(image.pixel(x, y), panel)) {
                first = std::min(first, x);
                last = x;
                break;
            }
        }
    }
    return {first, last};
}

Figure field(double high) {
    render::GridLayer layer;
    layer.values = Array({2, 2}, std::vector<float>{0, 1, 2, 4});
    layer.place = {0, 0, 1, 1};
    layer.low = 0;
    layer.high = high;
    layer.map = themeOf(ThemeKind::Light).sequentialMap();
    Figure out;
    out.home = {0, 0, 1, 1};
    out.nameLayers("field", "Field");
    out.bar = barOf(layer, "energy (nats)", "field");
    out.layers.emplace_back(layer);
    return out;
}

}  // namespace

class TestFigures : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void plotsAreWholeAtAnyDpi_data() {
        QTest::addColumn<bool>("series");
        QTest::newRow("chart") << false;
        QTest::newRow("series") << true;
    }
    void plotsAreWholeAtAnyDpi() {
        QFETCH(bool, series);
        ChartPlot plot;
        plot.resize(kSize);
        plot.setTheme(themeOf(ThemeKind::Light));
        plot.setChart(chart());
        TimePlot time;
        time.resize(kSize);
        time.setTheme(themeOf(ThemeKind::Light));
        SeriesTable table;
        time.showTable(table);
        for (Index i = 0; i < 300; ++i) {
            table.add({7, 0, Clock::Train, i, std::sin(0.05 * static_cast<double>(i))});
        }
        time.setSeries(
            {{.key = {7, 0, Clock::Train}, .label = "loss", .unit = "nats", .color = Qt::black}});
        time.setAxes("training step", "nats", {});
        time.replotNow();
        const auto paint = [&](QPainter& painter, QSizeF size, double) {
            painter.fillRect(QRectF(QPointF(), size), Qt::white);
            series ? time.paintTo(painter, size) : plot.paintTo(painter, size);
        };
        const QImage once = png(paint, 96), thrice = png(paint, 288);
        QCOMPARE(once.size(), kSize);
        QCOMPARE(thrice.size(), 3 * kSize);
        const QImage small = thrice.scaled(kSize, Qt::IgnoreAspectRatio, Qt::SmoothTransformation)
                                 .convertToFormat(QImage::Format_RGB32);
        const double same = apart(once, small);
        // The broken twin: the upper left part alone, as a file of three times the dots had it.
        const QImage cut =
            thrice.copy(QRect(QPoint(), kSize)).convertToFormat(QImage::Format_RGB32);
        const double other = apart(once, cut);
        QVERIFY2(same < 0.6 * other, qPrintable(QString("%1 %2").arg(same).arg(other)));
        QVERIFY2(same < 4, qPrintable(QString::number(same)));
    }

    void estimatesFitTheFigure_data() {
        QTest::addColumn<int>("width");
        QTest::newRow("wide") << 900;
        QTest::newRow("narrow") << 560;
    }
    void estimatesFitTheFigure() {
        QFETCH(int, width);
        EstimatesModel model;
        constexpr Index kRows = 40;
        std::vector<float> values(kRows * 11);
        QStringList names;
        for (std::size_t i = 0; i < values.size(); ++i) {
            values[i] = static_cast<float>(std::sin(static_cast<double>(i)) * 100);
        }
        for (Index i = 0; i < kRows; ++i) {
            names << QString("variable %1").arg(i);
        }
        model.setEstimates(Array({kRows, 11}, values), names);
        const Theme& theme = themeOf(ThemeKind::Light);
        QImage image(width, 300, QImage::Format_RGB32);
        image.fill(theme.panel);
        QPainter painter(&image);
        paintEstimates(painter, QSizeF(image.size()), model, theme);
        painter.end();
        const auto [first, last] = inkSpan(image, theme.panel);
        QVERIFY(first >= 4);
        QVERIFY2(last <= width - 4, qPrintable(QString::number(last)));
        // The broken twin: with room for five columns only, ink reaches the border.
        QImage narrow(160, 300, QImage::Format_RGB32);
        narrow.fill(theme.panel);
        QPainter squeezed(&narrow);
        paintEstimates(squeezed, QSizeF(narrow.size()), model, theme);
        squeezed.end();
        QVERIFY(inkSpan(narrow, theme.panel).second > 160 - 4);
    }

    /// 144 dots per inch are one and a half pixels to the logical one.
    void gridLinesAreOfOneWidth() {
        const Theme& theme = themeOf(ThemeKind::Light);
        Figure figure;
        figure.home = {0, 0, 1, 1};
        const FigureLayout layout = layoutFigure(figure, theme, QSizeF(kSize), figure.home, false);
        const QImage image = png(
            [&](QPainter& painter, QSizeF size, double) {
                painter.fillRect(QRectF(QPointF(), size), theme.panel);
                paintFigure(painter, figure, theme, layout, figure.home, {}, {});
            },
            144);
        std::map<int, int> widths;
        const int y = static_cast<int>(1.5 * (layout.plot.top() + 3));
        int run = 0;
        for (int x = static_cast<int>(1.5 * layout.plot.left()) + 6;
             x < static_cast<int>(1.5 * layout.plot.right()) - 6; ++x) {
            if (image.pixel(x, y) != theme.panel.rgb()) {
                ++run;
            } else if (run > 0) {
                ++widths[run];
                run = 0;
            }
        }
        QCOMPARE(widths.size(), std::size_t{1});
        QVERIFY(widths.begin()->second >= 3);
    }

    void barsTellTheColours() {
        const Theme& theme = themeOf(ThemeKind::Light);
        const Figure figure = field(4);
        const FigureLayout layout = layoutFigure(figure, theme, QSizeF(kSize), figure.home, false);
        QVERIFY(!layout.bar.isEmpty());
        QVERIFY(layout.bar.left() >= layout.plot.right());
        QVERIFY(layout.bar.right() <= kSize.width());
        QImage image(kSize, QImage::Format_RGB32);
        image.fill(theme.panel);
        QPainter painter(&image);
        paintFigure(painter, figure, theme, layout, figure.home, {}, {});
        painter.end();
        const auto difference = [&](double share, double of) {
            const QColor seen =
                image.pixelColor(int(layout.bar.left()) + 20,
                                 int(layout.bar.bottom() - share * layout.bar.height()));
            const render::Color want = render::sample(figure.bar->map, of);
            return std::abs(seen.redF() - want.r) + std::abs(seen.greenF() - want.g) +
                   std::abs(seen.blueF() - want.b);
        };
        for (const double share : {0.1, 0.5, 0.9}) {
            QVERIFY2(difference(share, share) < 0.06, qPrintable(QString::number(share)));
        }
        // The broken twin: a bar that stands on its head.
        QVERIFY(difference(0.1, 0.9) > 0.3);
        const auto [first, last] = inkSpan(image, theme.panel);
        QVERIFY(last < kSize.width() && first > 0);
    }

    void barsKnowTheirEnds() {
        QVERIFY(!field(4).bar->openAbove);
        QVERIFY(field(3).bar->openAbove);
        QVERIFY(!field(3).bar->openBelow);
        ColorBar bar;
        bar.range = {1, 100, render::Scaling::Log, 1};
        QVERIFY(std::abs(barShare(bar, 10) - 0.5) < 1e-6);
        const auto ticks = barTicks(bar, 200);
        QCOMPARE(ticks.size(), std::size_t(3));
        QCOMPARE(ticks[1].label, QString("10"));
        bar.range = {-100, 100, render::Scaling::SymLog, 1};
        const auto both = barTicks(bar, 400);
        QVERIFY(std::ranges::any_of(both, [](const Tick& t) { return t.at == 0; }));
        bar.range = {3, 3};
        QVERIFY(std::isfinite(barShare(bar, 3)));
        QVERIFY(barTicks(bar, 200).empty());
    }

    void barsGiveWay() {
        const Theme& theme = themeOf(ThemeKind::Light);
        Figure figure = field(4);
        const auto bar = [&](QSizeF size) {
            return layoutFigure(figure, theme, size, figure.home, false).bar;
        };
        QVERIFY(bar({150, 120}).isEmpty());
        QVERIFY(!bar({480, 300}).isEmpty());
        setStyle(figure.choices, {"field", false});
        QVERIFY(bar({480, 300}).isEmpty());
    }
};

QTEST_MAIN(TestFigures)
#include "tst_figures.moc"
