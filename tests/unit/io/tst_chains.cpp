// SPDX-License-Identifier: GPL-3.0-or-later
// Chains of CmdStan, of tables and of numpy.
#include "core/io/chain_file.h"
#include "core/io/npy.h"
#include "core/io/npz.h"

#include <QTemporaryDir>
#include <QTest>

#include <cmath>
#include <cstring>
#include <limits>

using namespace lx;

namespace {

const std::string kStan =
    "# stan_version_major = 2\n# method = sample (Default)\n#     num_warmup = 2\n"
    "#     save_warmup = 1\n#         max_depth = 8\n"
    "lp__,accept_stat__,stepsize__,treedepth__,n_leapfrog__,divergent__,energy__,mu,theta.1,theta."
    "2.1,a.b\n"
    "-9,0.5,1,1,1,0,9,100,100,100,100\n-8,0.5,1,1,1,0,9,100,100,100,100\n"
    "# Adaptation terminated\n# Step size = 0.9\n# Diagonal elements of inverse mass matrix:\n"
    "# 1, 1\n"
    "-1,0.9,0.9,8,3,0,2,1.5,2.5,3.5,4\n-2,0.8,0.9,2,3,1,3,-1.5e-3,nan,inf,5\n"
    "# \n#  Elapsed Time: 0.01 seconds (Warm-up)\n# \n";

}  // namespace

class TestChains : public QObject {
    Q_OBJECT

    QTemporaryDir m_home;
    std::filesystem::path write(const char* name, std::string_view text) const {
        const std::filesystem::path path = m_home.filePath(QLatin1String(name)).toStdString();
        writeFileAtomically(path, std::as_bytes(std::span(text.data(), text.size())));
        return path;
    }
    static ChainFile read(std::vector<std::filesystem::path> paths) { return readChains(paths); }
    static double at(const Array& a, Index i, Index m, Index n) {
        return a.values<double>()[static_cast<std::size_t>((i * a.dim(1) + m) * a.dim(2) + n)];
    }
    static std::string complaint(const std::function<void()>& what) {
        try {
            what();
        } catch (const InputError& error) {
            return error.what();
        }
        return {};
    }

private Q_SLOTS:
    void cmdStan() {
        const auto path = write("a.csv", kStan);
        const ChainFile f = read({path, path});
        QVERIFY(f.chains == 2 && f.draws == 2);
        QCOMPARE(f.names,
                 (std::vector<std::string>{"lp__", "mu", "theta[1]", "theta[2,1]", "a.b"}));
        QCOMPARE(f.internalNames.size(), std::size_t{7});
        QVERIFY(f.maxDepth == 8);
        QCOMPARE(at(f.values, 1, 0, 0), 1.5);
        QCOMPARE(at(f.values, 1, 1, 1), -1.5e-3);
        QVERIFY(std::isnan(at(f.values, 2, 0, 1)) && std::isinf(at(f.values, 3, 1, 1)));
        QCOMPARE(at(f.internals, 5, 0, 1), 1.0);
        QVERIFY(f.notes.size() == 2 && f.notes[0].starts_with("2 warm-up draws"));
    }

    // Every prefix of a file that grows is the same draws, fewer of them.
    void growingFile() {
        const ChainFile whole = read({write("whole.csv", kStan)});
        for (std::size_t size = kStan.find("\n-1,0.9") + 1; size < kStan.size(); ++size) {
            ChainTable table("grow");
            for (std::size_t i = 0; i < size; i += 7) {
                table.feed(std::string_view(kStan).substr(i, std::min<std::size_t>(7, size - i)));
            }
            const Index before = table.rows();
            table.finish();
            QCOMPARE(table.rows(), before);  // an unfinished line is no draw
            QVERIFY(table.warmup() == 2 && table.rows() <= 4);
            for (Index r = 2; r < table.rows(); ++r) {
                QCOMPARE(table.values()[static_cast<std::size_t>(r * 11 + 7)],
                         at(whole.values, 1, 0, r - 2));
            }
        }
    }

