// SPDX-License-Identifier: GPL-3.0-or-later
// The stage inside the whole window: size of the type, accessible names, one
// view on the full screen, and 500 hasty changes of size, place and visibility
// on software Vulkan with validation.
#include "tests/gui/window_harness.h"
#include "ui/panels/data_table_window.h"
#include "ui/panels/layer_list.h"
#include "ui/plot/time_plot.h"
#include "ui/shell/view_host.h"
#include "ui/viewport/scene_widget.h"
#include "ui/views/figure_view.h"
#include "ui/views/tile_grid.h"

#include <QAbstractSpinBox>
#include <QAccessible>
#include <QApplication>
#include <QComboBox>
#include <QDir>
#include <QDockWidget>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QRandomGenerator>
#include <QSettings>
#include <QSplitter>
#include <QTabBar>
#include <QTableView>
#include <QTest>
#include <QToolButton>
#include <QWheelEvent>

#include <mutex>

using namespace lx;
using namespace lx::ui;

namespace {

const QString kShots = QStringLiteral(LX_BINARY_DIR "/screenshots/");
constexpr quint32 kSeed = 20'261'123;
constexpr int kEvents = 500, kResizes = 200;

QAction* action(MainWindow& window, const char* id) {
    return window.findChild<QAction*>(QLatin1String(id));
}

ViewHost* hostOf(MainWindow& window, const char* id) {
    return window.findChild<ViewHost*>(QStringLiteral("host.") + QLatin1String(id));
}

bool trained(MainWindow& window, Index steps = 3) {
    const Frame* frame = window.bridge().activeFrame();
    if (!frame) {
        return false;
    }
    window.bridge().post(cmd::Step{Clock::Train, steps, {}});
    return QTest::qWaitFor(
        [&] {
            const Frame* now = window.bridge().activeFrame();
            return now->snapshot->step[0] >= steps && channel(*now, "codes");
        },
        30'000);
}

/// What a screen reader would say; empty for a control without a name.
QString spokenName(QWidget* widget) {
    QAccessibleInterface* spoken = QAccessible::queryAccessibleInterface(widget);
    return spoken ? spoken->text(QAccessible::Name) : QString();
}

/// Controls and pictures below `root` that a person reaches and that have no
/// name.
QStringList unnamed(QWidget* root) {
    QStringList out;
    QList<QWidget*> all = root->findChildren<QWidget*>();
    all.prepend(root);
    for (QWidget* widget : all) {
        // Parts of a control answer for it: the field of a spin box, what scrolls
        // inside a list.
        const bool part = qobject_cast<QAbstractSpinBox*>(widget->parentWidget()) ||
                          qobject_cast<QComboBox*>(widget->parentWidget()) || widget->focusProxy();
        const auto* label = qobject_cast<QLabel*>(widget);
        const bool silent = label && label->text().isEmpty();  // says nothing now, is hidden
        const bool popup =
            widget->window() != root->window() && widget->window()->windowType() == Qt::Popup;
        const bool picture = qobject_cast<View*>(widget) || qobject_cast<SceneWidget*>(widget) ||
                             qobject_cast<TimePlot*>(widget) || qobject_cast<TileGrid*>(widget);
        if ((widget->focusPolicy() == Qt::NoFocus && !picture) || part || popup || silent ||
            !spokenName(widget).isEmpty()) {
            continue;
        }
        QString path;
        for (QWidget* at = widget; at && at != root; at = at->parentWidget()) {
            path = QStringLiteral("/%1(%2)").arg(at->metaObject()->className(), at->objectName()) +
                   path;
        }
        out << path;
    }
    return out;
}

int pixelSize(double scale) {
    return static_cast<int>(13 * scale + 0.5);
}

/// Warnings of the validation layer, until after the device is gone.
struct Messages {
    std::mutex mutex;
    QStringList vulkan;
    LogSink sink() {
        return [this](LogLevel level, const std::string& text) {
            if (level >= LogLevel::Warning && text.starts_with("Vulkan: ")) {
                const std::lock_guard lock(mutex);
                vulkan << QString::fromStdString(text);
            }
        };
    }
};

/// Random hands on a window, from a fixed seed.
class Abuse {
public:
    explicit Abuse(MainWindow& window) : m_window(window), m_random(kSeed) {}

    void act() {
        switch (m_random.bounded(14)) {
            case 0: resizeWindow(); break;
            case 1:
            case 2: resizeView(); break;
            case 3: dock(); break;
            case 4: toggleView(); break;
            case 5: minimise(); break;
            case 6: type(); break;
            case 7: fullScreen(); break;
            case 8: layout(); break;
            case 9: tab(); break;
            case 10: camera(); break;
            case 11: layers(); break;
            case 12: table(); break;
            default: theme(); break;
        }
    }

private:
    template <class T>
    T any(std::initializer_list<T> from) {
        return std::data(from)[m_random.bounded(static_cast<quint32>(from.size()))];
    }
    bool coin() { return m_random.bounded(2) == 0; }
    void trigger(const char* id) {
        if (QAction* found = action(m_window, id)) {
            found->trigger();
        }
    }
    std::vector<ViewHost*> hosts() {
        const auto all = m_window.findChildren<ViewHost*>();
        return {all.begin(), all.end()};
    }
    ViewHost* host() {
        const auto all = hosts();
        return all.empty() ? nullptr : all[m_random.bounded(static_cast<quint32>(all.size()))];
    }
    SceneWidget* scene() {
        ViewHost* at = host();
        auto* view = at ? qobject_cast<FigureView*>(at->view()) : nullptr;
        return view ? view->scene() : nullptr;
    }
    void resizeWindow() {
        m_window.resize(static_cast<int>(m_random.bounded(1, 2200)),
                        static_cast<int>(m_random.bounded(1, 1400)));
    }
    void resizeView() {
        if (SceneWidget* plot = scene()) {
            const QSize sizes[] = {{1, 1}, {1, 900}, {1200, 1}, {0, 0}, {333, 217}};
            plot->resize(sizes[m_random.bounded(5U)]);
        }
        for (QSplitter* splitter : m_window.findChildren<QSplitter*>()) {
            splitter->setSizes({static_cast<int>(m_random.bounded(1000U)),
                                static_cast<int>(m_random.bounded(1000U))});
        }
    }
    void dock() {
        const auto docks = m_window.findChildren<QDockWidget*>();
        QDockWidget* at = docks[m_random.bounded(static_cast<quint32>(docks.size()))];
        switch (m_random.bounded(4)) {
            case 0: at->setFloating(!at->isFloating()); break;
            case 1: at->close(); break;
            case 2: at->show(); break;
            default:
                m_window.addDockWidget(any({Qt::LeftDockWidgetArea, Qt::RightDockWidgetArea,
                                            Qt::TopDockWidgetArea, Qt::BottomDockWidgetArea}),
                                       at);
        }
    }
    void toggleView() {
        trigger(any({"view.show.latent-map", "view.show.manifold-sheet", "view.show.samples",
                     "view.show.reconstructions", "view.show.losses", "view.show.kl-units",
                     "view.hide-panels", "view.hide-panels", "layout.reset"}));
    }
    void minimise() {
        if (coin()) {
            m_window.showMinimized();
            QTest::qWait(1);
        }
        m_window.showNormal();
    }
    void type() {
        trigger(
            any({"type.80", "type.100", "type.150", "type.250", "type.larger", "type.smaller"}));
    }
    void fullScreen() {
        if (coin()) {
            trigger("view.full-screen");
        } else if (ViewHost* at = host()) {
            at->setFullScreen(!at->isViewFullScreen());
        }
    }
    void layout() { trigger(any({"layout.explore", "layout.train", "layout.present"})); }
    void theme() { trigger(any({"theme.light", "theme.dark", "theme.projector"})); }
    void tab() {
        for (auto* tabs : m_window.findChildren<QTabBar*>()) {
            if (tabs->count() > 0) {
                tabs->setCurrentIndex(static_cast<int>(m_random.bounded(quint32(tabs->count()))));
            }
        }
    }
    void camera() {
        SceneWidget* plot = scene();
        if (!plot) {
            return;
        }
        const QPointF at(m_random.bounded(std::max(1, plot->width())),
                         m_random.bounded(std::max(1, plot->height())));
        QWheelEvent turn(at, plot->mapToGlobal(at), {}, {0, coin() ? 240 : -360}, Qt::NoButton, {},
                         Qt::NoScrollPhase, false);
        QApplication::sendEvent(plot, &turn);
        QTest::mousePress(plot, coin() ? Qt::RightButton : Qt::MiddleButton, {}, at.toPoint());
        QMouseEvent move(QEvent::MouseMove, at + QPointF(30, 20), plot->mapToGlobal(at),
                         Qt::NoButton, Qt::RightButton, {});
        QApplication::sendEvent(plot, &move);
        QTest::mouseMove(plot, at.toPoint() + QPoint(40, 25));
        plot->hide();  // in the middle of a gesture
        plot->show();
        plot->fit();
        plot->undoCamera();
        if (coin()) {
            plot->redoCamera();
        }
    }
    void layers() {
        if (ViewHost* at = host()) {
            if (LayerList* list = at->showLayers()) {
                list->up()->click();
                if (coin()) {
                    list->close();
                } else {
                    list->deleteLater();
                }
            }
        }
        if (SceneWidget* plot = scene()) {
            for (const PartRow& row : plot->parts()) {
                plot->setPart({row.id, coin(), m_random.generateDouble()});
            }
        }
    }
    void table() {
        if (ViewHost* at = host()) {
            DataTableWindow* window = at->showTable();
            if (coin()) {
                window->close();
            }
        }
    }

    MainWindow& m_window;
    QRandomGenerator m_random;
};

}  // namespace

class TestStageWindow : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { QVERIFY(QDir().mkpath(kShots)); }
    void cleanup() { setFontScale(1); }

