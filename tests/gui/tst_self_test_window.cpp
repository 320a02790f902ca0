// SPDX-License-Identifier: GPL-3.0-or-later
// Help > Self-test: rows arrive while parts run, failures show, closing stops.
#include "ui/panels/self_test_window.h"

#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QSignalSpy>
#include <QTableWidget>
#include <QtTest>

#include <stdexcept>

using namespace lx;
using namespace lx::ui;

namespace {

SelfTestPart good(const char* name) {
    return {name, [name] { return std::vector<SelfTestRow>{{name, 1.5, 1.25, 0.5, true}}; }};
}

}  // namespace

class TestSelfTestWindow : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void rowsAndVerdict() {
        SelfTestWindow window({good("one"), good("two")}, "Latent Explorer 9\ncompiler x", nullptr);
        QSignalSpy done(&window, &SelfTestWindow::finished);
        window.show();
        window.start();
        QVERIFY(window.running());
        QTRY_COMPARE(done.size(), 1);
        QVERIFY(done[0][0].toBool());
        auto* table = window.findChild<QTableWidget*>();
        QCOMPARE(table->rowCount(), 2);
        QCOMPARE(table->item(1, 0)->text(), QString("two"));
        QCOMPARE(table->item(0, 1)->text(), QString("1.5"));
        const QString text = window.text();
        QVERIFY(text.contains("Latent Explorer 9"));
        QVERIFY(text.contains("two\t1.5\t1.25"));
        QVERIFY(text.contains(QDate::currentDate().toString(Qt::ISODate)));
        // Again: the old rows are gone.
        window.start();
        QTRY_COMPARE(done.size(), 2);
        QCOMPARE(table->rowCount(), 2);
    }
    void whatFailsIsSaid() {
        const SelfTestPart wrong{
            "wrong", [] { return std::vector<SelfTestRow>{{"hmc", 9, 0, 4.6, false}}; }};
        const SelfTestPart thrown{
            "broken", []() -> std::vector<SelfTestRow> { throw std::runtime_error("no memory"); }};
        const SelfTestPart nothing{"idle", [] { return std::vector<SelfTestRow>(); }};
        for (const SelfTestPart& part : {wrong, thrown, nothing}) {
            SelfTestWindow window({good("one"), part}, "", nullptr);
            QSignalSpy done(&window, &SelfTestWindow::finished);
            window.start();
            QTRY_COMPARE(done.size(), 1);
            QVERIFY2(!done[0][0].toBool(), part.name.c_str());
            QVERIFY(window.text().contains("FAIL"));
        }
    }
    /// Stopping waits for the part in work only; the window does not wait at all.
    void stops() {
        std::atomic<int> begun = 0;
        std::atomic<bool> release = false;
        const SelfTestPart slow{"slow", [&] {
                                    ++begun;
                                    while (!release) {
                                        std::this_thread::yield();
                                    }
                                    return std::vector<SelfTestRow>{{"slow", 1, 1, 0, true}};
                                }};
        SelfTestWindow window({slow, slow, slow}, "", nullptr);
        QSignalSpy done(&window, &SelfTestWindow::finished);
        window.start();
        QTRY_VERIFY(begun == 1);
        for (QPushButton* button : window.findChildren<QPushButton*>()) {
            if (button->text() == QLatin1String("Stop")) {
                button->click();
            }
        }
        release = true;
        QTRY_COMPARE(done.size(), 1);
        QCOMPARE(begun.load(), 1);
        QVERIFY(!done[0][0].toBool());  // what was not run is not passed
    }
};

QTEST_MAIN(TestSelfTestWindow)
#include "tst_self_test_window.moc"
