// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/render/colormap.h"
#include "core/render/density.h"
#include "core/render/palette.h"
#include "core/render/pick.h"
#include "tests/support/render_support.h"

#include <QtTest>

#include <algorithm>
#include <cmath>
#include <set>

using namespace lx;
using namespace lx::render;

namespace {

/// OKLab distance of the closest pair under normal vision and three kinds of colour blindness.
float closestPair(std::span<const Color> colors) {
    float closest = 10;
    for (const Vision vision :
         {Vision::Normal, Vision::Protanopia, Vision::Deuteranopia, Vision::Tritanopia}) {
        for (std::size_t i = 0; i < colors.size(); ++i) {
            for (std::size_t j = 0; j < i; ++j) {
                closest = std::min(
                    closest, distance(simulate(colors[i], vision), simulate(colors[j], vision)));
            }
        }
    }
    return closest;
}

bool risesStrictly(const ColorMap& map) {
    float before = -1;
    for (int i = 0; i <= 100; ++i) {
        const float now = toOkLab(sample(map, i / 100.0)).lightness;
        if (now <= before) {
            return false;
        }
        before = now;
    }
    return true;
}

}  // namespace

class TestPalette : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void categoriesStayApartForTheColourBlind() {
        const float light = closestPair(categoryColors(Theme::Light));
        const float dark = closestPair(categoryColors(Theme::Dark));
        qInfo("closest pair: light %.4f, dark %.4f", static_cast<double>(light),
              static_cast<double>(dark));
        // The look's own figures (0.056 and 0.091) come from another simulation; ours is the
        // published one and stricter. Shape is the second code where colour comes close.
        QVERIFY(light >= 0.046F);
        QVERIFY(dark >= 0.055F);
        const auto projector = categoryColors(Theme::Projector);
        QVERIFY2(closestPair(projector) >= 0.14F,
                 qPrintable(QString::number(static_cast<double>(closestPair(projector)))));
        for (const Color& c : projector) {
            const auto linear = [](float v) {
                return v <= 0.04045F ? v / 12.92F : std::pow((v + 0.055F) / 1.055F, 2.4F);
            };
            const float luminance =
                0.2126F * linear(c.r) + 0.7152F * linear(c.g) + 0.0722F * linear(c.b);
            QVERIFY(1.05F / (luminance + 0.05F) >= 3.4F);  // WCAG's contrast on white
        }
        // The guard's twin: the red and green that everybody warns of.
        const Color confusable[] = {fromHex(0xC44E52), fromHex(0x6F8F2F), fromHex(0x1157A4)};
        QVERIFY(closestPair(confusable) < 0.046F);
    }

    void chainsAndMarkersFollowTheCategories() {
        const auto all = categoryColors(Theme::Dark);
        const auto chains = chainColors(Theme::Dark);
        QCOMPARE(pack(chains[2]), pack(all[3]));
        QCOMPARE(pack(chains[3]), pack(all[5]));
        QCOMPARE(std::set<Marker>(categoryMarkers().begin(), categoryMarkers().end()).size(),
                 std::size_t{8});
    }

    void lightnessRises() {
        QVERIFY(risesStrictly(sequentialMap()));
        QVERIFY(!risesStrictly(invertedMap()));
        QVERIFY(!risesStrictly(divergingMap()));
        const float wanted[] = {0.22F, 0.38F, 0.54F, 0.70F, 0.85F, 0.96F};
        for (int i = 0; i < 6; ++i) {
            QVERIFY(std::abs(toOkLab(sample(sequentialMap(), i / 5.0)).lightness - wanted[i]) <
                    0.01F);
        }
    }

    void everyMapIsUniform_data() {
        QTest::addColumn<int>("index");
        for (int i = 0; i < static_cast<int>(colorMaps().size()); ++i) {
            QTest::newRow(std::string(colorMaps()[static_cast<std::size_t>(i)].name).c_str()) << i;
        }
    }
    void everyMapIsUniform() {
        QFETCH(int, index);
        const NamedMap& map = colorMaps()[static_cast<std::size_t>(index)];
        const auto at = [&](int i) { return toOkLab(sample(map.map, i / 24.0)); };
        const auto ratioOf = [](const ColorMap& each) {
            float least = 10, most = 0;
            for (int i = 0; i < 24; ++i) {
                const float step = distance(sample(each, i / 24.0), sample(each, (i + 1) / 24.0));
                least = std::min(least, step);
                most = std::max(most, step);
            }
            return most / least;
        };
        const float ratio = ratioOf(map.map);
        qInfo("largest to smallest step: %.2f", static_cast<double>(ratio));
        // The two maps of the program's look are a little less even.
        QVERIFY(ratio < (map.name == "lagoon" || map.name == "blue-orange" ? 1.6F : 1.3F));
        switch (map.kind) {
            case NamedMap::Kind::Sequential:
                for (const Vision vision : {Vision::Normal, Vision::Protanopia,
                                            Vision::Deuteranopia, Vision::Tritanopia}) {
                    float before = -1;
                    for (int i = 0; i <= 24; ++i) {
                        const float now =
                            toOkLab(simulate(sample(map.map, i / 24.0), vision)).lightness;
                        QVERIFY(now > before);
                        before = now;
                    }
                }
                break;
            case NamedMap::Kind::Diverging:
                for (int i = 0; i < 12; ++i) {
                    QVERIFY(std::abs(at(i).lightness - at(24 - i).lightness) < 0.04F);
                    QVERIFY((at(i).lightness < at(i + 1).lightness) ==
                            (at(0).lightness < at(12).lightness));
                }
                break;
            case NamedMap::Kind::Cyclic:
                QCOMPARE(pack(sample(map.map, 0)), pack(sample(map.map, 1)));
                for (int i = 0; i <= 24; ++i) {
                    QVERIFY(std::abs(at(i).lightness - at(0).lightness) < 0.01F);
                }
                break;
        }
        QCOMPARE(&colorMap(map.name), &map);
        // The twin: a rainbow, whose steps everybody warns of.
        QVERIFY(ratioOf({{fromHex(0x0000FF), fromHex(0x00FFFF), fromHex(0x00FF00),
                          fromHex(0xFFFF00), fromHex(0xFF0000)}}) > 2.3F);
    }
    void anUnknownMapIsNamed() {
        try {
            colorMap("jet");
            QFAIL("there is a map that should not be");
        } catch (const lx::UsageError& error) {
            QVERIFY(std::string(error.what()).find("lagoon") != std::string::npos);
        }
    }

    void mapsPassThroughTheirStops() {
        QCOMPARE(pack(sample(sequentialMap(), 0)), pack(fromHex(0x181439)));
        QCOMPARE(pack(sample(sequentialMap(), 1)), pack(fromHex(0xFEF4B6)));
        QCOMPARE(pack(sample(divergingMap(), 0.5)), pack(fromHex(0xF2F2F2)));
        QCOMPARE(pack(sample(invertedMap(), -3)), pack(fromHex(0xFEF4B6)));
        QCOMPARE(sample(sequentialMap(), std::nan("")).a, 0.0F);
        QCOMPARE(pack(sample({}, 1)), pack(sample(sequentialMap(), 1)));
        QCOMPARE(pack(sample({{fromHex(0x123456)}}, 0.3)), pack(fromHex(0x123456)));
        // Half way in OKLab, not in sRGB: black to white passes through lightness 1/2.
        const ColorMap grey{{{0, 0, 0, 1}, {1, 1, 1, 1}}};
        QVERIFY(std::abs(toOkLab(sample(grey, 0.5)).lightness - 0.5F) < 1e-3F);
        QVERIFY(std::abs(sample(grey, 0.5).r - 0.5F) > 0.05F);
    }

    void okLabIsInvertible() {
        for (std::uint32_t rgb = 0; rgb < 0x1000000; rgb += 4099) {
            QCOMPARE(pack(fromOkLab(toOkLab(fromHex(rgb)))), pack(fromHex(rgb)));
        }
        const OkLab red = toOkLab(fromHex(0xFF0000));  // the value its author publishes
        QVERIFY(std::abs(red.lightness - 0.6280F) < 1e-3F && std::abs(red.a - 0.2249F) < 1e-3F &&
                std::abs(red.b - 0.1258F) < 1e-3F);
    }

    void binsAreInOrderAndHoldTheirCounts() {
        int before = 0;
        for (std::uint64_t count = 0; count < (1ULL << 32); count += 1 + count / 37) {
            const int bin = histogramBin(static_cast<std::uint32_t>(count));
            QVERIFY(bin >= before && bin < kHistogramBins);
            QVERIFY(binCount(bin) <= count);
            QVERIFY(bin + 1 >= kHistogramBins || histogramBin(0xFFFFFFFFU) == bin ||
                    binCount(bin + 1) > count);
            before = bin;
        }
        const std::vector<std::uint32_t> grid{0, 1, 1, 1, 0, 9};
        QCOMPARE(referenceCount(grid, 1), 9U);  // 99 % of four pixels are four
        QCOMPARE(referenceCount({}, 1), 1U);
        QVERIFY(tone(1, 1000, 1) > 0.15F && tone(1, 1000, 1) < 0.3F);
        QCOMPARE(tone(0, 10, 1), 0.0F);
        QCOMPARE(tone(10, 10, 1), 1.0F);
    }

    void theNearestPointIsPicked() {
        const Array xy({4, 2}, std::vector<float>{0, 0, 1, 0, 0, 1, std::nanf(""), 0});
        const Rect view{-2, -2, 2, 2};
        const Size size{400, 400};
        const auto at = [&](double x, double y, double r, const Array& category = {}) {
            const auto found = pickPoint(xy, category, view, size, x, y, r);
            return found ? found->index : Index{-1};
        };
        QCOMPARE(at(200, 200, 8), 0);
        QCOMPARE(at(303, 196, 8), 1);
        QCOMPARE(at(200, 104, 8), 2);  // y grows upwards in the data
        QCOMPARE(at(200, 300, 8), -1);
        QCOMPARE(at(310, 200, 8), -1);
        QCOMPARE(at(200, 200, 8, Array({4}, std::vector<Index>{-1, 0, 0, 0})), -1);
        QCOMPARE(pickPoint(xy, {}, view, size, 303, 204, 8)->pixels, 5.0);
        QVERIFY(!pickPoint({}, {}, view, size, 0, 0, 8));
    }

    void valuesAndImagesAreFoundUnderThePixel() {
        GridLayer grid;
        grid.values = Array({2, 2}, std::vector<float>{0, 1, 2, 3});
        grid.place = {0, 0, 1, 1};
        const Rect view{0, 0, 2, 2};
        const auto value = pickValue(grid, view, {100, 100}, 25, 75);
        QVERIFY(value && std::abs(*value - 1.5F) < 1e-6F);
        QVERIFY(!pickValue(grid, view, {100, 100}, 75, 75));
        AtlasLayer atlas;
        atlas.images = Array({2, 1, 1}, std::vector<float>{0, 1});
        atlas.places = {{0, 0, 1, 1}, {0.5, 0.5, 1.5, 1.5}};
        QCOMPARE(pickImage(atlas, view, {100, 100}, 10, 90).value_or(-1), Index{0});
        QCOMPARE(pickImage(atlas, view, {100, 100}, 40, 60).value_or(-1), Index{1});
        QVERIFY(!pickImage(atlas, view, {100, 100}, 90, 10));
    }
};

QTEST_GUILESS_MAIN(TestPalette)
#include "tst_palette.moc"
