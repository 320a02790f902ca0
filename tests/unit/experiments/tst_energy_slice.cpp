// SPDX-License-Identifier: GPL-3.0-or-later
// The plane through a datum, a mode and a chain, of an energy in closed form.
#include "core/experiments/energy/moment.h"
#include "core/experiments/sliced_task.h"
#include "tests/unit/experiments/family_run.h"

#include <QtTest>

#include <cmath>

using namespace lx;
using namespace lx::learned;
using namespace lx::test;

namespace {

constexpr std::size_t kPixels = 12;

/// E = |x - 0.5|^2: every descent ends where all pixels are grey.
class Bowl final : public PictureEnergy {
public:
    Index dim() const override { return kPixels; }
    Index classes() const override { return 0; }
    std::vector<double> spectralNorms() const override { return {}; }
    Box box() const override {
        return {std::vector<double>(kPixels, 0), std::vector<double>(kPixels, 1)};
    }
    void evaluateAt(std::span<const float> x, std::span<const std::int64_t>, std::span<float> value,
                    std::span<float> grad) const override {
        evaluate(x, value, grad);
    }
    static double of(std::span<const double> x) {
        double sum = 0;
        for (const double v : x) {
            sum += (v - 0.5) * (v - 0.5);
        }
        return sum;
    }

protected:
    template <class T>
    static void fill(const T* x, Index count, T* value, T* grad) {
        for (Index r = 0; r < count; ++r) {
            value[r] = 0;
            for (std::size_t i = 0; i < kPixels; ++i) {
                const T u = x[static_cast<std::size_t>(r) * kPixels + i] - T(0.5);
                value[r] += u * u;
                if (grad != nullptr) {
                    grad[static_cast<std::size_t>(r) * kPixels + i] = 2 * u;
                }
            }
        }
    }
    void compute(const double* x, Index count, double* value, double* grad) const override {
        fill(x, count, value, grad);
    }
    void compute(const float* x, Index count, float* value, float* grad) const override {
        fill(x, count, value, grad);
    }
};

Collected slice(std::vector<float> datum, std::vector<double> chains, std::vector<float> ages) {
    auto data = std::make_shared<RunData>();
    auto set = std::make_shared<Dataset>();
    set->sampleShape = {3, 4};
    set->heldout = Array({1, static_cast<Index>(kPixels)}, datum);
    data->dataset = set;
    data->dim = kPixels;
    auto moment = std::make_shared<Moment>();
    moment->data = data;
    moment->energy = std::make_shared<Bowl>();
    moment->negatives = std::move(chains);
    moment->ages = std::move(ages);
    moment->now.low = 0;
    moment->now.high = 1;
    moment->now.drift = 0.1;
    moment->now.slope = 1;
    moment->now.noise = 5;  // the descent makes none
    SlicedTask task;
    addSlice(task, moment);
    Collected out;
    while (!task.advance({1, {}}, {}, out)) {
    }
    return out;
}
std::vector<double> values(const Collected& from, const char* id) {
    const auto v = from.channels.at(id).values<float>();
    return {v.begin(), v.end()};
}

}  // namespace

class TestEnergySlice : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void isTheEnergy() {
        std::vector<float> datum(kPixels, 0.1F);
        datum[3] = 0.9F;
        std::vector<double> chains(2 * kPixels, 0.0);
        chains[kPixels + 5] = 1.0;  // the second is the older one
        const Collected out = slice(datum, chains, {2, 7});
        const auto pictures = values(out, "slice.pictures"), places = values(out, "slice.anchors"),
                   extent = values(out, "slice.extent"), grid = values(out, "slice"),
                   lines = values(out, "slice.lines");
        const auto picture = [&](std::size_t k) {
            return std::span(pictures).subspan(k * kPixels, kPixels);
        };
        for (std::size_t i = 0; i < kPixels; ++i) {
            QVERIFY(std::abs(picture(0)[i] - static_cast<double>(datum[i])) < 1e-6);
            QVERIFY(std::abs(picture(1)[i] - 0.5) < 1e-4);  // the mode
            QVERIFY(std::abs(picture(2)[i] - chains[kPixels + i]) < 1e-6);
        }
        // Distances on the plane are those of the pictures.
        for (std::size_t a = 0; a < 3; ++a) {
            double square = 0;
            for (std::size_t i = 0; i < kPixels; ++i) {
                square += std::pow(picture(a)[i] - picture((a + 1) % 3)[i], 2);
            }
            const std::size_t b = (a + 1) % 3;
            QVERIFY(std::abs(std::hypot(places[2 * a] - places[2 * b],
                                        places[2 * a + 1] - places[2 * b + 1]) -
                             std::sqrt(square)) < 1e-4);
        }
        // A bowl cut by a plane is a bowl about the mode. Broken twin: about the datum.
        constexpr int kSide = 48;
        double worst = 0, twin = 0;
        const double shift = grid[0];
        const auto bowl = [&](int row, int column, std::size_t about) {
            const double x = extent[0] + (extent[2] - extent[0]) * (column + 0.5) / kSide,
                         y = extent[1] + (extent[3] - extent[1]) * (row + 0.5) / kSide;
            return std::pow(x - places[2 * about], 2) + std::pow(y - places[2 * about + 1], 2);
        };
        for (int row = 0; row < kSide; ++row) {
            for (int column = 0; column < kSide; ++column) {
                const double found = grid[static_cast<std::size_t>(row * kSide + column)] - shift;
                worst = std::max(worst, std::abs(found - bowl(row, column, 1) + bowl(0, 0, 1)));
                twin = std::max(twin, std::abs(found - bowl(row, column, 0) + bowl(0, 0, 0)));
            }
        }
        QVERIFY2(worst < 1e-3, qPrintable(QString::number(worst)));
        QVERIFY(twin > 0.1);
        // The lines begin and end where the pictures are.
        for (std::size_t k = 0; k < 3; ++k) {
            const double from = Bowl::of(picture(k)), to = Bowl::of(picture((k + 1) % 3));
            QVERIFY(std::abs(lines[64 * k + 63] - lines[64 * k] - (to - from)) < 1e-4);
        }
        QVERIFY(std::abs(lines[0] - Bowl::of(picture(0))) < 1e-3);  // the mode is the least, 0
    }
    /// Equal pictures and pictures in a line span no plane; another direction is found.
    void degeneratePlanes() {
        const std::vector<float> grey(kPixels, 0.5F), dark(kPixels, 0.1F);
        const std::vector<double> alsoGrey(kPixels, 0.5), onLine(kPixels, 0.9);
        for (const Collected& out :
             {slice(grey, alsoGrey, {1}), slice(dark, onLine, {1}), slice(dark, alsoGrey, {1})}) {
            for (const char* id : {"slice", "slice.lines", "slice.anchors", "slice.extent"}) {
                for (const double v : values(out, id)) {
                    QVERIFY2(std::isfinite(v), id);
                }
            }
            const auto grid = values(out, "slice");
            QVERIFY(*std::ranges::max_element(grid) > *std::ranges::min_element(grid));
        }
    }
    void withoutChainsThereIsNone() {
        QVERIFY(slice(std::vector<float>(kPixels, 0.5F), {}, {}).channels.empty());
    }
};

QTEST_GUILESS_MAIN(TestEnergySlice)
#include "tst_energy_slice.moc"
