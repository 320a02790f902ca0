// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/image_folder.h"
#include "core/io/probe.h"
#include "core/io/project.h"
#include "io_support.h"

#include "core/io/idx.h"
#include "core/io/npy.h"
#include "core/io/npz.h"

#include <QTemporaryDir>
#include <QtTest>
#include <cmath>

using namespace lx;
using namespace lx::test;
namespace fs = std::filesystem;

namespace {

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

class TestImages : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void pngKinds() {
        // Made by other programs: gray ramp, RGB, palette with transparency, 16 bits.
        const Image8 gray = decodeImage(fixture("gray.png"), "t");
        QCOMPARE(gray.width, Index{4});
        QCOMPARE(gray.height, Index{2});
        QCOMPARE(gray.channels, Index{1});
        QCOMPARE(gray.pixels, (std::vector<std::uint8_t>{0, 10, 20, 30, 200, 210, 220, 255}));
        const Image8 rgb = decodeImage(fixture("rgb.png"), "t");
        QCOMPARE(rgb.channels, Index{3});
        QCOMPARE(rgb.pixels, (std::vector<std::uint8_t>{255, 0, 0, 0, 255, 0}));
        const Image8 clear = decodeImage(fixture("rgba.png"), "t");
        QCOMPARE(clear.pixels, (std::vector<std::uint8_t>{255, 255, 255, 0, 0, 0}));
        const Image8 deep = decodeImage(fixture("gray16.png"), "t");
        QCOMPARE(deep.pixels, (std::vector<std::uint8_t>{0, 128, 255}));
    }

    void jpegIsClose() {
        const Image8 image = decodeImage(fixture("flat.jpg"), "t");
        QCOMPARE(image.width, Index{16});
        QCOMPARE(image.height, Index{8});
        for (const std::uint8_t value : image.pixels) {
            QVERIFY(std::abs(int{value} - 100) <= 2);
        }
    }

    void damagedPicturesAreRefused() {
        for (const char* file : {"gray.png", "rgb.png", "flat.jpg"}) {
            const Bytes good = fixture(file);
            const Image8 whole = decodeImage(good, file);
            for (std::size_t length = 0; length < good.size(); ++length) {
                // Either refused or the whole picture (an end marker may be missing).
                refusal([&] {
                    const Image8 image = decodeImage(std::span(good).first(length), file);
                    QCOMPARE(image.pixels, whole.pixels);
                });
            }
            QVERIFY(!refusal([&] {
                         decodeImage(std::span(good).first(good.size() / 2), file);
                     }).empty());
        }
    }

    void extentsAreNotTrusted() {
        Bytes png = fixture("gray.png");
        // Width 2^24 and its check sum, as a hostile writer would set them.
        png[16] = std::byte{1};
        png[19] = std::byte{0};
        QVERIFY(!refusal([&] { decodeImage(png, "t"); }).empty());
        const Bytes bomb = fixture("bomb.png");
        const std::string why = refusal([&] { decodeImage(bomb, "t"); });
        QVERIFY2(contains(why, "pixels"), why.c_str());
        const std::string thin = refusal([&] { decodeImage(fixture("lying.png"), "t"); });
        QVERIFY2(contains(thin, "1000 times"), thin.c_str());
    }

    void grayIsAnAreaAverage() {
        const Image8 ramp{4, 2, 1, {0, 100, 200, 50, 100, 200, 0, 150}};
        const Array half = toGray(ramp, 1, 2);
        QCOMPARE(half.values<float>()[0], 100.0F / 255);
        QCOMPARE(half.values<float>()[1], 100.0F / 255);
        // Three cells onto two: each target covers one and a half.
        const Array uneven = toGray({3, 1, 1, {0, 90, 255}}, 1, 2);
        QVERIFY(std::abs(uneven.values<float>()[0] - 30.0F / 255) < 1e-6F);
        QVERIFY(std::abs(uneven.values<float>()[1] - 200.0F / 255) < 1e-6F);
        const Array larger = toGray({1, 1, 1, {51}}, 3, 3);
        for (const float value : larger.values<float>()) {
            QCOMPARE(value, 0.2F);
        }
        const Array luma = toGray({1, 1, 3, {255, 0, 0}}, 1, 1);
        QVERIFY(std::abs(luma.values<float>()[0] - 0.299F) < 1e-6F);
        // The mean survives any reduction.
        const Array mean = toGray(ramp, 1, 1);
        QVERIFY(std::abs(mean.values<float>()[0] - 100.0F / 255) < 1e-6F);
    }