    void warmupOnlyIsRefused() {
        const std::string text = kStan.substr(0, kStan.find("-1,0.9"));
        const auto path = write("warm.csv", text);
        QVERIFY(complaint([&] { read({path}); }).find("no draw after warm-up") !=
                std::string::npos);
        // Before the mark of its end, the settings tell what is warm-up.
        const auto early = write("early.csv", kStan.substr(0, kStan.find("# Adaptation")));
        QVERIFY(complaint([&] { read({early}); }).find("no draw after warm-up") !=
                std::string::npos);
        // Nothing is adapted: no mark, but the saved draws are warm-up all the same.
        std::string fixed = kStan;
        fixed.erase(fixed.find("# Adaptation"),
                    std::string_view("# Adaptation terminated\n").size());
        QCOMPARE(read({write("fixed.csv", fixed)}).draws, 2);
    }

    void tables() {
        const ChainFile f = read({write("t.csv",
                                        ".chain,.iteration,x,\"long, name\"\r\n1,1,0.5,1\r\n"
                                        "2,1,1.5,2\r\n1,2,2.5,NA\r\n2,2,3.5,4\r\n1,3,9,9")});
        QVERIFY(f.chains == 2 && f.draws == 2);
        QCOMPARE(f.names, (std::vector<std::string>{"x", "long, name"}));
        QCOMPARE(at(f.values, 0, 0, 1), 2.5);
        QCOMPARE(at(f.values, 0, 1, 1), 3.5);
        QVERIFY(std::isnan(at(f.values, 1, 0, 1)));
        QVERIFY(f.notes.size() == 1 && f.notes[0].find("2 to 3 draws") != std::string::npos);
        // R's row names, pandas' index, semicolons and tabs.
        QCOMPARE(read({write("r.csv", "\"\",\"x\"\n\"1\",2\n\"2\",3\n")}).names,
                 std::vector<std::string>{"x"});
        QCOMPARE(read({write("s.csv", "x;y\n1;2\n3;4\n")}).names.size(), std::size_t{2});
        const ChainFile tab = read({write("t.tsv", "\tx\ty\n0\t1\t2\n1\t3\t-inf\n")});
        QVERIFY(tab.names.size() == 2 && at(tab.values, 1, 0, 1) < -1e300);
    }

    void numbers() {
        const double inf = std::numeric_limits<double>::infinity();
        for (const auto& [text, value] :
             std::vector<std::pair<const char*, double>>{{" +1.5 ", 1.5},
                                                         {"-Infinity", -inf},
                                                         {"INF", inf},
                                                         {"1e400", inf},
                                                         {"-1E+400", -inf},
                                                         {"1e-400", 0},
                                                         {"\"7\"", 7}}) {
            QVERIFY2(chainNumber(text) == value, text);
        }
        for (const char* text : {"nan", "NaN", "NA", "-nan"}) {
            QVERIFY2(chainNumber(text) && std::isnan(*chainNumber(text)), text);
        }
        for (const char* text : {"", "x", "1,5", "1.5x", "0x10", "--1", "1 2"}) {
            QVERIFY2(!chainNumber(text), text);
        }
    }

    void damageIsNamed_data() {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QString>("says");
        QTest::newRow("cells") << QByteArray("x,y\n1,2\n3\n4,5\n") << "line 3: has 1 cells";
        QTest::newRow("more") << QByteArray("x,y\n1,2,3\n") << "line 2: has 3 cells";
        QTest::newRow("text") << QByteArray("x,y\n1,2\n3,abc\n") << "line 3, column 'y': 'abc'";
        QTest::newRow("empty cell") << QByteArray("x,y\n1,\n1,2\n") << "column 'y': is empty";
        QTest::newRow("no header") << QByteArray("1,2\n3,4\n") << "add a header";
        QTest::newRow("empty") << QByteArray() << "is empty";
        QTest::newRow("comments") << QByteArray("# a\n# b\n") << "is empty";
        QTest::newRow("header only") << QByteArray("x,y\n") << "no draw";
        QTest::newRow("binary") << QByteArray("ab\0c\n", 5) << "zero byte";
        QTest::newRow("chain") << QByteArray("chain,x\nnan,1\n") << "names no chain";
    }
    void damageIsNamed() {
        QFETCH(QByteArray, text);
        QFETCH(QString, says);
        const auto path = write("bad.csv", std::string_view(text.data(), text.size()));
        const std::string said = complaint([&] { read({path}); });
        QVERIFY2(said.find(says.toStdString()) != std::string::npos, said.c_str());
        QVERIFY2(said.starts_with(path.string()), said.c_str());
    }

