// SPDX-License-Identifier: GPL-3.0-or-later
// The family `chain-files`: chains of anyone under the channels of our own.
#include "core/diagnostics/scalar.h"
#include "core/energies/draws.h"
#include "core/io/npy.h"
#include "core/session/session.h"
#include "tests/chains/family_run.h"

#include <QTemporaryDir>
#include <QtTest>
#include <cmath>
#include <fstream>
#include <thread>

using namespace lx;
using namespace lx::test;

namespace {

/// Chains [draws, chains, 2] that forget slowly.
std::vector<double> walks(Index draws, Index chains) {
    std::vector<double> out;
    std::vector<RowDraws> noise;
    for (Index c = 0; c < chains; ++c) {
        noise.emplace_back(Key{3, 4}, c);
    }
    for (Index n = 0; n < draws; ++n) {
        for (Index c = 0; c < chains; ++c) {
            for (Index d = 0; d < 2; ++d) {
                const auto before = static_cast<std::size_t>(((n - 1) * chains + c) * 2 + d);
                out.push_back((n > 0 ? 0.5 * out[before] : 0) +
                              noise[static_cast<std::size_t>(c)].normal() + (d > 0 ? 3 : 0));
            }
        }
    }
    return out;
}

ParamSet opening(const std::string& path) {
    return {{"file.paths", path}};
}

}  // namespace

class TestChainFiles : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    std::string path(const char* name) const {
        return m_folder.filePath(QString::fromLatin1(name)).toStdString();
    }

private Q_SLOTS:
    void anArrayIsShownLikeOurOwn() {
        const auto values = walks(600, 3);
        writeNpy(path("chains.npy"), Array({600, 3, 2}, values));
        FamilyRun run(chains::filesSpec(), opening(path("chains.npy")));
        QCOMPARE(run.experiment->step(Clock::Sample), Index{600});
        const Arrays a = run.lookAtAll();
        const auto shape = a.at("chains").shape();
        QVERIFY(std::vector<Index>(shape.begin(), shape.end()) == (std::vector<Index>{600, 3, 2}));
        QVERIFY(std::ranges::equal(a.at("chains").values<double>(), values));
        std::vector<double> x;
        for (std::size_t c = 0; c < 3; ++c) {
            for (std::size_t n = 0; n < 600; ++n) {
                x.push_back(values[(n * 3 + c) * 2]);
            }
        }
        diagnostics::ScalarDiagnostics scalar({x, 3, 600});
        const auto table = a.at("diagnostics").values<float>();
        QCOMPARE(table[0], static_cast<float>(scalar.mean()));
        QCOMPARE(table[7], static_cast<float>(scalar.essBulk()));
        QCOMPARE(a.at("trace").dim(1), Index{3});
        QCOMPARE(a.at("chains_trail").dim(0), Index{3});
        QCOMPARE(a.at("chains_now").dim(0), Index{3});
        const std::string facts = textOf(a.at("sampler"));
        QVERIFY2(facts.find("family\tfile\n") != std::string::npos, facts.c_str());
        QVERIFY2(facts.find("phase\tdone") != std::string::npos, facts.c_str());
        QVERIFY(textOf(a.at("verdict")).find('\n') != std::string::npos);
        for (const char* id : {"energy", "true_density", "mechanism", "truth_error", "occupancy"}) {
            QVERIFY2(!a.contains(id), id);
        }
        const auto density = a.at("sample_density").values<float>();
        const auto extent = a.at("sample_density.extent").values<float>();
        double mass = 0;
        for (const float p : density) {
            mass += static_cast<double>(p);
        }
        mass *= static_cast<double>((extent[2] - extent[0]) * (extent[3] - extent[1])) / 25600;
        QVERIFY2(std::abs(mass - 1) < 1e-3, qPrintable(QString::number(mass)));
        QCOMPARE(run.experiment->metrics({1, 1}, {}).at("draws"), 600.0);
    }

    void aGrowingFileIsShownAtRest() {
        const auto values = walks(400, 1);
        std::ofstream file(path("grow.csv"));
        const auto write = [&](Index from, Index to) {
            for (Index n = from; n < to; ++n) {
                const auto at = static_cast<std::size_t>(2 * n);
                file << values[at] << ',' << values[at + 1] << '\n';
            }
            file << std::flush;
        };
        file << "a,b\n";
        write(0, 100);
        const std::vector<ExperimentSpec> specs{chains::filesSpec()};
        Engine engine(specs);
        const auto session = engine.open();
        session->post(cmd::Load{"chain-files", opening(path("grow.csv")), 1});
        session->post(cmd::Observe{{"chains_trail", "diagnostics", "sampler"}});
        const auto shown = [&](Index draws) {
            for (int i = 0; i < 20000; ++i) {
                const auto snapshot = session->latest();
                const auto facts = snapshot->channels.find("sampler");
                if (facts != snapshot->channels.end() &&
                    textOf(facts->second.array).find("draws\t" + std::to_string(draws) + "\n") !=
                        std::string::npos) {
                    return true;
                }
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            }
            return false;
        };
        QVERIFY(shown(100));
        QElapsedTimer clock;
        clock.start();
        write(100, 400);
        QVERIFY(shown(400));
        qInfo("new draws were shown after %lld ms", static_cast<long long>(clock.elapsed()));
        QCOMPARE(session->latest()->step[static_cast<std::size_t>(Clock::Sample)], Index{400});
        QVERIFY(!session->latest()->failure);
        // Playing means waiting; a pause ends it.
        session->post(cmd::Run{Clock::Sample, 0});
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        session->post(cmd::Pause{Clock::Sample});
        QVERIFY(session->waitIdle());
        QVERIFY(!session->latest()->failure);
        QCOMPARE(session->metrics({1, 1}).at("draws"), 400.0);
    }

    void withoutFollowingALookIsEnough() {
        std::ofstream(path("still.csv")) << "a\n1\n2\n3\n4\n5\n6\n7\n8\n";
        FamilyRun run(chains::filesSpec(),
                      {{"file.paths", path("still.csv")}, {"file.follow", false}});
        QVERIFY(textOf(run.look({"sampler"}).at("sampler")).find("phase\tdone") !=
                std::string::npos);
        QCOMPARE(run.look({"chains"}).at("chains").dim(0), Index{8});
    }

    void whatCannotBeReadIsNamed() {
        QVERIFY(refusal([] { FamilyRun run(chains::filesSpec(), {}); }).find("file.paths") !=
                std::string::npos);
        std::ofstream(path("bad.npy")) << "no array at all";
        try {
            FamilyRun run(chains::filesSpec(),
                          {{"file.paths", path("bad.npy")}, {"file.follow", false}});
            QFAIL("it was read");
        } catch (const InputError& error) {
            QVERIFY2(QByteArray(error.what()).contains("bad.npy"), error.what());
        }
    }
};

QTEST_GUILESS_MAIN(TestChainFiles)
#include "tst_chain_files.moc"
