// SPDX-License-Identifier: GPL-3.0-or-later
// latent-explorer diagnose, as a person or a script calls it.
#include "core/chains/netcdf_file.h"
#include "core/io/npy.h"
#include "tests/cli/program.h"

#include <QJsonArray>
#include <QJsonObject>
#include <QTemporaryDir>
#include <QTest>

#include <cmath>
#include <cstring>

using namespace lx;
using namespace lx::test;

class TestDiagnose : public QObject {
    Q_OBJECT

    QTemporaryDir m_home;
    QString path(const QString& name) const { return m_home.filePath(name); }
    QString write(const QString& name, const QByteArray& text) const {
        QFile file(path(name));
        return file.open(QIODevice::WriteOnly) && file.write(text) == text.size() ? path(name)
                                                                                  : QString();
    }
    Outcome run(const QStringList& arguments) const { return runProgram(m_home.path(), arguments); }

    struct Golden {
        std::vector<double> values;  // [chains, draws]
        Index chains = 0, draws = 0;
        QMap<QString, double> expected;
    };
    /// A case of tests/unit/diagnostics/golden.
    static Golden golden(const QByteArray& name) {
        const QString folder = LX_SOURCE_DIR "/tests/unit/diagnostics/golden/";
        const auto lines = contentOf(folder + "posterior.csv").split('\n');
        const QByteArray draws = contentOf(folder + "draws.f64");
        const auto columns = lines.value(1).split(',');
        for (const QByteArray& line : lines) {
            if (line.startsWith('"' + name + "\",")) {
                const auto cells = line.mid(name.size() + 3).split(',');
                Golden out{{}, cells[1].toLongLong(), cells[2].toLongLong(), {}};
                out.values.resize(static_cast<std::size_t>(out.chains * out.draws));
                std::memcpy(out.values.data(), draws.constData() + 8 * cells[0].toLongLong(),
                            8 * out.values.size());
                for (qsizetype i = 3; i < cells.size(); ++i) {
                    out.expected[QString::fromUtf8(columns[i + 1])] = cells[i].toDouble();
                }
                return out;
            }
        }
        return {};
    }
    static QByteArray stanFile(const Golden& g, Index chain, int divergent, double energyStep) {
        QByteArray text =
            "# stan_version_major = 2\n# max_depth = 9\n"
            "lp__,accept_stat__,treedepth__,divergent__,energy__,mu,tau.1\n"
            "# Adaptation terminated\n# Step size = 0.5\n";
        for (Index n = 0; n < g.draws; ++n) {
            const double x = g.values[static_cast<std::size_t>(chain * g.draws + n)];
            const double energy = n % 2 == 0 ? x : -x;
            text += QByteArray::number(-x * x, 'g', 17) + ",0.9," + (n == 5 ? "9," : "3,") +
                    (n < divergent ? "1," : "0,") +
                    QByteArray::number(energyStep * energy + static_cast<double>(n), 'g', 17) +
                    ',' + QByteArray::number(x, 'g', 17) + ",3.5\n";
        }
        return text + "# \n#  Elapsed Time: 1 seconds\n";
    }
    static QJsonObject variable(const QJsonObject& report, const QString& name) {
        for (const auto& entry : report["variables"].toArray()) {
            if (entry.toObject()["name"].toString() == name) {
                return entry.toObject();
            }
        }
        return {};
    }
    static QByteArray verdictOf(const QJsonObject& report) {
        return QJsonDocument(report["verdict"].toArray()).toJson();
    }

private Q_SLOTS:
    void initTestCase() { QVERIFY2(QFileInfo::exists(kProgram), qPrintable(kProgram)); }

