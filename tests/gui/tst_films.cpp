// SPDX-License-Identifier: GPL-3.0-or-later
// Figures, films, recordings and pictures that restore their run.
#include "tests/gui/window_harness.h"
#include "tests/unit/io/movie_support.h"
#include "ui/bridge/session_bridge.h"
#include "ui/shell/actions.h"
#include "ui/shell/export_dialogs.h"
#include "ui/shell/recorder.h"
#include "ui/shell/view_host.h"
#include "ui/views/view.h"

#include <QApplication>
#include <QClipboard>
#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QLabel>
#include <QLineEdit>
#include <QSignalSpy>
#include <QTest>
#include <QTimer>

using namespace lx;
using namespace lx::test;

namespace {

QByteArray contentOf(const QString& path) {
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

QStringList namesIn(const QString& folder) {
    return QDir(folder).entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot);
}

}  // namespace

class TestFilms : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    Engine m_engine{fakeSpecs()};
    QString path(const QString& name) const { return m_folder.filePath(name); }

    ui::FilmPlan plan(const QString& file, std::vector<Index> steps, const std::string& view,
                      const std::string& family = "fake-vae", ParamSet given = {}) {
        ui::FilmPlan plan;
        plan.session = m_engine.open();
        for (const ExperimentSpec& spec : fakeSpecs()) {
            if (spec.id == family) {
                plan.load = cmd::Load{family, resolve(spec.describe(given).params, given), 3};
            }
        }
        plan.steps = std::move(steps);
        plan.view = view;
        plan.title = "Fake";
        plan.file = file.toStdString();
        plan.movie = {320, 240, 10};
        plan.renderer = [] {
            render::RendererOptions options;
            options.forceCpu = true;
            return std::shared_ptr<render::Renderer>(render::Renderer::create(options));
        };
        return plan;
    }
    /// The problem that the maker told; "stopped" when it was.
    static QString film(ui::FilmPlan plan) {
        ui::FilmMaker maker(std::move(plan));
        QSignalSpy finished(&maker, &ui::FilmMaker::finished);
        maker.start();
        if (!finished.wait(60'000)) {
            return QStringLiteral("no end");
        }
        return finished[0][1].toBool() ? QStringLiteral("stopped") : finished[0][0].toString();
    }

private Q_SLOTS:
    void framesDependOnTheStepAlone() {
        for (const char* view : {"latent-map", "samples", "manifold-sheet", "losses"}) {
            // The map's own frame grows with what it has seen; a key frame holds it.
            ui::FilmPlan whole = plan(path("all.apng"), ui::filmSteps(0, 400, 100), view);
            whole.keys = {{0, render::Rect{-3, -3, 3, 3}, {}}};
            ui::FilmPlan last = plan(path("end.apng"), {400}, view);
            last.keys = whole.keys;
            QCOMPARE(film(std::move(whole)), QString());
            const DecodedMovie all = decodeApng(contentOf(path("all.apng")));
            QCOMPARE(all.problem, std::string());
            QCOMPARE(all.frames.size(), std::size_t(5));
            QVERIFY2(all.frames[0] != all.frames[4], view);
            QCOMPARE(film(std::move(last)), QString());
            const DecodedMovie end = decodeApng(contentOf(path("end.apng")));
            QVERIFY2(end.frames.size() == 1 && end.frames[0] == all.frames[4], view);
        }
    }

    void theWindowAnswersMeanwhile() {
        QElapsedTimer clock;
        QTimer tick;
        qint64 last = 0, longest = 0;
        connect(&tick, &QTimer::timeout, this, [&] {
            longest = std::max(longest, clock.elapsed() - last);
            last = clock.elapsed();
        });
        clock.start();
        tick.start(5);
        QCOMPARE(film(plan(path("long.gif"), ui::filmSteps(0, 300, 10), "latent-map")), QString());
        qInfo("longest gap of the GUI thread: %lld ms", longest);
        QVERIFY(clock.elapsed() > 0);
        QCOMPARE(decodeGif(contentOf(path("long.gif"))).frames.size(), std::size_t(31));
    }

    void aStoppedFilmLeavesNothing() {
        QTemporaryDir folder;
        ui::FilmMaker maker(plan(folder.filePath("a.gif"), ui::filmSteps(0, 90'000, 1), "losses"));
        QSignalSpy finished(&maker, &ui::FilmMaker::finished);
        QSignalSpy progressed(&maker, &ui::FilmMaker::progressed);
        maker.start();
        QVERIFY(progressed.wait(30'000));
        QVERIFY(!namesIn(folder.path()).isEmpty());
        maker.stop();
        QVERIFY(finished.wait(30'000));
        QVERIFY(finished[0][1].toBool());
        QVERIFY(namesIn(folder.path()).isEmpty());
        {
            ui::FilmMaker gone(plan(folder.filePath("b.gif"), ui::filmSteps(0, 9000, 1), "losses"));
            gone.start();
            QTest::qWait(100);
        }  // the window is closed
        QVERIFY(namesIn(folder.path()).isEmpty());
    }

    void aFailingRunIsReported() {
        const ParamSet fault{{"fault.where", std::string("advance")}, {"fault.call", Index{2}}};
        const QString said =
            film(plan(path("fault.gif"), ui::filmSteps(0, 50, 5), "losses", "fake-fault", fault));
        QVERIFY2(said.contains("planted fault"), qPrintable(said));
        QVERIFY(!QFile::exists(path("fault.gif")));
        QVERIFY(film(plan(path("none/x.gif"), {1}, "losses")).contains("check the path"));
    }

    void stepsOfAFilm() {
        QCOMPARE(ui::filmSteps(0, 10, 4), (std::vector<Index>{0, 4, 8, 10}));
        QCOMPARE(ui::filmSteps(5, 5, 1), (std::vector<Index>{5}));
        QVERIFY_EXCEPTION_THROWN(ui::filmSteps(5, 4, 1), UsageError);
        QVERIFY_EXCEPTION_THROWN(ui::filmSteps(0, 4, 0), UsageError);
        QVERIFY_EXCEPTION_THROWN(ui::filmSteps(0, 1'000'000, 1), UsageError);
    }

    void keyFramesMoveTheCamera() {
        // A zoom by 8 at (1, 2): that point stays where it is, the scale changes geometrically.
        const auto around = [](double half) {
            return render::Rect{1 - half, 2 - half, 1 + 3 * half, 2 + 3 * half};
        };
        const std::vector<ui::KeyFrame> keys{{100, around(4), {}}, {200, around(0.5), {}}};
        QVERIFY(!ui::cameraAt({}, 3));
        QCOMPARE(ui::cameraAt(keys, 0)->x0, -3.0);
        QCOMPARE(ui::cameraAt(keys, 999)->x0, 0.5);
        double before = 17, largest = 0, first = 0;
        for (Index step = 100; step <= 200; step += 4) {
            const render::Rect r = *ui::cameraAt(keys, step);
            QVERIFY(std::abs((1 - r.x0) / (r.x1 - r.x0) - 0.25) < 1e-9);
            QVERIFY(std::abs((2 - r.y0) / (r.y1 - r.y0) - 0.25) < 1e-9);
            const double width = r.x1 - r.x0;
            QVERIFY(width < before);
            if (step > 100) {
                largest = std::max(largest, std::log(before / width));
                first = step == 104 ? std::log(before / width) : first;
            }
            before = width;
        }
        QVERIFY(first < 0.2 * largest);  // it starts gently
        QVERIFY(std::abs(ui::cameraAt(keys, 150)->x1 - ui::cameraAt(keys, 150)->x0 -
                         4 * std::sqrt(4 * 0.5)) < 1e-9);
        // The broken twin, a zoom that moves the edges evenly, is not geometric.
        QVERIFY(std::abs((16.0 + 2.0) / 2 - 4 * std::sqrt(4 * 0.5)) > 1);
    }

    void keyFramesChangeParameters() {
        const std::vector<ui::KeyFrame> keys{{0, {}, {{"lr", 1e-2}, {"beta", 0.0}}},
                                             {100, {}, {{"lr", 1e-4}}},
                                             {200, {}, {{"beta", 4.0}}}};
        QVERIFY(std::abs(*ui::paramAt(keys, "lr", Scale::Log, 50) - 1e-3) < 1e-12);
        QVERIFY(std::abs(*ui::paramAt(keys, "lr", Scale::Linear, 50) - 5.05e-3) < 1e-12);
        QCOMPARE(*ui::paramAt(keys, "lr", Scale::Log, 150), 1e-4);
        QCOMPARE(*ui::paramAt(keys, "beta", Scale::Linear, 50), 1.0);
        QCOMPARE(*ui::paramAt(keys, "beta", Scale::Log, 50), 1.0);  // no logarithm of 0
        QVERIFY(!ui::paramAt(keys, "none", Scale::Log, 50));
    }

    void aFilmFollowsItsKeyFrames() {
        ui::FilmPlan still = plan(path("still.apng"), {100, 200}, "latent-map");
        still.keys = {{0, render::Rect{-1, -1, 1, 1}, {}}};
        QCOMPARE(film(std::move(still)), QString());
        ui::FilmPlan moving = plan(path("moving.apng"), {100, 200}, "latent-map");
        moving.keys = {{100, render::Rect{-1, -1, 1, 1}, {}},
                       {200, render::Rect{-4, -4, 4, 4}, {}}};
        QCOMPARE(film(std::move(moving)), QString());
        const auto a = decodeApng(contentOf(path("still.apng"))).frames;
        const auto b = decodeApng(contentOf(path("moving.apng"))).frames;
        QCOMPARE(a.size(), std::size_t(2));
        QCOMPARE(b.size(), std::size_t(2));
        QVERIFY(a[0] == b[0] && a[1] != b[1]);
    }

    void theDialogFilmsTheActiveRun() {
        WindowHarness h;
        ui::MainWindow& window = h.open();
        QTRY_VERIFY(window.bridge().activeFrame() && window.bridge().activeFrame()->description);
        window.bridge().post(cmd::Run{Clock::Train, 200});
        QTRY_VERIFY(window.bridge().activeFrame()->snapshot->step[0] == 200);
        window.findChild<QAction*>("file.export-movie")->trigger();
        auto* dialog = window.findChild<ui::MovieDialog*>();
        QVERIFY(dialog);
        dialog->addKeyFrame();
        QCOMPARE(dialog->keyFrames().size(), std::size_t(1));
        QCOMPARE(dialog->keyFrames()[0].step, Index{200});
        QVERIFY(dialog->keyFrames()[0].camera && !dialog->keyFrames()[0].params.empty());
        const ui::FilmPlan plan = dialog->plan();
        QCOMPARE(plan.steps.back(), Index{200});
        for (auto* field : dialog->findChildren<QLineEdit*>()) {
            if (field->text().startsWith("film")) {
                field->setText(path("dialog.gif"));
            }
        }
        QSignalSpy filmed(dialog, &ui::MovieDialog::filmed);
        dialog->start();
        QVERIFY(dialog->filming());
        QVERIFY(filmed.wait(60'000));
        QCOMPARE(filmed[0][0].toString(), QString());
        QVERIFY(decodeGif(contentOf(path("dialog.gif"))).frames.size() > 50);
        // The run on screen stands where it stood.
        QCOMPARE(window.bridge().activeFrame()->snapshot->step[0], Index{200});
        dialog->start();
        h.window.reset();  // closed in the middle of a film
    }

    void theLastSecondsAreKept() {
        QLabel label;
        label.resize(160, 100);
        label.setAttribute(Qt::WA_DontShowOnScreen);
        label.show();
        ui::Recorder recorder(&label);
        QSignalSpy saved(&recorder, &ui::Recorder::saved);
        recorder.setRunning(true);
        for (int i = 0; recorder.frames() < 12; ++i) {
            QVERIFY(i < 600);
            label.setText(QString::number(i));
            QTest::qWait(50);
        }
        recorder.save(path("last.apng").toStdString(), {});
        QVERIFY(saved.wait(30'000));
        QCOMPARE(saved[0][0].toString(), QString());
        const DecodedMovie movie = decodeApng(contentOf(path("last.apng")));
        QCOMPARE(movie.problem, std::string());
        QVERIFY(movie.frames.size() >= 12);
        QVERIFY(movie.frames.front() != movie.frames.back());
        recorder.save(path("none/last.apng").toStdString(), {});
        QVERIFY(saved.wait(30'000));
        QVERIFY(saved[1][0].toString().contains("check the path"));
    }

    void figuresHaveVectorText() {
        WindowHarness h;
        ui::MainWindow& window = h.open();
        QTRY_VERIFY(window.bridge().activeFrame() && window.bridge().activeFrame()->description);
        window.bridge().post(cmd::Run{Clock::Train, 300});
        QTRY_VERIFY(window.bridge().activeFrame()->snapshot->step[0] == 300);
        QTRY_VERIFY(ui::channel(*window.bridge().activeFrame(), "codes"));
        ui::FigureChoice choice;
        choice.views = {window.view("latent-map")};
        choice.size = QSize(640, 480);
        choice.path = path("map.svg");
        ui::writeFigure(choice, &window);
        const QByteArray one = contentOf(choice.path);
        QVERIFY(one.count("<text") >= 10);
        QVERIFY(one.count("<image") == 1);
        choice.views.push_back(window.view("manifold-sheet"));
        ui::writeFigure(choice, &window);
        const QByteArray two = contentOf(choice.path);
        // The map keeps its axes, its class names and its title; the sheet has a title too.
        for (const char* text : {">z1<", ">z2<", ">Latent map", ">Manifold sheet", ">2 sd<"}) {
            QVERIFY2(one.contains(text) || QByteArray(text).contains("sheet"), text);
            QVERIFY2(two.contains(text), text);
        }
        QVERIFY(two.count("<text") >= 10);
        QVERIFY(two.count("<image") > 1);
        choice.path = path("map.pdf");
        ui::writeFigure(choice, &window);
        QVERIFY(contentOf(choice.path).startsWith("%PDF"));
        QVERIFY(contentOf(choice.path).contains("/FontFile2"));
        choice.views.clear();
        choice.path = path("window.png");
        choice.dpi = 96;
        choice.size = window.size();
        choice.texts = {{"key", "value"}};
        ui::writeFigure(choice, &window);
        const QImage picture(choice.path);
        QCOMPARE(picture.size(), window.size());
        QCOMPARE(picture.text("key"), QString("value"));
        choice.path = path("map.bmp");
        QVERIFY_EXCEPTION_THROWN(ui::writeFigure(choice, &window), UsageError);
        QVERIFY(!QFile::exists(choice.path));
    }

    void aPictureRestoresItsRun() {
        WindowHarness h;
        ui::MainWindow& window = h.open();
        QTRY_VERIFY(window.bridge().activeFrame() && window.bridge().activeFrame()->description);
        ui::LoadedProject given;
        window.services().sessionTexts = [&](const ui::LoadedProject& project) {
            given = project;
            return std::map<std::string, std::string>{{"code", "LX"}};
        };
        window.services().sessionOfText = [&](const std::string& text, const std::string& source) {
            if (text != "LX") {
                throw InputError(source, "session code", "is damaged");
            }
            return std::make_shared<ui::LoadedProject>(given);
        };
        window.services().sessionOfTexts = [&](const std::map<std::string, std::string>& texts,
                                               const std::string& source) {
            const auto at = texts.find("code");
            return at == texts.end() ? nullptr
                                     : window.services().sessionOfText(at->second, source);
        };
        window.bridge().post(cmd::Run{Clock::Train, 150});
        QTRY_VERIFY(window.bridge().activeFrame()->snapshot->step[0] == 150);
        window.findChild<QAction*>("edit.copy-code")->trigger();
        QCOMPARE(QApplication::clipboard()->text(), QString("LX"));
        QCOMPARE(given.step[0], Index{150});
        given.load.seed = 99;

        QImage picture(16, 16, QImage::Format_RGB32);
        picture.fill(Qt::red);
        picture.setText("code", "LX");
        QVERIFY(picture.save(path("with.png")));
        const auto runs = window.bridge().frames().size();
        window.openFile(path("with.png"));
        QCOMPARE(window.bridge().frames().size(), runs + 1);
        QTRY_VERIFY(window.bridge().activeFrame()->snapshot->step[0] == 150);
        QTRY_VERIFY(window.bridge().activeFrame()->snapshot->state == RunState::Paused);
        // The same again from the clipboard.
        window.findChild<QAction*>("edit.paste-code")->trigger();
        QCOMPARE(window.bridge().frames().size(), runs + 2);
        // A damaged code, or a damaged picture, opens nothing and is told.
        picture.setText("code", "damaged");
        QVERIFY(picture.save(path("bad.png")));
        window.openFile(path("bad.png"));
        QFile file(path("cut.png"));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(contentOf(path("with.png")).left(60));
        file.close();
        window.openFile(path("cut.png"));
        QCOMPARE(window.bridge().frames().size(), runs + 2);
        // A picture without a code is what it always was: something to encode.
        picture.setText("code", {});
        QImage plain(16, 16, QImage::Format_RGB32);
        plain.fill(Qt::red);
        QVERIFY(plain.save(path("plain.png")));
        window.openFile(path("plain.png"));
        QCOMPARE(window.bridge().frames().size(), runs + 2);
    }
};

QTEST_MAIN(TestFilms)
#include "tst_films.moc"
