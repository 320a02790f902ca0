// SPDX-License-Identifier: GPL-3.0-or-later
// IDX, npy and npz against files made by hand or by numpy.
#include "core/io/idx.h"
#include "core/io/npy.h"
#include "core/io/npz.h"
#include "io_support.h"

#include <QtTest>
#include <cmath>
#include <filesystem>

using namespace lx;
using namespace lx::test;

namespace {

Array npy(const std::string& file) {
    return readNpy(fixture(file), file);
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

Bytes npyWithHeader(const std::string& header, std::size_t values) {
    Bytes bytes = bytesOf({0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0});
    bytes.push_back(static_cast<std::byte>(header.size() & 255));
    bytes.push_back(static_cast<std::byte>(header.size() >> 8));
    const Bytes text = bytesOf(header);
    bytes.insert(bytes.end(), text.begin(), text.end());
    bytes.resize(bytes.size() + values);
    return bytes;
}

}  // namespace

class TestArrays : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void idxOfEveryType() {
        const Array bytes = readIdx(bytesOf({0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 2, 7, 255}), "t");
        QVERIFY(same(bytes, Array({1, 2}, std::vector<std::uint8_t>{7, 255})));
        QVERIFY(same(readIdx(bytesOf({0, 0, 9, 1, 0, 0, 0, 1, 255}), "t"),
                     Array({1}, std::vector<Index>{-1})));
        QVERIFY(same(readIdx(bytesOf({0, 0, 11, 1, 0, 0, 0, 1, 1, 2}), "t"),
                     Array({1}, std::vector<Index>{258})));
        QVERIFY(same(readIdx(bytesOf({0, 0, 12, 1, 0, 0, 0, 1, 255, 255, 255, 254}), "t"),
                     Array({1}, std::vector<Index>{-2})));
        QVERIFY(same(readIdx(bytesOf({0, 0, 13, 1, 0, 0, 0, 1, 0x3F, 0xC0, 0, 0}), "t"),
                     Array({1}, std::vector<float>{1.5F})));
        QVERIFY(same(readIdx(bytesOf({0, 0, 14, 1, 0, 0, 0, 1, 0xBF, 0xF8, 0, 0, 0, 0, 0, 0}), "t"),
                     Array({1}, std::vector<double>{-1.5})));
        const Bytes plain = bytesOf({0, 0, 8, 1, 0, 0, 0, 3, 1, 2, 3});
        QVERIFY(same(readIdx(gzip(plain), "t"), readIdx(plain, "t")));
    }

    void idxRefusals() {
        const auto why = [](std::initializer_list<int> bytes) {
            return refusal([&] { readIdx(bytesOf(bytes), "f.idx"); });
        };
        QVERIFY(contains(why({0, 0}), "at least 4 bytes"));
        QVERIFY(contains(why({1, 0, 8, 1}), "byte 0"));
        QVERIFY(contains(why({0, 0, 10, 1, 0, 0, 0, 0}), "type code 10"));
        QVERIFY(contains(why({0, 0, 8, 200, 0}), "200 extents"));
        QVERIFY(contains(why({0, 0, 8, 1, 0, 0, 0, 2, 1}), "need 2 bytes"));
        QVERIFY(contains(why({0, 0, 8, 1, 0, 0, 0, 1, 1, 1}), "2 follow"));
        QVERIFY(
            contains(why({0, 0, 14, 3, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255}),
                     "impossibly large"));
    }

