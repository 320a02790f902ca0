// SPDX-License-Identifier: GPL-3.0-or-later
// Files that grow while they are followed.
#include "core/chains/diagnostics_worker.h"
#include "core/chains/file_follower.h"
#include "core/io/chain_file.h"
#include "core/io/npy.h"
#include "tests/unit/diagnostics/support.h"

#include <QTemporaryDir>
#include <QTest>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

using namespace lx;
using Clock = std::chrono::steady_clock;

namespace {

const std::string kHeader =
    "# stan_version_major = 2\n# num_warmup = 3\n# save_warmup = 1\n# thin = 1\n# max_depth = 8\n"
    "lp__,accept_stat__,divergent__,mu,theta.1\n";
const std::string kAdapted = "# Adaptation terminated\n# Step size = 0.8\n# 1, 1\n";
const std::string kEnd = "# \n#  Elapsed Time: 0.1 seconds (Warm-up)\n# \n";

/// Draw n of chain m.
std::string row(Index n, Index m) {
    return std::to_string(-n) + ",0.9," + (n % 10 == 9 ? "1," : "0,") +
           std::to_string(100 * m + n) + ".5,1e-" + std::to_string(n % 5) + "\n";
}

template <class Good>
bool await(const Good& good) {
    for (int i = 0; i < 12'000; ++i) {
        if (good()) {
            return true;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
}

}  // namespace

class TestFileFollower : public QObject {
    Q_OBJECT

    QTemporaryDir m_home;
    std::filesystem::path path(const char* name) const {
        return m_home.filePath(QLatin1String(name)).toStdString();
    }
    static void append(const std::filesystem::path& file, const std::string& text) {
        std::ofstream(file, std::ios::binary | std::ios::app) << text;
    }
    static void replace(const std::filesystem::path& file, const std::string& text) {
        std::ofstream(file, std::ios::binary | std::ios::trunc) << text;
    }
    static FollowOptions quick() { return {.interval = std::chrono::milliseconds(5)}; }

private Q_SLOTS:
    // Another thread plays CmdStan: two chains, warm-up, lines that are cut anywhere.
    void twoChainsGrow() {
        const auto one = path("g1.csv"), two = path("g2.csv");
        std::string texts[2];
        for (Index m = 0; m < 2; ++m) {
            std::string& text = texts[m];
            text = kHeader;
            for (Index n = 0; n < 3; ++n) {
                text += row(n, m);
            }
            text += kAdapted;
            for (Index n = 3; n < 503; ++n) {
                text += row(n, m);
            }
            text += kEnd;
        }
        FileFollower follower({one, two}, quick());
        QVERIFY(await(
            [&] { return follower.message().find("does not exist yet") != std::string::npos; }));
        QVERIFY(follower.view().empty());
        std::thread writer([&] {
            for (std::size_t at = 0; at < texts[1].size(); at += 331) {
                append(one, at < texts[0].size() ? texts[0].substr(at, 331) : "");
                append(two, texts[1].substr(at, 331));
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            }
            if (const std::size_t at = (texts[1].size() + 330) / 331 * 331; at < texts[0].size()) {
                append(one, texts[0].substr(at));
            }
        });
        Index before = 0;
        bool grows = true;
        const bool done = await([&] {
            const ChainView view = follower.view();
            grows = grows && view.rows() >= before && view.generation() <= 1;
            before = view.rows();
            return follower.finished() && view.draws() == 500;
        });
        writer.join();
        QVERIFY(done && grows);
        const ChainView view = follower.view();
        QCOMPARE(view.warmup(), 3);
        QCOMPARE(view.layout().names, (std::vector<std::string>{"mu", "theta[1]"}));
        QVERIFY(view.layout().scalar("lp__").has_value());
        QCOMPARE(view.layout().maxDepth, 8);
        const ChainFile whole = readChains(std::vector{one, two});
        for (Index m = 0; m < 2; ++m) {
            for (Index q = 0; q < 3; ++q) {  // lp__, mu, theta[1] in the file
                std::vector<double> draws(500);
                if (q == 0) {
                    view.copyScalar(*view.layout().scalar("lp__"), m, 3, 1, draws);
                } else {
                    view.copy(q - 1, m, 3, 1, draws);
                }
                const auto expected = whole.values.values<double>().subspan(
                    static_cast<std::size_t>((q * 2 + m) * 500), 500);
                QVERIFY(std::ranges::equal(draws, expected));
            }
        }
        QCOMPARE(view.totals()[*view.layout().scalar("divergent__")].hits, 100);
        QCOMPARE(follower.message(), std::string());

        // The worker needs no more than the source.
        auto source = std::make_shared<FileFollower>(std::vector{one, two}, quick());
        DiagnosticsWorker worker;
        worker.setSource(source);
        QVERIFY(await([&] {
            const auto result = worker.result();
            return result && result->exact && result->draws == 500;
        }));
    }

    void newDrawsComeWithinASecond() {
        const auto file = path("delay.csv");
        replace(file, kHeader + row(0, 0) + row(1, 0) + row(2, 0) + kAdapted);
        FileFollower follower({file});  // four looks a second
        QVERIFY(await([&] { return follower.view().warmup() == 3; }));
        double longest = 0;
        for (Index n = 3; n < 8; ++n) {
            append(file, row(n, 0));
            const auto begin = Clock::now();
            QVERIFY(await([&] { return follower.view().draws() == n - 2; }));
            longest =
                std::max(longest, std::chrono::duration<double>(Clock::now() - begin).count());
        }
        qInfo("a new draw is seen after at most %.2f s", longest);
    }

    void aHalfLineWaits() {
        const auto file = path("half.csv");
        const std::string line = row(3, 0);
        replace(file, kHeader + row(0, 0) + kAdapted + line.substr(0, line.size() - 3));
        FileFollower follower({file}, quick());
        QVERIFY(await([&] { return follower.view().rows() == 1; }));
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        QCOMPARE(follower.view().draws(), 0);
        append(file, line.substr(line.size() - 3));
        QVERIFY(await([&] { return follower.view().draws() == 1; }));
        QCOMPARE(follower.view().at(1, 0, 0), 3.5);
    }

    void warmupIsKnownBeforeItsEnd() {
        const auto file = path("warm.csv");
        replace(file, kHeader + row(0, 0) + row(1, 0));
        FileFollower follower({file}, quick());
        QVERIFY(await([&] { return follower.view().rows() == 2; }));
        QCOMPARE(follower.view().warmup(), 0);  // not over: no draw is one yet
        append(file, row(2, 0) + kAdapted);
        QVERIFY(await([&] { return follower.view().warmup() == 3; }));
        QCOMPARE(follower.view().draws(), 0);
    }

    void aReplacedOrCutFileStartsOver() {
        const auto file = path("again.csv");
        std::string text = "x,y\n";
        for (int n = 0; n < 50; ++n) {
            text += std::to_string(n) + ",1\n";
        }
        replace(file, text);
        FileFollower follower({file}, quick());
        QVERIFY(await([&] { return follower.view().rows() == 50; }));
        QCOMPARE(follower.view().generation(), 1U);
        replace(file, "x,y\n7,8\n");  // shorter
        QVERIFY(
            await([&] { return follower.view().generation() == 2 && !follower.view().empty(); }));
        QCOMPARE(follower.view().at(0, 0, 1), 8.0);
        QVERIFY(follower.message().find("written anew") != std::string::npos);
        replace(file, "x,z\n5,6\n7,8\n9,10\n");  // longer, other text, the same inode
        QVERIFY(await(
            [&] { return follower.view().generation() == 3 && follower.view().rows() == 3; }));
        QCOMPARE(follower.view().layout().names[1], std::string("z"));
        const auto other = path("other.csv");
        replace(other, "x,z\n5,6\n7,8\n9,10\n11,12\n");
        std::filesystem::rename(other, file);  // the same beginning, another file
        QVERIFY(await(
            [&] { return follower.view().generation() == 4 && follower.view().rows() == 4; }));
        std::filesystem::remove(file);
        QVERIFY(await([&] { return follower.message().find("was removed") != std::string::npos; }));
        QCOMPARE(follower.view().rows(), 4);
    }

    void aChainColumnGroupsRows() {
        const auto file = path("table.csv");
        replace(file, "chain,draw,x\n1,1,0.5\n2,1,1.5\n");
        FileFollower follower({file}, quick());
        QVERIFY(await([&] { return follower.view().rows() == 1; }));
        QCOMPARE(follower.view().layout().chains, 2);
        append(file, "2,2,3\n1,2,2\n3,1,9\n3,2,10\n");
        QVERIFY(await([&] {
            const ChainView view = follower.view();
            return !view.empty() && view.layout().chains == 3 && view.rows() == 2;
        }));
        QCOMPARE(follower.view().at(1, 1, 0), 3.0);
        QVERIFY(follower.message().find("Another chain") != std::string::npos);
    }

    void errorsAreToldAndHealed() {
        const auto file = path("bad.csv");
        replace(file, "x,y\n1,2\n3,oops\n");
        FileFollower follower({file}, quick());
        QVERIFY(await([&] { return follower.message().find("line 3") != std::string::npos; }));
        QVERIFY(follower.message().find("'oops'") != std::string::npos);
        replace(file, "x,y\n1,2\n3,4\n5,6\n");
        QVERIFY(await([&] { return follower.view().rows() == 3; }));

        const auto a = path("a.csv"), b = path("b.csv");
        replace(a, "x,y\n1,2\n");
        replace(b, "x,z\n1,2\n");
        FileFollower two({a, b}, quick());
        QVERIFY(await([&] { return two.message().find("one model") != std::string::npos; }));
        QVERIFY(two.view().empty());
        QVERIFY(test::throwsNaming<UsageError>([] { FileFollower({}); }, "at least one"));
    }

    void openingChoosesTheReader() {
        const auto text = path("open.csv"), array = path("open.npy");
        replace(text, "x\n1\n2\n");
        writeNpy(array, Array({3, 2, 1}, std::vector<double>{1, 2, 3, 4, 5, 6}));
        const auto followed = openChains(std::vector{text}, quick());
        QVERIFY(await([&] { return followed->view().rows() == 2; }));
        append(text, "3\n");
        QVERIFY(await([&] { return followed->view().rows() == 3; }));
        QVERIFY(!followed->finished());
        const auto read = openChains(std::vector{array});
        QVERIFY(read->finished());
        QCOMPARE(read->view().layout().chains, 2);
        QCOMPARE(read->view().at(2, 1, 0), 6.0);
        QVERIFY(test::throwsNaming<InputError>(
            [&] { openChains(std::vector{std::filesystem::path(m_home.path().toStdString())}); },
            "arrays/chains.npy"));
    }
};

QTEST_GUILESS_MAIN(TestFileFollower)
#include "tst_file_follower.moc"
