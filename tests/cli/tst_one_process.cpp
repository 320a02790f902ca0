// SPDX-License-Identifier: GPL-3.0-or-later
// F5: the engine module trains while the renderer draws, in one process, opened as the program
// opens it.
#include "app/engine_loader.h"
#include "app/process.h"
#include "core/render/renderer.h"
#include "core/session/session.h"

#include <QTest>

#include <cstdlib>

using namespace lx;

class TestOneProcess : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void trainsAndDraws() {
        HostServices services;
        services.log = [](LogLevel, const std::string&) {};
        const EngineTable& table = app::loadEngine(LX_BINARY_DIR "/bin/latent-explorer", services);
        QCOMPARE(table.abi, kEngineAbi);
        table.setThreads(1);
        Engine engine(table.experiments);
        const auto session = engine.open();
        session->post(cmd::Load{"autoencoder", {{"data.source", std::string("data.ring8")}}, 1});
        session->post(cmd::Observe{{"codes"}});
        session->post(cmd::Run{Clock::Train, 0});

        render::RendererOptions options;
        options.validation = true;
        const auto renderer = render::Renderer::create(options);
        const auto info = renderer->info();
        qInfo("drawing with %s", info.device.c_str());
        int frames = 0, coloured = 0;
        for (; frames < 30; ++frames) {
            const auto snapshot = session->latest();
            QVERIFY2(!snapshot->failure,
                     snapshot->failure ? snapshot->failure->message.c_str() : "");
            render::Scene scene;
            scene.view = {-4, -4, 4, 4};
            const auto codes = snapshot->channels.find("codes");
            if (codes != snapshot->channels.end()) {
                render::PointsLayer points;
                points.xy = codes->second.array;
                points.colors = {{1, 0, 0, 1}};
                points.markers = {render::Marker::Circle};
                scene.layers.push_back(points);
            }
            const auto picture = renderer->draw(scene, {320, 240});
            QCOMPARE(picture.size.width, 320);
            coloured += codes != snapshot->channels.end() ? 1 : 0;
            QTest::qWait(30);
        }
        QCOMPARE(renderer->validationMessages(), 0);
        QVERIFY2(coloured > 0, "no snapshot carried codes");
        QVERIFY(session->latest()->step[0] > 0);
    }
};

// As the program's main: the environment first, before anything is opened.
int main(int argc, char** argv) {
    app::prepareProcess();
    QCoreApplication application(argc, argv);
    TestOneProcess test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_one_process.moc"
