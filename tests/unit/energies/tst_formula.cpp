// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/energies/formula.h"

#include "core/energies/formula_parser.h"
#include "energy_checks.h"

#include <QtTest>
#include <functional>

using namespace lx;

namespace {

double valueAt(const char* text, double x, double y, const char* constants = "") {
    const double at[] = {x, y};
    return formulaEnergy(text, constants, 2)->at(at);
}

}  // namespace

class TestFormula : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void values() {
        using F = std::function<double(double, double)>;
        const std::vector<std::pair<const char*, F>> table{
            {"x + y*2 - 3/4", [](double x, double y) { return x + y * 2 - 0.75; }},
            {"-x^2", [](double x, double) { return -(x * x); }},
            {"2^x^2", [](double x, double) { return std::pow(2, x * x); }},
            {"x^-2 + y^3", [](double x, double y) { return 1 / (x * x) + y * y * y; }},
            {"x**2", [](double x, double) { return x * x; }},
            {"8/4/2 - 1 - 2 + x", [](double x, double) { return x - 2; }},
            {"x1*x2 - -y", [](double x, double y) { return x * y + y; }},
            {"exp(-x)*sin(3*y) + cos(x)",
             [](double x, double y) { return std::exp(-x) * std::sin(3 * y) + std::cos(x); }},
            {"log(x) + ln(x) + log1p(y^2) + expm1(y)",
             [](double x, double y) {
                 return 2 * std::log(x) + std::log1p(y * y) + std::expm1(y);
             }},
            {"sqrt(x) + cbrt(y) + abs(y) + x^0.5",
             [](double x, double y) { return 2 * std::sqrt(x) + std::cbrt(y) + std::abs(y); }},
            {"min(x,y)*10 + max(x, y)",
             [](double x, double y) { return 10 * std::min(x, y) + std::max(x, y); }},
            {"tanh(x)+sinh(y)+cosh(x)+tan(x/3)",
             [](double x, double y) {
                 return std::tanh(x) + std::sinh(y) + std::cosh(x) + std::tan(x / 3);
             }},
            {"asin(x/9)+acos(y/9)+atan(x)+atan2(y,x)",
             [](double x, double y) {
                 return std::asin(x / 9) + std::acos(y / 9) + std::atan(x) + std::atan2(y, x);
             }},
            {"sigmoid(x) + softplus(y) + erf(x*y)",
             [](double x, double y) {
                 return 1 / (1 + std::exp(-x)) + std::log1p(std::exp(y)) + std::erf(x * y);
             }},
            {"pow(x, y) + x^y + x^1.5",
             [](double x, double y) { return 2 * std::pow(x, y) + std::pow(x, 1.5); }},
            {" ( pi * x ) \n + e*y + 1.5e-1 + .5",
             [](double x, double y) { return M_PI * x + M_E * y + 0.65; }},
            {"x^70 / x^69", [](double x, double) { return x; }}};
        for (const auto& [text, expected] : table) {
            for (const auto& [x, y] : {std::pair{0.7, -1.3}, {1.9, 0.4}, {2.5, 2.6}}) {
                const double want = expected(x, y), got = valueAt(text, x, y);
                QVERIFY2(std::abs(got - want) < 1e-12 * (1 + std::abs(want)), text);
            }
            const EnergyPtr energy = formulaEnergy(text, "", 2);
            const std::vector<double> x{0.7, -1.3, 1.9, 0.4, 2.5, 2.6, 0.31, 0.35};
            const double worst = checks::worstGradient(*energy, x);
            QVERIFY2(worst < 1e-7, qPrintable(QString("%1: %2").arg(text).arg(worst)));
            QVERIFY2(checks::worstGradient(*energy, x, 1.001) > 1e-5, text);  // broken twin
        }
    }

    void theNamedEnergyAndItsFormula() {
        const EnergyPtr named = makeEnergy("himmelblau"), typed = makeEnergy("formula");
        const auto x = checks::points(*named, Key{41, 6}, 200);
        std::vector<double> a(200), b(200), ga(400), gb(400);
        named->evaluate(x, a, ga);
        typed->evaluate(x, b, gb);
        for (std::size_t i = 0; i < 400; ++i) {
            QVERIFY(std::abs(ga[i] - gb[i]) < 1e-10 * (1 + std::abs(ga[i])));
            QVERIFY(std::abs(a[i / 2] - b[i / 2]) < 1e-11 * (1 + a[i / 2]));
        }
        QVERIFY(std::abs(*named->logNormaliser() - *typed->logNormaliser()) < 1e-9);
    }

    void truthOnlyWhereItIsKnown() {
        const EnergyPtr line = formulaEnergy("x^2/2", "");
        QCOMPARE(line->dim(), Index{1});
        QVERIFY(std::abs(*line->logNormaliser() - 0.5 * std::log(2 * M_PI)) < 1e-9);
        QVERIFY(std::abs((*line->covariance())[0] - 1) < 1e-9);
        const EnergyPtr shifted = formulaEnergy("(x-1)^2/(2*s^2) + abs(y)^4", "s = 1/2");
        QVERIFY(std::abs((*shifted->mean())[0] - 1) < 1e-9);
        // Not integrable, too wide for the box, or in space: nothing is stated.
        QVERIFY(!formulaEnergy("x*y", "")->logNormaliser());
        QVERIFY(!formulaEnergy("(x^2+y^2)/200", "")->canSample());
        QVERIFY(formulaEnergy("(x^2+y^2)/200", "", 0, 100)->canSample());
        QVERIFY(!formulaEnergy("log(-1-x^2)", "")->canSample());
        const EnergyPtr space = formulaEnergy("x1^2 + x5^2", "");
        QCOMPARE(space->dim(), Index{5});
        QVERIFY(!space->logNormaliser() && !space->canSample());
        QVERIFY_EXCEPTION_THROWN(formulaEnergy("x3", "", 2), UsageError);
        QVERIFY_EXCEPTION_THROWN(formulaEnergy("1+1", ""), FormulaError);
    }

    void edgesOfTheSupport() {
        QCOMPARE(valueAt("log(x)", -1, 0), double(INFINITY));
        QCOMPARE(valueAt("log(x)", 0, 0), double(INFINITY));
        QCOMPARE(valueAt("1/x", 0, 0), double(INFINITY));
        QCOMPARE(valueAt("exp(exp(x))", 50, 0), double(INFINITY));
        std::vector<double> grad(2);
        double value = 0;
        const double origin[] = {0, 0};
        formulaEnergy("sqrt(x^2+y^2)", "")->evaluate(origin, std::span(&value, 1), grad);
        QCOMPARE(value, 0.0);
        QCOMPARE(grad, (std::vector<double>{0, 0}));
        // A branch that does not count spoils nothing.
        const double at[] = {0, 2};
        formulaEnergy("max(y, sqrt(x)) + x", "")->evaluate(at, std::span(&value, 1), grad);
        QCOMPARE(grad, (std::vector<double>{1, 1}));
    }

    void constants() {
        QCOMPARE(valueAt("a*x + b", 2, 0, "a = 3, b = -a/2"), 4.5);
        QCOMPARE(valueAt("a_1*x", 2, 0, "a_1=1e1;"), 20.0);
        const auto fails = [](const char* text, std::size_t column) {
            try {
                static_cast<void>(parseConstants(text, "c"));
            } catch (const FormulaError& error) {
                return error.column == column;
            }
            return false;
        };
        QVERIFY(fails("x = 2", 1) && fails("a = 1, sin = 2", 8) && fails("a 2", 3));
        QVERIFY(fails("a = x", 4) && fails("a = 1 b = 2", 7) && fails("a =", 4));
        QVERIFY(fails("= 3", 1) && fails("a = b", 5) && fails("a = 1/0", 8));
    }

    void errorsPointAtTheirColumn_data() {
        QTest::addColumn<QString>("formula");
        QTest::addColumn<int>("column");
        QTest::addColumn<QString>("part");
        const auto row = [](const QString& text, int column, const char* part) {
            QTest::newRow(qPrintable(text.left(20))) << text << column << QString(part);
        };
        row("", 1, "found the end");
        row("x +", 4, "a number, a name or");
        row("x + * y", 5, "found \"*\"");
        row("2x", 2, "a product needs its *");
        row("(x + y", 7, "\")\" for the \"(\" of column 1");
        row("x + y)", 6, "expected an operator or the end");
        row("sin x", 5, "\"(\" after sin");
        row("atan2(x)", 8, "takes two arguments");
        row("sin(x, y)", 6, "takes one argument");
        row("sinn(x)", 1, "did you mean sin?");
        row("x + foo", 5, "\"foo\" is no coordinate");
        row("x + z", 5, "is no coordinate");
        row("x0 + x", 1, "is no coordinate");
        row("x + 1e999", 5, "too large or too small");
        row("x + .", 5, "a number");
        row("x + 1/0", 8, "no finite value");
        row("log(-1)*x", 8, "no finite value");
        row("x1001", 1, "at most 1000");
        row("x99999999999999999999", 1, "at most 1000");
        row(QString::fromUtf8("x + \u00e4 + )"), 5, "found \"\u00e4\"");
        row(QString::fromUtf8("x \u00b7 y"), 3, "found \"\u00b7\"");
        row("x + \001", 5, "a control character");
        row(QString("(").repeated(300), 201, "200 levels");
        row(QString("-").repeated(300) + "x", 201, "200 levels");
        row(QString("x+").repeated(20000), 20001, "20000 characters");
    }
    void errorsPointAtTheirColumn() {
        QFETCH(QString, formula);
        QFETCH(int, column);
        QFETCH(QString, part);
        try {
            static_cast<void>(parseFormula(formula.toStdString(), {}, "energy.expression"));
            QFAIL("accepted");
        } catch (const FormulaError& error) {
            const QString text = QString::fromUtf8(error.what());
            QVERIFY2(text.contains(part), qPrintable(text));
            QVERIFY2(static_cast<int>(error.column) == column, qPrintable(text));
            QVERIFY(text.startsWith(QString("energy.expression, column %1: ").arg(column)));
        }
    }

    void theTapeIsShort() {
        // Constants fold, equal parts are shared, what is not needed is dropped.
        QCOMPARE(parseFormula("x + 2*3*4", {}, "f").steps.size(), std::size_t{3});
        QCOMPARE(parseFormula("(x+y)*(x+y)", {}, "f").steps.size(), std::size_t{4});
        QCOMPARE(parseFormula("x^1", {}, "f").steps.size(), std::size_t{1});
        QCOMPARE(parseFormula("x*y^0", {}, "f").steps.size(), std::size_t{3});
        std::string sum = "x";
        for (int i = 0; i < 4200; ++i) {
            sum += "*y";
        }
        QVERIFY_EXCEPTION_THROWN(parseFormula(sum, {}, "f"), FormulaError);
        std::string same = "x";
        for (int i = 0; i < 2000; ++i) {
            same += "+1";
        }
        const double at[] = {0.5, 0};
        QCOMPARE(formulaEnergy(same, "", 2)->at(at), 2000.5);
    }
};

QTEST_GUILESS_MAIN(TestFormula)
#include "tst_formula.moc"
