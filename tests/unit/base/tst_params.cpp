// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/params.h"

#include <QtTest>
#include <clocale>
#include <cmath>
#include <limits>

using namespace lx;

namespace {

ParamDecl declared(std::string id, ParamValue initial) {
    ParamDecl decl{};
    decl.id = std::move(id);
    decl.initial = std::move(initial);
    return decl;
}

std::vector<ParamDecl> decls() {
    std::vector<ParamDecl> list{declared("train.rate", 1e-3), declared("train.batch", Index{128}),
                                declared("train.ema", false),
                                declared("prior", std::string("prior.normal")),
                                declared("net.widths", std::vector<double>{256, 128})};
    list[0].min = 1e-6;
    list[0].max = 1.0;
    list[0].unit = "per step";
    list[1].min = 1;
    list[1].max = 4096;
    list[3].choices = {"prior.normal", "prior.gmm"};
    list[4].min = 1;
    return list;
}

std::string messageOf(const std::function<void()>& body) {
    try {
        body();
    } catch (const UsageError& error) {
        return error.what();
    }
    return {};
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

class TestParams : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void parsesEveryType() {
        const auto list = decls();
        QCOMPARE(std::get<double>(parse(list[0], " 2.5e-4 ")), 2.5e-4);
        QCOMPARE(std::get<double>(parse(list[0], "+1")), 1.0);
        QCOMPARE(std::get<Index>(parse(list[1], "64")), Index{64});
        QCOMPARE(std::get<Index>(parse(list[1], "1e3")), Index{1000});
        QCOMPARE(std::get<bool>(parse(list[2], "on")), true);
        QCOMPARE(std::get<bool>(parse(list[2], "false")), false);
        QCOMPARE(std::get<std::string>(parse(list[3], "gmm")), std::string("prior.gmm"));
        QCOMPARE(std::get<std::vector<double>>(parse(list[4], "512, 64")),
                 (std::vector<double>{512, 64}));
        QVERIFY(std::get<std::vector<double>>(parse(list[4], "")).empty());
    }

    void refuses_data() {
        QTest::addColumn<int>("which");
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("says");
        QTest::newRow("word") << 0 << "fast" << "not a number";
        QTest::newRow("comma") << 0 << "0,5" << "not a number";
        QTest::newRow("two") << 0 << "0.5 0.5" << "not a number";
        QTest::newRow("hex") << 0 << "0x10" << "not a number";
        QTest::newRow("empty") << 0 << "" << "not a number";
        QTest::newRow("nan") << 0 << "nan" << "outside its range";
        QTest::newRow("inf") << 0 << "inf" << "outside its range";
        QTest::newRow("large") << 0 << "1.5" << "1e-06 to 1 per step";
        QTest::newRow("overflow") << 0 << "1e999" << "not a number";
        QTest::newRow("fraction") << 1 << "1.5" << "takes integer";
        QTest::newRow("zero") << 1 << "0" << "1 to 4096";
        QTest::newRow("huge") << 1 << "99999999999999999999" << "takes integer";
        QTest::newRow("maybe") << 2 << "maybe" << "neither true nor false";
        QTest::newRow("choice") << 3 << "prior.flow" << "prior.normal, prior.gmm";
        QTest::newRow("gap") << 4 << "1,,2" << "write 1,2,3";
        QTest::newRow("trailing") << 4 << "1,2," << "write 1,2,3";
        QTest::newRow("entry") << 4 << "1,-2" << "outside its range";
    }
    void refuses() {
        QFETCH(int, which);
        QFETCH(QString, text);
        QFETCH(QString, says);
        const auto decl = decls()[static_cast<std::size_t>(which)];
        const auto message = messageOf([&] { parse(decl, text.toStdString()); });
        QVERIFY2(contains(message, says.toStdString()), message.c_str());
        QVERIFY(contains(message, "'" + decl.id + "'"));
    }

    void convertsWithoutLoss() {
        const auto list = decls();
        QCOMPARE(std::get<double>(checked(list[0], Index{1})), 1.0);
        QCOMPARE(std::get<Index>(checked(list[1], 32.0)), Index{32});
        QCOMPARE(std::get<std::vector<double>>(checked(list[4], Index{7})), std::vector<double>{7});
        QVERIFY(!messageOf([&] { checked(list[1], 32.5); }).empty());
        QVERIFY(!messageOf([&] { checked(list[2], Index{1}); }).empty());
        QVERIFY(!messageOf([&] { checked(list[1], std::string("32")); }).empty());
    }

    void resolvesAndNamesTheNearest() {
        const auto list = decls();
        const ParamSet set = resolve(list, {{"train.batch", 64.0}, {"prior", std::string("gmm")}});
        QCOMPARE(set.size(), list.size());
        QCOMPARE(integer(set, "train.batch"), Index{64});
        QCOMPARE(text(set, "prior"), std::string("prior.gmm"));
        QCOMPARE(number(set, "train.rate"), 1e-3);
        QCOMPARE(flag(set, "train.ema"), false);
        QCOMPARE(numbers(set, "net.widths").size(), std::size_t{2});
        QVERIFY(contains(messageOf([&] { resolve(list, {{"train.bacth", Index{1}}}); }),
                         "'train.batch'"));
        const auto far = messageOf([&] { resolve(list, {{"zzzzzzzzzzzzzzzzzzz", Index{1}}}); });
        QVERIFY(contains(far, "unknown parameter") && !contains(far, "nearest"));
        QVERIFY(contains(messageOf([&] { integer(set, "prior"); }), "is text"));
        QVERIFY(contains(messageOf([&] { integer(set, "nothing"); }), "not declared"));
    }

    void nearestWord() {
        const std::vector<std::string> words{"codes", "labels", "samples"};
        QCOMPARE(nearest("code", words), std::string("codes"));
        QCOMPARE(nearest("sampels", words), std::string("samples"));
        QCOMPARE(nearest("completely-else", words), std::string());
        QCOMPARE(nearest("x", {}), std::string());
    }

    void formatReadsBack() {
        const auto decl = declared("x", 0.0);
        for (const double value :
             {0.1, 1e-310, -0.0, 1.0 / 3, 1.7976931348623157e308, 123456789.0}) {
            QCOMPARE(std::get<double>(parse(decl, format(value))), value);
        }
        QCOMPARE(format(std::vector<double>{1, 0.5}), std::string("1,0.5"));
        QCOMPARE(format(true), std::string("true"));
        QCOMPARE(format(std::string("a b")), std::string("a b"));
        const auto whole = declared("n", Index{0});
        const Index most = 9007199254740993;
        QCOMPARE(std::get<Index>(parse(whole, format(most))), most);
    }

    void localePlaysNoPart() {
        int tried = 0;
        for (const char* name : {"de_DE.UTF-8", "tr_TR.UTF-8", "ar_EG.UTF-8", "C.UTF-8"}) {
            if (std::setlocale(LC_ALL, name) == nullptr) {
                continue;
            }
            ++tried;
            QCOMPARE(std::get<double>(parse(declared("x", 0.0), "0.5")), 0.5);
            QCOMPARE(format(0.5), std::string("0.5"));
            QCOMPARE(format(Index{1234567}), std::string("1234567"));
        }
        std::setlocale(LC_ALL, "C");
        qInfo("%d of 4 locales are installed here", tried);
    }
};

QTEST_APPLESS_MAIN(TestParams)
#include "tst_params.moc"