    void typeGrowsEverywhereAndStays() {
        test::WindowHarness harness;
        {
            MainWindow& window = harness.open();
            QVERIFY(trained(window));
            auto* view = static_cast<FigureView*>(window.view(QStringLiteral("latent-map")));
            QTRY_VERIFY(view->scene()->isVisible());
            const double left = view->scene()->plotRect().left();
            QCOMPARE(QApplication::font().pixelSize(), pixelSize(1));
            action(window, "type.150")->trigger();
            QCOMPARE(QApplication::font().pixelSize(), pixelSize(1.5));
            QCOMPARE(view->scene()->theme().font(11).pixelSize(), 17);
            QVERIFY(view->scene()->plotRect().left() > 1.2 * left);  // room for larger labels
            auto* table = hostOf(window, "latent-map")->showTable();
            QCOMPARE(table->view()->font().pixelSize(), pixelSize(1.5));
            table->close();
            action(window, "type.larger")->trigger();
            QCOMPARE(fontScale(), 1.75);
            action(window, "type.250")->trigger();
            action(window, "type.larger")->trigger();  // the largest
            QCOMPARE(fontScale(), 2.5);
            QTest::qWait(300);
            window.grab().save(kShots + QStringLiteral("type-250.png"));
            // The projector's theme has large type of its own: the two do not outgrow
            // the window.
            action(window, "theme.projector")->trigger();
            QCOMPARE(QApplication::font().pixelSize(), pixelSize(2.5));
            action(window, "theme.light")->trigger();
            action(window, "type.80")->trigger();
            action(window, "type.smaller")->trigger();
            QCOMPARE(fontScale(), 0.8);
            QCOMPARE(QApplication::font().pixelSize(), pixelSize(0.8));
            QTest::qWait(100);
            window.grab().save(kShots + QStringLiteral("type-80.png"));
            action(window, "type.125")->trigger();
            window.close();
        }
        harness.window.reset();
        setFontScale(1);  // as in a new process
        {
            harness.open();
            QCOMPARE(fontScale(), 1.25);
            QCOMPARE(QApplication::font().pixelSize(), pixelSize(1.25));
            harness.window->close();
        }
        harness.window.reset();
        // A number that makes no sense is held within its bounds.
        for (const auto& [text, want] : {std::pair{"1e9", 2.5}, {"nan", 1.0}, {"large", 1.0}}) {
            {
                QSettings file(harness.folder.filePath(QStringLiteral("window.ini")),
                               QSettings::IniFormat);
                file.setValue(QStringLiteral("fontScale"), QLatin1String(text));
            }
            harness.open();
            QCOMPARE(fontScale(), want);
            harness.window.reset();
        }
    }

