// SPDX-License-Identifier: GPL-3.0-or-later
// Chains written for others and read back: CmdStan CSV and NetCDF. This program is also the child
// that reads NetCDF, as latent-explorer is.
#include "core/chains/chain_source.h"
#include "core/chains/netcdf_file.h"
#include "core/io/chain_file.h"
#include "core/io/chain_pipe.h"
#include "tests/unit/diagnostics/support.h"

#include <QFile>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>

#include <unistd.h>

using namespace lx;
using test::throwsNaming;

namespace {

const double kNaN = std::numeric_limits<double>::quiet_NaN();
const double kInf = std::numeric_limits<double>::infinity();

/// Awkward values: thirds, tiny and huge ones, infinities, not-a-number.
double value(Index n, Index m, Index q) {
    const double x = static_cast<double>(n * 7 + m * 31 + q * 101) / 3;
    return n == 11 && q == 1   ? kNaN
           : n == 12 && q == 1 ? kInf
           : n == 13 && q == 1 ? -kInf
           : q == 2            ? x * 1e-200
                               : x;
}

std::shared_ptr<ChainStore> made(DType dtype = DType::F64, Index warmup = 5, Index draws = 30) {
    ChainLayout layout;
    layout.chains = 3;
    layout.names = {"mu", "theta[1,1]", "theta[1,2]", "theta[2,1]", "theta[2,2]", "odd[2]", "lp__"};
    layout.scalars = {"accept_stat__", "divergent__", "treedepth__", "energy__", "stepsize__"};
    layout.dtype = dtype;
    layout.kernel = "nuts";
    layout.maxDepth = 9;
    auto store = std::make_shared<ChainStore>(layout);
    for (Index n = 0; n < warmup + draws; ++n) {
        if (n == warmup && warmup > 0) {
            store->markWarmup();
        }
        std::vector<double> row;
        std::vector<std::vector<double>> scalars(5);
        for (Index m = 0; m < 3; ++m) {
            for (Index q = 0; q < 7; ++q) {
                row.push_back(value(n, m, q));
            }
            scalars[0].push_back(0.25 * static_cast<double>(m));
            scalars[1].push_back(n % 9 == 0);
            scalars[2].push_back(static_cast<double>(n % 10));
            scalars[3].push_back(static_cast<double>(n) + 0.5);
            scalars[4].push_back(0.125);
        }
        const std::vector<std::span<const double>> spans(scalars.begin(), scalars.end());
        store->append<double>(row, spans);
    }
    return store;
}

/// Empty when `file` holds the draws of `view` after warm-up under their names.
QString differs(const ChainFile& file, const ChainView& view) {
    if (file.chains != std::ssize(view.kept()) || file.draws != view.draws()) {
        return QStringLiteral("%1 chains of %2 draws").arg(file.chains).arg(file.draws);
    }
    const auto compare = [&](const std::vector<std::string>& names, const Array& array,
                             const std::string& name, auto copy) -> QString {
        const auto at = std::ranges::find(names, name);
        if (at == names.end()) {
            return QString::fromStdString(name + " is missing");
        }
        for (Index m = 0; m < file.chains; ++m) {
            std::vector<double> expected(static_cast<std::size_t>(file.draws));
            copy(m, expected);
            const auto got = array.values<double>().subspan(
                static_cast<std::size_t>(((at - names.begin()) * file.chains + m) * file.draws),
                expected.size());
            for (std::size_t n = 0; n < expected.size(); ++n) {
                // The text of a float32 is the shortest that gives that float32 again.
                const double x = view.layout().dtype == DType::F32
                                     ? static_cast<double>(static_cast<float>(got[n]))
                                     : got[n];
                const bool same = x == expected[n] || (std::isnan(x) && std::isnan(expected[n]));
                if (!same) {
                    return QStringLiteral("%1, chain %2, draw %3: %4 for %5")
                        .arg(QString::fromStdString(name))
                        .arg(m)
                        .arg(n)
                        .arg(got[n], 0, 'g', 17)
                        .arg(expected[n], 0, 'g', 17);
                }
            }
        }
        return {};
    };
    const ChainLayout& layout = view.layout();
    for (Index q = 0; q < layout.dim(); ++q) {
        const QString wrong = compare(
            file.names, file.values, layout.names[static_cast<std::size_t>(q)],
            [&](Index m, std::span<double> out) { view.copy(q, m, view.warmup(), 1, out); });
        if (!wrong.isEmpty()) {
            return wrong;
        }
    }
    for (std::size_t s = 0; s < layout.scalars.size(); ++s) {
        const QString wrong = compare(
            file.internalNames, file.internals, layout.scalars[s],
            [&](Index m, std::span<double> out) { view.copyScalar(s, m, view.warmup(), 1, out); });
        if (!wrong.isEmpty()) {
            return wrong;
        }
    }
    return {};
}

}  // namespace

