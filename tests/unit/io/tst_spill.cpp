// SPDX-License-Identifier: GPL-3.0-or-later
// Tables larger than memory: the process is allowed less than the table needs.
#include "core/io/csv.h"

#include <QTemporaryDir>
#include <QtTest>

#include <sys/resource.h>
#include <csignal>
#include <filesystem>
#include <fstream>

using namespace lx;

namespace {

// The sanitizer's allocator keeps what was freed and ends the program at a limit.
#ifdef __SANITIZE_ADDRESS__
constexpr bool kLimits = false;
#else
constexpr bool kLimits = true;
#endif

constexpr std::size_t kNever = std::numeric_limits<std::size_t>::max();

std::string statusLine(const char* key) {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with(key)) {
            return line.substr(line.find(':') + 1);
        }
    }
    return "0";
}

/// Forbids ordinary memory beyond `room` bytes; blocks mapped from files do not count.
class MemoryLimit {
public:
    explicit MemoryLimit(std::size_t room) {
        ::getrlimit(RLIMIT_DATA, &m_before);
        rlimit now = m_before;
        now.rlim_cur = std::stoull(statusLine("VmData")) * 1024 + room;
        ::setrlimit(RLIMIT_DATA, &now);
    }
    ~MemoryLimit() { ::setrlimit(RLIMIT_DATA, &m_before); }
    MemoryLimit(const MemoryLimit&) = delete;
    MemoryLimit& operator=(const MemoryLimit&) = delete;

private:
    rlimit m_before{};
};

bool mapped(const std::string& folder) {
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        if (line.find(folder) != std::string::npos) {
            return true;
        }
    }
    return false;
}

bool nothingIn(const std::filesystem::path& folder) {
    return std::filesystem::is_empty(folder);
}

}  // namespace

class TestSpill : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { QVERIFY(m_folder.isValid()); }

    void blocksGrowAndGo() {
        const std::string folder = cache();
        {
            SpillVector<int> values{SpillAllocator<int>({folder, 1 << 16})};
            for (int i = 0; i < 1000; ++i) {
                values.push_back(i);
            }
            QVERIFY(!mapped(folder));  // small
            for (int i = 1000; i < 100'000; ++i) {
                values.push_back(i);
            }
            QVERIFY(mapped(folder));
            QVERIFY(nothingIn(folder));  // no name: nothing is left after a crash
            for (int i = 0; i < 100'000; ++i) {
                QCOMPARE(values[static_cast<std::size_t>(i)], i);
            }
            const SpillVector<int> copy = values;
            SpillVector<int> moved;
            moved = std::move(values);
            QVERIFY(copy == moved);
            const Array array = arrayOf<double>({2}, SpillVector<double>{1.5, 2.5});
            QCOMPARE(array.values<double>()[1], 2.5);
            QVERIFY(arrayOf<double>({0, 3}, {}).defined());
            QVERIFY_EXCEPTION_THROWN(arrayOf<double>({3}, SpillVector<double>{1}), UsageError);
        }
        QVERIFY(!mapped(folder));
        QVERIFY(nothingIn(folder));
    }
    void aTableLargerThanMemoryIsRead() {
        const std::string folder = cache();
        const auto path = std::filesystem::path(m_folder.path().toStdString()) / "large.csv";
        constexpr Index rows = 400'000;
        {
            std::ofstream file(path);
            file << "a,b,c,class\n";
            for (Index i = 0; i < rows; ++i) {
                file << i << ',' << 2 * i << ".5," << -i << "," << i % 3 << '\n';
            }
        }
        const auto read = [&](std::size_t threshold) {
            TableOptions options;
            options.labelColumn = "class";
            options.spill = {folder, threshold};
            // The labels, an index each, stay in memory; text and values take 20 MB more.
            const MemoryLimit limit(kLimits ? std::size_t{14} << 20 : std::size_t{1} << 40);
            return readTable(path, options);
        };
        const Table table = read(std::size_t{1} << 20);
        QVERIFY(mapped(folder) && nothingIn(folder));
        QCOMPARE(table.values.dim(0), rows);
        QCOMPARE(table.values.dim(1), Index{3});
        const auto values = table.values.values<double>();
        for (Index i = 0; i < rows; ++i) {
            const auto at = static_cast<std::size_t>(3 * i);
            const auto x = static_cast<double>(i);
            QVERIFY(values[at] == x && values[at + 1] == 2 * x + 0.5 && values[at + 2] == -x);
            QCOMPARE(table.labels.values<Index>()[static_cast<std::size_t>(i)], i % 3);
        }
        // Canary: the limit is one. Without spilling the same table does not fit.
        if (kLimits) {
            QVERIFY_EXCEPTION_THROWN(read(kNever), std::bad_alloc);
        }
    }
    void noRoomIsSaidInOneSentence() {
        const auto refusal = [](const SpillPolicy& policy) {
            try {
                SpillVector<char> block{SpillAllocator<char>(policy)};
                block.resize(std::size_t{8} << 20);
            } catch (const Error& error) {
                return std::string(error.what());
            }
            return std::string();
        };
        // A file where the folder should be.
        const std::string file = m_folder.path().toStdString() + "/file";
        std::ofstream(file) << "x";
        const std::string folder = refusal({file, 1024});
        QVERIFY2(folder.starts_with(file) && folder.find("XDG_CACHE_HOME") != std::string::npos,
                 folder.c_str());
        // A disk that is full, played by the size limit of files.
        rlimit before{};
        ::getrlimit(RLIMIT_FSIZE, &before);
        rlimit small = before;
        small.rlim_cur = std::size_t{1} << 20;
        ::setrlimit(RLIMIT_FSIZE, &small);
        const auto ignored = std::signal(SIGXFSZ, SIG_IGN);
        const std::string full = refusal({cache(), 1024});
        const std::string unused = refusal({cache(), kNever});
        ::setrlimit(RLIMIT_FSIZE, &before);
        std::signal(SIGXFSZ, ignored);
        QVERIFY2(full.find("no room for 9 MiB") != std::string::npos, full.c_str());
        QVERIFY(unused.empty());
        QVERIFY(nothingIn(cache()));
    }
    void theSystemHasAPolicy() {
        qputenv("XDG_CACHE_HOME", m_folder.path().toUtf8());
        const SpillPolicy policy = SpillPolicy::ofSystem();
        QCOMPARE(policy.folder.string(), m_folder.path().toStdString() + "/latent-explorer");
        QVERIFY(policy.threshold >= (std::size_t{64} << 20) && policy.threshold < kNever);
        qputenv("XDG_CACHE_HOME", "relative");
        QVERIFY(SpillPolicy::ofSystem().folder.is_absolute());
    }

private:
    std::string cache() {
        const auto folder = std::filesystem::path(m_folder.path().toStdString()) / "cache";
        std::filesystem::create_directories(folder);
        return folder.string();
    }
    QTemporaryDir m_folder;
};

QTEST_GUILESS_MAIN(TestSpill)
#include "tst_spill.moc"
