// SPDX-License-Identifier: GPL-3.0-or-later
// Damaged NetCDF files, some hundred of them and the same ones every time, read by the child
// process: the parent gets data or a clear error, the child keeps to its memory and its time. This
// program is also the child.
#include "core/chains/chain_store.h"
#include "core/chains/netcdf_file.h"
#include "core/io/chain_pipe.h"

#include <QTemporaryDir>
#include <QtTest>
#include <cstring>
#include <fstream>
#include <random>

#include <sys/resource.h>
#include <unistd.h>

using namespace lx;
namespace fs = std::filesystem;

namespace {

constexpr int kCases = 360;
const NetCdfLimits kLimits{.memory = std::uint64_t{256} << 20, .cpuSeconds = 2};
constexpr int kHungry = 512;  // MiB that a planted child takes
constexpr double kGrace = 1;  // CPU seconds of starting and of the last turn of the clock

std::string content(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}
void write(const fs::path& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
}

/// Names with and without indices, warm-up and statistics: all groups that a file can have.
void writeSeed(const fs::path& path, Index draws, Index warmup, std::vector<std::string> names) {
    ChainLayout layout;
    layout.chains = 2;
    layout.names = std::move(names);
    layout.scalars = {"lp__", "divergent__"};
    layout.dtype = DType::F64;
    const std::size_t width = layout.names.size();
    ChainStore store(layout);
    for (Index n = 0; n < draws + warmup; ++n) {
        if (n == warmup && warmup > 0) {
            store.markWarmup();
        }
        std::vector<double> row(2 * width), lp(2), divergent(2);
        for (std::size_t i = 0; i < row.size(); ++i) {
            row[i] = static_cast<double>((n * 37 + static_cast<Index>(i) * 11) % 101) / 7;
        }
        const std::vector<std::span<const double>> scalars{lp, divergent};
        store.append<double>(row, scalars);
    }
    writeNetCdf(path, store.view());
}

/// A damaged copy. std::mt19937_64 draws the same numbers everywhere.
std::string damaged(std::string bytes, std::uint64_t number) {
    std::mt19937_64 draw(number);
    const auto below = [&](std::size_t n) { return static_cast<std::size_t>(draw() % n); };
    // What counts stands in the headers, and these lie mostly in front.
    const auto place = [&] { return below(draw() % 2 == 0 ? bytes.size() : bytes.size() / 4); };
    const auto put = [&](std::size_t at, std::uint64_t value, std::size_t count) {
        for (std::size_t i = 0; i < count && at + i < bytes.size(); ++i) {
            bytes[at + i] = static_cast<char>(value >> (8 * i));
        }
    };
    constexpr std::uint64_t kAwkward[] = {0,
                                          1,
                                          0x7F,
                                          0xFF,
                                          0x7FFF'FFFF,
                                          0xFFFF'FFFF,
                                          0x7FFF'FFFF'FFFF'FFFF,
                                          0xFFFF'FFFF'FFFF'FFFF,
                                          std::uint64_t{1} << 40};
    const std::size_t rounds = 1 + below(6);
    for (std::size_t r = 0; r < rounds; ++r) {
        const std::size_t at = place();
        switch (number % 6) {
            case 0: bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8))); break;
            case 1: put(at, draw(), 1); break;
            case 2: put(at & ~std::size_t{7}, kAwkward[below(std::size(kAwkward))], 8); break;
            case 3:
                put(at, kAwkward[below(std::size(kAwkward))], std::size_t{1} << below(4));
                break;
            case 4: {
                const std::size_t from = place(), count = 1 + below(64);
                const std::string piece = bytes.substr(from, count);
                bytes.replace(at, std::min(piece.size(), bytes.size() - at), piece);
                break;
            }
            default:
                if (r == 0) {
                    bytes.resize(std::max<std::size_t>(at, 1));
                } else {
                    bytes.insert(place(), 1 + below(16), static_cast<char>(draw()));
                }
        }
    }
    return bytes;
}

double childSeconds() {
    rusage use{};
    getrusage(RUSAGE_CHILDREN, &use);
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
    };
    return seconds(use.ru_utime) + seconds(use.ru_stime);
}
/// Of the largest child so far.
double childMiB() {
    rusage use{};
    getrusage(RUSAGE_CHILDREN, &use);
    return static_cast<double>(use.ru_maxrss) / 1024;
}

struct Tally {
    int data = 0, refused = 0, died = 0;
};

/// What is wrong with how the file was treated; empty: nothing.
QString fault(const fs::path& path, const NetCdfLimits& limits, Tally& tally) {
    const double before = childSeconds();
    QString out;
    try {
        const ChainFile file = readNetCdfInChild(path, limits);
        ++tally.data;
        const Index names = std::ssize(file.names), internals = std::ssize(file.internalNames);
        if (file.chains < 1 || file.draws < 1 ||
            file.values.count() != names * file.chains * file.draws ||
            (internals > 0 && file.internals.count() != internals * file.chains * file.draws)) {
            out = QStringLiteral("data of other sizes than it says");
        }
    } catch (const InputError& error) {
        const QString text = QString::fromUtf8(error.what());
        ++tally.refused;
        tally.died += text.contains(QStringLiteral("died")) ? 1 : 0;
        const QString name = QString::fromStdString(path.filename().string());
        if (text.section(name, 1).size() < 15) {
            out = QStringLiteral("an error that explains nothing: ") + text;
        }
        for (const QChar c : text) {
            out = c < QLatin1Char(' ') ? QStringLiteral("an error with control characters") : out;
        }
    } catch (const std::exception& error) {
        out = QStringLiteral("another error than one of input: ") + QString::fromUtf8(error.what());
    }
    const double seconds = childSeconds() - before;
    if (seconds > static_cast<double>(limits.cpuSeconds) + kGrace) {
        out = QStringLiteral("the child took %1 s").arg(seconds);
    }
#if !defined(__SANITIZE_ADDRESS__)
    const double most = static_cast<double>(limits.memory >> 20);
    if (childMiB() > most) {
        out = QStringLiteral("a child took %1 MiB").arg(childMiB());
    }
#endif
    return out;
}

}  // namespace