    void fashionMnistWhenInstalled() {
        const std::string path = "/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz";
        if (!std::filesystem::exists(path)) {
            QSKIP("the package dataset-fashion-mnist is not installed");
        }
        const Array images = readIdx(path);
        QCOMPARE(images.count(), Index{10'000 * 28 * 28});
        double sum = 0;
        for (const std::uint8_t value : images.values<std::uint8_t>()) {
            sum += value;
        }
        // Mean of the test images as published with the data set: 0.2868.
        QVERIFY(std::abs(sum / static_cast<double>(images.count()) / 255 - 0.2868) < 1e-4);
    }

    void npyFilesOfNumpy() {
        QVERIFY(same(npy("f4_c.npy"),
                     Array({2, 3}, std::vector<float>{0, 0.25F, 0.5F, 0.75F, 1, 1.25F})));
        const Array fortran = npy("f8_fortran.npy");
        QCOMPARE(fortran.shape().size(), std::size_t{3});
        for (std::size_t i = 0; i < 24; ++i) {
            QCOMPARE(fortran.values<double>()[i], static_cast<double>(i));
        }
        QVERIFY(same(npy("i2_big.npy"), Array({3}, std::vector<Index>{-2, 300, 32767})));
        QVERIFY(same(npy("u8_ok.npy"), Array({2}, std::vector<Index>{1, INT64_MAX})));
        QVERIFY(same(npy("b1.npy"), Array({2, 2}, std::vector<std::uint8_t>{1, 0, 0, 1})));
        QVERIFY(same(npy("scalar.npy"), Array({}, std::vector<double>{2.5})));
        QVERIFY(same(npy("empty.npy"), Array({0, 7}, std::vector<Index>{})));
        for (const char* file : {"version2.npy", "version3.npy"}) {
            QVERIFY(same(npy(file), Array({5}, std::vector<Index>{0, -1, -2, -3, -4})));
        }
        const Array half = npy("f2.npy");
        const auto values = half.values<float>();
        QCOMPARE(values[0], 1.5F);
        QVERIFY(values[1] == 0 && std::signbit(values[1]));
        QVERIFY(std::abs(values[2] - 6.1e-5F) < 1e-7F);
        QCOMPARE(values[3], 5.9604645e-8F);
        QCOMPARE(values[4], 65504.0F);
        QVERIFY(std::isinf(values[5]) && values[5] > 0);
        QVERIFY(std::isinf(values[6]) && values[6] < 0);
        QVERIFY(std::isnan(values[7]));
    }

    void npyRefusals() {
        QVERIFY(contains(refusal([] { npy("object.npy"); }), "run code"));
        QVERIFY(contains(refusal([] { npy("struct.npy"); }), "structured"));
        QVERIFY(contains(refusal([] { npy("complex.npy"); }), "<c8"));
        QVERIFY(contains(refusal([] { npy("text.npy"); }), "<U2"));
        QVERIFY(contains(refusal([] { npy("u8_top.npy"); }), "above the range of int64"));
    }

    void npyHeaders_data() {
        QTest::addColumn<QString>("header");
        QTest::addColumn<int>("values");
        QTest::addColumn<QString>("reason");
        const char* start = "{'descr': '<f4', 'fortran_order': False, 'shape': ";
        const auto row = [&](const char* name, const QString& header, int values,
                             const char* reason) {
            QTest::newRow(name) << header << values << reason;
        };
        row("good", QString(start) + "(2,), }", 8, "");
        row("any order", "{\"shape\":(2,),'fortran_order':True,'descr':'<f4'}\n", 8, "");
        row("short", QString(start) + "(3,), }", 8, "needs 12 bytes");
        row("long", QString(start) + "(1,), }", 8, "needs 4 bytes");
        row("no tuple", QString(start) + "(2), }", 8, "comma");
        row("negative", QString(start) + "(-2,), }", 8, "extent");
        row("huge", QString(start) + "(4611686018427387904, 4), }", 8, "impossibly large");
        row("huge and empty", QString(start) + "(4611686018427387904, 4, 0), }", 0,
            "impossibly large");
        row("above 64 bits", QString(start) + "(99999999999999999999,), }", 8, "extent");
        row("open", QString(start) + "(2,)", 8, "'}'");
        row("twice", QString(start) + "(2,), 'shape': (2,)}", 8, "twice");
        row("unknown", QString(start) + "(2,), 'x': 1}", 8, "unknown");
        row("missing", "{'descr': '<f4', 'shape': (2,)}", 8, "missing");
        row("more", QString(start) + "(2,)} import os", 8, "follows");
        row("no byte order", "{'descr': '|f4', 'fortran_order': False, 'shape': (2,)}", 8, "|f4");
        row("axes", QString(start) + "(" + QString("1,").repeated(33) + ")}", 4, "32 axes");
    }

    void npyHeaders() {
        QFETCH(QString, header);
        QFETCH(int, values);
        QFETCH(QString, reason);
        const Bytes file = npyWithHeader(header.toStdString(), static_cast<std::size_t>(values));
        const std::string message = refusal([&] { readNpy(file, "t"); });
        QCOMPARE(message.empty(), reason.isEmpty());
        QVERIFY2(contains(message, reason.toStdString()), message.c_str());
    }

    void npyHeaderLengthIsNotTrusted() {
        Bytes file = npyWithHeader("{}", 0);
        file[8] = file[9] = std::byte{255};
        QVERIFY(contains(refusal([&] { readNpy(file, "t"); }), "65535"));
    }

    void npzFilesOfNumpy() {
        const State stored = readNpz(fixture("stored.npz"), "t");
        QCOMPARE(stored.size(), std::size_t{2});
        QVERIFY(same(stored.at("a"), Array({4}, std::vector<std::uint8_t>{0, 1, 2, 3})));
        QVERIFY(same(stored.at("b"), Array({2, 2}, std::vector<double>{1, 0, 0, 1})));
        const State deflated = readNpz(fixture("deflated.npz"), "t");
        QCOMPARE(deflated.at("zeros").count(), Index{400});
        QVERIFY(same(deflated.at("labels"), Array({3}, std::vector<Index>{0, 1, 2})));
    }

    void npzChecksumIsCompared() {
        // Broken twin: the reader must not accept values that differ from what was stored.
        Bytes file = fixture("stored.npz");
        const State good = readNpz(file, "t");
        std::size_t refused = 0, tried = 0;
        for (std::size_t i = 128 + 30; i < 128 + 50; ++i) {
            Bytes damaged = file;
            damaged[i] ^= std::byte{1};
            ++tried;
            const std::string why = refusal([&] { QVERIFY(same(readNpz(damaged, "t"), good)); });
            refused += why.empty() ? 0 : 1;
        }
        QCOMPARE(refused, tried);
    }

    void npzRefusals() {
        QVERIFY(!refusal([] { readNpz(bytesOf("PK\x03\x04 nothing"), "t"); }).empty());
        State bomb;
        bomb["zeros"] = Array({64}, std::vector<float>(64));
        const Bytes file = encodeNpz(bomb);
        // Both places of the unpacked size claim 1 GiB.
        Bytes lying = file;
        for (std::size_t i = 0; i + 4 < lying.size(); ++i) {
            const std::string_view at(reinterpret_cast<const char*>(lying.data()) + i, 4);
            if (at == "PK\x03\x04" || at == std::string_view("PK\x01\x02", 4)) {
                lying[i + (at[2] == 3 ? 25 : 27)] = std::byte{0x40};
            }
        }
        QVERIFY(!refusal([&] { readNpz(lying, "t"); }).empty());
        QVERIFY(readNpz(encodeNpz({}), "t").empty());
    }

    void equalArraysGiveEqualBytes() {
        State arrays;
        arrays["x"] = Array({2}, std::vector<double>{1, 2});
        arrays["y"] = Array({}, std::vector<Index>{3});
        QCOMPARE(encodeNpz(arrays), encodeNpz(arrays));
        QVERIFY(same(readNpz(encodeNpz(arrays), "t"), arrays));
    }
};

QTEST_GUILESS_MAIN(TestArrays)
#include "tst_arrays.moc"
