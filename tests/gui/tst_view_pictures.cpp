// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures of every view on a closed-form run, in each theme, written to the build folder to be
// looked at; a view that stays empty, or looks the same in both themes, fails.
#include "core/render/renderer.h"
#include "tests/support/fake_experiment.h"
#include "ui/shell/theme.h"
#include "ui/views/figure_view.h"

#include <QDir>
#include <QTest>

#include <memory>
#include <set>

using namespace lx;
using namespace lx::ui;

namespace {

/// Number of different colours: an empty view has a handful.
std::size_t colours(const QImage& image) {
    std::set<QRgb> found;
    for (int y = 0; y < image.height(); y += 2) {
        for (int x = 0; x < image.width(); x += 2) {
            found.insert(image.pixel(x, y));
        }
    }
    return found.size();
}

}  // namespace

class TestViewPictures : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() {
        m_bridge.setRendererFactory([] {
            return std::shared_ptr<render::Renderer>(render::Renderer::create({.forceCpu = true}));
        });
        m_session = m_engine.open();
        m_session->post(cmd::Load{"fake-vae", {}, 1});
        m_session->post(cmd::Run{Clock::Train, 3000});
        QVERIFY(m_session->waitIdle());
        m_bridge.addRun(m_session, "VAE, 2-D latent");
        m_bridge.mark({m_session->id(), Clock::Train, 1200, "learning rate 1e-3 to 3e-4"});
        m_bridge.explore().addBookmark({"sleeve appears", {-1.1F, 0.4F}});
        QVERIFY(QDir().mkpath(LX_BINARY_DIR "/screenshots"));
    }

    void everyView_data() {
        QTest::addColumn<QString>("id");
        QTest::addColumn<QSize>("size");
        QTest::newRow("latent-map") << "latent-map" << QSize(500, 565);
        QTest::newRow("manifold-sheet") << "manifold-sheet" << QSize(375, 565);
        QTest::newRow("decode") << "decode" << QSize(320, 400);
        QTest::newRow("data") << "data" << QSize(500, 400);
        QTest::newRow("losses") << "losses" << QSize(880, 180);
        QTest::newRow("kl-units") << "kl-units" << QSize(880, 180);
        QTest::newRow("reconstructions") << "reconstructions" << QSize(880, 180);
        QTest::newRow("samples") << "samples" << QSize(880, 180);
    }
    void everyView() {
        QFETCH(QString, id);
        QFETCH(QSize, size);
        std::vector<QImage> shots;
        for (const ThemeKind kind : {ThemeKind::Light, ThemeKind::Dark, ThemeKind::Projector}) {
            const Theme& theme = themeOf(kind);
            applyTheme(theme);
            std::unique_ptr<View> view(findView(id)->make(m_bridge, nullptr));
            view->setTheme(theme);
            QObject::connect(&m_bridge, &SessionBridge::snapshotChanged, view.get(),
                             [&] { view->present(m_bridge.frames()); });
            m_bridge.observe(view.get(), view->channels());
            view->resize(size);
            view->show();
            QVERIFY(QTest::qWaitForWindowExposed(view.get()));
            view->present(m_bridge.frames());
            auto* figure = dynamic_cast<FigureView*>(view.get());
            QVERIFY(figure);
            QTRY_VERIFY(figure->showsContent());
            m_bridge.explore().setCursor({0.55F, -1.15F + 0.01F * float(shots.size())});
            QTest::qWait(700);
            const QImage shot = view->grab().toImage();
            shot.save(QStringLiteral(LX_BINARY_DIR "/screenshots/%1-%2.png").arg(id, theme.id));
            QVERIFY2(colours(shot) > 20, qPrintable(id));
            shots.push_back(shot);
            // The exported picture is made by the same code and is not empty either.
            const QImage exported = view->picture(size, 1);
            exported.save(
                QStringLiteral(LX_BINARY_DIR "/screenshots/%1-%2-export.png").arg(id, theme.id));
            QVERIFY2(colours(exported) > 20, qPrintable(id));
        }
        QVERIFY(shots[0] != shots[1]);
    }

private:
    Engine m_engine{test::fakeSpecs()};
    SessionBridge m_bridge;
    std::shared_ptr<Session> m_session;
};

QTEST_MAIN(TestViewPictures)
#include "tst_view_pictures.moc"