class TestChainExport : public QObject {
    Q_OBJECT

    QTemporaryDir m_home;
    std::filesystem::path folder() const { return m_home.path().toStdString(); }
    /// Runs a program of Python; "" when it holds, null when the module is not installed.
    QString python(const QByteArray& program, const QStringList& arguments) const {
        QProcess process;
        process.start(QStringLiteral("/usr/bin/python3"), QStringList{"-c", program} + arguments);
        if (!process.waitForFinished(60'000)) {
            return QStringLiteral("python3 did not end");
        }
        const QString error = QString::fromUtf8(process.readAllStandardError());
        if (error.contains(QLatin1String("ModuleNotFoundError"))) {
            return {};
        }
        return process.exitCode() == 0 ? QStringLiteral("") : error;
    }

private Q_SLOTS:
    void cmdStanRoundTrip() {
        for (const DType dtype : {DType::F32, DType::F64}) {
            for (const Index warmup : {Index{0}, Index{5}}) {
                const ChainView view = made(dtype, warmup)->view();
                for (const bool with : {true, false}) {
                    const auto files =
                        writeCmdStan(folder(), "stan", view, {.seed = 7, .warmup = with});
                    QCOMPARE(files.size(), 3U);
                    const ChainFile read = readChains(files);
                    QCOMPARE(differs(read, view), QString());
                    QVERIFY(read.maxDepth == 9);
                    QCOMPARE(read.notes.size(), with && warmup > 0 ? 3U : 0U);
                }
            }
        }
        QVERIFY(throwsNaming<UsageError>([&] { writeCmdStan(folder(), "x", ChainView(), {}); },
                                         "no draws"));
    }

    // What ArviZ' from_cmdstan and cmdstanr look at, read with nothing of ours.
    void cmdStanForOthers() {
        const auto files = writeCmdStan(folder(), "others", made()->view(), {.seed = 7});
        const QString answer = python(R"(
import sys, numpy
lines = open(sys.argv[1]).read().split('\n')
comments = [l[1:].strip() for l in lines if l.startswith('#')]
config = dict(map(str.strip, l.replace('(Default)', '').split('=', 1)) for l in comments if '=' in l)
assert config['num_samples'] == '30' and config['num_warmup'] == '5', config
assert config['save_warmup'] == '1' and config['thin'] == '1' and config['id'] == '2', config
assert config['stan_version_major'] == '2' and config['seed'] == '7', config
rows = [l for l in lines if l and not l.startswith('#')]
header = rows[0].split(',')
assert header[0] == 'lp__' and 'theta.2.1' in header and 'energy__' in header, header
table = numpy.array([[float(c) for c in r.split(',')] for r in rows[1:]])
assert table.shape == (35, len(header))
assert lines.index('# Adaptation terminated') > 0
assert numpy.isnan(table[11, header.index('theta.1.1')])
assert table[8, header.index('mu')] == (8 * 7 + 31) / 3
)",
                                      {QString::fromStdString(files[1])});
        if (answer.isNull()) {
            QSKIP("numpy is not installed");
        }
        QCOMPARE(answer, QString(""));
    }

    void netCdfRoundTrip() {
        for (const DType dtype : {DType::F32, DType::F64}) {
            const ChainView view = made(dtype)->view();
            const auto path = folder() / "round.nc";
            writeNetCdf(path, view, {.model = "round"});
            QCOMPARE(differs(readNetCdf(path), view), QString());
            QCOMPARE(differs(readChains(std::vector{path}), view), QString());  // by a child
            const ChainFile twice = readChains(std::vector{path, path});
            QCOMPARE(twice.chains, 6);
        }
        const auto files = std::filesystem::directory_iterator(folder());
        QVERIFY(std::ranges::none_of(files, [](const auto& f) {
            return f.path().filename().string().starts_with(".lx-save");
        }));
        QVERIFY(throwsNaming<Error>([&] { writeNetCdf("/nowhere/at/all.nc", made()->view()); },
                                    "/nowhere"));
    }

