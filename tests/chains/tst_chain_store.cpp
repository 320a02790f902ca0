// SPDX-License-Identifier: GPL-3.0-or-later
// The store of draws: nothing lost, nothing changed under a view, bounded memory.
#include "core/chains/chain_array.h"
#include "core/chains/chain_source.h"
#include "core/io/npy.h"
#include "tests/unit/diagnostics/support.h"

#include <QTemporaryDir>
#include <QTest>

#include <filesystem>
#include <thread>

using namespace lx;
using test::throwsNaming;

namespace {

ChainLayout layout(Index chains, Index dim, std::vector<std::string> scalars = {},
                   DType dtype = DType::F64) {
    ChainLayout out;
    out.chains = chains;
    for (Index d = 0; d < dim; ++d) {
        out.names.push_back("x" + std::to_string(d + 1));
    }
    out.scalars = std::move(scalars);
    out.dtype = dtype;
    return out;
}

/// The value of draw n, chain m, quantity d: exact in float32.
double truth(Index n, Index m, Index d) {
    return static_cast<double>(n % 65536) + 0.25 * static_cast<double>(m % 4) +
           0.0625 * static_cast<double>(d);
}

void fill(ChainStore& store, Index draws, Index from = 0) {
    const Index chains = store.layout().chains, dim = store.layout().dim();
    std::vector<double> row;
    std::vector<std::vector<double>> scalars(store.layout().scalars.size());
    for (Index n = from; n < from + draws; ++n) {
        row.clear();
        for (Index m = 0; m < chains; ++m) {
            for (Index d = 0; d < dim; ++d) {
                row.push_back(truth(n, m, d));
            }
        }
        std::vector<std::span<const double>> spans;
        for (std::size_t s = 0; s < scalars.size(); ++s) {
            scalars[s].assign(static_cast<std::size_t>(chains), s == 0 ? n % 10 == 0 : 0.5);
            spans.emplace_back(scalars[s]);
        }
        store.append<double>(row, spans);
    }
}

/// Empty when all that the view holds is right.
QString wrong(const ChainView& view) {
    std::vector<double> out(static_cast<std::size_t>(view.rows()));
    for (Index slot = 0; slot < std::ssize(view.kept()); ++slot) {
        const Index m = view.kept()[static_cast<std::size_t>(slot)];
        for (Index d = 0; d < view.layout().dim(); ++d) {
            view.copy(d, slot, 0, 1, out);
            for (Index r = 0; r < view.rows(); ++r) {
                if (out[static_cast<std::size_t>(r)] != truth(r * view.stride(), m, d)) {
                    return QStringLiteral("row %1 of chain %2 is %3")
                        .arg(r)
                        .arg(m)
                        .arg(out[static_cast<std::size_t>(r)]);
                }
            }
        }
    }
    return {};
}

}  // namespace

