// SPDX-License-Identifier: GPL-3.0-or-later
// The program's window on its real engine under hasty hands: recipes switched fifty times, closed
// while it trains, and twenty seconds of random clicks and keys from a fixed seed. No crash, no
// hang, no threads left behind.
#include "tests/gui/real_window.h"
#include "ui/panels/experiment_panel.h"
#include "ui/views/view.h"

#include <QDockWidget>
#include <QElapsedTimer>
#include <QMessageBox>
#include <QMouseEvent>
#include <QPushButton>
#include <QRandomGenerator>
#include <QSlider>
#include <QTabBar>
#include <QTimer>
#include <QWheelEvent>

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>
#include <vector>

using namespace lx;

namespace {

constexpr int kSwitches = 50, kMonkeyMs = 20'000;
constexpr quint32 kSeed = 20'261'122;

/// LX_MONKEY_SEED tries other hands.
quint32 seed() {
    bool given = false;
    const quint32 value = qEnvironmentVariable("LX_MONKEY_SEED").toUInt(&given);
    return given ? value : kSeed;
}

/// The GUI thread may be busy, but not for so long.
constexpr auto kHang = std::chrono::seconds(20);

/// Workers of Qt's pool come and go by themselves, a few in all; every other thread is somebody's.
int threadsNow() {
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) {
        std::ifstream file(entry.path() / "comm");
        std::string name;
        std::getline(file, name);
        count += name.starts_with("Thread (pooled)") ? 0 : 1;
    }
    return count;
}

std::size_t filesNow() {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry :
         std::filesystem::directory_iterator("/proc/self/fd")) {
        ++count;
    }
    return count;
}

/// Ends the test program with a message when the GUI thread stops answering.
class Watchdog {
public:
    Watchdog() {
        m_timer.callOnTimeout([this] { ++m_beats; });
        m_timer.start(50);
        m_thread = std::jthread([this](const std::stop_token& stop) {
            std::uint64_t last = 0;
            std::mutex mutex;
            std::condition_variable_any wake;
            std::unique_lock lock(mutex);
            while (!wake.wait_for(lock, stop, kHang, [] { return false; }) &&
                   !stop.stop_requested()) {
                if (m_beats == last) {
                    qFatal("the GUI thread has not answered for %d s", int(kHang.count()));
                }
                last = m_beats;
            }
        });
    }

private:
    QTimer m_timer;
    std::atomic<std::uint64_t> m_beats = 0;
    std::jthread m_thread;
};

/// Answers any question that stands in the way, as a person would who wants to go on.
void dismissDialogs() {
    for (QWidget* widget : QApplication::topLevelWidgets()) {
        if (auto* dialog = qobject_cast<QDialog*>(widget); dialog && dialog->isVisible()) {
            dialog->reject();
        } else if (widget->isVisible() && widget->windowType() == Qt::Popup) {
            widget->close();
        }
    }
}

std::vector<std::string> recipesAtHand(const test::RealWindow& real) {
    std::vector<std::string> out;
    for (const ui::RecipeInfo& recipe : real.window->services().recipes) {
        if (recipe.available && test::isTypical(recipe.id, recipe.clock)) {
            out.push_back(recipe.id);
        }
    }
    return out;
}

/// Closes all runs but the active one, by the entry of their menu, and says yes when asked.
void closeOthers(ui::MainWindow& window) {
    std::vector<std::uint32_t> old;
    for (const ui::Frame& frame : window.bridge().frames()) {
        if (frame.source != window.bridge().active()) {
            old.push_back(frame.source);
        }
    }
    auto* panel = window.findChild<ui::ExperimentPanel*>();
    for (const std::uint32_t source : old) {
        QTimer::singleShot(0, &window, [] {
            if (auto* box = qobject_cast<QMessageBox*>(QApplication::activeModalWidget())) {
                box->button(QMessageBox::Discard)->click();
            }
        });
        Q_EMIT panel->runClosed(source);
        QCoreApplication::processEvents();
    }
}

class Monkey {
public:
    explicit Monkey(test::RealWindow& real)
        : m_real(real), m_window(*real.window), m_recipes(recipesAtHand(real)), m_random(seed()) {}

