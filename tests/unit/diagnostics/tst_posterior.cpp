// SPDX-License-Identifier: GPL-3.0-or-later
// Equal to the R package posterior 1.6.1 on draws and numbers that tests/support/posterior wrote.
#include "core/diagnostics/pareto.h"
#include "core/diagnostics/scalar.h"
#include "core/diagnostics/special_functions.h"

#include <QFile>
#include <QTest>

#include <limits>
#include <map>

using namespace lx;
using namespace lx::diagnostics;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

using Numbers = std::map<QString, double>;
using Compute = std::function<Numbers(Draws)>;

struct Case {
    QString name;
    std::vector<double> values;
    Index chains = 0, draws = 0;
    Numbers expected;
};

std::vector<Case> readCases() {
    QFile table(LX_SOURCE_DIR "/tests/unit/diagnostics/golden/posterior.csv");
    QFile raw(LX_SOURCE_DIR "/tests/unit/diagnostics/golden/draws.f64");
    if (!table.open(QIODevice::ReadOnly) || !raw.open(QIODevice::ReadOnly)) {
        return {};
    }
    const QByteArray bytes = raw.readAll();
    const auto lines = QString::fromUtf8(table.readAll()).trimmed().split('\n');
    if (!lines[0].startsWith("# posterior 1.6.1,")) {
        return {};
    }
    const QStringList columns = lines[1].split(',');
    std::vector<Case> cases;
    for (const QString& line : lines.mid(2)) {
        const qsizetype quote = line.indexOf('"', 1);
        const QStringList cells = line.mid(quote + 2).split(',');
        Case one{line.mid(1, quote - 1), {}, cells[1].toLongLong(), cells[2].toLongLong(), {}};
        one.values.resize(static_cast<std::size_t>(one.chains * one.draws));
        const qsizetype size = 8 * one.chains * one.draws, begin = 8 * cells[0].toLongLong();
        if (begin + size > bytes.size()) {
            return {};
        }
        std::memcpy(one.values.data(), bytes.constData() + begin, static_cast<std::size_t>(size));
        for (qsizetype i = 3; i < cells.size(); ++i) {
            one.expected[columns[i + 1]] =
                cells[i] == "NA" ? kNaN
                : cells[i].endsWith("Inf")
                    ? std::numeric_limits<double>::infinity() * (cells[i].startsWith('-') ? -1 : 1)
                    : cells[i].toDouble();
        }
        cases.push_back(std::move(one));
    }
    return cases;
}

Numbers ours(Draws draws) {
    ScalarDiagnostics s(draws);
    const bool pairs = draws.chains % 2 == 0 && draws.chains > 2;
    return {{"mean", s.mean()},
            {"median", s.median()},
            {"sd", s.sd()},
            {"mad", s.mad()},
            {"q5", s.quantile(0.05)},
            {"q95", s.quantile(0.95)},
            {"rhat", s.rhat().value()},
            {"rhat_basic", s.rhatBasic()},
            {"rhat_unsplit", s.rhatBasic(false)},
            {"rhat_nested", pairs ? rhatNested(draws, draws.chains / 2) : kNaN},
            {"rhat_nested_single", draws.chains > 1 ? rhatNested(draws, draws.chains) : kNaN},
            {"ess_basic", s.essBasic()},
            {"ess_bulk", s.essBulk()},
            {"ess_tail", s.essTail()},
            {"ess_mean", s.essMean()},
            {"ess_median", s.essMedian()},
            {"ess_sd", s.essSd()},
            {"ess_q10", s.essQuantile(0.1)},
            {"ess_q75", s.essQuantile(0.75)},
            {"ess_q100", s.essQuantile(1)},
            {"mcse_mean", s.mcseMean()},
            {"mcse_sd", s.mcseSd()},
            {"mcse_median", s.mcseMedian()},
            {"mcse_q5", s.mcseQuantile(0.05)},
            {"mcse_q95", s.mcseQuantile(0.95)},
            {"khat", paretoShape(draws, Tail::Both).shape}};
}

/// Equal to 1e-6, or absent on both sides.
bool agree(double a, double b) {
    if (std::isnan(a) || std::isnan(b)) {
        return std::isnan(a) && std::isnan(b);
    }
    return a == b || std::abs(a - b) <= 1e-6 * std::max(std::abs(a), std::abs(b));
}

/// What posterior makes of an input that we refuse to judge, for the reasons in scalar.h.
bool exempt(const Case& c, const QString& name, double expected) {
    const bool dropped =
        (c.draws == 2 || c.draws == 3) && c.chains > 1 &&
        (name.startsWith("rhat") || name.startsWith("ess") || name.startsWith("mcse"));
    const bool stuck = c.name == "every chain stuck elsewhere" && name == "rhat" && expected > 1e12;
    return (dropped && !name.contains("unsplit") && !name.contains("nested")) || stuck ||
           (name == "khat" && std::isinf(expected));
}