    void filesOfDifferentModels() {
        const auto a = write("a1.csv", "x,y\n1,2\n"), b = write("b1.csv", "x,z\n1,2\n");
        const std::string said = complaint([&] { read({a, b}); });
        QVERIFY2(said.find("column 2: is 'z'") != std::string::npos, said.c_str());
        QVERIFY(!complaint([&] { read({a, m_home.filePath("none.csv").toStdString()}); }).empty());
    }

    void numpy() {
        std::vector<double> values(24);
        for (std::size_t i = 0; i < values.size(); ++i) {
            values[i] = static_cast<double>(i);
        }
        const std::filesystem::path home = m_home.path().toStdString();
        writeNpy(home / "x.npy", Array({4, 3, 2}, values));  // [draws, chains, D]
        const ChainFile f = read({home / "x.npy"});
        QVERIFY(f.draws == 4 && f.chains == 3 && f.names.size() == 2);
        QCOMPARE(at(f.values, 1, 2, 3), 3.0 * 6 + 2 * 2 + 1);
        QVERIFY(f.internals.count() == 0 && f.notes.empty());
        writeNpy(home / "one.npy", Array({12, 2}, values));
        const ChainFile one = read({home / "one.npy", home / "one.npy"});
        QVERIFY(one.chains == 2 && one.draws == 12 && !one.notes.empty());
        writeNpz(home / "x.npz", {{"mu", Array({4, 6}, values)},
                                  {"theta", Array({4, 6, 1}, values)},
                                  {"divergent__", Array({4, 6}, std::vector<Index>(24, 1))}});
        const ChainFile z = read({home / "x.npz"});
        QCOMPARE(z.names, (std::vector<std::string>{"mu", "theta"}));
        QVERIFY(z.chains == 6 && z.internalNames == std::vector<std::string>{"divergent__"});
        QCOMPARE(at(z.values, 1, 5, 3), 23.0);
        QCOMPARE(at(z.internals, 0, 5, 3), 1.0);
        writeNpz(home / "y.npz", {{"a", Array({4, 6}, values)}, {"b", Array({6, 4}, values)}});
        QVERIFY(complaint([&] { read({home / "y.npz"}); }).find("array 'b'") != std::string::npos);
        writeNpy(home / "w.npy", Array({2, 2, 2, 3}, values));
        QVERIFY(complaint([&] { read({home / "w.npy"}); }).find("[draws, chains, quantities]") !=
                std::string::npos);
        std::filesystem::create_directories(home / "run" / "arrays");
        QVERIFY(complaint([&] { read({home / "run"}); }).find("arrays/chains.npy") !=
                std::string::npos);
        writeNpy(home / "run" / "arrays" / "chains.npy", Array({4, 3, 2}, values));
        QVERIFY(read({home / "run"}).chains == 3);
    }

    void gzippedAndSpilled() {
        std::string text = "x,y\n";
        for (int i = 0; i < 20'000; ++i) {
            text += std::to_string(i) + ".25," + std::to_string(-i) + "\n";
        }
        const auto plain = write("big.csv", text);
        const Bytes packed = gzip(std::as_bytes(std::span(text.data(), text.size())));
        const std::filesystem::path zipped = m_home.filePath("big.csv.gz").toStdString();
        writeFileAtomically(zipped, packed);
        const std::vector both{plain, zipped};
        const ChainFile f =
            readChains(both, {m_home.filePath("cache").toStdString(), std::size_t{100'000}});
        QVERIFY(f.chains == 2 && f.draws == 20'000);
        for (Index n = 0; n < f.draws; n += 997) {
            QCOMPARE(at(f.values, 0, 0, n), static_cast<double>(n) + 0.25);
            QCOMPARE(at(f.values, 1, 1, n), -static_cast<double>(n));
        }
        QVERIFY(std::filesystem::exists(m_home.filePath("cache").toStdString()));  // it was used
    }
};

QTEST_GUILESS_MAIN(TestChains)
#include "tst_chains.moc"