    void act() {
        const char* actions[] = {"transport.play",    "transport.play", "transport.step",
                                 "transport.restart", "transport.back", "transport.on",
                                 "transport.first",   "transport.last", "transport.new-seed",
                                 "view.hide-panels",  "layout.reset",   "view.fit-all",
                                 "bookmark.add",      "edit.undo",      "theme.dark",
                                 "theme.light",       "run.compare"};
        switch (m_random.bounded(12)) {
            case 0: recipe(); break;
            case 1: scrub(); break;
            case 2: layout(); break;
            case 3: tab(); break;
            case 4:
                m_window.resize(800 + int(m_random.bounded(900)), 520 + int(m_random.bounded(500)));
                break;
            case 5: wheel(); break;
            case 6: key(); break;
            case 7:
            case 8: drag(); break;
            default: trigger(actions[m_random.bounded(quint32(std::size(actions)))]); break;
        }
        QTimer::singleShot(0, &m_window, dismissDialogs);
        ++m_acts;
    }
    int acts() const { return m_acts; }

private:
    template <class T>
    const T& any(const std::vector<T>& from) {
        return from[m_random.bounded(quint32(from.size()))];
    }
    void recipe() {
        m_window.openRecipe(any(m_recipes), {}, 1 + m_random.bounded(3U), m_random.bounded(2) == 0);
        if (m_window.bridge().frames().size() > 4) {
            closeOthers(m_window);
        }
    }
    void trigger(const char* id) {
        if (auto* action = m_window.findChild<QAction*>(QLatin1String(id))) {
            action->trigger();
        }
    }
    void scrub() {
        if (auto* slider = m_window.findChild<QSlider*>(QStringLiteral("scrub"))) {
            slider->setValue(int(m_random.bounded(quint32(slider->maximum() + 1))));
        }
    }
    void layout() {
        const char* names[] = {"explore", "train", "present"};
        m_window.setLayoutNamed(QLatin1String(names[m_random.bounded(3)]));
    }
    void tab() {
        if (auto* tabs = m_window.findChild<QTabBar*>(); tabs && tabs->count() > 0) {
            tabs->setCurrentIndex(int(m_random.bounded(quint32(tabs->count()))));
        }
    }
    ui::View* view() {
        const char* ids[] = {"latent-map", "manifold-sheet"};
        ui::View* found = m_window.view(QLatin1String(ids[m_random.bounded(2)]));
        return found && found->isVisible() ? found : nullptr;
    }
    void wheel() {
        if (ui::View* on = view()) {
            const QPointF at(on->rect().center());
            QWidget* target = on->childAt(at.toPoint());
            if (target) {
                const QPointF local = target->mapFrom(on, at);
                QApplication::postEvent(
                    target,
                    new QWheelEvent(local, target->mapToGlobal(local), {},
                                    {0, m_random.bounded(2) == 0 ? 240 : -240}, Qt::NoButton,
                                    Qt::NoModifier, Qt::NoScrollPhase, false));
            }
        }
    }
    void drag() {
        ui::View* on = view();
        QWidget* target = on ? on->childAt(on->rect().center()) : nullptr;
        if (!target) {
            return;
        }
        const auto at = [&] {
            return QPointF(m_random.bounded(quint32(target->width())),
                           m_random.bounded(quint32(target->height())));
        };
        const auto send = [&](QEvent::Type type, Qt::MouseButton button, Qt::MouseButtons held) {
            const QPointF local = at();
            QApplication::postEvent(target, new QMouseEvent(type, local, target->mapToGlobal(local),
                                                            button, held, Qt::NoModifier));
        };
        send(QEvent::MouseButtonPress, Qt::LeftButton, Qt::LeftButton);
        for (int i = 0; i < 6; ++i) {
            send(QEvent::MouseMove, Qt::NoButton, Qt::LeftButton);
        }
        send(QEvent::MouseButtonRelease, Qt::LeftButton, Qt::NoButton);
    }
    void key() {
        const Qt::Key keys[] = {Qt::Key_F,      Qt::Key_M, Qt::Key_1, Qt::Key_2,  Qt::Key_3,
                                Qt::Key_Escape, Qt::Key_V, Qt::Key_T, Qt::Key_End};
        QTest::keyClick(&m_window, keys[m_random.bounded(quint32(std::size(keys)))]);
    }

    test::RealWindow& m_real;
    ui::MainWindow& m_window;
    std::vector<std::string> m_recipes;
    QRandomGenerator m_random;
    int m_acts = 0;
};

}  // namespace

