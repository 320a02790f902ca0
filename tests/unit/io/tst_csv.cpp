// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/csv.h"
#include "io_support.h"

#include <QtTest>
#include <cmath>

using namespace lx;
using namespace lx::test;

namespace {

CsvPreview preview(std::string_view text) {
    return previewTable(bytesOf(text), "t.csv");
}
Table table(std::string_view text, const TableOptions& options = {}) {
    return readTable(bytesOf(text), "t.csv", options);
}
std::string why(std::string_view text, const TableOptions& options = {}) {
    return refusal([&] { table(text, options); });
}
bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}
std::vector<double> numbersOf(const Table& t) {
    const auto values = t.values.values<double>();
    return {values.begin(), values.end()};
}

}  // namespace

class TestCsv : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void detection_data() {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<char>("delimiter");
        QTest::addColumn<char>("decimal");
        QTest::addColumn<bool>("header");
        QTest::addColumn<int>("columns");
        QTest::newRow("comma") << QByteArray("a,b\n1,2\n3,4\n") << ',' << '.' << true << 2;
        QTest::newRow("tab") << QByteArray("a\tb\n1.5\t2\n") << '\t' << '.' << true << 2;
        QTest::newRow("semicolon, decimal comma")
            << QByteArray("x;y\n1,5;2,5\n3,5;-4,25e1\n") << ';' << ',' << true << 2;
        QTest::newRow("semicolon, decimal point")
            << QByteArray("1.5;2.5\n3.5;4.5\n") << ';' << '.' << false << 2;
        QTest::newRow("bar") << QByteArray("a|b|c\n1|2|3\n") << '|' << '.' << true << 3;
        QTest::newRow("one column") << QByteArray("1\n2\n3\n") << ',' << '.' << false << 1;
        QTest::newRow("no header") << QByteArray("1,2\n3,4\n") << ',' << '.' << false << 2;
        QTest::newRow("numbers as names are data")
            << QByteArray("name,2001,2002\nx,1,2\ny,3,4\n") << ',' << '.' << false << 3;
        QTest::newRow("byte order mark, CRLF") << QByteArray(
                                                      "\xEF\xBB\xBF"
                                                      "a,b\r\n1,2\r\n")
                                               << ',' << '.' << true << 2;
        QTest::newRow("delimiter within quotes")
            << QByteArray("a;b\n\"x,y,z\";1\n\"p,q,r\";2\n") << ';' << '.' << true << 2;
    }

    void detection() {
        QFETCH(QByteArray, text);
        QFETCH(char, delimiter);
        QFETCH(char, decimal);
        QFETCH(bool, header);
        QFETCH(int, columns);
        const CsvPreview found = preview(text.toStdString());
        QCOMPARE(found.delimiter, delimiter);
        QCOMPARE(found.decimal, decimal);
        QCOMPARE(found.header, header);
        QCOMPARE(static_cast<int>(found.columns.size()), columns);
    }

    void previewCountsAndSuggests() {
        const CsvPreview found =
            preview("size,weight,species\n1,2,cat\n3,NA,cat\n,4,dog\n5,6,dog\n\n7,8,dog\n");
        QCOMPARE(found.rows, Index{5});
        QCOMPARE(found.columns[0].missing, Index{1});
        QCOMPARE(found.columns[1].missing, Index{1});
        QCOMPARE(found.columns[2].distinct, Index{2});
        QVERIFY(found.columns[0].type == ColumnType::Number);
        QVERIFY(found.columns[2].type == ColumnType::Text);
        QCOMPARE(found.suggestedLabel, std::string("species"));
        QCOMPARE(found.firstRows[1][1], std::string("NA"));
    }

    void valuesLabelsAndClasses() {
        TableOptions options;
        options.labelColumn = "kind";
        const Table t = table("kind,x,y\nb,1,0.5\na,-2,1e-3\nb,3,+4\n", options);
        QCOMPARE(numbersOf(t), (std::vector<double>{1, 0.5, -2, 1e-3, 3, 4}));
        QVERIFY(same(t.labels, Array({3}, std::vector<Index>{1, 0, 1})));
        QCOMPARE(t.classNames, (std::vector<std::string>{"a", "b"}));
        QCOMPARE(t.columnNames, (std::vector<std::string>{"x", "y"}));
        options.labelColumn = "x";
        options.columns = {"y"};
        const Table numeric = table("x,y\n10,1\n9,2\n10,3\n", options);
        QCOMPARE(numeric.classNames, (std::vector<std::string>{"9", "10"}));
    }

    void decimalCommaGivesTheSameNumbers() {
        QCOMPARE(numbersOf(table("x;y\n1,5;-2,25\n0,1;1e-2\n")),
                 numbersOf(table("x,y\n1.5,-2.25\n0.1,1e-2\n")));
        QCOMPARE(numbersOf(table("1.5\n2.5\n")), (std::vector<double>{1.5, 2.5}));
    }

    void missingValues() {
        const char* text = "x,y\n1,2\n?,4\n5,\n7,8\n";
        TableOptions options;
        QCOMPARE(numbersOf(table(text, options)), (std::vector<double>{1, 2, 7, 8}));
        QCOMPARE(table(text, options).dropped, Index{2});
        options.missing = MissingPolicy::Mean;
        const auto means = numbersOf(table(text, options));
        QVERIFY(std::abs(means[2] - 13.0 / 3) < 1e-12);
        QVERIFY(std::abs(means[5] - 14.0 / 3) < 1e-12);
        options.missing = MissingPolicy::Error;
        QVERIFY(contains(why(text, options), "line 3, column 'x'"));
        options.missing = MissingPolicy::Drop;
        QVERIFY(contains(why("x,y\n1,\n,2\n", options), "no row is complete"));
        options.missing = MissingPolicy::Mean;
        options.columns = {"x", "y"};
        QVERIFY(contains(why("x,y\n1,\n2,NA\n", options), "column 'y'"));
    }

    void quotes() {
        TableOptions options;
        options.labelColumn = "n";
        const Table t = table("n,x\n\"a \"\"q\"\"\",1\n\"two\nlines\",2\n\"c,d\",\"3\"\n", options);
        QCOMPARE(t.classNames, (std::vector<std::string>{"a \"q\"", "c,d", "two\nlines"}));
        QCOMPARE(numbersOf(t), (std::vector<double>{1, 2, 3}));
        QVERIFY(contains(why("a,b\n1,\"2\n3,4\n"), "line 2, column 2"));
        QVERIFY(contains(why("a,b\n\"1\"x,2\n"), "follows a closing quote"));
    }

    void refusals() {
        QVERIFY(contains(why(""), "empty"));
        QVERIFY(contains(why("\n\r\n"), "empty"));
        QVERIFY(contains(why("a,b\n1,2\n3\n"), "line 3"));
        QVERIFY(contains(why("a,b\n1,2\n3,4,5\n"), "3 cells where the first row has 2"));
        QVERIFY(contains(why("a,b\nx,y\nu,v\n"), "no column holds only numbers"));
        QVERIFY(contains(why("a\n1\n\xFF\n"), "line 3"));
        QVERIFY(contains(why(std::string_view("a\n1\0\n", 5)), "zero byte"));
        QVERIFY(contains(why("\xFF\xFE"
                             "a"),
                         "UTF-16"));
        TableOptions options;
        options.columns = {"widht"};
        QVERIFY(contains(why("width,b\n1,2\n", options), "'width'"));
        options.columns = {"a"};
        QVERIFY(contains(why("a,a\n1,2\n", options), "two columns"));
        QVERIFY(contains(why("a,b\n1,2\nx,4\n", options), "line 3, column 'a': 'x'"));
        QVERIFY(contains(why("a,b\n1,2\n1e999,4\n", options), "1e999"));
        QVERIFY(contains(why("a,b\n1,2\ninf,4\n", options), "inf"));
    }

    void manyColumnsAreRefused() { QVERIFY(contains(why(std::string(70'000, ',')), "65536")); }

    void writtenTablesReadBack() {
        const Array values({2, 2}, std::vector<float>{0.1F, -1e-30F, 16777216.0F, 2.5F});
        const Table t = readTable(encodeCsv({"a \"b\"", "c"}, values), "t");
        QCOMPARE(t.columnNames, (std::vector<std::string>{"a \"b\"", "c"}));
        QCOMPARE(static_cast<float>(t.values.values<double>()[0]), 0.1F);
        QCOMPARE(static_cast<float>(t.values.values<double>()[1]), -1e-30F);
    }
};

QTEST_GUILESS_MAIN(TestCsv)
#include "tst_csv.moc"
