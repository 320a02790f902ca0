// SPDX-License-Identifier: GPL-3.0-or-later
// Diagnose > Check this run: metrics beside limits, stopping, failures, from the window's menu.
#include "tests/gui/window_harness.h"
#include "ui/panels/checks_window.h"
#include "ui/shell/actions.h"

#include <QElapsedTimer>
#include <QPointer>
#include <QSignalSpy>
#include <QTableWidget>
#include <QtTest>

#include <thread>

using namespace lx;
using namespace lx::ui;

namespace {

std::vector<JudgedMetric> judged(const std::string& recipe,
                                 const std::map<std::string, double>& m) {
    if (recipe != "one") {
        throw UsageError("no such recipe");
    }
    std::vector<JudgedMetric> out{
        {"auroc_noise", "> 0.9", m.at("auroc_noise"), m.at("auroc_noise") > 0.9},
        {"grid_kl", "< 0.15", m.at("grid_kl"), m.at("grid_kl") < 0.15}};
    out.push_back({"heldout_energy", "", m.at("heldout_energy"), {}});
    return out;
}

/// Only metrics() matters here.
struct Measured : Session {
    std::map<std::string, double> values;
    std::string problem;
    std::atomic<bool> waits = false;
    std::uint32_t id() const override { return 1; }
    void post(Command, std::string_view) override {}
    std::shared_ptr<const Snapshot> latest() const override { return nullptr; }
    std::vector<SeriesPoint> drainSeries() override { return {}; }
    std::optional<Captured> takeCaptured() override { return {}; }
    bool waitIdle(std::stop_token) override { return true; }
    bool looking() const override { return false; }
    std::shared_ptr<const Description> description() const override { return nullptr; }
    std::map<std::string, double> metrics(Key, std::stop_token stop) override {
        while (waits && !stop.stop_requested()) {
            std::this_thread::yield();
        }
        if (!problem.empty()) {
            throw UsageError(problem);
        }
        return values;
    }
    std::map<std::string, Array> exportChannels(std::vector<std::string>, std::stop_token,
                                                Detail) override {
        return {};
    }
    std::pair<std::size_t, std::vector<Index>> ring() const override { return {}; }
};

}  // namespace

class TestChecksWindow : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void limitsAndVerdicts() {
        const auto session = std::make_shared<Measured>();
        session->values = {{"auroc_noise", 0.98}, {"grid_kl", 0.2}, {"heldout_energy", -1.5}};
        ChecksWindow window({session, "one", "Energy", 3, 40, 4000}, judged, nullptr);
        QSignalSpy done(&window, &ChecksWindow::judged);
        window.start();
        QTRY_COMPARE(done.size(), 1);
        QVERIFY(!done[0][0].toBool());
        const QString text = window.text();
        QVERIFY2(text.contains("Energy, seed 3, step 40. The limits are meant for 4"),
                 qPrintable(text));
        QVERIFY2(text.contains("AUROC noise\t0.98\t> 0.9\t✓ pass"), qPrintable(text));
        QVERIFY2(text.contains("grid KL\t0.2\t< 0.15\t✗ FAIL"), qPrintable(text));
        QVERIFY2(text.contains("heldout energy\t−1.5\t\t\n"), qPrintable(text));
        QVERIFY2(text.contains("1 of 2 limits kept, 1 FAILED"), qPrintable(text));
        session->values["grid_kl"] = 0.05;
        window.start();
        QTRY_COMPARE(done.size(), 2);
        QVERIFY(done[1][0].toBool());
        QCOMPARE(window.findChild<QTableWidget*>()->rowCount(), 3);
    }
    /// The window lives while the engine computes, and can stop it.
    void stops() {
        const auto session = std::make_shared<Measured>();
        session->waits = true;
        ChecksWindow window({session, "one", "Energy", 3, 40, 40}, judged, nullptr);
        QSignalSpy done(&window, &ChecksWindow::judged);
        window.start();
        QTest::qWait(50);
        QVERIFY(window.running() && done.isEmpty());
        window.stop();
        QTRY_COMPARE(done.size(), 1);
        QVERIFY(window.text().contains("Stopped."));
        // Closed in the middle it hides at once, and goes when the engine is done.
        QPointer<ChecksWindow> closed =
            new ChecksWindow({session, "one", "Energy", 3, 40, 40}, judged, nullptr);
        closed->setAttribute(Qt::WA_DeleteOnClose);
        closed->show();
        closed->start();
        QElapsedTimer clock;
        clock.start();
        closed->close();
        QVERIFY(clock.elapsed() < 1000 && (!closed || !closed->isVisible()));
        QTRY_VERIFY(!closed);
    }
    void problemsAreTold() {
        const auto session = std::make_shared<Measured>();
        session->problem = "the run has ended";
        ChecksWindow window({session, "one", "Energy", 3, 40, 40}, judged, nullptr);
        QSignalSpy done(&window, &ChecksWindow::judged);
        window.start();
        QTRY_COMPARE(done.size(), 1);
        QVERIFY(window.text().contains("the run has ended"));
        session->problem.clear();
        ChecksWindow other({session, "two", "Energy", 3, 40, 40}, judged, nullptr);
        QSignalSpy also(&other, &ChecksWindow::judged);
        other.start();
        QTRY_COMPARE(also.size(), 1);
        QVERIFY(other.text().contains("no such recipe"));
    }
    void fromTheMenu() {
        test::WindowHarness harness;
        MainWindow& window = harness.open();
        QVERIFY(QTest::qWaitForWindowExposed(&window));
        QTRY_VERIFY(window.bridge().activeFrame() && window.bridge().activeFrame()->description);
        window.findChild<QAction*>(QStringLiteral("diagnose.check"))->trigger();
        ChecksWindow* checks = nullptr;
        QTRY_VERIFY((checks = window.findChild<ChecksWindow*>()) != nullptr);
        QTRY_VERIFY(!checks->running());
        QVERIFY2(checks->text().contains("walk\t"), qPrintable(checks->text()));
    }
};

QTEST_MAIN(TestChecksWindow)
#include "tst_checks_window.moc"