class TestWindowMonkey : public QObject {
    Q_OBJECT
private:
    std::unique_ptr<Watchdog> m_watchdog;

private Q_SLOTS:
    void initTestCase() {
        if (const std::string why = test::whyNoEngine(); !why.empty()) {
            QSKIP(("the engine is not built: " + why).c_str());
        }
        m_watchdog = std::make_unique<Watchdog>();
        // The first window loads what stays for the life of the program: plug-ins, thread pools.
        test::RealWindow warm;
        for (const std::string& recipe : recipesAtHand(warm)) {
            QElapsedTimer clock;
            clock.start();
            QVERIFY2(warm.train(recipe, 1), (recipe + "\n" + warm.runsNow()).c_str());
            qInfo("%s shows its first step after %lld ms", recipe.c_str(), clock.elapsed());
        }
    }
    void cleanupTestCase() { m_watchdog.reset(); }

    void closingWhileTraining() {
        const int threads = threadsNow();
        const std::size_t files = filesNow();
        double longest = 0;
        for (int i = 0; i < 8; ++i) {
            auto real = std::make_unique<test::RealWindow>();
            QVERIFY(real->train(test::program().defaultRecipe(), 1));
            QTest::qWait(20 * i);
            QElapsedTimer clock;
            clock.start();
            QVERIFY(real->window->close());
            real.reset();
            longest = std::max(longest, double(clock.nsecsElapsed()) * 1e-6);
        }
        qInfo("closing while training: %.0f ms at most; %d threads before, %d after", longest,
              threads, threadsNow());
        QVERIFY(longest < 3000);
        QTRY_VERIFY2(threadsNow() <= threads, "threads were left behind");
        QTRY_VERIFY2(filesNow() <= files, "files were left open");
    }

    /// Also closes before a recipe has been loaded: its data are still being read.
    void closingWhileLoading() {
        const int threads = threadsNow();
        for (int i = 0; i < 6; ++i) {
            test::RealWindow real;
            real.window->openRecipe(test::program().defaultRecipe(), {}, 1, true);
            QTest::qWait(30 * i);
        }
        QTRY_VERIFY2(threadsNow() <= threads, "threads were left behind");
    }

    void fiftyRecipesInARow() {
        test::RealWindow real;
        const auto recipes = recipesAtHand(real);
        QVERIFY(!recipes.empty());
        // A run of chains has a thread for its diagnostics: the same run stands at both ends.
        const std::string last = recipes[(kSwitches - 1) % recipes.size()];
        QVERIFY(real.train(last, 5));
        QTest::qWait(1500);  // its helpers come with its first pictures
        const int threads = threadsNow();
        for (int i = 0; i < kSwitches; ++i) {
            real.window->openRecipe(recipes[static_cast<std::size_t>(i) % recipes.size()], {}, 1,
                                    true);
            QTest::qWait(i % 5 == 0 ? 150 : 10);
            closeOthers(*real.window);
        }
        const auto clock = static_cast<std::size_t>(real.clockOf(last));
        QTRY_VERIFY_WITH_TIMEOUT(real.now().step[clock] > 3, 60'000);
        QVERIFY(!real.now().failure);
        QCOMPARE(real.bridge().frames().size(), std::size_t{1});
        qInfo("%d recipes in a row end in %s at step %lld; %d threads before, %d after", kSwitches,
              last.c_str(), static_cast<long long>(real.now().step[clock]), threads, threadsNow());
        QTRY_VERIFY2(threadsNow() <= threads, "threads were left behind");
    }

    void twentySecondsOfAMonkey() {
        const int threads = threadsNow();
        {
            test::RealWindow real;
            QVERIFY(real.train(test::program().defaultRecipe(), 1));
            Monkey monkey(real);
            QElapsedTimer clock;
            clock.start();
            while (clock.elapsed() < kMonkeyMs) {
                monkey.act();
                QTest::qWait(15);
            }
            dismissDialogs();
            qInfo("%d acts of the monkey", monkey.acts());
            QVERIFY(monkey.acts() > 30);
            // Whatever it did, a recipe still opens and trains.
            QVERIFY2(real.train(test::program().defaultRecipe(), 10), real.runsNow().c_str());
            QVERIFY(!real.now().failure);
        }
        QTRY_VERIFY2(threadsNow() <= threads, "threads were left behind");
    }

    /// The count must see a thread that stays.
    void aThreadThatStaysIsSeen() {
        const int threads = threadsNow();
        const std::jthread stays([](const std::stop_token& stop) {
            while (!stop.stop_requested()) {
                std::this_thread::sleep_for(std::chrono::milliseconds(5));
            }
        });
        QVERIFY(threadsNow() > threads);
    }
};

int main(int argc, char** argv) {
    return test::runRealWindowTest<TestWindowMonkey>(argc, argv);
}
#include "tst_window_monkey.moc"
