// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/digest.h"
#include "core/io/file.h"
#include "io_support.h"

#include <sys/stat.h>
#include <QTemporaryDir>
#include <QtTest>
#include <filesystem>

using namespace lx;
using namespace lx::test;
namespace fs = std::filesystem;

class TestFile : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void digestIsThatOfTheStandard() {
        QCOMPARE(sha256Hex(bytesOf("abc")),
                 std::string("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
        QCOMPARE(sha256Hex({}),
                 std::string("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    }

    void readsWholeFilesAndPrefixes() {
        const fs::path path = m_folder / "plain";
        writeFileAtomically(path, bytesOf("0123456789"));
        QCOMPARE(readFile(path), bytesOf("0123456789"));
        QCOMPARE(readPrefix(path, 4), bytesOf("0123"));
        QCOMPARE(readPrefix(path, 400), bytesOf("0123456789"));
        QCOMPARE(readFile(path, 10).size(), std::size_t{10});
        const std::string message = refusal([&] { readFile(path, 9); });
        QVERIFY(message.find("more than the 9") != std::string::npos);
    }

    void refusesWhatIsNoFile() {
        QVERIFY(refusal([&] { readFile(m_folder / "absent"); }).find("open failed") !=
                std::string::npos);
        QVERIFY(refusal([&] { readFile(m_folder); }).find("folder") != std::string::npos);
        QVERIFY(refusal([&] { readFile("/dev/zero"); }).find("device") != std::string::npos);
        const fs::path pipe = m_folder / "pipe";
        QCOMPARE(::mkfifo(pipe.c_str(), 0600), 0);
        // Would wait for ever if the pipe were opened like a file.
        QVERIFY(refusal([&] { readFile(pipe); }).find("pipe") != std::string::npos);
        bool refused = false;
        try {
            writeFileAtomically(pipe, bytesOf("x"));
        } catch (const WriteError&) {
            refused = true;
        }
        QVERIFY(refused);
        QVERIFY(fs::is_fifo(pipe));
    }

    void keepsPermissionsAndLinks() {
        const fs::path path = m_folder / "shared", link = m_folder / "link";
        writeFileAtomically(path, bytesOf("one"));
        fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
        fs::create_symlink("shared", link);
        writeFileAtomically(link, bytesOf("two"));
        QVERIFY(fs::is_symlink(link));
        QCOMPARE(readFile(path), bytesOf("two"));
        QCOMPARE(fs::status(path).permissions(), fs::perms::owner_read | fs::perms::owner_write);
    }

    void exceptionOfTheProducerLeavesTheOldFile() {
        const fs::path folder = m_folder / "producer";
        fs::create_directory(folder);
        writeFileAtomically(folder / "file", bytesOf("old"));
        bool passed = false;
        try {
            writeFileAtomically(folder / "file", [](const PutBytes& put) {
                put(bytesOf("half"));
                throw UsageError("stop");
            });
        } catch (const UsageError&) {
            passed = true;
        }
        QVERIFY(passed);
        QCOMPARE(readFile(folder / "file"), bytesOf("old"));
        QCOMPARE(std::distance(fs::directory_iterator(folder), {}), std::ptrdiff_t{1});
    }

    void gzipRoundTripAndMembers() {
        const Bytes plain = bytesOf(std::string(100'000, 'a') + "tail");
        Bytes packed = gzip(plain);
        QCOMPARE(gunzip(packed, "t"), plain);
        QCOMPARE(gunzipPrefix(packed, "t", 10), bytesOf("aaaaaaaaaa"));
        const Bytes second = gzip(bytesOf("!"));
        packed.insert(packed.end(), second.begin(), second.end());
        QCOMPARE(gunzip(packed, "t").size(), plain.size() + 1);
        packed.push_back(std::byte{7});
        QVERIFY(!refusal([&] { gunzip(packed, "t"); }).empty());
    }

    void gzipLimits() {
        const Bytes small = gzip(Bytes(std::size_t{1} << 20));
        QCOMPARE(gunzip(small, "t", std::uint64_t{1} << 20).size(), std::size_t{1} << 20);
        QVERIFY(refusal([&] {
                    gunzip(small, "t", (std::uint64_t{1} << 20) - 1);
                }).find("more than 1048575") != std::string::npos);
        // 16 MiB of zeros pack to about 16 KiB: 1030 to 1, which is beyond the ratio.
        const Bytes bomb = gzip(Bytes(std::size_t{16} << 20));
        QVERIFY(bomb.size() * kMaxUnpackRatio < (std::size_t{16} << 20));
        QVERIFY(refusal([&] { gunzip(bomb, "t"); }).find("1000 times") != std::string::npos);
    }

private:
    QTemporaryDir m_dir;
    fs::path m_folder = m_dir.path().toStdString();
};

QTEST_GUILESS_MAIN(TestFile)
#include "tst_file.moc"
