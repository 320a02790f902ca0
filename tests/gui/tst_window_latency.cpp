// SPDX-License-Identifier: GPL-3.0-or-later
// Input to paint while a run trains at full speed with every panel open, and how long the GUI
// thread was ever away. Prints the figures; fails only at three times their goal.
#include "tests/gui/held.h"
#include "tests/gui/ticks.h"
#include "tests/gui/window_harness.h"
#include "ui/bridge/session_bridge.h"
#include "ui/views/view.h"

#include <QApplication>
#include <QElapsedTimer>
#include <QMouseEvent>
#include <QTest>
#include <QTimer>

#include <algorithm>
#include <vector>

using namespace lx;
using test::percentile;

namespace {

constexpr double kInputGoalMs = 50, kGapGoalMs = 33;
constexpr int kInputs = 200;

/// Sees the first paint of `view` or of anything in it.
class PaintWatch : public QObject {
public:
    explicit PaintWatch(QWidget* view) : m_view(view) { qApp->installEventFilter(this); }
    bool painted = false;

protected:
    bool eventFilter(QObject* object, QEvent* event) override {
        const auto* widget = qobject_cast<QWidget*>(object);
        if (event->type() == QEvent::Paint && widget &&
            (widget == m_view || m_view->isAncestorOf(widget))) {
            painted = true;
        }
        return false;
    }

private:
    QWidget* m_view;
};

}  // namespace

class TestWindowLatency : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void inputToPaintWhileTraining() {
        test::WindowHarness harness;
        ui::MainWindow& window = harness.open();
        ui::SessionBridge& bridge = window.bridge();
        QTRY_VERIFY(bridge.activeFrame() && bridge.activeFrame()->description);
        // As fast as the real models train; a fake step costs next to nothing.
        bridge.post(cmd::Speed{Clock::Train, 2000});
        bridge.post(cmd::Run{Clock::Train, 0});
        QTRY_VERIFY(bridge.activeFrame()->snapshot->step[0] > 50);
        ui::View* map = window.view(QStringLiteral("latent-map"));
        QVERIFY(map && map->isVisible());

        const QString failed = test::missed([&](test::Held& held) {
            test::Ticks ticks;

            // The innermost widget takes the mouse, as under a real pointer.
            QPoint middle = map->rect().center();
            QWidget* target = map->childAt(middle) ? map->childAt(middle) : map;
            PaintWatch watch(map);
            std::vector<double> delays;
            int placed = 0;
            const std::vector<float> before = bridge.explore().cursor();
            const auto send = [&](QEvent::Type type, QPointF at, Qt::MouseButton button) {
                const QPointF local = target->mapFrom(map, at);
                QApplication::postEvent(
                    target, new QMouseEvent(type, local, target->mapToGlobal(local), button,
                                            Qt::LeftButton, Qt::NoModifier));
            };
            send(QEvent::MouseButtonPress, middle, Qt::LeftButton);
            for (int i = 0; i < kInputs; ++i) {
                QTest::qWait(5 + (i * 7) % 23);
                const std::vector<float> old = bridge.explore().cursor();
                watch.painted = false;
                QElapsedTimer clock;
                clock.start();
                send(QEvent::MouseMove, middle + QPointF(40 * ((i % 9) - 4), 25 * ((i % 7) - 3)),
                     Qt::NoButton);
                const auto moved = [&] {
                    return watch.painted && bridge.explore().cursor() != old;
                };
                while (!moved() && clock.elapsed() < 1000) {
                    QCoreApplication::processEvents(QEventLoop::AllEvents, 5);
                }
                placed += bridge.explore().cursor() != old ? 1 : 0;
                delays.push_back(static_cast<double>(clock.nsecsElapsed()) * 1e-6);
            }
            if (bridge.explore().cursor() == before || placed <= kInputs * 9 / 10) {
                held.fails("the drag did not move the probe");
            }
            const double p99 = percentile(delays, 0.99), gap99 = percentile(ticks.own, 0.99);
            qInfo("input to paint: median %.1f ms, 99th percentile %.1f ms (goal %.0f)",
                  percentile(delays, 0.5), p99, kInputGoalMs);
            qInfo("GUI thread away: 99th percentile %.1f ms (goal %.0f), longest %.1f ms", gap99,
                  kGapGoalMs, percentile(ticks.gaps, 1.0));
            held.below("input to paint", p99, kInputGoalMs);
            held.below("GUI thread away", gap99, kGapGoalMs);
        });
        QVERIFY2(failed.isEmpty(), qPrintable(failed));
    }

    /// A planted pause in the GUI thread must show in the same measurement.
    void aBlockedThreadIsSeen() {
        QWidget widget;
        widget.resize(100, 100);
        widget.show();
        QVERIFY(QTest::qWaitForWindowExposed(&widget));
        PaintWatch watch(&widget);
        watch.painted = false;
        QElapsedTimer clock;
        clock.start();
        QTimer::singleShot(0, this, [] { QTest::qSleep(160); });
        QTimer::singleShot(1, &widget, [&] { widget.update(); });
        while (!watch.painted && clock.elapsed() < 2000) {
            QCoreApplication::processEvents(QEventLoop::AllEvents, 5);
        }
        QVERIFY(static_cast<double>(clock.nsecsElapsed()) * 1e-6 > 3 * kInputGoalMs);
    }
};

QTEST_MAIN(TestWindowLatency)
#include "tst_window_latency.moc"