    void everythingHasAName() {
        test::WindowHarness harness;
        MainWindow& window = harness.open();
        QVERIFY(trained(window));
        for (const ViewSpec& spec : viewSpecs()) {
            action(window, ("view.show." + spec.id.toStdString()).c_str())->trigger();
        }
        QTest::qWait(100);
        QCOMPARE(unnamed(&window).join('\n'), QString());
        ViewHost* map = hostOf(window, "latent-map");
        QVERIFY(map);
        QCOMPARE(unnamed(map->showLayers()).join('\n'), QString());
        QCOMPARE(unnamed(map->showTable()).join('\n'), QString());
        // Twin: one control without a name is found.
        auto* field = new QLineEdit(window.centralWidget());
        QVERIFY(unnamed(&window).join('\n').contains(QStringLiteral("QLineEdit")));
        delete field;
    }

    void oneViewTakesTheScreen() {
        test::WindowHarness harness;
        MainWindow& window = harness.open();
        QVERIFY(trained(window));
        ViewHost* map = hostOf(window, "latent-map");
        View* view = map->view();
        QTRY_VERIFY(view->isVisible());
        const QSize before = view->size();
        map->setFullScreen(true);
        QVERIFY(map->isViewFullScreen());
        QVERIFY(view->window() != &window && view->window()->isFullScreen());
        QVERIFY(view->isVisible());
        // It goes on being fed.
        const std::uint64_t version = channelVersion(*window.bridge().activeFrame(), "codes");
        window.bridge().post(cmd::Step{Clock::Train, 2, {}});
        QTRY_VERIFY(channelVersion(*window.bridge().activeFrame(), "codes") != version);
        map->showLayers();
        QTest::keyClick(view->window(), Qt::Key_Escape);
        QVERIFY(!map->isViewFullScreen());
        QCOMPARE(view->window(), &window);
        QTRY_COMPARE(view->size(), before);
        QCOMPARE(window.focusWidget(), view);  // F and the other keys go on meaning it
        // Hidden while it is there, it comes home.
        map->setFullScreen(true);
        Q_EMIT map->hideAsked();
        QTRY_VERIFY(!map->isViewFullScreen());
        QCOMPARE(view->parentWidget()->window(), map->window());
    }