class TestChainStore : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyDrawIsStored() {
        for (const DType dtype : {DType::F32, DType::F64}) {
            ChainStore store(layout(3, 2, {"divergent__", "energy__"}, dtype));
            QVERIFY(store.view().empty());
            fill(store, 5000);
            store.markWarmup();
            fill(store, 20001, 5000);
            const ChainView view = store.view();
            QCOMPARE(view.rows(), 25001);
            QCOMPARE(view.warmup(), 5000);
            QCOMPARE(view.seen(), 25001);
            QCOMPARE(view.stride(), 1);
            QCOMPARE(std::ssize(view.kept()), 3);
            QCOMPARE(view.note(), std::string());
            QCOMPARE(wrong(view), QString());
            QCOMPARE(view.totals()[0].count, 3 * 20001);
            QCOMPARE(view.totals()[0].hits, 3 * 2001);
            QCOMPARE(view.totals()[1].sum, 0.5 * 3 * 20001);
            std::vector<double> flags(11);
            view.copyScalar(0, 2, 5000, 10, flags);
            QCOMPARE(flags, std::vector<double>(11, 1.0));
            const Array last = view.lastRows(2);
            QCOMPARE(last.dim(0), 2);
            QCOMPARE(last.dim(1), 3);
            const double corner = dtype == DType::F32
                                      ? static_cast<double>(last.values<float>().back())
                                      : last.values<double>().back();
            QCOMPARE(corner, truth(25000, 2, 1));
        }
    }

    void aViewNeverChanges() {
        ChainStore store(layout(2, 1));
        fill(store, 10);
        const ChainView before = store.view();
        fill(store, 100000, 10);
        QCOMPARE(before.rows(), 10);
        QCOMPARE(wrong(before), QString());
        QVERIFY(throwsNaming<UsageError>([&] { before.at(10, 0, 0); }, "outside"));
        QVERIFY(throwsNaming<UsageError>([&] { before.at(0, 2, 0); }, "outside"));
        QVERIFY(throwsNaming<UsageError>([&] { before.at(0, 0, 1); }, "outside"));
    }

    void aFullMemoryKeepsSixtyFourChains() {
        constexpr Index chains = 1000;
        ChainStore store(layout(chains, 2, {"divergent__"}), {.bytes = 4 << 20});
        fill(store, 150);
        QCOMPARE(std::ssize(store.view().kept()), chains);
        QCOMPARE(store.view().note(), std::string());
        fill(store, 2000, 150);
        const ChainView view = store.view();
        QCOMPARE(std::ssize(view.kept()), 64);
        QCOMPARE(view.rows(), 2150);
        QVERIFY(view.kept()[63] > 900);  // spread over all, not the first ones
        QCOMPARE(wrong(view), QString());
        QVERIFY(view.note().find("64 of the 1000 chains") != std::string::npos);
        QCOMPARE(view.totals()[0].count, 2150 * chains);
        const auto moments = store.moments(1);
        QVERIFY(moments);
        QCOMPARE(std::ssize(*moments), chains);
        // 0 .. 2149 and 0.25 (m % 4) + 1 / 16.
        QVERIFY(std::abs((*moments)[3].mean - (1074.5 + 0.75 + 0.0625)) < 1e-9);
        QVERIFY(std::abs((*moments)[3].variance / (2150.0 * 2151 / 12) - 1) < 1e-12);
        store.markWarmup();
        QVERIFY(!store.moments(1));
        fill(store, 3, 2150);
        QVERIFY(std::abs((*store.moments(0))[0].mean - 2151) < 1e-9);
        QVERIFY(std::abs((*store.moments(0))[0].variance - 1) < 1e-9);
    }

    void fewChainsAreThinnedEvenly() {
        ChainStore store(layout(3, 1), {.bytes = 100 * 3 * 8});  // 100 rows
        fill(store, 60);
        store.markWarmup();
        fill(store, 1940, 60);
        const ChainView view = store.view();
        QCOMPARE(view.seen(), 2000);
        QCOMPARE(view.stride(), 32);
        QCOMPARE(view.rows(), 63);
        QCOMPARE(view.warmup(), 2);
        QCOMPARE(wrong(view), QString());
        QVERIFY(view.note().find("One in 32 draws") != std::string::npos);
    }

    void hugeEnsemblesBeginWithSixtyFour() {
        ChainStore store(layout(100'000, 2, {}, DType::F32), {.bytes = 64 << 20});
        fill(store, 3);
        QCOMPARE(std::ssize(store.view().kept()), 64);
        QCOMPARE(wrong(store.view()), QString());
        QVERIFY(store.moments(0));
    }

    void wrongSizesAreRefused() {
        ChainStore store(layout(2, 2, {"lp__"}));
        const std::vector<double> row(4), one(2), three(3);
        const std::span<const double> good[] = {one}, bad[] = {three};
        store.append<double>(row, good);
        QVERIFY(throwsNaming<UsageError>([&] { store.append<double>(row, bad); }, "does not fit"));
        QVERIFY(throwsNaming<UsageError>([&] { store.append<double>(row); }, "1 scalars"));
        QVERIFY(throwsNaming<UsageError>([&] { store.append<double>(three, good); }, "2 chains"));
        QVERIFY(throwsNaming<UsageError>([] { ChainStore(layout(0, 1)); }, "at least one chain"));
        QVERIFY(
            throwsNaming<UsageError>([] { ChainStore(layout(1, 1, {}, DType::I64)); }, "int64"));
        QCOMPARE(store.view().rows(), 1);
    }

    void readersAndTheWriterDoNotMeet() {
        EngineChains source(2 << 20);
        source.restart(layout(8, 2));
        std::atomic<bool> stop = false;
        std::atomic<int> looks = 0, errors = 0;
        std::vector<std::thread> readers;
        for (int i = 0; i < 3; ++i) {
            readers.emplace_back([&] {
                Index before = 0;
                std::uint64_t generation = 0;
                while (!stop) {
                    const ChainView view = source.view();
                    errors += generation == view.generation() && view.seen() < before;
                    before = view.seen();
                    generation = view.generation();
                    errors += view.rows() > 0 && !wrong(view).isEmpty();
                    ++looks;
                }
            });
        }
        for (int run = 0; run < 3; ++run) {
            ChainStore& store = source.restart(layout(8, 2));
            fill(store, 2000);
            store.markWarmup();
            fill(store, 40000, 2000);
        }
        while (looks < 10) {
            std::this_thread::yield();
        }
        stop = true;
        for (auto& reader : readers) {
            reader.join();
        }
        QCOMPARE(errors.load(), 0);
        QCOMPARE(source.view().generation(), 4U);
    }

    void theArrayOnDiskIsWholeOrAbsent() {
        QTemporaryDir folder;
        const std::filesystem::path path = folder.filePath("chains.npy").toStdString();
        {
            ChainArrayWriter writer(path, 3, 2, DType::F32);
            writer.append(std::vector<double>(12, 1.5));
            QVERIFY(!std::filesystem::exists(path));
        }
        QVERIFY(std::filesystem::is_empty(folder.path().toStdString()));  // given up
        for (const DType dtype : {DType::F32, DType::F64}) {
            ChainArrayWriter writer(path, 3, 2, dtype);
            std::vector<double> expected;
            for (Index n = 0; n < 30000; ++n) {
                std::vector<float> row;
                for (Index i = 0; i < 6; ++i) {
                    row.push_back(static_cast<float>(truth(n, i / 2, i % 2)));
                }
                expected.insert(expected.end(), row.begin(), row.end());
                n % 3 == 0 ? writer.append(std::vector<double>(row.begin(), row.end()))
                           : writer.append(row);
            }
            QVERIFY(throwsNaming<UsageError>([&] { writer.append(std::vector<float>(5)); },
                                             "not a number of draws"));
            writer.commit();
            const Array array = readNpy(path);
            QCOMPARE(array.dtype(), dtype);
            QCOMPARE(std::vector<Index>(array.shape().begin(), array.shape().end()),
                     (std::vector<Index>{30000, 3, 2}));
            const auto values = dtype == DType::F64
                                    ? std::vector<double>(array.values<double>().begin(),
                                                          array.values<double>().end())
                                    : std::vector<double>(array.values<float>().begin(),
                                                          array.values<float>().end());
            QCOMPARE(values, expected);
        }
    }
};

QTEST_GUILESS_MAIN(TestChainStore)
#include "tst_chain_store.moc"