    void chainsOfNumpy() {
        const Golden g = golden("shifted chain");
        QVERIFY(g.chains == 4 && g.draws == 200);
        std::vector<double> cube;  // [draws, chains, 1]
        for (Index n = 0; n < g.draws; ++n) {
            for (Index m = 0; m < g.chains; ++m) {
                cube.push_back(g.values[static_cast<std::size_t>(m * g.draws + n)]);
            }
        }
        writeNpy(path("x.npy").toStdString(), Array({g.draws, g.chains, 1}, cube));
        const Outcome outcome = run({"diagnose", path("x.npy"), "--json"});
        QVERIFY2(outcome.status == 0 && outcome.err.isEmpty(), outcome.err);
        const QJsonObject report = outcome.json().object();
        QVERIFY(report["chains"].toInt() == 4 && report["draws"].toInt() == 200);
        QCOMPARE(report["variables"].toArray().size(), 1);
        const QJsonObject row = variable(report, "x");
        QCOMPARE(row.size(), 12);
        for (const char* name : {"mean", "median", "sd", "mad", "q5", "q95", "rhat", "ess_bulk",
                                 "ess_tail", "mcse_mean", "mcse_sd"}) {
            const double truth = g.expected[name];
            QVERIFY2(
                std::abs(row[QLatin1String(name)].toDouble() - truth) <= 1e-6 * std::abs(truth),
                name);
        }
        const QJsonObject sampler = report["sampler"].toObject();
        QVERIFY(sampler["divergences"].isNull() && sampler["max_treedepth_hits"].isNull());
        QVERIFY(sampler["ebfmi"].toArray().isEmpty());
        QVERIFY2(verdictOf(report).contains("Not converged: R-hat of x is 1.33"),
                 verdictOf(report));
    }

    // The program reads NetCDF in a child of its own kind.
    void chainsOfArviZ() {
        const Golden g = golden("normal");
        ChainLayout layout;
        layout.chains = g.chains;
        layout.names = {"theta[1]", "theta[2]"};
        layout.scalars = {"divergent__"};
        layout.dtype = DType::F64;
        ChainStore store(layout);
        for (Index n = 0; n < g.draws; ++n) {
            std::vector<double> row, divergent;
            for (Index m = 0; m < g.chains; ++m) {
                const double x = g.values[static_cast<std::size_t>(m * g.draws + n)];
                row.insert(row.end(), {x, -x});
                divergent.push_back(n == 7);
            }
            const std::span<const double> scalars[] = {divergent};
            store.append<double>(row, scalars);
        }
        writeNetCdf(path("posterior.nc").toStdString(), store.view());
        const Outcome outcome = run({"diagnose", path("posterior.nc"), "--json"});
        QVERIFY2(outcome.status == 0, outcome.err);
        const QJsonObject report = outcome.json().object();
        QCOMPARE(variable(report, "theta[1]")["ess_bulk"].toDouble(), g.expected["ess_bulk"]);
        QCOMPARE(variable(report, "theta[2]")["rhat"].toDouble(), g.expected["rhat"]);
        QCOMPARE(report["sampler"].toObject()["divergences"].toInt(), static_cast<int>(g.chains));

        QByteArray damaged = contentOf(path("posterior.nc"));
        damaged.truncate(damaged.size() / 2);
        const Outcome refused = run({"diagnose", write("half.nc", damaged)});
        QCOMPARE(refused.status, 3);
        QVERIFY2(refused.err.contains("half.nc"), refused.err);
        QVERIFY(refused.err.count('\n') == 1 && refused.out.isEmpty());
    }

