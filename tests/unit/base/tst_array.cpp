// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/array.h"

#include <QtTest>
#include <limits>

using namespace lx;

class TestArray : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void holdsValues() {
        const Array a({2, 3}, std::vector<float>{1, 2, 3, 4, 5, 6});
        QCOMPARE(a.dtype(), DType::F32);
        QCOMPARE(a.count(), Index{6});
        QCOMPARE(a.dim(1), Index{3});
        QCOMPARE(a.values<float>()[4], 5.0F);
        QCOMPARE(a.bytes().size(), std::size_t{24});
        const Array copy = a;
        QVERIFY(copy.sharesStorageWith(a));
        QCOMPARE(Array({}, std::vector<Index>{7}).count(), Index{1});
        const Array none({0, 5}, std::vector<double>{});
        QVERIFY(none.defined());
        QVERIFY(none.values<double>().empty());
    }

    void copiesItsInput() {
        std::vector<Index> values{1, 2};
        const Array a({2}, values);
        values[0] = 9;
        QCOMPARE(a.values<Index>()[0], Index{1});
    }

    void refusesLies() {
        const std::vector<float> six(6);
        QVERIFY_EXCEPTION_THROWN(Array({2, 2}, six), UsageError);
        QVERIFY_EXCEPTION_THROWN(Array({-1, -6}, six), UsageError);
        QVERIFY_EXCEPTION_THROWN(Array({7}, six), UsageError);
        const Index half = Index{1} << 32;
        QVERIFY_EXCEPTION_THROWN(elementCount(std::vector<Index>{half, half}), UsageError);
        QVERIFY_EXCEPTION_THROWN(elementCount(std::vector<Index>{-1}), UsageError);
        // The element count fits, the bytes do not.
        const std::vector<std::byte> nothing;
        QVERIFY_EXCEPTION_THROWN(
            Array(DType::F64, {std::numeric_limits<Index>::max() / 4}, std::span(nothing)),
            UsageError);
        // 2^61 doubles are 2^64 bytes, which wrap to 0.
        QVERIFY_EXCEPTION_THROWN(Array(DType::F64, {Index{1} << 61}, std::span(nothing)),
                                 UsageError);
    }

    void refusesTheWrongType() {
        const Array a({1}, std::vector<float>{1});
        QVERIFY_EXCEPTION_THROWN(a.values<double>(), UsageError);
        QVERIFY_EXCEPTION_THROWN(Array().values<float>(), UsageError);
        QVERIFY(!Array().defined());
        QVERIFY(Array().bytes().empty());
    }

    void errorsCarryTheirExitStatus() {
        QCOMPARE(UsageError("x").exitCode(), ExitCode::Usage);
        QCOMPARE(InputError("f", "line 3", "x").exitCode(), ExitCode::BadInput);
        QCOMPARE(std::string(InputError("f", "line 3", "x").what()), std::string("f, line 3: x"));
        QCOMPARE(NumericalError("loss", 5, "is nan").exitCode(), ExitCode::Numerical);
        QCOMPARE(DeviceError("x").exitCode(), ExitCode::NoDevice);
    }
};

QTEST_APPLESS_MAIN(TestArray)
#include "tst_array.moc"