    void choicesGoWithTheLayout() {
        test::WindowHarness harness;
        {
            MainWindow& window = harness.open();
            QVERIFY(trained(window));
            auto* view = static_cast<FigureView*>(window.view(QStringLiteral("latent-map")));
            view->scene()->setPart({QStringLiteral("prior"), false, 1});
            window.close();
        }
        harness.window.reset();
        MainWindow& window = harness.open();
        QVERIFY(trained(window));
        auto* view = static_cast<FigureView*>(window.view(QStringLiteral("latent-map")));
        QVERIFY(!styleOf(view->scene()->figure().choices, QStringLiteral("prior")).visible);
    }

    void fiveHundredHastyChanges() {
        Messages messages;
        bool validated = false;
        {
            test::WindowHarness harness;
            AppServices services = harness.services();
            std::shared_ptr<render::Renderer> renderer = render::Renderer::create(
                {.software = true, .validation = true, .log = messages.sink()});
            validated = renderer->info().vulkan && renderer->info().validation;
            services.renderer = [renderer] { return renderer; };
            harness.window =
                std::make_unique<MainWindow>(services, StartOptions{false, true, ThemeKind::Light});
            MainWindow& window = *harness.window;
            window.resize(1200, 800);
            window.show();
            window.engineReady();
            QVERIFY(trained(window));
            // Without a brake the stand-in would take the processor from the events; what its
            // curves cost in memory is measured by tst_series_memory.
            window.bridge().post(cmd::Speed{Clock::Train, 200});
            window.bridge().post(cmd::Run{Clock::Train, 0});
            // In a row, without a pause between.
            auto* scene =
                static_cast<FigureView*>(window.view(QStringLiteral("latent-map")))->scene();
            const int drawn = scene->submitted();
            for (int i = 0; i < kResizes; ++i) {
                scene->resize(1 + (i * 37) % 700, 1 + (i * 53) % 500);
                QCoreApplication::processEvents();
            }
            QVERIFY(scene->submitted() > drawn);
            Abuse abuse(window);
            for (int i = 0; i < kEvents; ++i) {
                abuse.act();
                QTest::qWait(i % 10 == 0 ? 5 : 0);
            }
            for (QWidget* widget : QApplication::topLevelWidgets()) {
                if (widget != &window && widget->isVisible()) {
                    widget->close();
                }
            }
            // Whatever happened, the map is drawn again and training goes on.
            window.showNormal();
            window.resize(1200, 800);
            action(window, "theme.light")->trigger();
            action(window, "type.100")->trigger();
            action(window, "layout.explore")->trigger();
            action(window, "layout.reset")->trigger();
            QTRY_VERIFY(scene->isVisible());
            for (const PartRow& row : scene->parts()) {
                scene->setPart({row.id, true, 1});
            }
            scene->fit();
            const Index step = window.bridge().activeFrame()->snapshot->step[0];
            window.bridge().post(cmd::Run{Clock::Train, 0});
            QTRY_VERIFY_WITH_TIMEOUT(window.bridge().activeFrame()->snapshot->step[0] > step,
                                     20'000);
            window.bridge().post(cmd::Pause{Clock::Train});
            QTRY_VERIFY_WITH_TIMEOUT(!scene->busy(), 20'000);
            window.grab().save(kShots + QStringLiteral("after-abuse.png"));
            QCOMPARE(renderer->validationMessages(), 0);
        }
        QVERIFY2(messages.vulkan.isEmpty(), qPrintable(messages.vulkan.join('\n')));
        if (!validated) {
            qInfo("no validation layer here: the messages of Vulkan were not checked");
        }
    }
};

QTEST_MAIN(TestStageWindow)
#include "tst_stage_window.moc"
