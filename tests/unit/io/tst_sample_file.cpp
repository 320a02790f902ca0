// SPDX-License-Identifier: GPL-3.0-or-later
// Samples on the disk: what was made, however it came, or nothing at all.
#include "core/io/csv.h"
#include "core/io/image.h"
#include "core/io/npz.h"
#include "core/io/sample_file.h"
#include "io_support.h"

#include <sys/resource.h>
#include <QTemporaryDir>
#include <QtTest>
#include <csignal>
#include <fstream>

using namespace lx;
using namespace lx::test;
namespace fs = std::filesystem;

namespace {

/// Rows [first, first + count) of samples that any caller makes alike.
State rows(Index first, Index count, bool pictures, bool draws = false) {
    std::vector<float> x, z;
    std::vector<Index> keys, labels;
    const Index width = pictures ? 6 : 2;
    for (Index i = first; i < first + count; ++i) {
        for (Index k = 0; k < width; ++k) {
            const auto value = static_cast<float>((i * 7 + k * 3) % 11) / 10.0F;
            x.push_back(pictures ? value : 3 * value - 1.234567F);
        }
        z.push_back(0.5F * static_cast<float>(i));
        // An unsigned number above the range of signed ones.
        keys.insert(keys.end(), {1, Index{-5} - i, i});
        if (draws) {
            keys.push_back(2 * i);
        }
        labels.push_back(i % 3);
    }
    State out;
    out["samples"] = pictures ? Array({count, 2, 3}, x) : Array({count, 2}, x);
    out["keys"] = Array({count, draws ? Index{4} : Index{3}}, keys);
    if (!draws) {
        out["codes"] = Array({count, 1}, z);
        out["labels"] = Array({count}, labels);
    }
    return out;
}

Bytes contentOf(const fs::path& path) {
    return readFile(path);
}
std::string textOf(const fs::path& path) {
    const Bytes bytes = readFile(path);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
std::ptrdiff_t entries(const fs::path& folder) {
    return std::distance(fs::directory_iterator(folder), fs::directory_iterator());
}

void write(const fs::path& path, std::initializer_list<Index> parts, bool pictures = false,
           bool draws = false) {
    Index count = 0;
    for (const Index part : parts) {
        count += part;
    }
    const auto writer = makeSampleWriter(path, count);
    Index first = 0;
    for (const Index part : parts) {
        writer->put(rows(first, part, pictures, draws));
        first += part;
    }
    writer->finish();
}

/// The sentence of what `call` throws.
template <class Call>
std::string sentence(Call call) {
    try {
        call();
    } catch (const Error& error) {
        return error.what();
    }
    return {};
}

/// No file of this process grows beyond so many bytes: a disk that becomes full.
struct SmallDisk {
    explicit SmallDisk(rlim_t bytes) {
        ::getrlimit(RLIMIT_FSIZE, &before);
        struct rlimit small = before;
        small.rlim_cur = bytes;
        std::signal(SIGXFSZ, SIG_IGN);
        ::setrlimit(RLIMIT_FSIZE, &small);
    }
    ~SmallDisk() { ::setrlimit(RLIMIT_FSIZE, &before); }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;
    struct rlimit before{};
};

}  // namespace

class TestSampleFile : public QObject {
    Q_OBJECT

    QTemporaryDir m_dir;
    fs::path path(const char* name) const { return fs::path(m_dir.path().toStdString()) / name; }

private Q_SLOTS:
    void archiveHoldsTheArrays() {
        write(path("a.npz"), {1, 5, 94});
        QVERIFY(same(readNpz(path("a.npz")), rows(0, 100, false)));
        write(path("b.npz"), {40, 60});
        QVERIFY(contentOf(path("a.npz")) == contentOf(path("b.npz")));
        write(path("c.npz"), {100}, true);
        QVERIFY(same(readNpz(path("c.npz")), rows(0, 100, true)));
        write(path("d.npz"), {7}, false, true);
        QVERIFY(same(readNpz(path("d.npz")), rows(0, 7, false, true)));
        // The same archive as written in one piece, but for the order of nothing.
        writeNpz(path("whole.npz"), rows(0, 100, false));
        QCOMPARE(contentOf(path("whole.npz")).size(), contentOf(path("a.npz")).size());
        // The twin: one damaged value is seen by the check sum.
        Bytes bytes = contentOf(path("a.npz"));
        bytes[bytes.size() / 2] ^= std::byte{1};
        QVERIFY_THROWS_EXCEPTION(InputError, readNpz(bytes, "damaged"));
        QCOMPARE(entries(path(".")), std::ptrdiff_t{5});
    }

    void folderHoldsPictures() {
        write(path("pictures"), {3, 2}, true);
        QCOMPARE(entries(path("pictures")), std::ptrdiff_t{7});  // 5, keys, codes
        const State all = rows(0, 5, true);
        const auto x = all.at("samples").values<float>();
        for (Index i = 0; i < 5; ++i) {
            const std::string name = "sample-00000" + std::to_string(i) + ".png";
            const Image8 picture = decodeImage(contentOf(path("pictures") / name), name);
            QCOMPARE(picture.width, Index{3});
            QCOMPARE(picture.height, Index{2});
            for (std::size_t p = 0; p < 6; ++p) {
                const auto value = picture.pixels[p * static_cast<std::size_t>(picture.channels)];
                QVERIFY(std::abs(static_cast<float>(value) / 255 -
                                 x[static_cast<std::size_t>(i) * 6 + p]) < 0.5F / 255 + 1e-6F);
            }
        }
        QCOMPARE(textOf(path("pictures") / "keys.csv").substr(0, 78),
                 std::string("file,seed,stream,row,label\n"
                             "sample-000000.png,1,18446744073709551611,0,0\nsample"));
        QVERIFY(textOf(path("pictures") / "codes.csv").starts_with("z1\n0\n0.5\n1\n"));
        write(path("again/"), {5}, true);
        for (const auto& entry : fs::directory_iterator(path("pictures"))) {
            QVERIFY(contentOf(entry.path()) == contentOf(path("again") / entry.path().filename()));
        }
    }