    void foldersWithClasses() {
        const fs::path folder = m_folder / "classes";
        for (const char* name : {"cat", "dog", "none", ".hidden"}) {
            fs::create_directories(folder / name);
        }
        writeFileAtomically(folder / "cat" / "b.PNG", fixture("gray.png"));
        writeFileAtomically(folder / "cat" / "a.png", fixture("rgb.png"));
        writeFileAtomically(folder / "dog" / "c.jpg", fixture("flat.jpg"));
        writeFileAtomically(folder / "dog" / "notes.txt", bytesOf("no picture"));
        const ImageFolder read =
            readImageFolder(folder, {.side = 2, .maxImages = 10, .decode = {}});
        QCOMPARE(read.classNames, (std::vector<std::string>{"cat", "dog"}));
        QCOMPARE(read.files, (std::vector<std::string>{"cat/a.png", "cat/b.PNG", "dog/c.jpg"}));
        QVERIFY(same(read.labels, Array({3}, std::vector<Index>{0, 0, 1})));
        QCOMPARE(read.images.dim(0), Index{3});
        QCOMPARE(read.images.values<float>()[4], 5.0F / 255);
        QVERIFY(contains(probeFile(folder).sentence, "3 pictures in 2 classes"));

        QVERIFY(contains(
            refusal([&] { readImageFolder(folder, {.side = 2, .maxImages = 2, .decode = {}}); }),
            "more than"));
        writeFileAtomically(folder / "top.png", fixture("gray.png"));
        QVERIFY(contains(refusal([&] { readImageFolder(folder); }), "unclear"));
        QVERIFY(contains(refusal([&] { readImageFolder(folder / "none"); }), "holds no"));
        QVERIFY(contains(refusal([&] { readImageFolder(folder / "absent"); }), "cannot be listed"));
        writeFileAtomically(folder / "cat" / "b.PNG", bytesOf("not a picture"));
        fs::remove(folder / "top.png");
        QVERIFY(contains(refusal([&] { readImageFolder(folder); }), "b.PNG"));
    }

    void aLentDecoderIsUsed() {
        const fs::path folder = m_folder / "lent";
        fs::create_directory(folder);
        writeFileAtomically(folder / "x.png", bytesOf("anything"));
        ImageFolderOptions options;
        options.side = 1;
        options.decode = [](std::span<const std::byte> bytes, const std::string&) {
            return Image8{1, 1, 1, {static_cast<std::uint8_t>(bytes.size())}};
        };
        const ImageFolder read = readImageFolder(folder, options);
        QCOMPARE(read.images.values<float>()[0], 8.0F / 255);
        QVERIFY(!read.labels.defined());
        // A decoder that lies about its size must not make us read past its pixels.
        options.decode = [](std::span<const std::byte>, const std::string&) {
            return Image8{1000, 1000, 3, {1}};
        };
        QVERIFY_EXCEPTION_THROWN(readImageFolder(folder, options), UsageError);
    }

    void probeNamesEveryKind_data() {
        QTest::addColumn<QByteArray>("content");
        QTest::addColumn<QString>("kind");
        QTest::addColumn<QString>("words");
        const auto row = [](const char* name, const Bytes& bytes, const char* kind,
                            const char* words) {
            QTest::newRow(name) << QByteArray(reinterpret_cast<const char*>(bytes.data()),
                                              static_cast<qsizetype>(bytes.size()))
                                << kind << words;
        };
        const Array images({2, 3, 4}, std::vector<std::uint8_t>(24));
        row("idx", encodeIdx(images), "idx", "2 x 3 x 4 bytes");
        row("idx.gz", gzip(encodeIdx(images)), "idx", "Packed IDX array, 2 x 3 x 4");
        Bytes cut = encodeIdx(images);
        cut.pop_back();
        row("idx cut", cut, "unknown", "another size");
        row("npy", encodeNpy(images), "npy", "uint8");
        row("npz", encodeNpz({{"x", images}}), "npz", "x (2 x 3 x 4)");
        row("safetensors", encodeSafetensors({{"x", images}}), "safetensors", "1 tensors");
        row("project", encodeProject(sampleProject(1, 1)), "project", "recipe vae-fashion");
        row("png", fixture("gray.png"), "image", "4 x 2 pixels, gray");
        row("jpeg", fixture("flat.jpg"), "image", "16 x 8");
        row("csv", bytesOf("a,b\n1,2\n3,4\n"), "csv", "2 rows and 2 columns");
        row("recipe", bytesOf(R"({"title": "Mine", "family": "autoencoder"})"), "recipe", "Mine");
        row("json", bytesOf(R"({"a": 1})"), "unknown", "no recipe");
        row("broken json", bytesOf("{\"family\": "), "unknown", "malformed");
        row("prose", bytesOf("Dear reader,\nhello\n"), "unknown", "cells");
        row("binary", bytesOf({1, 2, 0, 4, 5}), "unknown", "binary");
        row("empty", {}, "unknown", "empty");
        row("gzip of text", gzip(bytesOf("hello")), "unknown", "gzip");
        row("zip of nothing", bytesOf("PK\x03\x04"), "unknown", "npz");
    }

    void probeNamesEveryKind() {
        QFETCH(QByteArray, content);
        QFETCH(QString, kind);
        QFETCH(QString, words);
        const fs::path path = m_folder / "dropped.file";
        writeFileAtomically(path, bytesOf(content.toStdString()));
        const FileProbe found = probeFile(path);
        QVERIFY2(nameOf(found.kind) == kind.toStdString(), found.sentence.c_str());
        QVERIFY2(contains(found.sentence, words.toStdString()), found.sentence.c_str());
    }

    void probeOfAbsentFiles() {
        QVERIFY(probeFile(m_folder / "absent").kind == FileKind::Unknown);
        QVERIFY(contains(probeFile(m_folder / "absent").sentence, "open failed"));
    }

private:
    QTemporaryDir m_dir;
    fs::path m_folder = m_dir.path().toStdString();
};

QTEST_GUILESS_MAIN(TestImages)
#include "tst_images.moc"
