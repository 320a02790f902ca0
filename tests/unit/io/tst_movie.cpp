// SPDX-License-Identifier: GPL-3.0-or-later
// Films: every format is decoded by somebody else's reader, and nothing half-written ever remains.
#include "core/io/frame_ring.h"
#include "io_support.h"
#include "movie_support.h"

#include <QDir>
#include <QFile>
#include <QProcess>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QTest>

#include <sys/resource.h>
#include <csignal>
#include <numeric>

using namespace lx;
using namespace lx::test;

namespace {

QByteArray contentOf(const QString& path) {
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

/// Names in a folder, hidden ones too.
QStringList namesIn(const QString& folder) {
    return QDir(folder).entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot);
}

std::string errorOf(const std::function<void()>& call) {
    try {
        call();
    } catch (const Error& error) {
        return error.what();
    }
    return {};
}

/// Largest and mean difference of a channel.
std::pair<int, double> difference(const FrameBytes& a, const FrameBytes& b) {
    int most = a.size() == b.size() ? 0 : 255;
    double sum = 0;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
        most = std::max(most, std::abs(a[i] - b[i]));
        sum += std::abs(a[i] - b[i]);
    }
    return {most, sum / double(std::max<std::size_t>(a.size(), 1))};
}

}  // namespace

class TestMovie : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    QString path(const QString& name) const { return m_folder.filePath(name); }

    void write(const QString& file, const std::vector<FrameBytes>& frames, int width, int height,
               double fps = 10, PngTexts texts = {}) {
        MovieSettings settings{width, height, fps};
        settings.texts = std::move(texts);
        const auto writer = makeMovieWriter(file.toStdString(), settings);
        for (const FrameBytes& frame : frames) {
            writer->add(frame);
        }
        writer->finish();
    }
    /// Frames of few colours, small enough for an exact GIF.
    static std::vector<FrameBytes> noise(int width, int height, int colors, int count, int share) {
        std::mt19937 random(7);
        std::vector<FrameBytes> frames(std::size_t(count),
                                       FrameBytes(std::size_t(3 * width * height)));
        for (std::size_t f = 0; f < frames.size(); ++f) {
            frames[f] = f > 0 ? frames[f - 1] : frames[f];
            for (std::size_t i = 0; i < frames[f].size(); i += 3) {
                if (f == 0 || int(random() % 100) < share) {
                    const auto c = std::uint8_t(random() % unsigned(colors));
                    frames[f][i] = c;
                    frames[f][i + 1] = std::uint8_t(c * 7);
                    frames[f][i + 2] = std::uint8_t(255 - c);
                }
            }
        }
        return frames;
    }

