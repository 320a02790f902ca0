// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/colormap.h"
#include "core/render/density.h"
#include "core/render/palette.h"
#include "core/render/pick.h"
#include "tests/gpu/render_support.h"

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