    void netCdfForOthers() {
        const auto path = folder() / "others.nc";
        writeNetCdf(path, made()->view());
        const QString answer = python(R"(
import sys, netCDF4, numpy
f = netCDF4.Dataset(sys.argv[1])
assert set(f.groups) == {'posterior', 'sample_stats', 'warmup_posterior', 'warmup_sample_stats'}
p = f['posterior']
assert p['theta'].dimensions == ('chain', 'draw', 'theta_dim_0', 'theta_dim_1'), p['theta']
assert p['theta'].shape == (3, 30, 2, 2) and p['mu'].shape == (3, 30)
assert p.getncattr('created_at').endswith('Z') and p.getncattr('inference_library_version')
assert list(p['chain'][:]) == [0, 1, 2] and list(p['draw'][:]) == list(range(30))
assert 'lp__' not in p.variables and 'odd[2]' in p.variables
n, m, q = 20, 2, 3  # theta[2,1]
assert p['theta'][m, n - 5, 1, 0] == (n * 7 + m * 31 + q * 101) / 3
s = f['sample_stats']
assert set(s.variables) == {'chain', 'draw', 'lp', 'acceptance_rate', 'diverging', 'tree_depth',
                            'energy', 'step_size'}, s.variables
assert s['diverging'].dtype == numpy.int8 and s['diverging'].getncattr('dtype') == 'bool'
assert s['diverging'][0, 4] == 1 and s['diverging'][0, 5] == 0
assert f['warmup_posterior']['mu'].shape == (3, 5)
)",
                                      {QString::fromStdString(path)});
        if (answer.isNull()) {
            QSKIP("python3-netcdf4 is not installed");
        }
        QCOMPARE(answer, QString(""));
    }

    // Files of others: draws first, integers, fill values, text, other statistics, no groups.
    void netCdfOfOthers() {
        const auto path = folder() / "theirs.nc", flat = folder() / "flat.nc";
        const QString answer = python(R"(
import sys, netCDF4, numpy
f = netCDF4.Dataset(sys.argv[1], 'w')
p = f.createGroup('posterior')
p.createDimension('chain', 2); p.createDimension('draw', 4); p.createDimension('school', 3)
v = p.createVariable('b', 'f4', ('draw', 'chain', 'school'), fill_value=-999.0, zlib=True)
v[:] = numpy.arange(24).reshape(4, 2, 3); v[3, 1, 2] = -999.0
p.createVariable('k', 'i2', ('chain', 'draw'))[:] = numpy.arange(8).reshape(2, 4)
p.createVariable('school', str, ('school',))[:] = numpy.array(['a', 'b', 'c'], dtype=object)
p.createVariable('word', str, ('chain', 'draw'))
s = f.createGroup('sample_stats')
s.createDimension('chain', 2); s.createDimension('draw', 4); s.createDimension('x', 2)
s.createVariable('diverging', 'i1', ('chain', 'draw'))[:] = [[0, 0, 1, 0], [0, 1, 1, 0]]
s.createVariable('matrix', 'f8', ('chain', 'draw', 'x'))[:] = 1
f.close()
g = netCDF4.Dataset(sys.argv[2], 'w', format='NETCDF3_CLASSIC')
g.createDimension('chain', 1); g.createDimension('draw', 3)
g.createVariable('x', 'f8', ('chain', 'draw'))[:] = [[1.5, 2.5, 3.5]]
g.close()
)",
                                      {QString::fromStdString(path), QString::fromStdString(flat)});
        if (answer.isNull()) {
            QSKIP("python3-netcdf4 is not installed");
        }
        QCOMPARE(answer, QString(""));
        const ChainFile read = readChains(std::vector{path});
        QCOMPARE(read.names, (std::vector<std::string>{"b[1]", "b[2]", "b[3]", "k"}));
        QVERIFY(read.chains == 2 && read.draws == 4);
        const auto at = [&](const Array& a, Index i, Index m, Index n) {
            return a.values<double>()[static_cast<std::size_t>((i * 2 + m) * 4 + n)];
        };
        QCOMPARE(at(read.values, 1, 1, 2), 16.0);  // b[2], row (2, 1)
        QVERIFY(std::isnan(at(read.values, 2, 1, 3)));
        QCOMPARE(at(read.values, 3, 1, 0), 4.0);
        QCOMPARE(read.internalNames, std::vector<std::string>{"divergent__"});
        QCOMPARE(at(read.internals, 0, 1, 1), 1.0);
        QCOMPARE(read.notes.size(), 2U);
        QCOMPARE(readChains(std::vector{flat}).values.values<double>()[2], 3.5);
    }

    void damageIsAnError() {
        const auto path = folder() / "whole.nc", hurt = folder() / "hurt.nc";
        writeNetCdf(path, made()->view());
        const Bytes whole = readFile(path);
        int refused = 0, read = 0;
        for (std::size_t i = 0; i < 60; ++i) {
            Bytes bytes = whole;
            if (i % 3 == 0) {
                bytes.resize(bytes.size() * (i + 1) / 61);
            } else {
                for (std::size_t k = 0; k < 40; ++k) {
                    const auto at = splitmix64(i * 1000 + k);
                    bytes[8 + at % (bytes.size() - 8)] = static_cast<std::byte>(at >> 40);
                }
            }
            writeFileAtomically(hurt, bytes);
            try {
                readChains(std::vector{hurt});
                ++read;
            } catch (const InputError& error) {
                QVERIFY(std::string(error.what()).find("hurt.nc") != std::string::npos);
                ++refused;
            }
        }
        QVERIFY(refused >= 20);
        qInfo("%d damaged files were refused, %d could be read", refused, read);
    }

    void aChildThatDiesIsExplained() {
        const auto path = folder() / "dies.nc", program = folder() / "child";
        writeNetCdf(path, made()->view());
        const auto child = [&](const char* script) {
            QFile file(QString::fromStdString(program));
            QVERIFY(file.open(QIODevice::WriteOnly));
            file.write(QByteArray("#!/bin/sh\n") + script);
            file.close();
            file.setPermissions(QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
        };
        const auto says = [&](const char* part) {
            return throwsNaming<InputError>([&] { readNetCdfInChild(path, {.program = program}); },
                                            part);
        };
        child("kill -SEGV $$");
        QVERIFY(says("died of it (signal 11), so the file is damaged; write the file again"));
        child("kill -XCPU $$");
        QVERIFY(says("used up its 60 s"));
        child("exit 9");
        QVERIFY(says("status 9"));
        child("echo no such thing; exit 3");
        QVERIFY(says("no such thing"));
        child("echo 'latent-explorer chains 2'");
        QVERIFY(says("nonsense at byte 0"));
        child("printf '%s\\n%s\\n' 'latent-explorer chains 1' 99999999999999999999");
        QVERIFY(says("nonsense"));
        QVERIFY(throwsNaming<Error>(
            [&] { readNetCdfInChild(path, {.program = folder() / "none"}); }, "cannot be started"));
        QVERIFY(
            throwsNaming<InputError>([&] { readNetCdfInChild(folder() / "none.nc"); }, "none.nc"));
    }

    void theChildIsLimited() {
        // 2 x 4e6 doubles: more than the memory that is allowed beside the libraries.
        const auto path = folder() / "large.nc";
        ChainLayout layout;
        layout.chains = 2;
        layout.names = {"x"};
        layout.dtype = DType::F64;
        ChainStore store(layout);
        const std::vector<double> block(2 * 100'000, 0.5);
        for (int i = 0; i < 40; ++i) {
            store.append<double>(block, {}, 100'000);
        }
        writeNetCdf(path, store.view());
        QCOMPARE(readNetCdfInChild(path).draws, 4'000'000);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
        QVERIFY(throwsNaming<InputError>(
            [&] { readNetCdfInChild(path, {.memory = std::uint64_t{128} << 20}); }, "large.nc"));
#endif
    }

    void thePipeIsNotTrusted() {
        ChainFile file;
        file.chains = 2;
        file.draws = 3;
        file.names = {"x", "a\nb"};
        file.internalNames = {"energy__"};
        file.maxDepth = 7;
        file.notes = {"a note"};
        file.values =
            Array({2, 2, 3}, std::vector<double>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, kInf});
        file.internals = Array({1, 2, 3}, std::vector<double>{1, 2, 3, 4, 5, 6});
        const Bytes whole = encodeChains(file);
        const ChainFile back = decodeChains(whole, "f");
        QCOMPARE(back.names, file.names);
        QCOMPARE(back.notes, file.notes);
        QVERIFY(back.maxDepth == 7 && encodeChains(back) == whole);
        for (std::size_t size = 0; size < whole.size(); ++size) {
            QVERIFY(throwsNaming<InputError>(
                [&] { decodeChains(std::span(whole).first(size), "f"); }, "nonsense"));
        }
        Bytes longer = whole;
        longer.push_back(std::byte{0});
        QVERIFY(throwsNaming<InputError>([&] { decodeChains(longer, "f"); }, "nonsense"));
    }
};

int main(int argc, char** argv) {
    if (argc > 2 && std::strcmp(argv[1], kNetCdfReader) == 0) {
        return serveNetCdf(argc, argv, STDOUT_FILENO);
    }
    QCoreApplication application(argc, argv);
    TestChainExport test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_chain_export.moc"
