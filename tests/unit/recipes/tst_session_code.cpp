// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/file.h"
#include "core/recipes/session_code.h"

#include <QTest>

using namespace lx;

namespace {

SessionDocument sample() {
    SessionDocument document;
    document.recipe = "vae-ring8";
    document.title = "VAE, ring \"é\"";
    document.load.recipe = "autoencoder";
    document.load.params = {{"latent.dim", Index{2}},
                            {"train.lr", 1e-3},
                            {"data.source", std::string("data.ring8")},
                            {"model.bias", true},
                            {"widths", std::vector<double>{64, 0.1}}};
    document.load.seed = 0xFFFFFFFFFFFFFFFFULL;
    document.step = {1234, 0, 7};
    document.versions = {{"latent-explorer", "0.1.0"}};
    return document;
}

std::string refusal(std::string_view code) {
    try {
        readSessionCode(code, "picture.png");
    } catch (const InputError& error) {
        return error.what();
    }
    return {};
}

}  // namespace

class TestSessionCode : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void roundTrip() {
        const SessionDocument given = sample();
        const std::string code = sessionCode(given);
        qInfo("%zu characters", code.size());
        QVERIFY(code.size() < 700);
        QVERIFY(code.find_first_of(" \n+/=") == std::string::npos);
        const SessionDocument back = readSessionCode("  " + code + "\n", "p");
        QCOMPARE(back.recipe, given.recipe);
        QCOMPARE(back.title, given.title);
        QVERIFY(back.load.params == given.load.params);
        QCOMPARE(back.load.seed, given.load.seed);
        QVERIFY(back.step == given.step);
    }

    void damageIsRefused() {
        const std::string code = sessionCode(sample());
        QVERIFY(refusal(code).empty());
        for (std::size_t at = 0; at < code.size(); ++at) {
            std::string bad = code;
            bad[at] = bad[at] == 'A' ? 'B' : 'A';
            // The last character has bits that mean nothing; the header of gzip has a few fields
            // that nobody reads.
            if (at >= 4 + 14 && at + 1 < code.size()) {
                QVERIFY2(!refusal(bad).empty(), qPrintable(QString::number(at)));
            }
            refusal(code.substr(0, at));
            if (at > 4) {
                QVERIFY(!refusal(code.substr(0, at)).empty());
            }
        }
        QVERIFY(refusal("LX1:ab cd").find("character 3") != std::string::npos);
        QVERIFY(refusal("LX2:abc").find("later") != std::string::npos);
        QVERIFY(!refusal("").empty());
        QVERIFY(refusal(std::string(kMaxSessionCode + 1, 'A')).find("65536") != std::string::npos);
    }

    void bombsAndStrangersAreRefused() {
        const auto coded = [](std::string_view json) {
            // Any packed text under our prefix: written by hand with the same alphabet.
            const Bytes packed = gzip(std::as_bytes(std::span(json.data(), json.size())));
            const QByteArray base =
                QByteArray(reinterpret_cast<const char*>(packed.data()), qsizetype(packed.size()))
                    .toBase64(QByteArray::Base64UrlEncoding | QByteArray::OmitTrailingEquals);
            return "LX1:" + base.toStdString();
        };
        QVERIFY(refusal(coded(toJson(sample()).dump())).empty());
        QVERIFY(!refusal(coded(std::string(std::size_t{40} << 20, ' '))).empty());
        QVERIFY(!refusal(coded("{}")).empty());
        QVERIFY(!refusal(coded("[1, 2")).empty());
        QVERIFY(!refusal(coded(std::string(5000, '['))).empty());
        Json newer = toJson(sample());
        newer["version"] = kSessionFormat + 1;
        QVERIFY(refusal(coded(newer.dump())).find("update") != std::string::npos);
        Json negative = toJson(sample());
        negative["steps"]["train"] = -1;
        QVERIFY(refusal(coded(negative.dump())).find("steps") != std::string::npos);
    }
};

QTEST_GUILESS_MAIN(TestSessionCode)
#include "tst_session_code.moc"