    void chainsOfStan() {
        const Golden g = golden("normal");
        QStringList files;
        for (Index m = 0; m < g.chains; ++m) {
            files << write(QString("chain-%1.csv").arg(m + 1),
                           stanFile(g, m, m == 2 ? 3 : 0, 0.01));
        }
        const Outcome outcome = run(QStringList{"diagnose", "--json"} + files);
        QVERIFY2(outcome.status == 0, outcome.err);
        const QJsonObject report = outcome.json().object();
        QCOMPARE(variable(report, "mu")["ess_bulk"].toDouble(), g.expected["ess_bulk"]);
        // A constant: null everywhere, explained, and no reason to call it unconverged.
        const QJsonObject constant = variable(report, "tau[1]");
        QVERIFY(constant["rhat"].isNull() && constant["ess_tail"].isNull());
        QCOMPARE(constant["sd"].toDouble(), 0.0);
        const QJsonObject sampler = report["sampler"].toObject();
        QVERIFY(sampler["divergences"].toInt() == 3 && sampler["max_treedepth_hits"].toInt() == 4);
        QCOMPARE(sampler["ebfmi"].toArray().size(), 4);
        QVERIFY(sampler["ebfmi"].toArray()[0].toDouble() < 0.3);
        const QByteArray verdict = verdictOf(report);
        for (const char* part :
             {"3 of 1000 transitions", "chain 3", "tree depth", "E-BFMI", "tau[1] is constant"}) {
            QVERIFY2(verdict.contains(part), verdict);
        }
        QVERIFY2(!verdict.contains("Not converged"), verdict);
        const Outcome table = run(QStringList{"diagnose"} + files);
        QVERIFY(table.status == 0 && table.out.contains("ess_bulk") && table.out.contains("\nmu "));
        QVERIFY2(table.out.contains("4 chains of 250 draws"), table.out);
    }

    void halfWrittenFile() {
        const Golden g = golden("normal");
        QByteArray text = stanFile(g, 0, 0, 1);
        text.truncate(text.lastIndexOf(",3.5\n") + 2);
        const Outcome outcome = run({"diagnose", write("half.csv", text), "--json"});
        QVERIFY2(outcome.status == 0 && outcome.err.contains("incomplete"), outcome.err);
        const QJsonObject report = outcome.json().object();
        QCOMPARE(report["draws"].toInt(), 249);
        QVERIFY(!report["notes"].toArray().isEmpty());
        QVERIFY(verdictOf(report).contains("one chain"));
    }

    void tableWithChains() {
        const Golden g = golden("scaled chain");
        QByteArray text = "chain,draw,x,bad\n";
        for (Index n = 0; n < g.draws; ++n) {
            for (Index m = 0; m < g.chains; ++m) {
                text += QByteArray::number(m + 1) + ',' + QByteArray::number(n) + ',' +
                        QByteArray::number(g.values[static_cast<std::size_t>(m * g.draws + n)], 'g',
                                           17) +
                        (n == 3 ? ",nan\n" : ",1\n");
            }
        }
        const QJsonObject report =
            run({"diagnose", write("t.csv", text), "--json"}).json().object();
        QCOMPARE(report["variables"].toArray().size(), 2);
        QVERIFY(variable(report, "bad")["mean"].isNull());
        const double rhat = variable(report, "x")["rhat"].toDouble();
        QVERIFY(std::abs(rhat - g.expected["rhat"]) < 1e-6);
        const QByteArray verdict = verdictOf(report);
        QVERIFY2(verdict.contains("not on its spread") && verdict.contains("not numbers"), verdict);
    }

    void errorsHaveStatusAndPlace() {
        const QString bad = write("bad.csv", "x,y\n1,2\n3,z\n5,6\n");
        const Outcome damaged = run({"diagnose", bad, "--json"});
        QCOMPARE(damaged.status, 3);
        QVERIFY2(damaged.err.contains(bad.toUtf8()) && damaged.err.contains("line 3, column 'y'"),
                 damaged.err);
        QVERIFY(damaged.out.isEmpty());
        QCOMPARE(run({"diagnose", path("none.csv")}).status, 3);
        QCOMPARE(run({"diagnose"}).status, 2);
        QCOMPARE(run({"diagnose", bad, "--jsn"}).status, 2);
        QVERIFY(run({"diagnose", "--help"}).out.contains("CmdStan"));
    }
};

QTEST_GUILESS_MAIN(TestDiagnose)
#include "tst_diagnose.moc"