private Q_SLOTS:
    void gifOfFewColoursIsExact_data() {
        QTest::addColumn<int>("colors");
        QTest::addColumn<int>("share");
        for (const int colors : {1, 2, 3, 4, 5, 16, 17, 128, 255}) {
            QTest::addRow("%d colours", colors) << colors << 30;
        }
        QTest::addRow("nothing moves") << 9 << 0;
        QTest::addRow("all moves") << 200 << 100;
    }
    void gifOfFewColoursIsExact() {
        QFETCH(int, colors);
        QFETCH(int, share);
        // 173 x 131 of noise fill the table of 4096 codes several times.
        const auto frames = noise(173, 131, colors, 4, share);
        write(path("exact.gif"), frames, 173, 131);
        const QByteArray bytes = contentOf(path("exact.gif"));
        DecodedMovie movie = decodeGif(bytes);
        QCOMPARE(movie.problem, std::string());
        QCOMPARE(movie.frames.size(), frames.size());
        for (std::size_t f = 0; f < frames.size(); ++f) {
            QVERIFY2(movie.frames[f] == frames[f], qPrintable(QString::number(f)));
        }
        if (colors < 16) {
            return;
        }
        // The broken twin: one bit of the packed pixels.
        QByteArray damaged = bytes;
        damaged[bytes.size() / 3] = char(damaged[bytes.size() / 3] ^ 4);
        movie = decodeGif(damaged);
        QVERIFY(movie.frames != frames);
    }

    void gifKeepsFlatAreasFlat() {
        std::vector<FrameBytes> frames;
        for (int step = 0; step < 6; ++step) {
            frames.push_back(drawing(320, 200, step));
        }
        write(path("flat.gif"), frames, 320, 200, 12.5);
        const DecodedMovie movie = decodeGif(contentOf(path("flat.gif")));
        QCOMPARE(movie.frames.size(), frames.size());
        int flat = 0;
        for (std::size_t f = 0; f < frames.size(); ++f) {
            const auto [most, mean] = difference(movie.frames[f], frames[f]);
            qInfo("frame %zu: largest difference %d, mean %.2f", f, most, mean);
            QVERIFY2(mean < 3, "the palette is poor");
            for (std::size_t i = 0; i < frames[f].size(); i += 3) {
                if (frames[f][i] == 250 && frames[f][i + 1] == 250 && frames[f][i + 2] == 248) {
                    ++flat;
                    QVERIFY(movie.frames[f][i] == 250 && movie.frames[f][i + 1] == 250 &&
                            movie.frames[f][i + 2] == 248);
                }
            }
        }
        QVERIFY(flat > 100'000);
    }

    void delaysAddUp() {
        // 30 frames a second are no whole hundredths; over a second they must be.
        const std::vector<FrameBytes> frames(30, drawing(32, 32, 0));
        write(path("time.gif"), frames, 32, 32, 30);
        const DecodedMovie gif = decodeGif(contentOf(path("time.gif")));
        QCOMPARE(gif.frames.size(), std::size_t(30));
        QCOMPARE(std::accumulate(gif.delays.begin(), gif.delays.end(), 0), 1000);
        QVERIFY(contentOf(path("time.gif")).contains("NETSCAPE2.0"));
        write(path("time.apng"), frames, 32, 32, 12.5);
        QCOMPARE(decodeApng(contentOf(path("time.apng"))).delays,
                 std::vector<int>(std::size_t(30), 80));
    }

    void apngIsExact() {
        std::vector<FrameBytes> frames;
        for (int step = 0; step < 5; ++step) {
            frames.push_back(drawing(161, 97, step));
        }
        frames.push_back(frames.back());  // nothing changes
        write(path("film.apng"), frames, 161, 97, 10, {{"key", "value"}});
        const QByteArray bytes = contentOf(path("film.apng"));
        const DecodedMovie movie = decodeApng(bytes);
        QCOMPARE(movie.problem, std::string());
        QVERIFY(movie.frames == frames);
        // A reader that knows no APNG shows the first frame, and finds the text.
        const QImage still = QImage::fromData(bytes, "PNG");
        QVERIFY(bytesOfImage(still) == frames[0]);
        QCOMPARE(still.text("key"), QString("value"));

        // Broken twins of this very check: a wrong sum, a wrong sequence, a missing frame.
        QByteArray damaged = bytes;
        damaged[damaged.indexOf("fdAT") + 40] = char(damaged[damaged.indexOf("fdAT") + 40] ^ 1);
        QVERIFY(!decodeApng(damaged).problem.empty());
        const auto resealed = [](QByteArray file, const char* type, int offset, char value) {
            const auto at = file.indexOf(type);
            const auto size = qFromBigEndian<quint32>(file.constData() + at - 4);
            file[at + 4 + offset] = value;
            qToBigEndian(quint32(::crc32(0, reinterpret_cast<const Bytef*>(file.constData() + at),
                                         size + 4)),
                         file.data() + at + 4 + size);
            return file;
        };
        QCOMPARE(decodeApng(resealed(bytes, "fdAT", 3, 9)).problem, std::string("sequence"));
        QCOMPARE(decodeApng(resealed(bytes, "acTL", 3, 5)).problem, std::string("frame count"));
    }

    void aFolderOfPictures() {
        std::vector<FrameBytes> frames{drawing(60, 40, 0), drawing(60, 40, 5)};
        write(path("frames"), frames, 60, 40, 10, {{"key", "value"}});
        QCOMPARE(namesIn(path("frames")), QStringList({"frame-000000.png", "frame-000001.png"}));
        for (std::size_t f = 0; f < frames.size(); ++f) {
            const QImage image(path(QString("frames/frame-%1.png").arg(int(f), 6, 10, QChar('0'))));
            QVERIFY(bytesOfImage(image) == frames[f]);
        }
        QVERIFY(errorOf([&] { write(path("frames"), frames, 60, 40); }).find("already") !=
                std::string::npos);
    }

    void nothingHalfWrittenRemains_data() {
        QTest::addColumn<QString>("name");
        for (const char* name : {"a.gif", "a.apng", "stack"}) {
            QTest::addRow("%s", name) << name;
        }
        if (detail::programExists("ffmpeg")) {
            QTest::addRow("a.mp4") << "a.mp4";
        }
    }
    void nothingHalfWrittenRemains() {
        QFETCH(QString, name);
        QTemporaryDir folder;
        const QString file = folder.filePath(name);
        const bool stack = name == "stack";
        if (!stack) {
            QFile old(file);
            QVERIFY(old.open(QIODevice::WriteOnly));
            old.write("old");
        }
        const QStringList before = namesIn(folder.path());
        {  // given up
            const auto writer = makeMovieWriter(file.toStdString(), {64, 64, 10});
            writer->add(drawing(64, 64, 0));
            QVERIFY(namesIn(folder.path()) != before);  // it does write as it goes
        }
        QCOMPARE(namesIn(folder.path()), before);
        {  // no frame at all
            const auto writer = makeMovieWriter(file.toStdString(), {64, 64, 10});
            QVERIFY(!errorOf([&] { writer->finish(); }).empty());
        }
        QCOMPARE(namesIn(folder.path()), before);
        if (name.endsWith(".mp4")) {
            QCOMPARE(contentOf(file), QByteArray("old"));
            return;
        }
        // A full disk, at many places of the file.
        std::signal(SIGXFSZ, SIG_IGN);
        rlimit usual{};
        ::getrlimit(RLIMIT_FSIZE, &usual);
        int refused = 0;
        const auto frames = noise(64, 64, 200, 3, 100);
        for (const rlim_t bytes : {0U, 1U, 10U, 40U, 500U, 3000U, 6000U}) {
            const rlimit limit{bytes, usual.rlim_max};
            ::setrlimit(RLIMIT_FSIZE, &limit);
            const std::string error = errorOf([&] { write(file, frames, 64, 64); });
            ::setrlimit(RLIMIT_FSIZE, &usual);
            refused += error.empty() ? 0 : 1;
            QCOMPARE(namesIn(folder.path()), before);
        }
        QCOMPARE(refused, 7);
        if (!stack) {
            QCOMPARE(contentOf(file), QByteArray("old"));
            write(file, frames, 64, 64);
            QVERIFY(contentOf(file).size() > 3);
        }
    }

    void wrongRequestsAreRefused() {
        const auto refused = [this](const QString& name, MovieSettings settings, const char* word) {
            const std::string said =
                errorOf([&] { makeMovieWriter(path(name).toStdString(), settings); });
            return said.find(word) != std::string::npos;
        };
        QVERIFY(refused("a.avi", {64, 64, 10}, ".webm"));
        QVERIFY(refused("a.gif", {64, 64, 60}, "50"));
        QVERIFY(refused("a.gif", {64, 64, std::nan("")}, "frames a second"));
        QVERIFY(refused("a.apng", {0, 64, 10}, "16384"));
        QVERIFY(refused("a.apng", {64, 65536, 10}, "16384"));
        QVERIFY(refused("none/a.apng", {64, 64, 10}, "check the path"));
        MovieSettings absent{64, 64, 10};
        absent.ffmpeg = "no-such-ffmpeg";
        QVERIFY(refused("a.mp4", absent, "install the package ffmpeg"));
        const auto writer = makeMovieWriter(path("b.gif").toStdString(), {64, 64, 10});
        QVERIFY(!errorOf([&] { writer->add(drawing(64, 63, 0)); }).empty());
    }

    void deathOfFfmpegIsAnError_data() {
        QTest::addColumn<QByteArray>("script");
        QTest::addColumn<QString>("word");
        QTest::newRow("at once") << QByteArray("echo no such codec >&2; exit 3") << "no such codec";
        QTest::newRow("killed") << QByteArray("head -c 999 > /dev/null; kill -9 $$") << "ffmpeg";
        QTest::newRow("at the end") << QByteArray("cat > /dev/null; exit 1") << "status 1";
        QTest::newRow("killed at the end")
            << QByteArray("cat > /dev/null; kill -9 $$") << "signal 9";
        QTest::newRow("wrote nothing") << QByteArray("cat > /dev/null; exit 0") << "wrote nothing";
    }
    void deathOfFfmpegIsAnError() {
        QFETCH(QByteArray, script);
        QFETCH(QString, word);
        QTemporaryDir folder, tools;
        QFile program(tools.filePath("ffmpeg"));
        QVERIFY(program.open(QIODevice::WriteOnly));
        program.write("#!/bin/sh\n" + script + "\n");
        program.close();
        program.setPermissions(program.permissions() | QFile::ExeOwner);
        MovieSettings settings{256, 256, 10};
        settings.ffmpeg = program.fileName().toStdString();
        const std::string said = errorOf([&] {
            const auto writer = makeMovieWriter(folder.filePath("a.mp4").toStdString(), settings);
            for (int step = 0; step < 20; ++step) {
                writer->add(drawing(256, 256, step));
            }
            writer->finish();
        });
        QVERIFY2(QString::fromStdString(said).contains(word), said.c_str());
        QVERIFY(namesIn(folder.path()).isEmpty());
    }

    void ffmpegWritesVideos_data() {
        QTest::addColumn<QString>("name");
        QTest::newRow("mp4") << "film.mp4";
        QTest::newRow("webm") << "film.webm";
    }
    void ffmpegWritesVideos() {
        QFETCH(QString, name);
        if (!detail::programExists("ffmpeg") || !detail::programExists("ffprobe")) {
            QSKIP("ffmpeg is not installed");
        }
        std::vector<FrameBytes> frames;
        for (int step = 0; step < 12; ++step) {
            frames.push_back(drawing(161, 121, step));  // odd sides lose their last line
        }
        write(path(name), frames, 161, 121, 12);
        QProcess probe;
        probe.start("ffprobe", {"-v", "error", "-count_frames", "-select_streams", "v:0",
                                "-show_entries", "stream=width,height,nb_read_frames,r_frame_rate",
                                "-of", "csv=p=0", path(name)});
        QVERIFY(probe.waitForFinished());
        QCOMPARE(probe.readAllStandardOutput().trimmed(), QByteArray("160,120,12/1,12"));
        QProcess decode;
        decode.start("ffmpeg",
                     {"-v", "error", "-i", path(name), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"});
        QVERIFY(decode.waitForFinished());
        const QByteArray raw = decode.readAllStandardOutput();
        QCOMPARE(raw.size(), qsizetype(12) * 160 * 120 * 3);
        // Flat background, far from every edge; video stores colours with a loss.
        const auto* pixel = reinterpret_cast<const uchar*>(raw.constData()) + 3 * (10 * 160 + 150);
        QVERIFY2(std::abs(pixel[0] - 250) <= 4 && std::abs(pixel[2] - 248) <= 4,
                 qPrintable(QString("%1 %2 %3").arg(pixel[0]).arg(pixel[1]).arg(pixel[2])));
    }

    void theRingKeepsTheLastSeconds() {
        FrameRing ring(3, std::size_t{64} << 20);
        std::vector<FrameBytes> all;
        for (int step = 0; step < 70; ++step) {
            all.push_back(drawing(80, 60, step % 20));
            ring.add(80, 60, all.back(), step / 10.0);
        }
        QVERIFY(ring.length() >= 3 && ring.length() <= 4.05);
        std::size_t at = all.size() - ring.frames();
        bool same = true;
        ring.forEach([&](std::span<const std::uint8_t> rgb, double time) {
            same =
                same && std::ranges::equal(rgb, all[at]) && std::abs(time - double(at) / 10) < 1e-9;
            ++at;
            return true;
        });
        QVERIFY(same);
        QCOMPARE(at, all.size());
        ring.add(40, 60, drawing(40, 60, 0), 8);  // the window was resized
        QCOMPARE(ring.frames(), std::size_t(1));

        // Noise cannot be packed: memory bounds the length instead.
        FrameRing bounded(100, 400'000);
        double time = 0;
        std::size_t most = 0;
        for (const FrameBytes& frame : noise(100, 100, 256, 200, 100)) {
            bounded.add(100, 100, frame, time += 0.1);
            most = std::max(most, bounded.bytes());
        }
        qInfo("at most %zu bytes held, %zu frames, %.1f s", most, bounded.frames(),
              bounded.length());
        QVERIFY(most <= 400'000 + 35'000);
        QVERIFY(bounded.frames() > 5 && bounded.frames() < 60);
    }

    void textsOfPictures() {
        const FrameBytes pixels = drawing(50, 30, 1);
        const RgbRect rect{pixels.data(), 150, 50, 30};
        const Bytes plain = encodePng(rect);
        const QImage image = QImage::fromData(reinterpret_cast<const uchar*>(plain.data()),
                                              int(plain.size()), "PNG");
        QVERIFY(bytesOfImage(image) == pixels);
        const PngTexts texts{{"a", "first"}, {"b", std::string(5000, 'x')}};
        const Bytes with = withPngTexts(plain, texts, "p.png");
        QCOMPARE(pngTexts(with, "p.png"), texts);
        QVERIFY(pngTexts(plain, "p.png").empty());
        const QImage again =
            QImage::fromData(reinterpret_cast<const uchar*>(with.data()), int(with.size()), "PNG");
        QCOMPARE(again.text("a"), QString("first"));
        // Qt packs long texts and writes others as iTXt.
        QImage other(8, 8, QImage::Format_RGB32);
        other.setText("long", QString(3000, 'y'));
        QByteArray bytes;
        QBuffer buffer(&bytes);
        buffer.open(QIODevice::WriteOnly);
        QVERIFY(other.save(&buffer, "PNG"));
        QCOMPARE(pngTexts(std::as_bytes(std::span(bytes.constData(), std::size_t(bytes.size()))),
                          "q.png")
                     .at("long"),
                 std::string(3000, 'y'));
    }

    void hostileTextsAreRefused() {
        const FrameBytes pixels = drawing(16, 16, 1);
        const Bytes plain = encodePng({pixels.data(), 48, 16, 16});
        const auto with = [&](std::string_view type, const Bytes& content) {
            Bytes out(plain.begin(), plain.begin() + 33);
            detail::appendChunk(out, type, content);
            out.insert(out.end(), plain.begin() + 33, plain.end());
            return out;
        };
        const auto refused = [](const Bytes& bytes) {
            return refusal([&] { pngTexts(bytes, "h.png"); });
        };
        QVERIFY(!refused(with("tEXt", bytesOf("no zero"))).empty());
        QVERIFY(!refused(with("zTXt", bytesOf(std::string_view("k\0", 2)))).empty());
        QVERIFY(!refused(with("zTXt", bytesOf(std::string_view("k\0\1abc", 6)))).empty());
        QVERIFY(!refused(with("zTXt", bytesOf(std::string_view("k\0\0abc", 6)))).empty());
        QVERIFY(!refused(with("iTXt", bytesOf(std::string_view("k\0\0\0en", 6)))).empty());
        // A bomb: 64 MiB of zeros in 64 KiB.
        const std::vector<Bytef> zeros(std::size_t{64} << 20);
        uLongf size = ::compressBound(zeros.size());
        Bytes bomb = bytesOf(std::string_view("k\0\0", 3));
        bomb.resize(3 + size);
        ::compress(reinterpret_cast<Bytef*>(bomb.data() + 3), &size, zeros.data(), zeros.size());
        bomb.resize(3 + size);
        QVERIFY(refused(with("zTXt", bomb)).find("1 MiB") != std::string::npos);
        QVERIFY(!refused(with("tEXt",
                              bytesOf(std::string("k") + '\0' + std::string(kMaxPngText + 1, 'x'))))
                     .empty());
        // Damage: a wrong sum, a size beyond the file, an end within a chunk.
        Bytes good = with("tEXt", bytesOf(std::string_view("k\0v", 3)));
        QVERIFY(refused(good).empty());
        Bytes bad = good;
        bad[33 + 8 + 2] = std::byte{'w'};
        QVERIFY(refused(bad).find("sum") != std::string::npos);
        bad = good;
        bad[33] = std::byte{0xFF};
        QVERIFY(!refused(bad).empty());
        bad = good;
        bad.resize(40);
        QVERIFY(!refused(bad).empty());
        QVERIFY(!refused(bytesOf("GIF89a")).empty());
    }
};

QTEST_GUILESS_MAIN(TestMovie)
#include "tst_movie.moc"
