// SPDX-License-Identifier: GPL-3.0-or-later
// The picker of device, threads and memory in the status strip.
#include "tests/gui/window_harness.h"

#include <QAction>
#include <QMenu>
#include <QToolButton>
#include <QtTest>

using namespace lx;
using lx::test::WindowHarness;

namespace {

/// Texts of the entries below the section of that title.
QStringList entries(const ui::MainWindow& window, const QString& section) {
    QStringList texts;
    bool inside = false;
    for (const QAction* action :
         window.findChild<QToolButton*>(QStringLiteral("device"))->menu()->actions()) {
        if (action->isSeparator()) {
            inside = action->text() == section;
        } else if (inside) {
            texts << action->text() + (action->isChecked() ? QStringLiteral("*") : QString());
        }
    }
    return texts;
}

void choose(const ui::MainWindow& window, const QString& section, int index) {
    bool inside = false;
    for (QAction* action :
         window.findChild<QToolButton*>(QStringLiteral("device"))->menu()->actions()) {
        if (action->isSeparator()) {
            inside = action->text() == section;
        } else if (inside && index-- == 0) {
            action->trigger();
            return;
        }
    }
    QFAIL("no such entry");
}

const QString kDevice = QStringLiteral("Device"), kMemory = QStringLiteral("Memory for scrubbing");

}  // namespace

class TestComputeMenu : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void onlyDevicesThatExistAreOffered() {
        WindowHarness harness;
        QCOMPARE(entries(harness.open(), kDevice), QStringList{"CPU*"});
    }
    void aChosenDeviceReachesTheEngine() {
        WindowHarness harness;
        std::vector<std::string> asked;
        ui::AppServices services = harness.services();
        services.devices = [] { return std::vector<std::string>{"cpu", "cuda:0", "cuda:1"}; };
        services.setDevice = [&](const std::string& name) {
            if (name == "cuda:1") {
                throw DeviceError("device 'cuda:1' is not available: it went away");
            }
            asked.push_back(name);
        };
        ui::MainWindow window(std::move(services), {false, true, ui::ThemeKind::Light});
        window.show();
        window.engineReady();
        QCOMPARE(entries(window, kDevice), (QStringList{"CPU*", "CUDA:0", "CUDA:1"}));
        choose(window, kDevice, 1);
        QCOMPARE(asked, std::vector<std::string>{"cuda:0"});
        QCOMPARE(window.services().device, std::string("cuda:0"));
        QCOMPARE(entries(window, kDevice), (QStringList{"CPU", "CUDA:0*", "CUDA:1"}));
        // One that is gone changes nothing.
        choose(window, kDevice, 2);
        QCOMPARE(window.services().device, std::string("cuda:0"));
        QCOMPARE(entries(window, kDevice), (QStringList{"CPU", "CUDA:0*", "CUDA:1"}));
    }
    void theMemoryBudgetReachesTheEngine() {
        WindowHarness harness;
        QVERIFY(entries(harness.open(), kMemory).isEmpty());  // nobody takes it
        ui::AppServices services = harness.services();
        services.setRingBytes = [&](std::size_t bytes) { harness.engine.setRingBytes(bytes); };
        ui::MainWindow window(std::move(services), {false, true, ui::ThemeKind::Light});
        window.show();
        window.engineReady();
        const QStringList sizes = entries(window, kMemory);
        QVERIFY(sizes.size() >= 3);
        QCOMPARE(sizes.filter(QStringLiteral("*")).size(), 1);
        choose(window, kMemory, 0);
        QCOMPARE(harness.engine.ringBytes(), std::size_t{64} << 20);
        QCOMPARE(window.services().ringBytes, std::size_t{64} << 20);
        QVERIFY(entries(window, kMemory).front().endsWith(QStringLiteral("*")));
    }
};

QTEST_MAIN(TestComputeMenu)
#include "tst_compute_menu.moc"
