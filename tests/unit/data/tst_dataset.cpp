// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/dataset.h"
#include "core/data/sources.h"
#include "core/io/idx.h"
#include "core/io/npy.h"
#include "core/io/npz.h"

#include <QTemporaryDir>
#include <QtTest>
#include <cmath>
#include <fstream>

using namespace lx;

namespace {

ParamSet complete(const DataLibrary& library, const ParamSet& given) {
    return resolve(library.params(given), given);
}

DatasetPtr load(const ParamSet& given, Key key = {1, 1}) {
    const DataLibrary library;
    return library.load(complete(library, given), key);
}

void write(const QString& path, const Bytes& bytes) {
    std::ofstream file(path.toStdString(), std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
}

void write(const QString& path, const std::string& text) {
    std::ofstream(path.toStdString()) << text;
}

double columnMean(const Array& rows, Index column) {
    const auto values = rows.values<float>();
    double sum = 0;
    for (Index i = 0; i < rows.dim(0); ++i) {
        sum += static_cast<double>(values[static_cast<std::size_t>(i * rows.dim(1) + column)]);
    }
    return sum / static_cast<double>(rows.dim(0));
}

}  // namespace

class TestDataset : public QObject {
    Q_OBJECT
    QTemporaryDir m_folder;
    QString file(const char* name) const { return m_folder.filePath(QString::fromUtf8(name)); }

private Q_SLOTS:
    void everySourceHasItsShape() {
        const DataLibrary library;
        QVERIFY(dataSources().size() >= 16);
        for (const auto& source : dataSources()) {
            const ParamSet given{{"data.source", source.id}};
            const DataShape shape = library.shape(given);
            QVERIFY(elementCount(shape.sampleShape) >= 2);
            if (source.id.starts_with("data.fashion")) {
                QVERIFY_EXCEPTION_THROWN(library.load(complete(library, given), Key{}), InputError);
                continue;
            }
            const DatasetPtr data = library.load(complete(library, given), Key{1, 1});
            QCOMPARE(data->train.dim(0), Index{8000});
            QCOMPARE(data->heldout.dim(0), Index{2000});
            QCOMPARE(data->train.dim(1), elementCount(shape.sampleShape));
            if (!data->classNames.empty()) {
                QCOMPARE(data->trainLabels.dim(0), Index{8000});
            }
        }
    }
    void fashionIsFoundByItself() {
        const DataLibrary library({"/usr/share/datasets"});
        if (library.fashionFolder().empty()) {
            QSKIP("dataset-fashion-mnist is not installed");
        }
        const ParamSet given{{"data.source", std::string("fashion14")}, {"data.count", Index{500}}};
        const DatasetPtr data = library.load(complete(library, given), Key{});
        QCOMPARE(data->train.dim(0), Index{500});
        QCOMPARE(data->heldout.dim(0), Index{10'000});
        QCOMPARE(data->train.dim(1), Index{196});
        QCOMPARE(data->classNames.size(), std::size_t{10});
        for (const float pixel : data->train.values<float>()) {
            QVERIFY(pixel >= 0 && pixel <= 1.0001F);
        }
    }
    void prefixIsOptionalAndUnknownNamesAreExplained() {
        QCOMPARE(load({{"data.source", std::string("ring8")}})->source, std::string("data.ring8"));
        try {
            load({{"data.source", std::string("data.rng8")}});
            QFAIL("accepted an unknown data set");
        } catch (const InputError& error) {
            QVERIFY(std::string(error.what()).find("data.ring8") != std::string::npos);
        }
    }
    void parametersOfOtherSourcesAreErrors() {
        const DataLibrary library;
        const ParamSet given{{"data.source", std::string("data.ring8")}, {"data.kappa", 2.0}};
        QVERIFY_EXCEPTION_THROWN(complete(library, given), UsageError);
    }
    void shapesMatchTheirFactors() {
        const DatasetPtr data = load({{"data.source", std::string("data.shapes16")}});
        const auto pixels = data->train.values<float>();
        const auto factors = data->factors.values<float>();
        const auto labels = data->trainLabels.values<Index>();
        for (std::size_t i = 0; i < 200; ++i) {
            double mass = 0, x = 0, y = 0;
            for (std::size_t p = 0; p < 256; ++p) {
                const double v = static_cast<double>(pixels[i * 256 + p]);
                mass += v;
                x += v * (static_cast<double>(p % 16) + 0.5);
                y += v * (static_cast<double>(p / 16) + 0.5);
            }
            const double r = static_cast<double>(factors[4 * i + 3]);
            const double inner = factors[4 * i] > 0 ? std::max(0.0, r - 2) : 0.0;
            const double area = M_PI * (r * r - inner * inner);
            QVERIFY2(std::abs(mass - area) < 0.06 * area + 1, qPrintable(QString::number(mass)));
            QVERIFY(std::abs(x / mass - static_cast<double>(factors[4 * i + 1])) < 0.1);
            QVERIFY(std::abs(y / mass - static_cast<double>(factors[4 * i + 2])) < 0.1);
            QCOMPARE(static_cast<Index>(factors[4 * i]), labels[i]);
        }
    }
    void sameKeySameRows() {
        const ParamSet given{{"data.source", std::string("data.moons")}};
        const auto a = load(given), b = load(given), c = load(given, {2, 1});
        QVERIFY(std::ranges::equal(a->train.bytes(), b->train.bytes()));
        QVERIFY(!std::ranges::equal(a->train.bytes(), c->train.bytes()));
    }
    void runsSideBySideShareRows() {
        const DataLibrary library;
        const ParamSet params = complete(library, {{"data.source", std::string("data.moons")}});
        const auto a = library.load(params, Key{1, 1}), b = library.load(params, Key{1, 1});
        QCOMPARE(a.get(), b.get());
    }
    void scalingIsUndoneByScaleAndOffset() {
        const ParamSet plain{{"data.source", std::string("data.banana")}};
        ParamSet scaled = plain;
        scaled["data.scale"] = std::string("standardise");
        const auto a = load(plain), b = load(scaled);
        QVERIFY(std::abs(columnMean(b->train, 1)) < 1e-4);
        const auto raw = a->train.values<float>(), unit = b->train.values<float>();
        for (std::size_t i = 0; i < raw.size(); ++i) {
            const float back = unit[i] * b->scale[i % 2] + b->offset[i % 2];
            QVERIFY(std::abs(back - raw[i]) < 1e-4F);
        }
        scaled["data.scale"] = std::string("unit");
        const auto u = load(scaled);
        const auto values = u->train.values<float>();
        QVERIFY(std::ranges::min(values) > -1e-6F && std::ranges::max(values) < 1 + 1e-6F);
    }
    void poolingKeepsTheMeanAndTheArea() {
        const auto a = load({{"data.source", std::string("data.shapes16")}});
        const auto b =
            load({{"data.source", std::string("data.shapes16")}, {"data.pool", Index{2}}});
        QCOMPARE(b->sampleShape, (std::vector<Index>{8, 8}));
        double before = 0, after = 0;
        for (std::size_t p = 0; p < 256; ++p) {
            before += static_cast<double>(a->train.values<float>()[p]) / 256;
        }
        for (std::size_t p = 0; p < 64; ++p) {
            after += static_cast<double>(b->train.values<float>()[p]) / 64;
        }
        QVERIFY(std::abs(before - after) < 1e-5);
        const std::vector<float> ones(28 * 28, 1.0F);
        for (const float v : detail::areaPooled(ones, 28, 28, 8, 8)) {
            QVERIFY(std::abs(v - 1) < 1e-5F);
        }
    }
    void noiseHasItsStandardDeviation() {
        const auto a = load({{"data.source", std::string("data.rings")}});
        const auto b = load({{"data.source", std::string("data.rings")}, {"data.noise", 0.3}});
        const auto x = a->train.values<float>(), y = b->train.values<float>();
        double squares = 0;
        for (std::size_t i = 0; i < x.size(); ++i) {
            squares += std::pow(static_cast<double>(y[i]) - static_cast<double>(x[i]), 2);
        }
        const double n = static_cast<double>(x.size());
        QVERIFY(std::abs(squares / n / 0.09 - 1) < 5.5 * std::sqrt(2 / n));
        QVERIFY(std::ranges::equal(a->heldout.bytes(), b->heldout.bytes()));
        QVERIFY(!b->distribution && a->distribution);
    }
    void aLargeTableStaysOnDisk() {
        std::string text = "a,b,kind\n";
        for (int i = 0; i < 5000; ++i) {
            text += std::to_string(i) + "," + std::to_string(i % 17) + ",k" +
                    std::to_string(i % 3) + "\n";
        }
        write(file("large.csv"), text);
        const ParamSet given{{"data.source", file("large.csv").toStdString()},
                             {"data.label_column", std::string("kind")},
                             {"data.noise", 0.1}};
        const QString cache = file("cache");
        const auto blocks = [&] {
            QFile maps(QStringLiteral("/proc/self/maps"));
            return maps.open(QIODevice::ReadOnly) ? maps.readAll().count(cache.toUtf8()) : -1;
        };
        const auto rows = [&](std::size_t threshold) {
            const DataLibrary library({}, {cache.toStdString(), threshold});
            return library.load(complete(library, given), Key{1, 1});
        };
        const DatasetPtr large = rows(4096);
        QVERIFY(blocks() >= 4);  // rows and labels, training and held out
        QVERIFY(QDir(cache).isEmpty());
        const auto before = blocks();
        const DatasetPtr small = rows(std::numeric_limits<std::size_t>::max());
        QCOMPARE(blocks(), before);
        QVERIFY(std::ranges::equal(large->train.bytes(), small->train.bytes()));
        QVERIFY(std::ranges::equal(large->heldout.bytes(), small->heldout.bytes()));
        QVERIFY(std::ranges::equal(large->trainLabels.bytes(), small->trainLabels.bytes()));
        QVERIFY(std::abs(columnMean(large->train, 0)) < 0.02);
    }
    void tablesWithLabelsAndMissingCells() {
        write(file("t.csv"), std::string("a,b,kind\n1,2,x\n3,,y\n5,6,x\n7,8,y\n9,10,x\n"));
        ParamSet given{{"data.source", file("t.csv").toStdString()},
                       {"data.label_column", std::string("kind")},
                       {"data.train_share", 0.5}};
        const auto dropped = load(given);
        QCOMPARE(dropped->train.dim(0) + dropped->heldout.dim(0), Index{4});
        QCOMPARE(dropped->classNames, (std::vector<std::string>{"x", "y"}));
        QCOMPARE(dropped->columnNames, (std::vector<std::string>{"a", "b"}));
        given["data.missing"] = std::string("mean");
        const auto filled = load(given);
        QCOMPARE(filled->train.dim(0) + filled->heldout.dim(0), Index{5});
        given["data.missing"] = std::string("error");
        QVERIFY_EXCEPTION_THROWN(load(given), InputError);
        given["data.missing"] = std::string("drop");
        given["data.columns"] = std::string("b");
        QCOMPARE(load(given)->train.dim(1), Index{1});
        given["data.columns"] = std::string("c");
        QVERIFY_EXCEPTION_THROWN(load(given), InputError);
    }
    void arraysAndPictures() {
        std::vector<float> rows(30);
        for (std::size_t i = 0; i < rows.size(); ++i) {
            rows[i] = static_cast<float>(i);
        }
        write(file("r.npy"), encodeNpy(Array({10, 3}, rows)));
        const auto npy = load(
            {{"data.source", file("r.npy").toStdString()}, {"data.scale", std::string("none")}});
        QCOMPARE(npy->train.dim(0), Index{8});
        QCOMPARE(npy->sampleShape, (std::vector<Index>{3}));

        std::vector<std::uint8_t> pixels(6 * 4 * 4, 255);
        const Array images({6, 4, 4}, pixels);
        const std::vector<Index> labels{7, 7, 9, 9, 7, 9};
        write(file("p.npz"), encodeNpz({{"x", images}, {"y", Array({6}, labels)}}));
        const auto npz = load({{"data.source", file("p.npz").toStdString()}});
        QCOMPARE(npz->sampleShape, (std::vector<Index>{4, 4}));
        QCOMPARE(npz->classNames, (std::vector<std::string>{"7", "9"}));
        QCOMPARE(npz->train.values<float>()[0], 1.0F);

        write(file("my-images-idx3-ubyte"), encodeIdx(images));
        const std::vector<std::uint8_t> bytes{0, 1, 0, 1, 0, 1};
        write(file("my-labels-idx1-ubyte"), encodeIdx(Array({6}, bytes)));
        const auto idx = load({{"data.source", file("my-images-idx3-ubyte").toStdString()}});
        QCOMPARE(idx->classNames.size(), std::size_t{2});
        // Labels that do not belong to these rows are refused, not cut.
        write(file("my-labels-idx1-ubyte"), encodeIdx(Array({5}, std::vector<std::uint8_t>(5))));
        QVERIFY_EXCEPTION_THROWN(
            load({{"data.source", file("my-images-idx3-ubyte").toStdString()}}), InputError);
    }
    void notANumberIsRefusedWithItsRow() {
        std::vector<float> rows(12, 1.0F);
        rows[7] = NAN;
        write(file("n.npy"), encodeNpy(Array({4, 3}, rows)));
        try {
            load({{"data.source", file("n.npy").toStdString()}});
            QFAIL("accepted not-a-number");
        } catch (const InputError& error) {
            QVERIFY(std::string(error.what()).find("row 3") != std::string::npos);
        }
    }
    void trainingAndHeldOutRowsAreAllRowsOnce() {
        std::vector<float> rows(100);
        for (std::size_t i = 0; i < rows.size(); ++i) {
            rows[i] = static_cast<float>(i);
        }
        write(file("once.npy"), encodeNpy(Array({100, 1}, rows)));
        const auto data = load(
            {{"data.source", file("once.npy").toStdString()}, {"data.scale", std::string("none")}});
        std::vector<float> all;
        for (const Array* part : {&data->train, &data->heldout}) {
            const auto values = part->values<float>();
            all.insert(all.end(), values.begin(), values.end());
        }
        QVERIFY(all != rows);  // shuffled
        std::ranges::sort(all);
        QVERIFY(all == rows);
    }
};

QTEST_GUILESS_MAIN(TestDataset)
#include "tst_dataset.moc"
