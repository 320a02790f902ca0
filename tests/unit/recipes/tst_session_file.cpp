// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/recipes/session_file.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <cstring>
#include <limits>

using namespace lx;

namespace {

SessionDocument sample() {
    SessionDocument document;
    document.recipe = "vae-ring8";
    document.title = "VAE on eight Gaussians";
    document.load = {.recipe = "autoencoder",
                     .params = {{"latent.dim", Index{2}},
                                {"rate", 0.1},
                                {"tiny", 4.9406564584124654e-324},
                                {"on", true},
                                {"hidden", std::vector<double>{1, 2.5}},
                                {"prior", std::string("prior.normal")}},
                     .seed = std::numeric_limits<std::uint64_t>::max()};
    document.step = {120, 7, 0};
    document.versions = {{"program", "0.1.0"}};
    document.layout = R"({"dock":"left"})";
    return document;
}

State sampleState() {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    return {{"weights", Array({2, 2}, std::vector<float>{1, -0.0F, nan, 1e-42F})},
            {"step", Array({}, std::vector<Index>{120})}};
}

bool sameBits(const Array& a, const Array& b) {
    return a.dtype() == b.dtype() && std::ranges::equal(a.shape(), b.shape()) &&
           std::ranges::equal(a.bytes(), b.bytes());
}

}  // namespace

class TestSessionFile : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void roundTripIsExact() {
        QTemporaryDir dir;
        const std::filesystem::path folder = dir.path().toStdString();
        const auto path = folder / "weights.safetensors";
        saveSession(path, sample(), sampleState());
        const auto json = toJson(sample()).dump(2);
        QFile copy(QString::fromStdString((folder / "session.json").string()));
        QVERIFY(copy.open(QIODevice::WriteOnly));
        copy.write(json.c_str());
        copy.close();
        // The file, its readable copy and the folder all stand for the session.
        for (const auto& place : {path, folder / "session.json", folder}) {
            const SessionFile file = loadSession(place);
            QCOMPARE(file.document.recipe, sample().recipe);
            QCOMPARE(file.document.load.seed, sample().load.seed);
            QVERIFY(file.document.load.params == sample().load.params);
            QVERIFY(file.document.step == sample().step);
            QVERIFY(file.document.versions == sample().versions);
            QCOMPARE(file.document.layout, sample().layout);
            QCOMPARE(file.state->size(), std::size_t{2});
            for (const auto& [name, array] : sampleState()) {
                QVERIFY2(sameBits(file.state->at(name), array), name.c_str());
            }
        }
    }

    void layoutStaysApart() { QVERIFY(toJson(sample()).dump().find("dock") == std::string::npos); }

    void aFlippedBitIsRefusedOrHarmless() {
        QTemporaryDir dir;
        const QString path = dir.filePath("weights.safetensors");
        saveSession(path.toStdString(), sample(), sampleState());
        QFile file(path);
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QByteArray good = file.readAll();
        file.close();
        int refusals = 0;
        for (int bit = 0; bit < good.size() * 8; bit += 23) {
            QByteArray bad = good;
            bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
            QVERIFY(file.open(QIODevice::WriteOnly));
            file.write(bad);
            file.close();
            // Padding may change without consequence; anything else must be refused.
            bool harmless = false;
            try {
                const SessionFile read = loadSession(path.toStdString());
                harmless = toJson(read.document) == toJson(sample()) &&
                           read.document.layout == sample().layout &&
                           sameBits(read.state->at("weights"), sampleState().at("weights")) &&
                           sameBits(read.state->at("step"), sampleState().at("step"));
            } catch (const InputError&) {
                ++refusals;
                harmless = true;
            }
            QVERIFY2(harmless, qPrintable(QString("bit %1 changed unnoticed").arg(bit)));
        }
        QVERIFY(refusals > good.size() * 8 / 23 * 9 / 10);
    }

    void damagedSettingsNameTheirPlace_data() {
        QTest::addColumn<QString>("from");
        QTest::addColumn<QString>("to");
        QTest::addColumn<QString>("place");
        QTest::newRow("newer format") << "\"version\":1" << "\"version\":2" << "version";
        QTest::newRow("format") << "latent-explorer session" << "other" << "format";
        QTest::newRow("negative step") << "\"train\":120" << "\"train\":-1" << "steps/train";
        QTest::newRow("missing clock") << "\"sample\":7," << "" << "steps/sample";
        QTest::newRow("seed") << "\"seed\":18446744073709551615" << "\"seed\":\"x\"" << "seed";
        QTest::newRow("parameter")
            << "\"latent.dim\":2" << "\"latent.dim\":{}" << "params/latent.dim";
    }
    void damagedSettingsNameTheirPlace() {
        QFETCH(QString, from);
        QFETCH(QString, to);
        QFETCH(QString, place);
        QString text = QString::fromStdString(toJson(sample()).dump());
        QVERIFY(text.contains(from));
        text.replace(from, to);
        QString message;
        try {
            sessionFromJson(text.toStdString(), "s.json");
        } catch (const InputError& error) {
            message = error.what();
        }
        QVERIFY2(message.contains("s.json, " + place), qPrintable(message));
    }
};

QTEST_GUILESS_MAIN(TestSessionFile)
#include "tst_session_file.moc"
