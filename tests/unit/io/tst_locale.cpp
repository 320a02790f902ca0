// SPDX-License-Identifier: GPL-3.0-or-later
// Files do not depend on the locale: the same bytes go out and the same values come in.
#include "core/io/csv.h"
#include "core/io/digest.h"
#include "core/io/idx.h"
#include "core/io/npy.h"
#include "core/io/npz.h"
#include "io_support.h"

#include <QtTest>
#include <clocale>
#include <cstdio>
#include <cstdlib>

using namespace lx;
using namespace lx::test;

namespace {

const std::vector<double> kValues{1234567.5, -0.1, 1e-300, 3.0e20, 0.30000000000000004, -1e6};

Array values() {
    return Array({3, 2}, kValues);
}

}  // namespace

class TestLocale : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theAskedLocaleIsInForce() {
        const char* wanted = std::getenv("LX_EXPECT_LOCALE");
        if (wanted == nullptr) {
            QSKIP("run without LX_EXPECT_LOCALE");
        }
        QCOMPARE(std::string(std::setlocale(LC_ALL, nullptr)).find(wanted) == std::string::npos,
                 false);
        const bool comma =
            std::string(wanted).starts_with("de") || std::string(wanted).starts_with("tr");
        QCOMPARE(std::string(std::localeconv()->decimal_point), std::string(comma ? "," : "."));
        // Broken twin: printf does depend on it, so the checks below mean something.
        std::array<char, 32> text;
        std::snprintf(text.data(), text.size(), "%.1f", 1.5);
        QCOMPARE(std::string(text.data()), std::string(comma ? "1,5" : "1.5"));
    }

    void bytesAreTheSameEverywhere() {
        const Project project{{{"x", values()}}, {{"I", "ISTANBUL ıi"}, {"step", "1000000"}}};
        Bytes all = encodeProject(project);
        for (const Bytes& more :
             {encodeCsv({"x", "y"}, values()), encodeNpy(values()), encodeIdx(values())}) {
            all.insert(all.end(), more.begin(), more.end());
        }
        // Recorded once under C.UTF-8.
        QCOMPARE(QString::fromStdString(sha256Hex(all)),
                 QString("fe5b01b119513907e8fe5581f74b519faa26591aa5cfee352f1d92e15eae4053"));
        QCOMPARE(
            encodeCsv({"x", "y"}, values()),
            bytesOf("\"x\",\"y\"\n1234567.5,-0.1\n1e-300,3e+20\n0.30000000000000004,-1e+06\n"));
    }

    void npzIsThatOfThePlainLocale() {
        // Its bytes may change with libzip's version, so they are compared, not recorded.
        const Bytes here = encodeNpz({{"I", values()}});
        const std::string locale = std::setlocale(LC_ALL, nullptr);
        std::setlocale(LC_ALL, "C");
        const Bytes plain = encodeNpz({{"I", values()}});
        std::setlocale(LC_ALL, locale.c_str());
        QCOMPARE(here, plain);
    }

    void valuesAreTheSameEverywhere() {
        QVERIFY(same(readTable(encodeCsv({"x", "y"}, values()), "t").values, values()));
        TableOptions options;
        options.labelColumn = "TITLE";
        // Turkish lower-cases I to a dotless i; names of columns must not be touched by that.
        const Table table = readTable(bytesOf("TITLE;x\nIi;1,5\nıİ;2,25\n"), "t", options);
        QCOMPARE(table.classNames, (std::vector<std::string>{"Ii", "ıİ"}));
        QCOMPARE(table.values.values<double>()[1], 2.25);
        QCOMPARE(previewTable(bytesOf("x,SPECIES\n1,a\n2,b\n3,a\n4,b\n"), "t").suggestedLabel,
                 std::string("SPECIES"));
    }

    void messagesUsePlainNumbers() {
        const std::string message =
            refusal([] { readIdx(bytesOf({0, 0, 8, 1, 0, 18, 214, 135}), "t"); });
        QVERIFY2(message.find("1234567") != std::string::npos, message.c_str());
    }
};

QTEST_GUILESS_MAIN(TestLocale)
#include "tst_locale.moc"
