// SPDX-License-Identifier: GPL-3.0-or-later
// Autosave and recovery of the real window: what is kept, when it goes, and that nothing is lost.
#include "app/session_store.h"

#include "app/program.h"
#include "tests/gui/window_harness.h"
#include "ui/bridge/explore_state.h"
#include "ui/bridge/session_bridge.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>
#include <filesystem>
#include <fstream>

using namespace lx;
using namespace lx::test;
namespace fs = std::filesystem;

namespace {

std::string contentOf(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// The window with the store of the program; both end together as in app/window.cpp.
struct Desk {
    app::Program program;
    app::SessionStore store;
    WindowHarness harness;
    std::string problem;

    Desk() : store(program, true) {
        auto services = harness.services();
        store.fill(services);
        harness.window = std::make_unique<ui::MainWindow>(
            std::move(services), ui::StartOptions{false, true, ui::ThemeKind::Light});
        harness.window->resize(1440, 900);
        harness.window->show();
    }
    ~Desk() { harness.window.reset(); }

    ui::MainWindow& window() { return *harness.window; }
    ui::AppServices& services() { return harness.window->services(); }
    ui::ExploreState& explore() { return window().bridge().explore(); }
    void train() { window().openRecipe("vae-fake", {}, 1, true); }
    /// Opens a leftover as the recovery dialog does; answers what could be read.
    std::shared_ptr<ui::LoadedProject> accept(const std::string& path) {
        std::shared_ptr<ui::LoadedProject> read;
        bool answered = false;
        services().acceptRecovery(path, [&](const std::string& why, auto project) {
            problem = why;
            read = project;
            answered = true;
        });
        static_cast<void>(QTest::qWaitFor([&] { return answered; }, 30'000));
        return read;
    }
};

}  // namespace

class TestSessionStore : public QObject {
    Q_OBJECT

private:
    std::unique_ptr<QTemporaryDir> m_home;

    fs::path folder() const {
        return fs::path(m_home->path().toStdString()) / "latent-explorer/autosave";
    }
    std::vector<fs::path> files() const {
        std::vector<fs::path> all;
        std::error_code error;
        for (const auto& entry : fs::directory_iterator(folder(), error)) {
            if (entry.path().extension() == ".safetensors") {
                all.push_back(entry.path());
            }
        }
        return all;
    }
    /// What was autosaved now belongs to a process of an earlier boot.
    fs::path orphan(std::uint32_t number) const {
        const fs::path path = folder() / autosaveName({"0123abcd", 77, 1}, number);
        fs::rename(files().back(), path);
        return path;
    }
    std::unique_ptr<Desk> trainingDesk() const {
        const std::size_t before = files().size();
        auto desk = std::make_unique<Desk>();
        desk->train();
        const bool saved = QTest::qWaitFor([&] { return files().size() > before; }, 30'000);
        return saved ? std::move(desk) : nullptr;
    }

private Q_SLOTS:
    void init() {
        m_home = std::make_unique<QTemporaryDir>();
        qputenv("XDG_STATE_HOME", m_home->path().toUtf8());
        qputenv("LX_AUTOSAVE_SECONDS", "0.2");
    }

    void keepsBookmarksAndLayout() {
        fs::path leftover;
        {
            const auto desk = trainingDesk();
            QVERIFY(desk);
            desk->window().setLayoutNamed("train");
            desk->explore().addBookmark({"sleeve", {-1.25F, 0.5F}});
            desk->explore().setCursor({0.75F, -0.25F});
            QTRY_VERIFY(loadSession(files().front()).document.layout.find("sleeve") !=
                        std::string::npos);
            desk->store.keepAutosaves();
        }
        leftover = orphan(1);
        Desk next;
        const auto offers = next.services().recoveries();
        QCOMPARE(offers.size(), std::size_t{1});
        QCOMPARE(offers[0].title, std::string("VAE, 2-D latent"));
        QVERIFY(offers[0].step > 0);
        // Through the window, which puts everything back in its place.
        next.window().openFile(QString::fromStdString(leftover.string()));
        QTRY_COMPARE(next.explore().bookmarks().size(), std::size_t{1});
        QCOMPARE(next.explore().bookmarks()[0].name, QStringLiteral("sleeve"));
        QVERIFY(next.explore().bookmarks()[0].z == (std::vector<float>{-1.25F, 0.5F}));
        QVERIFY(next.explore().cursor() == (std::vector<float>{0.75F, -0.25F}));
        const auto window = QJsonDocument::fromJson(
                                QByteArray::fromStdString(loadSession(leftover).document.layout))
                                .object();
        QCOMPARE(window.value("layout").toString(), QStringLiteral("train"));
    }

    // A paused run is written again when a bookmark or a parameter changes, and only then.
    void aPausedRunIsWrittenWhenItIsEdited() {
        const auto desk = trainingDesk();
        QVERIFY(desk);
        const std::uint32_t source = desk->window().bridge().active();
        desk->window().bridge().post(cmd::Pause{Clock::Train});
        QTRY_VERIFY(desk->window().bridge().activeFrame()->snapshot->state == RunState::Paused);
        QTest::qWait(900);  // what stood in the way at the moment of the pause is written
        const fs::path path = files().front();
        const auto unchanged = fs::last_write_time(path);
        QTest::qWait(900);
        QVERIFY2(fs::last_write_time(path) == unchanged, "nothing changed, yet it was written");
        desk->explore().addBookmark({"while paused", {0, 0}});
        QTRY_VERIFY(loadSession(path).document.layout.find("while paused") != std::string::npos);
        QCOMPARE(desk->window().bridge().active(), source);
    }

    void aCleanCloseRemovesAutosaves() {
        {
            const auto desk = trainingDesk();
            QVERIFY(desk);
        }
        QCOMPARE(files().size(), std::size_t{0});
    }

    // The twin of the one above: the same end without a clean close leaves everything.
    void anEndFromOutsideKeepsThem() {
        {
            const auto desk = trainingDesk();
            QVERIFY(desk);
            desk->store.keepAutosaves();
        }
        QCOMPARE(files().size(), std::size_t{1});
    }

    void aClosedRunTakesItsAutosaveAlong() {
        const auto desk = trainingDesk();
        QVERIFY(desk);
        desk->services().runClosed(desk->window().bridge().active());
        QTRY_COMPARE(files().size(), std::size_t{0});
    }

    void recoveryOverwritesNone() {
        std::map<fs::path, std::string> leftovers;
        for (const std::uint32_t number : {1U, 2U, 3U}) {
            {
                const auto desk = trainingDesk();
                QVERIFY(desk);
                desk->store.keepAutosaves();
                QCOMPARE(desk->services().recoveries().size(), leftovers.size());
            }
            // The newest is the only one with the name of this process.
            for (const auto& path : files()) {
                if (!leftovers.contains(path)) {
                    const fs::path old = folder() / autosaveName({"0123abcd", 77, 1}, number);
                    fs::rename(path, old);
                    leftovers[old] = contentOf(old);
                    break;
                }
            }
        }
        QCOMPARE(leftovers.size(), std::size_t{3});
        {
            Desk next;
            next.train();  // a fresh run autosaves beside them
            const auto offers = next.services().recoveries();
            QCOMPARE(offers.size(), std::size_t{3});
            const auto project = next.accept(offers[0].path);
            QVERIFY2(project, next.problem.c_str());
            QVERIFY(project->state && !project->state->empty());
            QCOMPARE(next.services().recoveries().size(), std::size_t{2});
            QTRY_COMPARE(files().size(), std::size_t{4});  // two left, the opened one, the fresh
            QTest::qWait(900);                             // several autosaves later
            int untouched = 0;
            for (const auto& [path, content] : leftovers) {
                if (path != offers[0].path) {
                    QVERIFY(contentOf(path) == content);
                    ++untouched;
                }
            }
            QCOMPARE(untouched, 2);
        }
        // The clean end removed what was opened and what was its own, and nothing else.
        QCOMPARE(files().size(), std::size_t{2});
    }

    void aLeftoverThatCannotBeReadStays() {
        {
            const auto desk = trainingDesk();
            QVERIFY(desk);
            desk->store.keepAutosaves();
        }
        const fs::path path = orphan(1);
        std::string damaged = contentOf(path);
        damaged.back() ^= 1;  // within a tensor: the offer does not notice, opening does
        std::ofstream(path, std::ios::binary) << damaged;
        {
            Desk next;
            QVERIFY(!next.accept(path.string()));
            QVERIFY2(next.problem.find("SHA-256") != std::string::npos, next.problem.c_str());
        }
        QVERIFY2(contentOf(path) == damaged, "a clean end removed what was never opened");
    }
};

QTEST_MAIN(TestSessionStore)
#include "tst_session_store.moc"