    void folderHoldsPoints() {
        write(path("points"), {30, 20});
        const Table table = readTable(path("points") / "samples.csv");
        QCOMPARE(table.columnNames, (std::vector<std::string>{"x1", "x2"}));
        const State all = rows(0, 50, false);
        const auto x = all.at("samples").values<float>();
        QCOMPARE(table.values.count(), Index{100});
        for (std::size_t i = 0; i < 100; ++i) {
            QCOMPARE(static_cast<float>(table.values.values<double>()[i]), x[i]);
        }
        write(path("draws"), {3}, false, true);
        QCOMPARE(textOf(path("draws") / "keys.csv"),
                 std::string("sample,seed,stream,row,step\n0,1,18446744073709551611,0,0\n"
                             "1,1,18446744073709551610,1,2\n2,1,18446744073709551609,2,4\n"));
        QVERIFY(!fs::exists(path("draws") / "codes.csv"));
    }

    void nothingRemainsWithoutFinish() {
        const auto before = entries(path("."));
        for (const char* name : {"gone.npz", "gone"}) {
            {
                const auto writer = makeSampleWriter(path(name), 100);
                writer->put(rows(0, 60, true));
                QVERIFY(!fs::exists(path(name)));
            }
            QVERIFY(!fs::exists(path(name)));
            QCOMPARE(entries(path(".")), before);
            const auto short1 = makeSampleWriter(path(name), 100);
            short1->put(rows(0, 60, true));
            QVERIFY(sentence([&] { short1->finish(); }).find("only 60 of 100") !=
                    std::string::npos);
            QVERIFY(sentence([&] { short1->put(rows(60, 41, true)); }).find("more came") !=
                    std::string::npos);
        }
        QCOMPARE(entries(path(".")), before);
    }

    void rowsMustFit() {
        for (const char* name : {"fit.npz", "fit"}) {
            const auto writer = makeSampleWriter(path(name), 100);
            QVERIFY_THROWS_EXCEPTION(UsageError, writer->put({}));
            writer->put(rows(0, 10, true));
            QVERIFY_THROWS_EXCEPTION(UsageError, writer->put(rows(10, 10, false)));
            State without = rows(10, 10, true);
            without.erase("codes");
            QVERIFY_THROWS_EXCEPTION(UsageError, writer->put(without));
            State uneven = rows(10, 10, true);
            uneven["labels"] = rows(10, 9, true).at("labels");
            QVERIFY_THROWS_EXCEPTION(UsageError, writer->put(uneven));
        }
        const auto huge = makeSampleWriter(path("huge.npz"), 100'000'000);
        QVERIFY(sentence([&] { huge->put(rows(0, 10, true)); }).find("GB") != std::string::npos);
    }

    void placesThatCannotBe() {
        QVERIFY(sentence([&] { checkSampleFile(path("a.csv")); }).find(".npz") !=
                std::string::npos);
        QVERIFY_THROWS_EXCEPTION(UsageError, checkSampleFile(""));
        fs::create_directories(path("taken"));
        checkSampleFile(path("taken"));
        std::ofstream(path("taken") / "x") << "x";
        QVERIFY(sentence([&] { checkSampleFile(path("taken")); }).find("there is something") !=
                std::string::npos);
        QVERIFY_THROWS_EXCEPTION(UsageError, makeSampleWriter(path("taken"), 1));
        std::ofstream(path("plain")) << "x";
        QVERIFY_THROWS_EXCEPTION(UsageError, makeSampleWriter(path("plain"), 1));
        QVERIFY_THROWS_EXCEPTION(WriteError, makeSampleWriter(path("plain") / "a.npz", 1));
        QVERIFY_THROWS_EXCEPTION(WriteError, makeSampleWriter(path("none") / "a.npz", 1));
        QVERIFY_THROWS_EXCEPTION(WriteError, makeSampleWriter(path("none") / "a", 1));
        QVERIFY_THROWS_EXCEPTION(WriteError, makeSampleWriter("/proc/a.npz", 1));
    }

    /// The disk becomes full in the middle: a sentence, and nothing new lies there.
    void fullDisk() {
        const auto before = entries(path("."));
        for (const char* name : {"full.npz", "full"}) {
            std::string said;
            {
                const SmallDisk disk(64 << 10);
                const auto writer = makeSampleWriter(path(name), 100'000);
                said = sentence([&] {
                    for (Index first = 0; first < 100'000; first += 10'000) {
                        writer->put(rows(first, 10'000, false));
                    }
                    writer->finish();
                });
            }
            QVERIFY2(said.find(name) != std::string::npos && said.find("disk") != std::string::npos,
                     said.c_str());
            QCOMPARE(entries(path(".")), before);
        }
        // The twin: with room it is written.
        write(path("room.npz"), {100'000});
        QVERIFY(fs::exists(path("room.npz")));
    }
};

QTEST_GUILESS_MAIN(TestSampleFile)
#include "tst_sample_file.moc"