QStringList disagreements(const std::vector<Case>& cases, const Compute& compute) {
    QStringList out;
    for (const Case& c : cases) {
        const auto found = compute({c.values, c.chains, c.draws});
        for (const auto& [name, expected] : c.expected) {
            const double value = found.at(name);
            if (exempt(c, name, expected) ? !(std::isnan(value) || std::isinf(value))
                                          : !agree(value, expected)) {
                out << QString("%1: %2 is %3, posterior says %4")
                           .arg(c.name, name)
                           .arg(value, 0, 'g', 15)
                           .arg(expected, 0, 'g', 15);
            }
        }
    }
    return out;
}

}  // namespace

Q_DECLARE_METATYPE(Compute)

class TestPosterior : public QObject {
    Q_OBJECT

    std::vector<Case> m_cases = readCases();

private Q_SLOTS:
    void equalsPosterior() {
        QVERIFY(m_cases.size() >= 60);
        const QStringList bad = disagreements(m_cases, ours);
        QVERIFY2(bad.isEmpty(), qPrintable(QString::number(bad.size()) + "\n" + bad.join('\n')));
        qsizetype numbers = 0;
        for (const Case& c : m_cases) {
            numbers += static_cast<qsizetype>(c.expected.size());
            QCOMPARE(c.expected.size(), std::size_t{26});
        }
        qInfo("%zu cases, %lld numbers", m_cases.size(), static_cast<long long>(numbers));
    }

    // Each planted mistake is a real one of other implementations, and must be noticed.
    void mistakesAreNoticed_data() {
        QTest::addColumn<Compute>("twin");
        QTest::addColumn<QString>("notices");
        const auto changed = [](const QString& name,
                                std::function<double(Draws)> wrong) -> Compute {
            return [name, wrong](Draws d) {
                auto all = ours(d);
                all[name] = wrong(d);
                return all;
            };
        };
        QTest::newRow("fold after splitting") << changed("rhat", [](Draws d) {
            std::vector<double> halves, folded, scores;
            const Draws h = split(d, halves);
            std::vector<double> sorted = halves;
            std::ranges::sort(sorted);
            const Draws f = fold(h, quantileOfSorted(sorted, 0.5), folded);
            Rhat r = ScalarDiagnostics(d).rhat();
            r.folded = rhatOfChains(rankNormalise(f, scores));
            return d.draws < 4 ? kNaN : r.value();
        }) << "rhat";
        QTest::newRow("sd by the size of the mean") << changed("mcse_sd", [](Draws d) {
            ScalarDiagnostics s(d);
            return s.mcseSd() * std::sqrt(s.essSd() / s.essMean());
        }) << "mcse_sd";
        QTest::newRow("size of |x - mean|") << changed("ess_sd", [](Draws d) {
            std::vector<double> folded;
            const Draws f = fold(d, ScalarDiagnostics(d).mean(), folded);
            return ScalarDiagnostics(f).essMean();
        }) << "ess_sd";
        QTest::newRow("no folding")
            << changed("rhat", [](Draws d) { return ScalarDiagnostics(d).rhat().bulk; }) << "rhat";
        QTest::newRow("no splitting")
            << changed("rhat_basic", [](Draws d) { return ScalarDiagnostics(d).rhatBasic(false); })
            << "rhat_basic";
        QTest::newRow("ties by order") << changed("ess_bulk", [](Draws d) {
            std::vector<double> halves, untied;
            const Draws h = split(d, halves);
            untied = halves;
            for (std::size_t i = 0; i < untied.size(); ++i) {
                untied[i] += 1e-9 * static_cast<double>(i % 7);
            }
            std::vector<double> scores;
            return ScalarDiagnostics(rankNormalise({untied, h.chains, h.draws}, scores))
                .essBasic(false);
        }) << "ess_bulk";
        QTest::newRow("a constant has size S") << changed("ess_mean", [](Draws d) {
            const double ess = ScalarDiagnostics(d).essMean();
            return std::isnan(ess) ? static_cast<double>(d.size()) : ess;
        }) << "ess_mean";
        QTest::newRow("tail from 10 % to 90 %") << changed("ess_tail", [](Draws d) {
            ScalarDiagnostics s(d);
            return std::min(s.essQuantile(0.1), s.essQuantile(0.9));
        }) << "ess_tail";
    }
    void mistakesAreNoticed() {
        QFETCH(Compute, twin);
        QFETCH(QString, notices);
        const QStringList bad = disagreements(m_cases, twin);
        QVERIFY(!bad.isEmpty());
        for (const QString& sentence : bad) {
            QVERIFY2(sentence.contains(": " + notices + " is "), qPrintable(sentence));
        }
    }
};

QTEST_GUILESS_MAIN(TestPosterior)
#include "tst_posterior.moc"