class TestNetCdfMutations : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    fs::path folder() const { return m_folder.path().toStdString(); }
    /// A child that is this program in another role.
    NetCdfLimits planted(const char* role) const {
        const fs::path script = folder() / "child";
        const std::string self = fs::read_symlink("/proc/self/exe").string();
        write(script, "#!/bin/sh\nexec '" + self + "' " + role + "\n");
        fs::permissions(script, fs::perms::owner_all);
        NetCdfLimits out = kLimits;
        out.program = script;
        return out;
    }

private Q_SLOTS:
    void damagedFilesGiveDataOrAClearError() {
        std::vector<std::string> seeds;
        const fs::path path = folder() / "seed.nc";
        writeSeed(path, 12, 4, {"mu", "theta[1,1]", "theta[1,2]", "theta[2,1]", "theta[2,2]"});
        seeds.push_back(content(path));
        writeSeed(path, 1, 0, {"x"});
        seeds.push_back(content(path));
        writeSeed(path, 700, 0, {"a", "b[1]", "b[2]"});
        seeds.push_back(content(path));
        Tally whole, tally;
        for (const std::string& seed : seeds) {
            write(path, seed);
            QCOMPARE(fault(path, kLimits, whole), QString());
        }
        QCOMPARE(whole.data, static_cast<int>(seeds.size()));

        const fs::path bad = folder() / "damaged.nc";
        for (int i = 0; i < kCases; ++i) {
            const auto number = static_cast<std::uint64_t>(i);
            write(bad, damaged(seeds[static_cast<std::size_t>(i / 6) % seeds.size()], number));
            const QString wrong = fault(bad, kLimits, tally);
            QVERIFY2(wrong.isEmpty(), qPrintable(QStringLiteral("case %1: %2").arg(i).arg(wrong)));
        }
        qInfo(
            "%d files: %d read as data, %d refused, of which %d killed their child; children took "
            "%.1f s and at most %.0f MiB",
            kCases, tally.data, tally.refused, tally.died, childSeconds(), childMiB());
        // Damage that no reader notices, or that none survives, would test nothing.
        QVERIFY(tally.data > kCases / 20);
        QVERIFY(tally.refused > kCases / 20);
    }

    /// The broken twins: children that keep to no limit.
    void childrenWithoutLimitsAreNoticed() {
        Tally tally;
        const fs::path path = folder() / "seed.nc";
        writeSeed(path, 5, 0, {"x"});
        const QString slow = fault(path, planted("--planted-slow"), tally);
        QVERIFY2(slow.contains(QStringLiteral(" s")), qPrintable(slow));
        QVERIFY(slow.startsWith(QStringLiteral("the child took")));
        const QString mute = fault(path, planted("--planted-mute"), tally);
        QVERIFY2(mute.contains(QStringLiteral("explains nothing")), qPrintable(mute));
#if !defined(__SANITIZE_ADDRESS__)
        // Last: what the largest child took stays known.
        const QString hungry = fault(path, planted("--planted-hungry"), tally);
        QVERIFY2(hungry.contains(QStringLiteral("MiB")), qPrintable(hungry));
#endif
    }

    /// One that has said all and stays: the parent does not wait for ever.
    void aChildThatStaysIsEnded() {
        const fs::path path = folder() / "seed.nc";
        writeSeed(path, 5, 0, {"x"});
        NetCdfLimits limits = planted("--planted-stays");
        limits.cpuSeconds = 1;
        limits.idleSeconds = 1;
        try {
            readNetCdfInChild(path, limits);
            QFAIL("a child that said nothing gave data");
        } catch (const InputError& error) {
            QVERIFY2(QString::fromUtf8(error.what()).contains(QStringLiteral("come to an end")),
                     error.what());
        }
    }
};

int main(int argc, char** argv) {
    const std::string role = argc > 1 ? argv[1] : "";
    if (argc > 2 && role == kNetCdfReader) {
        return serveNetCdf(argc, argv, STDOUT_FILENO);
    }
    if (role == "--planted-slow") {
        while (std::clock() <
               (static_cast<double>(kLimits.cpuSeconds) + kGrace + 0.5) * CLOCKS_PER_SEC) {
        }
        return 9;
    }
    if (role == "--planted-mute") {
        std::printf("no");
        return 3;
    }
    if (role == "--planted-hungry") {
        std::vector<char> much(std::size_t{kHungry} << 20, 1);
        return much[much.size() / 2] == 1 ? 9 : 0;
    }
    if (role == "--planted-stays") {
        close(STDOUT_FILENO);
        sleep(600);
        return 9;
    }
    TestNetCdfMutations test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_netcdf_mutations.moc"
